package model

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Kind says what a request addresses.
type Kind uint8

// The kinds of resource.
const (
	ServiceDocument Kind = iota
	Metadata
	Feed     // entities of a set or a navigation property
	Entity   // one entity
	Property // one property of an entity
	Raw      // the plain value of a property
	Count    // the number of entities
	Action   // what is done by POST
	All      // the entities of all sets
	Length   // the number of items of a property that is a list
)

// String names the kind for metrics.
func (k Kind) String() string {
	return [...]string{"service_document", "metadata", "entity_set", "entity", "property", "value", "count", "action", "all", "length"}[k]
}

// Options shape the binding.
type Options struct {
	// Namespace of the types.
	Namespace string
	// Now is the instant of now(); it must be the same for all pages.
	Now time.Time
	// WithoutIDs leaves key columns out that were not selected, where the
	// answer has no control information.
	WithoutIDs bool
	// Flat gives each property behind a navigation property, which $apply groups by, an
	// output of its own, named by its path.
	Flat bool
	// Writes says that the address is of something that changes: only links behind a
	// navigation property do.
	Writes bool
	// Actions gives the actions of the schema; nil for none.
	Actions func() []edm.Action
}

// Hop is a row on the way to the resource: its column leads to the next table.
type Hop struct {
	Table *catalog.Table
	// Where selects the row, together with the link from the hop before.
	Where predicate.Expr
	Link  edm.Navigation
	// Known are the values of the link's columns, where the address tells them; the
	// row needs no reading then.
	Known []predicate.Value

	via *edm.Navigation // how the row is reached, if through a table between
}

// Resource is what a request addresses, bound to the schema.
type Resource struct {
	Kind   Kind
	Schema *catalog.Schema
	// Hops lead to Table; there are none if the address begins there.
	Hops  []Hop
	Table *catalog.Table
	// Columns are the positions in Table of the result's columns; the first
	// Visible of them are answered.
	Columns []int
	Visible int
	// Top is the number of entities wanted, Skip those to leave out first; nil
	// where the address has none.
	Top, Skip *int64
	// CountWanted says that the feed carries its number of entities.
	CountWanted bool
	// Expand are the related entities to be written with each entity.
	Expand []Expansion
	// Joined are the entities that are read together with each row; their columns are
	// among the outputs.
	Joined []Joined
	// Nested are the collections that are read within each row; they are among the outputs.
	Nested []Nested
	// All are the entity sets, each of them whole, that the address $all names together.
	All []*Resource
	// Ref is true where the links to the entities are meant, not these; RefID is the
	// option $id.
	Ref   bool
	RefID string
	// Action is what the address names, and Target its first inputs: the key of the
	// entity that it is bound to, if it is bound to one.
	Action edm.Action
	Target []string

	where   predicate.Expr // from keys in the address
	filter  condition
	orderBy string
	// asRead says that the rows may come in the order of the table's, of which $top and
	// $skip leave some; orderBy is for where that order is lost.
	asRead   bool
	scopes   *scopes          // what conditions and orders read
	via      *edm.Navigation  // how the rows are reached, if through a table between
	selected []string         // $select as written, nil for all
	place    string           // the address in the context's spelling
	expanded bool             // rows of several parents are read at once
	linkage  *linkage         // of the first stage
	sets     []*catalog.Table // those of a $crossjoin
	// stage is what $apply and $compute make of the rows, nil where they are those of
	// the table; declared is the table then. outputs are the properties that no column is,
	// chosen those of them that $select names, nil for all.
	stage    *stage
	declared *catalog.Table
	outputs  []Output
	items    map[string]selectedItems // by the lists that $select gives options
	chosen   []string
	deciding []*scope // those joined to the rows for conditions
	orders   []string // in which the rows are already
}

// condition is a filter, bound twice.
type condition struct {
	where    predicate.Expr
	complete bool
	sql      string   // "" if there is none
	words    []string // what of it can be said in plain SQL, by which a statement's binder finds it
	related  bool     // other tables decide
}

// parts are the conditions of a statement.
func (c *condition) parts() []string {
	if c.complete || c.sql == "" {
		return c.words
	}
	return append(slices.Clip(c.words), c.sql)
}

// Link is the condition that the values of a hop's columns put on the next table,
// or on the one between both.
func Link(n edm.Navigation, values ...predicate.Value) predicate.Expr {
	var parts []predicate.Expr
	for i, column := range n.With(linkColumn(n)) {
		parts = append(parts, predicate.Cmp{Column: column, Op: predicate.Eq, Value: values[i]})
	}
	return predicate.AllOf(parts...)
}

// links is the condition of rows that are linked to any of several.
func links(n edm.Navigation, values [][]predicate.Value) predicate.Expr {
	column := linkColumn(n)
	in := predicate.In{Column: column}
	if n.Shared == "" {
		for _, v := range values {
			in.Values = append(in.Values, v[0])
		}
		return in
	}
	var order []predicate.Value
	by := map[predicate.Value]predicate.In{}
	for _, v := range values {
		own, known := by[v[1]]
		if !known {
			order, own = append(order, v[1]), in
		}
		own.Values = append(own.Values, v[0])
		by[v[1]] = own
	}
	var parts []predicate.Expr
	for _, shared := range order {
		parts = append(parts, predicate.AllOf(predicate.Cmp{Column: n.Shared, Op: predicate.Eq, Value: shared}, by[shared]))
	}
	return predicate.AnyOf(parts...)
}

// told are the values of columns that a condition tells, nil unless it tells all.
func told(where predicate.Expr, columns []string) (out []predicate.Value) {
	for _, column := range columns {
		values, ok := predicate.KeyValues(where, column)
		if !ok || len(values) != 1 {
			return nil
		}
		out = append(out, values[0])
	}
	return out
}

// KeyValue is the value of a column that the address tells of its entity.
func (r *Resource) KeyValue(column string) (predicate.Value, bool) { return keyValue(r.where, column) }

// KeyValue is the value of a column that the address tells of the row.
func (h *Hop) KeyValue(column string) (predicate.Value, bool) { return keyValue(h.Where, column) }

func keyValue(where predicate.Expr, column string) (predicate.Value, bool) {
	values := told(where, []string{column})
	if values == nil {
		return predicate.Value{}, false
	}
	return values[0], true
}

// Address is that of an entity below the service, as contexts spell it.
func (r *Resource) Address() string { return r.place }

// Identify returns the positions, in the result's columns, of those that tell
// its rows apart; they are added unseen where they are not there. There are none
// where the table has no key, or the caller doesn't see it.
func (r *Resource) Identify() []int {
	var at []int
	for _, k := range r.Table.Key() {
		name := r.Table.Columns[k].Name
		if rs := r.Table.Restriction; rs != nil {
			if _, masked := rs.Masks[name]; masked {
				return nil
			}
		}
		at = append(at, r.hidden(r.Table, name))
	}
	for _, j := range r.Joined {
		if !r.joins() {
			break
		}
		own := j.Target.Identify()
		if own == nil {
			return nil
		}
		for _, i := range own {
			at = append(at, j.At+i)
		}
	}
	return at
}

func linkColumn(n edm.Navigation) string {
	if n.Through != nil {
		return n.Through.Near
	}
	return n.TargetColumn
}

func newResource(s *catalog.Schema) *Resource {
	return &Resource{Schema: s, where: predicate.True, filter: condition{where: predicate.True, complete: true}}
}

// enter makes the rows of a table the resource's own.
func (r *Resource) enter(t *catalog.Table) { r.Table, r.scopes = t, newScopes(r.Schema, t) }

// reach says how the address leads to the rows.
func (r *Resource) reach(n edm.Navigation) {
	r.enter(n.Target)
	r.via = nil
	if n.Through != nil {
		r.via = &n
	}
}

// needsEngine tells whether other tables decide on the rows.
func (r *Resource) needsEngine() bool { return r.via != nil || r.scopes.related() }

// Binder binds statements.
type Binder interface {
	Bind(ctx context.Context, st query.Statement) (*query.Query, error)
}

// Rows binds the query for the resource's rows, at most limit of them; negative for
// all. link is the condition that the last hop puts on them, nil if there is no hop.
// Plain feeds are bound already, all else is bound as any SQL statement is.
func (r *Resource) Rows(ctx context.Context, b Binder, link predicate.Expr, limit int64) (*query.Query, error) {
	switch {
	case r.asRead:
		return r.inOrder(ctx, b, link, limit)
	case r.ByEngine():
		return b.Bind(ctx, r.Statement(link, limit))
	}
	return r.Query(link, limit), nil
}

// Query is that of Rows for a plain feed.
func (r *Resource) Query(link predicate.Expr, limit int64) *query.Query {
	q := &query.Query{Columns: make([]query.Column, len(r.Columns))}
	for at, i := range r.Columns {
		c := &r.Table.Columns[i]
		q.Columns[at] = query.Column{Name: c.Name, Type: c.Type}
	}
	access := r.access(link, r.Columns)
	q.Empty = limit == 0 || isFalse(access.Where)
	plain := &query.Plain{Limit: max(limit, 0), Empty: q.Empty, FilterSQL: r.filterSQL(), Project: make([]int, len(r.Columns))}
	for i := range r.Columns {
		plain.Project[i] = i
	}
	if access.WhereComplete {
		access.Limit = max(limit, 0)
	}
	q.Plain = plain
	q.Accesses = []query.Access{access}
	return q
}

// ByEngine reports whether the rows are those of a Statement, and not of Query: sorted,
// transformed, or by conditions that a single table can't decide.
func (r *Resource) ByEngine() bool { return r.stage != nil || r.orderBy != "" || r.needsEngine() }

// Sorted reports whether the request says in which order its rows come.
func (r *Resource) Sorted() bool { return r.orderBy != "" }

// WholeSet reports whether the feed has the entities of a set that its own properties
// decide on, as they are: nothing is left out, added, counted, sorted or transformed.
func (r *Resource) WholeSet() bool {
	return r.Kind == Feed && len(r.Hops) == 0 && len(r.Expand) == 0 && len(r.Joined) == 0 && len(r.All) == 0 &&
		r.Top == nil && r.Skip == nil && !r.CountWanted && !r.Ref && !r.ByEngine()
}

// Conditional tells whether a condition of the request, or what it makes of the
// rows, decides on their number.
func (r *Resource) Conditional() bool { return r.filter.sql != "" || r.stage != nil || r.via != nil }

// access reads the resource's own table. Columns that conditions read stand
// behind the result's.
func (r *Resource) access(link predicate.Expr, columns []int) query.Access {
	return query.Access{
		Alias: r.Table.Name, Table: r.Table, Columns: r.accessColumns(columns),
		Where: predicate.AllOf(r.where, link, r.filter.where), WhereComplete: r.filter.complete,
	}
}

// accessColumns puts the columns that conditions read behind the result's.
func (r *Resource) accessColumns(result []int) []int {
	columns := slices.Clip(result)
	used := r.scopes.root().used
	for i := range r.Table.Columns {
		if used[i] && !slices.Contains(result, i) {
			columns = append(columns, i)
		}
	}
	return columns
}

func (r *Resource) filterSQL() string {
	if r.filter.complete {
		return ""
	}
	return r.scopes.values.inline(r.filter.sql)
}

func valueSQL(v predicate.Value) string {
	switch v.Kind {
	case predicate.Time:
		return instantLiteral(v.Time)
	case predicate.String, predicate.UUID:
		return textLiteral(v.Str)
	case predicate.Float:
		return doubleLiteral(v.Float)
	default:
		return v.String()
	}
}

func isFalse(e predicate.Expr) bool {
	c, ok := e.(predicate.Const)
	return ok && !c.Truth
}

// Key reads the text of a key of the type that something else names; ok is false where
// no entity can have it.
func Key(t catalog.Type, text string) (v predicate.Value, ok bool) {
	if t == catalog.GUID {
		text, ok = strings.ToLower(text), isGUID(text)
		return TypedValue(t, text), ok
	}
	v = TypedValue(t, text)
	return v, v.Text() == text
}

// TypedValue reads a cell's text, as a key of a further read, as a value for
// conditions on a column of the type.
func TypedValue(t catalog.Type, text string) predicate.Value {
	switch t.Kind() {
	case predicate.UUID:
		return predicate.UUIDValue(text)
	case predicate.Int:
		i, _ := strconv.ParseInt(text, 10, 64)
		return predicate.IntValue(i)
	default:
		return predicate.StringValue(text)
	}
}
