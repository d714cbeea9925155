package fair

import (
	"context"
	"sync"
	"sync/atomic"
)

type callerKey struct{}

// work is what is done under one context of WithCaller.
type work struct {
	name string
	held atomic.Int64 // places that Enter gave it
}

// WithCaller names the caller that the work under the context is for: one
// request of it.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, &work{name: name})
}

// Caller is the caller's name, "" for the gateway's own work.
func Caller(ctx context.Context) string {
	if w, ok := ctx.Value(callerKey{}).(*work); ok {
		return w.name
	}
	return ""
}

// Enter is Take for the work under a context of WithCaller. Work that has a place
// gets further ones at once, beyond its caller's share if need be: what it does
// with the first may have to wait for them. The gateway's own work needs none.
func (q *Queue) Enter(ctx context.Context) (done func(), err error) {
	w, ok := ctx.Value(callerKey{}).(*work)
	if !ok {
		return func() {}, nil
	}
	back := func() { q.giveBack(w.name) }
	if w.held.Load() > 0 {
		q.further(w.name)
	} else if back, err = q.Take(ctx, w.name); err != nil {
		return nil, err
	}
	w.held.Add(1)
	return sync.OnceFunc(func() {
		w.held.Add(-1)
		back()
	}), nil
}
