package exec_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Where SQL keeps the order of the rows that it reads, they are read in one order: not
// in parts side by side, nor by several paths.
func TestRowsInOrder(t *testing.T) {
	t.Parallel()
	either := predicate.Or{Args: []predicate.Expr{
		predicate.Cmp{Column: "Id", Op: predicate.Eq, Value: predicate.StringValue("c1")},
		predicate.Cmp{Column: "Name", Op: predicate.Eq, Value: predicate.StringValue("Ada")},
	}}
	for name, c := range map[string]struct {
		table   *catalog.Table
		where   predicate.Expr
		inOrder bool
		scans   int
		parts   bool
	}{
		"a large table":              {club(), nil, true, 1, false},
		"a large table in any order": {club(), nil, false, 1, true},
		"alternatives":               {tab("Customers"), either, true, 1, false},
		"alternatives in any order":  {tab("Customers"), either, false, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := &source{}
			x := exec.New(exec.Config{Source: src, Engine: &engine{}, Plan: plan.Options{PartitionAbove: 1}})
			q := &query.Query{SQL: "SELECT 1", InOrder: c.inOrder, Accesses: []query.Access{{Table: c.table, Columns: []int{0, 1}, Where: c.where}}}
			rows, err := x.Query(t.Context(), q, exec.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows.Close()
			if len(src.requests) != c.scans || src.requests[0].Ordered != c.inOrder || src.requests[0].Partition != c.parts {
				t.Errorf("%d scans: %+v", len(src.requests), src.requests)
			}
			told, err := x.Explain(t.Context(), q)
			if err != nil || len(told.Scans) != c.scans {
				t.Errorf("%+v, %v", told, err)
			}
		})
	}
}
