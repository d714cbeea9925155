package pingone_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// PingOne refuses an organization that it does not show as it refuses one whose
// licenses may not be read. Only the second is an error.
func TestOrganizationsThatAreNotShown(t *testing.T) {
	t.Parallel()
	const listing = "GET /v1/organizations"
	broken := &sim.Fault{Match: listing, Times: -1, Do: "status", Status: 403}
	cases := []struct {
		name   string
		app    sim.App
		known  bool
		fault  *sim.Fault
		refuse bool
	}{
		{name: "shown and allowed", app: sim.AppWorker, known: true},
		{name: "not shown", app: sim.AppWorker},
		{name: "shown, not allowed", app: sim.AppCustomersOnly, known: true, refuse: true},
		{name: "neither", app: sim.AppCustomersOnly},
		{name: "the list is refused", app: sim.AppWorker, fault: broken, refuse: true},
	}
	for _, c := range cases {
		for _, path := range []string{"by_organization", "by_organization_and_id"} {
			t.Run(path+" "+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, sim.Options{Users: 10}, nil)
				w.auth.app = c.app
				organization := envID
				if c.known {
					organization = strings.ToUpper(w.sim.OrganizationID())
				}
				r := w.request(w.tableIn("Information", "Licenses"), path, "Id", "OrganizationId")
				r.Keys = [][]string{{organization}}
				if path != "by_organization" {
					r.Keys[0] = append(r.Keys[0], w.sim.LicenseID())
				}
				if c.fault != nil {
					require.NoError(t, w.sim.SetFaults(*c.fault))
				}
				rows, err := w.read(context.Background(), r)
				if c.refuse {
					require.True(t, gwerr.Is(err, gwerr.UpstreamForbidden), "%v", err)
					require.ErrorContains(t, err, r.Table.Permission)
					return
				}
				require.NoError(t, err)
				require.Equal(t, c.known, len(rows) > 0, "%v", rows)
			})
		}
	}
}
