package service

import (
	"context"
	"encoding/json"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// command gives the SELECT that answers SHOW, DESCRIBE, SUMMARIZE or EXPLAIN.
func (r *Request) command(ctx context.Context, st query.Statement) (query.Statement, error) {
	c, err := system.ParseCommand(st.SQL)
	if err != nil {
		return st, err
	}
	about := st
	about.SQL = c.About
	switch c.Verb {
	case "show":
		return r.show(ctx, st, c)
	case "explain":
		explain := r.explain
		if c.Analyze {
			explain = r.analyze
		}
		e, err := explain(ctx, about)
		if err != nil {
			return st, err
		}
		lines := e.Lines()
		if c.JSON {
			text, err := json.MarshalIndent(e, "", "  ")
			if err != nil {
				return st, err
			}
			lines = []string{string(text)}
		}
		return query.Statement{SQL: system.LinesSQL("QUERY PLAN", lines), Safe: st.Safe}, nil
	}
	q, err := r.bind(ctx, about, r.Provider)
	if err != nil {
		return st, err
	}
	if c.Verb == "summarize" {
		about.SQL = system.SummarizeSQL(c.About, q.Columns)
		return about, nil
	}
	return query.Statement{SQL: system.DescribeSQL(described(q, c.Table)), Safe: st.Safe}, nil
}

// show names the schema that SHOW is about.
func (r *Request) show(ctx context.Context, st query.Statement, c *system.Command) (query.Statement, error) {
	if len(st.Positional)+len(st.Named) > 0 {
		return st, gwerr.New(gwerr.BadParameter, "SHOW takes no parameters.", "Send none.")
	}
	st.SQL = c.SQL
	if c.Schema == nil {
		return st, nil
	}
	s, err := r.catalog.Schema(ctx, *c.Schema)
	if err != nil {
		return st, gwerr.From(err).At(c.Position)
	}
	st.Positional = []query.Parameter{{Value: predicate.StringValue(s.Name)}}
	return st, nil
}

// described are the columns of a query's result; those of a table with what the
// table says of them.
func described(q *query.Query, table bool) []system.Described {
	out := make([]system.Described, len(q.Columns))
	for i, c := range q.Columns {
		out[i] = system.Described{Column: c, Nullable: true}
		var of *catalog.Column
		if table && len(q.Accesses) == 1 {
			of = q.Accesses[0].Table.Column(c.Name)
		}
		if of != nil {
			out[i].Nullable, out[i].Key, out[i].Doc = !of.Required && !of.Key, of.Key, of.Doc
		}
	}
	return out
}
