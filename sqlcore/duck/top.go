//go:build duckdb_arrow

package duck

import "github.com/pingone-gateway/gateway/sqlcore/query"

// limit notes how many rows a limit wants of a scan: any, or the first by a column.
func (r *reader) limit(op *planOp) {
	s := shape{}
	if !s.take(op) || s.rows() == 0 {
		return
	}
	below := skipProjections(op.Children[0])
	if below == nil || below.Type != "LOGICAL_ORDER_BY" {
		if a := r.scans[preserved(below)]; a != nil {
			a.limit = s.rows()
		}
		return
	}
	if len(below.Orders) == 0 || len(below.Children) != 1 {
		return
	}
	by, a := below.Orders[0], r.scans[preserved(below.Children[0])]
	l, err := r.reference(by.Expression, r.outs[below.Children[0]])
	if err != nil || a == nil || l.access < 0 || r.accesses[l.access] != a || by.Type != "ASCENDING" && by.Type != "DESCENDING" {
		return
	}
	c := r.column(l)
	a.top = &query.Top{
		Column: c.Name, Descending: by.Type == "DESCENDING", Nullable: !c.Required, NullsFirst: by.Nulls == "NULLS FIRST",
		Rows: s.rows(), Alone: len(below.Orders) == 1,
	}
}

// preserved follows a plan down to the scan of which each row gives at least one of the
// plan's: through projections, and outer joins that keep it. It is nil if there is none.
func preserved(op *planOp) *planOp {
	for {
		op = skipProjections(op)
		switch {
		case op == nil || op.Type == "LOGICAL_GET":
			return op
		case op.Type != "LOGICAL_COMPARISON_JOIN" || len(op.Children) != 2:
			return nil
		case op.JoinType == "LEFT":
			op = op.Children[0]
		case op.JoinType == "RIGHT":
			op = op.Children[1]
		default:
			return nil
		}
	}
}

func skipProjections(op *planOp) *planOp {
	for op != nil && op.Type == "LOGICAL_PROJECTION" && len(op.Children) == 1 {
		op = op.Children[0]
	}
	return op
}
