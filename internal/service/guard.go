package service

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// attempt runs a part of a query. A panic is the query's failure, so that it is
// accounted for and gives back what it holds.
func attempt[T any](ctx context.Context, s *Service, f func() (T, error)) (out T, err error) {
	err = safely.Do(ctx, s.config.Sink, observe.InQuery, func() (err error) {
		out, err = f()
		return err
	})
	return out, err
}

// execute starts a bound query.
func (s *Service) execute(ctx context.Context, c *Connection, q *query.Query, o exec.Options) (*exec.Result, error) {
	release := c.hold() // rows may outlive the request that began them
	found, err := attempt(ctx, s, func() (*exec.Result, error) { return c.Executor.Query(ctx, q, o) })
	if err != nil {
		release()
		return nil, err
	}
	found.Rows = &guarded{Rows: found.Rows, ctx: ctx, service: s, release: release}
	return found, nil
}

// guarded are rows whose panics are errors. ctx is what events are told under.
type guarded struct {
	scan.Rows
	ctx     context.Context
	service *Service
	release func() // of the connection
}

// Next implements scan.Batches.
func (g *guarded) Next(ctx context.Context) (scan.Batch, error) {
	return attempt(ctx, g.service, func() (scan.Batch, error) { return g.Rows.Next(ctx) })
}

// Close implements scan.Batches. It may run in the goroutine of a timer.
func (g *guarded) Close() {
	defer g.release()
	// There is nobody to tell; the event is out.
	_ = safely.Do(g.ctx, g.service.config.Sink, observe.InQuery, func() error { g.Rows.Close(); return nil })
}
