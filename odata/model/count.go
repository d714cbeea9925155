package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// CountedByEngine reports whether the number of rows is that of a CountStatement, and
// not of CountQuery.
func (r *Resource) CountedByEngine() bool { return r.stage != nil || r.via != nil || r.filter.related }

// CountInRows has each row of a feed tell the number of all of them, in the last column
// of the result: the engine keeps the rows until it has read them all. ok is false
// where another reading could give them in another order.
func (r *Resource) CountInRows() (ok bool) {
	if r.orderBy == "" {
		r.orderBy = strings.Join(r.byKey(nil), ", ")
	}
	if ok = r.orderBy != ""; ok {
		r.outputs = append(r.outputs, Output{Name: countField, Type: catalog.Int64, Hidden: true, Absent: -1, sql: "count(*) OVER ()"})
	}
	return ok
}

// CountReads reports whether what the address asks of the rows has them all read to be
// counted; else CountQuery, or what stands for it, tells.
func (r *Resource) CountReads() bool {
	if r.stage != nil {
		return r.grouped() || r.filter.sql != ""
	}
	return r.CountedByEngine()
}

// CountQuery returns the query whose number of rows is the count: $top, $skip
// and $orderby don't matter.
func (r *Resource) CountQuery(link predicate.Expr) *query.Query {
	access := r.access(link, nil)
	empty := isFalse(access.Where)
	return &query.Query{
		Accesses: []query.Access{access}, Empty: empty, Plain: &query.Plain{FilterSQL: r.filterSQL(), Empty: empty},
	}
}

// CountStatement is the SQL of which the number of rows is the count.
func (r *Resource) CountStatement(link predicate.Expr) query.Statement {
	root := r.scopes.root()
	all := root.inner
	root.inner = r.deciding
	defer func() { root.inner = all }()
	if r.stage == nil {
		counted := *r
		counted.Columns, counted.outputs, counted.orderBy = nil, nil, ""
		return r.scopes.statement(counted.sql(link, -1))
	}
	r.linkTo(link)
	return r.stage.statement(nil)
}
