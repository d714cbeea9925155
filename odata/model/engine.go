package model

import (
	"context"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// viaAlias names the table between the last hop and the resource in SQL.
const viaAlias = "via_"

// sql is the statement of rows that no transformation makes.
func (r *Resource) sql(link predicate.Expr, limit int64) string {
	root, values := r.scopes.root(), r.scopes.values
	var names, conditions []string
	for _, c := range r.Columns {
		names = append(names, root.sql(r.Table.Columns[c].Name))
	}
	from, linked := r.from()
	if r.linksAlone() {
		from = tableSQL(r.Schema, r.via.Through.Table, r.via) + " AS " + viaAlias
	}
	if c := r.LinkColumn(); c != nil {
		names = append(names, linked.sql(c.Name)+" AS "+sqltext.Quote(linkField))
	}
	for _, o := range r.outputs {
		names = append(names, o.sql+" AS "+sqltext.Quote(o.Name))
	}
	if len(names) == 0 {
		names = []string{"1"}
	}
	for _, e := range predicate.Conjuncts(predicate.AllOf(r.where)) {
		conditions = append(conditions, whereSQL(root, values, e))
	}
	for _, e := range predicate.Conjuncts(predicate.AllOf(link)) {
		conditions = append(conditions, whereSQL(linked, values, e))
	}
	conditions = append(conditions, r.filter.parts()...)
	var b strings.Builder
	b.WriteString("SELECT " + strings.Join(names, ", ") + " FROM " + from)
	r.scopes.joins(&b, root)
	if len(conditions) > 0 {
		b.WriteString(" WHERE " + strings.Join(conditions, " AND "))
	}
	if r.orderBy != "" {
		b.WriteString(" ORDER BY " + r.orderBy)
	}
	if limit >= 0 {
		b.WriteString(" LIMIT " + strconv.FormatInt(limit, 10))
	}
	return b.String()
}

// inOrder binds rows that come in the order of their table's, if they are those of one
// table: then the first ones are read without the others.
func (r *Resource) inOrder(ctx context.Context, b Binder, link predicate.Expr, limit int64) (*query.Query, error) {
	unsorted := *r
	unsorted.orderBy = ""
	q, err := b.Bind(ctx, unsorted.Statement(link, limit))
	if err != nil {
		return nil, err
	}
	if len(q.Accesses) > 1 {
		return b.Bind(ctx, r.Statement(link, limit))
	}
	ordered := *q // which others may have
	ordered.InOrder = true
	return &ordered, nil
}

// linksAlone tells whether the table between says it all: the rows are asked for their
// number alone, and each of its own leads to one of them.
func (r *Resource) linksAlone() bool {
	return r.via != nil && r.via.Through.Listed && !r.via.Through.Repeats && r.Table.Restriction == nil && r.via.Through.Table.Restriction == nil &&
		len(r.Columns)+len(r.outputs) == 0 && r.orderBy == "" &&
		predicate.AllOf(r.where) == predicate.True && len(r.filter.parts()) == 0 && !r.scopes.related()
}

// from reads the rows that the path leads to; linked is the scope that a link's
// condition is about.
func (r *Resource) from() (sql string, linked *scope) {
	root := r.scopes.root()
	sql = sqltext.Quote(r.Schema.Name) + "." + root.alias
	if r.via == nil {
		return sql, root
	}
	linked = &scope{alias: viaAlias}
	return sql + " JOIN " + tableSQL(r.Schema, r.via.Through.Table, r.via) + " AS " + viaAlias +
		" ON " + equalSQL(viaAlias, r.via.With(r.via.Through.Far), root.alias, r.via.With(r.via.TargetColumn)), linked
}
