package odatatest

import (
	"context"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

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
		c := t.Column(strings.Trim(strings.TrimPrefix(item, name+"."), `"`))
		if c == nil {
			return nil, gwerr.New(gwerr.NotImplemented, "The library selects no "+item+".", "")
		}
		q.Columns = append(q.Columns, query.Column{Name: c.Name, Type: c.Type})
	}
	return q, nil
}
