package service

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// SQL implements sqlhttp.Querier.
func (s *Service) SQL(ctx context.Context, st sqlhttp.Statement) (*sqlhttp.Answer, error) {
	if procedure.Is(st.SQL) {
		return s.call(ctx, st)
	}
	c, provider, err := s.connection(ctx, st.Connection)
	if err != nil {
		return nil, err
	}
	r, err := s.begin(ctx, c, work{"query", "sql", st.SQL})
	if err != nil {
		return nil, err
	}
	q, err := s.bind(r.ctx, c, provider, st)
	if err != nil {
		return nil, r.finish(err)
	}
	r.bound(q)
	found, err := s.execute(r.ctx, c, q, exec.Options{})
	if err != nil {
		return nil, r.finish(err)
	}
	return &sqlhttp.Answer{Columns: q.Columns, Rows: &rows{Rows: found, run: r}}, nil
}

// ExplainSQL implements sqlhttp.Querier.
func (s *Service) ExplainSQL(ctx context.Context, st sqlhttp.Statement) (any, error) {
	c, provider, err := s.connection(ctx, st.Connection)
	if err != nil {
		return nil, err
	}
	if procedure.Is(st.SQL) {
		return nil, gwerr.New(gwerr.NotImplemented, "A procedure has no plan to explain.", "Explain a SELECT statement.").At(0)
	}
	r, err := s.begin(ctx, c, work{"explain", "sql", st.SQL})
	if err != nil {
		return nil, err
	}
	q, err := s.bind(r.ctx, c, provider, st)
	if err != nil {
		return nil, r.finish(err)
	}
	r.bound(q)
	plan, err := attempt(r.ctx, s, func() (any, error) { return c.Executor.Explain(r.ctx, q) })
	return plan, r.finish(err)
}

func (s *Service) bind(ctx context.Context, c *Connection, provider catalog.Provider, st sqlhttp.Statement) (*query.Query, error) {
	catalogs := []string{c.Name}
	if c.Name == s.config.Pool.Default() {
		catalogs = append(catalogs, s.config.Aliases...)
	}
	r := duck.BindRequest{SQL: st.SQL, Catalogs: catalogs, Provider: provider}
	for _, p := range st.Positional {
		r.Positional = append(r.Positional, bindParameter(p))
	}
	if st.Named != nil {
		r.Named = make(map[string]duck.Parameter, len(st.Named))
		for name, p := range st.Named {
			r.Named[name] = bindParameter(p)
		}
	}
	return attempt(ctx, s, func() (*query.Query, error) { return s.config.Binder.Bind(ctx, r) })
}

func bindParameter(p sqlhttp.Parameter) duck.Parameter {
	out := duck.Parameter{Value: p.Value, Null: p.Null}
	if p.List != nil {
		out.List = make([]duck.Parameter, len(p.List))
		for i, e := range p.List {
			out.List[i] = bindParameter(e)
		}
	}
	return out
}

// Query runs a bound query of another front end. statement describes it for
// the audit trail.
func (s *Service) Query(ctx context.Context, connection, frontEnd, statement string, q *query.Query) (scan.Rows, error) {
	c, _, err := s.connection(ctx, connection)
	if err != nil {
		return nil, err
	}
	r, err := s.begin(ctx, c, work{"query", frontEnd, statement})
	if err != nil {
		return nil, err
	}
	r.bound(q)
	found, err := s.execute(r.ctx, c, q, exec.Options{})
	if err != nil {
		return nil, r.finish(err)
	}
	return &rows{Rows: found, run: r}, nil
}

// Count returns the number of rows of a bound query of another front end.
func (s *Service) Count(ctx context.Context, connection, frontEnd, statement string, q *query.Query) (int64, error) {
	c, _, err := s.connection(ctx, connection)
	if err != nil {
		return 0, err
	}
	r, err := s.begin(ctx, c, work{"query", frontEnd, statement})
	if err != nil {
		return 0, err
	}
	r.bound(q)
	n, err := attempt(r.ctx, s, func() (int64, error) { return c.Executor.Count(r.ctx, q) })
	return n, r.finish(err)
}
