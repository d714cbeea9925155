package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// purpose is why a token is renewed.
type purpose int

const (
	onDemand purpose = iota // a caller has none
	ahead                   // the current one will end soon
)

// obtained is a token and where it came from: "store" or "fetched".
type obtained struct {
	token Token
	from  string
}

// aloneAt is, on refreshPoint's scale, how long a refresh ahead waits for a
// store that is away: 87 % of the token's life.
const aloneAt = 1.2

// Negative caching: how long a failed fetch is not repeated.
const (
	rejectedFor = 30 * time.Second
	failedFor   = time.Second
)

// renewal is renew for all who wait for it; a panic fails them alone.
func (c *Cached) renewal(p purpose) (got obtained, err error) {
	err = safely.Do(c.ctx, c.cfg.Sink, observe.InSignIn, func() (err error) {
		got, err = c.renew(p)
		return err
	})
	return got, gwerr.Because(c.ctx, err)
}

// renew gets a token: from the store if another process has put a good one
// there, else from the authorization server under the cluster's lock.
func (c *Cached) renew(p purpose) (obtained, error) {
	<-c.work
	defer func() { c.work <- struct{}{} }()
	ctx := c.ctx
	if err := ctx.Err(); err != nil {
		return obtained{}, gwerr.From(err)
	}
	if err := c.recentFailure(); err != nil {
		return obtained{}, err
	}
	found, err := c.load(ctx)
	if err == nil && c.fresh(found.entry(), p) {
		c.take(found.entry(), false)
		return c.fromStore()
	}
	if errors.Is(err, seal.ErrUnknownKey) {
		return c.foreign(ctx, err)
	}
	lease, err := c.lock(ctx, p)
	switch {
	case errors.Is(err, errAppeared):
		return c.fromStore()
	case err != nil:
		return c.unlocked(ctx, p, err)
	}
	defer c.release(lease)
	return c.underLock(ctx, lease, p)
}

func (c *Cached) fromStore() (obtained, error) {
	return obtained{token: c.newest().public(), from: "store"}, nil
}

// errAppeared says that a good token was stored while waiting for the lock.
var errAppeared = errors.New("tokens: another process stored a token")

// lock takes the cluster's lock, waiting for another holder. A refresh ahead
// of time does not wait: its holder does the work.
func (c *Cached) lock(ctx context.Context, p purpose) (store.Lease, error) {
	deadline := time.Now().Add(c.cfg.LockWait)
	for {
		lease, err := c.cfg.Store.Lock(ctx, c.name, c.lockTTL())
		if err == nil || !errors.Is(err, store.ErrLocked) {
			return lease, err
		}
		if p == ahead || !time.Now().Before(deadline) {
			return nil, err
		}
		if err := c.pause(ctx); err != nil {
			return nil, err
		}
		if found, err := c.load(ctx); err == nil && c.fresh(found.entry(), p) {
			c.take(found.entry(), false)
			return nil, errAppeared
		}
	}
}

// lockTTL is how long the lock outlives its holder: as configured, but for
// short-lived tokens a tenth of their life, so that a holder's death at a
// refresh ahead leaves the others time to do it before the token ends.
func (c *Cached) lockTTL() time.Duration {
	t := c.newest().Token
	if t.Expiry.IsZero() || t.MintedAt.IsZero() {
		return c.cfg.LockTTL
	}
	return min(c.cfg.LockTTL, max(time.Second, t.Expiry.Sub(t.MintedAt)/10))
}

// lockWait is lock for a caller that has something to store.
func (c *Cached) lockWait(ctx context.Context) (store.Lease, error) {
	deadline := time.Now().Add(c.cfg.LockWait)
	for {
		lease, err := c.cfg.Store.Lock(ctx, c.name, c.lockTTL())
		if !errors.Is(err, store.ErrLocked) || !time.Now().Before(deadline) {
			return lease, err
		}
		if err := c.pause(ctx); err != nil {
			return nil, err
		}
	}
}

func (c *Cached) pause(ctx context.Context) error {
	timer := time.NewTimer(50*time.Millisecond + time.Duration(c.cfg.Rand()*float64(100*time.Millisecond)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Cached) release(l store.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), time.Second)
	defer cancel()
	l.Release(ctx)
}

// unlocked decides what to do without the lock: a credential that can be used
// again is used, a single-use one is kept.
func (c *Cached) unlocked(ctx context.Context, p purpose, err error) (obtained, error) {
	if ctx.Err() != nil {
		return obtained{}, gwerr.From(ctx.Err())
	}
	if c.cfg.Fetcher.SingleUse() {
		return obtained{}, c.unsafe(err)
	}
	if p == ahead && (errors.Is(err, store.ErrLocked) || time.Now().Before(refreshPoint(c.newest().Token, aloneAt))) {
		// Another process is at it; or the store is away, and without the lock
		// each process would ask. There is time left to see it come back.
		return obtained{}, gwerr.Wrap(gwerr.Busy, err, "The token cannot be refreshed ahead of time.", "")
	}
	e, err := c.fetch(ctx, c.newest())
	if err != nil {
		return obtained{}, err
	}
	c.take(e, true)
	return obtained{token: e.public(), from: "fetched"}, nil
}

// foreign serves a record that only a replica with another key ring can read:
// it is left as it is.
func (c *Cached) foreign(ctx context.Context, err error) (obtained, error) {
	if c.cfg.Fetcher.SingleUse() {
		return obtained{}, gwerr.Wrap(gwerr.Config, err, "The stored token was sealed with a key that this gateway does not have.",
			"Add the key to the ring, or sign in again under another OAuthSettingsLocation.")
	}
	e, err := c.fetch(ctx, c.newest())
	if err != nil {
		return obtained{}, err
	}
	c.take(e, false)
	return obtained{token: e.public(), from: "fetched"}, nil
}

// unsafe is the error for a single-use credential that cannot be used now.
func (c *Cached) unsafe(err error) error {
	if ctxErr := c.ctx.Err(); ctxErr != nil {
		return gwerr.From(ctxErr)
	}
	if errors.Is(err, store.ErrLocked) {
		return gwerr.Wrap(gwerr.Busy, err, "Another process is refreshing the sign-in.", "Try again in a few seconds.").After(2 * time.Second)
	}
	return gwerr.Wrap(gwerr.Busy, err, "The token store is unavailable, so the sign-in cannot be refreshed without risk of losing it.",
		"Try again once the store is back.").After(5 * time.Second)
}

// underLock looks into the store once more, then fetches and stores.
func (c *Cached) underLock(ctx context.Context, lease store.Lease, p purpose) (obtained, error) {
	found, err := c.load(ctx)
	if err == nil && c.fresh(found.entry(), p) {
		c.take(found.entry(), false)
		return c.fromStore()
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c.unlocked(ctx, p, err)
	}
	previous := c.newest()
	if err == nil && found.Generation > previous.generation {
		previous = found.entry()
	}
	if c.cfg.Fetcher.SingleUse() {
		if err := c.settled(ctx, lease, found, err); err != nil {
			return obtained{}, err
		}
		if err := c.save(ctx, lease, previous, uuid.NewString()); err != nil {
			return obtained{}, c.unsafe(err)
		}
	}
	e, err := c.fetch(ctx, previous)
	if err != nil {
		c.failed(lease, previous, err)
		return obtained{}, err
	}
	c.take(e, c.persist(lease, e) != nil)
	return obtained{token: e.public(), from: "fetched"}, nil
}

// fetch asks the authorization server. The request runs to its end even if
// the source is closed: a rotated refresh token must come to hand.
func (c *Cached) fetch(ctx context.Context, previous entry) (entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.FetchTimeout)
	defer cancel()
	start := time.Now()
	t, err := c.cfg.Fetcher.Fetch(ctx, previous.Token)
	outcome := "ok"
	switch {
	case err == nil:
	case gwerr.Is(err, gwerr.UpstreamAuth):
		outcome = "rejected"
	default:
		outcome = "failed"
	}
	c.cfg.Sink.Observe(ctx, observe.TokenFetch{Grant: c.cfg.Fetcher.Grant(), Outcome: outcome, Duration: time.Since(start)})
	if err != nil {
		c.remember(gwerr.From(err))
		return entry{}, gwerr.From(err)
	}
	if t.MintedAt.IsZero() {
		t.MintedAt = start
	}
	if t.Refresh.IsZero() {
		t.Refresh = previous.Refresh
	}
	return entry{Token: t, generation: previous.next(time.Now())}, nil
}

// remember keeps a failure so that it is not repeated at once.
func (c *Cached) remember(err *gwerr.Error) {
	wait := failedFor
	if err.Code == gwerr.UpstreamAuth {
		wait = rejectedFor
	}
	wait = max(wait, min(err.RetryAfter, rejectedFor))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure, c.failUntil = err, time.Now().Add(wait)
}

func (c *Cached) recentFailure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil && time.Now().Before(c.failUntil) {
		return c.failure
	}
	return nil
}
