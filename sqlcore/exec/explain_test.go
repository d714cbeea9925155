package exec_test

import (
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
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
