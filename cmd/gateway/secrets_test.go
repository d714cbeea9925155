//go:build duckdb_arrow

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// TestNothingSecretIsWritten runs requests of every kind with everything
// logged, traced and recorded, and looks for every secret and every personal
// value that was in use.
func TestNothingSecretIsWritten(t *testing.T) {
	t.Parallel()
	collector := &buffer{}
	otel := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(collector, r.Body) }))
	t.Cleanup(otel.Close)
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "admin", service.AdminRole)
	ring := seal.GenerateKey("ring").Reveal()
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "keys,passthrough", "auth.keys_file": keys, "auth.key_parameter": "api_key", "admin.token": "admin-token-4711",
		"tokens.encryption_keys": ring, "tracing.endpoint": otel.URL, "tracing.sample_ratio": "1", "tracing.headers": "x-token=collector-token-4711",
		"auth.max_failures": "1000",
	})
	admin := bearerToken(key)
	row := g.sql(t, admin, "SELECT Id, Email, Username, StreetAddress FROM Users WHERE Email IS NOT NULL AND length(StreetAddress) > 8 ORDER BY Id LIMIT 1").rows(t)[0]
	id, email, username, street := row[0].(string), row[1].(string), row[2].(string), row[3].(string)
	conn, _ := g.pool.Get("pingone")
	own, err := conn.Tokens.Source.Token(t.Context())
	require.NoError(t, err)
	theirs := tokenOf(t, g.sim, g.simAt, sim.AppCustomersOnly)
	typed := []string{ // what people typed somewhere
		"sign-in-password-4711", "bearer-garbage-4711", "refresh-token-4711", "oauth-code-4711", "oauth-state-4711",
		"parameter-key-4711", "hidden-in-a-comment-4711", "someone.else.4711@example.org",
	}
	g.exercise(t, admin, key, email, id, theirs, typed)

	secrets := append([]string{
		sim.AppWorker.Secret, sim.AppCustomersOnly.Secret, key, strings.Split(key, "_")[2], own.Value.Reveal(), theirs,
		strings.TrimPrefix(ring, "ring:"), "admin-token-4711", "collector-token-4711", email, username, street, sim.UserPassword,
	}, typed...)
	metrics := ask(t, http.DefaultClient, nobody, http.MethodGet, g.admin+"/metrics", "").body
	ready := ask(t, http.DefaultClient, nobody, http.MethodGet, g.admin+"/readyz?verbose", "").body
	require.NoError(t, g.tracer.Close(t.Context()))
	require.NoError(t, g.app.trail.Close(t.Context()))
	trail, err := os.ReadFile(g.app.config.Audit.File)
	require.NoError(t, err)
	for name, text := range map[string]string{"log": g.logged.String(), "trail": string(trail), "metrics": metrics, "readiness": ready, "traces": collector.String()} {
		assert.Greater(t, len(text), 100, "%s: there must be something to look at", name)
		for _, s := range secrets {
			for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
				if at := strings.Index(strings.ToLower(text), strings.ToLower(form)); at >= 0 {
					assert.Fail(t, "a secret is written", "%q in the %s: …%q…", s, name, text[max(0, at-200):min(len(text), at+100)])
					break
				}
			}
		}
	}
}

// exercise makes requests that go well and requests that fail.
func (r *running) exercise(t *testing.T, admin credentials, key, email, id, token string, typed []string) {
	t.Helper()
	quoted := func(s string) string { return "'" + s + "'" }
	for _, statement := range []string{
		"SELECT * FROM Users LIMIT 3", "SELECT Id FROM Users WHERE Email = " + quoted(email), "SELECT Id FROM Users WHERE Username LIKE " + quoted(email[:5]+"%"),
		"SELECT * FROM Users WHERE Id = " + quoted(id), "SELECT CAST(StreetAddress AS INTEGER) FROM Users WHERE Id = " + quoted(id), "SELECT CAST(Email AS INTEGER) FROM Users", "SELECT Email::DATE FROM Users WHERE Email = " + quoted(email),
		"SELECT Id FROM Users WHERE IsEnabled = " + quoted(email), "SELECT " + quoted(typed[7]) + " FROM", "SELECT * FROM Users WHERE /* " + typed[6] + " */ x = 1",
		"SELECT count(*) FROM Users u JOIN Groups g ON u.Email = g.Name WHERE u.Email <> " + quoted(email),
		"EXEC GetOAuthAccessToken", "EXEC RefreshOAuthAccessToken " + quoted(typed[2]), "CALL GetOAuthAccessToken(AuthMode => 'WEB', Verifier => " + quoted(typed[3]) + ", State => " + quoted(typed[4]) + ")",
		"CALL GetOAuthAccessToken(" + quoted(typed[2]), "DELETE FROM Users WHERE Email = " + quoted(email),
	} {
		r.sql(t, admin, statement)
		r.send(t, admin, http.MethodPost, "/sql/explain", statement)
	}
	filter := func(f string) string { return "/odata/pingone/Administrators/Users?$filter=" + url.QueryEscape(f) }
	for _, path := range []string{
		filter("Email eq " + quoted(email)), filter("contains(Email," + quoted(typed[7]) + ")"), filter("Email eq " + quoted(email) + " and"), filter("IsEnabled eq " + quoted(email)),
		"/odata/pingone/Administrators/Users(" + id + ")", "/odata/pingone/Administrators/Users?$search=" + url.QueryEscape(typed[7]),
		"/odata/pingone/Administrators/Users(" + url.PathEscape(quoted(email)) + ")", "/odata/pingone/Administrators/Users?$top=1&" + url.QueryEscape(typed[7]) + "=1",
		"/oauth/callback?code=" + typed[3] + "&state=" + typed[4], "/nowhere/" + url.PathEscape(typed[7]) + "?token=" + typed[1],
	} {
		r.get(t, admin, path)
	}
	for _, who := range []credentials{
		basic(typed[7], typed[0]), basic(sim.AppWorker.ID, typed[0]), basic(sim.AppCustomersOnly.ID, sim.AppCustomersOnly.Secret),
		bearerToken(token), bearerToken(typed[1]), bearerToken(key[:len(key)-1] + "x"), basic("", key),
	} {
		r.sql(t, who, "SELECT count(*) FROM Customers.Users")
	}
	r.get(t, nobody, "/odata/pingone/Administrators/Users/$count?api_key="+typed[5])
	r.get(t, nobody, "/odata/pingone/Administrators/Users/$count?api_key="+key)
	ask(t, http.DefaultClient, bearerToken("admin-token-4711"), http.MethodGet, r.admin+"/loglevel", "")
	for _, f := range []sim.Fault{
		{Match: "GET /v1/*", Do: "status", Status: 401}, {Match: "GET /v1/*", Do: "status", Status: 500}, {Match: "GET /v1/*", Do: "garbage"}, {Match: "GET /v1/*", Do: "cut"},
	} {
		require.NoError(t, r.sim.SetFaults(f))
		r.sql(t, admin, "SELECT Email FROM Users WHERE Email = "+quoted(email))
	}
	require.NoError(t, r.sim.SetFaults())
}
