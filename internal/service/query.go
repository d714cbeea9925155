package service

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// SQL runs a statement. The caller closes the rows, which count as returned.
func (r *Request) SQL(ctx context.Context, st query.Statement) (*query.Answer, error) {
	if procedure.Is(st.SQL) {
		return attempt(ctx, r, func() (*query.Answer, error) { return r.call(ctx, st) })
	}
	if change.Is(st.SQL) {
		return r.changeSQL(ctx, st)
	}
	q, err := r.Bind(ctx, st)
	if err != nil {
		return nil, err
	}
	return r.recent(ctx, st, q)
}

// Columns describes a statement's result without running it; nil for a statement
// that gives no rows.
func (r *Request) Columns(ctx context.Context, st query.Statement) ([]query.Column, error) {
	switch {
	case procedure.Is(st.SQL):
		c, err := procedure.Parse(st.SQL)
		if err != nil {
			return nil, err
		}
		p, err := r.connection.Procedures.Find(c)
		if err != nil {
			return nil, err
		}
		return p.Columns(), nil
	case change.Is(st.SQL):
		c, err := r.BindChange(ctx, st)
		if err != nil || len(c.Returning) == 0 {
			return nil, err
		}
		return c.Columns(), nil
	}
	q, err := r.Bind(ctx, st)
	if err != nil {
		return nil, err
	}
	return q.Columns, nil
}

// Explain returns a statement's plan, to be shown as JSON.
func (r *Request) Explain(ctx context.Context, st query.Statement) (any, error) {
	if about, ok := system.Explained(st.SQL); ok && about != "" {
		st.SQL = about
	}
	e, err := r.explain(ctx, st)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (r *Request) explain(ctx context.Context, st query.Statement) (*exec.Explanation, error) {
	r.acts("explain")
	if procedure.Is(st.SQL) {
		return nil, gwerr.New(gwerr.NotImplemented, "A procedure has no plan to explain.", "Explain a SELECT statement.").At(0)
	}
	if change.Is(st.SQL) {
		return r.explainChange(ctx, st)
	}
	q, err := r.Bind(ctx, st)
	if err != nil {
		return nil, err
	}
	return r.Explained(ctx, q)
}

// Explained tells how a bound query would be read.
func (r *Request) Explained(ctx context.Context, q *query.Query) (*exec.Explanation, error) {
	r.reads(q)
	return attempt(ctx, r, func() (*exec.Explanation, error) { return r.connection.Executor.Explain(ctx, q) })
}

// Plan tells in lines how a bound query would be read, as EXPLAIN does.
func (r *Request) Plan(ctx context.Context, q *query.Query) ([]string, error) {
	r.acts("explain")
	e, err := r.Explained(ctx, q)
	if err != nil {
		return nil, err
	}
	return e.Lines(), nil
}

// analyze runs a query, drops its rows and tells what it did.
func (r *Request) analyze(ctx context.Context, st query.Statement) (*exec.Explanation, error) {
	if procedure.Is(st.SQL) || change.Is(st.SQL) {
		return nil, gwerr.New(gwerr.NotImplemented, "EXPLAIN ANALYZE runs queries alone: it would change what it explains.", "Write EXPLAIN.").At(0)
	}
	q, err := r.bind(ctx, st, r.Provider)
	if err != nil {
		return nil, err
	}
	running, trace := observe.WithTrace(scan.WithMemo(ctx))
	start, n := r.session.service.config.Now(), int64(0)
	rows, err := r.Query(running, q)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		b, err := rows.Next(running)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		n += b.Record.NumRows()
		b.Record.Release()
	}
	took := r.session.service.config.Now().Sub(start)
	e, err := r.explain(ctx, st)
	if err != nil {
		return nil, err
	}
	if !e.Veiled() {
		e.Tell(trace, n, took)
	}
	return e, nil
}

// Bind checks a statement against the caller's view of the catalog and prepares
// it to run.
func (r *Request) Bind(ctx context.Context, st query.Statement) (*query.Query, error) {
	if system.IsCommand(st.SQL) {
		var err error
		if st, err = r.command(ctx, st); err != nil {
			return nil, err
		}
	}
	return r.bind(ctx, st, r.Provider)
}

// bind is Bind over schemas of the caller's choice.
func (r *Request) bind(ctx context.Context, st query.Statement, provider catalog.Provider) (*query.Query, error) {
	c := r.session.service.config
	catalogs := r.session.service.catalogs(r.connection)
	shown := *r.catalog
	shown.Provider = provider
	st, places, err := r.listed(ctx, st, provider)
	if err != nil {
		return nil, err
	}
	q, err := attempt(ctx, r, func() (*query.Query, error) {
		return c.Binder.Bind(ctx, duck.BindRequest{
			SQL: st.SQL, Catalogs: catalogs, Provider: &shown, Positional: st.Positional, Named: st.Named,
		})
	})
	if err == nil {
		return q, nil
	}
	g := gwerr.From(err)
	if g.Position > 0 {
		g = g.At(places.Source(g.Position))
	}
	return nil, g
}

// Query runs a bound query. Its rows are counted by Returned where they belong
// to the answer.
func (r *Request) Query(ctx context.Context, q *query.Query) (scan.Rows, error) {
	r.reads(q)
	found, err := r.execute(ctx, q, exec.Options{})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Notes tell what of its tables the request's answer is about so far, where that
// is less than all.
func (r *Request) Notes() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	notes := append(r.stats.Notes(), r.notes...)
	for _, st := range r.pages {
		notes = append(notes, st.Notes()...)
	}
	slices.Sort(notes)
	return slices.Compact(notes)
}

// Count returns the number of rows of a bound query.
func (r *Request) Count(ctx context.Context, q *query.Query) (int64, error) {
	r.reads(q)
	return attempt(ctx, r, func() (int64, error) { return r.connection.Executor.Count(ctx, q) })
}

// CountTold reports whether the source tells the number of a plain query's rows, so that
// Count doesn't read them.
func (r *Request) CountTold(ctx context.Context, q *query.Query) (bool, error) {
	return attempt(ctx, r, func() (bool, error) { return r.connection.Executor.CountTold(ctx, q) })
}

// returned are rows that are an answer.
type returned struct {
	scan.Rows
	request *Request
}

// Next implements scan.Batches.
func (a returned) Next(ctx context.Context) (scan.Batch, error) {
	b, err := a.Rows.Next(ctx)
	if err != nil {
		return b, err
	}
	if err := a.request.Returned(b.Record.NumRows()); err != nil {
		b.Record.Release()
		return scan.Batch{}, err
	}
	return b, nil
}
