// Package change is changes of rows: INSERT, UPDATE and DELETE as a value that
// can be printed, the calls that carry it out, and the account of what was done.
//
// A front end makes a Change, in SQL by Parse and Statement.Bind. Which rows it
// is about is a query like any other, so that conditions are pushed down and
// restrictions of the caller hold. This package knows neither callers nor the
// data source: a Writer makes the calls.
package change

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Kind is what is done to rows.
type Kind uint8

// The kinds of change.
const (
	Insert Kind = iota
	Update
	Delete
)

// String gives the word of SQL.
func (k Kind) String() string { return [...]string{"INSERT", "UPDATE", "DELETE"}[k] }

// Change is a change of some rows of one table.
type Change struct {
	Kind  Kind
	Table *catalog.Table
	// Reads are the columns of a row that is there which the calls need, as
	// positions in Table.Columns. An insert has none.
	Reads []int
	// Assigned are the columns that get values.
	Assigned []int
	// Rows gives a row for each one that changes: Reads, and then the values of
	// Assigned unless Values has them. It is nil for an insert of Values.
	Rows *query.Query
	// Values are those of Assigned for all rows, as JSON, nil for null.
	Values []json.RawMessage
	// Returning are the columns of the answer.
	Returning []int
	// Names are those of Returning in the answer, "" for a column's own; nil for all
	// their own.
	Names []string
}

// Row is a row to be changed: the values of Reads and of Assigned as JSON, nil
// for null.
type Row struct{ Is, Becomes []json.RawMessage }

// offered returns the declaration of the change's kind. The error is
// gwerr.MethodNotAllowed where the service has no such call.
func offered(kind Kind, t *catalog.Table) error {
	w := t.Writes
	if w != nil {
		switch {
		case kind == Insert && w.Insert != nil, kind == Update && (w.Update != nil || len(w.Parts) > 0), kind == Delete && w.Delete != nil:
			return nil
		}
	}
	return gwerr.Newf(gwerr.MethodNotAllowed, "PingOne has no way to %s rows of %s.", strings.ToLower(kind.String()), t.Name).
		WithHint("The documentation of the table says what can be written.")
}

// New checks that the columns may be written and completes the change with what
// its calls read. place gives the position of an assigned column in the
// request's text. Errors are gwerr.MethodNotAllowed and gwerr.BadRequest.
func New(kind Kind, t *catalog.Table, assigned, returning []int, place func(i int) int) (*Change, error) {
	if err := offered(kind, t); err != nil {
		return nil, err
	}
	c := &Change{Kind: kind, Table: t, Assigned: assigned, Returning: returning}
	for i, at := range assigned {
		if err := c.mayAssign(at, slices.Contains(assigned[:i], at)); err != nil {
			e := gwerr.From(err).At(place(i)).On(t.Columns[at].Name)
			e.Hint = cmp.Or(e.Hint, "Leave it out; the documentation of the table says which ones are written, and when.")
			return nil, e
		}
	}
	if kind != Insert {
		return c, c.read()
	}
	if r := t.Restriction; r != nil && (r.Where != nil || r.FilterSQL != "") {
		return nil, gwerr.Newf(gwerr.Forbidden, "Your roles show you some rows of %s alone, so you can't insert any.", t.Name).
			WithHint("Ask the administrator for a role that writes the table without a condition on its rows.")
	}
	for _, at := range returning {
		if c.masked(at) {
			return nil, gwerr.Newf(gwerr.Forbidden, "Your roles mask %s, so a new row can't return it.", t.Columns[at].Name).On(t.Columns[at].Name)
		}
	}
	for i := range t.Columns {
		if col := &t.Columns[i]; col.Needed && !slices.Contains(assigned, i) {
			return nil, gwerr.Newf(gwerr.BadRequest, "A new row of %s needs a value for %s.", t.Name, col.Name).On(col.Name).WithHint("Name the column in the INSERT, with a value for each row.")
		}
	}
	return c, nil
}

func (c *Change) mayAssign(at int, twice bool) error {
	col, r := &c.Table.Columns[at], c.Table.Restriction
	switch {
	case twice:
		return gwerr.Newf(gwerr.BadRequest, "%s is given two values.", col.Name).WithHint("Give it one.")
	case c.masked(at):
		return gwerr.Newf(gwerr.Forbidden, "Your roles mask %s, so it can't be written.", col.Name)
	case r != nil && slices.Contains(r.Reads(), col.Name) && c.Kind == Update:
		return gwerr.Newf(gwerr.Forbidden, "Your roles choose the rows of %s by %s, so it can't be changed.", c.Table.Name, col.Name)
	case c.Kind == Insert && (col.Access == catalog.Writable || col.Access == catalog.OnInsert):
		return nil
	case c.Kind == Update && (col.Access == catalog.Writable || col.Access == catalog.OnUpdate) && (c.Table.Writes.Update != nil || c.Table.Writes.Part(col.Name) != nil):
		return nil
	case col.Access == catalog.ReadOnly:
		return gwerr.Newf(gwerr.BadRequest, "%s of %s can't be written: PingOne sets it.", col.Name, c.Table.Name)
	case c.Kind == Insert:
		return gwerr.Newf(gwerr.BadRequest, "%s of %s can be changed, but not given to a new row.", col.Name, c.Table.Name)
	default:
		return gwerr.Newf(gwerr.BadRequest, "%s of %s is given once, to a new row, and can't be changed.", col.Name, c.Table.Name)
	}
}

// masked reports whether the caller sees something else than the value.
func (c *Change) masked(at int) bool {
	return c.Table.Restriction.Masked(c.Table.Columns[at].Name)
}

// read adds the columns that tell which row it is, and those that the answer
// has of a row that is gone afterwards.
func (c *Change) read() error {
	names := map[string]bool{}
	for _, call := range c.calls() {
		for _, key := range call.Keys {
			names[key] = true
		}
	}
	for name := range c.Table.Writes.Only {
		names[name] = true
	}
	for i := range c.Table.Columns {
		col := &c.Table.Columns[i]
		if col.Key {
			names[col.Name] = true
		}
		if names[col.Name] || c.Kind == Delete && slices.Contains(c.Returning, i) {
			if c.masked(i) && names[col.Name] {
				continue // what is shown is not what the call needs
			}
			c.Reads = append(c.Reads, i)
			delete(names, col.Name)
		}
	}
	for name := range names {
		return gwerr.Newf(gwerr.Forbidden, "Your roles don't show %s of %s, by which rows are changed.", name, c.Table.Name)
	}
	return nil
}

// calls are the declared calls that the change may make for a row.
func (c *Change) calls() []*catalog.Write {
	w := c.Table.Writes
	switch c.Kind {
	case Insert:
		out := []*catalog.Write{w.Insert}
		for i := range w.Parts {
			if p := &w.Parts[i]; p.AfterInsert && c.assigns(p) {
				out = append(out, p)
			}
		}
		return out
	case Delete:
		return []*catalog.Write{w.Delete}
	case Update:
	}
	var out []*catalog.Write
	for _, at := range c.Assigned {
		if w.Part(c.Table.Columns[at].Name) == nil {
			out = append(out, w.Update)
			break
		}
	}
	for i := range w.Parts {
		if c.assigns(&w.Parts[i]) {
			out = append(out, &w.Parts[i])
		}
	}
	return out
}

// Allowed names the properties of a connection that must allow the change.
func (c *Change) Allowed() []string {
	var out []string
	for _, w := range c.calls() {
		if w.Allowed != "" {
			out = append(out, w.Allowed)
		}
	}
	return out
}

func (c *Change) assigns(part *catalog.Write) bool {
	return slices.ContainsFunc(c.Assigned, func(at int) bool { return slices.Contains(part.Columns, c.Table.Columns[at].Name) })
}

// Explain lists the calls for each row, as templates.
func (c *Change) Explain() []scan.Call {
	var out []scan.Call
	for _, w := range c.calls() {
		if w.Whole {
			read := w.Address
			if w.Listed {
				read = c.Table.Paths[0].List
			}
			out = append(out, scan.Call{Method: "GET", Address: read, Note: "once for each row, whose other members are sent again"})
		}
		note := "once for each row"
		if w.AfterInsert && c.Kind == Insert {
			note = "once for each row that has another " + w.Columns[0] + " than " + w.Unless
		}
		out = append(out, scan.Call{Method: w.Method, Address: w.Address, Note: note})
	}
	return out
}
