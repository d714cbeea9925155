package odata_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// A client has a short answer when its request has ended: what it does next finds
// its turn given back, its change on the trail, and itself counted.
func TestShortAnswersAreSentAtTheEnd(t *testing.T) {
	t.Parallel()
	book := "Books(" + odatatest.ID("book", 1) + ")"
	for name, c := range map[string]struct{ method, path string }{
		"an entity":   {http.MethodGet, book},
		"a property":  {http.MethodGet, book + "/Title"},
		"a value":     {http.MethodGet, book + "/Title/$value"},
		"a number":    {http.MethodGet, "Books/$count"},
		"the sets":    {http.MethodGet, ""},
		"nothing":     {http.MethodGet, "Nothing"},
		"an action":   {http.MethodPost, book + "/Library.Lend"},
		"no contents": {http.MethodPost, "Tidy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ran []string
			s := start(t, 3, func(_ *odata.Config, e *odatatest.Executor) { e.Actions = lending(&ran) })
			w := httptest.NewRecorder()
			s.server.Config.Handler.ServeHTTP(w, httptest.NewRequest(c.method, s.URL+c.path, nil))
			if w.Flushed {
				t.Errorf("%d %s was sent before its end", w.Code, w.Body)
			}
			if w.Code == http.StatusInternalServerError || len(s.Exec.Ends()) != 1 {
				t.Errorf("%d %s, %d requests ended", w.Code, w.Body, len(s.Exec.Ends()))
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	id := odatatest.ID("book", 1)
	cases := []struct {
		name, path string
		status     int
		body       string
	}{
		{"root with slash", "", 200, `"name":"Books"`},
		{"root without slash", strings.TrimSuffix(s.URL, "/"), 200, `"name":"Books"`},
		{"schema by id", s.server.URL + "/odata/lib/" + s.Library.Main.ID + "/Books/$count", 200, "12"},
		{"schema in another letter case", s.server.URL + "/odata/lib/main/Books/$count", 200, "12"},
		{"list of services", s.server.URL + "/odata/lib/", 200, `"url":"` + s.URL + `"`},
		{"connection file", s.server.URL + "/odata/lib/Main.pbids", 200, `"address":{"url":"` + s.URL + `"}`},
		{"connection file of nothing", s.server.URL + "/odata/lib/None.pbids", 404, "UnknownSchema"},
		{"unknown schema", s.server.URL + "/odata/lib/None/Books", 404, "UnknownSchema"},
		{"outside", s.server.URL + "/elsewhere", 404, "NotFound"},
		{"slash before the query", "Books/?$top=1", 200, `"value":[{`},
		{"slash twice", "Books//$count", 400, "SyntaxError"},
		{"key in quotes", "Books('" + id + "')/Title", 200, `"value":"milk"`},
		{"bare key", "Books(" + strings.ToUpper(id) + ")/Title", 200, `"value":"milk"`},
		{"named key", "Books(Id=" + id + ")/Title", 200, `"value":"milk"`},
		{"encoded key", "Books(%27" + id + "%27)/Title", 200, `"value":"milk"`},
		{"key as a segment", "Books/" + id + "/Title", 200, `"value":"milk"`},
		{"key by alias", "Books(@k)/Title?@k='" + id + "'", 200, `"value":"milk"`},
		{"composite key", "Loans(Number=0,BookId=" + id + ")", 200, `"Reader":"Reader 0"`},
		{"composite key without names", "Loans(0)", 400, "BadRequest"},
		{"cast to the own type", "Books(" + id + ")/Library.Book/Title", 200, `"value":"milk"`},
		{"value", "Books(" + id + ")/Title/$value", 200, "milk"},
		{"value of a number", "Books(" + id + ")/Pages/$value", 200, "1"},
		{"value of an instant", "Books(" + id + ")/BoughtAt/$value", 200, "2024-01-02T00:00:00.001Z"},
		{"value of an unknown entity", "Books(" + odatatest.ID("book", 50) + ")/Title/$value", 404, "NotFound"},
		{"collection property", "Books(" + id + ")/Tags", 200, `"value":["a","b"]`},
		{"items of a list", "Books(" + id + ")/Tags/$count", 200, "2"},
		{"items of no list", "Books(" + odatatest.ID("book", 4) + ")/Tags/$count", 200, "0"},
		{"items of an unknown entity's list", "Books(" + odatatest.ID("book", 50) + ")/Tags/$count", 404, "NotFound"},
		{"value of a list", "Books(" + id + ")/Tags/$value", 501, "$value of this property"},
		{"characters of a text", "Books(" + id + ")/Title/$count", 501, "$count of this property"},
		{"an option that a list has not", "Books(" + id + ")/Tags?$expand=Shelf", 400, "does not apply"},
		{"unknown property", "Books(" + id + ")/Nothing", 404, "no property Nothing"},
		{"below a property", "Books(" + id + ")/Title/More", 404, "NotFound"},
		{"below $count", "Books/$count/More", 400, ""},
		{"entity has no value", "Books(" + id + ")/$value", 404, "NotFound"},
		{"a reference", "Books(" + id + ")/Shelf/$ref", 200, `$metadata#$ref","@odata.id":"` + s.URL + "Shelves("},
		{"nothing behind a reference", "Books(" + id + ")/Shelf/$ref/Name", 400, ""},
		{"count", "Books/$count", 200, "12"},
		{"count of a filter", "Books/$count?$filter=Pages eq 1", 200, "2"},
		{"count ignores the page", "Books/$count?$top=1&$skip=2&$orderby=Title", 200, "12"},
		{"crossjoin", "$crossjoin(Books,Shelves)", 501, "NotImplemented"},
		{"entities of a type that there isn't", "$all/Library.Nope", 404, "NotFound"},
		{"filter segment", "Books/$filter(Pages eq 1)/$count", 200, "2"},
		{"too many hops", "Books(" + id + ")" + strings.Repeat("/Shelf/Books("+id+")", 4), 413, "RequestTooLarge"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := s.get(c.path)
			if r.Status != c.status || !strings.Contains(r.Body, c.body) {
				t.Errorf("GET %s: %d %s", c.path, r.Status, r.Body)
			}
		})
	}
}

func TestNullIsNoContent(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	for _, path := range []string{
		"Books(" + odatatest.ID("book", 3) + ")/Author", "Books(" + odatatest.ID("book", 4) + ")/Pages/$value",
		"Books(" + odatatest.ID("book", 9) + ")/Shelf",
	} {
		if r := s.get(path); r.Status != http.StatusNoContent || r.Body != "" {
			t.Errorf("%s: %d %q", path, r.Status, r.Body)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	id := odatatest.ID("book", 1)
	const read = "GET, HEAD, OPTIONS"
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPost, "Books(" + id + ")", http.StatusMethodNotAllowed, read + ", PATCH, PUT, DELETE"},
		{"MERGE", "Books(" + id + ")", http.StatusMethodNotAllowed, read + ", PATCH, PUT, DELETE"},
		{http.MethodDelete, "Books", http.StatusMethodNotAllowed, read + ", POST"},
		{http.MethodPatch, "$crossjoin(Books,Shelves)", http.StatusMethodNotAllowed, read},
		{http.MethodPut, "Books(" + id + ")/Tags/$count", http.StatusMethodNotAllowed, read},
		{http.MethodPost, "", http.StatusMethodNotAllowed, read},
		{http.MethodPut, "Books(" + id + ")", http.StatusForbidden, ""},
		{http.MethodPatch, "Books(" + id + ")", http.StatusForbidden, ""},
		{http.MethodDelete, "Books(" + id + ")", http.StatusForbidden, ""},
		{http.MethodPost, "Books", http.StatusForbidden, ""},
		{http.MethodDelete, "Books(" + id + ")/Author", http.StatusForbidden, ""},
		{http.MethodPost, "Books(" + id + ")/Author", http.StatusMethodNotAllowed, read + ", PATCH, PUT, DELETE"},
		{http.MethodDelete, "Books/$count", http.StatusMethodNotAllowed, read},
		{http.MethodPatch, "Books(" + id + ")/Shelf", http.StatusNotImplemented, ""},
	} {
		r := s.do(c.method, c.path, nil, "{}")
		if r.Status != c.status || r.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, r.Status, r.Header.Get("Allow"))
		}
	}
	if ran := s.Exec.Ran(); len(ran) != 0 {
		t.Errorf("%d queries were run", len(ran))
	}
	if r := s.do(http.MethodHead, "Books", nil, ""); r.Status != 200 || r.Header.Get("Content-Type") != "application/json;odata.metadata=minimal" || len(s.Exec.Ran()) != 0 {
		t.Errorf("HEAD of a feed: %d %v", r.Status, r.Header)
	}
	if r := s.do(http.MethodHead, "Books("+odatatest.ID("book", 70)+")", nil, ""); r.Status != 404 || r.Body != "" {
		t.Errorf("HEAD of an unknown entity: %d %q", r.Status, r.Body)
	}
	if r := s.do(http.MethodHead, "Books?$filter=Nothing eq 1", nil, ""); r.Status != 400 {
		t.Errorf("HEAD of a bad filter: %d", r.Status)
	}
}

func TestQueryInTheBody(t *testing.T) {
	t.Parallel()
	s := start(t, 12, paged(2))
	text := http.Header{"Content-Type": {"text/plain"}}
	r := s.do(http.MethodPost, "Books/$query", text, "$select=Id&$filter=Pages eq 1 or Pages eq 2")
	p := parse[page](t, r.Body)
	if r.Status != 200 || ids(p.Value) != "001 002" {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if !strings.HasPrefix(p.Next, s.URL+"Books?$select=Id&$filter=Pages") {
		t.Errorf("next link %s", p.Next)
	}
	if p = s.feed(strings.ReplaceAll(p.Next, " ", "%20")); ids(p.Value) != "008" {
		t.Errorf("second page %s", ids(p.Value))
	}
	if r := s.do(http.MethodPost, "Books/$query", http.Header{"Content-Type": {"application/json"}}, "{}"); r.Status != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", r.Status)
	}
	if r := s.do(http.MethodPost, "Books/$query", text, strings.Repeat("x", 17<<10)); r.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("long: %d", r.Status)
	}
}

// TestBodiesAreReadBeforeTheTurn: a client that sends slowly keeps nobody waiting.
// What can't be read is a request of its caller all the same.
func TestBodiesAreReadBeforeTheTurn(t *testing.T) {
	t.Parallel()
	const path = "/odata/lib/Main/Books"
	for name, c := range map[string]struct {
		target, media string
		body          io.Reader
		statement     string
		status        int
	}{
		"options in the body": {path + "/$query?$top=1", "text/plain", strings.NewReader("$select=Id"), path + "/$query?$select=Id&$top=1", 200},
		"cut off":             {path + "/$query", "text/plain", io.MultiReader(strings.NewReader("$top"), iotest.ErrReader(io.ErrUnexpectedEOF)), path + "/$query", 400},
		"too long":            {path + "/$query", "text/plain", strings.NewReader(strings.Repeat("x", 17<<10)), path + "/$query", 413},
		"JSON":                {path + "/$query", "application/json", strings.NewReader("{}"), path + "/$query", 415},
		"not for a query":     {path, "text/plain", strings.NewReader("$top=1"), path, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := &tellingReader{Reader: c.body}
			var begun []string
			ended := 0
			s := start(t, 2, func(cfg *odata.Config, e *odatatest.Executor) {
				cfg.Begin = func(ctx context.Context, statement string) (context.Context, odata.Request, error) {
					begun = append(begun, statement)
					if unread := c.status == 415; !unread && !body.done {
						t.Error("begun before the body was read")
					}
					ctx, r, err := e.Begin(ctx, statement)
					return ctx, endings{r, &ended}, err
				}
			})
			r := httptest.NewRequest(http.MethodPost, c.target, body)
			r.Header.Set("Content-Type", c.media)
			w := httptest.NewRecorder()
			s.server.Config.Handler.ServeHTTP(w, r)
			if w.Code != c.status || !slices.Equal(begun, []string{c.statement}) || ended != 1 {
				t.Errorf("%d, begun %q, ended %d: %s", w.Code, begun, ended, w.Body)
			}
		})
	}
}

// tellingReader knows whether it has been read to its end or bound.
type tellingReader struct {
	io.Reader
	read int
	done bool
}

func (r *tellingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.read += n
	r.done = r.done || err != nil || r.read > 16<<10
	return n, err
}

// endings counts how often a request ended.
type endings struct {
	odata.Request
	n *int
}

func (e endings) End(err error) { *e.n++; e.Request.End(err) }

func TestHeadersForCaches(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	for _, path := range []string{"", "$metadata", "Books", "Books/$count", "Nothing"} {
		vary := s.get(path).Header.Get("Vary")
		for _, name := range []string{"Accept", "OData-MaxVersion", "Prefer"} {
			if !strings.Contains(vary, name) {
				t.Errorf("%q: Vary %q", path, vary)
			}
		}
	}
	tag := s.get("$metadata").Header.Get("ETag")
	if r := s.get("$metadata", "If-None-Match", tag); tag == "" || r.Status != http.StatusNotModified || r.Body != "" {
		t.Errorf("tag %q: %d", tag, r.Status)
	}
	if r := s.get("$metadata", "If-None-Match", `W/"other"`); r.Status != http.StatusOK {
		t.Errorf("other tag: %d", r.Status)
	}
	if other := s.get("$metadata", "Accept", "application/json").Header.Get("ETag"); other == tag {
		t.Error("XML and JSON have one tag")
	}
	for _, name := range []string{"OData-Isolation", "Isolation"} {
		if r := s.get("Books", name, "snapshot"); r.Status != http.StatusPreconditionFailed || !strings.Contains(r.Body, `"target":"`+name+`"`) {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	cases := []struct{ name, path, accept, contentType, body string }{
		{"none", "Books?$format=application/json;odata.metadata=none&$select=Title", "", "application/json;odata.metadata=none", `{"value":[{"Title":"Milk"},{"Title":"milk"}]}`},
		{"short name", "Books?$format=json&$select=Title&$top=0", "text/html", "application/json;odata.metadata=minimal", `"value":[]`},
		{"full", "Books?$select=Pages&$top=1", "application/json;odata.metadata=full", "application/json;odata.metadata=full", `"@odata.type":"#Library.Book"`},
		{"type of a property", "Books?$select=Pages&$top=1", "application/json;odata.metadata=full", "application/json;odata.metadata=full", `"Pages@odata.type":"#Int32","Pages":0`},
		{"best quality", "Books?$top=0", "application/json;odata.metadata=none;q=0.1, application/json;odata.metadata=full", "application/json;odata.metadata=full", ""},
		{"wildcard", "Books?$top=0", "text/html, */*;q=0.1", "application/json;odata.metadata=minimal", ""},
		{"unknown parameter passed over", "Books?$top=0", "application/json;odata=light, application/json;q=0.5", "application/json;odata.metadata=minimal", ""},
		{"key not selected", "Books?$select=Title&$top=1", "", "application/json;odata.metadata=minimal", `{"@odata.id":"` + s.URL + `Books(` + odatatest.ID("book", 0) + `)","Title":"Milk"}`},
		{"count is text", "Books/$count", "application/json", "text/plain;charset=utf-8", "2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := s.get(c.path, "Accept", c.accept)
			if r.Status != 200 || r.Header.Get("Content-Type") != c.contentType || !strings.Contains(r.Body, c.body) {
				t.Errorf("%d %s %s", r.Status, r.Header.Get("Content-Type"), r.Body)
			}
		})
	}
	r := s.get("Books?$top=1&$count=true", "OData-MaxVersion", "4.01", "Accept", "application/json;metadata=full")
	if r.Header.Get("Content-Type") != "application/json;metadata=full" || !strings.HasPrefix(r.Body, `{"@context":`) || strings.Contains(r.Body, "odata.") && !strings.Contains(r.Body, "/odata/") {
		t.Errorf("4.01: %s %s", r.Header.Get("Content-Type"), r.Body)
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	shelf := func(n string) string { return `"Shelf":{"Name":"Shelf ` + n + `"}` }
	cases := []struct{ name, path, body string }{
		{"to one", "Books?$select=Id&$expand=Shelf&$top=1", `"Shelf":{"Id":"` + odatatest.ID("shelf", 0) + `","Name":"Shelf A"}}]`},
		{"to one that is null", "Books?$select=Id&$expand=Shelf&$skip=9&$top=1", `"Shelf":null}`},
		{
			"with select, without ids", "Books?$select=Title&$expand=Shelf($select=Name)&$skip=1&$top=2&$format=application/json;odata.metadata=none",
			`{"value":[{"Title":"milk",` + shelf("B") + `},{"Title":"The Sørensen Papers",` + shelf("C") + `}]}`,
		},
		{
			"to many", "Books?$select=Title&$expand=Loans($select=Reader)&$skip=2&$top=1&$format=application/json;odata.metadata=none",
			`[{"Title":"The Sørensen Papers","Loans":[{"Reader":"Reader 0"},{"Reader":"Reader 1"}]}]`,
		},
		{
			"to many with filter", "Books?$select=Title&$expand=Loans($select=Reader;$filter=Number gt 0)&$skip=2&$top=1&$format=application/json;odata.metadata=none",
			`"Loans":[{"Reader":"Reader 1"}]`,
		},
		{"to many without any", "Books?$select=Title&$expand=Loans&$top=1&$format=application/json;odata.metadata=none", `"Loans":[]`},
		{
			"count beside the entities", "Books?$select=Title&$expand=Loans($select=Reader;$count=true;$filter=Number lt 1)&$skip=2&$top=1&$format=application/json;odata.metadata=none",
			`{"Title":"The Sørensen Papers","Loans@odata.count":1,"Loans":[{"Reader":"Reader 0"}]}`,
		},
		{
			"count alone", "Books?$select=Title&$expand=Loans/$count&$skip=3&$top=1&$format=application/json;odata.metadata=none",
			`{"Title":"O'Neil","Loans@odata.count":3}`,
		},
		{
			"count with filter", "Books?$select=Title&$expand=Loans/$count($filter=Number ge 1)&$skip=3&$top=1&$format=application/json;odata.metadata=none",
			`{"Title":"O'Neil","Loans@odata.count":2}`,
		},
		{
			"all of them", "Books?$select=Title&$expand=*&$skip=1&$top=1&$format=application/json;odata.metadata=none",
			`"Shelf":{"Id":"` + odatatest.ID("shelf", 1) + `","Name":"Shelf B"},"Loans":[{"BookId"`,
		},
		{
			"all, one of them with options", "Books?$select=Title&$expand=*,Shelf($select=Name)&$skip=1&$top=1&$format=application/json;odata.metadata=none",
			`"Shelf":{"Name":"Shelf B"},"Loans":[{"BookId"`,
		},
		{
			"nested", "Loans?$select=Reader&$expand=Book($select=Title;$expand=Shelf($select=Name))&$top=1&$format=application/json;odata.metadata=none",
			`{"Reader":"Reader 0","Book":{"Title":"milk",` + shelf("B") + `}}`,
		},
		{
			"of one entity", "Books(" + odatatest.ID("book", 1) + ")?$select=Title&$expand=Shelf($select=Name)&$format=application/json;odata.metadata=none",
			`{"Title":"milk",` + shelf("B") + `}`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if r := s.get(c.path); r.Status != 200 || !strings.Contains(r.Body, c.body) {
				t.Errorf("%d %s\nwant %s", r.Status, r.Body, c.body)
			}
		})
	}
	if refs := s.get("Books?$expand=Loans/$ref&$select=Id").Body; !strings.Contains(refs, `"Loans":[{"@odata.id":"`+s.URL+"Loans(") || strings.Contains(refs, `"Number"`) {
		t.Errorf("references: %s", refs)
	}
	for path, status := range map[string]int{
		"Books?$expand=Title": 400, "Books?$expand=Nothing": 400, "Books?$expand=Shelf,Shelf": 400,
		"Books?$expand=*/$ref": 501, "Books?$expand=*($levels=2)": 501,
		"Books?$expand=Shelf($top=1)": 400, "Books?$expand=Shelf/$count": 400, "Books?$expand=Loans($apply=identity)": 501,
	} {
		s.refused(status, path)
	}
}

func TestExpandReadsAPageAtATime(t *testing.T) {
	t.Parallel()
	s := start(t, 12, paged(5))
	s.feed("Books?$expand=Shelf,Loans")
	var reads []string
	for _, r := range s.Exec.Ran() {
		reads = append(reads, r.Query.Accesses[0].Table.Name)
		if w := r.Query.Accesses[0].Where.String(); strings.Count(w, "b00c") > 5 {
			t.Errorf("more keys than the page has: %s", w)
		}
	}
	if got := strings.Join(reads, " "); got != "Books Shelves Loans" {
		t.Errorf("reads %s", got)
	}
}

func TestRequestsAreObserved(t *testing.T) {
	t.Parallel()
	events := make(chan observe.Event, 10)
	s := start(t, 5, func(c *odata.Config, _ *odatatest.Executor) {
		c.Sink = observe.SinkFunc(func(_ context.Context, e observe.Event) { events <- e })
	})
	r := s.get("Books?$top=3")
	e, ok := (<-events).(observe.RequestFinished)
	if !ok || e.FrontEnd != "odata" || e.Route != "entity_set" || e.Status != 200 || e.Rows != 3 || e.Bytes != int64(len(r.Body)) {
		t.Errorf("event %+v", e)
	}
	// What the address is of is told where its schema can't be read, too.
	for address, route := range map[string]string{"": "services", "Main.pbids": "connection_file", "Nowhere/Books": "schema"} {
		status := s.get(s.server.URL + "/odata/lib/" + address).Status
		if e, ok := (<-events).(observe.RequestFinished); !ok || e.Route != route || e.Status != status {
			t.Errorf("%s gives %+v", address, e)
		}
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(0)
	good := odata.Config{Prefix: "/o/", Begin: (&odatatest.Executor{Library: lib}).Begin, Key: []byte(signingKey)}
	if _, err := odata.New(good); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		spoil func(*odata.Config)
	}{
		{"no way to begin", func(c *odata.Config) { c.Begin = nil }},
		{"prefix without slash", func(c *odata.Config) { c.Prefix = "/o" }},
		{"short key", func(c *odata.Config) { c.Key = []byte("short") }},
		{"negative page", func(c *odata.Config) { c.PageRows = -1 }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := good
			c.spoil(&cfg)
			if _, err := odata.New(cfg); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// FuzzHandler: whatever the address and the headers, the service doesn't
// panic and never blames itself.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][2]string{
		{"Books", "$filter=Title eq 'x' and not (Pages gt 1)"},
		{"Books('b00c0000-0000-4000-8000-000000000001')/Loans(Number=1)/Book", "$select=Id&$expand=Shelf($expand=Books)"},
		{"Books/$count", "$search=\"a b\" NOT c OR d"},
		{"Books", "$orderby=length(Title) desc,Pages&$top=1&$skip=2&$count=true&$skiptoken=AQ"},
		{"Books(@a)/Tags", "@a='x'&$filter=@a eq @b&@b=@a"},
		{"Books", "$filter=Tags/any(t:t eq case(Pages eq 1:'a',true:'b')) or cast(Pages,Edm.String) in ('1',null)"},
		{"Books", "$filter=year(BoughtAt) div 0 eq matchesPattern(Title,'(')"},
		{"$metadata", "$format=xml"},
		{"", ""},
		{"%2F//", "%%%"},
	} {
		f.Add(seed[0], seed[1], "application/json;q=1", "4.0")
	}
	lib := odatatest.New(5)
	exec := &odatatest.Executor{
		Library: lib, BatchRows: 2,
		Keep:   func(string, *catalog.Table, odatatest.Row) bool { return true },
		Engine: func(*query.Query) []odatatest.Row { return nil },
	}
	h, err := odata.New(odata.Config{Prefix: "/o/", Begin: exec.Begin, Key: []byte(signingKey), PageRows: 2})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, options, accept, version string) {
		r, err := http.NewRequest(http.MethodGet, "/o/Main/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "h"
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/o/Main/"+path, "", options
		r.Header.Set("Accept", accept)
		r.Header.Set("OData-MaxVersion", version)
		w := newRecorder()
		h.ServeHTTP(w, r)
		if w.Status < 200 || w.Status >= 500 && w.Status != http.StatusNotImplemented {
			t.Errorf("%q ? %q: %d %s", path, options, w.Status, w.Body.String())
		}
		if exec.Open() != exec.Readings().Len() {
			t.Errorf("%q ? %q: a stream stays open", path, options)
		}
		exec.Ran()
	})
}
