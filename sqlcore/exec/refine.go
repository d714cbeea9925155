package exec

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const (
	// refinedPages is the number of pages that may list parents for an estimate,
	// refinedRuns that of calls for their rows where these are children, too.
	refinedPages = 3
	refinedRuns  = 10
	// refinedMembers is the number of a union's members that are looked at.
	refinedMembers = 8
	// rightEnough is the number of calls that an estimate may be wrong by.
	rightEnough = 2
	// provedAtOnce is the number of parents that one call proves to have no rows.
	provedAtOnce = 50
)

// refine makes an estimate better for EXPLAIN: it asks how many rows a condition
// or a key leaves, where one call tells, how many parents there are, and which of
// them have rows.
func (x *Executor) refine(ctx context.Context, r *plan.Read) {
	q := r.Request
	switch {
	case r.Empty || len(r.Parts) > refinedMembers:
		return
	case len(r.Parts) > 0:
		r.Estimate = plan.Estimate{Known: true}
		for _, part := range r.Parts {
			x.refine(ctx, part)
			r.Estimate.Add(part.Estimate)
		}
		return
	case q.Path == nil:
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

// checkFanout is plan.Planner.CheckFanout; before it refuses by a guess, it looks.
func (x *Executor) checkFanout(ctx context.Context, r *plan.Read) error {
	err := x.planner.CheckFanout(ctx, r)
	if err == nil || r.Estimate.Known {
		return err
	}
	x.refine(ctx, r)
	return x.planner.CheckFanout(ctx, r)
}

// fewAlike is the number of rows that are guessed to share a value that some row has.
const fewAlike = 2

// refineAlike makes the estimate of a read better that was given values of a column
// by another reading of the same column.
func (x *Executor) refineAlike(from, to *plan.Read, e edge) {
	if q := to.Request; to.Access.Table == from.Access.Table && e.fromColumn == e.toColumn && len(q.Filters) == 1 && q.Path.List != "" {
		to.Estimate = x.planner.Sized(to, fewAlike*from.Estimate.Rows)
	}
}

// refineParents looks at the parents' rows, which tell what each of them has.
func (x *Executor) refineParents(ctx context.Context, r *plan.Read) {
	p, parent := r.Request.Path.Parent, r.Request.Parent
	child := r.Request.Table.Path(p.Path)
	if parent == nil || r.Access.Soon() > 0 || r.Estimate.Known && p.Rows == "" {
		return
	}
	each := int64(1)
	for i, values := range r.Request.ParentValues {
		if p.Columns[i] == "" {
			each *= int64(len(values))
		} else if p.Rows == "" && values != nil {
			return
		}
	}
	request := r.Request
	request.Path = child
	t := parentTally{plan: p, child: &request, doubts: p.Doubts(child), variants: request.VariantsRead()}
	columns := t.doubts
	if p.Rows != "" {
		columns = append([]string{p.Rows}, columns...)
	}
	_, calls, ok := x.listParents(ctx, *parent, columns, t.add)
	if !ok {
		return
	}
	if t.open > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("The estimate is the least: of rows whose %s is %s it counts one page for each of %d %s, as only the reading tells how many there are.",
			child.Variant.Column, strings.Join(t.variants[1:], " or "), t.open, p.Table))
	}
	r.Estimate = plan.Estimate{Calls: calls + each*t.calls + (t.empty+provedAtOnce-1)/provedAtOnce, Rows: each * t.rows, Known: true}
}

// listParents reads parents where that takes few calls; ok is false where it does
// not. rows and calls are their number and that of the calls.
func (x *Executor) listParents(ctx context.Context, q scan.Request, columns []string, add func(arrow.RecordBatch)) (rows, calls int64, ok bool) {
	page := int64(q.Path.Page)
	switch {
	case q.Parent != nil:
		above, own, ok := x.listParents(ctx, *q.Parent, nil, func(arrow.RecordBatch) {})
		if !ok || above > refinedRuns {
			return 0, 0, false
		}
		calls = own + above
	case q.Path.List == "" || len(q.Keys) > 1 || len(q.Filters) > 1:
		return 0, 0, false
	case page > 0:
		q.Limit = refinedPages*page + 1
	}
	q.Columns = nil
	for _, name := range columns {
		q.Columns = append(q.Columns, q.Table.Index(name))
	}
	batches, err := x.source.Scan(ctx, q)
	if err != nil {
		return 0, 0, false
	}
	err = scan.Each(ctx, batches, func(rec arrow.RecordBatch) error {
		rows += rec.NumRows()
		add(rec)
		return nil
	})
	if err != nil {
		return 0, 0, false
	}
	if q.Limit > 0 && rows >= q.Limit {
		return 0, 0, false
	}
	if calls == 0 {
		calls = 1
		if page > 0 {
			calls += (rows - 1) / page
		}
	}
	return rows, calls, true
}

// parentTally adds up what the runs for some parents take.
type parentTally struct {
	plan     *catalog.Parent
	child    *scan.Request
	doubts   []string
	variants []string
	// calls are those of the runs; empty parents and variants are proved to have
	// no rows many at a time.
	calls, rows, empty int64
	// open counts the parents of which more variants are read than the one that their
	// number of rows is about.
	open int64
}

// add looks at parents: their number of rows stands first, if the path knows it, then
// what tells that there are none.
func (t *parentTally) add(rec arrow.RecordBatch) {
	first := int(rec.NumCols()) - len(t.doubts)
	nothing := func(row int, columns []string) bool {
		for _, name := range columns {
			if at := first + slices.Index(t.doubts, name); rec.Column(at).IsValid(row) && rec.Column(at).ValueStr(row) != "0" && rec.Column(at).ValueStr(row) != "" {
				return false
			}
		}
		return len(columns) > 0
	}
	counted := t.child.Constant() && len(t.variants) < 2
	for row := range int(rec.NumRows()) {
		if nothing(row, t.plan.EmptyWhen) {
			t.empty++
			continue
		}
		runs := t.runs(func(columns []string) bool { return nothing(row, columns) })
		if runs == 0 {
			continue
		}
		var n int64
		if first > 0 {
			switch column := rec.Column(0).(type) {
			case *array.Int32:
				n = int64(column.Value(row))
			case *array.Int64:
				n = column.Value(row)
			}
		}
		t.rows += max(1, n)
		if runs > 1 && t.child.Path.Page > 0 {
			t.open++
		}
		if t.calls += runs; t.child.Path.Page > 0 && !counted {
			t.calls += max(0, n-1) / int64(t.child.Path.Page)
		}
	}
}

// runs is the number of requests for one parent. Those of its variants that should
// have no rows are left out, and counted as empty.
func (t *parentTally) runs(nothing func([]string) bool) int64 {
	var without []string
	for _, value := range t.variants {
		if nothing(t.child.Path.Variant.EmptyWhen[value]) {
			without = append(without, value)
		}
	}
	if len(without) == 0 {
		return int64(max(1, len(t.variants)))
	}
	t.empty += int64(len(without))
	one := *t.child
	if one.Variants = t.child.VariantsWithout(without); len(one.Variants) == 0 {
		return 0
	}
	return int64(max(1, len(one.VariantsRead())))
}

// glance reads the rows of a read that gives others its keys, where that takes few
// calls and a condition is left that the API can't test. It sets how many rows there
// are, and returns the numbers of different values in columns; nil where it did not
// look.
func (x *Executor) glance(ctx context.Context, r *plan.Read, columns []string) map[string]int64 {
	t := r.Access.Table
	tested := len(predicate.Conjuncts(r.Pushed)) == len(predicate.Conjuncts(r.Residual))
	if r.Empty || len(r.Parts) > 0 || r.Residual == predicate.True || tested || !r.Estimate.Known || r.Estimate.Calls > refinedPages || r.Estimate.Rows <= rightEnough {
		return nil
	}
	batches, err := x.source.Scan(ctx, r.Request)
	if err != nil {
		return nil // the query itself will meet it
	}
	rows := &staged{from: batches}
	if err := x.addStages(ctx, rows, r, t.ArrowSchema(r.Access.Columns)); err != nil {
		rows.Close()
		return nil
	}
	n, seen := int64(0), map[string]map[predicate.Value]bool{}
	err = scan.Each(ctx, rows, func(rec arrow.RecordBatch) error {
		n += rec.NumRows()
		for _, name := range columns {
			value, rows := keysOf(scan.Batch{Record: rec}, name, t.Column(name).Type)
			if seen[name] == nil && value != nil {
				seen[name] = map[predicate.Value]bool{}
			}
			for i := range rows {
				if v, ok := value(i); ok {
					v.Str = strings.Clone(v.Str)
					seen[name][v] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil
	}
	out := map[string]int64{}
	for name, values := range seen {
		out[name] = int64(len(values))
	}
	r.Estimate.Rows = n
	return out
}
