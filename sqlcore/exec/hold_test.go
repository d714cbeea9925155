package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// orderable are a table's columns by which rows can be the first ones, behind a number
// that tells the rows apart.
var orderable = []catalog.Column{
	{Name: "row", Type: catalog.Int64},
	{Name: "text", Type: catalog.String},
	{Name: "number", Type: catalog.Int32},
	{Name: "truth", Type: catalog.Bool},
	{Name: "instant", Type: catalog.Timestamp},
	{Name: "id", Type: catalog.GUID},
}

// drawn is a row of orderable, its values as texts that are in the order of the values;
// nil for null.
type drawn []*string

func draw(r *rand.Rand, row int) drawn {
	out := drawn{nil}
	number := fmt.Sprintf("%03d", row)
	out[0] = &number
	for _, c := range orderable[1:] {
		n := r.IntN(8)
		text := fmt.Sprint(n)
		switch c.Type {
		case catalog.String:
			text = []string{"", "A", "B", "a", "ab", "b", "ä", "東"}[n]
		case catalog.Bool:
			text = fmt.Sprint(n % 2)
		}
		if out = append(out, &text); r.IntN(6) == 0 {
			out[len(out)-1] = nil
		}
	}
	return out
}

func batchOf(t *testing.T, table *catalog.Table, rows []drawn) scan.Batch {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.ArrowSchema([]int{0, 1, 2, 3, 4, 5}))
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			if v == nil {
				b.Field(i).AppendNull()
				continue
			}
			text := *v
			switch orderable[i].Type {
			case catalog.Timestamp:
				text = time.Unix(int64(text[0]), 0).UTC().Format(time.RFC3339)
			case catalog.Bool:
				text = map[string]string{"0": "false", "1": "true"}[text]
			case catalog.GUID:
				text = "0000000" + text + "-0000-4000-8000-00000000000A"
			case catalog.Int32:
				text = "-" + string('9'-text[0]+'0')
			}
			require.NoError(t, b.Field(i).AppendValueFromString(text))
		}
	}
	return scan.Batch{Record: b.NewRecordBatch()}
}

func rowsHeld(h *heldRows) (out []int64) {
	for _, b := range h.held {
		out = append(out, b.Record.Column(0).(*array.Int64).Int64Values()...) //nolint:forcetypeassert // column "row"
	}
	return out
}

// TestHoldsTheFirstRows: of what a limit above a sort leaves, no row is missing, and
// none stays that comes behind the last of them.
func TestHoldsTheFirstRows(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{Name: "T", Columns: orderable}
	r := rand.New(rand.NewPCG(seed.Of(t), 0))
	for range 500 {
		top := &query.Top{Column: orderable[1+r.IntN(5)].Name, Descending: r.IntN(2) == 0, Nullable: true, NullsFirst: r.IntN(2) == 0, Rows: 1 + r.Int64N(12)}
		at := table.Index(top.Column)
		var all []drawn
		var batches []scan.Batch
		for range r.IntN(5) {
			var rows []drawn
			for range 1 + r.IntN(9) {
				rows = append(rows, draw(r, len(all)+len(rows)))
			}
			all = append(all, rows...)
			batches = append(batches, batchOf(t, table, rows))
		}
		h, complete, err := hold(context.Background(), typed{scan.Of(batches...), table.ArrowSchema([]int{0, 1, 2, 3, 4, 5})}, 10+r.Int64N(20), firstOf(query.Access{Table: table, Top: top}))
		require.NoError(t, err)
		if !complete {
			continue // more rows stand side by side than may be held
		}
		got := rowsHeld(h)

		// The oracle counts the rows that come before each one.
		before := func(a, b drawn) bool {
			x, y := a[at], b[at]
			switch {
			case x == nil || y == nil:
				return (x == nil) != (y == nil) && (x == nil) == top.NullsFirst
			case top.Descending:
				return *x > *y
			}
			return *x < *y
		}
		var want []int64
		for i, row := range all {
			ahead := 0
			for _, other := range all {
				if before(other, row) {
					ahead++
				}
			}
			if int64(ahead) < top.Rows {
				want = append(want, int64(i))
			}
		}
		require.Equal(t, want, slices.Sorted(slices.Values(got)), "%+v", *top)
	}
}

// TestHoldsNoMoreThanALimit: the stream is left when it gave enough, and a sort by what
// the engine orders in its own way leaves all rows.
func TestHoldsNoMoreThanALimit(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{Name: "T", Columns: append(slices.Clone(orderable), catalog.Column{Name: "shape", Type: catalog.JSON})}
	three := func() scan.Rows {
		var batches []scan.Batch
		r := rand.New(rand.NewPCG(1, 2))
		for i := range 3 {
			batches = append(batches, batchOf(t, table, []drawn{draw(r, 2*i), draw(r, 2*i+1)}))
		}
		return typed{scan.Of(batches...), table.ArrowSchema([]int{0, 1, 2, 3, 4, 5})}
	}
	for name, c := range map[string]struct {
		access query.Access
		rows   int
	}{
		"a limit":            {query.Access{Limit: 3}, 4},
		"a limit of more":    {query.Access{Limit: 30}, 6},
		"none":               {query.Access{}, 6},
		"a sort by JSON":     {query.Access{Top: &query.Top{Column: "shape", Rows: 2}}, 6},
		"a sort by a number": {query.Access{Top: &query.Top{Column: "row", Rows: 2}}, 2},
	} {
		c.access.Table = table
		h, complete, err := hold(context.Background(), three(), 100, firstOf(c.access))
		require.NoError(t, err, name)
		assert.True(t, complete, name)
		assert.Len(t, rowsHeld(h), c.rows, name)
	}
}
