// Package catalog is the relational model of a directory: schemas, tables,
// columns, keys, references and the access paths by which rows are read.
//
// Tables are declared in YAML, one file each, and loaded with Load; the model
// here is what every front end, the planner and the scanner share. Nothing in
// it is specific to one directory: paths are templates, and odd behaviour is
// the name of a hook that the scanner knows.
package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Scope says how often a table exists.
type Scope uint8

// The scopes.
const (
	// Global tables stand once, in the schema Information.
	Global Scope = iota
	// PerEnvironment tables stand in every environment's schema.
	PerEnvironment
)

// Access says when a column may be written.
type Access uint8

// The kinds of write access.
const (
	ReadOnly Access = iota // never
	Writable               // on INSERT and UPDATE
	OnInsert               // on INSERT only
	OnUpdate               // on UPDATE only
)

// Column is a column of a table.
type Column struct {
	Name string
	Type Type
	// Source is the member that holds the value, from the root of a row:
	// "name.given"; "scopes[].id" collects a list, "a|b" takes b where a is
	// missing, and a point or bar of a member's own name is written twice. A path
	// may override it.
	Source string
	Doc    string
	// Key columns form the primary key, in table order.
	Key bool
	// Required columns are never null.
	Required bool
	Access   Access
	// Needed columns must be given by an INSERT.
	Needed bool
	// Values lists the known values of an enumeration, for documentation.
	Values []string
	// Sensitive columns hold personal data; masks and the audit log care.
	Sensitive bool
	// References is the column this one points to, or nil.
	References *Reference
	// Without names members that a JSON value is shown without, at any depth:
	// they hold secrets.
	Without []string
	// Names makes a list of the names of an object's members, not their values.
	Names bool
	// Position holds where in Derived.Unnest the row's element stands: its
	// number, from 0, or the name of a member.
	Position bool
	// Unless hides the value, as null, in rows where another column has a text.
	Unless *Unless
	// MaxLength is the longest text in characters; 0 if not known.
	MaxLength int
	// Custom is true for a column that was discovered, not declared.
	Custom bool
}

// Unless is the text of another column, letter case ignored, whose rows don't
// show a value.
type Unless struct{ Column, Text string }

// Reference is a foreign key to one column of another table, with the names of
// the OData navigation properties in both directions; "-" for none.
type Reference struct {
	Table, Column     string
	Forward, Backward string
}

// Hidden is a name that an SQL statement may select like a column, for those
// who know it from elsewhere. It is part of no listing: its values stand in
// another table of the schema, in the rows whose Key is this table's key.
type Hidden struct {
	Name               string
	Table, Key, Column string
	// List collects the values of all such rows; otherwise there is one at most.
	List bool
}

// Table is a table or OData entity set.
type Table struct {
	Name   string
	Entity string // the OData entity type
	Doc    string
	Scope  Scope
	// Schema is where this table stands; nil for a declaration.
	Schema  *Schema
	Columns []Column
	// Hidden are names whose values stand in other tables.
	Hidden []Hidden
	Paths  []Path
	// Writes says how rows are changed; nil where they are only read.
	Writes *Writes
	// Group is the rate-limit group that the table's calls count for, by the
	// service's own name; "" for its usual one.
	Group string
	// Derived says that the rows are made from another table's; nil if not.
	Derived *Derived
	// Size says where about the number of rows can be read cheaply, for
	// planning; nil if nowhere. It never answers a query.
	Size *Size
	// Permission names the rights that reading needs, for documentation.
	Permission string
	// Examples are SQL queries for documentation.
	Examples []string
	// ManyToMany says that the rows link two other tables; nil if they don't.
	ManyToMany *ManyToMany
	// Discover names the hook that adds columns found at run time.
	Discover string
	// Changed names the timestamp column that every change of a row moves on;
	// "" where rows don't tell. It lets a scan prove that it is complete.
	Changed string
	// Option names the connection's option without which the table isn't there,
	// "" for none.
	Option string
	// Members are the tables, one for each environment, whose rows this one has
	// together; nil for a table of its own.
	Members []*Table
	// View is the query whose rows these are; nil for a table of its own.
	View *View
	// Restriction is set on a table that shows a caller only a part.
	Restriction *Restriction
}

// Derived makes the rows of a table from what the paths of another one answer.
type Derived struct {
	// Table is the other one; "" if the answers are those of the table's own paths.
	Table string
	// Where holds, by member of a row there, the text that it must have.
	Where map[string]string
	// Unnest is the member, an array or an object, of which each element is a row
	// here; "" if the rows themselves are; "a|b" is b where a is missing. The
	// columns' sources begin at the row there: "a[].id" is a member of the element.
	Unnest string
}

// InElement gives the place inside an element of Unnest that a column's source
// names, "" for a source in the row around it.
func (d *Derived) InElement(source string) string {
	if d == nil || d.Unnest == "" {
		return ""
	}
	array, _, _ := strings.Cut(d.Unnest, "|")
	rest, ok := strings.CutPrefix(source, array+"[].")
	if !ok {
		return ""
	}
	return rest
}

// ManyToMany declares that each row of the table that carries it links a row of
// one table to a row of another, by its references to them. Forward is the
// OData navigation property of From that leads to To, Backward the one back.
type ManyToMany struct{ From, To, Forward, Backward string }

// Size tells where a table's number of rows is known, even if it lags behind:
// the sum of a column of
// another table, or the count that the path of that name answers.
type Size struct {
	Table, Column string
	Path          string
}

// Path is an access path: a way to get rows of a table.
type Path struct {
	Name string
	Doc  string
	// Get is the template of an address that answers one row, List of one that
	// answers a collection; exactly one is set, or neither where Parent is.
	// {Column} stands for a key's value, {EnvironmentId} for the schema's. A Get
	// without keys answers the only row of a schema.
	Get, List string
	// Items is the collection's key under _embedded.
	Items string
	// Keys are the columns whose values the path needs: those that its address
	// and conditions name, in that order.
	Keys []string
	// Supplies are columns whose value is the key's, not a member of the row:
	// all Keys but the one that ends the address of a Get.
	Supplies []string
	// Sources overrides Column.Source for this path.
	Sources map[string]string
	// Endpoint names the address in metrics.
	Endpoint string
	// Group is the rate-limit group of the path's calls; "" for the table's.
	Group string
	// Page is the page size asked for, PageMax the largest useful; 0 if the
	// service decides.
	Page, PageMax int
	// CountExact is true when answers carry the number of all rows that the
	// path gives, so that it may answer COUNT(*).
	CountExact bool
	// Filter is a condition that is always sent, a template as Get.
	Filter string
	// Filters says which columns can be tested upstream.
	Filters map[string]Filter
	// And and Or say whether tests can be joined upstream. Without And, Prefer
	// lists the columns of Filters in the order in which one is chosen.
	And, Or bool
	Prefer  []string
	// Missing lists HTTP statuses that mean "no such row".
	Missing []int
	// Order names the attributes by which the service can sort, by column: "name"
	// for both directions, "-name" for the descending one alone.
	Order map[string]string
	// Each lists keys of which every value of the column is read where a
	// condition leaves them open.
	Each []string
	// Range is the time span that the service must be told; nil if none.
	Range *Range
	// Shown tells which keys the service refuses because it does not show them;
	// nil if a refusal always means that something may not be read.
	Shown *Shown
	// Unique columns identify at most one row when tested for equality.
	Unique []string
	// Variant splits the path by the value of a column that rows don't hold.
	Variant *Variant
	// Partition tells how a full scan is divided; nil if it can't be.
	Partition *Partition
	// Parent makes the path read a parent table first; nil if it doesn't.
	Parent *Parent
	// Lookup takes columns from another table's row with the same key.
	Lookup map[string]Lookup
	// Query is added to every request of the path, such as
	// "expand=billOfMaterials", by the column that needs it; "" for always.
	Query map[string]string
}

// Filter is what the service can test of one column.
type Filter struct {
	// Attribute is its name in filters.
	Attribute string
	Operators []predicate.Operator
	// Exact is true when the service keeps exactly the rows that SQL keeps.
	Exact bool
	// Unconfirmed operators are sent only where the connection allows it.
	Unconfirmed []predicate.Operator
}

// Variant divides a path into one request for each value of a column.
type Variant struct {
	Column string
	// Filters is the path's Filter for each value, in order of precedence: a
	// row that several answer has the first one's value.
	Values  []string
	Filters map[string]string
	// EmptyWhen is Parent.EmptyWhen of a path that runs this one, for the rows
	// of one value.
	EmptyWhen map[string][]string
}

// Partition divides a full scan into parts that can be read at once.
type Partition struct {
	// Column is tested for equality with each value of Table.Key.
	Column, Table, Key string
	// Size is the column of Table that holds the rows of a part.
	Size string
	// Split is a text column by whose first character a part above Above rows
	// is divided further.
	Split string
	Above int64
}

// Parent lets a path run once for each row of another table.
type Parent struct {
	Table string
	Path  string // the path of this table to run
	// Columns are the parent's columns that give the keys of Path, in their order.
	Columns []string
	// Rows is the parent's column with the number of rows each run gives, for
	// estimates; "" if none.
	Rows string
	// EmptyWhen are parent's columns which, all zero or null, say that a run
	// should give no rows; the scanner proves it in few calls.
	EmptyWhen []string
}

// Doubts names the parent's columns that tell whether a run of the path, or of one
// of its variants, should give no rows; each once.
func (p *Parent) Doubts(child *Path) []string {
	out := slices.Clone(p.EmptyWhen)
	if child == nil || child.Variant == nil {
		return out
	}
	for _, value := range child.Variant.Values {
		for _, name := range child.Variant.EmptyWhen[value] {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// Shown names the column of a table that holds all values of a key which the
// service answers. If it refuses any other value, there are no rows.
type Shown struct{ Table, Column, Key string }

// Lookup is a column of another table, found by a key of this one.
type Lookup struct{ Table, Key, By, Column string }

// Whole is the table without what a caller's roles hide; itself if they hide
// nothing.
func (t *Table) Whole() *Table {
	if t.Restriction != nil {
		return t.Restriction.Base
	}
	return t
}

// Place tells a table apart from its namesakes in other environments.
type Place struct{ Schema, ID, Table string }

// Place is where the table stands.
func (t *Table) Place() Place {
	if t.Schema == nil {
		return Place{Table: t.Name}
	}
	return Place{t.Schema.Name, t.Schema.ID, t.Name}
}

// Index returns the position of the column of that name, letter case ignored,
// or -1.
func (t *Table) Index(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return i
		}
	}
	return -1
}

// Column returns the column of that name, letter case ignored, or nil.
func (t *Table) Column(name string) *Column {
	if i := t.Index(name); i >= 0 {
		return &t.Columns[i]
	}
	return nil
}

// HiddenColumn returns the hidden column of that name, letter case ignored, or
// nil.
func (t *Table) HiddenColumn(name string) *Hidden {
	for i := range t.Hidden {
		if strings.EqualFold(t.Hidden[i].Name, name) {
			return &t.Hidden[i]
		}
	}
	return nil
}

// Key returns the positions of the primary key's columns.
func (t *Table) Key() []int {
	var out []int
	for i := range t.Columns {
		if t.Columns[i].Key {
			out = append(out, i)
		}
	}
	return out
}

// Keyless reports whether the path can be read without a condition on a key.
func (p *Path) Keyless() bool { return p.Parent != nil || len(p.Keys) == len(p.Each) }

// Links returns the positions of the columns of a ManyToMany that reference
// From and To, -1 for one that isn't there.
func (t *Table) Links() (from, to int) {
	from, to = -1, -1
	if t.ManyToMany == nil {
		return from, to
	}
	for i := range t.Columns {
		r := t.Columns[i].References
		switch {
		case r == nil:
		case from < 0 && r.Table == t.ManyToMany.From:
			from = i
		case to < 0 && r.Table == t.ManyToMany.To:
			to = i
		}
	}
	return from, to
}

// Path returns the access path of that name, or nil.
func (t *Table) Path(name string) *Path {
	for i := range t.Paths {
		if t.Paths[i].Name == name {
			return &t.Paths[i]
		}
	}
	return nil
}

// Whole is true of a path that reads the whole table in one call: a collection
// that knows neither pages nor filters.
func (p *Path) Whole() bool {
	return p.List != "" && p.Page == 0 && len(p.Filters) == 0 && p.Filter == "" && len(p.Keys) == 0
}

// Listing returns the path that lists the whole table; nil if it has none.
func (t *Table) Listing() *Path {
	k := slices.IndexFunc(t.Paths, func(p Path) bool { return p.List != "" && len(p.Keys) == 0 })
	if k < 0 {
		return nil
	}
	return &t.Paths[k]
}

// ArrowSchema gives the record schema of the columns at the positions.
func (t *Table) ArrowSchema(columns []int) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		col := &t.Columns[c]
		fields[i] = arrow.Field{Name: col.Name, Type: col.Type.Arrow(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// In returns a copy of the declaration that stands in the schema, with more
// columns at its end and more filters on every path that has any.
func (t *Table) In(s *Schema, more []Column, filters map[string]Filter) *Table {
	c := *t
	c.Schema = s
	c.Columns = append(append([]Column(nil), t.Columns...), more...)
	if len(filters) == 0 {
		return &c
	}
	c.Paths = append([]Path(nil), t.Paths...)
	for i := range c.Paths {
		if c.Paths[i].Filters == nil {
			continue
		}
		merged := make(map[string]Filter, len(c.Paths[i].Filters)+len(filters))
		maps.Copy(merged, c.Paths[i].Filters)
		maps.Copy(merged, filters)
		c.Paths[i].Filters = merged
	}
	return &c
}
