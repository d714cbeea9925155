package model

import (
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
)

// String names the kind for metrics.
func (k Kind) String() string {
	return [...]string{"service_document", "metadata", "entity_set", "entity", "property", "value", "count"}[k]
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
}

// Hop is a row on the way to the resource: its column leads to the next table.
type Hop struct {
	Table *catalog.Table
	// Where selects the row, together with the link from the hop before.
	Where predicate.Expr
	Link  edm.Navigation
	// Known is the value of the link's column, where the address tells it; the
	// row needs no reading then.
	Known *predicate.Value
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
	// Top is the number of entities wanted, or nil; Skip are left out first.
	Top  *int64
	Skip int64
	// CountWanted says that the feed carries its number of entities.
	CountWanted bool
	// Sorted says that an order was asked for.
	Sorted bool
	// Expand are the related entities to be written with each entity.
	Expand []Expansion

	where    predicate.Expr // from keys in the address
	filter   condition
	orderBy  string
	read     map[int]bool // columns that options read
	selected []string     // $select as written, nil for all
	place    string       // the address in the context's spelling
}

// Expansion is one navigation property of $expand.
type Expansion struct {
	Navigation edm.Navigation
	// Target binds the related entities; its Columns hold LinkColumn.
	Target *Resource
	// From and LinkColumn are the positions, in the result's columns of the
	// parent and of the target, of the values that are equal.
	From, LinkColumn int
}

// condition is a filter, bound twice.
type condition struct {
	where    predicate.Expr
	complete bool
	sql      string // "" if there is none
}

// Link is the condition that a hop's value puts on the next table.
func Link(n edm.Navigation, v predicate.Value) predicate.Expr {
	return predicate.Cmp{Column: n.TargetColumn, Op: predicate.Eq, Value: v}
}

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
	return at
}

// Query returns the query for the resource's rows, at most limit of them;
// negative for all. link is the condition that the last hop puts on them, nil if
// there is no hop.
func (r *Resource) Query(link predicate.Expr, limit int64) *query.Query {
	q := &query.Query{}
	columns := r.accessColumns(r.Columns)
	for _, i := range r.Columns {
		c := &r.Table.Columns[i]
		q.Columns = append(q.Columns, query.Column{Name: c.Name, Type: c.Type})
	}
	access := r.access(link, columns)
	empty := limit == 0 || isFalse(access.Where)
	q.Empty = empty
	if r.orderBy != "" {
		q.SQL = r.sql(link, limit)
		q.Accesses = []query.Access{access}
		return q
	}
	plain := &query.Plain{Limit: max(limit, 0), Empty: empty, FilterSQL: r.filterSQL()}
	for i := range r.Columns {
		plain.Project = append(plain.Project, i)
	}
	if access.WhereComplete {
		access.Limit = max(limit, 0)
	}
	q.Plain = plain
	q.Accesses = []query.Access{access}
	return q
}

// Related returns the query for the entities that an expansion writes: those
// whose column has one of the values.
func (x *Expansion) Related(values []predicate.Value) *query.Query {
	return x.Target.Query(predicate.In{Column: x.Navigation.TargetColumn, Values: values}, -1)
}

// CountQuery returns the query whose number of rows is the count: $top, $skip
// and $orderby don't matter.
func (r *Resource) CountQuery(link predicate.Expr) *query.Query {
	access := r.access(link, r.accessColumns(nil))
	empty := isFalse(access.Where)
	return &query.Query{
		Accesses: []query.Access{access},
		Plain:    &query.Plain{FilterSQL: r.filterSQL(), Empty: empty},
		Empty:    empty,
	}
}

func (r *Resource) access(link predicate.Expr, columns []int) query.Access {
	return query.Access{
		Alias: r.Table.Name, Table: r.Table, Columns: columns,
		Where: predicate.AllOf(r.where, link, r.filter.where), WhereComplete: r.filter.complete,
	}
}

// accessColumns puts the columns that conditions read behind the result's.
func (r *Resource) accessColumns(result []int) []int {
	columns := append([]int(nil), result...)
	in := map[int]bool{}
	for _, i := range columns {
		in[i] = true
	}
	for i := range r.Table.Columns {
		if r.read[i] && !in[i] {
			columns = append(columns, i)
		}
	}
	return columns
}

func (r *Resource) filterSQL() string {
	if r.filter.complete {
		return ""
	}
	return r.filter.sql
}

// sql is the query for the engine, which sorts. It repeats every condition.
func (r *Resource) sql(link predicate.Expr, limit int64) string {
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = quoteName(r.Table.Columns[c].Name)
	}
	var conditions []string
	if r.filter.sql != "" {
		conditions = append(conditions, r.filter.sql)
	}
	for _, e := range predicate.Conjuncts(predicate.AllOf(r.where, link)) {
		conditions = append(conditions, equalitySQL(e))
	}
	var b strings.Builder
	b.WriteString("SELECT " + strings.Join(names, ", ") + " FROM " + quoteName(r.Schema.Name) + "." + quoteName(r.Table.Name))
	if len(conditions) > 0 {
		b.WriteString(" WHERE " + strings.Join(conditions, " AND "))
	}
	b.WriteString(" ORDER BY " + r.orderBy)
	if limit >= 0 {
		b.WriteString(" LIMIT " + strconv.FormatInt(limit, 10))
	}
	return b.String()
}

// equalitySQL writes a condition on a key or a link.
func equalitySQL(e predicate.Expr) string {
	switch e := e.(type) {
	case predicate.Cmp:
		return "(" + quoteName(e.Column) + " = " + valueSQL(e.Value) + ")"
	case predicate.In:
		parts := make([]string, len(e.Values))
		for i, v := range e.Values {
			parts[i] = valueSQL(v)
		}
		return "(" + quoteName(e.Column) + " IN (" + strings.Join(parts, ", ") + "))"
	default:
		return "FALSE"
	}
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
