package exec

import (
	"context"
	"fmt"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Actual is what a query did when it ran.
type Actual struct {
	Rows  int64 `json:"rows"`
	Calls int64 `json:"calls"`
	// Endpoints are the addresses that calls were made to.
	Endpoints []observe.CallsAt `json:"endpoints"`
	// Milliseconds are the time until the last row; Waited what calls waited for
	// the rate budget, added up; Engine the time in the engine, without its waits
	// for rows.
	Milliseconds float64 `json:"milliseconds"`
	Waited       float64 `json:"waitedForBudgetMilliseconds"`
	Engine       float64 `json:"engineMilliseconds"`
}

// Tell completes the plan with what the trace of its run collected.
func (e *Explanation) Tell(t *observe.Trace, rows int64, took time.Duration) {
	a := &Actual{Rows: rows, Milliseconds: millis(took), Endpoints: []observe.CallsAt{}}
	places, waited, engine := t.Told()
	for _, p := range places {
		a.Calls += p.Calls
		a.Endpoints = append(a.Endpoints, p)
	}
	a.Waited, a.Engine = millis(waited), millis(engine)
	e.Actual = a
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// lines writes what was done for people.
func (a *Actual) lines() []string {
	if a == nil {
		return nil
	}
	out := []string{fmt.Sprintf("It ran: %d rows by %d calls in %.1f ms; %.1f ms in the engine; calls waited %.1f ms in all for the rate budget.",
		a.Rows, a.Calls, a.Milliseconds, a.Engine, a.Waited)}
	for _, p := range a.Endpoints {
		line := fmt.Sprintf("  %s: %d calls", p.Endpoint, p.Calls)
		if p.Calls > 0 {
			line += fmt.Sprintf(", %d rows (%.1f a call), %d bytes (%d a call)", p.Rows, float64(p.Rows)/float64(p.Calls), p.Bytes, p.Bytes/p.Calls)
		} else {
			line += fmt.Sprintf(", %d rows from answers that were at hand", p.Rows)
		}
		out = append(out, line)
	}
	return out
}

// timed runs the engine and notes how long it is waited for, and how long it
// waits for rows itself.
func (x *Executor) timed(ctx context.Context, t *observe.Trace, job query.Job) (scan.Rows, error) {
	for i := range job.Inputs {
		job.Inputs[i].Rows = stopped{job.Inputs[i].Rows, x.config.Now, t.Input}
	}
	start := x.config.Now()
	rows, err := x.engine.Run(ctx, job)
	t.Engine(x.config.Now().Sub(start))
	if err != nil {
		return nil, err
	}
	return typed{Batches: stopped{rows, x.config.Now, t.Engine}, schema: rows.Schema()}, nil
}

// stopped tells how long its batches were waited for.
type stopped struct {
	scan.Batches
	now  func() time.Time
	told func(time.Duration)
}

// Next implements scan.Batches.
func (s stopped) Next(ctx context.Context) (scan.Batch, error) {
	start := s.now()
	defer func() { s.told(s.now().Sub(start)) }()
	return s.Batches.Next(ctx)
}
