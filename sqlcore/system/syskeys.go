package system

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// referenced are the columns that name what a foreign key points to.
func referenced() []catalog.Column {
	return []catalog.Column{
		text("ReferencedCatalogName", "Name of the connection."), text("ReferencedSchemaName", "Schema that the foreign key points to."),
		text("ReferencedTableName", "Table that it points to."), text("ReferencedColumnName", "Column that it points to."),
	}
}

// eachKey makes rows of columns that belong to a primary key, whose place in it
// begins with 1, or to a foreign one; place is 0, or foreign nil, where they
// don't.
func eachKey(row func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, place int64, foreign *foreignKey) Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(ctx context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		if s.System {
			return nil, nil
		}
		all, err := foreignKeys(ctx, c, s)
		if err != nil {
			return nil, err
		}
		for _, t := range s.Tables {
			keys, place := all[t], int64(0)
			for i := range t.Columns {
				col := &t.Columns[i]
				var at int64
				var foreign *foreignKey
				if col.Key {
					place++
					at = place
				}
				if len(keys) > 0 && keys[0].column == col {
					foreign, keys = &keys[0], keys[1:]
				}
				if r := row(c, s, t, col, at, foreign); r != nil && (at > 0 || foreign != nil) {
					out = append(out, r)
				}
			}
		}
		return out, nil
	}
}

// cells are those of referenced.
func (k *foreignKey) cells(c *Catalog) []any {
	if k == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{c.Connection(), k.schema, k.table.Name, k.target}
}

func sysKeyColumns() Table {
	return Table{
		Name: "sys_keycolumns", Doc: "Columns of primary and foreign keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{
			flag("IsKey", "Whether the column belongs to the primary key."), flag("IsForeignKey", "Whether it is a foreign key."),
			text("PrimaryKeyName", "Name of the primary key."), text("ForeignKeyName", "Name of the foreign key."),
		}, referenced()),
		Each: eachKey(func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, place int64, k *foreignKey) Row {
			var primary, foreign any
			if place > 0 {
				primary = primaryKey(t)
			}
			if k != nil {
				foreign = k.name
			}
			return append(Row{c.Connection(), s.Name, t.Name, col.Name, place > 0, k != nil, primary, foreign}, k.cells(c)...)
		}),
	}
}

func sysPrimaryKeys() Table {
	return Table{
		Name: "sys_primarykeys", Doc: "Columns of primary keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{number("KeySeq", "Place of the column in the key, from 1."), text("KeyName", "Name of the key.")}),
		Each: eachKey(func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, place int64, _ *foreignKey) Row {
			if place == 0 {
				return nil
			}
			return Row{c.Connection(), s.Name, t.Name, col.Name, place, primaryKey(t)}
		}),
	}
}

func sysForeignKeys() Table {
	return Table{
		Name: "sys_foreignkeys", Doc: "Columns that are foreign keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{
			text("PrimaryKeyName", "Name of the primary key that it points to; null if none."), text("ForeignKeyName", "Name of the foreign key."),
		}, referenced(), []catalog.Column{text("ForeignKeyType", "Always IMPORT: the key points to another table.")}),
		Each: eachKey(func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, _ int64, k *foreignKey) Row {
			if k == nil {
				return nil
			}
			return append(append(Row{c.Connection(), s.Name, t.Name, col.Name, orNull(k.unique()), k.name}, k.cells(c)...), "IMPORT")
		}),
	}
}
