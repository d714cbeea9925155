package observe

import (
	"context"
	"sync"
)

// Request collects what the parts that serve a request know of it, for the one
// observation at its end. It is safe for concurrent use; on a nil Request,
// setting does nothing.
type Request struct {
	mu                            sync.Mutex
	frontEnd, route, caller, code string
	rows                          int64
}

type requestKey struct{}

// WithRequest returns a context that carries a new Request.
func WithRequest(ctx context.Context) (context.Context, *Request) {
	r := &Request{}
	return context.WithValue(ctx, requestKey{}, r), r
}

// RequestOf returns the Request that the context carries, or nil.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// SetFrontEnd names the front end.
func (r *Request) SetFrontEnd(name string) { r.change(func() { r.frontEnd = name }) }

// SetRoute names the kind of address, from a closed set, such as
// "entity_set".
func (r *Request) SetRoute(name string) { r.change(func() { r.route = name }) }

// SetCaller names who asks.
func (r *Request) SetCaller(name string) { r.change(func() { r.caller = name }) }

// AddRows counts rows sent.
func (r *Request) AddRows(n int64) { r.change(func() { r.rows += n }) }

// FrontEnd returns the front end's name, or "".
func (r *Request) FrontEnd() (name string) {
	r.change(func() { name = r.frontEnd })
	return name
}

// Route returns the kind of address, or "".
func (r *Request) Route() (name string) {
	r.change(func() { name = r.route })
	return name
}

// Caller returns the name of who asks, or "".
func (r *Request) Caller() (name string) {
	r.change(func() { name = r.caller })
	return name
}

// Code returns the code of the last error that NoteCodes saw, or "".
func (r *Request) Code() (code string) {
	r.change(func() { code = r.code })
	return code
}

// NoteCodes is a Sink that notes in the Request of the context why it failed.
var NoteCodes = SinkFunc(func(ctx context.Context, e Event) {
	if f, ok := e.(RequestFailed); ok {
		r := RequestOf(ctx)
		r.change(func() { r.code = f.Code })
	}
})

// Rows returns the rows sent.
func (r *Request) Rows() (n int64) {
	r.change(func() { n = r.rows })
	return n
}

func (r *Request) change(f func()) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// PerRequest returns a Sink for front ends that report their own requests and
// may run below a server that reports every request: where the context carries
// a Request, RequestFinished only adds its route and rows to it, so that a
// request is counted once.
func PerRequest(next Sink) Sink {
	return SinkFunc(func(ctx context.Context, e Event) {
		if f, ok := e.(RequestFinished); ok {
			if r := RequestOf(ctx); r != nil {
				r.SetFrontEnd(f.FrontEnd)
				r.SetRoute(f.Route)
				r.AddRows(f.Rows)
				return
			}
		}
		next.Observe(ctx, e)
	})
}
