package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestAlternatives plans ORs over columns that no path tests together.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	byName, byID := eq("Username", text("ada")), predicate.In{Column: "Id", Values: ids(2)}
	or := func(args ...predicate.Expr) predicate.Expr { return predicate.Or{Args: args} }
	masked := func(u *catalog.Table) *catalog.Table {
		return &catalog.Table{Name: u.Name, Schema: u.Schema, Columns: u.Columns, Restriction: &catalog.Restriction{
			Base: u, Masks: map[string]catalog.Mask{"Id": catalog.MaskNull},
		}}
	}
	for _, c := range []struct {
		name  string
		where predicate.Expr
		see   func(*catalog.Table) *catalog.Table
		first bool // the first rows are wanted
		paths string
		calls int64
	}{
		{name: "key or name", where: or(byID, byName), paths: "by_id list", calls: 3},
		{name: "with a condition that both have", where: predicate.And{Args: []predicate.Expr{or(eq("Id", id(1)), byName), eq("IsEnabled", predicate.BoolValue(true))}}, paths: "by_id list", calls: 2},
		{name: "one that nothing tests", where: or(byID, predicate.IsNull{Column: "Email"})},
		{name: "one that the path tests whole", where: or(byName, eq("Email", text("ada@example.com")))},
		{name: "for the first rows", where: or(byID, byName), first: true},
		{name: "a key that is masked", where: or(byID, byName), see: masked},
		{name: "too many", where: or(slices.Repeat([]predicate.Expr{byID, byName}, 5)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			u := table(t, directory(t), "Users")
			if c.see != nil {
				u = c.see(u)
			}
			access := query.Access{Table: u, Columns: positions(t, u, "Email"), Where: c.where}
			if c.first {
				access.Limit = 3
			}
			r, err := plan.New(plan.Options{}, nil).Read(t.Context(), access, nil)
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, part := range r.Parts {
				paths = append(paths, part.Path())
				if part.Residual == predicate.True && part.Path() == "list" {
					t.Error("a condition is not tested again")
				}
			}
			if got := strings.Join(paths, " "); got != c.paths || r.Divided() != (c.paths != "") {
				t.Errorf("read by %q", got)
			}
			if c.calls > 0 && r.Estimate.Calls != c.calls {
				t.Errorf("%d calls", r.Estimate.Calls)
			}
		})
	}
}
