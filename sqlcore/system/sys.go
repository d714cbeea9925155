package system

import (
	"context"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// sysSchema declares the views that the commercial connector describes itself
// with, under its names. They need no schema's name before theirs, and leave
// system tables out.
func sysSchema() *Schema {
	return NewSchema("sys", true,
		sysCatalogs(), sysSchemas(), sysTables(), sysTableColumns(), sysKeyColumns(), sysPrimaryKeys(), sysForeignKeys(),
		sysProcedures(), sysProcedureParameters(), sysIndexes(), sysConnectionProps(), sysAccessPaths(),
	)
}

// sysOf are the columns that name a thing of a schema.
func sysOf(name, doc string) []catalog.Column {
	return []catalog.Column{text("CatalogName", "Name of the connection."), text("SchemaName", "Name of the schema."), text(name, doc)}
}

func sysOfTable() []catalog.Column { return sysOf("TableName", "Name of the table.") }

func sysOfColumn() []catalog.Column {
	return append(sysOfTable(), text("ColumnName", "Name of the column."))
}

// eachTable makes rows of the tables of schemas other than the system's.
func eachTable(row func(c *Catalog, s *catalog.Schema, t *catalog.Table) []Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		if s.System {
			return nil, nil
		}
		for _, t := range s.Tables {
			out = append(out, row(c, s, t)...)
		}
		return out, nil
	}
}

func sysCatalogs() Table {
	return Table{
		Name: "sys_catalogs", Doc: "The connection.", Columns: []catalog.Column{text("CatalogName", "Name of the connection.")},
		All: func(_ context.Context, c *Catalog) ([]Row, error) { return []Row{{c.Connection()}}, nil },
	}
}

func sysSchemas() Table {
	return Table{
		Name: "sys_schemas", Doc: "Schemas that you may see.",
		Columns: []catalog.Column{text("CatalogName", "Name of the connection."), text("SchemaName", "Name of the schema.")},
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			names, err := c.Provider.Names(ctx)
			for _, n := range names {
				out = append(out, Row{c.Connection(), n.Name})
			}
			return out, err
		},
	}
}

func sysTables() Table {
	return Table{
		Name: "sys_tables", Doc: "Tables that you may see.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfTable(), []catalog.Column{
			text("TableType", "TABLE where rows of some kind can be changed, else VIEW."), text("Description", "What the rows are."),
			flag("IsUpdateable", "Whether you may change rows."),
		}),
		Each: eachTable(func(c *Catalog, s *catalog.Schema, t *catalog.Table) []Row {
			kind := strings.TrimPrefix(kindOf(t), "BASE ")
			return []Row{{c.Connection(), s.Name, t.Name, kind, orNull(t.Doc), c.Writable(s, t)}}
		}),
	}
}

func sysTableColumns() Table {
	return Table{
		Name: "sys_tablecolumns", Doc: "Columns that you may see.", Keys: schemaIn("SchemaName"),
		Columns: joined(sysOfColumn(), []catalog.Column{
			text("DataTypeName", "Type in SQL."), number("DataType", "Number of the type in java.sql.Types."),
			number("Length", "Longest text in characters; null if not known."), number("NumericPrecision", "Bits of a number."),
			number("NumericScale", "Digits after the point, for whole numbers 0."), flag("IsNullable", "Whether values may be null."),
			text("Description", "What the values are."), number("Ordinal", "Place of the column in its table, from 1."),
			flag("IsAutoIncrement", "Always false."), flag("IsGeneratedColumn", "Whether the directory sets the value: a key that nobody writes."),
			flag("IsReadOnly", "Whether the column can't be written."), flag("IsKey", "Whether the column belongs to the primary key."),
			flag("IsHidden", "Always false."),
		}),
		Each: eachTable(func(c *Catalog, s *catalog.Schema, t *catalog.Table) (out []Row) {
			for i := range t.Columns {
				col := &t.Columns[i]
				n := namesOfTypes[col.Type]
				fixed := t.Writes == nil || col.Access == catalog.ReadOnly
				out = append(out, Row{
					c.Connection(), s.Name, t.Name, col.Name, col.Type.SQL(), n.jdbc, length(col), n.precision, n.scale, !col.Required && !col.Key,
					orNull(col.Doc), int64(i + 1), false, t.Writes != nil && col.Key && fixed, fixed, col.Key, false,
				})
			}
			return out
		}),
	}
}

func sysIndexes() Table {
	return Table{
		Name: "sys_indexes", Doc: "Always empty: a directory has no indexes to choose from.",
		Columns: joined(sysOfTable(), []catalog.Column{
			text("IndexName", "Name of the index."), text("ColumnName", "Name of the column."), flag("IsUnique", "Whether values are unique."),
			flag("IsPrimary", "Whether it is that of the primary key."), text("Type", "Kind of index."), text("SortOrder", "A or D."),
			number("OrdinalPosition", "Place of the column in the index, from 1."),
		}),
		All: func(context.Context, *Catalog) ([]Row, error) { return nil, nil },
	}
}

func sysConnectionProps() Table {
	return Table{
		Name: "sys_connection_props", Doc: "Properties of the connection.",
		Columns: []catalog.Column{
			text("Name", "Name of the property."), text("ShortDescription", "What it sets."), text("Type", "Form of the value."),
			text("Default", "Value where none is set."), text("Values", "The only values, with commas between; null for any."),
			text("Value", "Value in force, for administrators; *** for a secret."), flag("Required", "Always false: no property is needed in each connection."),
			text("Category", "Group of the property."), flag("IsSessionProperty", "Always false: the administrator sets properties."),
			text("Sensitivity", "SECRET where the value is never shown, else NONE."),
		},
		All: func(_ context.Context, c *Catalog) (out []Row, err error) {
			for _, p := range c.Properties() {
				sensitivity := "NONE"
				if p.Secret {
					sensitivity = "SECRET"
				}
				out = append(out, Row{
					p.Name, orNull(p.Doc), orNull(p.Type), orNull(p.Default), orNull(strings.Join(p.Values, ",")), orNull(p.Value),
					false, orNull(p.Category), false, sensitivity,
				})
			}
			return out, nil
		},
	}
}
