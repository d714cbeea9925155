package service

import (
	"context"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// planTime bounds the wait for a plan by which progress is told.
const planTime = 2 * time.Second

// Progress tells how far the request is. Who asks first waits for the plan, whose
// calls are counts of tables and belong to the request.
func (r *Request) Progress() query.Progress {
	r.mu.Lock()
	p := query.Progress{RowsSent: r.record.Rows}
	hidden := slices.ContainsFunc(r.tables, restricted)
	q := r.running
	r.mu.Unlock()
	p.BudgetWaitSeconds = r.calls.Waited().Seconds()
	if hidden {
		return p
	}
	calls, read := r.calls.Made(), r.stats.Fetched()
	p.Calls, p.RowsRead = &calls, &read
	if q != nil {
		r.planned.Do(func() { r.expected = r.expect(q) })
		if n := r.expected; n > 0 {
			n = max(n, calls)
			p.ExpectedCalls = &n
		}
	}
	return p
}

// restricted tells whether the caller sees a part of the table alone.
func restricted(t *catalog.Table) bool {
	return t.Restriction != nil || slices.ContainsFunc(t.Members, restricted)
}

// expect is the number of calls by the query's plan, 0 if it can't be told.
func (r *Request) expect(q *query.Query) (calls int64) {
	ctx, cancel := context.WithTimeout(r.ctx, planTime)
	defer cancel()
	e, err := r.connection.Executor.Explain(ctx, q)
	if err != nil || e.Veiled() {
		return 0
	}
	for _, s := range e.Scans {
		calls += s.EstimatedCalls
	}
	return calls
}
