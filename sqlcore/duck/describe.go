//go:build duckdb_arrow

package duck

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// resultTypes maps the engine's types to the catalog's. Types that none covers
// are carried as text or as the nearest number, under their own SQL name.
var resultTypes = map[string]catalog.Type{
	"VARCHAR": catalog.String, "BOOLEAN": catalog.Bool, "INTEGER": catalog.Int32, "BIGINT": catalog.Int64,
	"DOUBLE": catalog.Float64, "TIMESTAMPTZ": catalog.Timestamp, "UUID": catalog.GUID, "JSON": catalog.JSON,
	"VARCHAR[]": catalog.StringList,

	"TINYINT": catalog.Int32, "SMALLINT": catalog.Int32, "UTINYINT": catalog.Int32, "USMALLINT": catalog.Int32,
	"UINTEGER": catalog.Int64, "FLOAT": catalog.Float64, "TIMESTAMP": catalog.Timestamp,
}

// describe fills in the result's columns.
func (b *binder) describe(ctx context.Context, q *query.Query) error {
	names, types, err := b.c.describe(ctx, b.sql)
	if err != nil {
		return err
	}
	outputs := b.tree.outputs
	for i := range names {
		c := query.Column{Name: names[i], Type: resultTypes[types[i]], SQLType: types[i]}
		if len(outputs) == len(names) && outputs[i] != "" {
			c.Name = outputs[i]
		}
		q.Columns = append(q.Columns, c)
	}
	return nil
}

// describePlanned fills in the result's columns where text and plan tell them, which
// spares the engine the planning of another statement: r has read the plan with
// the root top. Without an alias the engine gives a column its name in the catalog,
// whatever the letter case in the text.
func (b *binder) describePlanned(r *reader, top *planOp, q *query.Query) bool {
	out, types, outputs := r.outs[top], columnTypes(top), b.tree.outputs
	if !out.known || len(out.columns) != len(outputs) || len(outputs) != len(b.tree.listed) {
		return false
	}
	columns, taken := make([]query.Column, len(outputs)), map[string]bool{}
	for i, listed := range b.tree.listed {
		c := query.Column{Name: cmp.Or(listed.alias, outputs[i])}
		if l := out.columns[i]; l.access >= 0 {
			of := r.column(l)
			c.Type, c.SQLType = of.Type, of.Type.SQL()
			if c.Name == "" && strings.EqualFold(listed.column, of.Name) {
				c.Name = of.Name
			}
		} else if i < len(types) && types[i].Info == nil {
			c.SQLType = strings.Replace(types[i].ID, "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", 1)
			var known bool
			if c.Type, known = resultTypes[c.SQLType]; !known {
				return false
			}
		}
		// Some names are a sub-select's own, or made unique by the engine.
		if c.Name == "" || c.SQLType == "" || taken[strings.ToLower(c.Name)] {
			return false
		}
		columns[i], taken[strings.ToLower(c.Name)] = c, true
	}
	q.Columns = columns
	return true
}

// columnTypes gives the types of an operator's columns; nil where they aren't read.
func columnTypes(op *planOp) (out []planType) {
	for len(op.Children) == 1 && len(op.ProjectionMap) == 0 && len(op.Projections) == 0 &&
		(op.Type == "LOGICAL_ORDER_BY" || op.Type == "LOGICAL_LIMIT" || op.Type == "LOGICAL_FILTER" || op.Type == "LOGICAL_DISTINCT") && op.Children[0] != nil {
		op = op.Children[0]
	}
	if op.Type != "LOGICAL_PROJECTION" && op.Type != "LOGICAL_AGGREGATE_AND_GROUP_BY" {
		return nil
	}
	for _, e := range slices.Concat(op.Groups, op.Expressions) {
		switch {
		case e == nil:
			return nil
		case e.Class == "BOUND_CONSTANT" && e.Value != nil:
			out = append(out, e.Value.Type)
		default:
			out = append(out, e.ReturnType)
		}
	}
	return out
}
