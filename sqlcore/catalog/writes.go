package catalog

import "slices"

// Writes says how the rows of a table are changed.
type Writes struct {
	// Insert, Update and Delete are the calls that change one row; nil for what
	// the service does not offer. An Update of some columns may need Parts alone.
	Insert, Update, Delete *Write
	// Parts are calls that write a few columns each, in the order in which they
	// are made, after Update.
	Parts []Write
	// Only holds, by column, the text that a row must have to be updated or
	// deleted.
	Only map[string]string
	// Without are members that only the service sets: a row that is sent back as a
	// whole has none of them.
	Without []string
	// Secrets are members whose values no column shows, by the member that has one
	// beside it; any of those that a bar parts is enough. The service may not show
	// them: a row that comes without is not sent back as a whole, which would clear
	// them, and none is made.
	Secrets map[string]string
	// Refreshes is true where a change concerns what schemas look like.
	Refreshes bool
}

// Write is one call that writes.
type Write struct {
	Method string
	// Address is a template as Path.Get is. Keys are the columns it names.
	Address string
	Keys    []string
	// Endpoint names the address in metrics.
	Endpoint string
	// Type is the media type of the body, "" for JSON; Types are those by the
	// value of the only column.
	Type  string
	Types map[string]string
	// Columns are those that a part writes.
	Columns []string
	// Body gives the member for each column that is sent; nil sends every column
	// written at its Source.
	Body map[string]string
	// Values are the only values that the columns of a part take, as text; empty
	// for all.
	Values []string
	// AfterInsert makes a part follow an insert as well, unless its column has
	// the text Unless, which a new row has of itself.
	AfterInsert bool
	Unless      string
	// Allowed names the property of a connection that must allow the call; "" for
	// none but that writes are allowed.
	Allowed string
	// Whole sends the row as it was just read, with what changes in place: read at
	// Address or, if Listed, in the collection of the table's first path.
	Whole, Listed bool
}

// Part is the part that writes the column; nil if Update does.
func (w *Writes) Part(column string) *Write {
	for i := range w.Parts {
		if slices.Contains(w.Parts[i].Columns, column) {
			return &w.Parts[i]
		}
	}
	return nil
}
