package odata

import (
	"context"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// rowsOf binds the query for a resource's rows, at most limit of them; negative for
// all. Plain feeds are bound already, all else is bound as an SQL statement.
func (q *request) rowsOf(ctx context.Context, r *model.Resource, link predicate.Expr, limit int64) (*query.Query, error) {
	if !r.Staged() {
		return r.Query(link, limit), nil
	}
	return q.Bind(ctx, r.Statement(link, limit))
}

// counting counts the rows of the request's resource, whatever $top and $skip say,
// when it is called.
func (q *request) counting(link predicate.Expr) func(context.Context) (int64, error) {
	if !q.resource.Staged() {
		counted := q.resource.CountQuery(link)
		return func(ctx context.Context) (int64, error) { return q.countRows(ctx, counted) }
	}
	st := q.resource.CountStatement(link)
	return func(ctx context.Context) (int64, error) {
		counted, err := q.Bind(ctx, st)
		if err != nil {
			return 0, err
		}
		return q.countRows(ctx, counted)
	}
}

func (q *request) countRows(ctx context.Context, counted *query.Query) (int64, error) {
	if counted.Empty {
		return 0, nil
	}
	return q.Count(ctx, counted)
}
