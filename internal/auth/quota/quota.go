// Package quota holds each caller to its own limits of requests a second and
// of requests at a time, so that one caller can't starve the others.
package quota

import (
	"cmp"
	"context"
	"errors"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Limits bound what one caller may ask for; 0 means no bound.
type Limits struct {
	RequestsPerSecond float64
	// Burst is the number of requests that may come at once; 0 stands for the
	// requests of one second, at least one.
	Burst int
	// RowsPerQuery and Time are for whoever runs the query.
	RowsPerQuery int64
	Concurrency  int
	Time         time.Duration
}

// Config configures a Keeper. Zero values take the defaults named.
type Config struct {
	// Callers is the number of callers remembered (10,000); the one that asked
	// longest ago is forgotten first and starts afresh.
	Callers int
	// Patience is how long a request waits for another one of its caller to
	// end before it is refused (5 s). Feed readers open several connections at
	// once and take a refusal badly.
	Patience time.Duration
	// Now is the clock (time.Now).
	Now func() time.Time
	// Sink receives observe.CallerLimited events; nil discards them.
	Sink observe.Sink
}

// Keeper holds callers to their limits. It is safe for concurrent use.
type Keeper struct {
	cfg     Config
	mu      sync.Mutex
	callers *lru.Cache[string, *caller]
}

type caller struct {
	limits  Limits
	bucket  *rate.Limiter
	running *semaphore.Weighted
}

// New returns a keeper.
func New(cfg Config) *Keeper {
	cfg.Callers, cfg.Patience = cmp.Or(cfg.Callers, 10_000), cmp.Or(cfg.Patience, 5*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	// lru.New fails for sizes below one only.
	callers, _ := lru.New[string, *caller](cfg.Callers)
	return &Keeper{cfg: cfg, callers: callers}
}

// Acquire counts one request of the caller, named by Principal.Identity, and
// returns what must be called when it has ended. The error is
// gwerr.TooManyRequests with RetryAfter where a limit is reached, or the
// context's.
func (k *Keeper) Acquire(ctx context.Context, identity string, l Limits) (release func(), err error) {
	c := k.caller(identity, l)
	if c.bucket != nil {
		now := k.cfg.Now()
		r := c.bucket.ReserveN(now, 1)
		if wait := r.DelayFrom(now); wait > 0 {
			r.CancelAt(now)
			return nil, k.refuse(ctx, "rate", wait, "You passed your limit of requests a second.")
		}
	}
	if c.running == nil {
		return func() {}, nil
	}
	if !c.running.TryAcquire(1) {
		waiting, cancel := context.WithTimeout(ctx, k.cfg.Patience)
		defer cancel()
		if c.running.Acquire(waiting, 1) != nil {
			if err := ctx.Err(); err != nil {
				return nil, gwerr.From(err)
			}
			return nil, k.refuse(ctx, "concurrency", time.Second, "Too many of your requests are running.")
		}
	}
	return sync.OnceFunc(func() { c.running.Release(1) }), nil
}

func (k *Keeper) refuse(ctx context.Context, limit string, wait time.Duration, message string) error {
	k.cfg.Sink.Observe(ctx, observe.CallerLimited{Limit: limit})
	return gwerr.Wrap(gwerr.TooManyRequests, errors.New("quota: "+limit), message,
		"Wait as long as Retry-After says, or ask the administrator for a larger limit.").After(wait)
}

// caller returns the state of the caller, anew where its limits have changed.
func (k *Keeper) caller(identity string, l Limits) *caller {
	l.RowsPerQuery, l.Time = 0, 0
	k.mu.Lock()
	defer k.mu.Unlock()
	if c, ok := k.callers.Get(identity); ok && c.limits == l {
		return c
	}
	c := &caller{limits: l}
	if l.RequestsPerSecond > 0 {
		burst := l.Burst
		if burst <= 0 {
			burst = int(math.Ceil(l.RequestsPerSecond))
		}
		c.bucket = rate.NewLimiter(rate.Limit(l.RequestsPerSecond), burst)
	}
	if l.Concurrency > 0 {
		c.running = semaphore.NewWeighted(int64(l.Concurrency))
	}
	k.callers.Add(identity, c)
	return c
}
