package catalog

import "slices"

// UserViews is the schema of the queries that a connection's configuration names.
const UserViews = "UserViews"

// View is a saved query that is named like a table. A table that is a view of one
// table's columns alone carries a Restriction, too, by which its rows are read
// without SQL.
type View struct {
	// Text is the query as its author wrote it; SQL is the same in the engine's
	// words, with all names in full.
	Text, SQL string
	// Changing is true where the query depends on the time of day, or on chance.
	Changing bool
}

// setsKey is that of the schema that Sets makes.
type setsKey struct{}

// Sets is the schema without the views whose rows SQL alone gives.
func (s *Schema) Sets() *Schema {
	hidden := func(t *Table) bool { return t.View != nil && t.Restriction == nil }
	if !slices.ContainsFunc(s.Tables, hidden) {
		return s
	}
	sets, _ := s.Derived(setsKey{}, func() any { return s.Showing(slices.DeleteFunc(slices.Clone(s.Tables), hidden)) }).(*Schema)
	return sets
}
