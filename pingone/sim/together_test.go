package sim_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// The devices of a user are listed in the order that they are put in, until that is
// taken away.
func TestOrderOfDevices(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 50})
	devices := f.env("/users/" + f.UserID(sim.EnvironmentAdministrators, 0) + "/devices")
	listed := func() (ids []string) {
		for _, d := range members(f.get(devices), "devices") {
			ids = append(ids, d["id"].(string))
		}
		return ids
	}
	first := listed()
	assert.Len(t, first, 2)
	turned := slices.Clone(first)
	slices.Reverse(turned)
	ids := func(all ...string) map[string]any {
		var order []any
		for _, id := range all {
			order = append(order, map[string]any{"id": id})
		}
		return map[string]any{"order": order}
	}
	for _, c := range []struct {
		name, media string
		body        map[string]any
		status      int
		want        []string
	}{
		{"another order", "devices.reorder", ids(turned...), 204, turned},
		{"one of them", "devices.reorder", ids(first[0]), 204, first},
		{"none", "devices.reorder", ids(), 400, first},
		{"one that is not there", "devices.reorder", ids(first[1], f.admin), 400, first},
		{"no order", "devices.order.remove", map[string]any{}, 204, first},
		{"of no known kind", "devices.shuffle", ids(turned...), 415, first},
	} {
		req := f.request(http.MethodPost, devices, c.body)
		req.Header.Set("Content-Type", "application/vnd.pingidentity."+c.media+"+json")
		status, body := f.send(req)
		assert.Equal(t, c.status, status, "%s: %v", c.name, body)
		assert.Equal(t, c.want, listed(), c.name)
	}
}
