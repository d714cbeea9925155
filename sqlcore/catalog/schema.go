package catalog

import (
	"context"
	"strings"
	"sync"
)

// Schema is a set of tables: one environment's, or Information.
type Schema struct {
	// Name is how queries call it; ID is the environment's id, "" for
	// Information. Both work in queries.
	Name, ID string
	// Label is the environment's own name, where that can't be the schema's; ""
	// if it is.
	Label  string
	Tables []*Table
	// Notes tell users what is missing from the schema and why.
	Notes []string
	// System is true of a schema about the others, whose rows the gateway itself
	// makes; see package system.
	System bool

	derived sync.Map
}

// Showing returns a schema of the same name and notes with other tables.
func (s *Schema) Showing(tables []*Table) *Schema {
	return &Schema{Name: s.Name, ID: s.ID, Label: s.Label, Notes: s.Notes, Tables: tables}
}

// Derived returns what build makes of the schema, made once and kept as long
// as the schema itself. key is of a type of the caller's own.
func (s *Schema) Derived(key any, build func() any) any {
	v, ok := s.derived.Load(key)
	if !ok {
		v, _ = s.derived.LoadOrStore(key, build())
	}
	return v
}

// EngineName is the schema's name in the engine, which has schemas of its own by
// the names of system schemas.
func (s *Schema) EngineName() string {
	if s.System {
		return "gateway." + s.Name
	}
	return s.Name
}

// Table returns the table of that name, letter case ignored.
func (s *Schema) Table(name string) (*Table, bool) {
	for _, t := range s.Tables {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return nil, false
}

// SchemaName is a schema's place in a catalog, as in Schema.
type SchemaName struct {
	Name, ID, Label string
	// Leaving is true of an environment that is being deleted.
	Leaving bool
	// System is that of the schema; the tables of a Qualified one are found by
	// their schema's name alone.
	System, Qualified bool
}

// Provider gives the schemas of one connection. Implementations read the list
// of environments and their user attributes, and keep them for a while.
type Provider interface {
	// Names lists the schemas, Information first.
	Names(ctx context.Context) ([]SchemaName, error)
	// Schema returns the schema of that name or id, letter case ignored. The
	// error is gwerr.UnknownSchema if there is none.
	Schema(ctx context.Context, name string) (*Schema, error)
	// Default names the schema of unqualified tables.
	Default() string
}
