package sim_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/churn"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestTotalMemberCounts holds the totals of each group against the memberships
// of all users and groups.
func TestTotalMemberCounts(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 250})
	changes := churn.New(f.Server, admins, 7, 0)
	changes.Step(80)
	require.NoError(t, changes.Stop())
	users, direct := map[string]int{}, map[string]int{}
	for _, m := range f.Memberships(admins) {
		users[m.Group]++
		if m.Direct {
			direct[m.Group]++
		}
	}
	nested := 0
	for _, g := range f.AllGroups(admins) {
		row := f.get(f.env("/groups/" + g.ID + "?include=totalMemberCounts"))
		children := f.all(f.env("/groups?filter="+url.QueryEscape(`memberOfGroups[id eq "`+g.ID+`"]`)), "groups")
		assert.EqualValues(t, users[g.ID], path(row, "totalMemberCounts", "users"), g.Name)
		assert.EqualValues(t, len(children), path(row, "totalMemberCounts", "groups"), g.Name)
		assert.EqualValues(t, direct[g.ID], path(row, "directMemberCounts", "users"), g.Name)
		assert.Equal(t, direct[g.ID], g.Users)
		nested += len(children)
	}
	assert.Positive(t, nested)
	for _, row := range f.all(f.env("/groups?include=totalMemberCounts"), "groups") {
		assert.NotContains(t, row, "totalMemberCounts", "lists leave it out")
	}
}

func TestPasswordObjects(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 600})
	seen := map[any]int{}
	for _, u := range f.users("") {
		address := f.env("/users/" + u["id"].(string))
		a := f.ask(address + "/password")
		single := path(f.get(address), "_embedded", "password", "status")
		seen[a.body["status"]]++
		if single == nil {
			assert.Equal(t, http.StatusNotFound, a.status)
			assert.Equal(t, "NOT_FOUND", a.body["code"])
			continue
		}
		require.Equal(t, http.StatusOK, a.status)
		assert.Equal(t, single, a.body["status"])
		assert.Equal(t, u["id"], path(a.body, "user", "id"))
		assert.Equal(t, path(u, "environment", "id"), path(a.body, "environment", "id"))
		assert.NotEmpty(t, path(a.body, "passwordPolicy", "id"))
		assert.Equal(t, single != "NO_PASSWORD" && single != "EXTERNAL", a.body["lastChangedAt"] != nil, single)
	}
	for _, status := range []any{nil, "OK", "NO_PASSWORD", "MUST_CHANGE_PASSWORD", "PASSWORD_EXPIRED", "PASSWORD_LOCKED_OUT", "EXTERNAL"} {
		assert.Positive(t, seen[status], "%v", status)
	}
	assert.Equal(t, http.StatusNotFound, f.ask(f.env("/users/"+f.admin+"/password")).status, "no user")
}

// TestSettingAPasswordMakesTheObject starts from a user without one.
func TestSettingAPasswordMakesTheObject(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 600})
	for _, u := range f.users("") {
		address := f.env("/users/" + u["id"].(string) + "/password")
		if f.ask(address).status != http.StatusNotFound {
			continue
		}
		req := f.request(http.MethodPut, address, map[string]any{"value": "a good password"})
		req.Header.Set("Content-Type", "application/vnd.pingidentity.password.set+json")
		status, body := f.send(req)
		require.Equal(t, http.StatusOK, status, body)
		assert.Equal(t, "OK", f.get(address)["status"])
		return
	}
	t.Fatal("every user has a password")
}
