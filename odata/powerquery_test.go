package odata_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// TestPowerQuerySequence is what Excel and Power BI send for one feed, from
// the first look to the last page.
func TestPowerQuerySequence(t *testing.T) {
	t.Parallel()
	s := start(t, 25, paged(10))
	pq := func(path string) reply {
		t.Helper()
		r := s.do(http.MethodGet, path, powerQuery, "")
		if r.Status != http.StatusOK {
			t.Fatalf("GET %s: %d %s", path, r.Status, r.Body)
		}
		if v := r.Header["Odata-Version"]; len(v) != 1 || v[0] != "4.0" {
			t.Errorf("GET %s: OData-Version %q", path, v)
		}
		return r
	}

	root := pq("")
	if !strings.HasPrefix(root.Body, `{"@odata.context":"`+s.URL+`$metadata","value":[{"name":"Books","kind":"EntitySet","url":"Books"}`) {
		t.Errorf("service document: %s", root.Body)
	}
	metadata := pq("$metadata")
	if metadata.Header.Get("Content-Type") != "application/xml" || !strings.Contains(metadata.Body, `<edmx:Edmx Version="4.0"`) {
		t.Errorf("$metadata: %s", metadata.Body)
	}
	preview := pq("Books?$top=1000")
	if !strings.HasPrefix(preview.Body, `{"@odata.context":"`+s.URL+`$metadata#Books","value":[{"Id":"`) {
		t.Errorf("preview: %.200s", preview.Body)
	}
	filtered := pq("Books?$filter=Author%20eq%20%27Author%201%27&$select=Id%2CTitle")
	if p := parse[page](t, filtered.Body); len(p.Value) != 4 || p.Context != s.URL+"$metadata#Books(Id,Title)" {
		t.Errorf("filtered: %s", filtered.Body)
	}

	next, rows := parse[page](t, preview.Body).Next, len(parse[page](t, preview.Body).Value)
	for next != "" {
		p := parse[page](t, pq(next).Body)
		rows += len(p.Value)
		next = p.Next
	}
	if rows != 25 {
		t.Errorf("%d rows over all pages, want 25", rows)
	}
	shelf := pq("Books(" + odatatest.ID("book", 3) + ")/Shelf")
	if !strings.HasPrefix(shelf.Body, `{"@odata.context":"`+s.URL+`$metadata#Shelves/$entity","Id":"`) {
		t.Errorf("navigation: %s", shelf.Body)
	}
	loans := pq("Books(" + odatatest.ID("book", 3) + ")/Loans")
	if p := parse[page](t, loans.Body); len(p.Value) != 3 || p.Context != s.URL+"$metadata#Loans" {
		t.Errorf("navigation: %s", loans.Body)
	}
}
