package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxScopes bounds the navigation properties that the conditions and orders of
// one request follow, each of which is a join for the engine.
const maxScopes = 20

// scope is one reading of a table in the engine's SQL: the resource's own, one
// that is joined because a path follows a single-valued navigation property,
// or that of a subquery over a collection.
type scope struct {
	table *catalog.Table
	alias string
	used  []bool // by column
	// outer is the scope that this one is linked to: each of its outerColumns
	// equals one of columns. It is nil for the resource's own.
	outer                 *scope
	outerColumns, columns []string
	// inner are the scopes joined to this one, by navigation.
	inner []*scope
	// views are the entities that each row of a $crossjoin has; prefix is what stands
	// before the names of an entity's columns there.
	views  []*scope
	prefix string
	name   string
	// link is the scope of the table between outer and this one, if any.
	link *scope
	// between is the navigation over the link that this scope reads, nil if none.
	between *edm.Navigation
	// text is the SQL that is read in place of the table, "" if none.
	text string
	// rows is the stage that is read in place of the table, nil if none; fields are
	// what it gives beside the table's columns.
	rows   *stage
	fields []field
}

// scopes are all readings of a request; the first is the resource's own.
type scopes struct {
	schema *catalog.Schema
	all    []*scope
	// values are the parameters of a statement.
	values *values
	// roots counts the entities that $root names.
	roots *int
}

func newScopes(s *catalog.Schema, t *catalog.Table) *scopes {
	root := &scope{table: t, alias: sqltext.Quote(t.Name), used: make([]bool, len(t.Columns))}
	return &scopes{schema: s, all: []*scope{root}, values: &values{}, roots: new(int)}
}

func (s *scopes) root() *scope { return s.all[0] }

// related tells whether other tables are read.
func (s *scopes) related() bool { return len(s.all) > 1 || *s.roots > 0 }

// add makes a scope whose columns equal the outer's.
func (s *scopes) add(outer *scope, outerColumns []string, t *catalog.Table, columns []string) *scope {
	n := &scope{
		table: t, alias: "n" + itoa(len(s.all)) + "_", used: make([]bool, len(t.Columns)),
		outer: outer, outerColumns: outerColumns, columns: columns,
	}
	s.all = append(s.all, n)
	return n
}

// joined returns the scope joined for a single-valued navigation, or nil.
func (s *scope) joined(name string) *scope {
	for _, j := range s.inner {
		if j.name == name {
			return j
		}
	}
	return nil
}

// join makes the scope behind a single-valued navigation.
func (s *scopes) join(outer *scope, n edm.Navigation) *scope {
	j := s.add(outer, n.With(n.Column), n.Target, n.With(n.TargetColumn))
	j.name = n.Name
	outer.inner = append(outer.inner, j)
	return j
}

// collection makes the scope of a subquery over a collection.
func (s *scopes) collection(outer *scope, n edm.Navigation) *scope {
	if n.Through == nil {
		return s.add(outer, n.With(n.Column), n.Target, n.With(n.TargetColumn))
	}
	link := s.add(outer, n.With(n.Column), n.Through.Table, n.With(n.Through.Near))
	link.between = &n
	out := s.add(link, n.With(n.Through.Far), n.Target, n.With(n.TargetColumn))
	out.link = link
	return out
}

// base is the scope that links a subquery to the one around it.
func (s *scope) base() *scope {
	if s.link != nil {
		return s.link
	}
	return s
}

// row is the scope of the query or subquery that this one is joined to.
func (s *scope) row() *scope {
	for s.name != "" {
		s = s.outer
	}
	return s
}

func (s *scope) sql(column string) string { return s.alias + "." + sqltext.Quote(s.prefix+column) }

// depth is the number of scopes around this one.
func (s *scope) depth() int {
	n := 0
	for s = s.outer; s != nil; s = s.outer {
		n++
	}
	return n
}

// reading names the scope's table in FROM.
func (s *scopes) reading(n *scope) string {
	if n.text != "" {
		return n.text + " AS " + n.alias
	}
	return tableSQL(s.schema, n.table, n.between) + " AS " + n.alias
}

// tableSQL names a table in FROM. A link that has pairs several times is read as
// the pairs that there are, so that what it leads to comes once.
func tableSQL(s *catalog.Schema, t *catalog.Table, between *edm.Navigation) string {
	name := sqltext.Quote(s.Name) + "." + sqltext.Quote(t.Name)
	if between == nil || !between.Through.Repeats {
		return name
	}
	columns := append(between.With(between.Through.Near), between.Through.Far)
	for i, c := range columns {
		columns[i] = sqltext.Quote(c)
	}
	return "(SELECT DISTINCT " + strings.Join(columns, ", ") + " FROM " + name + ")"
}

func (s *scope) linkSQL() string {
	parts := make([]string, len(s.columns))
	for i, c := range s.columns {
		parts[i] = s.sql(c) + " = " + s.outer.sql(s.outerColumns[i])
	}
	return strings.Join(parts, " AND ")
}

// equalSQL is the condition that columns of two readings are equal.
func equalSQL(alias string, columns []string, other string, otherColumns []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = alias + "." + sqltext.Quote(c) + " = " + other + "." + sqltext.Quote(otherColumns[i])
	}
	return strings.Join(parts, " AND ")
}

// from is the scope's FROM with all that is joined to it.
func (s *scopes) from(n *scope) string {
	var b strings.Builder
	if n.link != nil {
		b.WriteString(s.reading(n.link) + " JOIN ")
	}
	b.WriteString(s.reading(n))
	if n.link != nil {
		b.WriteString(" ON " + n.linkSQL())
	}
	s.joins(&b, n)
	return b.String()
}

func (s *scopes) joins(b *strings.Builder, n *scope) {
	for _, j := range n.inner {
		b.WriteString(" LEFT JOIN " + s.reading(j) + " ON " + j.linkSQL())
		s.joins(b, j)
	}
	for _, v := range n.views {
		s.joins(b, v)
	}
}

// countField is the number of rows for each row of a scope that they are joined to.
const countField = "$count"

// counted joins to each row the number of rows of a collection that belong to it and
// fulfil all conditions. The statement's binder finds the keys of a join, and not those
// of a subquery whose value is wanted.
func (s *scopes) counted(n *scope, conditions []string) *scope {
	base := n.base()
	keys := make([]string, len(base.columns))
	for i, c := range base.columns {
		keys[i] = base.sql(c)
	}
	list := strings.Join(keys, ", ")
	sql := "SELECT " + list + ", count(*) AS " + sqltext.Quote(countField) + " FROM " + s.from(n)
	if len(conditions) > 0 {
		sql += " WHERE " + strings.Join(conditions, " AND ")
	}
	j := s.add(base.outer, base.outerColumns, base.table, base.columns)
	j.name, j.text = countField+j.alias, "("+sql+" GROUP BY "+list+")"
	base.outer.inner = append(base.outer.inner, j)
	return j
}

// correlated tells whether conditions on a collection name rows around it.
func (s *scopes) correlated(n *scope, conditions []string) bool {
	for _, around := range s.all[:slices.Index(s.all, n.base())] {
		if slices.ContainsFunc(conditions, func(sql string) bool { return strings.Contains(sql, around.alias+".") }) {
			return true
		}
	}
	return false
}

// subquery selects from a collection those rows that belong to the row around
// it and fulfil all conditions.
func (s *scopes) subquery(what string, n *scope, conditions ...string) string {
	return "(SELECT " + what + " FROM " + s.from(n) + " WHERE " + strings.Join(append([]string{n.base().linkSQL()}, conditions...), " AND ") + ")"
}
