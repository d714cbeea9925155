package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// turns bounds the queries at work. A bounded number waits for a bounded time;
// the rest is refused at once, which costs nothing and lets a load balancer
// try elsewhere.
type turns struct {
	slots   chan struct{}
	queue   int64
	most    time.Duration
	waiting atomic.Int64
	after   func(time.Duration) <-chan time.Time
	sink    observe.Sink
}

func newTurns(c Config) *turns {
	return &turns{
		slots: make(chan struct{}, c.Limits.Queries), queue: int64(c.Limits.Queue),
		most: c.Limits.QueueTime, after: c.After, sink: c.Sink,
	}
}

// take waits for a turn. The caller calls done when it has ended.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	select {
	case t.slots <- struct{}{}:
		return t.begin(ctx), nil
	default:
	}
	if t.waiting.Add(1) > t.queue {
		t.waiting.Add(-1)
		return nil, t.refuse(ctx, "queue_full")
	}
	t.sink.Observe(ctx, observe.InFlight{What: "queued", Delta: 1})
	defer func() {
		t.waiting.Add(-1)
		t.sink.Observe(ctx, observe.InFlight{What: "queued", Delta: -1})
	}()
	select {
	case t.slots <- struct{}{}:
		return t.begin(ctx), nil
	case <-t.after(t.most):
		return nil, t.refuse(ctx, "queue_time")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *turns) begin(ctx context.Context) func() {
	t.sink.Observe(ctx, observe.InFlight{What: "turns", Delta: 1})
	return func() {
		<-t.slots
		t.sink.Observe(ctx, observe.InFlight{What: "turns", Delta: -1})
	}
}

func (t *turns) refuse(ctx context.Context, why string) error {
	t.sink.Observe(ctx, observe.RequestShed{Reason: why})
	wait := max(time.Second, t.most/2)
	return gwerr.New(gwerr.Busy, "Too many queries are running.", "Try again after the time in Retry-After, or raise limits.queries.").After(wait)
}

// taking lets a request take its turn.
func (s *Server) taking(t *turns) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			done, err := t.take(r.Context())
			if err != nil {
				s.fail(w, r, err)
				return
			}
			defer done()
			next.ServeHTTP(w, r)
		})
	}
}
