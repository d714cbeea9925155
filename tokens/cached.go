package tokens

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// ErrOutcomeUnknown marks a Fetcher's error after which the authorization
// server may or may not have taken the request, for instance a connection cut
// before the answer. A single-use credential is then left alone for a while.
var ErrOutcomeUnknown = errors.New("tokens: the request may have been carried out")

// ErrSpent marks a Fetcher's error that says that the refresh token or code
// itself is no longer good, so that it can be forgotten.
var ErrSpent = errors.New("tokens: the credential is spent or revoked")

// CacheConfig sets up a Cached source. Fetcher and Identity are required.
type CacheConfig struct {
	Fetcher Fetcher
	// Identity names whose tokens these are: issuer, client id, scope, subject
	// and the like. Equal identities share tokens through Store.
	Identity []string
	// Store keeps tokens for other replicas and for the next start. Default: a
	// memory store of this source alone. The source does not close it.
	Store store.Store
	// Ring seals what is stored. Default: a random one, good for memory only.
	Ring *seal.Ring
	// Sink receives TokenFetch and TokenServed. Default: none.
	Sink observe.Sink
	// FetchTimeout bounds one request for a token. Default 10 s.
	FetchTimeout time.Duration
	// LockTTL is how long a dead holder's lock stays. Default 10 s.
	LockTTL time.Duration
	// LockWait is how long a caller waits for another holder before it asks
	// for a token itself (or, with a single-use credential, gives up for now).
	// Default 3 s.
	LockWait time.Duration
	// Settle is how long an unsettled refresh token is left alone. It must be
	// longer than FetchTimeout. Default FetchTimeout + 5 s; not used with a
	// memory store.
	Settle time.Duration
	// CheckEvery is how often the store is compared with memory, to put back
	// what was lost and to seal anew after a key change. Default 15 s, 2 s
	// with a single-use credential.
	CheckEvery time.Duration
	// RefreshLife is how long a record with a refresh token is kept. Default
	// 30 days, PingOne's own default.
	RefreshLife time.Duration
	// Rand gives numbers in [0,1) for jitter. Default math/rand.
	Rand func() float64
}

// Cached is a Source that keeps its token in memory and in a store, gets a new
// one before the old one ends, and makes sure that one process in the cluster
// asks at a time.
type Cached struct {
	cfg  CacheConfig
	name string // in the store
	solo bool   // the store is of this process alone

	current atomic.Pointer[served]
	used    atomic.Bool // since the current token was taken over

	flight singleflight.Group
	work   chan struct{} // holds one value; who has it renews or checks

	mu        sync.Mutex // guards what follows
	best      entry      // newest known, with its refresh token
	dirty     bool       // best is not in the store
	rejected  Secret     // answered 401 by the API
	forced    time.Time  // until when forced renewals are paid for
	failure   error      // of the last fetch
	failUntil time.Time
	watched   string // unsettled mark under observation
	watchedAt time.Time

	ctx    context.Context // ends at Close
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	kick   chan struct{}
}

var _ Source = (*Cached)(nil)

// served is the token that callers get, and when to replace it.
type served struct {
	token     Token
	refreshAt time.Time
}

// NewCached returns a source and starts its background refresh. It fails with
// gwerr.Config when the configuration does not fit together.
func NewCached(cfg CacheConfig) (*Cached, error) {
	if cfg.Fetcher == nil || len(cfg.Identity) == 0 {
		return nil, gwerr.New(gwerr.Config, "A token source needs a grant and an identity.", "")
	}
	if cfg.Store == nil {
		cfg.Store = store.NewMemory()
	}
	solo := cfg.Store.Kind() == "memory"
	if cfg.Ring == nil {
		if !solo {
			return nil, gwerr.New(gwerr.Config, "Tokens cannot be stored without a sealing key.",
				"Create one with: gateway keys seal.")
		}
		cfg.Ring = seal.NewEphemeralRing()
	}
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	if cfg.Rand == nil {
		cfg.Rand = rand.Float64
	}
	cfg.times()
	if cfg.Settle <= cfg.FetchTimeout {
		return nil, gwerr.New(gwerr.Config, "Settle must be longer than FetchTimeout.", "")
	}
	c := &Cached{cfg: cfg, name: cfg.Ring.Name(cfg.Identity...), solo: solo, kick: make(chan struct{}, 1), work: make(chan struct{}, 1)}
	c.work <- struct{}{}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	c.wg.Go(c.maintain)
	return c, nil
}

func (cfg *CacheConfig) times() {
	orElse := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	orElse(&cfg.FetchTimeout, 10*time.Second)
	orElse(&cfg.LockTTL, 10*time.Second)
	orElse(&cfg.LockWait, 3*time.Second)
	orElse(&cfg.Settle, cfg.FetchTimeout+5*time.Second)
	orElse(&cfg.RefreshLife, 30*24*time.Hour)
	if cfg.Fetcher.SingleUse() {
		orElse(&cfg.CheckEvery, 2*time.Second)
	}
	orElse(&cfg.CheckEvery, 15*time.Second)
}

// Close ends the background refresh and waits for work under way. It leaves
// the store open.
func (c *Cached) Close() error {
	c.cancel(errClosed())
	c.wg.Wait()
	<-c.work // the last renewal ends with its context; another finds it ended
	c.work <- struct{}{}
	return nil
}

func errClosed() error {
	return gwerr.New(gwerr.Busy, "The connection to PingOne was closed.", "Send the request again.").After(time.Second)
}

// Token returns the current token, or waits for a new one; see Source.
func (c *Cached) Token(ctx context.Context) (Token, error) {
	if s := c.current.Load(); s != nil {
		now := time.Now()
		if s.token.usable(now) {
			c.used.Store(true)
			if !now.Before(s.refreshAt) {
				c.nudge()
			}
			c.cfg.Sink.Observe(ctx, observe.TokenServed{Source: "memory"})
			return s.token, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return Token{}, gwerr.From(err)
	}
	done := c.flight.DoChan("", func() (any, error) { return c.renewal(onDemand) })
	select {
	case <-ctx.Done():
		return Token{}, gwerr.From(ctx.Err())
	case r := <-done:
		if r.Err != nil {
			return Token{}, r.Err
		}
		got, _ := r.Val.(obtained) // nothing else is put into it
		c.used.Store(true)
		c.cfg.Sink.Observe(ctx, observe.TokenServed{Source: got.from})
		return got.token, nil
	}
}

func (c *Cached) nudge() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// An API which rejects every token must not become load for the authorization
// server: 401s force a new token once in forcedEvery, and forcedBurst times in
// a row after a time without. So a token or two that were revoked just after
// they were got stop nobody.
const (
	forcedEvery = 10 * time.Second
	forcedBurst = 3
)

// Invalidate drops t after a 401; see Source.
func (c *Cached) Invalidate(_ context.Context, t Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.current.Load()
	if s == nil || !s.token.Value.Equal(t.Value) {
		return
	}
	now := time.Now()
	paid := c.forced
	if paid.Before(now) {
		paid = now
	}
	if paid.Sub(now) > (forcedBurst-1)*forcedEvery {
		return
	}
	c.forced, c.rejected = paid.Add(forcedEvery), t.Value
	c.current.Store(nil)
}

// Adopt takes over a token from a login and stores it. While the store is
// down the token is kept in memory and stored as soon as possible; Health says
// so.
func (c *Cached) Adopt(ctx context.Context, t Token) error {
	select {
	case <-c.work:
	case <-ctx.Done():
		return gwerr.From(ctx.Err())
	}
	defer func() { c.work <- struct{}{} }()
	e := entry{Token: t, generation: c.newest().next(time.Now())}
	if found, err := c.load(ctx); err == nil {
		e.generation = max(e.generation, found.entry().next(time.Now()))
	}
	lease, err := c.lockWait(ctx)
	if err == nil {
		err = c.save(ctx, lease, e, "")
		c.release(lease)
	}
	if ctx.Err() != nil {
		return gwerr.From(ctx.Err())
	}
	c.take(e, err != nil)
	return nil
}

// Health is the state of a source, for the readiness report.
type Health struct {
	Store store.Health `json:"store"`
	// Unsaved says that the newest token could not be stored yet.
	Unsaved bool `json:"unsaved,omitempty"`
	// Expiry is when the current token ends, zero if there is none.
	Expiry time.Time `json:"expiry,omitzero"`
	// Failure is the last error, empty once a token was got.
	Failure string `json:"failure,omitempty"`
}

// Health tells whether the source works. It does not ask for a token.
func (c *Cached) Health() Health {
	h := Health{Store: c.cfg.Store.Health()}
	c.mu.Lock()
	defer c.mu.Unlock()
	h.Unsaved = c.dirty
	if s := c.current.Load(); s != nil {
		h.Expiry = s.token.Expiry
	}
	if c.failure != nil {
		h.Failure = c.failure.Error()
	}
	return h
}
