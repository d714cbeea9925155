package observe

import (
	"context"
	"sync/atomic"
	"time"
)

type callsKey struct{}

// Calls counts calls to PingOne. A nil Calls has counted none.
type Calls struct{ made, waited atomic.Int64 }

// WithCalls returns a context under which CountCalls counts.
func WithCalls(ctx context.Context) (context.Context, *Calls) {
	c := new(Calls)
	return context.WithValue(ctx, callsKey{}, c), c
}

// Made is the number of calls so far.
func (c *Calls) Made() int64 {
	if c == nil {
		return 0
	}
	return c.made.Load()
}

// Waited is the time for which they waited for the rate budget, added up.
func (c *Calls) Waited() time.Duration {
	if c == nil {
		return 0
	}
	return time.Duration(c.waited.Load())
}

// CountCalls is a Sink that counts for WithCalls and WithTrace.
var CountCalls = SinkFunc(func(ctx context.Context, e Event) {
	call, ok := e.(UpstreamCall)
	if !ok {
		return
	}
	if t := TraceOf(ctx); t != nil {
		t.call(call)
	}
	if c, ok := ctx.Value(callsKey{}).(*Calls); ok {
		c.made.Add(1)
		c.waited.Add(int64(call.Waited))
	}
})
