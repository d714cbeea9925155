package odata_test

import (
	"net/http"
	"testing"
)

// Weights decide among the types that Accept lists; what has the weight 0 is refused,
// and a range whose weight is no number from 0 to 1 is left out.
//
// Source: RFC 9110, sections 12.4.2 and 12.5.1.
func TestWeights(t *testing.T) {
	t.Parallel()
	const minimal, none, xml = "application/json;odata.metadata=minimal", "application/json;odata.metadata=none", "application/xml"
	s := start(t, 2)
	for _, c := range []struct{ path, accept, want string }{ // want "": 406
		{"Books", "application/json;q=0.5", minimal},
		{"Books", "application/json;q=1.000", minimal},
		{"Books", "application/json;q=.5", minimal},
		{"Books", "application/json;odata.metadata=none;q=0.5, application/json;q=0.4", none},
		{"Books", "application/json;odata.metadata=none;q=NaN, application/json;q=0.4", minimal},
		{"Books", "application/json;odata.metadata=none;q=Inf, */*", minimal},
		{"Books", "application/json;odata.metadata=none;q=2, */*;q=0.1", minimal},
		{"Books", "application/json;q=NaN", ""},
		{"Books", "application/json;q=-1", ""},
		{"Books", "application/json;q=1e0", ""},
		{"Books", "application/json;q=0x1", ""},
		{"Books", "application/json;q=", ""},
		{"Books", "application/json;q=0", ""},
		{"Books", "*/*;q=0.0", ""},
		{"Books", "application/json;q=0, */*", ""},
		{"Books", "application/json;odata.metadata=full;q=0, */*", minimal},
		{"Books", " , ;q=0", minimal},
		{"Books?$format=application/json;q=NaN", "", ""},
		{"$metadata", "application/xml;q=0, */*", "application/json"},
		{"$metadata", "application/xml;q=0, application/*;q=0.1", "application/json"},
		{"$metadata", "application/json, */*;q=0.1", xml},
	} {
		r := s.get(c.path, "Accept", c.accept)
		if c.want == "" && r.Status != http.StatusNotAcceptable || c.want != "" && (r.Status != http.StatusOK || r.Header.Get("Content-Type") != c.want) {
			t.Errorf("%s, Accept: %s: %d %s", c.path, c.accept, r.Status, r.Header.Get("Content-Type"))
		}
	}
}

// A file whose characters, or whose form, can't be the one asked for is not sent as if
// it were: another range that Accept lists is answered, or none.
//
// Source: OData 4.01 Part 1, section 8.2.1; RFC 9110, section 12.5.1.
func TestParametersOfFiles(t *testing.T) {
	t.Parallel()
	const csv, minimal = "text/csv; charset=utf-8", "application/json;odata.metadata=minimal"
	s := start(t, 2)
	for _, c := range []struct{ path, accept, want string }{ // want "": 406
		{"Books", "text/csv", csv},
		{"Books", "text/csv;charset=utf-8", csv},
		{"Books", `text/csv; charset="UTF-8"; header=present`, csv},
		{"Books", "text/csv;charset=iso-8859-1", ""},
		{"Books", "text/csv;charset=utf-16, text/csv;charset=utf-8;q=0.5", csv},
		{"Books", "text/csv;charset=iso-8859-1, application/json;q=0.5", minimal},
		{"Books", "text/csv;charset=iso-8859-1, */*;q=0.1", minimal},
		{"Books", "text/csv;header=absent", ""},
		{"Books", "text/csv;columns=1", ""},
		{"Books", sheetMedia, sheetMedia},
		{"Books", sheetMedia + ";charset=utf-8", ""},
		{"Books?$format=text/csv;charset=iso-8859-1", "", ""},
		{"Books?$format=text/csv;charset=utf-8", "", csv},
	} {
		r := s.get(c.path, "Accept", c.accept)
		if c.want == "" && r.Status != http.StatusNotAcceptable || c.want != "" && (r.Status != http.StatusOK || r.Header.Get("Content-Type") != c.want) {
			t.Errorf("%s, Accept: %s: %d %s", c.path, c.accept, r.Status, r.Header.Get("Content-Type"))
		}
	}
}
