// Package system is the tables about tables: what a caller sees of a connection,
// as rows. A system table is declared as a value of Table, columns and a function
// that gives its rows, and stands in a Schema; to the binder, the planner and the
// executor it is a table like any other, so that conditions, joins, limits and
// the audit trail are those of all queries.
//
// Rows come from the caller's Catalog, which the context carries, so that the
// declarations are the same for all callers and nothing of one is kept for
// another. What is read is the list of environments and the schemas that the
// query is about; no other call is made.
package system

import (
	"context"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
)

// Row is the cells of a row, as cell.Record takes them.
type Row = []any

// Table declares a system table.
type Table struct {
	Name, Doc string
	Columns   []catalog.Column
	// Each gives the rows about one schema of the caller's; it is called for one
	// after the other, system schemas at the end.
	Each func(ctx context.Context, c *Catalog, s *catalog.Schema) ([]Row, error)
	// Keys are columns that tell the rows of schemas apart, the most telling one
	// first: with a condition on one, or keys of a join, the other schemas are not
	// looked at, and only the rows that are asked for are passed on.
	Keys []Key
	// Unique are the columns that tell all rows apart, if there are any: by them, a
	// statement that names the table twice reads it for each use alone.
	Unique []string
	// All gives the rows where Each is nil.
	All func(ctx context.Context, c *Catalog) ([]Row, error)
}

// Key is a column that tells which schemas have rows with its values.
type Key struct {
	Column string
	// Named gives the value that all rows about a schema have, as text.
	Named func(catalog.SchemaName) string
	// Holds tells, where Named is nil, whether rows about a schema may have the
	// value.
	Holds func(s *catalog.Schema, value string) bool
}

// The names of the access paths of a system table; those by other keys are named
// after the column.
const (
	pathBySchema = "one schema"
	pathAll      = "all schemas"
)

// What is guessed of a system table's rows, for each value of a key: they take no
// calls, so this alone decides which table gives another its keys.
const (
	rowsOfKey    = 2
	rowsOfSchema = 1000
	rowsOfAll    = 100_000
	rowsOfFew    = 50 // of a table that isn't about schemas
)

// Schema is a schema of system tables.
type Schema struct {
	tables []Table
	schema *catalog.Schema
	// shown is the schema as it lists itself, without primary keys.
	shown *catalog.Schema
	name  catalog.SchemaName
}

// NewSchema declares a schema. The tables of an open one are found without its
// name, too, before those of the default schema.
func NewSchema(name string, open bool, tables ...Table) *Schema {
	s := &Schema{
		tables: tables, schema: &catalog.Schema{Name: name, System: true}, shown: &catalog.Schema{Name: name, System: true},
		name: catalog.SchemaName{Name: name, System: true, Qualified: !open},
	}
	for i := range tables {
		s.shown.Tables = append(s.shown.Tables, &catalog.Table{Name: tables[i].Name, Doc: tables[i].Doc, Columns: tables[i].Columns, Schema: s.shown})
		t := &catalog.Table{Name: tables[i].Name, Doc: tables[i].Doc, Columns: slices.Clone(tables[i].Columns), Schema: s.schema}
		for _, name := range tables[i].Unique {
			t.Columns[t.Index(name)].Key = true
		}
		for _, key := range tables[i].Keys {
			path := catalog.Path{Name: "by " + key.Column, List: name, Keys: []string{key.Column}, Page: rowsOfKey}
			if key.Named != nil {
				path.Name, path.Page = pathBySchema, rowsOfSchema
			}
			t.Paths = append(t.Paths, path)
		}
		all := catalog.Path{Name: pathAll, List: name, Page: rowsOfAll}
		if tables[i].Each == nil {
			all.Page = rowsOfFew
		}
		t.Paths = append(t.Paths, all)
		s.schema.Tables = append(s.schema.Tables, t)
	}
	return s
}

// Catalog is what a caller sees of a connection, system schemas included. It is a
// catalog.Provider itself.
type Catalog struct {
	// Provider gives the caller's schemas without the system's.
	catalog.Provider
	System []*Schema
	// Connection gives the connection's name, as the statement has it.
	Connection func() string
	// Procedures are those that the caller may call.
	Procedures func() procedure.Set
	// Writable tells whether the caller may change rows of the table.
	Writable func(s *catalog.Schema, t *catalog.Table) bool
	// Note takes what is missing from the schemas that were read, and why.
	Note func(text string)
	// Properties are the connection's.
	Properties func() []Property
}

// Property is a property of the connection.
type Property struct {
	Name, Doc, Type, Default string
	Values                   []string
	// Value is what is in force, *** for a secret, "" where the caller may not know.
	Value    string
	Category string
	Secret   bool
}

// Names implements catalog.Provider.
func (c *Catalog) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	names, err := c.Provider.Names(ctx)
	if err != nil {
		return nil, err
	}
	out := append(make([]catalog.SchemaName, 0, len(names)+len(c.System)), names...)
	for _, s := range c.System {
		out = append(out, s.name)
	}
	return out, nil
}

// Schema implements catalog.Provider.
func (c *Catalog) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	for _, s := range c.System {
		if strings.EqualFold(s.name.Name, name) {
			return s.schema, nil
		}
	}
	return c.Provider.Schema(ctx, name)
}

// Holds tells whether a statement that names the schema, or none, and the table
// means a system table.
func (c *Catalog) Holds(schema, table string) bool {
	return slices.ContainsFunc(c.System, func(s *Schema) bool {
		if schema != "" {
			return strings.EqualFold(s.name.Name, schema)
		}
		_, ok := s.schema.Table(table)
		return ok && !s.name.Qualified
	})
}

// listing is a schema as its own tables list it.
func (c *Catalog) listing(of *catalog.Schema) *catalog.Schema {
	for _, s := range c.System {
		if s.schema == of {
			return s.shown
		}
	}
	return of
}

// table finds the declaration of a table.
func (c *Catalog) table(of *catalog.Table) *Table {
	for _, s := range c.System {
		for i, t := range s.schema.Tables {
			if t == of {
				return &s.tables[i]
			}
		}
	}
	return nil
}

type catalogKey struct{}

// With returns a context under which system tables show the catalog.
func With(ctx context.Context, c *Catalog) context.Context {
	return context.WithValue(ctx, catalogKey{}, c)
}

func from(ctx context.Context) *Catalog {
	c, _ := ctx.Value(catalogKey{}).(*Catalog)
	return c
}
