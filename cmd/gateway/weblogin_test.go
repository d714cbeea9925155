//go:build duckdb_arrow

package main

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// browser is a client with cookies that follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

var (
	formAction = regexp.MustCompile(`action="([^"]+)"`)
	hidden     = regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// signIn fills in PingOne's page.
func signIn(t *testing.T, c *http.Client, page, username string) reply {
	t.Helper()
	action := formAction.FindStringSubmatch(page)
	require.NotNil(t, action, page)
	form := url.Values{"username": {username}, "password": {sim.UserPassword}}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return ask(t, c, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") },
		http.MethodPost, html.UnescapeString(action[1]), form.Encode())
}

// withPeople is a gateway with a connection that people sign in to.
func withPeople(t *testing.T) (g *running, admin, other string) {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys.json")
	admin, other = newKey(t, keys, "admin", service.AdminRole), newKey(t, keys, "other")
	s, address := simulator(t, sim.Options{})
	listen := loopback.Address(t)
	g = startOver(t, settings(t, s, address, map[string]string{
		"auth.mode": "keys,passthrough", "auth.keys_file": keys, "listen.address": listen, "default_connection": "pingone",
		"connections.people.auth_scheme":               "OAuth",
		"connections.people.api_url":                   address + "/v1",
		"connections.people.oauth_client_id":           sim.AppWeb.ID,
		"connections.people.oauth_client_secret":       sim.AppWeb.Secret,
		"connections.people.worker_app_environment_id": s.EnvironmentID(sim.EnvironmentAdministrators),
		"connections.people.authorization_server_url":  address,
		"connections.people.callback_url":              "http://" + listen + "/callback",
	}))
	g.sim, g.simAt = s, address
	return g, admin, other
}

func (r *running) username(t *testing.T, key string) string {
	t.Helper()
	name, _ := r.sql(t, bearerToken(key), "SELECT Username FROM Users WHERE IsEnabled AND AccountStatus = 'OK' ORDER BY Id LIMIT 1").rows(t)[0][0].(string)
	return name
}

func TestPeopleSignAConnectionInByBrowser(t *testing.T) {
	t.Parallel()
	g, admin, _ := withPeople(t)
	people, ok := g.pool.Get("people")
	require.True(t, ok)
	_, err := people.Tokens.Source.Token(t.Context())
	require.Error(t, err, "nobody has signed in")

	b := browser(t)
	page := ask(t, b, bearerToken(admin), http.MethodGet, g.base+"/oauth/login?connection=people", "")
	require.Equal(t, http.StatusOK, page.status, page.body)
	done := signIn(t, b, page.body, g.username(t, admin))
	assert.Equal(t, http.StatusOK, done.status, done.body)
	assert.Contains(t, done.body, "Signed in")

	token, err := people.Tokens.Source.Token(t.Context())
	require.NoError(t, err)
	logged := g.logged.String()
	for _, secret := range []string{token.Value.Reveal(), sim.UserPassword, sim.AppWeb.Secret} {
		assert.NotContains(t, logged, secret)
	}
}

func TestTheWayBackIsOfOneBrowser(t *testing.T) {
	t.Parallel()
	g, admin, _ := withPeople(t)
	victim, attacker := browser(t), browser(t)
	attacker.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/callback") {
			return http.ErrUseLastResponse // keeps the code for somebody else
		}
		return nil
	}
	page := ask(t, attacker, bearerToken(admin), http.MethodGet, g.base+"/oauth/login?connection=people", "")
	back := signIn(t, attacker, page.body, g.username(t, admin)).header.Get("Location")
	require.Contains(t, back, "code=")
	got := ask(t, victim, nobody, http.MethodGet, back, "")
	assert.Equal(t, http.StatusBadRequest, got.status, got.body)
	for name, address := range map[string]string{
		"no state": "/callback?code=x", "made-up state": "/callback?code=x&state=AAAA", "nothing": "/callback",
	} {
		assert.Equal(t, http.StatusBadRequest, g.get(t, nobody, address).status, name)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, g.send(t, nobody, http.MethodPost, "/callback", "x").status)
}

// TestACodeOfAnotherSignInIsRefused: who brings a browser to finish its own
// sign-in with somebody else's code signs nobody in; the code is bound to the
// verifier of the sign-in that it was given for (PKCE).
func TestACodeOfAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	g, admin, _ := withPeople(t)
	stop := func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/callback") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	username := g.username(t, admin)
	wayBack := func(c *http.Client) *url.URL {
		c.CheckRedirect = stop
		page := ask(t, c, bearerToken(admin), http.MethodGet, g.base+"/oauth/login?connection=people", "")
		back, err := url.Parse(signIn(t, c, page.body, username).header.Get("Location"))
		require.NoError(t, err)
		require.NotEmpty(t, back.Query().Get("code"))
		return back
	}
	attacker, victim := browser(t), browser(t)
	injected, own := wayBack(attacker), wayBack(victim)
	query := own.Query()
	query.Set("code", injected.Query().Get("code"))
	own.RawQuery = query.Encode()
	got := ask(t, victim, nobody, http.MethodGet, own.String(), "")
	assert.Equal(t, http.StatusBadGateway, got.status, got.body)
	people, _ := g.pool.Get("people")
	_, err := people.Tokens.Source.Token(t.Context())
	require.Error(t, err, "nobody has signed in")
	assert.NotContains(t, g.logged.String(), query.Get("code"))
}

func TestOnlyAdministratorsSignIn(t *testing.T) {
	t.Parallel()
	g, admin, other := withPeople(t)
	for name, c := range map[string]struct {
		who    credentials
		query  string
		status int
	}{
		"nobody":                     {nobody, "?connection=people", http.StatusUnauthorized},
		"without the right":          {bearerToken(other), "?connection=people", http.StatusForbidden},
		"with PingOne credentials":   {basic(sim.AppReadOnly.ID, sim.AppReadOnly.Secret), "?connection=people", http.StatusForbidden},
		"a connection without login": {bearerToken(admin), "", http.StatusNotFound},
		"no such connection":         {bearerToken(admin), "?connection=nowhere", http.StatusNotFound},
	} {
		assert.Equal(t, c.status, g.get(t, c.who, "/oauth/login"+c.query).status, name)
	}
}
