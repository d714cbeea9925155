//go:build duckdb_arrow

package duck

import "github.com/pingone-gateway/gateway/sqlcore/query"

// topOf recognises a plan for the first rows of a table by one of its columns: a
// limit of a sort of a scan, with nothing but projections between.
func (r *reader) topOf(op *planOp) *query.Top {
	op = skipProjections(op)
	if op == nil || op.Type != "LOGICAL_LIMIT" || len(op.Children) != 1 {
		return nil
	}
	s := shape{}
	if !s.take(op) || s.rows() == 0 {
		return nil
	}
	sort := op.Children[0]
	if sort == nil || sort.Type != "LOGICAL_ORDER_BY" || len(sort.Orders) == 0 || len(sort.Children) != 1 {
		return nil
	}
	by, below := sort.Orders[0], sort.Children[0]
	if scan := skipProjections(below); scan == nil || scan.Type != "LOGICAL_GET" {
		return nil
	}
	l, err := r.reference(by.Expression, r.outs[below])
	if err != nil || l.access < 0 || by.Type != "ASCENDING" && by.Type != "DESCENDING" {
		return nil
	}
	c := r.column(l)
	return &query.Top{
		Column: c.Name, Descending: by.Type == "DESCENDING", Nullable: !c.Required, NullsFirst: by.Nulls == "NULLS FIRST",
		Rows: s.rows(), Alone: len(sort.Orders) == 1,
	}
}

func skipProjections(op *planOp) *planOp {
	for op != nil && op.Type == "LOGICAL_PROJECTION" && len(op.Children) == 1 {
		op = op.Children[0]
	}
	return op
}
