package exec

import (
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// refinedParents is the number of calls that may list parents for an estimate.
	refinedParents = 3
	// provedAtOnce is the number of parents that one call proves to have no rows.
	provedAtOnce = 50
)

// refine makes an estimate better for EXPLAIN: it asks how many rows a condition
// or a key leaves, where one call tells, and which parents have rows.
func (x *Executor) refine(ctx context.Context, r *plan.Read) {
	q := r.Request
	switch {
	case r.Empty || q.Path == nil:
		return
	case q.Path.Parent != nil:
		x.refineParents(ctx, r)
		return
	case q.Path.List == "" || !q.Path.CountExact || len(q.Filters) > 1 || len(q.Keys) > 1 || len(q.Filters)+len(q.Keys) == 0:
		return
	}
	q.Limit = 0
	if rows, known, err := x.source.Count(ctx, q); err == nil && known {
		r.Estimate = x.planner.Sized(r, rows)
	}
}

// refineParents looks at the parents' rows, which tell what each of them has.
func (x *Executor) refineParents(ctx context.Context, r *plan.Read) {
	p, parent := r.Request.Path.Parent, r.Request.Parent
	child := r.Request.Table.Path(p.Path)
	doubts := p.Doubts(child)
	if parent == nil || parent.Parent != nil || parent.Path.List == "" || p.Rows == "" || r.Access.Soon() > 0 ||
		parent.Path.Page == 0 || r.Estimate.Calls > refinedParents*int64(parent.Path.Page) {
		return
	}
	q := *parent
	q.Columns = nil
	for _, name := range append([]string{p.Rows}, doubts...) {
		q.Columns = append(q.Columns, q.Table.Index(name))
	}
	rows, err := x.source.Scan(ctx, q)
	if err != nil {
		return
	}
	defer rows.Close()
	request := r.Request
	request.Path = child
	t := parentTally{plan: p, child: &request, doubts: doubts, variants: request.VariantsRead()}
	for {
		b, err := rows.Next(ctx)
		if isEnd(err) {
			break
		}
		if err != nil {
			return
		}
		t.add(b.Record)
		b.Record.Release()
	}
	r.Estimate = plan.Estimate{Calls: t.calls + 1 + (t.parents-1)/int64(parent.Path.Page) + (t.empty+provedAtOnce-1)/provedAtOnce, Rows: t.rows, Known: true}
}

// parentTally adds up what the runs for some parents take.
type parentTally struct {
	plan     *catalog.Parent
	child    *scan.Request
	doubts   []string
	variants []string
	// calls are those of the runs; empty parents and variants are proved to have
	// no rows many at a time.
	calls, rows, parents, empty int64
}

// add looks at parents: their number of rows stands first, then what tells that
// there are none.
func (t *parentTally) add(rec arrow.RecordBatch) {
	nothing := func(row int, columns []string) bool {
		for _, name := range columns {
			if at := 1 + slices.Index(t.doubts, name); rec.Column(at).IsValid(row) && rec.Column(at).ValueStr(row) != "0" && rec.Column(at).ValueStr(row) != "" {
				return false
			}
		}
		return len(columns) > 0
	}
	counted := t.child.Constant()
	for row := range int(rec.NumRows()) {
		t.parents++
		if nothing(row, t.plan.EmptyWhen) {
			t.empty++
			continue
		}
		runs := int64(max(1, len(t.variants)))
		for _, value := range t.variants {
			if nothing(row, t.child.Path.Variant.EmptyWhen[value]) {
				t.empty++
				runs--
			}
		}
		var n int64
		switch column := rec.Column(0).(type) {
		case *array.Int32:
			n = int64(column.Value(row))
		case *array.Int64:
			n = column.Value(row)
		}
		t.rows += max(1, n)
		if t.calls += runs; t.child.Path.Page > 0 && !counted && len(t.child.Variants) == 0 {
			t.calls += max(0, n-1) / int64(t.child.Path.Page)
		}
	}
}
