package exec_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// An estimate hangs on how many rows give keys. Where the API can't test what leaves
// them, a short list of them is looked at.
func TestExplainLooksAtWhatGivesKeys(t *testing.T) {
	t.Parallel()
	is := func(column, value string) predicate.Expr {
		return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue(value)}
	}
	for name, c := range map[string]struct {
		where               predicate.Expr
		looks               int
		customers, ofOrders int64
	}{
		"a condition that it can't test": {is("City", "Bern"), 1, 2, 2},
		"one that no row fulfils":        {is("City", "Paris"), 1, 0, 1},
		"one that it tests":              {is("Name", "Ada"), 0, 5, 4}, // as it counts
		"no condition":                   {nil, 0, 5, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, q := &source{}, joinQuery("")
			q.Accesses[1].Where = c.where
			q.Accesses[1].Columns = []int{0, 2}
			e, err := exec.New(exec.Config{Source: src, Engine: &engine{}}).Explain(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(src.requests) != c.looks || src.open != 0 {
				t.Errorf("%d scans, %d open", len(src.requests), src.open)
			}
			if e.Scans[1].EstimatedRows != c.customers || e.Scans[0].EstimatedCalls != c.ofOrders {
				t.Errorf("%d customers, %d calls for their orders", e.Scans[1].EstimatedRows, e.Scans[0].EstimatedCalls)
			}
		})
	}
}

// clubs have members of two kinds, of which a club's row tells whether there are some.
var clubs = func() *catalog.Schema {
	s := &catalog.Schema{Name: "Clubs", ID: "clubs"}
	column := func(name string) catalog.Column { return catalog.Column{Name: name, Type: catalog.String} }
	s.Tables = []*catalog.Table{
		{Name: "Clubs", Schema: s, Columns: []catalog.Column{{Name: "Id", Type: catalog.String, Key: true}, column("Direct"), column("Nested")}, Paths: []catalog.Path{{Name: "list", List: "clubs", Page: 100}}},
		{Name: "Members", Schema: s, Columns: []catalog.Column{{Name: "UserId", Type: catalog.String, Key: true}, {Name: "ClubId", Type: catalog.String, Key: true}, column("Kind")}, Paths: []catalog.Path{
			{
				Name: "by_club", List: "users", Keys: []string{"ClubId"}, Filter: `in "{ClubId}"`, Page: 100,
				Variant: &catalog.Variant{Column: "Kind", Values: []string{"OWN", "NESTED"}, Filters: map[string]string{"OWN": "a", "NESTED": "b"}, EmptyWhen: map[string][]string{"NESTED": {"Nested"}}},
			},
			{Name: "all", Parent: &catalog.Parent{Table: "Clubs", Path: "by_club", Columns: []string{"Id"}, EmptyWhen: []string{"Direct", "Nested"}}},
		}},
	}
	return s
}()

// The rows of parents tell which runs there will be.
func TestExplainLooksAtParents(t *testing.T) {
	t.Parallel()
	kind := func(name string) predicate.Expr {
		return predicate.Cmp{Column: "Kind", Op: predicate.Eq, Value: predicate.StringValue(name)}
	}
	for name, c := range map[string]struct {
		columns []int
		where   predicate.Expr
		calls   int64 // one for the list, one that proves that some have nothing, and the runs
		least   bool
	}{
		"all":                          {[]int{0}, nil, 2 + 2, false},
		"told apart":                   {[]int{0, 2}, nil, 2 + 1 + 2, true},
		"of a kind that all may have":  {[]int{0, 2}, kind("OWN"), 2 + 2, false},
		"of one that one of them has":  {[]int{0, 2}, kind("NESTED"), 2 + 2, true},
		"of one club, which is no run": {[]int{0}, predicate.Cmp{Column: "ClubId", Op: predicate.Eq, Value: predicate.StringValue("k2")}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			members, _ := clubs.Table("Members")
			e, err := exec.New(exec.Config{Source: &source{}, Engine: &engine{}}).Explain(t.Context(), &query.Query{
				Accesses: []query.Access{{Table: members, Columns: c.columns, Where: c.where, WhereComplete: true}}, Plain: &query.Plain{},
			})
			if err != nil {
				t.Fatal(err)
			}
			if e.Scans[0].EstimatedCalls != c.calls || (len(e.Notes) > 0) != c.least {
				t.Errorf("%d calls, %q", e.Scans[0].EstimatedCalls, e.Notes)
			}
		})
	}
}
