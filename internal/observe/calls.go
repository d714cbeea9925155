package observe

import (
	"context"
	"sync/atomic"
)

type callsKey struct{}

// WithCalls returns a context under which CountCalls counts calls to PingOne,
// and their number so far.
func WithCalls(ctx context.Context) (context.Context, func() int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, callsKey{}, n), n.Load
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
	if n, ok := ctx.Value(callsKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
})
