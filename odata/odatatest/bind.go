package odatatest

import (
	"context"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// countColumn is the number of all rows in each of them.
const countColumn = "$count"

// Bind implements odata.Request.
func (e *Executor) Bind(_ context.Context, st query.Statement) (*query.Query, error) {
	if e.Binder != nil {
		return e.Binder(st)
	}
	list, rest, _ := strings.Cut(strings.TrimPrefix(st.SQL, "SELECT "), " FROM "+strconv.Quote(e.Main.Name)+".")
	name, _, _ := strings.Cut(rest, " ")
	t, ok := e.Main.Table(strings.Trim(name, `"`))
	if !ok || e.Engine == nil {
		return nil, gwerr.New(gwerr.NotImplemented, "The library binds no such statement.", "")
	}
	q := &query.Query{SQL: st.SQL, Accesses: []query.Access{{Table: t, Where: predicate.True}}}
	for _, item := range strings.Split(list, ", ") {
		if item == `count(*) OVER () AS "`+countColumn+`"` {
			q.Columns = append(q.Columns, query.Column{Name: countColumn, Type: catalog.Int64})
			continue
		}
		c := t.Column(strings.Trim(strings.TrimPrefix(item, name+"."), `"`))
		if c == nil {
			return nil, gwerr.New(gwerr.NotImplemented, "The library selects no "+item+".", "")
		}
		q.Columns = append(q.Columns, query.Column{Name: c.Name, Type: c.Type})
	}
	return q, nil
}

// CountTold implements odata.Request: conditions that Where says whole are the source's.
func (e *Executor) CountTold(_ context.Context, q *query.Query) (bool, error) {
	return q.Plain.FilterSQL == "", nil
}
