//go:build duckdb_arrow

package duck

import (
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// topOf recognises a plan for the first rows of a table by one of its columns: a
// limit of a sort of a scan, with nothing but projections between.
func topOf(op *planOp, t *catalog.Table) *query.Top {
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
	by := sort.Orders[0]
	name := columnAt(sort.Children[0], by.Expression, t)
	if c := t.Column(name); c == nil || !c.Required || !slices.Contains([]string{"ASCENDING", "DESCENDING"}, by.Type) {
		return nil
	}
	return &query.Top{Column: name, Descending: by.Type == "DESCENDING", Rows: s.rows(), Alone: len(sort.Orders) == 1}
}

func skipProjections(op *planOp) *planOp {
	for op != nil && op.Type == "LOGICAL_PROJECTION" && len(op.Children) == 1 {
		op = op.Children[0]
	}
	return op
}

// columnAt names the column of a scan that an expression over it is; "" for none.
func columnAt(op *planOp, e *planExpr, t *catalog.Table) string {
	for op != nil && e != nil && e.Class == "BOUND_REF" {
		at, err := index(e.Index)
		if err != nil {
			return ""
		}
		switch {
		case op.Type == "LOGICAL_PROJECTION" && len(op.Children) == 1 && at < len(op.Expressions):
			op, e = op.Children[0], op.Expressions[at]
		case op.Type == "LOGICAL_GET" && len(op.Children) == 0:
			return scanned(op, at, t)
		default:
			return ""
		}
	}
	return ""
}

// scanned names the column in a place of a scan's output.
func scanned(op *planOp, at int, t *catalog.Table) string {
	positions, err := indexes(op.ProjectionIDs)
	if err != nil {
		return ""
	}
	if len(positions) > 0 {
		if at >= len(positions) {
			return ""
		}
		at = positions[at]
	}
	if at < 0 || at >= len(op.ColumnIndexes) {
		return ""
	}
	column, err := index(op.ColumnIndexes[at])
	if err != nil || column < 0 || column >= len(t.Columns) {
		return ""
	}
	return t.Columns[column].Name
}
