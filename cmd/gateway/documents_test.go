//go:build duckdb_arrow

package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// fromABrowser asks for something to look at.
func fromABrowser(who credentials) credentials {
	return func(r *http.Request) {
		who(r)
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	}
}

// The administrator's page tells what this gateway has checked, called, answered and
// handed out, to whoever has the admin token.
func TestTheAdministratorsPage(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	used := newKey(t, keys, "reports", "staff")
	ends := &apikey.File{Path: keys}
	_, old, err := ends.Create(t.Context(), apikey.NewKey{Name: "never-used", Roles: []string{"staff", "auditor"}, TTL: 5*24*time.Hour + time.Hour})
	require.NoError(t, err)
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "admin.token": "the-admin-token", "auth.policy_file": file(t, "policy.yaml", seesUsernames)})
	g.sql(t, bearerToken(used), "SELECT Id FROM Users WHERE Username = 'ada.admin'").rows(t)
	assert.Equal(t, http.StatusBadRequest, g.sql(t, bearerToken(used), "SELECT Nothing FROM Users").status)
	g.sql(t, bearerToken(used), "SELECT Id FROM Users WHERE Username = 'no such person'").rows(t)

	g.callers.keys.Flush() // as is done each minute

	var body string
	require.Eventually(t, func() bool { // checks run beside
		got := ask(t, http.DefaultClient, fromABrowser(basic("anybody", "the-admin-token")), http.MethodGet, g.admin+"/", "")
		body = got.body
		return got.status == http.StatusOK && strings.Contains(body, "Ready: the gateway takes requests")
	}, patience, 20*time.Millisecond)
	part := func(heading string) string {
		_, rest, found := strings.Cut(body, "<h2>"+heading+"</h2>")
		require.True(t, found, heading)
		rest, _, _ = strings.Cut(rest, "<h2>")
		return rest
	}
	assert.Contains(t, part("Checks"), `<th scope="row">connection:pingone</th><td>well</td>`)
	budget := g.budget.Usage()[0]
	assert.Contains(t, part("PingOne's rate budget"), `<th scope="row">`+budget.Group+" of "+budget.License+"</th>")
	assert.Regexp(t, `<th scope="row">reports</th><td>3</td><td>1</td><td>2</td><td>1</td>`, part("Callers"), "requests, failed, calls, rows")
	assert.Contains(t, part("Slowest requests"), "SELECT Id FROM Users WHERE Username = ?")
	assert.Equal(t, 1, strings.Count(part("Requests with more calls than rows"), "Username = ?"), "the one that found nobody")
	assert.NotContains(t, body, "ada.admin")
	row := func(id string) string {
		return regexp.MustCompile(`<tr><th scope="row">[^<]* <code class="quiet">` + id + `</code></th>.*</tr>`).FindString(part("Keys"))
	}
	assert.Contains(t, row(old.ID), `active <span class="tag">ends soon</span></td><td>staff, auditor</td><td>never</td><td>in 5 days</td>`)
	list, err := ends.List(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `<td>active</td><td>staff</td><td>(just now|\d+ minutes? ago)</td><td>never</td>`, row(list[0].ID))
	assert.NotContains(t, body, used)
	counted := ask(t, http.DefaultClient, bearerToken("the-admin-token"), http.MethodGet, g.admin+"/metrics", "").body
	assert.Contains(t, counted, `pingone_gateway_query_caller_calls_total{caller="`+list[0].ID+`"} 2`, "the dashboard names callers by their keys")

	style := regexp.MustCompile(`href="(/console/assets/style.css[^"]*)"`).FindStringSubmatch(body)
	require.Len(t, style, 2)
	assert.Equal(t, http.StatusOK, ask(t, http.DefaultClient, basic("x", "the-admin-token"), http.MethodGet, g.admin+style[1], "").status)
}

// The admin token as a browser's password opens nothing to the pages of others.
func TestTheAdminListenerAndOthersPages(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{Users: 5}, map[string]string{"auth.mode": "none", "admin.token": "the-admin-token"})
	from := func(headers ...string) credentials {
		return func(r *http.Request) {
			r.SetBasicAuth("anybody", "the-admin-token")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
		}
	}
	own, err := url.Parse(g.admin)
	require.NoError(t, err)
	for _, c := range []struct {
		name         string
		who          credentials
		method, path string
		want         int
	}{
		{"the holder's own program", from(), http.MethodPost, "/loglevel?level=info", http.StatusOK},
		{"typed into the browser", from("Sec-Fetch-Site", "none"), http.MethodGet, "/", http.StatusOK},
		{"the listener's own page", from("Sec-Fetch-Site", "same-origin", "Origin", own.String()), http.MethodPost, "/loglevel?level=info", http.StatusOK},
		{"a page of another site", from("Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), http.MethodPost, "/loglevel?level=debug", http.StatusForbidden},
		{"a page of the same site", from("Sec-Fetch-Site", "same-site"), http.MethodPost, "/loglevel?level=debug", http.StatusForbidden},
		{"an old browser's page", from("Origin", "https://evil.example"), http.MethodPost, "/loglevel?level=debug", http.StatusForbidden},
		{"a page that embeds it", from("Sec-Fetch-Site", "cross-site"), http.MethodGet, "/", http.StatusForbidden},
		{"a page by a name of its own", func(r *http.Request) { from()(r); r.Host = "evil.example" }, http.MethodGet, "/", http.StatusBadRequest},
		{"nobody", nobody, http.MethodPost, "/loglevel?level=debug", http.StatusUnauthorized},
	} {
		got := ask(t, http.DefaultClient, c.who, c.method, g.admin+c.path, "")
		assert.Equal(t, c.want, got.status, "%s: %s", c.name, got.body)
	}
	assert.Equal(t, "info", g.app.log.Level())
}

// One caller has all turns; of several, none has more than its share while it is alone.
func TestTheShareOfACaller(t *testing.T) {
	t.Parallel()
	for modes, want := range map[string]float64{"none": 1, "keys": 0.4, "keys,oidc": 0.4} {
		c := &config.Config{}
		c.Auth.Modes, c.Limits.CallerShare = strings.Split(modes, ","), 0.4
		assert.InDelta(t, want, (&app{config: c}).callerShare(), 0, modes)
	}
}

// Errors of all addresses are pages for people, and JSON for programs.
func TestErrorsForPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "anna", "staff")
	g := start(t, sim.Options{Users: 5}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "limits.url_size": "1KiB", "auth.policy_file": file(t, "policy.yaml", seesUsernames)})
	mine := bearerToken(key)
	for _, c := range []struct {
		name, path string
		who        credentials
		status     int
		code, says string
	}{
		{"no address", "/nothing", mine, 404, "not_found", "There is nothing at this address."},
		{"no address below the console", "/console/nothing", mine, 404, "not_found", "There is nothing at this address."},
		{"no statement", "/sql", mine, 400, "bad_request", "query"},
		{"a wrong column", "/sql?query=SELECT%20Nope%20FROM%20Users", mine, 400, "unknown_column", "SELECT <mark>Nope</mark> FROM Users"},
		{"a wrong column behind letters of two bytes", "/sql?query=SELECT%20'%C3%BC',%20Nope%20FROM%20Users", mine, 400, "unknown_column", "SELECT &#39;ü&#39;, <mark>Nope</mark> FROM Users"},
		{"a wrong format", "/sql?query=SELECT%201&format=nothing", mine, 406, "not_acceptable", "formats"},
		{"no query of that id", "/sql/0123456789abcdef0123456789abcdef", mine, 404, "not_found", "query"},
		{"nobody's statement", "/sql?query=SELECT%201", nobody, 401, "unauthenticated", "<dt>User name</dt><dd>anything</dd>"},
		{"too long", "/sql?query=" + strings.Repeat("x", 3000), mine, 413, "too_large", "long"},
	} {
		people, programs := g.get(t, fromABrowser(c.who), c.path), g.get(t, c.who, c.path)
		assert.Equal(t, c.status, people.status, "%s: %s", c.name, people.body)
		assert.Equal(t, c.status, programs.status, c.name)
		assert.Contains(t, people.header.Get("Content-Type"), "text/html", c.name)
		assert.Contains(t, people.body, `/docs/troubleshooting#`+c.code+`"`, "%s: a link to help", c.name)
		assert.Contains(t, people.body, c.says, c.name)
		assert.Contains(t, people.header.Values("Vary"), "Accept, Authorization", c.name)
		assert.Equal(t, "application/json", programs.header.Get("Content-Type"), c.name)
		assert.Equal(t, c.code, programs.code(t), c.name)
	}
	assert.Equal(t, "application/json", g.send(t, fromABrowser(mine), http.MethodPost, "/sql", "SELECT Nope FROM Users").header.Get("Content-Type"), "no page is sent to what a program posts")
}
