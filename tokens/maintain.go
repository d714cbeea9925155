package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// maintain refreshes the token ahead of its expiry and keeps the store in step
// with memory. It runs until Close.
func (c *Cached) maintain() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	nextCheck := time.Now()
	retryAt := time.Time{}
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-timer.C:
		case <-c.kick:
		}
		now := time.Now()
		if s := c.current.Load(); s != nil && c.due(s, now) && !now.Before(retryAt) {
			if _, err, _ := c.flight.Do("ahead", func() (any, error) { return c.renewal(ahead) }); err != nil {
				retryAt = now.Add(s.token.Expiry.Sub(s.token.MintedAt) / 50)
			}
		}
		if !now.Before(nextCheck) {
			_ = safely.Do(c.ctx, c.cfg.Sink, observe.InSignIn, func() error { c.check(c.ctx); return nil }) // the next check tries again
			nextCheck = time.Now().Add(time.Duration(float64(c.cfg.CheckEvery) * (0.8 + 0.4*c.cfg.Rand())))
		}
		timer.Reset(time.Until(c.wakeAt(nextCheck, retryAt)))
	}
}

// due reports whether the token served is to be replaced now: its time has
// come and somebody has used it.
func (c *Cached) due(s *served, now time.Time) bool {
	return !now.Before(s.refreshAt) && c.used.Load()
}

// wakeAt is when maintain has something to do without being nudged.
func (c *Cached) wakeAt(nextCheck, retryAt time.Time) time.Time {
	s := c.current.Load()
	if s == nil || !c.used.Load() {
		return nextCheck
	}
	at := s.refreshAt
	if at.Before(retryAt) {
		at = retryAt
	}
	if at.Before(nextCheck) {
		return at
	}
	return nextCheck
}

// check compares the store with memory: it takes over what is newer there, and
// puts back what was lost, could not be stored, or was sealed with an old key.
func (c *Cached) check(ctx context.Context) {
	if c.solo {
		return
	}
	select {
	case <-c.work:
	default:
		return // a renewal is under way and does the same
	}
	defer func() { c.work <- struct{}{} }()
	f, err := c.load(ctx)
	if c.inStep(f, err) {
		return
	}
	lease, err := c.cfg.Store.Lock(ctx, c.name, c.cfg.LockTTL)
	if err != nil {
		return // its holder writes; or the store is down, and the next check tries again
	}
	defer c.release(lease)
	f, err = c.load(ctx)
	if c.inStep(f, err) {
		return
	}
	best, mark := c.newest(), ""
	switch {
	case err == nil && f.Generation > best.generation:
		best, mark = f.entry(), f.Unsettled // only sealed anew
	case err == nil && f.Generation == best.generation:
		mark = f.Unsettled
	case err != nil && c.cfg.Fetcher.SingleUse() && !c.isDirty():
		mark = uuid.NewString() // another replica may know a newer one
		_ = c.watch(mark, c.cfg.Settle)
	}
	if c.save(ctx, lease, best, mark) == nil {
		c.mu.Lock()
		c.dirty = false
		c.mu.Unlock()
	}
}

// inStep handles what needs no write and reports whether that was all.
func (c *Cached) inStep(f found, err error) bool {
	best := c.newest()
	worth := !best.Refresh.IsZero() || best.usable(time.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		if !worth && c.cfg.Fetcher.SingleUse() {
			_ = c.watch(missing, c.cfg.CheckEvery)
		}
		return !worth
	case errors.Is(err, seal.ErrUnknownKey):
		return true
	case err != nil:
		return true
	}
	if f.Unsettled != "" {
		_ = c.watch(f.Unsettled, c.cfg.Settle) // start the watch before it is needed
	}
	if f.Generation > best.generation {
		c.follow(f.entry())
	}
	return f.Generation >= best.generation && !f.outdated || f.Generation < best.generation && !worth
}

// follow takes over a newer token that another process stored.
func (c *Cached) follow(e entry) {
	c.mu.Lock()
	rejected := e.Value.Equal(c.rejected)
	c.mu.Unlock()
	if e.usable(time.Now()) && !rejected {
		used := c.used.Load()
		c.take(e, false)
		c.used.Store(used)
		return
	}
	c.mu.Lock()
	c.best, c.dirty = e, false
	c.mu.Unlock()
}

func (c *Cached) isDirty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dirty
}
