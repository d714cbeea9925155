package pingone

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// connections is a transport that can be told to leave its connections alone:
// the calls under way go on, the next ones open connections of their own. So a
// call that timed out is not made again on the connection that swallowed it.
type connections struct {
	template *http.Transport
	current  atomic.Pointer[http.Transport]
}

func newConnections(template *http.Transport) *connections {
	c := &connections{template: template}
	c.current.Store(template.Clone())
	return c
}

// RoundTrip implements http.RoundTripper.
func (c *connections) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.current.Load().RoundTrip(r)
}

// leave gives up the connections of a transport, unless another call has done
// so. Those that are in use close once they are idle.
func (c *connections) leave(old *http.Transport) {
	if c.current.CompareAndSwap(old, c.template.Clone()) {
		old.CloseIdleConnections()
	}
}

// The reasons for which the client ends a call by itself.
var (
	errCallTimeout = errors.New("the call took too long")
	errIdle        = errors.New("the answer stalled")
	errSilent      = errors.New("the connection was silent")
)

// timedOut reports whether the client ended the call of a context.
func timedOut(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return errors.Is(cause, errCallTimeout) || errors.Is(cause, errIdle) || errors.Is(cause, errSilent)
}

// watchUsed calls end where an HTTP/1.1 connection that was used before gives
// no answer in time. It may be dead, and unlike one of HTTP/2 it can't be asked
// beside the call. stop ends the watch.
func watchUsed(ctx context.Context, wait time.Duration, end func()) (watched context.Context, stop func()) {
	var timer atomic.Pointer[time.Timer]
	set := func(t *time.Timer) {
		if old := timer.Swap(t); old != nil {
			old.Stop()
		}
	}
	watched = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if i.Reused && !isHTTP2(i.Conn) {
			set(time.AfterFunc(wait, end))
		}
	}})
	return watched, func() { set(nil) }
}

func isHTTP2(c net.Conn) bool {
	t, ok := c.(*tls.Conn)
	return ok && t.ConnectionState().NegotiatedProtocol == "h2"
}
