package system

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// informationSchema declares the schema of that name of SQL:2003, as far as a
// directory has something to say there. Types are spelled as PostgreSQL does.
func informationSchema() *Schema {
	return NewSchema("information_schema", false,
		schemataTable(), tablesTable(), viewsTable(), columnsTable(),
		tableConstraintsTable(), keyColumnUsageTable(), referentialConstraintsTable(),
		routinesTable(), parametersTable(), characterSetsTable(),
	)
}

// ofTable are the columns that name a table.
func ofTable() []catalog.Column {
	return []catalog.Column{
		text("table_catalog", "Name of the connection."), text("table_schema", "Name of the schema."), text("table_name", "Name of the table."),
	}
}

// ofConstraint are the columns that name a constraint.
func ofConstraint() []catalog.Column {
	return []catalog.Column{
		text("constraint_catalog", "Name of the connection."), text("constraint_schema", "Name of the schema."),
		text("constraint_name", "Name of the constraint: pk_ and the table, or fk_, the table and the column."),
	}
}

func schemataTable() Table {
	return Table{
		Name: "schemata", Doc: "Schemas that you may see.",
		Columns: []catalog.Column{
			text("catalog_name", "Name of the connection."), text("schema_name", "Name of the schema."),
			text("schema_owner", "Always null."), text("default_character_set_name", "Character set of texts."),
		},
		All: func(ctx context.Context, c *Catalog) (out []Row, err error) {
			names, err := c.Names(ctx)
			for _, n := range names {
				out = append(out, Row{c.Connection(), n.Name, nil, "UTF8"})
			}
			return out, err
		},
	}
}

// kindOf is BASE TABLE for a table of which some rows can be changed, else VIEW.
func kindOf(t *catalog.Table) string {
	if t.Writes != nil {
		return "BASE TABLE"
	}
	return "VIEW"
}

// mayInsert tells whether the caller may insert rows.
func (c *Catalog) mayInsert(s *catalog.Schema, t *catalog.Table) bool {
	return t.Writes != nil && t.Writes.Insert != nil && c.Writable(s, t)
}

func tablesTable() Table {
	return Table{
		Name: "tables", Doc: "Tables that you may see.", Keys: schemaIn("table_schema"),
		Columns: joined(ofTable(), []catalog.Column{
			text("table_type", "BASE TABLE where rows of some kind can be changed, else VIEW."),
			text("is_insertable_into", "YES where you may insert rows."), text("remarks", "Description of the table."),
		}),
		Each: func(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
			for _, t := range s.Tables {
				out = append(out, Row{c.Connection(), s.Name, t.Name, kindOf(t), yesNo(c.mayInsert(s, t)), orNull(t.Doc)})
			}
			return out, nil
		},
	}
}

func viewsTable() Table {
	return Table{
		Name: "views", Doc: "Tables that can only be read.", Keys: schemaIn("table_schema"),
		Columns: joined(ofTable(), []catalog.Column{
			text("view_definition", "Query of a view of the configuration; else null."), text("check_option", "Always NONE."),
			text("is_updatable", "Always NO."), text("is_insertable_into", "Always NO."),
		}),
		Each: func(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
			for _, t := range s.Tables {
				if kindOf(t) == "VIEW" {
					out = append(out, Row{c.Connection(), s.Name, t.Name, definition(t), "NONE", "NO", "NO"})
				}
			}
			return out, nil
		},
	}
}

// definition is the text of a view's query, nil for a table.
func definition(t *catalog.Table) any {
	if t.View == nil {
		return nil
	}
	return t.View.Text
}

func columnsTable() Table {
	return Table{
		Name: "columns", Doc: "Columns that you may see.", Keys: schemaIn("table_schema"),
		Columns: joined(ofTable(), []catalog.Column{
			text("column_name", "Name of the column."), number("ordinal_position", "Place of the column in its table, from 1."),
			text("column_default", "Always null."), text("is_nullable", "NO where the column is never null."),
			text("data_type", "Type in the SQL standard's words."), number("character_maximum_length", "Longest text in characters; null if not known."),
			number("numeric_precision", "Bits of a number."), number("numeric_scale", "Digits after the point, for whole numbers 0."),
			number("datetime_precision", "Digits of a second."), text("udt_schema", "Schema of that name: pg_catalog."), text("udt_name", "PostgreSQL's name of the type."),
			text("is_identity", "Always NO."),
			text("is_updatable", "YES where you may update values."), text("remarks", "Description of the column."),
		}),
		Each: func(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
			for _, t := range s.Tables {
				updatable := t.Writes != nil && (t.Writes.Update != nil || len(t.Writes.Parts) > 0) && c.Writable(s, t)
				for i := range t.Columns {
					col := &t.Columns[i]
					n := namesOfTypes[col.Type]
					changes := updatable && (col.Access == catalog.Writable || col.Access == catalog.OnUpdate)
					out = append(out, Row{
						c.Connection(), s.Name, t.Name, col.Name, int64(i + 1), nil, yesNo(!col.Required && !col.Key), n.standard,
						length(col), n.precision, n.scale, n.instant, "pg_catalog", n.udt, "NO", yesNo(changes), orNull(col.Doc),
					})
				}
			}
			return out, nil
		},
	}
}

// constraint is a primary key, or one foreign key.
type constraint struct {
	name    string
	columns []string
	foreign *foreignKey // nil for a primary key
}

// constrained makes the rows of a table of constraints: row gives those of one.
func constrained(row func(c *Catalog, s *catalog.Schema, t *catalog.Table, k constraint) []Row) func(context.Context, *Catalog, *catalog.Schema) ([]Row, error) {
	return func(ctx context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
		foreign, err := foreignKeys(ctx, c, s)
		if err != nil {
			return nil, err
		}
		for _, t := range s.Tables {
			primary := constraint{name: primaryKey(t)}
			for _, i := range t.Key() {
				primary.columns = append(primary.columns, t.Columns[i].Name)
			}
			if len(primary.columns) > 0 {
				out = append(out, row(c, s, t, primary)...)
			}
			for i := range foreign[t] {
				k := &foreign[t][i]
				out = append(out, row(c, s, t, constraint{name: k.name, columns: k.columns, foreign: k})...)
			}
		}
		return out, nil
	}
}

func tableConstraintsTable() Table {
	return Table{
		Name: "table_constraints", Doc: "Primary and foreign keys.", Keys: schemaIn("table_schema"),
		Columns: joined(ofConstraint(), ofTable(), []catalog.Column{
			text("constraint_type", "PRIMARY KEY or FOREIGN KEY."), text("is_deferrable", "Always NO."), text("initially_deferred", "Always NO."),
		}),
		Each: constrained(func(c *Catalog, s *catalog.Schema, t *catalog.Table, k constraint) []Row {
			kind := "PRIMARY KEY"
			if k.foreign != nil {
				kind = "FOREIGN KEY"
			}
			return []Row{{c.Connection(), s.Name, k.name, c.Connection(), s.Name, t.Name, kind, "NO", "NO"}}
		}),
	}
}

func keyColumnUsageTable() Table {
	return Table{
		Name: "key_column_usage", Doc: "Columns of primary and foreign keys.", Keys: schemaIn("table_schema"),
		Columns: joined(ofConstraint(), ofTable(), []catalog.Column{
			text("column_name", "Name of the column."), number("ordinal_position", "Place of the column in the key, from 1."),
			number("position_in_unique_constraint", "Place of the column that a foreign key points to in the primary key there."),
		}),
		Each: constrained(func(c *Catalog, s *catalog.Schema, t *catalog.Table, k constraint) (out []Row) {
			for i, name := range k.columns {
				var at any
				if k.foreign != nil && k.foreign.unique() != "" {
					at = k.foreign.place(k.foreign.targets[i])
				}
				out = append(out, Row{c.Connection(), s.Name, k.name, c.Connection(), s.Name, t.Name, name, int64(i + 1), at})
			}
			return out
		}),
	}
}

func referentialConstraintsTable() Table {
	return Table{
		Name: "referential_constraints", Doc: "Foreign keys, with the primary keys that they point to.", Keys: schemaIn("constraint_schema"),
		Columns: joined(ofConstraint(), []catalog.Column{
			text("unique_constraint_catalog", "Name of the connection."), text("unique_constraint_schema", "Schema of the primary key."),
			text("unique_constraint_name", "Name of the primary key; null where the column pointed to is none."),
			text("match_option", "Always NONE."), text("update_rule", "Always NO ACTION."), text("delete_rule", "Always NO ACTION."),
		}),
		Each: constrained(func(c *Catalog, s *catalog.Schema, _ *catalog.Table, k constraint) []Row {
			if k.foreign == nil {
				return nil
			}
			return []Row{{
				c.Connection(), s.Name, k.name, c.Connection(), k.foreign.in.Name, orNull(k.foreign.unique()),
				"NONE", "NO ACTION", "NO ACTION",
			}}
		}),
	}
}

func characterSetsTable() Table {
	return Table{
		Name: "character_sets", Doc: "The character set of all texts.",
		Columns: []catalog.Column{
			text("character_set_catalog", "Always null."), text("character_set_schema", "Always null."), text("character_set_name", "UTF8."),
			text("character_repertoire", "UCS."), text("form_of_use", "UTF8."), text("default_collate_catalog", "Name of the connection."),
			text("default_collate_schema", "Always null."), text("default_collate_name", "Always null."),
		},
		All: func(_ context.Context, c *Catalog) ([]Row, error) {
			return []Row{{nil, nil, "UTF8", "UCS", "UTF8", c.Connection(), nil, nil}}, nil
		},
	}
}
