package odata_test

import (
	"context"
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// keyed notes for how many keys entities are read, and refuses more than most.
type keyed struct {
	*odatatest.Executor
	most int
	keys *[]int
}

func (k keyed) Query(ctx context.Context, q *query.Query) (scan.Rows, error) {
	for _, e := range predicate.Conjuncts(q.Accesses[0].Where) {
		if in, ok := e.(predicate.In); ok {
			if *k.keys = append(*k.keys, len(in.Values)); k.most > 0 && len(in.Values) > k.most {
				return nil, gwerr.New(gwerr.FanoutExceeded, "These are too many calls.", "")
			}
		}
	}
	return k.Executor.Query(ctx, q)
}

// The entities that the rows of a page lead to are read by one query, unless that would
// need too many calls; those of a feed of any length, batch by batch.
func TestExpandReadsOnceForAPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		books   int
		path    string
		prefer  string
		refuses int // more keys than these
		keys    []int
		rows    int
	}{
		"by $top":             {50, "Loans?$expand=Book&$top=40", "", 0, []int{40}, 40},
		"more than there are": {50, "Loans?$expand=Book&$top=900", "", 0, []int{50}, 50},
		"in one batch":        {50, "Loans?$expand=Book&$top=5", "", 0, []int{5}, 5},
		"pages":               {50, "Loans?$expand=Book", "odata.maxpagesize=30", 0, []int{30, 20}, 50},
		"too many calls":      {450, "Loans?$expand=Book&$top=450", "", 200, []int{450, 200, 200, 50}, 450},
		"a page too large":    {20, "Loans?$expand=Book&$top=1001", "", 0, []int{7, 7, 6}, 20},
		"all":                 {20, "Loans?$expand=Book", "", 0, []int{7, 7, 6}, 20},
		"a collection":        {20, "Books?$expand=Loans&$top=15&$select=Id", "", 0, []int{7, 7, 1}, 15},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var keys []int
			s := start(t, c.books, func(cfg *odata.Config, e *odatatest.Executor) {
				cfg.Begin = func(ctx context.Context, statement string) (context.Context, odata.Request, error) {
					ctx, _, err := e.Begin(ctx, statement)
					return ctx, keyed{e, c.refuses, &keys}, err
				}
			})
			s.Library.Rows["Loans"] = nil
			for n := range c.books {
				s.Library.Rows["Loans"] = append(s.Library.Rows["Loans"], odatatest.Row{odatatest.ID("book", n), int64(1), nil})
			}
			rows, _ := s.all(c.path, "Prefer", c.prefer)
			if len(rows) != c.rows || !slices.Equal(keys, c.keys) {
				t.Errorf("%d rows, keys %v, want %d and %v", len(rows), keys, c.rows, c.keys)
			}
			for _, r := range rows {
				book, ok := r["Book"].(map[string]any)
				if id, ok2 := r["BookId"]; ok2 && (!ok || book["Id"] != id) {
					t.Errorf("%v", r)
				}
			}
		})
	}
}
