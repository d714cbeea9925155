package plan

import (
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// schemaColumn holds the schema's id in every row of a table that stands in
// each environment; see catalog.Path.Get.
const schemaColumn = "EnvironmentId"

// fold decides the conditions on the column that is the same in all rows, so
// that a condition on another environment's id needs no call.
func fold(t *catalog.Table, e predicate.Expr) predicate.Expr {
	if t.Scope != catalog.PerEnvironment || t.Schema == nil || t.Schema.ID == "" {
		return e
	}
	return folder{schemaColumn, predicate.UUIDValue(t.Schema.ID)}.fold(e)
}

// folder decides conditions on a column of which the value is known.
type folder struct {
	column string
	value  predicate.Value
}

func (f folder) fold(e predicate.Expr) predicate.Expr {
	return predicate.Rewrite(e, func(e predicate.Expr) predicate.Expr {
		switch e := e.(type) {
		case predicate.Cmp:
			if e.Column == f.column && e.Op == predicate.Eq {
				return f.equals(e, e.Value)
			}
			if e.Column == f.column && e.Op == predicate.Ne {
				return f.fold(predicate.Not{Arg: predicate.Cmp{Column: e.Column, Op: predicate.Eq, Value: e.Value}})
			}
		case predicate.In:
			if e.Column == f.column {
				return f.equals(e, e.Values...)
			}
		case predicate.IsNull: // the column never is, so that what is decided is true or false
			if e.Column == f.column {
				return predicate.False
			}
		}
		return e
	})
}

// equals decides whether the column has one of the values; a value that can't
// be compared leaves e as it is.
func (f folder) equals(e predicate.Expr, values ...predicate.Value) predicate.Expr {
	for _, v := range values {
		order, ok := predicate.Compare(f.value, v)
		if !ok {
			return e
		}
		if order == 0 {
			return predicate.True
		}
	}
	return predicate.False
}
