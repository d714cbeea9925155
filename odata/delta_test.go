package odata_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// logged adds a log of changes to the library, which keeps them two days.
func logged(c *odata.Config, e *odatatest.Executor) {
	c.Changes = &catalog.ChangeLog{
		Table: "Log", Time: "At", Kind: "Of", Key: "Thing", Kinds: map[string]string{"Books": "BOOK", "Loans": "LOAN"},
		Kept: 48 * time.Hour, Late: 15 * time.Minute,
	}
	lib := e.Library
	lib.Main.Tables = append(lib.Main.Tables, &catalog.Table{Name: "Log", Entity: "Entry", Schema: lib.Main, Columns: []catalog.Column{
		{Name: "At", Type: catalog.Timestamp, Required: true}, {Name: "Of", Type: catalog.String}, {Name: "Thing", Type: catalog.String},
	}})
}

// log says that a change was recorded some time ago.
func (s *service) log(ago time.Duration, kind, thing string) {
	s.Library.Rows["Log"] = append(s.Library.Rows["Log"], odatatest.Row{s.clock().Add(-ago), kind, thing})
}

type changes struct {
	Context string `json:"@odata.context"`
	Value   []struct {
		ID      string `json:"Id"`
		Title   string
		Context string `json:"@odata.context"`
		Gone    string `json:"id"`
		Reason  string `json:"reason"`
	}
	Next  string `json:"@odata.nextLink"`
	Delta string `json:"@odata.deltaLink"`
}

func (s *service) changes(path string, header ...string) (c changes, r reply) {
	s.t.Helper()
	r = s.get(path, header...)
	if r.Status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, r.Status, r.Body)
	}
	if err := json.Unmarshal([]byte(r.Body), &c); err != nil {
		s.t.Fatal(err)
	}
	return c, r
}

const tracked = "odata.track-changes"

func TestDeltaLinks(t *testing.T) {
	t.Parallel()
	s := start(t, 6, logged)
	book := func(n int) string { return odatatest.ID("book", n) }
	first, r := s.changes("Books?$select=Title", "Prefer", tracked)
	if r.Header.Get("Preference-Applied") != tracked || len(first.Value) != 6 || !strings.HasPrefix(first.Delta, s.URL+"Books?$select=Title&$deltatoken=") {
		t.Fatalf("%v %s", r.Header, r.Body)
	}
	none, r := s.changes(first.Delta)
	if len(none.Value) != 0 || none.Delta != first.Delta || none.Context != s.URL+"$metadata#Books(Title)/$delta" || r.Header.Get("Preference-Applied") != "" {
		t.Errorf("%s", r.Body)
	}

	s.log(time.Hour, "BOOK", book(1))      // long before
	s.log(10*time.Minute, "BOOK", book(4)) // it may have come late
	s.advance(time.Minute)
	s.log(0, "BOOK", strings.ToUpper(book(2)))
	s.log(0, "SHELF", book(3))
	s.log(0, "BOOK", "no guid")
	s.log(0, "BOOK", book(5))
	s.Library.Rows["Books"] = s.Library.Rows["Books"][:5]
	s.Library.Rows["Books"][2][1] = "Changed"
	got, r := s.changes(first.Delta)
	if len(got.Value) != 3 || got.Value[0].Title != "Changed" || got.Value[1].Title != "100% \"quoted\"" || got.Delta == first.Delta ||
		got.Value[2].Gone != s.URL+"Books("+book(5)+")" || got.Value[2].Reason != "deleted" || got.Value[2].Context != s.URL+"$metadata#Books/$deletedEntity" {
		t.Errorf("%s", r.Body)
	}
	if n := r.Header.Get("Gateway-Notes"); n != `["Only changes that Log names by now are here: read the whole feed from time to time."]` {
		t.Errorf("the note %q", n)
	}
	later := s.get(first.Delta, "OData-MaxVersion", "4.01")
	if want := `{"@removed":{"reason":"deleted"},"@id":"` + s.URL + `Books(` + book(5) + `)"}],"@deltaLink":"`; !strings.Contains(later.Body, want) {
		t.Errorf("by 4.01: %s", later.Body)
	}
	s.advance(20 * time.Minute)
	if got, r = s.changes(got.Delta); len(got.Value) != 3 {
		t.Errorf("what may have come late comes again: %s", r.Body)
	}
	if got, r = s.changes(got.Delta); len(got.Value) != 0 {
		t.Errorf("and then not: %s", r.Body)
	}
}

// TestDeltaOfACondition: what a condition doesn't ask for any more is gone.
func TestDeltaOfACondition(t *testing.T) {
	t.Parallel()
	s := start(t, 6, logged)
	first, _ := s.changes("Books?$filter=Title eq 'Milk'&$select=Id,Title", "Prefer", tracked)
	if len(first.Value) != 1 {
		t.Fatal(first.Value)
	}
	s.log(0, "BOOK", odatatest.ID("book", 0))
	s.log(0, "BOOK", odatatest.ID("book", 9))
	s.log(0, "BOOK", odatatest.ID("book", 2))
	s.Library.Rows["Books"][0][1], s.Library.Rows["Books"][2][1] = "Cream", "Milk"
	got, r := s.changes(first.Delta)
	if len(got.Value) != 3 || got.Value[0].ID != odatatest.ID("book", 2) ||
		got.Value[1].Reason != "changed" || !strings.Contains(got.Value[1].Gone, odatatest.ID("book", 0)) ||
		got.Value[2].Reason != "deleted" || !strings.Contains(got.Value[2].Gone, odatatest.ID("book", 9)) {
		t.Errorf("%s", r.Body)
	}
}

// TestDeltaLinkOnTheLastPage: pages have next links, the last one a delta link of the
// time of the first.
func TestDeltaLinkOnTheLastPage(t *testing.T) {
	t.Parallel()
	s := start(t, 6, logged)
	p, r := s.changes("Books?$select=Id", "Prefer", tracked+", odata.maxpagesize=4")
	if p.Delta != "" || p.Next == "" || r.Header.Get("Preference-Applied") != "odata.maxpagesize=4, "+tracked {
		t.Fatalf("%v %s", r.Header, r.Body)
	}
	s.log(0, "BOOK", odatatest.ID("book", 1))
	s.advance(time.Hour)
	if p, r = s.changes(p.Next); p.Next != "" || p.Delta == "" || len(p.Value) != 2 {
		t.Fatalf("%s", r.Body)
	}
	if p, r = s.changes(p.Delta); len(p.Value) != 1 {
		t.Errorf("what changed while pages were read: %s", r.Body)
	}
}

func TestNoDeltaLinks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path  string
		adapt func(*odata.Config, *odatatest.Executor)
	}{
		"no log":            {"Books", func(c *odata.Config, _ *odatatest.Executor) { c.Changes = nil }},
		"the log is hidden": {"Books", func(_ *odata.Config, e *odatatest.Executor) { e.Library.Main.Tables = e.Library.Main.Tables[:3] }},
		"a part of the log": {"Books", func(_ *odata.Config, e *odatatest.Executor) { hide(e, "Log", "Of") }},
		"a part of the set": {"Books", func(_ *odata.Config, e *odatatest.Executor) { hide(e, "Books", "Author") }},
		"a masked log":      {"Books", func(_ *odata.Config, e *odatatest.Executor) { mask(e, "Log", "Thing") }},
		"a masked key":      {"Books", func(_ *odata.Config, e *odatatest.Executor) { mask(e, "Books", "Id") }},
		"a shorter log": {"Books", func(_ *odata.Config, e *odatatest.Executor) {
			e.Library.Main.Tables[3].Columns = e.Library.Main.Tables[3].Columns[:2]
		}},
		"not in the log":   {"Shelves", nil},
		"two keys":         {"Loans", nil},
		"a part":           {"Books?$top=2", nil},
		"a count":          {"Books?$count=true", nil},
		"related entities": {"Books?$expand=Loans", nil},
		"behind an entity": {"Books(" + odatatest.ID("book", 1) + ")/Loans", nil},
		"no metadata":      {"Books?$format=application/json;odata.metadata=none", nil},
		"one entity":       {"Books(" + odatatest.ID("book", 1) + ")", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adapt := []func(*odata.Config, *odatatest.Executor){logged}
			if c.adapt != nil {
				adapt = append(adapt, c.adapt)
			}
			s := start(t, 3, adapt...)
			r := s.get(c.path, "Prefer", tracked)
			if r.Status != http.StatusOK || strings.Contains(r.Body, "deltaLink") || r.Header.Get("Preference-Applied") != "" {
				t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
			}
		})
	}
}

func hide(e *odatatest.Executor, table, column string) {
	t, _ := e.Library.Main.Table(table)
	t.Restriction = &catalog.Restriction{Base: t, Where: predicate.IsNull{Column: column}}
}

func mask(e *odatatest.Executor, table, column string) {
	t, _ := e.Library.Main.Table(table)
	t.Restriction = &catalog.Restriction{Base: t, Where: predicate.True, Masks: map[string]catalog.Mask{column: catalog.MaskHash}}
}

func TestDeltaLinksThatEnd(t *testing.T) {
	t.Parallel()
	s, other := start(t, 3, logged), start(t, 3)
	first, _ := s.changes("Books", "Prefer", tracked)
	token := first.Delta[strings.Index(first.Delta, "$deltatoken"):]
	for name, c := range map[string]struct {
		address, message string
		status           int
	}{
		"another address":   {"Books?$select=Id&" + token, "was not made for this address", http.StatusGone},
		"another set":       {"Shelves?" + token, "was not made for this address", http.StatusGone},
		"one that has none": {"Books?$top=1&" + token, "was not made for this address", http.StatusGone},
		"damaged":           {"Books?$deltatoken=x", "was not made for this address", http.StatusGone},
	} {
		if f := s.refused(c.status, c.address); !strings.Contains(f.Error.Message, c.message) || f.Error.Target != "$deltatoken" {
			t.Errorf("%s: %+v", name, f.Error)
		}
	}
	paged, _ := s.changes("Books", "Prefer", tracked+",odata.maxpagesize=1")
	if f := s.refused(http.StatusGone, paged.Next+"&"+token); f.Error.Target != "$deltatoken" {
		t.Errorf("with a next link: %+v", f.Error)
	}
	if f := other.refused(http.StatusNotImplemented, "Books?"+token); f.Error.Code != "NotImplemented" {
		t.Errorf("without a log: %+v", f.Error)
	}
	for n := range 10_001 {
		s.log(0, "BOOK", odatatest.ID("book", n))
	}
	if f := s.refused(http.StatusGone, "Books?"+token); !strings.Contains(f.Error.Message, "Too much has changed") {
		t.Errorf("%+v", f.Error)
	}
	s.advance(48 * time.Hour)
	if f := s.refused(http.StatusGone, "Books?"+token); !strings.Contains(f.Error.Message, "kept for 2 days.") {
		t.Errorf("%+v", f.Error)
	}
}

// TestPreferencesOfDeltas: an answer says that it has applied what it has.
func TestPreferencesOfDeltas(t *testing.T) {
	t.Parallel()
	s := start(t, 6, logged)
	first, _ := s.changes("Books?$select=Title", "Prefer", tracked)
	for n := range 4 {
		s.log(0, "BOOK", odatatest.ID("book", n))
	}
	got, r := s.changes(first.Delta, "Prefer", tracked+",odata.maxpagesize=1,omit-values=nulls")
	if applied := r.Header.Get("Preference-Applied"); len(got.Value) != 4 || applied != "" {
		t.Errorf("%d changes come in one page; %q is applied", len(got.Value), applied)
	}
	s.Exec.Ran()
	head := s.do(http.MethodHead, first.Delta, nil, "")
	if ran := s.Exec.Ran(); head.Status != http.StatusOK || len(ran) != 0 {
		t.Errorf("%d: HEAD reads %v", head.Status, ran)
	}
}
