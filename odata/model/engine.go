package model

import (
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// viaAlias names the table between the last hop and the resource in SQL.
const viaAlias = "via_"

// engineQuery fills in the SQL, which repeats every condition, and the
// accesses that it reads. An access is joined to the one that it is linked to,
// so that the keys found in one can reduce the other.
func (r *Resource) engineQuery(q *query.Query, link predicate.Expr, limit int64) {
	q.SQL = r.sql(link, limit)
	r.scopes.root().use(predicate.Columns(r.where)) // as the SQL names them, selected or not
	if r.via == nil && link != nil {
		r.scopes.root().use(predicate.Columns(link))
	}
	own := r.access(link, r.Columns)
	own.WhereComplete = own.WhereComplete && !r.needsEngine()
	q.Accesses = []query.Access{own}
	q.Empty = isFalse(own.Where)
	if r.via != nil {
		r.accessVia(q, link)
	}
	if top := r.leading; top != nil && limit > 0 && own.WhereComplete {
		q.Accesses[0].Top = &query.Top{Column: top.Column, Descending: top.Descending, Rows: limit}
	}
	at := map[*scope]int{r.scopes.root(): 0}
	for _, s := range r.scopes.all[1:] {
		r.accessScope(q, s, at)
	}
}

// accessVia adds the access of the table by which the rows are reached.
func (r *Resource) accessVia(q *query.Query, link predicate.Expr) {
	between := r.via.Through
	far := r.via.With(between.Far)
	a := query.Access{
		Alias: viaAlias, Table: between.Table, Where: predicate.AllOf(link), WhereComplete: true,
		Columns: []int{between.Table.Index(between.Near)},
	}
	for i, column := range r.via.With(r.via.TargetColumn) {
		q.Joins = append(q.Joins, query.Join{Left: 0, LeftColumn: column, Right: 1, RightColumn: far[i], ReduceLeft: true, ReduceRight: true})
		a.Columns = append(a.Columns, between.Table.Index(far[i]))
	}
	q.Accesses = append(q.Accesses, a)
	q.Empty = q.Empty || isFalse(a.Where)
}

// accessScope adds the access of a scope. One that the SQL doesn't hold is not
// read, and one that it holds several times is read so often: rows then can't
// flow by.
func (r *Resource) accessScope(q *query.Query, s *scope, at map[*scope]int) {
	outer, ok := at[s.outer]
	times := strings.Count(q.SQL, r.scopes.reading(s))
	if !ok || times == 0 {
		return
	}
	a := query.Access{Alias: s.alias, Table: s.table, Where: s.where}
	for i := range s.table.Columns {
		if s.used[i] {
			a.Columns = append(a.Columns, i)
		}
	}
	at[s] = len(q.Accesses)
	for i, column := range s.columns {
		q.Joins = append(q.Joins, query.Join{
			Left: outer, LeftColumn: s.outerColumns[i], Right: at[s], RightColumn: column, ReduceLeft: s.needed, ReduceRight: true,
		})
	}
	for range times {
		q.Accesses = append(q.Accesses, a)
	}
}

// sql is the query for the engine.
func (r *Resource) sql(link predicate.Expr, limit int64) string {
	root := r.scopes.root()
	var names, conditions []string
	for _, c := range r.Columns {
		names = append(names, root.sql(r.Table.Columns[c].Name))
	}
	if r.filter.sql != "" {
		conditions = append(conditions, r.filter.sql)
	}
	from, linked := sqltext.Quote(r.Schema.Name)+"."+root.alias, root.alias
	if r.via != nil {
		linked = viaAlias
		from += " JOIN " + tableSQL(r.Schema, r.via.Through.Table, r.via) + " AS " + viaAlias +
			" ON " + equalSQL(viaAlias, r.via.With(r.via.Through.Far), root.alias, r.via.With(r.via.TargetColumn))
		if r.expanded {
			names = append(names, viaAlias+"."+sqltext.Quote(r.via.Through.Near))
		}
	}
	if len(names) == 0 {
		names = []string{"1"}
	}
	for _, e := range predicate.Conjuncts(predicate.AllOf(r.where)) {
		conditions = append(conditions, equalitySQL(root.alias, e))
	}
	for _, e := range predicate.Conjuncts(predicate.AllOf(link)) {
		conditions = append(conditions, equalitySQL(linked, e))
	}
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

// equalitySQL writes a condition on a key or a link.
func equalitySQL(alias string, e predicate.Expr) string {
	switch e := e.(type) {
	case predicate.Cmp:
		return "(" + alias + "." + sqltext.Quote(e.Column) + " = " + valueSQL(e.Value) + ")"
	case predicate.In:
		parts := make([]string, len(e.Values))
		for i, v := range e.Values {
			parts[i] = valueSQL(v)
		}
		return "(" + alias + "." + sqltext.Quote(e.Column) + " IN (" + strings.Join(parts, ", ") + "))"
	case predicate.And:
		return allSQL(alias, e.Args, " AND ")
	case predicate.Or:
		return allSQL(alias, e.Args, " OR ")
	default:
		return "FALSE"
	}
}

func allSQL(alias string, args []predicate.Expr, word string) string {
	parts := make([]string, len(args))
	for i, e := range args {
		parts[i] = equalitySQL(alias, e)
	}
	return "(" + strings.Join(parts, word) + ")"
}
