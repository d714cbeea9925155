//go:build duckdb_arrow

package duck

import (
	"context"
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

// describePlain fills in the result's columns where they are columns of one
// table, which spares the engine the planning of another statement. Without an
// alias the engine gives a column its name in the catalog, whatever the letter
// case in the text.
func (b *binder) describePlain(q *query.Query) bool {
	selected := b.tree.plain
	if q.Plain == nil || len(q.Accesses) != 1 || len(selected) == 0 || len(selected) != len(q.Plain.Project) {
		return false
	}
	a, taken := &q.Accesses[0], map[string]bool{}
	columns := make([]query.Column, len(selected))
	for i, at := range q.Plain.Project {
		c := &a.Table.Columns[a.Columns[at]]
		name := selected[i].alias
		if name == "" && strings.EqualFold(selected[i].name, c.Name) {
			name = c.Name
		}
		if name == "" || taken[strings.ToLower(name)] {
			return false // a sub-select's own name, or one that the engine makes unique
		}
		taken[strings.ToLower(name)] = true
		columns[i] = query.Column{Name: name, Type: c.Type, SQLType: c.Type.SQL()}
	}
	q.Columns = columns
	return true
}
