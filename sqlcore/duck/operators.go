//go:build duckdb_arrow

package duck

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// reference gives the lineage of an expression that only names a column. Its
// type must be the column's: a mismatch means that the plan is misread.
func (r *reader) reference(e *planExpr, in output) (lineage, error) {
	if e == nil || e.Class != "BOUND_REF" {
		return nowhere, nil
	}
	i, err := index(e.Index)
	if err != nil {
		return nowhere, err
	}
	l := in.at(i)
	if in.known && (i < 0 || i >= len(in.columns)) {
		return nowhere, errPlan
	}
	if l.access >= 0 && e.ReturnType.ID != planTypes[r.column(l).Type] {
		return nowhere, errPlan
	}
	return l, nil
}

func (r *reader) column(l lineage) *catalog.Column {
	return &r.accesses[l.access].table.Columns[l.column]
}

func (r *reader) project(list []*planExpr, in output) (output, error) {
	out := output{columns: make([]lineage, len(list)), known: true}
	for i, e := range list {
		var err error
		if out.columns[i], err = r.reference(e, in); err != nil {
			return output{}, err
		}
	}
	return out, nil
}

// filter hands conditions down to the one access whose columns they read.
func (r *reader) filter(list []*planExpr, in output) error {
	for _, e := range list {
		for _, part := range splitAnd(e) {
			if err := r.condition(part, in); err != nil {
				return err
			}
		}
	}
	return nil
}

func splitAnd(e *planExpr) []*planExpr {
	if e != nil && e.Class == "BOUND_CONJUNCTION" && e.Type == "CONJUNCTION_AND" {
		return e.Children
	}
	return []*planExpr{e}
}

func (r *reader) condition(e *planExpr, in output) error {
	refs := references(e, nil, 0)
	on := -1
	single, exact := true, true
	for _, ref := range refs {
		l, err := r.reference(ref, in)
		if err != nil {
			return err
		}
		if l.access < 0 || (on >= 0 && l.access != on) {
			single = false
			continue
		}
		on = l.access
		exact = exact && l.exact
	}
	if single && exact && on >= 0 {
		t := translator{notes: &r.notes, column: func(i int) *catalog.Column {
			if l := in.at(i); l.access == on {
				return r.column(l)
			}
			return nil
		}}
		if p, ok := t.keeps(e, 0); ok {
			r.accesses[on].where = append(r.accesses[on].where, p)
			return nil
		}
	}
	return r.residual(refs, e, in)
}

// residual marks the accesses whose rows a condition still tests.
func (r *reader) residual(refs []*planExpr, e *planExpr, in output) error {
	var names []string
	for _, ref := range refs {
		l, err := r.reference(ref, in)
		if err != nil {
			return err
		}
		if l.access < 0 {
			continue
		}
		r.accesses[l.access].partial = true
		if name := r.column(l).Name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 { // such as random() < 0.5: it may concern every row
		for _, a := range r.accesses {
			a.partial = true
		}
	} else {
		r.note(residualNote(describe(e), strings.Join(names, ", ")))
	}
	return nil
}

// references collects the column references of an expression.
func references(e *planExpr, out []*planExpr, depth int) []*planExpr {
	if e == nil || depth > maxPlanDepth {
		return out
	}
	if e.Class == "BOUND_REF" {
		return append(out, e)
	}
	for _, c := range e.parts() {
		out = references(c, out, depth+1)
	}
	return out
}

// aggregate keeps the lineage of grouping columns: a condition on one drops
// whole groups. With several grouping sets a column is sometimes null instead.
func (r *reader) aggregate(op *planOp, in output) (output, error) {
	out, err := r.project(op.Groups, in)
	if err != nil {
		return output{}, err
	}
	if r.groupingSets || len(op.GroupingSets) > 1 {
		out = unknownColumns(len(op.Groups))
	}
	// Below the aggregate, other columns' rows are all needed: only what is
	// carried up as a group stays exact.
	out.columns = append(out.columns, unknownColumns(len(op.Expressions)).columns...)
	return out, nil
}

// window adds columns that are computed over all rows of a partition: a
// condition on a column by which every window is partitioned drops whole
// partitions. The one exception is the row number by which the engine tells
// rows apart in a correlated join.
func (r *reader) window(op *planOp, in output) (output, error) {
	out := output{columns: append([]lineage(nil), in.columns...), known: in.known}
	for _, e := range op.Expressions {
		if e != nil && e.Type == "WINDOW_ROW_NUMBER" && e.Alias == "delim_index" && len(e.Children) == 0 {
			continue
		}
		by := map[lineage]bool{}
		if e != nil {
			keys, err := r.project(e.Partitions, in)
			if err != nil {
				return output{}, err
			}
			for _, l := range keys.columns {
				by[l] = l.access >= 0
			}
		}
		for i, l := range in.columns {
			out.columns[i].exact = out.columns[i].exact && by[l]
		}
	}
	out.columns = append(out.columns, unknownColumns(len(op.Expressions)).columns...)
	return out, nil
}

// sides says what a join does with its inputs: whether a condition above may
// drop rows of a side, and whether the side's rows without a partner count.
type sides struct{ leftExact, rightExact, reduceLeft, reduceRight, left, right, mark bool }

var joinSides = map[string]sides{
	"INNER":      {true, true, true, true, true, true, false},
	"LEFT":       {true, false, false, true, true, true, false},
	"RIGHT":      {false, true, true, false, true, true, false},
	"SINGLE":     {true, false, false, true, true, true, false},
	"SEMI":       {true, false, true, true, true, false, false},
	"ANTI":       {true, false, false, true, true, false, false},
	"RIGHT_SEMI": {false, true, true, true, false, true, false},
	"RIGHT_ANTI": {false, true, true, false, false, true, false},
	"MARK":       {true, false, false, false, true, false, true},
	"FULL":       {false, false, false, false, true, true, false},
	"OUTER":      {false, false, false, false, true, true, false},
}

func (r *reader) join(op *planOp) (output, error) {
	outs, err := r.children(op)
	if err != nil {
		return output{}, err
	}
	if len(outs) != 2 {
		return output{}, errPlan
	}
	s, known := joinSides[op.JoinType]
	if !known {
		return output{}, nil
	}
	if op.Type != "LOGICAL_ASOF_JOIN" {
		if err := r.joinKeys(op, outs, s); err != nil {
			return output{}, err
		}
	}
	return joined(op, outs, s)
}

// joined gives a join's output.
func joined(op *planOp, outs []output, s sides) (output, error) {
	out := output{known: true}
	for i, side := range []struct {
		shown, exact bool
		positions    []int
	}{{shown: s.left, exact: s.leftExact}, {shown: s.right, exact: s.rightExact}} {
		if !side.shown {
			continue
		}
		list := op.LeftMap
		if i == 1 {
			list = op.RightMap
		}
		positions, err := indexes(list)
		if err != nil {
			return output{}, err
		}
		from := outs[i]
		if !side.exact {
			from = from.inexact()
		}
		from = from.picked(positions)
		out.known = out.known && from.known
		out.columns = append(out.columns, from.columns...)
	}
	if s.mark {
		out.columns = append(out.columns, nowhere)
	}
	return out, nil
}

// joinKeys records the equalities by which one side may be reduced to the keys
// found on the other.
func (r *reader) joinKeys(op *planOp, outs []output, s sides) error {
	for _, c := range op.Conditions {
		left, err := r.reference(c.Left, outs[0])
		if err != nil {
			return err
		}
		right, err := r.reference(c.Right, outs[1])
		if err != nil {
			return err
		}
		if left.access < 0 || right.access < 0 || left.access == right.access {
			continue
		}
		l, rt := r.column(left), r.column(right)
		equal := c.Comparison == "COMPARE_EQUAL" ||
			c.Comparison == "COMPARE_NOT_DISTINCT_FROM" && (r.neverNull(left) || r.neverNull(right))
		if !equal || l.Type != rt.Type {
			continue
		}
		j := query.Join{
			Left: left.access, Right: right.access, LeftColumn: l.Name, RightColumn: rt.Name,
			ReduceLeft: s.reduceLeft && left.exact, ReduceRight: s.reduceRight && right.exact,
		}
		if j.ReduceLeft || j.ReduceRight {
			r.joins = append(r.joins, j)
		}
	}
	return nil
}

// neverNull reports whether a column holds no nulls: by the catalog, or since
// a condition of the access rules them out. Only joins that the engine derived
// from an equality compare nulls as equal, so that rows with a null key, should
// a source break its promise, have no partner in the query as written.
func (r *reader) neverNull(l lineage) bool {
	c := r.column(l)
	if c.Key || c.Required {
		return true
	}
	return slices.Contains(r.accesses[l.access].where, predicate.Expr(predicate.Not{Arg: predicate.IsNull{Column: c.Name}}))
}
