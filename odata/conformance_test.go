package odata_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestConformance walks through what the conformance levels Minimal (A) and
// Intermediate (B) of OData 4.0 ask of a read-only service, and through the
// JSON format's rules for services (J).
//
// Source: OData 4.01 Part 1, section 12; OData JSON Format 4.01, section 23.
func TestConformance(t *testing.T) {
	t.Parallel()
	s := start(t, 12, func(_ *odata.Config, e *odatatest.Executor) {
		e.Keep = func(sql string, t *catalog.Table, r odatatest.Row) bool {
			return strings.Contains(strings.ToLower(r[1].(string)), "milk") // the $search below
		}
		e.Engine = func(*query.Query) []odatatest.Row { return e.Library.Rows["Books"][:2] }
	})
	id := odatatest.ID("book", 1)
	cases := []struct {
		rule, path, header, value string
		status                    int
		body                      string
	}{
		{"A1 service document at the root", "", "", "", 200, `"kind":"EntitySet"`},
		{"A2 JSON", "Books", "Accept", "application/json", 200, `"value":[`},
		{"A3 partial results only with next links", "Books", "Prefer", "odata.maxpagesize=3", 200, `"@odata.nextLink":"http`},
		{"A5 Accept is obeyed or the request fails", "Books", "Accept", "application/xml", 406, "NotAcceptable"},
		{"A5 version is obeyed or the request fails", "Books", "OData-MaxVersion", "2.0", 406, "NotAcceptable"},
		{"A6 unknown headers are ignored", "Books", "X-Unknown", "1", 200, `"value":[`},
		{"A6 custom options are ignored", "Books?custom=1", "", "", 200, `"value":[`},
		{"A7 what the grammar refuses is refused", "Books?$filter=Pages eq eq 1", "", "", 400, "SyntaxError"},
		{"A12 $expand", "Books?$expand=Shelf&$top=1", "", "", 200, `"Shelf":{`},
		{"A13 CSDL XML", "$metadata", "", "", 200, "<edmx:Edmx"},
		{"A14 preference with prefix", "Books", "Prefer", "odata.maxpagesize=1", 200, "nextLink"},
		{"A15 duration with prefix", "Books?$filter=BoughtAt gt now() sub duration'P1D'", "", "", 200, `"value":[]`},
		{"B2 options that are not done are 501", "Books?$index=1", "", "", 501, "NotImplemented"},
		{"B3 $select", "Books?$select=Title&$top=1", "", "", 200, `"Title":"Milk"}]`},
		{"B5 $top", "Books?$top=1&$select=Id", "", "", 200, `[{"Id":"` + odatatest.ID("book", 0) + `"}]`},
		{"B6 $value", "Books(" + id + ")/Title/$value", "", "", 200, "milk"},
		{"B7 eq", "Books?$filter=Title eq 'milk'&$select=Pages", "", "", 200, `"Pages":1`},
		{"B7 ne", "Books?$filter=Title ne 'milk'&$top=1&$select=Pages", "", "", 200, `"Pages":0`},
		{"B7 aliases", "Books?$filter=Title eq @t&@t='milk'&$select=Pages", "", "", 200, `"Pages":1`},
		{"B7 functions that are not done are 501", "Books?$filter=geo.length(@g) eq 1", "", "", 501, "NotImplemented"},
		{"B11 $search", "Books?$search=MILK&$select=Title", "", "", 200, `"Title":"milk"`},
		{"B12 $skip", "Books?$skip=1&$top=1&$select=Title", "", "", 200, `"Title":"milk"`},
		{"B13 $count", "Books?$count=true&$top=0", "", "", 200, `"@odata.count":12`},
		{"B15 any", "Books?$filter=Tags/any(t:t eq 'milk')&$select=Title", "", "", 200, `"Title":"milk"`},
		{"B16 /$count", "Books/$count", "", "", 200, "12"},
		{"B17 $orderby", "Books?$orderby=Title desc&$select=Title", "", "", 200, `"Title":"Milk"`},
		{"D6 options without $", "Books?top=1&select=Id", "", "", 200, `[{"Id":"`},
		{"D7 names of options in any case", "Books?$TOP=1&$Select=Id", "", "", 200, `[{"Id":"`},
		{"H4 unknown preferences are ignored", "Books", "Prefer", "odata.frobnicate=1", 200, `"value":[`},
		{"H7 unknown system options are refused", "Books?$foo=1", "", "", 400, "$foo"},
		{"H10 null is 204", "Books(" + odatatest.ID("book", 3) + ")/Author", "", "", 204, ""},
		{"J11 streaming", "Books", "Accept", "application/json;odata.streaming=true", 200, `"value":[`},
		{"J14 never a delta link", "Books", "Prefer", "odata.track-changes", 200, `"value":[`},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			r := s.get(c.path, c.header, c.value)
			if r.Status != c.status || !strings.Contains(r.Body, c.body) {
				t.Errorf("%d %s", r.Status, r.Body)
			}
			if r.Header.Get("Odata-Version") != "4.0" {
				t.Errorf("OData-Version %q", r.Header.Get("Odata-Version"))
			}
			if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") && !json.Valid([]byte(r.Body)) {
				t.Errorf("J2: not JSON: %s", r.Body)
			}
			if strings.Contains(r.Body, "deltaLink") {
				t.Error("J14: a delta link")
			}
		})
	}
}

// TestErrorBodyIsEscaped: what a client writes comes back as text.
func TestErrorBodyIsEscaped(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, path := range []string{`Bo"oks`, "Books?$filter=%22%3Cscript%3E", "Books?$select=a%0d%0aX:1", "%E2%80%A8"} {
		r := s.do(http.MethodGet, path, nil, "")
		f := parse[failure](t, r.Body)
		if r.Status != 400 && r.Status != 404 || f.Error.Message == "" || strings.Contains(r.Body, "<script") {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("X") != "" {
			t.Errorf("%s: headers %v", path, r.Header)
		}
	}
}
