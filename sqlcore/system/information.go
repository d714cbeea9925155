package system

import (
	"context"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// informationRows make the rows of information_schema's tables.
var informationRows = map[string]Table{
	"schemata":                {All: schemataRows},
	"tables":                  {Each: tableRows},
	"views":                   {Each: viewRows},
	"columns":                 {Each: columnRows},
	"table_constraints":       {Each: constrained(constraintRow)},
	"key_column_usage":        {Each: constrained(keyColumnRows)},
	"referential_constraints": {Each: constrained(referenceRow)},
	"routines":                {All: routineRows},
	"parameters":              {All: parameterRows},
	"character_sets": {All: func(_ context.Context, c *Catalog) ([]Row, error) {
		return []Row{{nil, nil, "UTF8", "UCS", "UTF8", c.Connection(), nil, nil}}, nil
	}},
}

func schemataRows(ctx context.Context, c *Catalog) (out []Row, err error) {
	names, err := c.Names(ctx)
	for _, n := range names {
		out = append(out, Row{c.Connection(), n.Name, nil, "UTF8"})
	}
	return out, err
}

// kindOf is BASE TABLE for a table of which some rows can be changed, else VIEW.
func kindOf(t *catalog.Table) string {
	if t.Writes != nil {
		return "BASE TABLE"
	}
	return "VIEW"
}

func tableRows(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
	for _, t := range s.Tables {
		mayInsert := t.Writes != nil && t.Writes.Insert != nil && c.Writable(s, t)
		out = append(out, Row{c.Connection(), s.Name, t.Name, kindOf(t), yesNo(mayInsert), orNull(t.Doc)})
	}
	return out, nil
}

func viewRows(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
	for _, t := range s.Tables {
		if kindOf(t) == "VIEW" {
			out = append(out, Row{c.Connection(), s.Name, t.Name, definition(t), "NONE", "NO", "NO"})
		}
	}
	return out, nil
}

// definition is the text of a view's query, nil for a table.
func definition(t *catalog.Table) any {
	if t.View == nil {
		return nil
	}
	return t.View.Text
}

// DefaultOf is the default that a column is said to have, as SQL; nil for none. A new row
// takes no value for it then, and clients that know leave it out.
func (c *Catalog) DefaultOf(s *catalog.Schema, t *catalog.Table, col *catalog.Column) any {
	if t.Writes == nil || t.Writes.Insert == nil || col.Access == catalog.Writable || col.Access == catalog.OnInsert || !c.Writable(s, t) {
		return nil
	}
	return "NULL"
}

func columnRows(_ context.Context, c *Catalog, s *catalog.Schema) (out []Row, err error) {
	for _, t := range s.Tables {
		updatable := t.Writes != nil && (t.Writes.Update != nil || len(t.Writes.Parts) > 0) && c.Writable(s, t)
		for i := range t.Columns {
			col := &t.Columns[i]
			n := namesOfTypes[col.Type]
			changes := updatable && (col.Access == catalog.Writable || col.Access == catalog.OnUpdate)
			out = append(out, Row{
				c.Connection(), s.Name, t.Name, col.Name, int64(i + 1), c.DefaultOf(s, t, col), yesNo(!col.Required && !col.Key), n.standard,
				length(col), n.precision, n.scale, n.instant, "pg_catalog", n.udt, "NO", yesNo(changes), orNull(col.Doc),
			})
		}
	}
	return out, nil
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

func constraintRow(c *Catalog, s *catalog.Schema, t *catalog.Table, k constraint) []Row {
	kind := "PRIMARY KEY"
	if k.foreign != nil {
		kind = "FOREIGN KEY"
	}
	return []Row{{c.Connection(), s.Name, k.name, c.Connection(), s.Name, t.Name, kind, "NO", "NO"}}
}

func keyColumnRows(c *Catalog, s *catalog.Schema, t *catalog.Table, k constraint) (out []Row) {
	for i, name := range k.columns {
		var at any
		if k.foreign != nil && k.foreign.unique() != "" {
			at = k.foreign.place(k.foreign.targets[i])
		}
		out = append(out, Row{c.Connection(), s.Name, k.name, c.Connection(), s.Name, t.Name, name, int64(i + 1), at})
	}
	return out
}

func referenceRow(c *Catalog, s *catalog.Schema, _ *catalog.Table, k constraint) []Row {
	if k.foreign == nil {
		return nil
	}
	return []Row{{c.Connection(), s.Name, k.name, c.Connection(), k.foreign.in.Name, orNull(k.foreign.unique()), "NONE", "NO ACTION", "NO ACTION"}}
}
