package sim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestRoleScopes(t *testing.T) {
	t.Parallel()
	base := start(t, sim.Options{})
	as := func(app sim.App) *fixture {
		f := *base
		f.token = base.tokenOf(app)
		return &f
	}
	customers := "/environments/" + base.EnvironmentID(sim.EnvironmentCustomers)

	t.Run("one environment", func(t *testing.T) {
		t.Parallel()
		f := as(sim.AppCustomersOnly)
		assert.Len(t, f.all("/environments", "environments"), 1)
		assert.NotEmpty(t, f.all(customers+"/users", "users"))
		for _, path := range []string{f.env(""), f.env("/users"), f.env("/groups"), "/organizations/" + f.OrganizationID() + "/licenses"} {
			status, body := f.do(http.MethodGet, path, nil)
			assert.Equal(t, http.StatusForbidden, status, path)
			assert.Equal(t, "ACCESS_FAILED", body["code"])
		}
	})
	t.Run("reading only", func(t *testing.T) {
		t.Parallel()
		f := as(sim.AppReadOnly)
		assert.Len(t, f.all("/environments", "environments"), 3)
		status, _ := f.do(http.MethodPost, f.env("/users"), object{"username": "x"})
		assert.Equal(t, http.StatusForbidden, status)
		status, _ = f.do(http.MethodDelete, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 3)), nil)
		assert.Equal(t, http.StatusForbidden, status)
	})
	t.Run("one population", func(t *testing.T) {
		t.Parallel()
		f := as(sim.AppPopulationOnly)
		populations := f.all(f.env("/populations"), "populations")
		require.Len(t, populations, 1)
		mine := populations[0]["id"]
		users := f.users("")
		assert.EqualValues(t, populations[0]["userCount"], len(users))
		for _, u := range users {
			assert.Equal(t, mine, path(u, "population", "id"))
		}
		filtered := f.users(`enabled eq false`)
		assert.Less(t, len(filtered), len(users))
		assert.Greater(t, len(base.users(`enabled eq false`)), len(filtered), "the same filter finds more for others")
		for _, g := range f.all(f.env("/groups"), "groups") {
			assert.Equal(t, mine, path(g, "population", "id"))
		}
		for _, u := range base.users("")[:40] {
			want := http.StatusForbidden
			if path(u, "population", "id") == mine {
				want = http.StatusOK
			}
			status, _ := f.do(http.MethodGet, f.env("/users/"+u["id"].(string)), nil)
			assert.Equal(t, want, status)
		}
		status, _ := f.do(http.MethodPost, f.env("/users"), object{"username": "elsewhere"})
		assert.Equal(t, http.StatusForbidden, status, "the default population is another one")
		status, _ = f.do(http.MethodPost, f.env("/populations"), object{"name": "more"})
		assert.Equal(t, http.StatusForbidden, status)
		status, _ = f.do(http.MethodPost, f.env("/groups"), object{"name": "of the environment"})
		assert.Equal(t, http.StatusForbidden, status)
	})
}

func TestRoleAssignments(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	read := func(index int) []map[string]any {
		return f.all(f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, index)+"/roleAssignments"), "roleAssignments")
	}
	assert.Len(t, read(0), 4, "the administrator")
	assert.Len(t, read(1), 1, "the reader")
	assert.Empty(t, read(2))
	assert.Equal(t, "ORGANIZATION", path(read(0)[0], "scope", "type"))
	assert.Equal(t, true, read(0)[0]["readOnly"])
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	clock := newClock()
	f := start(t, sim.Options{Clock: clock.Now, TokenLifetime: 10 * time.Minute})
	f.get("/environments")
	clock.Advance(10*time.Minute - time.Second)
	f.get("/environments")
	clock.Advance(time.Second)
	status, body := f.do(http.MethodGet, "/environments", nil)
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Equal(t, "ACCESS_FAILED", body["code"])
}

func TestTokensOfAnotherSimulator(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 10})
	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, key := range map[string]*rsa.PrivateKey{"same key": nil, "another key": strange} {
		stranger := start(t, sim.Options{Users: 10, SigningKey: key})
		own := f.token
		f.token = stranger.token
		status, _ := f.do(http.MethodGet, "/environments", nil)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		f.token = own
	}
}

func TestKeyRotationKeepsTokens(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 10})
	require.NoError(t, f.RotateKeys())
	f.get("/environments")
	f.token = f.tokenOf(sim.AppWorker)
	f.get("/environments")
}
