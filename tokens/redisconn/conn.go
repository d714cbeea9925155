package redisconn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// ErrDown says that Redis did not answer, or had not answered just before.
var ErrDown = errors.New("redisconn: Redis is unavailable")

// ErrFull says that Redis answers but refuses writes.
var ErrFull = errors.New("redisconn: Redis refuses writes")

// Probing while Redis is down: first and longest wait between probes.
const (
	firstProbe   = 50 * time.Millisecond
	longestProbe = time.Second
)

// Config sets up a Conn. URL is required.
type Config struct {
	// URL is the address; see parse for its forms.
	URL string
	// Prefix starts every key, for ACL rules. Default "pgw:".
	Prefix string
	// Required makes New fail when Redis cannot be reached.
	Required bool
	// Sink receives StoreState. Default: none.
	Sink observe.Sink
}

// State is the health of a connection.
type State struct {
	Up     bool
	Since  time.Time
	Detail string
}

// Conn is a connection to Redis behind a circuit breaker. It is safe for
// concurrent use.
type Conn struct {
	client redis.UniversalClient
	prefix string
	budget time.Duration
	sink   observe.Sink

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.RWMutex
	closed  bool
	state   State
	open    bool // the breaker: fail at once
	probing bool
}

// quiet turns the client library's own log off: it writes addresses to
// standard error, and what it says is told by StoreState.
var quiet sync.Once

type discard struct{}

func (discard) Printf(context.Context, string, ...any) {}

// New connects. Without Required it does not wait for Redis. Errors are
// gwerr.Config.
func New(ctx context.Context, cfg Config) (*Conn, error) {
	t, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	cfg.Prefix = cmp.Or(cfg.Prefix, "pgw:")
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	quiet.Do(func() { redis.SetLogger(discard{}) })
	c := &Conn{
		client: redis.NewUniversalClient(&t.opts), prefix: cfg.Prefix, sink: cfg.Sink,
		budget: t.opts.DialTimeout + t.opts.ReadTimeout, state: State{Up: true},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if cfg.Required {
		if err := c.probe(ctx); err != nil {
			_ = c.Close()
			return nil, gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("Redis (%s) %s.", t.kind, describe(err)),
				"Check its address, user and password, or let the gateway start without it.")
		}
	}
	return c, nil
}

// Close ends the prober and closes the connections.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
	return c.client.Close()
}

// State returns the health as last seen.
func (c *Conn) State() State {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.state
}

// Ping asks Redis for a sign of life, so that State is not older than the
// call. Errors are those of Do.
func (c *Conn) Ping(ctx context.Context) error {
	return c.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error { return r.Ping(ctx).Err() })
}

// Key makes a key of the prefix, a name and a part. All parts of a name live
// in the same slot of a cluster.
func (c *Conn) Key(name, part string) string { return c.prefix + "{" + name + "}:" + part }

// Do runs f unless the breaker is open. f must be safe to run twice: it is
// repeated once if a kept connection turns out to be closed. Errors are
// ErrDown, ErrFull, the context's, or what Redis answered.
func (c *Conn) Do(ctx context.Context, f func(context.Context, redis.UniversalClient) error) error {
	c.mu.RLock()
	open := c.open
	c.mu.RUnlock()
	if open {
		return ErrDown
	}
	err := c.once(ctx, f)
	if err != nil && isStale(err) && ctx.Err() == nil {
		err = c.once(ctx, f)
	}
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case isFull(err):
		c.trip(err, false)
		return errors.Join(ErrFull, err)
	case isDown(err):
		c.trip(err, true)
		return errors.Join(ErrDown, err)
	}
	return err
}

func (c *Conn) once(ctx context.Context, f func(context.Context, redis.UniversalClient) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	return f(ctx, c.client)
}

// trip records a failure and starts the prober.
func (c *Conn) trip(err error, open bool) {
	c.mu.Lock()
	changed := c.state.Up
	if changed {
		c.state.Since = time.Now()
	}
	c.state.Up, c.state.Detail = false, describe(err)
	c.open = c.open || open
	if !c.probing && !c.closed {
		c.probing = true
		c.wg.Go(c.recover)
	}
	c.mu.Unlock()
	if changed {
		c.sink.Observe(c.ctx, observe.StoreState{Store: "redis", Up: false})
	}
}

// recover probes until Redis takes writes again.
func (c *Conn) recover() {
	wait := firstProbe
	for {
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-c.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		err := c.probe(c.ctx)
		c.mu.Lock()
		if err == nil {
			c.state, c.open, c.probing = State{Up: true, Since: time.Now()}, false, false
			c.mu.Unlock()
			c.sink.Observe(c.ctx, observe.StoreState{Store: "redis", Up: true})
			return
		}
		c.open, c.state.Detail = !isFull(err), describe(err)
		c.mu.Unlock()
		wait = min(wait*2, longestProbe)
	}
}

// probe writes a key that ends at once: a replica or a full Redis answers
// pings, but is of no use.
func (c *Conn) probe(ctx context.Context) error {
	return c.once(ctx, func(ctx context.Context, r redis.UniversalClient) error {
		return r.Set(ctx, c.prefix+"probe", 1, time.Second).Err()
	})
}

// isStale reports that the connection was closed before the command, as after
// a restart of Redis.
func isStale(err error) bool {
	var timeout net.Error
	return !(errors.As(err, &timeout) && timeout.Timeout()) && !isAnswer(err) && !errors.Is(err, context.DeadlineExceeded)
}

// isAnswer reports that err came from Redis itself.
func isAnswer(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

func isFull(err error) bool {
	return isAnswer(err) && strings.Contains(err.Error(), "OOM command not allowed")
}

// notReady are the answers of a Redis that cannot serve now.
var notReady = []string{"READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "MISCONF", "NOAUTH", "WRONGPASS", "NOPERM", "NOREPLICAS", "UNBLOCKED"}

func isDown(err error) bool {
	return !isAnswer(err) || slices.ContainsFunc(notReady, func(word string) bool { return strings.Contains(err.Error(), word) })
}

// describe puts an error into words without addresses or secrets.
func describe(err error) string {
	var timeout net.Error
	switch text := err.Error(); {
	case isFull(err):
		return "refuses writes: its memory is full"
	case !isAnswer(err) && (errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()):
		return "does not answer in time"
	case !isAnswer(err):
		return "cannot be reached"
	case strings.Contains(text, "READONLY"):
		return "is a read-only replica"
	case strings.Contains(text, "LOADING"):
		return "is loading its data"
	case strings.Contains(text, "NOAUTH"), strings.Contains(text, "WRONGPASS"):
		return "rejects the user or password"
	case strings.Contains(text, "NOPERM"):
		return "does not allow the user a command or key"
	default:
		return "cannot serve now"
	}
}
