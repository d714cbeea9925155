package service

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// run is one query from its admission to its account.
type run struct {
	service *Service
	ctx     context.Context
	cancel  context.CancelFunc
	release func()
	keep    func(context.Context, Record)
	calls   func() int64
	stats   *exec.Stats
	limit   int64
	record  Record
	query   *query.Query
	// streams are what a page was read from.
	streams []*stream
	done    bool
}

// work describes what is about to begin.
type work struct{ action, frontEnd, statement string }

// begin admits a query of the caller in ctx. End it with finish.
func (s *Service) begin(ctx context.Context, c *Connection, w work) (*run, error) {
	p := auth.FromContext(ctx)
	limits := s.limits(p)
	limits.RowsPerQuery = tighter(limits.RowsPerQuery, c.MaxRows)
	r := &run{
		service: s, limit: limits.RowsPerQuery,
		release: func() {}, keep: func(context.Context, Record) {}, calls: func() int64 { return 0 },
		record: Record{
			Action: w.action, FrontEnd: w.frontEnd, Connection: c.Name, Statement: w.statement, Started: s.config.Now(), Principal: p,
		},
	}
	if s.config.Quota != nil {
		release, err := s.config.Quota.Acquire(ctx, p.Identity(), limits)
		if err != nil {
			return nil, err
		}
		r.release = release
	}
	if s.config.Audit != nil {
		keep, err := s.config.Audit(ctx)
		if err != nil {
			r.release()
			return nil, err
		}
		r.keep = keep
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if limits.Time > 0 {
		r.cancel() // of the context that the next line replaces
		r.ctx, r.cancel = context.WithTimeout(ctx, limits.Time)
	}
	if c.Calls != nil {
		r.ctx, r.calls = c.Calls(r.ctx)
	}
	r.ctx, r.stats = exec.WithStats(r.ctx)
	s.config.Sink.Observe(ctx, observe.InFlight{What: "queries", Delta: 1})
	return r, nil
}

// bound notes what the query reads.
func (r *run) bound(q *query.Query) {
	r.query = q
	for _, t := range q.Tables() {
		name := t.Name
		if t.Schema != nil {
			name = t.Schema.Name + "." + name
		}
		r.record.Tables = append(r.record.Tables, name)
	}
}

// finish ends the query and accounts for it; err is nil for a whole answer.
// It returns err.
func (r *run) finish(err error) error {
	if r.done {
		return err
	}
	r.done = true
	r.cancel()
	r.release()
	s := r.service
	r.record.Duration, r.record.Calls, r.record.Err = s.config.Now().Sub(r.record.Started), r.calls(), err
	fetched := r.stats.Fetched()
	for _, st := range r.streams {
		calls, rows := st.settle()
		r.record.Calls, fetched = r.record.Calls+calls, fetched+rows
	}
	// The account must be written even when the client has gone.
	ctx := context.WithoutCancel(r.ctx)
	s.config.Sink.Observe(ctx, observe.InFlight{What: "queries", Delta: -1})
	s.config.Sink.Observe(ctx, r.finished(fetched))
	r.keep(ctx, r.record)
	return err
}

func (r *run) finished(fetched int64) observe.QueryFinished {
	e := observe.QueryFinished{
		FrontEnd: r.record.FrontEnd, RowsFetched: fetched, RowsReturned: r.record.Rows, Calls: r.record.Calls,
		Pushed: r.stats.Pushed(), Residual: r.stats.Residual(), Duration: r.record.Duration,
	}
	for _, st := range r.streams {
		e.Pushed, e.Residual = e.Pushed+st.stats.Pushed(), e.Residual+st.stats.Residual()
	}
	if r.query != nil {
		for _, t := range r.query.Tables() {
			e.Tables = append(e.Tables, t.Name)
		}
	}
	if r.record.Err != nil {
		e.Code = string(gwerr.From(r.record.Err).Code)
	}
	return e
}

// rows are a query's rows while it is being accounted for.
type rows struct {
	scan.Rows
	run *run
}

// Schema implements scan.Rows.
func (r *rows) Schema() *arrow.Schema { return r.Rows.Schema() }

// Next implements scan.Batches under the query's own time limit as well as the
// caller's context.
func (r *rows) Next(ctx context.Context) (scan.Batch, error) {
	if err := ctx.Err(); err != nil {
		return scan.Batch{}, r.run.finish(err)
	}
	b, err := r.Rows.Next(r.run.ctx)
	switch {
	case errors.Is(err, io.EOF):
		_ = r.run.finish(nil)
		return b, err
	case err != nil:
		return b, r.run.finish(err)
	}
	r.run.record.Rows += b.Record.NumRows()
	if r.run.limit > 0 && r.run.record.Rows > r.run.limit {
		b.Record.Release()
		return scan.Batch{}, r.run.finish(tooManyRows(r.run.limit))
	}
	return b, nil
}

// Close implements scan.Batches. A stream that is closed before its end was
// not wanted to the end: that is no error.
func (r *rows) Close() {
	r.run.cancel()
	r.Rows.Close()
	_ = r.run.finish(nil)
}

func tooManyRows(limit int64) error {
	return gwerr.New(gwerr.LimitExceeded, fmt.Sprintf("The result has more than %d rows.", limit), "Narrow the query, or ask for it in pages.")
}
