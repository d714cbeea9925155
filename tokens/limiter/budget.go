package limiter

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Shared is a budget kept outside the process, such as NewRedis returns. Its
// errors mean that the process must go on with its own part.
type Shared interface {
	take(ctx context.Context, k key, limit float64, want int) (reading, error)
	hit(ctx context.Context, k key, limit float64, retryAfter time.Duration, observed float64) (reading, error)
}

// Config sets up a Budget. The zero value is a budget of one process.
type Config struct {
	// Shared is the replicas' common budget; nil means that this process is
	// alone.
	Shared Shared
	// Replicas is how many processes share the limit when Shared fails.
	// Default 1.
	Replicas int
	// RateShare is the part of a declared limit to use, 0 < share <= 1.
	// Default 0.35, PingOne's own part per source address.
	RateShare float64
	// Limits are calls per second by rate-limit group, for every license that
	// SetLimit says nothing about.
	Limits map[string]float64
	// MaxInFlight bounds the calls in flight per license and group in this
	// process. Default 64.
	MaxInFlight int
	// MaxWait bounds how long Acquire waits. Default one minute.
	MaxWait time.Duration
	// MaxQueue bounds how many callers wait per license and group. Default
	// 10,000.
	MaxQueue int
	// Sink receives LimitWait and BudgetChanged. Default: none.
	Sink observe.Sink
}

func (c *Config) fill() error {
	c.Replicas = cmp.Or(c.Replicas, 1)
	c.RateShare = cmp.Or(c.RateShare, 0.35)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, 64)
	c.MaxWait = cmp.Or(c.MaxWait, time.Minute)
	c.MaxQueue = cmp.Or(c.MaxQueue, 10_000)
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	if c.RateShare < 0 || c.RateShare > 1 {
		return gwerr.New(gwerr.Config, fmt.Sprintf("RateShare is %g.", c.RateShare),
			"Give a number above 0 and up to 1.").On("RateShare")
	}
	for name, v := range map[string]int{"Replicas": c.Replicas, "MaxInFlight": c.MaxInFlight, "MaxQueue": c.MaxQueue} {
		if v < 1 {
			return gwerr.New(gwerr.Config, fmt.Sprintf("%s is %d.", name, v), "Give a number of at least 1.").On(name)
		}
	}
	return nil
}

// key is what a budget is kept for.
type key struct{ license, group string }

// window gives the seconds over which PingOne counts the calls of the group: its name
// ends in "Rps", or in "Rpm" (PingOne platform API, "Base rate limits").
func (k key) window() float64 {
	if strings.HasSuffix(k.group, "Rpm") {
		return 60
	}
	return 1
}

// Budget is the Limiter of a gateway process.
type Budget struct {
	cfg   Config
	ctx   context.Context // ends at Close
	close context.CancelFunc

	life   sync.Mutex // guards closed and the start of goroutines
	closed bool
	wg     sync.WaitGroup

	mu      sync.Mutex
	buckets map[key]*bucket
	limits  map[key]float64
}

var _ Limiter = (*Budget)(nil)

// New returns a budget. It fails with gwerr.Config on a value out of range.
func New(cfg Config) (*Budget, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Budget{cfg: cfg, ctx: ctx, close: cancel, buckets: map[key]*bucket{}, limits: map[key]float64{}}, nil
}

// Close ends every wait and returns when the budget's goroutines have ended.
func (b *Budget) Close() error {
	b.life.Lock()
	b.closed = true
	b.life.Unlock()
	b.close()
	b.wg.Wait()
	return nil
}

// start runs f in a goroutine that Close waits for; it reports false after
// Close.
func (b *Budget) start(f func()) bool {
	b.life.Lock()
	defer b.life.Unlock()
	if b.closed {
		return false
	}
	b.wg.Go(f)
	return true
}

// Acquire waits until one call may be made; see Limiter.
func (b *Budget) Acquire(ctx context.Context, r Request) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Priority != Bulk {
		r.Priority = Interactive
	}
	k := key{r.License, r.Group}
	return b.bucket(k).acquire(ctx, r)
}

// Report tells the outcome of a call; see Limiter.
func (b *Budget) Report(ctx context.Context, license, group string, o Outcome) {
	if o.Status != http.StatusTooManyRequests {
		return
	}
	b.bucket(key{license, group}).hit(ctx, o.RetryAfter)
}

// SetLimit declares PingOne's own limit; see Limiter. RateShare is applied to
// it.
func (b *Budget) SetLimit(license, group string, perSecond float64) {
	k := key{license, group}
	b.mu.Lock()
	b.limits[k] = max(0, perSecond)
	bk := b.buckets[k]
	b.mu.Unlock()
	if bk != nil {
		bk.setLimit(max(0, perSecond) * b.cfg.RateShare)
	}
}

// maxBuckets is when idle buckets are dropped: pass-through callers bring
// licenses of their own.
const maxBuckets = 4096

func (b *Budget) bucket(k key) *bucket {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bk, ok := b.buckets[k]; ok {
		return bk
	}
	if len(b.buckets) >= maxBuckets {
		for old, bk := range b.buckets {
			if bk.idle() {
				delete(b.buckets, old)
				delete(b.limits, old)
			}
		}
	}
	limit, ok := b.limits[k]
	if !ok {
		limit = b.cfg.Limits[k.group]
	}
	bk := newBucket(b, k, limit*b.cfg.RateShare)
	b.buckets[k] = bk
	return bk
}
