package service

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Turns bound the requests of all callers that are at work.
type Turns struct {
	// AtOnce is the number of them; 0 means no bound.
	AtOnce int
	// Queue is the number of further ones that wait, QueueTime for how long.
	Queue     int
	QueueTime time.Duration
}

// turns let a bounded number wait for a bounded time; the rest is refused at
// once, which costs nothing and lets a load balancer try elsewhere.
type turns struct {
	Turns
	slots   chan struct{} // nil where there is no bound
	waiting atomic.Int64
	sink    observe.Sink
}

func newTurns(t Turns, sink observe.Sink) *turns {
	out := &turns{Turns: t, sink: sink}
	if t.AtOnce > 0 {
		out.slots = make(chan struct{}, t.AtOnce)
	}
	return out
}

// take waits for a turn. The caller calls done when it has ended.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	if t.slots == nil {
		return t.begin(ctx), nil
	}
	select {
	case t.slots <- struct{}{}:
		return t.begin(ctx), nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > int64(t.Queue) {
		return nil, t.refuse(ctx, "queue_full")
	}
	t.sink.Observe(ctx, observe.InFlight{What: "queued", Delta: 1})
	defer t.sink.Observe(ctx, observe.InFlight{What: "queued", Delta: -1})
	select {
	case t.slots <- struct{}{}:
		return t.begin(ctx), nil
	case <-time.After(t.QueueTime):
		return nil, t.refuse(ctx, "queue_time")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *turns) begin(ctx context.Context) func() {
	t.sink.Observe(ctx, observe.InFlight{What: "queries", Delta: 1})
	return func() {
		if t.slots != nil {
			<-t.slots
		}
		t.sink.Observe(ctx, observe.InFlight{What: "queries", Delta: -1})
	}
}

func (t *turns) refuse(ctx context.Context, why string) error {
	t.sink.Observe(ctx, observe.RequestShed{Reason: why})
	wait := max(time.Second, t.QueueTime/2)
	return gwerr.New(gwerr.Busy, "Too many queries are running.", "Try again after the time in Retry-After, or raise limits.queries.").After(wait)
}
