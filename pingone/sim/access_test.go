package sim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
		assert.Len(t, f.all("/environments", "environments"), 4)
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
		assert.Len(t, users, int(populations[0]["userCount"].(float64)))
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
	assert.Len(t, read(0), 5, "the administrator")
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
	f.RotateKeys()
	f.get("/environments")
	f.token = f.tokenOf(sim.AppWorker)
	f.get("/environments")
}

func TestUsersRolesDecide(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	signIn := func(username string) {
		f.t.Helper()
		verifier := strings.Repeat("v", 50)
		sum := sha256.Sum256([]byte(verifier))
		form := url.Values{
			"client_id": {sim.AppNative.ID}, "response_type": {"code"}, "redirect_uri": {sim.RedirectURI}, "scope": {"openid"},
			"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
			"username": {username}, "password": {sim.UserPassword},
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.PostForm(f.url+"/"+f.admin+"/as/signin", form)
		require.NoError(t, err)
		defer resp.Body.Close()
		back, err := resp.Location()
		require.NoError(t, err)
		status, body := f.form("/"+f.admin+"/as/token", url.Values{
			"grant_type": {"authorization_code"}, "client_id": {sim.AppNative.ID}, "code": {back.Query().Get("code")},
			"redirect_uri": {sim.RedirectURI}, "code_verifier": {verifier},
		}, sim.AppNative)
		require.Equal(t, http.StatusOK, status, body)
		f.token = body["access_token"].(string)
	}
	tests := []struct {
		username               string
		read, write, customers int
	}{
		{"noah.norole", 403, 403, 403},
		{"rita.reader", 200, 403, 403},
		{"ADA.admin", 200, 201, 200},
	}
	for k, tt := range tests {
		signIn(tt.username)
		status, _ := f.do(http.MethodGet, f.env("/users?limit=1"), nil)
		assert.Equal(t, tt.read, status, tt.username)
		status, _ = f.do(http.MethodPost, f.env("/users"), object{"username": strconv.Itoa(k)})
		assert.Equal(t, tt.write, status, tt.username)
		status, _ = f.do(http.MethodGet, "/environments/"+f.EnvironmentID(sim.EnvironmentCustomers)+"/users?limit=1", nil)
		assert.Equal(t, tt.customers, status, tt.username)
	}
	f.do(http.MethodPut, f.env("/users/"+f.UserID(sim.EnvironmentAdministrators, 0)+"/enabled"), object{"enabled": false})
	status, _ := f.do(http.MethodGet, "/environments", nil)
	assert.Equal(t, http.StatusForbidden, status, "a disabled user has no roles")
}

func TestLicenseName(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{Users: 10})
	address := "/organizations/" + f.OrganizationID() + "/licenses/" + f.LicenseID()
	assert.Equal(t, "Main", f.get(address + "/name")["name"])
	status, _ := f.do(http.MethodPut, address+"/name", object{"name": "Other"})
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, "Other", f.get(address)["name"])
	status, _ = f.do(http.MethodPut, address+"/name", object{})
	assert.Equal(t, http.StatusBadRequest, status)
	status, _ = f.do(http.MethodGet, "/organizations/"+f.OrganizationID()+"/licenses/"+f.admin, nil)
	assert.Equal(t, http.StatusNotFound, status)
}

func TestDefaultIdentityProvider(t *testing.T) {
	t.Parallel()
	f := start(t, sim.Options{})
	address := f.env("/populations/" + f.Populations(sim.EnvironmentAdministrators)["Partners"] + "/defaultIdentityProvider")
	assert.Equal(t, "PING_ONE", f.get(address)["type"])
	external := ""
	for _, u := range f.users("") {
		if id := path(u, "identityProvider", "id"); id != nil {
			external = id.(string)
		}
	}
	status, body := f.do(http.MethodPut, address, object{"id": external})
	require.Equal(t, http.StatusOK, status, body)
	assert.Equal(t, external, f.get(address)["id"])
	status, _ = f.do(http.MethodPut, address, object{"id": f.admin})
	assert.Equal(t, http.StatusBadRequest, status)
}
