package service

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Turns bound the requests of all callers that are at work, and with them the
// statements that are planned and run: whoever has a turn waits for nobody's
// request any more.
type Turns struct {
	// AtOnce is the number of them; 0 means no bound.
	AtOnce int
	// Share is the part of them that a caller can have if it is alone; 0 means a
	// half. Package fair has the rule for several callers.
	Share float64
	// Queue is the number of further ones that wait, QueueTime for how long.
	Queue     int
	QueueTime time.Duration
}

var errQueueTime = errors.New("service: no turn in time")

// turns let a bounded number wait for a bounded time; the rest is refused at
// once, which costs nothing and lets a load balancer try elsewhere.
type turns struct {
	Turns
	// work and waiting name the gauges of those who have a turn or wait for one.
	work, waiting string
	queue         *fair.Queue // nil where there is no bound
	sink          observe.Sink
}

func newTurns(t Turns, work, waiting string, sink observe.Sink) *turns {
	t.Share = cmp.Or(t.Share, 0.5)
	out := &turns{Turns: t, work: work, waiting: waiting, sink: sink}
	if t.AtOnce > 0 {
		out.queue = fair.New(t.AtOnce, t.Queue, t.Share)
	}
	return out
}

// take waits for a turn of the caller. Who has it calls done in the end.
func (t *turns) take(ctx context.Context, caller string) (done func(), err error) {
	back, free := func() {}, true
	if t.queue != nil {
		back, free = t.queue.TakeFree(caller)
	}
	if !free {
		back, err = t.wait(ctx, caller)
	}
	switch {
	case errors.Is(err, fair.ErrFull):
		return nil, t.refuse(ctx, "queue_full")
	case errors.Is(err, errQueueTime):
		return nil, t.refuse(ctx, "queue_time")
	case err != nil:
		return nil, err
	}
	t.sink.Observe(ctx, observe.InFlight{What: t.work, Delta: 1})
	return func() {
		back()
		t.sink.Observe(ctx, observe.InFlight{What: t.work, Delta: -1})
	}, nil
}

func (t *turns) wait(ctx context.Context, caller string) (back func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.QueueTime, errQueueTime)
	defer cancel()
	t.sink.Observe(ctx, observe.InFlight{What: t.waiting, Delta: 1})
	defer t.sink.Observe(ctx, observe.InFlight{What: t.waiting, Delta: -1})
	return t.queue.Take(ctx, caller)
}

// refuse tells who had no turn. Where some are free, the caller has its share.
func (t *turns) refuse(ctx context.Context, why string) error {
	wait := max(time.Second, t.QueueTime/2)
	if t.queue.Free() > 0 {
		t.sink.Observe(ctx, observe.CallerLimited{Limit: "share"})
		return gwerr.New(gwerr.TooManyRequests, "Too many of your requests are running.",
			"Send fewer at a time, or ask the administrator for a larger limits.caller_share.").After(wait)
	}
	t.sink.Observe(ctx, observe.RequestShed{Reason: why})
	return gwerr.New(gwerr.Busy, "Too many queries are running.", "Try again after the time in Retry-After, or raise limits.queries.").After(wait)
}
