package exec_test

import (
	"context"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestOnlyRowsThatNothingIsReadBesideAreAlone: the call for others is made at once,
// so that it is under way while their neighbours' are.
func TestOnlyRowsThatNothingIsReadBesideAreAlone(t *testing.T) {
	t.Parallel()
	customers := query.Access{Table: shop.Tables[0], Columns: []int{0}, Where: predicate.True}
	orders := query.Access{Table: shop.Tables[1], Columns: []int{1}, Where: predicate.True}
	for name, c := range map[string]struct {
		query query.Query
		alone bool
	}{
		"plain": {query.Query{Accesses: []query.Access{customers}, Columns: []query.Column{{Name: "Id"}}, Plain: &query.Plain{Project: []int{0}}}, true},
		"two tables": {query.Query{
			Accesses: []query.Access{customers, orders}, SQL: "SELECT 1", Columns: []query.Column{{Name: "Id"}},
		}, false},
	} {
		s := &source{}
		result, err := exec.New(exec.Config{Source: s, Engine: &engine{}}).Query(context.Background(), &c.query, exec.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		result.Close()
		for _, r := range s.requests {
			if r.Alone != c.alone {
				t.Errorf("%s: the rows of %s are alone: %t", name, r.Table.Name, r.Alone)
			}
		}
		if len(s.requests) != len(c.query.Accesses) {
			t.Errorf("%s: %d scans", name, len(s.requests))
		}
	}
}
