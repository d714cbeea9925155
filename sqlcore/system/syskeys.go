package system

import (
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// referenced are the columns that name what a foreign key points to.
func referenced() []catalog.Column {
	return []catalog.Column{
		text("ReferencedCatalogName", "Name of the connection."), text("ReferencedSchemaName", "Schema that the foreign key points to."),
		text("ReferencedTableName", "Table that it points to."), text("ReferencedColumnName", "Column that it points to."),
	}
}

// eachKey makes rows of columns that belong to a primary key or to foreign ones,
// one for each of these; foreign is nil for a column of none.
func eachKey(row func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, foreign *foreignKey) Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(ctx context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		if s.System {
			return nil, nil
		}
		all, err := foreignKeys(ctx, c, s)
		if err != nil {
			return nil, err
		}
		add := func(r Row) {
			if r != nil {
				out = append(out, r)
			}
		}
		for _, t := range s.Tables {
			for i := range t.Columns {
				col, refers := &t.Columns[i], false
				for k := range all[t] {
					if foreign := &all[t][k]; slices.Contains(foreign.columns, col.Name) {
						refers = true
						add(row(c, s, t, col, foreign))
					}
				}
				if col.Key && !refers {
					add(row(c, s, t, col, nil))
				}
			}
		}
		return out, nil
	}
}

// cells are those of referenced, for a column of the key.
func (k *foreignKey) cells(c *Catalog, column string) []any {
	if k == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{c.Connection(), k.in.Name, k.table.Name, k.targets[slices.Index(k.columns, column)]}
}

func sysKeyColumns() Table {
	return Table{
		Name: "sys_keycolumns", Doc: "Columns of primary and foreign keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{
			flag("IsKey", "Whether the column belongs to the primary key."), flag("IsForeignKey", "Whether it is a foreign key."),
			text("PrimaryKeyName", "Name of the primary key."), text("ForeignKeyName", "Name of the foreign key."),
		}, referenced()),
		Each: eachKey(func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, k *foreignKey) Row {
			var primary, foreign any
			if col.Key {
				primary = primaryKey(t)
			}
			if k != nil {
				foreign = k.name
			}
			return append(Row{c.Connection(), s.Name, t.Name, col.Name, col.Key, k != nil, primary, foreign}, k.cells(c, col.Name)...)
		}),
	}
}

func sysPrimaryKeys() Table {
	return Table{
		Name: "sys_primarykeys", Doc: "Columns of primary keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{number("KeySeq", "Place of the column in the key, from 1."), text("KeyName", "Name of the key.")}),
		Each: eachTable(func(c *Catalog, s *catalog.Schema, t *catalog.Table) (out []Row) {
			for place, i := range t.Key() {
				out = append(out, Row{c.Connection(), s.Name, t.Name, t.Columns[i].Name, int64(place + 1), primaryKey(t)})
			}
			return out
		}),
	}
}

func sysForeignKeys() Table {
	return Table{
		Name: "sys_foreignkeys", Doc: "Columns that are foreign keys.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{
			text("PrimaryKeyName", "Name of the primary key that it points to; null if none."), text("ForeignKeyName", "Name of the foreign key."),
		}, referenced(), []catalog.Column{text("ForeignKeyType", "Always IMPORT: the key points to another table.")}),
		Each: eachKey(func(c *Catalog, s *catalog.Schema, t *catalog.Table, col *catalog.Column, k *foreignKey) Row {
			if k == nil {
				return nil
			}
			return append(append(Row{c.Connection(), s.Name, t.Name, col.Name, orNull(k.unique()), k.name}, k.cells(c, col.Name)...), "IMPORT")
		}),
	}
}
