package pingone

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// client makes calls to the API, one at a time or many at once.
type client struct {
	cfg   Config
	base  *url.URL
	http  *http.Client
	conns *connections  // below http; nil where the configuration replaces them
	slots chan struct{} // one for each call in flight
}

func newClient(cfg Config) (*client, error) {
	base, err := baseURL(cfg)
	if err != nil {
		return nil, err
	}
	c := &client{cfg: cfg, base: base, slots: make(chan struct{}, cfg.MaxParallel)}
	rt := cfg.Transport
	if rt == nil {
		t, err := newTransport(cfg)
		if err != nil {
			return nil, err
		}
		c.conns = newConnections(t)
		rt = c.conns
	}
	c.http = newHTTPClient(cfg, rt)
	return c, nil
}

// close frees idle connections.
func (c *client) close() {
	if c.conns != nil {
		c.conns.current.Load().CloseIdleConnections()
	}
}

// call is a GET or, with a change, what its method says.
type call struct {
	// change is what the call writes; nil for one that reads.
	change  *changing
	address address
	// endpoint and group name the call in observations and the rate budget.
	endpoint, group string
	bulk            bool
	// plain asks for an answer that is not compressed.
	plain bool
	// missing lists statuses that mean "no such row".
	missing []int
	// permission names the right that the call needs, for messages.
	permission string
	// filter is the condition sent, for messages.
	filter string
	// resumed is set on the first call of a scan that continues a cursor.
	resumed bool
	// cred holds the token that this call shares with others; nil for a token
	// of its own.
	cred *credential
	// later is set on calls for any page but the first of a walk.
	later bool
	// served takes the service's own time of the answer, where it tells one.
	served *time.Time
}

// atCursor reports whether the call goes on behind a page that was read.
func (q call) atCursor() bool { return q.resumed || q.later || q.address.has("cursor") }

// method is the call's HTTP method.
func (q call) method() string {
	if q.change != nil {
		return q.change.method
	}
	return http.MethodGet
}

// get makes the call and hands the body to use, which must not keep it. Calls
// are repeated where that is safe: use may run several times. found is false
// where the answer's status means that there is no such row. The error is
// errCursor where the place in the address is no longer taken.
func (c *client) get(ctx context.Context, q call, use func(body []byte) error) (found bool, err error) {
	if q.cred == nil {
		q.cred = &credential{}
	}
	r := retrier{client: c, call: q, start: c.cfg.Clock.Now()}
	for {
		out := c.attempt(ctx, &r, use)
		if out.err == nil {
			return !out.missing, nil
		}
		if q.change.gone(out, r.attempts) {
			return true, nil
		}
		wait, reason := r.again(out)
		switch {
		case ctx.Err() != nil && !r.unclear:
			return false, gwerr.From(ctx.Err())
		case ctx.Err() != nil, reason == "":
			return false, r.final(out)
		}
		c.cfg.Sink.Observe(ctx, observe.UpstreamRetry{Group: q.group, Reason: reason, Wait: wait})
		if err := c.cfg.Clock.Sleep(ctx, wait); err != nil {
			return false, r.final(outcome{err: err})
		}
	}
}

// outcome is what became of one attempt.
type outcome struct {
	status     int // 0 if no answer came
	missing    bool
	err        error
	retryAfter time.Duration
	cut        bool // the answer ended early or made no sense
	network    bool
}

// attempt makes one exchange within the budget and the calls in flight.
func (c *client) attempt(ctx context.Context, r *retrier, use func([]byte) error) outcome {
	q, n := r.call, r.attempts+1
	permit := Permit{Group: q.group, Bulk: q.bulk}
	asked := c.cfg.Clock.Now()
	release, err := r.acquire(ctx, permit)
	if err != nil {
		return outcome{err: err}
	}
	defer release()
	waited := c.cfg.Clock.Now().Sub(asked)
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return outcome{err: ctx.Err()}
	}
	start := c.cfg.Clock.Now()
	out, size := c.exchange(ctx, q, n, use)
	c.cfg.Sink.Observe(ctx, observe.UpstreamCall{
		Group: q.group, Endpoint: q.endpoint, Method: q.method(), Status: out.status,
		Attempt: n, Duration: c.cfg.Clock.Now().Sub(start), Waited: waited, Bytes: size,
	})
	if out.status != 0 {
		c.cfg.Limiter.Report(ctx, permit, out.status, out.retryAfter)
	}
	return out
}

// exchange sends the request, reads the answer whole and hands it on.
// After one that timed out the next ones take new connections.
func (c *client) exchange(ctx context.Context, q call, n int, use func([]byte) error) (outcome, int64) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.conns != nil {
		used := c.conns.current.Load()
		defer func() {
			if timedOut(ctx) {
				c.conns.leave(used)
			}
		}()
	}
	if c.cfg.CallTimeout > 0 {
		t := time.AfterFunc(c.cfg.CallTimeout, func() { cancel(errCallTimeout) })
		defer t.Stop()
	}
	req, err := http.NewRequestWithContext(ctx, q.method(), c.resolve(q.address), q.change.reader())
	if err != nil {
		return outcome{err: gwerr.Wrap(gwerr.Internal, err, "The gateway built an invalid address.", "")}, 0
	}
	req.Header.Set("Accept", "application/json, application/hal+json;q=0.9")
	q.change.setType(req.Header)
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if !c.cfg.DisableCompression && !q.plain {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	token, err := q.cred.get(ctx, &c.cfg)
	switch {
	case err != nil && timedOut(ctx): // which the error takes for the caller's end
		return outcome{network: true, err: unreachable(ctx, context.Cause(ctx))}, 0
	case err != nil:
		return outcome{err: err}, 0
	}
	token.Set(req.Header)
	resp, err := c.do(req, n, cancel)
	if err != nil {
		return outcome{network: true, err: unreachable(ctx, err)}, 0
	}
	defer func() { _ = resp.Body.Close() }()
	buf := bodies.Get().(*bytes.Buffer)
	defer recycle(buf)
	readErr := c.read(cancel, resp, buf)
	size := int64(buf.Len())
	if resp.StatusCode == http.StatusUnauthorized {
		q.cred.refuse(ctx, token)
	}
	return c.judge(ctx, q, resp, buf.Bytes(), readErr, use), size
}

// do waits for the head of an answer. The first attempt gives up a silent
// connection early; where the service is slow, the second one waits.
func (c *client) do(req *http.Request, n int, cancel context.CancelCauseFunc) (*http.Response, error) {
	if n == 1 && req.Method == http.MethodGet {
		ctx, stop := watchUsed(req.Context(), c.cfg.SilentFor, func() { cancel(errSilent) })
		defer stop()
		req = req.WithContext(ctx)
	}
	return c.http.Do(req)
}

// judge turns an answer into an outcome.
func (c *client) judge(ctx context.Context, q call, resp *http.Response, body []byte, readErr error, use func([]byte) error) outcome {
	out := outcome{status: resp.StatusCode}
	switch {
	case slices.Contains(q.missing, out.status) && !q.atCursor():
		out.missing = true
		return out
	case !q.succeeds(out.status):
		out.retryAfter = retryAfter(resp.Header, c.cfg.Clock.Now())
		out.err = apiError(q, resp, body)
		return out
	case readErr != nil:
		var known *gwerr.Error
		if errors.As(readErr, &known) {
			out.err = known
			return out
		}
		out.cut, out.err = true, cutShort(causeOf(ctx, readErr))
		return out
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil && q.served != nil {
		*q.served = at
	}
	if err := use(body); err != nil {
		out.err = err
		out.cut = gwerr.Is(err, gwerr.UpstreamCutShort)
	}
	return out
}

// read takes the whole body, within its bounds of size and pace.
func (c *client) read(cancel context.CancelCauseFunc, resp *http.Response, buf *bytes.Buffer) error {
	if n := resp.ContentLength; n > 0 && n <= c.cfg.MaxBody { // the least size of one that is compressed
		buf.Grow(int(n) + bytes.MinRead)
	}
	idle := time.AfterFunc(c.cfg.IdleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	err := inflated(&paced{r: resp.Body, idle: idle, wait: c.cfg.IdleTimeout}, resp, func(r io.Reader) error {
		_, err := buf.ReadFrom(io.LimitReader(r, c.cfg.MaxBody+1))
		return err
	})
	if err == nil && int64(buf.Len()) > c.cfg.MaxBody {
		return gwerr.Newf(gwerr.UpstreamRejected, "PingOne's answer is larger than the %d MiB that the gateway takes.", c.cfg.MaxBody>>20).
			WithHint("Ask for smaller pages with Pagesize.")
	}
	return err
}

// paced restarts a timer at every piece of a body.
type paced struct {
	r    io.Reader
	idle *time.Timer
	wait time.Duration
}

func (p *paced) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.idle.Reset(p.wait)
	return n, err
}

// bodies keeps buffers for answers; most pages have much the same size.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBody = 4 << 20

func recycle(b *bytes.Buffer) {
	if b.Cap() > keptBody {
		return
	}
	b.Reset()
	bodies.Put(b)
}

// causeOf prefers the reason for which we ended a call to what the transport
// made of it.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
