//go:build duckdb_arrow

package duck

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// A column of an operator's output has a lineage: the column of an access it
// carries unchanged, if any. On the way up, two things may get lost:
//
//   - exact: whether the operator's rows are rows of the access, so that a
//     condition on the column above may already drop rows of the access. It
//     ends at aggregates, windows, limits and the null-supplying side of outer
//     joins. A grouping or partitioning column keeps it: dropping all rows of a
//     group drops the group.
//   - the lineage itself, where values are computed or come from two places.

// lineage is where a column's values come from.
type lineage struct {
	access int // position in reader.accesses; -1 for none
	column int // position in the table's columns
	exact  bool
}

var nowhere = lineage{access: -1}

// output is what is known of an operator's columns. known is false where not
// even their number is.
type output struct {
	columns []lineage
	known   bool
}

func unknownColumns(n int) output {
	out := output{columns: make([]lineage, n), known: true}
	for i := range out.columns {
		out.columns[i] = nowhere
	}
	return out
}

func (o output) at(i int) lineage {
	if !o.known || i < 0 || i >= len(o.columns) {
		return nowhere
	}
	return o.columns[i]
}

// inexact is the output as seen through an operator that needs all its rows.
func (o output) inexact() output {
	out := output{columns: append([]lineage(nil), o.columns...), known: o.known}
	for i := range out.columns {
		out.columns[i].exact = false
	}
	return out
}

// picked gives the columns at the positions, or all if none are named.
func (o output) picked(positions []int) output {
	if len(positions) == 0 {
		return o
	}
	out := output{known: true}
	for _, p := range positions {
		out.columns = append(out.columns, o.at(p))
	}
	return out
}

// access is a reading of a table as found in a plan.
type access struct {
	table    *catalog.Table
	columns  []int // in the order of the plan
	where    []predicate.Expr
	optional []predicate.Expr // repeated by a filter above
	// partial is true when some condition could not be translated.
	partial bool
	// repeated is true when the plan may read the access more than once: for each
	// round of a recursion, or where a table expression is named.
	repeated bool
	// limit is the number of rows after which the plan needs no more, 0 if there is none;
	// top those that are the first in an order.
	limit int64
	top   *query.Top
}

// reader walks a plan.
type reader struct {
	tables   []*catalog.Table
	accesses []*access
	joins    []query.Join
	notes    []string
	depth    int
	repeats  int // operators under way whose rows may be read more than once
	// groupingSets is true where the text groups by several sets: a plan
	// without empty lists doesn't show the empty one.
	groupingSets bool
	windows      bool // the plan has window functions
	// outs is what each operator gives, scans the accesses of those that read tables.
	outs  map[*planOp]output
	scans map[*planOp]*access
}

// walk reads an operator and all below it.
func (r *reader) walk(op *planOp) (output, error) {
	if op == nil {
		return output{}, errPlan
	}
	if r.depth++; r.depth > maxPlanDepth {
		return output{}, errPlan
	}
	defer func() { r.depth-- }()
	out, err := r.operator(op)
	if r.outs == nil {
		r.outs = map[*planOp]output{}
	}
	r.outs[op] = out
	return out, err
}

func (r *reader) operator(op *planOp) (output, error) {
	switch op.Type {
	case "LOGICAL_GET":
		return r.get(op)
	case "LOGICAL_COMPARISON_JOIN", "LOGICAL_DELIM_JOIN", "LOGICAL_ASOF_JOIN":
		return r.join(op)
	}
	outs, err := r.children(op)
	if err != nil {
		return output{}, err
	}
	if len(outs) == 1 {
		return r.unary(op, outs[0])
	}
	return r.other(op, outs)
}

func (r *reader) children(op *planOp) ([]output, error) {
	outs := make([]output, len(op.Children))
	for i, c := range op.Children {
		before := r.repeats
		if op.Type == "LOGICAL_RECURSIVE_CTE" || op.Type == "LOGICAL_MATERIALIZED_CTE" && i == 0 {
			r.repeats++
		}
		var err error
		if outs[i], err = r.walk(c); err != nil {
			return nil, err
		}
		r.repeats = before
	}
	return outs, nil
}

// unary reads an operator with one child.
func (r *reader) unary(op *planOp, in output) (output, error) {
	switch op.Type {
	case "LOGICAL_PROJECTION":
		return r.project(op.Expressions, in)
	case "LOGICAL_FILTER":
		if err := r.filter(op.Expressions, in); err != nil {
			return output{}, err
		}
		positions, err := indexes(op.ProjectionMap)
		return in.picked(positions), err
	case "LOGICAL_ORDER_BY":
		if len(op.Projections) > 0 || len(op.ProjectionMap) > 0 {
			return output{}, nil
		}
		return in, nil
	case "LOGICAL_LIMIT":
		r.limit(op)
		return in.inexact(), nil
	case "LOGICAL_DISTINCT":
		if op.DistinctType == "DISTINCT" {
			return in, nil
		}
		return in.inexact(), nil
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		return r.aggregate(op, in)
	case "LOGICAL_WINDOW":
		r.windows = true
		return r.window(op, in)
	case "LOGICAL_UNNEST":
		out := in.inexact()
		out.columns = append(out.columns, unknownColumns(len(op.Expressions)).columns...)
		return out, nil
	}
	return output{}, nil
}

// other reads leaves and operators of several children.
func (r *reader) other(op *planOp, outs []output) (output, error) {
	switch op.Type {
	case "LOGICAL_CTE_REF", "LOGICAL_DELIM_GET", "LOGICAL_CHUNK_GET":
		return unknownColumns(len(op.ChunkTypes)), nil
	case "LOGICAL_EMPTY_RESULT":
		return unknownColumns(len(op.ReturnTypes)), nil
	case "LOGICAL_EXPRESSION_GET":
		return unknownColumns(len(op.ExprTypes)), nil
	case "LOGICAL_DUMMY_SCAN":
		return unknownColumns(1), nil
	case "LOGICAL_MATERIALIZED_CTE":
		if len(outs) == 2 {
			return outs[1], nil
		}
	case "LOGICAL_CROSS_PRODUCT":
		if len(outs) == 2 && outs[0].known && outs[1].known {
			return output{columns: append(append([]lineage(nil), outs[0].columns...), outs[1].columns...), known: true}, nil
		}
	}
	return output{}, nil
}

// get reads a scan: its table, its columns and the conditions put at it.
func (r *reader) get(op *planOp) (output, error) {
	if op.FunctionData.Table == "" || len(op.Children) > 0 {
		// A table function. Its own children are read for their scans.
		_, err := r.children(op)
		return output{}, err
	}
	t := r.table(op.FunctionData.Schema, op.FunctionData.Table)
	if t == nil || len(op.ReturnedTypes) != len(t.Columns) {
		return output{}, errPlan
	}
	for i := range t.Columns {
		if op.ReturnedTypes[i].ID != planTypes[t.Columns[i].Type] {
			return output{}, errPlan
		}
	}
	a := &access{table: t, repeated: r.repeats > 0}
	id := len(r.accesses)
	r.accesses = append(r.accesses, a)
	if r.scans == nil {
		r.scans = map[*planOp]*access{}
	}
	r.scans[op] = a
	out := output{known: true}
	for _, c := range op.ColumnIndexes {
		i, err := index(c.Index)
		if err != nil || i >= len(t.Columns) {
			return output{}, errPlan
		}
		if i == noColumn {
			out.columns = append(out.columns, nowhere)
			continue
		}
		a.columns = append(a.columns, i)
		out.columns = append(out.columns, lineage{access: id, column: i, exact: true})
	}
	if err := r.tableFilters(op, a); err != nil {
		return output{}, err
	}
	positions, err := indexes(op.ProjectionIDs)
	return out.picked(positions), err
}

func (r *reader) tableFilters(op *planOp, a *access) error {
	t := translator{notes: &r.notes}
	for _, f := range op.TableFilters.Filters {
		i, err := index(f.Key)
		if err != nil || i < 0 || i >= len(a.table.Columns) {
			return errPlan
		}
		c := &a.table.Columns[i]
		for _, part := range conjunctsOf(f.Value) {
			e, optional, ok := t.tableFilter(part, c, 0)
			switch {
			case ok && optional:
				a.optional = append(a.optional, e)
			case ok:
				a.where = append(a.where, e)
			case part == nil || part.Type != "OPTIONAL_FILTER" && part.Type != "DYNAMIC_FILTER":
				a.partial = true
				if e := begins(part, c); e != nil {
					a.where = append(a.where, e)
				}
				r.note(residualNote(describeFilter(part), c.Name))
			}
		}
	}
	if len(a.where) > 0 {
		a.where = predicate.Conjuncts(prefixes(predicate.AllOf(a.where...)))
	}
	return nil
}

// conjunctsOf splits a conjunction, so that one part that can't be translated
// doesn't hold back the others.
func conjunctsOf(f *planFilter) []*planFilter {
	if f != nil && f.Type == "CONJUNCTION_AND" {
		return f.Children
	}
	return []*planFilter{f}
}

func (r *reader) table(schema, name string) *catalog.Table {
	for _, t := range r.tables {
		if strings.EqualFold(t.Schema.EngineName(), schema) && strings.EqualFold(t.Name, name) {
			return t
		}
	}
	return nil
}

func (r *reader) note(s string) { (translator{notes: &r.notes}).note(s) }
