package console_test

import (
	"compress/gzip"
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// visitor is a request of the library's.
type visitor struct{ odata.Request }

// Default is an id, as where the configuration has one.
func (v visitor) Default() string {
	names, _ := v.Names(context.Background()) // in memory
	return names[0].ID
}

func (visitor) Explained(context.Context, *query.Query) (*exec.Explanation, error) {
	return &exec.Explanation{Scans: []exec.ExplainedScan{{Schema: "Main", Table: "Books", Path: "list", EstimatedCalls: 1, EstimatedRows: 1234}}}, nil
}

// library is the console over tables in memory.
type library struct {
	*httptest.Server
	run  *odatatest.Executor
	site *console.Site
}

func serve(t *testing.T, books int, adapt ...func(*console.Config)) *library {
	t.Helper()
	l := &library{run: &odatatest.Executor{Library: odatatest.New(books), BatchRows: 7}}
	mux := http.NewServeMux()
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(observe.WithRequestID(r.Context(), "request-1")))
	}))
	t.Cleanup(l.Close)
	base := func(*http.Request) string { return l.URL }
	feeds, err := odata.New(odata.Config{Prefix: "/odata/lib/", Namespace: "Library", Begin: l.run.Begin, BaseURL: base, Key: []byte("a key of the tests alone"), Failed: console.Caught})
	require.NoError(t, err)
	l.site = &console.Site{BaseURL: base, Version: "1.2.3", Who: func(*http.Request) console.Who { return console.Who{Name: "anna", Roles: []string{"staff", "audit"}} }}
	c := console.Config{
		Site: l.site, Connection: "lib", Connections: []string{"lib", "other"}, Prefix: "/odata/lib/", Namespace: "Library", Feeds: feeds,
		Begin: func(ctx context.Context, statement string) (context.Context, console.Request, error) {
			ctx, r, err := l.run.Begin(ctx, statement)
			if err != nil {
				return ctx, nil, err
			}
			return ctx, visitor{r}, nil
		},
		Counted: []string{"Books", "Nothing"},
		States: func() []console.State {
			return []console.State{{Name: "Gateway", Text: "ready", Known: true, Good: true}, {Name: "PingOne", Text: "not asked yet"}}
		},
	}
	for _, a := range adapt {
		a(&c)
	}
	mux.Handle("/odata/lib/", console.New(c))
	mux.Handle(console.AssetPath, l.site.Assets())
	return l
}

// get asks as a browser does, and follows no redirection.
func (l *library) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL+path, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, html.UnescapeString(string(body))
}

const books = "/odata/lib/Main/Books"

func TestPages(t *testing.T) {
	t.Parallel()
	l := serve(t, 120)
	for _, c := range []struct {
		name, path string
		status     int
		has        []string
	}{
		{"home", "/odata/lib/", 200, []string{
			"You are <strong>anna</strong>, with the roles <strong>staff</strong>, <strong>audit</strong>", `<li class="good">Gateway ready</li>`, `<li class="unknown">PingOne not asked yet</li>`,
			l.URL + `/odata/other/">other</a>`, `data-copy="` + l.URL + `/odata/lib/Main/"`, "Main.pbids", "Main.odc", `os.environ["GATEWAY_KEY"]`, "PingOne Gateway 1.2.3",
		}},
		{"the tables", "/odata/lib/Main/", 200, []string{"All 3 tables", `/Main/Books">Books</a></th><td>Books of the library`, "Basic. User name: anything; password: your key", "$metadata"}},
		{"a table", books, 200, []string{
			"Books of the library", "About 1 call to PingOne, reading 1,234 rows.", `<span class="tag">key</span>`, "It is only read.", `>text</td>`, `>true or false</td>`,
			`href="` + l.URL + books + `?rows"`, "Books.odc", "Loans</a>",
		}},
		{"a table, and a slash", books + "/", 200, []string{"Books of the library", `href="` + l.URL + books + `?rows"`}},
		{"rows behind a slash", books + "/?rows", 200, []string{"Rows 1 to 50", `value="` + l.URL + books + `"`}},
		{"rows", books + "?rows", 200, []string{
			"Rows 1 to 50", `rel="next"`, `$orderby=Title"`, `name="f.Title"`, `<option value="">choose a column`, "SELECT * FROM \"Main\".\"Books\"", `value="` + l.URL + books + `"`,
			l.URL + books + "?$format=csv", console.QueryPath + "?connection=lib&schema=Main&sql=SELECT+",
		}},
		{"a choice of columns", books + "?$select=Title,Pages", 200, []string{`value="Title" checked`, `value="Author">`, `<input type="hidden" name="$select" value="Title,Pages">`}},
		{"a condition in a field", books + "?$filter=Pages%20gt%203", 200, []string{`name="f.Pages" value=">3"`, "where <code>Pages gt 3</code>", "$filter=Pages%20gt%203&$format=xlsx"}},
		{"one in no field", books + "?$filter=Pages%20gt%2050%20or%20Pages%20eq%20null", 200, []string{`name="where" value="Pages gt 50 or Pages eq null"`}},
		{"related rows", books + "?$expand=Shelf", 200, []string{`value="Shelf" checked`, "Shelf A", "$expand=Shelf&$format=json", books + "?$format=csv"}},
		{"no row", books + "?$filter=Title%20eq%20'none'", 200, []string{"No row fulfils these conditions."}},
		{"an error at a place", books + "?$filter=Pages%20gt%2050%20and%20Titel%20eq%20'a'", 400, []string{
			"Pages gt 50 and <mark>Titel</mark> eq 'a'", "Did you mean Title?", "#unknown_column", "<code>request-1</code>", `data-copy="request-1"`, "Nothing was read.",
		}},
		{"an end that comes too early", books + "?$filter=Pages%20gt%20", 400, []string{"<mark> </mark>"}},
		{"an error beside the conditions", books + "?$orderby=Nothing", 400, []string{"<mark>Nothing</mark>", "Books has no property Nothing"}},
		{"a wrong option", books + "?$top=-1", 400, []string{`role="alert"`}},
		{"no table", "/odata/lib/Main/Bookz", 404, []string{"There is no entity set Bookz.", "Did you mean Books?", "<h1>That did not work</h1>"}},
		{"no schema", "/odata/lib/Elsewhere/", 404, []string{"Elsewhere", "#unknown_schema"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := l.get(t, c.path)
			assert.Equal(t, c.status, resp.StatusCode)
			for _, part := range c.has {
				assert.Contains(t, body, part)
			}
			assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
			assert.Equal(t, "private, no-cache", resp.Header.Get("Cache-Control"))
			assert.Equal(t, "Accept, Authorization", resp.Header.Get("Vary"))
			assert.NotRegexp(t, `<script>| style=| on[a-z]+=`, body, "nothing is inline")
		})
	}
	assert.Contains(t, strings.Join(l.run.Statements(), "\n"), books+"?$filter=Pages%20gt%2050", "the audit trail has the address")
}

var next = regexp.MustCompile(`rel="(prev|next)" href="([^"]+)"`)

// The pages of rows hold every row once, forwards by the feed's links and back again.
func TestPagesOfRows(t *testing.T) {
	t.Parallel()
	l := serve(t, 120)
	turn := func(body, where string) string {
		for _, m := range next.FindAllStringSubmatch(body, -1) {
			if m[1] == where {
				return strings.TrimPrefix(m[2], l.URL)
			}
		}
		return ""
	}
	seen := map[string]bool{}
	ids := regexp.MustCompile(`b00c0000-0000-4000-8000-\d{12}`)
	address, back := books+"?$filter=Id%20ne%20null", ""
	for _, rows := range []string{"Rows 1 to 50", "Rows 51 to 100", "Rows 101 to 120"} {
		_, body := l.get(t, address)
		require.Contains(t, body, rows)
		for _, id := range ids.FindAllString(body, -1) {
			seen[id] = true
		}
		address, back = turn(body, "next"), turn(body, "prev")
	}
	assert.Len(t, seen, 120)
	assert.Empty(t, address, "there is no fourth page")
	assert.Equal(t, books+"?$filter=Id%20ne%20null&$skip=50", back)
	_, body := l.get(t, back)
	assert.Contains(t, body, "Rows 51 to 100")
	assert.Equal(t, books+"?$filter=Id%20ne%20null", turn(body, "prev"))
	assert.Contains(t, body, `data-copy="`+l.URL+books+`?$filter=Id%20ne%20null&$skip=50"`, "the link to share holds no token")
	_, body = l.get(t, turn(body, "next"))
	assert.Contains(t, body, "Rows 101 to 120")
}

// A form leads to the address that it means.
func TestForms(t *testing.T) {
	t.Parallel()
	l := serve(t, 20)
	for _, c := range []struct {
		name string
		form url.Values
		want string
	}{
		{"a field", url.Values{"where": {""}, "f.Title": {"Go"}, "f.Author": {""}}, "?$filter=contains(Title,'Go')"},
		{"several, and a condition", url.Values{"where": {"Sold gt 3 or Sold eq null"}, "f.Pages": {">5"}}, "?$filter=Pages%20gt%205%20and%20(Sold%20gt%203%20or%20Sold%20eq%20null)"},
		{"a condition alone", url.Values{"where": {"Sold gt 3 or Sold eq null"}}, "?$filter=Sold%20gt%203%20or%20Sold%20eq%20null"},
		{"a column that is not shown", url.Values{"where": {""}, "on": {"InPrint"}, "value": {"true"}}, "?$filter=InPrint%20eq%20true"},
		{"what is kept", url.Values{"where": {""}, "f.Pages": {"3"}, "$select": {"Title"}, "$filter": {"Pages eq 4"}}, "?$select=Title&$filter=Pages%20eq%203"},
		{"no condition any more", url.Values{"where": {" "}, "f.Pages": {""}, "$filter": {"Pages eq 4"}}, "?rows"},
		{"columns", url.Values{"column": {"Title", "Pages"}, "$filter": {"Pages eq 4"}}, "?$filter=Pages%20eq%204&$select=Title,Pages"},
		{"related rows", url.Values{"related": {"Shelf"}}, "?$expand=Shelf"},
		{"no related rows any more", url.Values{}, "?rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.form.Set("show", "1")
			resp, body := l.get(t, books+"?"+c.form.Encode())
			require.Equal(t, http.StatusSeeOther, resp.StatusCode, body)
			got, err := url.Parse(resp.Header.Get("Location"))
			require.NoError(t, err)
			want, err := url.Parse(l.URL + books + c.want)
			require.NoError(t, err)
			assert.Equal(t, want.Query(), got.Query())
			resp, body = l.get(t, strings.TrimPrefix(got.String(), l.URL))
			assert.Equal(t, http.StatusOK, resp.StatusCode, body)
		})
	}
	for _, c := range []struct{ name, form, has string }{
		{"a field", "show=1&where=&f.Pages=many&f.Title=Go", `id="e-Pages">many is not a whole number.`},
		{"a field that is not shown", "show=1&where=&on=BoughtAt&value=soon", `id="e-BoughtAt">soon is not a time.`},
		{"the condition", "show=1&where=Pages+gt+", "Pages gt<mark> </mark>"},
	} {
		t.Run(c.name+", wrong", func(t *testing.T) {
			resp, body := l.get(t, books+"?"+c.form)
			assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
			assert.Contains(t, body, c.has)
			assert.Contains(t, body, `aria-invalid="true"`)
		})
	}
	resp, _ := l.get(t, "/odata/lib/?tables")
	assert.Equal(t, l.URL+"/odata/lib/Main/", resp.Header.Get("Location"), "by its name, not its id")
}

// A feed that breaks off, or says no, shows its reason; nothing looks whole that is not.
func TestFeedsThatFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		feed   http.HandlerFunc
		status int
		has    string
	}{
		{"broken off", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(`{"value":[{"Title":"a"}`))
			console.Caught(r.Context(), gwerr.New(gwerr.UpstreamFailed, "PingOne broke off.", "Try again."))
			panic(http.ErrAbortHandler)
		}, 502, "PingOne broke off."},
		{"refused", func(w http.ResponseWriter, r *http.Request) {
			console.Caught(r.Context(), gwerr.New(gwerr.Forbidden, "Not for you.", ""))
			w.WriteHeader(http.StatusForbidden)
		}, 403, "Not for you."},
		{"without a reason", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, 500, "The feed answered the page with 418."},
		{"too large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 9<<20)) }, 413, "These rows are too large to be shown."},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("oops")) }, 500, "could not read the feed"},
		{"no rows in it", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"value":3}`)) }, 500, "could not read the feed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var told []error
			l := serve(t, 3, func(cfg *console.Config) {
				cfg.Feeds = c.feed
				cfg.Failed = func(_ context.Context, err error) { told = append(told, err) }
			})
			resp, body := l.get(t, books+"?rows")
			assert.Equal(t, c.status, resp.StatusCode)
			assert.Contains(t, body, c.has)
			assert.Contains(t, body, "Nothing was read.")
			assert.Len(t, told, 1)
			resp, body = l.get(t, books)
			assert.Equal(t, http.StatusOK, resp.StatusCode, "what a table means needs no rows")
			assert.Contains(t, body, "No examples: ")
		})
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	l := serve(t, 1)
	_, body := l.get(t, "/odata/lib/")
	found := regexp.MustCompile(`(?:href|src)="([^"]+`+console.AssetPath+`[^"]+)"`).FindAllStringSubmatch(body, -1)
	require.GreaterOrEqual(t, len(found), 3)
	for _, m := range found {
		resp, text := l.get(t, strings.TrimPrefix(m[1], l.URL))
		assert.Equal(t, http.StatusOK, resp.StatusCode, m[1])
		assert.NotEmpty(t, text)
		assert.Equal(t, "public, max-age=31536000, immutable", resp.Header.Get("Cache-Control"), "its address changes with it")
		assert.NotContains(t, resp.Header.Get("Content-Type"), "html")
		assert.NotContains(t, text, "//unpkg", "nothing comes from elsewhere")
	}
	resp, _ := l.get(t, console.AssetPath+"style.css")
	assert.Equal(t, "public, max-age=300", resp.Header.Get("Cache-Control"))
	for _, name := range []string{"", "nothing.css", "../pages/home.html", "%2e%2e/pages/home.html"} {
		resp, _ := l.get(t, console.AssetPath+name)
		assert.NotEqual(t, http.StatusOK, resp.StatusCode, name)
	}
}

// Files go as small as they can be, to those who take them so.
func TestPackedAssets(t *testing.T) {
	t.Parallel()
	l := serve(t, 1)
	plain := map[bool]string{}
	for accepts, want := range map[string]bool{"": false, "identity": false, "br": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "gzip; q=0.00, br": false} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL+console.AssetPath+"editor.js", nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Encoding", accepts)
		resp, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		assert.Equal(t, want, resp.Header.Get("Content-Encoding") == "gzip", accepts)
		assert.Contains(t, resp.Header.Values("Vary"), "Accept-Encoding")
		var body io.Reader = resp.Body
		if want {
			body, err = gzip.NewReader(body)
			require.NoError(t, err)
		}
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		plain[want] = string(text)
	}
	assert.NotEmpty(t, plain[true])
	assert.Equal(t, plain[false], plain[true])
}

func TestWantsPage(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml,*/*;q=0.8": true, "": false, "*/*": false, "application/json": false, "application/json;q=0.5,text/html": true,
		"application/json,text/html;q=0.5": false, "TEXT/HTML": true, "text/html;q=0": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept", accept)
		assert.Equal(t, want, console.WantsPage(r), accept)
		r.Method = http.MethodPost
		assert.False(t, console.WantsPage(r), accept)
	}
}

// A page that a caller may not have says how to sign in, or when to come back.
func TestFail(t *testing.T) {
	t.Parallel()
	site := &console.Site{}
	r := httptest.NewRequest(http.MethodGet, "/odata/lib/", nil)
	w := httptest.NewRecorder()
	site.Fail(w, r, gwerr.New(gwerr.Unauthenticated, "No valid credentials were given.", ""))
	assert.Equal(t, http.StatusUnauthorized, w.Code)
	assert.Contains(t, w.Body.String(), "<dt>User name</dt><dd>anything</dd><dt>Password</dt><dd>your key</dd>")
	w = httptest.NewRecorder()
	site.Fail(w, r, gwerr.New(gwerr.Busy, "Too <b>much</b>.", "").After(1500e6))
	assert.Equal(t, "2", w.Header().Get("Retry-After"))
	assert.Contains(t, w.Body.String(), "Too &lt;b&gt;much&lt;/b&gt;.")
	w = httptest.NewRecorder()
	r.Method = http.MethodHead
	site.Fail(w, r, gwerr.New(gwerr.NotFound, "Nothing.", ""))
	assert.Equal(t, http.StatusNotFound, w.Code)
	assert.Empty(t, w.Body.String())
}
