package odata_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// The tests of this file are the rules that decide whether Excel and Power BI
// read a feed at first try.

func TestP1VersionHeaderOnceAndNeverAboveMaxVersion(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	cases := []struct{ name, highest, want string }{
		{"4.0", "4.0", "4.0"},
		{"old .NET clients", "4.0;NetFx", "4.0"},
		{"none", "", "4.0"},
		{"4.01", "4.01", "4.01"},
		{"later", "4.02", "4.01"},
		{"much later", "5.0", "4.01"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"", "$metadata", "Books", "Books/$count", "Nothing", "Books(" + odatatest.ID("book", 1) + ")"} {
				h := http.Header{}
				if c.highest != "" {
					h["Odata-Maxversion"] = []string{c.highest}
				}
				r := s.do(http.MethodGet, path, h, "")
				if v := r.Header["Odata-Version"]; len(v) != 1 || v[0] != c.want {
					t.Errorf("%q: OData-Version %q, want %q once", path, v, c.want)
				}
			}
		})
	}
	s.refused(http.StatusNotAcceptable, "Books", "OData-MaxVersion", "3.0")
}

func TestP2ContextIsAbsoluteAndFirst(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	id := odatatest.ID("book", 1)
	for path, fragment := range map[string]string{
		"":                         "",
		"Books":                    "#Books",
		"Books?$count=true":        "#Books",
		"Books(" + id + ")":        "#Books/$entity",
		"Books('" + id + "')":      "#Books/$entity",
		"Books(" + id + ")/Title":  "#Books(" + id + ")/Title",
		"Books(" + id + ")/Shelf":  "#Shelves/$entity",
		"Books(" + id + ")/Loans":  "#Loans",
		"Books?$filter=Pages gt 9": "#Books",
	} {
		want := `{"@odata.context":"` + s.URL + "$metadata" + fragment + `"`
		if r := s.get(path); !strings.HasPrefix(r.Body, want) {
			t.Errorf("%q: %.150s\nwant it to begin %s", path, r.Body, want)
		}
	}
}

func TestP3ContextFragmentHas40Form(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	cases := []struct{ name, query, v40, v401 string }{
		{"properties", "$select=Title,Pages", "#Books(Title,Pages)", "#Books(Title,Pages)"},
		{"navigation without expand", "$select=Title,Shelf", "#Books(Title,Shelf)", "#Books(Title,Shelf)"},
		{"expand", "$expand=Shelf", "#Books", "#Books(Shelf())"},
		{"expand with select", "$select=Title&$expand=Shelf($select=Name)", "#Books(Title,Shelf(Name))", "#Books(Title,Shelf(Name))"},
		{"selected and expanded", "$select=Title,Shelf&$expand=Shelf", "#Books(Title,Shelf)", "#Books(Title,Shelf())"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := s.feed("Books?" + c.query).Context; got != s.URL+"$metadata"+c.v40 {
				t.Errorf("4.0: %s", got)
			}
			r := s.get("Books?"+c.query, "OData-MaxVersion", "4.01")
			if !strings.HasPrefix(r.Body, `{"@context":"`+s.URL+"$metadata"+c.v401+`"`) {
				t.Errorf("4.01: %.200s", r.Body)
			}
		})
	}
}

func TestP4FragmentMatchesThePayload(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	metadata := s.get("$metadata").Body
	id := odatatest.ID("book", 1)
	for path, kind := range map[string]string{
		"Books": "feed", "Books(" + id + ")": "entity", "Books(" + id + ")/Loans": "feed",
		"Books(" + id + ")/Loans(Number=0)": "entity", "Loans(BookId=" + id + ",Number=0)": "entity",
	} {
		var body map[string]any
		if err := json.Unmarshal([]byte(s.get(path).Body), &body); err != nil {
			t.Fatal(err)
		}
		_, fragment, _ := strings.Cut(body["@odata.context"].(string), "#")
		set, isEntity := strings.CutSuffix(fragment, "/$entity")
		if _, isFeed := body["value"]; isEntity != (kind == "entity") || isFeed != (kind == "feed") {
			t.Errorf("%s: fragment %q for %v", path, fragment, body)
		}
		if !strings.Contains(metadata, `<EntitySet Name="`+set+`"`) {
			t.Errorf("%s: %q is not an entity set of $metadata", path, set)
		}
	}
}

func TestP5MetadataIsXMLOfVersion40(t *testing.T) {
	t.Parallel()
	s := start(t, 0)
	for _, accept := range []string{"", "*/*", "application/xml", powerQuery.Get("Accept"), "application/json, application/xml;q=0.1"} {
		r := s.do(http.MethodGet, "$metadata", http.Header{"Accept": {accept}}, "")
		if r.Header.Get("Content-Type") != "application/xml" || !strings.Contains(r.Body, `Version="4.0"`) {
			t.Errorf("Accept %q: %s %.100s", accept, r.Header.Get("Content-Type"), r.Body)
		}
	}
}

func TestP6MetadataAsJSONOnlyIfNothingElseIsAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, 0)
	for name, r := range map[string]reply{
		"accept": s.get("$metadata", "Accept", "application/json"),
		"format": s.get("$metadata?$format=json", "Accept", "application/xml"),
	} {
		if r.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(r.Body, `{"$Version":"4.01"`) {
			t.Errorf("%s: %s %.100s", name, r.Header.Get("Content-Type"), r.Body)
		}
	}
	s.refused(http.StatusNotAcceptable, "$metadata", "Accept", "image/png")
}

func TestP7FeedIsJSONAlthoughAtomIsAccepted(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, path := range []string{"", "Books"} {
		r := s.do(http.MethodGet, path, powerQuery, "")
		if got := r.Header.Get("Content-Type"); got != "application/json;odata.metadata=minimal" || !json.Valid([]byte(r.Body)) {
			t.Errorf("%q: %s", path, got)
		}
	}
	s.refused(http.StatusNotAcceptable, "Books", "Accept", "application/atom+xml")
	s.refused(http.StatusNotAcceptable, "Books?$format=atom")
}

func TestP8EveryPropertyStandsInEveryRow(t *testing.T) {
	t.Parallel()
	s := start(t, 40)
	table := s.Library.Main.Tables[0]
	nulls := 0
	for _, row := range s.feed("Books").Value {
		for i := range table.Columns {
			v, ok := row[table.Columns[i].Name]
			if !ok {
				t.Fatalf("%s is missing in %v", table.Columns[i].Name, row)
			}
			if v == nil {
				nulls++
			}
		}
	}
	if nulls == 0 {
		t.Error("no value is null, so the test proves nothing")
	}
	r := s.get("Books", "Prefer", "omit-values=nulls")
	if r.Header.Get("Preference-Applied") != "omit-values=nulls" || strings.Contains(r.Body, ":null") {
		t.Errorf("omit-values: %q %.200s", r.Header.Get("Preference-Applied"), r.Body)
	}
}

func TestP9NoRowsIsAnEmptyArray(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	for _, query := range []string{"$filter=Title eq 'none'", "$top=0", "$filter=false", "$skip=99"} {
		if r := s.get("Books?" + query); !strings.HasSuffix(r.Body, `"value":[]}`) {
			t.Errorf("%s: %s", query, r.Body)
		}
	}
}

func TestP10Int64IsANumberUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	s := start(t, 3)
	r := s.get("Books?$select=Sold&$skip=1&$top=1&$count=true")
	if !strings.Contains(r.Body, `"Sold":1000000007`) || !strings.Contains(r.Body, `"@odata.count":3`) || strings.Contains(r.Header.Get("Content-Type"), "IEEE754") {
		t.Errorf("plain: %s %s", r.Header.Get("Content-Type"), r.Body)
	}
	r = s.get("Books?$select=Sold&$skip=1&$top=1&$count=true", "Accept", "application/json;IEEE754Compatible=true")
	if !strings.Contains(r.Body, `"Sold":"1000000007"`) || !strings.Contains(r.Body, `"@odata.count":"3"`) ||
		r.Header.Get("Content-Type") != "application/json;odata.metadata=minimal;IEEE754Compatible=true" {
		t.Errorf("compatible: %s %s", r.Header.Get("Content-Type"), r.Body)
	}
}

func TestP11MetadataHasNoComplexTypes(t *testing.T) {
	t.Parallel()
	if body := start(t, 0).get("$metadata").Body; strings.Contains(body, "ComplexType") || !strings.Contains(body, "NavigationProperty") {
		t.Error("a complex type, or no navigation property")
	}
}

func TestP12NoMemberStandsTwice(t *testing.T) {
	t.Parallel()
	s := start(t, 4)
	for _, query := range []string{"$select=Title,Title,Id", "$select=*,Title", "$expand=Shelf&$select=Shelf,ShelfId", "$format=application/json;odata.metadata=full"} {
		d := json.NewDecoder(strings.NewReader(s.get("Books?" + query).Body))
		if err := uniqueMembers(d); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// uniqueMembers reads one JSON value and reports a member that stands twice.
func uniqueMembers(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if seen[name.(string)] {
				return fmt.Errorf("%s stands twice", name)
			}
			seen[name.(string)] = true
		}
		if err := uniqueMembers(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func TestP13MetadataHasNoEnumMembers(t *testing.T) {
	t.Parallel()
	if body := start(t, 0).get("$metadata").Body; strings.Contains(body, "EnumMember") {
		t.Error("$metadata names a member of an enumeration")
	}
}

func TestP14NextLinkIsAbsoluteOnThePublicHost(t *testing.T) {
	t.Parallel()
	s := start(t, 9, paged(4), func(c *odata.Config, _ *odatatest.Executor) {
		c.BaseURL = func(*http.Request) string { return "https://data.example.com/gw" }
	})
	p := s.feed("Books")
	if !strings.HasPrefix(p.Next, "https://data.example.com/gw/odata/lib/Main/Books?$skiptoken=") {
		t.Errorf("next link %s", p.Next)
	}
	if p.Context != "https://data.example.com/gw/odata/lib/Main/$metadata#Books" {
		t.Errorf("context %s", p.Context)
	}
}

func TestP14OwnHostFollowsTLS(t *testing.T) {
	t.Parallel()
	h, err := odata.New(odata.Config{
		Prefix: "/o/", Key: []byte(signingKey), Begin: (&odatatest.Executor{Library: odatatest.New(0), BatchRows: 1}).Begin,
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newRecorder()
	r, _ := http.NewRequest(http.MethodGet, "/o/Main/", nil)
	r.Host, r.TLS = "h.example", &tls.ConnectionState{}
	h.ServeHTTP(w, r)
	if !strings.HasPrefix(w.Body.String(), `{"@odata.context":"https://h.example/o/Main/$metadata"`) {
		t.Errorf("got %s", w.Body.String())
	}
}

func TestP15NavigationFromAKeyIsCheap(t *testing.T) {
	t.Parallel()
	s := start(t, 12)
	id := odatatest.ID("book", 3)
	cases := []struct {
		name, path string
		status     int
		queries    int
		body       string
	}{
		{"to one: the row, then its target", "Books(" + id + ")/Shelf", 200, 2, `"Name":"Shelf A"`},
		{"to many: the children at once", "Books(" + id + ")/Loans", 200, 1, `"Reader":"Reader 2"`},
		{"count of children", "Books(" + id + ")/Loans/$count", 200, 1, "3"},
		{"null", "Books(" + odatatest.ID("book", 9) + ")/Shelf", 204, 1, ""},
		{"no such row", "Books(" + odatatest.ID("book", 99) + ")/Shelf", 404, 1, "NotFound"},
		{"no such row, to many", "Books(" + odatatest.ID("book", 99) + ")/Loans", 404, 2, "NotFound"},
		{"no children", "Books(" + odatatest.ID("book", 8) + ")/Loans", 200, 2, `"value":[]`},
		{"key behind a navigation", "Books(" + id + ")/Loans(Number=1)", 200, 1, `"Reader":"Reader 1"`},
		{"not among the children", "Books(" + id + ")/Loans(Number=7)", 404, 1, "NotFound"},
		{"further navigation", "Books(" + id + ")/Shelf/Books/$count", 200, 2, "3"},
		{"property behind a navigation", "Books(" + id + ")/Shelf/Name/$value", 200, 2, "Shelf A"},
		{"options on the children", "Books(" + id + ")/Loans?$filter=Number gt 1&$select=Number", 200, 1, `[{"@odata.id":`},
	}
	for _, c := range cases {
		// Not parallel: the executor's record is shared.
		s.Exec.Ran()
		r := s.get(c.path)
		if r.Status != c.status || !strings.Contains(r.Body, c.body) {
			t.Errorf("%s: %d %s", c.name, r.Status, r.Body)
		}
		if ran := s.Exec.Ran(); len(ran) != c.queries {
			t.Errorf("%s: %d queries, want %d", c.name, len(ran), c.queries)
		}
	}
}

func TestP16NavigationPropertyInSelectIsTolerated(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	p := s.feed("Books?$select=Id,Title,Shelf,Loans")
	if len(p.Value) != 2 || len(p.Value[0]) != 2 {
		t.Errorf("rows %v", p.Value)
	}
}

func TestP17PreviewAndFoldedOptions(t *testing.T) {
	t.Parallel()
	s := start(t, 30)
	if n := len(s.feed("Books?$top=1000").Value); n != 30 {
		t.Errorf("%d rows in the preview", n)
	}
	// %24 for the dollar sign, + and %20 for blanks, commas encoded.
	if p := s.feed("Books?%24filter=Author+eq+%27Author%201%27&%24select=Id%2CTitle"); ids(p.Value) != "001 006 016 021 026" {
		t.Errorf("rows %s", ids(p.Value))
	}
}

func TestP18ErrorsHaveJSONBodyAndStatus(t *testing.T) {
	t.Parallel()
	s := start(t, 2)
	cases := []struct {
		name, path string
		status     int
		code, text string
	}{
		{"unknown set", "Boks", 404, "UnknownEntitySet", "Did you mean Books?"},
		{"letter case of a set", "books", 404, "UnknownEntitySet", "Did you mean Books?"},
		{"unknown property", "Books?$filter=Titel eq 'x'", 400, "UnknownProperty", "Did you mean Title? (at character 1)"},
		{"letter case of a property", "Books?$filter=title eq 'x'", 400, "UnknownProperty", "Did you mean Title?"},
		{"type", "Books?$filter=Pages eq 'x'", 400, "TypeMismatch", "at character 10"},
		{"syntax", "Books?$filter=Pages eq", 400, "SyntaxError", "at character 9"},
		{"behind letters of two bytes", "Books?$filter=Title eq 'Äöü' and Titel eq 'x'", 400, "UnknownProperty", "(at character 20)"},
		{"behind escaped letters", "Books?%24Filter=Title+eq+%27%C3%84%F0%9F%98%80%27+and", 400, "SyntaxError", "(at character 18)"},
		{"behind such letters in the path", "Books('ä')/Titel", 404, "NotFound", "(at character 12)"},
		{"unknown selection", "Books?$select=Id,Nothing", 400, "UnknownProperty", "at character 4"},
		{"unknown order", "Books?$orderby=Nothing", 400, "UnknownProperty", "Nothing"},
		{"unknown function", "Books?$filter=soundex(Title) eq 'x'", 400, "UnknownFunction", "soundex"},
		{"valid but not done", "Books?$filter=geo.length(Title) gt 1", 501, "NotImplemented", "geo.length"},
		{"text that is not a guid", "Books?$filter=Id eq 'abc'", 400, "TypeMismatch", "'abc' is not a value of Edm.Guid"},
		{"a transformation that is not done", "Books?$apply=join(Loans as L)", 501, "NotImplemented", "join"},
		{"$apply within $expand", "Books?$expand=Loans($apply=identity)", 501, "NotImplemented", "$apply"},
		{"unknown option", "Books?$frobnicate=1", 400, "BadRequest", "$frobnicate"},
		{"option twice", "Books?$top=1&top=2", 400, "BadRequest", "top"},
		{"option that has no meaning", "Books(" + odatatest.ID("book", 1) + ")?$top=1", 400, "BadRequest", "$top"},
		{"negative top", "Books?$top=-1", 400, "SyntaxError", "$top"},
		{"unknown entity", "Books(" + odatatest.ID("book", 77) + ")", 404, "NotFound", "no such entity"},
		{"entity that belongs to another", "Shelves(" + odatatest.ID("shelf", 0) + ")/Books(" + odatatest.ID("book", 1) + ")/Loans", 404, "NotFound", "no such entity"},
		{"key that is not a guid", "Books('abc')", 404, "NotFound", "no such entity"},
		{"key as a segment that is not a guid", "Books/abc", 404, "NotFound", "no such entity"},
		{"key of another type", "Books(12)", 400, "TypeMismatch", "Edm.Guid"},
		{"part of a key", "Loans(Number=1)", 400, "BadRequest", "BookId=…,Number=…"},
		{"batch without a body", "$batch", 405, "MethodNotAllowed", "body of a POST"},
		{"version of the schema", "Books?$schemaversion=7", 404, "NotFound", "$schemaversion"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := s.refused(c.status, c.path)
			text := f.Error.Message + " " + f.Error.Target
			// The hint stands behind the position.
			for _, part := range strings.SplitAfter(c.text, "? ") {
				if !strings.Contains(text, strings.TrimSpace(part)) {
					t.Errorf("message %q lacks %q", text, part)
				}
			}
			if f.Error.Code != c.code {
				t.Errorf("code %s, want %s", f.Error.Code, c.code)
			}
		})
	}
	if ran := s.Exec.Ran(); len(ran) > 1 {
		t.Errorf("bad input has run %d queries", len(ran))
	}
}

func TestP19LongAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, 9, paged(4))
	list := strings.TrimSuffix(strings.Repeat("'"+strings.Repeat("x", 40)+"',", 200), ",")
	if p := s.feed("Books?$filter=Title ne 'y' and not (Author in (" + list + "))"); len(p.Value) != 4 || p.Next == "" {
		t.Errorf("%d rows", len(p.Value))
	}
	if p := s.feed("Books?$filter=Title ne 'y'"); len(p.Next) > 2048 {
		t.Errorf("the next link has %d bytes", len(p.Next))
	}
	s.refused(http.StatusRequestEntityTooLarge, "Books?$filter=Title eq '"+strings.Repeat("x", 17<<10)+"'")
}

func TestP20ContentTypeHasNoCharsetUnlessAsked(t *testing.T) {
	t.Parallel()
	s := start(t, 9)
	for accept, want := range map[string]string{
		"*/*":                                                "application/json;odata.metadata=minimal",
		"application/json":                                   "application/json;odata.metadata=minimal",
		"application/json;charset=utf-8":                     "application/json;odata.metadata=minimal;charset=utf-8",
		"application/json;odata.metadata=full":               "application/json;odata.metadata=full",
		"application/json;metadata=none":                     "application/json;odata.metadata=none",
		"application/json;odata.streaming=true":              "application/json;odata.metadata=minimal;odata.streaming=true",
		"application/json;odata=verbose,text/plain, */*;q=1": "application/json;odata.metadata=minimal",
	} {
		if r := s.get("Books", "Accept", accept); r.Header.Get("Content-Type") != want {
			t.Errorf("Accept %s: %s", accept, r.Header.Get("Content-Type"))
		}
	}
	if r := s.get("Books?$select=Title&$skip=6&$top=1"); !strings.Contains(r.Body, "Zürich 😀") {
		t.Errorf("not UTF-8: %s", r.Body)
	}
	s.refused(http.StatusNotAcceptable, "Books", "Accept", "application/json;charset=latin1")
}

// newRecorder is a ResponseWriter that keeps the answer.
func newRecorder() *recorder { return &recorder{header: http.Header{}} }

type recorder struct {
	header http.Header
	Status int
	Body   strings.Builder
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.Status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.Body.Write(p) }

// TestVersionHeaderOnTheWire looks at the bytes, which clients in other
// languages compare.
func TestVersionHeaderOnTheWire(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintf(c, "GET %sBooks HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", u.Path); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(bufio.NewReader(c))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\r\nOData-Version: 4.0\r\n"); n != 1 {
		t.Errorf("OData-Version stands %d times:\n%s", n, text)
	}
}
