//go:build duckdb_arrow

// Package console tests the pages that people read, over the simulator.
package console

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// browser is the header that Firefox and Chromium send.
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

func get(t testing.TB, address, accept string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

var anchor = regexp.MustCompile(`href="([^"]+)"`)

// A person goes from the services to a table, and from there to each link of the page.
func TestWay(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}}).Serve(t, testkit.WebOptions{})
	home := w.URL + "/odata/pingone/"
	pages := []struct {
		name, address string
		has           []string
	}{
		{"home", w.URL + "/", []string{
			"you are <strong>anonymous</strong>", `<a href="` + home + `Administrators/">Administrators</a>`, `data-copy="` + home + `Administrators/"`,
			"Administrators.odc", "Administrators.pbids", "pandas.read_csv", `Users</a></dt><dd>4`, `Populations</a></dt><dd>`,
		}},
		{"a service", home + "Administrators/", []string{`value="` + home + `Administrators/"`, "Administrators.odc", "Administrators.pbids", `<a href="` + home + `Administrators/Users">Users</a>`, "Start here"}},
		{"a table", home + "Administrators/Users", []string{
			"ada.admin", `value="` + home + `Administrators/Users"`, "Users.odc", "format=csv", "format=xlsx", "Identity Data Read Only",
			"Known values: ", `<th scope="row">Id <span class="tag">key</span></th>`, `<a href="` + home + `Administrators/Groups">Groups</a>`,
			`<span class="tag">custom</span>`, "equals, starts with", "About 1 call to PingOne", "PopulationId → Id",
		}},
		{"its rows", home + "Administrators/Users?rows", []string{
			"ada.admin", `name="f.Username" value="" placeholder="equals"`, "Rows 1 to 4", `href="` + home + `Administrators/Users?$orderby=Username"`,
			`SELECT * FROM "Administrators"."Users"`,
		}},
		{"a part of it", home + "Administrators/Users?$filter=Username%20eq%20'ada.admin'&$select=Username", []string{
			"<td>ada.admin</td></tr>\n</tbody>", "/Users?$filter=Username%20eq%20'ada.admin'&amp;$select=Username&amp;$format=csv", `value="ada.admin"`,
			`SELECT "Username" FROM "Administrators"."Users" WHERE`,
		}},
		{"with relations", home + "Administrators/Users?$expand=Population,Groups&$top=5", []string{"<td>Default</td>", `value="Population" checked`}},
		{"none of it", home + "Administrators/Users?$filter=Username%20eq%20'nobody'", []string{"No row fulfils these conditions."}},
	}
	seen := map[string]bool{}
	for _, p := range pages {
		resp, body := get(t, p.address, browser)
		require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", p.name, body)
		assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
		assert.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self';")
		assert.Contains(t, strings.Join(resp.Header.Values("Vary"), ","), "Accept")
		assert.NotContains(t, body, " style=")
		assert.NotRegexp(t, `<script(?: src="[^"]*"| defer)*>[^<]`, body, "nothing is inline")
		assert.Equal(t, "private, no-cache", resp.Header.Get("Cache-Control"))
		assert.Less(t, len(body), 150<<10, p.name)
		for _, part := range p.has {
			assert.Contains(t, html.UnescapeString(body), html.UnescapeString(part), p.name)
		}
		for _, m := range anchor.FindAllStringSubmatch(body, -1) {
			seen[html.UnescapeString(m[1])] = true
		}
	}
	for address := range seen {
		if strings.HasSuffix(address, "/docs") || strings.Contains(address, console.QueryPath) {
			continue // pages of others
		}
		if strings.HasSuffix(address, "Totals") || len(seen) > 60 && !strings.ContainsAny(strings.TrimPrefix(address, home), ".?$") {
			continue // a table as any other
		}
		resp, body := get(t, address, browser)
		assert.Equal(t, http.StatusOK, resp.StatusCode, "%s: %.200s", address, body)
	}
}

// Every example of the Query page runs.
func TestExamples(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}}).Serve(t, testkit.WebOptions{})
	_, page := get(t, w.URL+console.QueryPath, browser)
	examples := regexp.MustCompile(`data-example="([^"]+)"`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, examples)
	for _, m := range examples {
		statement := html.UnescapeString(m[1])
		resp, body := get(t, w.URL+"/sql?query="+url.QueryEscape(statement), "application/json")
		assert.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", statement, body)
	}
}

// Other programs get what they always got, whatever else they accept.
func TestOthers(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}}).Serve(t, testkit.WebOptions{})
	home := w.URL + "/odata/pingone/"
	root := home + "Administrators/"
	for _, c := range []struct{ path, accept, kind string }{
		{"", "", "application/json"},
		{"Users", "*/*", "application/json"},
		{"Users", "application/json,text/html;q=0.9", "application/json"},
		{"Users?$format=json", browser, "application/json"},
		{"Users?format=csv&$top=1", browser, "text/csv"},
		{"$metadata", browser, "application/xml"},
		{"Users/$count", browser, "text/plain"},
		{".odc", browser, "text/x-ms-odc"},
		{"Groups.odc", browser, "text/x-ms-odc"},
		{"$vocabularies/Org.OData.Core.V1.xml", browser, "application/xml"},
	} {
		address := root + c.path
		switch {
		case c.path == ".odc":
			address = strings.TrimSuffix(root, "/") + c.path
		case strings.HasPrefix(c.path, "$vocabularies"):
			address = home + c.path
		}
		resp, body := get(t, address, c.accept)
		assert.Equal(t, http.StatusOK, resp.StatusCode, "%s %s", c.path, body)
		assert.Contains(t, resp.Header.Get("Content-Type"), c.kind, c.path)
	}
	_, odc := get(t, root+"Groups.odc", "")
	formula := html.UnescapeString(html.UnescapeString(odc))
	assert.Contains(t, formula, `OData.Feed("`+root+`Groups", null, [Implementation="2.0"])`)
	resp, _ := get(t, root+"Nothing.odc", "")
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
}

// Errors are pages, too, and show what was written as text.
func TestErrors(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}}).Serve(t, testkit.WebOptions{})
	root := w.URL + "/odata/pingone/"
	for path, part := range map[string]string{
		"Administrators/Userz": "Did you mean Users?", "Nowhere/": "Nowhere", "Administrators/Users?$filter=%3Cscript%3E%20eq%201": "<mark>&lt;script&gt;</mark> eq 1",
		"Administrators/Users?$filter=Nothing%20eq%201": "Users has no property Nothing",
	} {
		resp, body := get(t, root+path, browser)
		assert.GreaterOrEqual(t, resp.StatusCode, 400, path)
		assert.Contains(t, body, part, path)
		assert.NotContains(t, body, "<script>", path)
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/odata/pingone/", nil)
	(&console.Site{}).Fail(rec, r, gwerr.New(gwerr.Unauthenticated, "No valid credentials were given.", ""))
	assert.Equal(t, http.StatusUnauthorized, rec.Code)
	assert.Contains(t, rec.Body.String(), "<dt>User name</dt><dd>anything</dd><dt>Password</dt><dd>your key</dd>")
}
