//go:build duckdb_arrow

package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestProceduresAreForAdministrators(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	admin, other := newKey(t, keys, "admin", service.AdminRole), newKey(t, keys, "other")
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "audit.statements": "text"})

	row := g.sql(t, bearerToken(admin), "EXECUTE GetOAuthAccessToken").rows(t)[0]
	assert.Equal(t, true, row[0])
	token, _ := row[1].(string)
	assert.Nil(t, row[2], "an application has no refresh token")
	assert.InDelta(t, 3600, row[3], 5)
	got := ask(t, http.DefaultClient, bearerToken(token), http.MethodGet, g.simAt+"/v1/environments", "")
	assert.Equal(t, http.StatusOK, got.status, "the token works: %s", got.body)

	address := g.sql(t, bearerToken(admin), `{"query": "CALL Administrators.GetOAuthAuthorizationURL(State => :s)", "parameters": {"s": "my-state"}}`)
	assert.Equal(t, "syntax", address.code(t), "the body is SQL by its type")
	address = ask(t, http.DefaultClient, func(r *http.Request) {
		r.Header.Set("Content-Type", "application/json")
		bearerToken(admin)(r)
	}, http.MethodPost, g.base+"/sql", `{"query": "CALL Administrators.GetOAuthAuthorizationURL(State => :s)", "parameters": {"s": "my-state"}}`)
	signInAt, _ := address.rows(t)[0][1].(string)
	assert.Contains(t, signInAt, g.simAt)
	assert.Contains(t, signInAt, "state=my-state")
	assert.Contains(t, signInAt, "code_challenge_method=S256")

	for name, c := range map[string]struct{ key, sql, code string }{
		"not an administrator":  {other, "EXEC GetOAuthAccessToken", "forbidden"},
		"unknown":               {admin, "EXEC DropEverything", "unknown_function"},
		"unknown schema":        {admin, "CALL Nowhere.GetOAuthAccessToken()", "unknown_schema"},
		"unknown connection":    {admin, "CALL nowhere.Administrators.GetOAuthAccessToken()", "not_found"},
		"wrong value":           {admin, "EXEC GetOAuthAccessToken @AuthMode = 'sec-ret-1'", "type_mismatch"},
		"not its refresh token": {admin, "EXEC RefreshOAuthAccessToken @OAuthRefreshToken = 'sec-ret-2'", "upstream_auth"},
		"missing input":         {admin, "EXEC RefreshOAuthAccessToken", "bad_parameter"},
		"syntax":                {admin, "EXEC RefreshOAuthAccessToken 'sec-ret-3' 'sec-ret-4'", "syntax"},
		"never closed":          {admin, "EXEC RefreshOAuthAccessToken 'sec-ret-5", "syntax"},
	} {
		got := g.sql(t, bearerToken(c.key), c.sql)
		assert.Equal(t, c.code, got.code(t), "%s: %s", name, got.body)
		assert.NotContains(t, got.body, "sec-ret", name)
	}
	assert.Equal(t, "method_not_allowed", g.get(t, bearerToken(admin), "/sql?query=EXEC+GetOAuthAccessToken").code(t))
	explain := g.send(t, bearerToken(admin), http.MethodPost, "/sql/explain", "EXEC GetOAuthAccessToken")
	assert.Equal(t, "not_implemented", explain.code(t))

	lines := g.audited(t, 11)
	var calls []string
	for _, l := range lines {
		if l["action"] == "call" {
			statement, _ := l["statement"].(string)
			calls = append(calls, statement)
		}
	}
	assert.Contains(t, calls, "CALL GetOAuthAccessToken()")
	assert.Contains(t, calls, "CALL RefreshOAuthAccessToken(OAuthRefreshToken => ?)")
	raw, err := os.ReadFile(g.trailFile)
	require.NoError(t, err)
	for _, kept := range []string{string(raw), g.logged.String()} {
		assert.NotContains(t, kept, "sec-ret", "though statements are kept as they came")
		assert.NotContains(t, kept, token)
	}
}

// TestSecretsOfProceduresStayInside calls one with a secret, well and badly, by a
// gateway that logs and records all it can.
func TestSecretsOfProceduresStayInside(t *testing.T) {
	t.Parallel()
	const secret = "Never-Told-Anybody-1"
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "none", "auth.anonymous_roles": service.AdminRole, "connections.pingone.readonly": "false", "audit.statements": "text",
	})
	user, _ := g.sql(t, nobody, "SELECT Id FROM Users WHERE Username = 'ada.admin'").rows(t)[0][0].(string)
	assert.Equal(t, []any{true, "OK"}, g.sql(t, nobody, "EXECUTE SetUserPassword @UserId = '"+user+"', @Value = '"+secret+"'").rows(t)[0])
	assert.Equal(t, []any{true, true, "OK"}, g.sql(t, nobody, "CALL CheckUserPassword('"+user+"', '"+secret+"')").rows(t)[0], "it was sent")
	assert.Equal(t, []any{true, false, nil}, g.sql(t, nobody, "CALL CheckUserPassword('"+user+"', '"+secret+"2')").rows(t)[0])
	for _, sql := range []string{
		"CALL RecoverUserPassword('" + user + "', '" + secret + "', '" + secret + "')", // PingOne refuses the code
		"CALL SetUserPassword('" + user + "', '" + secret + "', '" + secret + "')",
		"CALL SetUserPassword('" + secret + "', '" + secret + "')",
	} {
		got := g.sql(t, nobody, sql)
		assert.NotEqual(t, http.StatusOK, got.status)
		assert.NotContains(t, got.body, secret)
	}
	g.audited(t, 7)
	raw, err := os.ReadFile(g.trailFile)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "CALL SetUserPassword(UserId => ?, Value => ?)")
	for _, kept := range []string{string(raw), g.logged.String()} {
		assert.NotContains(t, kept, secret)
	}
}

func TestThePolicySaysWhoMayCall(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	tokens, admin := newKey(t, keys, "tokens", "tokens"), newKey(t, keys, "admin", service.AdminRole)
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": file(t, "policy.yaml", `
version: 1
roles:
  tokens:
    procedures: ["GetOAuthAccess*"]
  admin:
    grants: [{connections: ["*"], schemas: ["*"], tables: ["*"]}]
`)})
	g.sql(t, bearerToken(tokens), "EXEC GetOAuthAccessToken").rows(t)
	assert.Equal(t, "forbidden", g.sql(t, bearerToken(tokens), "EXEC GetOAuthAuthorizationURL").code(t))
	assert.Equal(t, "forbidden", g.sql(t, bearerToken(admin), "EXEC GetOAuthAccessToken").code(t), "the role's name alone gives nothing beside a policy")
	assert.Equal(t, "unknown_schema", g.sql(t, bearerToken(tokens), "SELECT * FROM Users").code(t))
}

// TestAnonymousCallersGetNoTokens is the default without authentication; the
// demo gives them the right, since its tokens are worth nothing.
func TestAnonymousCallersGetNoTokens(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	assert.Equal(t, "forbidden", g.sql(t, nobody, "EXEC GetOAuthAccessToken").code(t))
	g.sql(t, nobody, "SELECT count(*) FROM Users").rows(t)
}

func TestTheTrailTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "reporting", "staff")
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys})
	g.sql(t, func(r *http.Request) { bearerToken(key)(r); r.Header.Set("X-Request-Id", "request-12345") }, "SELECT Id FROM Users WHERE Username = 'somebody'").rows(t)
	g.get(t, bearerToken(key), "/odata/pingone/Administrators/Users?$top=2&$filter=Username%20eq%20'somebody'")
	g.send(t, bearerToken(key), http.MethodPost, "/sql/explain", "SELECT 1")
	g.sql(t, basic("mallory@example.org", "guess"), "SELECT 1")
	g.sql(t, nobody, "SELECT 1")
	lines := g.audited(t, 4)
	require.Len(t, lines, 4, "a request without credentials is only asked for them")
	actions := map[string]map[string]any{}
	for _, l := range lines {
		actions[l["action"].(string)+" "+l["front_end"].(string)] = l
		assert.Equal(t, "127.0.0.1", l["remote"])
	}
	query := actions["query sql"]
	require.NotNil(t, query)
	assert.Equal(t, "request-12345", query["request_id"])
	assert.Equal(t, "reporting", query["principal"].(map[string]any)["name"])
	assert.Equal(t, "SELECT Id FROM Users WHERE Username = ?", query["statement"])
	assert.Equal(t, []any{"Administrators.Users"}, query["tables"])
	assert.Contains(t, actions["query odata"]["statement"], "$filter=Username eq ?")
	assert.Contains(t, actions, "explain sql")
	assert.Equal(t, "unauthenticated", actions["sign_in sql"]["outcome"])
	text, err := json.Marshal(lines)
	require.NoError(t, err)
	assert.False(t, strings.Contains(string(text), "mallory") || strings.Contains(string(text), "guess"))
}

// TestASignInByProcedures goes the way of clients that have a browser of their
// own: an address, a code, tokens, and new tokens.
func TestASignInByProcedures(t *testing.T) {
	t.Parallel()
	g, admin, _ := withPeople(t)
	call := func(statement string, parameters map[string]string) []any {
		body, err := json.Marshal(map[string]any{"query": statement, "connection": "people", "parameters": parameters})
		require.NoError(t, err)
		return ask(t, http.DefaultClient, func(r *http.Request) {
			bearerToken(admin)(r)
			r.Header.Set("Content-Type", "application/json")
		}, http.MethodPost, g.base+"/sql", string(body)).rows(t)[0]
	}
	b := browser(t)
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), sim.RedirectURI) {
			return http.ErrUseLastResponse // the client reads the code from there
		}
		return nil
	}
	address, _ := call("EXEC GetOAuthAuthorizationURL @CallbackUrl = @c", map[string]string{"c": sim.RedirectURI})[1].(string)
	page := ask(t, b, nobody, http.MethodGet, address, "")
	back, err := url.Parse(signIn(t, b, page.body, g.username(t, admin)).header.Get("Location"))
	require.NoError(t, err)

	got := call("CALL GetOAuthAccessToken(AuthMode => 'WEB', CallbackUrl => :c, Verifier => :v, State => :s)",
		map[string]string{"c": sim.RedirectURI, "v": back.Query().Get("code"), "s": back.Query().Get("state")})
	access, refresh := got[1].(string), got[2].(string)
	people, _ := g.pool.Get("people")
	kept, err := people.Tokens.Source.Token(t.Context())
	require.NoError(t, err, "the connection keeps the sign-in")
	assert.Equal(t, access, kept.Value.Reveal())

	again := call("EXEC RefreshOAuthAccessToken @OAuthRefreshToken = :r", map[string]string{"r": refresh})
	assert.NotEqual(t, access, again[1])
	for _, secret := range []string{access, refresh, again[1].(string), back.Query().Get("code")} {
		assert.NotContains(t, g.logged.String(), secret)
	}
}
