package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// found is a record as the store has it.
type found struct {
	record
	outdated bool // sealed with a key that is no longer the first
}

// load reads and opens the stored record. Errors: store.ErrNotFound also for a
// value that nobody can open, seal.ErrUnknownKey, store.ErrUnavailable.
func (c *Cached) load(ctx context.Context) (found, error) {
	value, err := c.cfg.Store.Get(ctx, c.name)
	if err != nil {
		return found{}, err
	}
	r, outdated, err := openRecord(c.cfg.Ring, c.name, value)
	if errors.Is(err, seal.ErrCorrupt) {
		return found{}, store.ErrNotFound
	}
	return found{record: r, outdated: outdated}, err
}

// save stores e under the lease.
func (c *Cached) save(ctx context.Context, l store.Lease, e entry, unsettled string) error {
	ttl := c.cfg.RefreshLife
	if e.Refresh.IsZero() {
		ttl = store.Forever
		if !e.Expiry.IsZero() {
			ttl = time.Until(e.Expiry.Add(-e.margin()))
			if ttl <= 0 {
				return nil
			}
		}
	}
	value, err := sealRecord(c.cfg.Ring, c.name, recordOf(e, unsettled))
	if err != nil {
		return err
	}
	return l.Put(ctx, value, ttl)
}

// persist stores a new token and does not give up at the first error: until it
// is stored, a rotated refresh token exists in this process alone.
func (c *Cached) persist(l store.Lease, e entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), time.Second)
	defer cancel()
	for {
		err := c.save(ctx, l, e, "")
		if err == nil || errors.Is(err, store.ErrFenced) || e.Refresh.IsZero() {
			return err
		}
		if c.pause(ctx) != nil {
			return err
		}
	}
}

// failed puts the store right after a fetch that failed.
func (c *Cached) failed(l store.Lease, previous entry, err error) {
	if !c.cfg.Fetcher.SingleUse() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), time.Second)
	defer cancel()
	switch {
	case errors.Is(err, ErrSpent):
		_ = l.Delete(ctx)
		c.mu.Lock()
		c.best.Refresh = Secret{}
		c.mu.Unlock()
	case errors.Is(err, ErrOutcomeUnknown):
		// The mark stays: the token is left alone until it has settled.
	default:
		_ = c.save(ctx, l, previous, "")
	}
}

// settled makes sure that a refresh token may be redeemed now: that no other
// process has redeemed it or is doing so.
//
// Before a process redeems a refresh token it stores the token with a mark. A
// mark found by another process means that the first one died, is still
// waiting for its answer, or holds a newer token that it could not store.
// Likewise a record that vanished may live on, newer, in another process's
// memory, which will put it back. In both cases the token is redeemed only if
// nothing has changed for as long as this process watched.
func (c *Cached) settled(ctx context.Context, l store.Lease, f found, err error) error {
	switch {
	case c.solo:
		return nil
	case err == nil && f.Generation < c.newest().generation:
		return nil // our own is newer and could not be stored before
	case err == nil && f.Unsettled != "":
		return c.watch(f.Unsettled, c.cfg.Settle)
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return c.unsafe(err)
	}
	if best := c.newest(); !best.Refresh.IsZero() {
		mark := uuid.NewString()
		if err := c.save(ctx, l, best, mark); err != nil {
			return c.unsafe(err)
		}
		return c.watch(mark, c.cfg.Settle)
	}
	return c.watch(missing, 2*c.cfg.CheckEvery)
}

// missing is the mark under which the absence of a record is watched.
const missing = "missing"

// watch returns Busy until mark has been seen unchanged for the given time.
func (c *Cached) watch(mark string, settle time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.watched != mark {
		c.watched, c.watchedAt = mark, now
	}
	left := settle - now.Sub(c.watchedAt)
	if left <= 0 {
		return nil
	}
	return gwerr.New(gwerr.Busy, "The sign-in is being recovered after a restart or a loss of the token store.",
		"Try again in a few seconds.").After(left)
}

// newest is the newest token known to this process.
func (c *Cached) newest() entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.best
}

// fresh reports whether e serves the purpose.
func (c *Cached) fresh(e entry, p purpose) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !e.usable(now) || e.generation < c.best.generation || e.Value.Equal(c.rejected) {
		return false
	}
	return p == onDemand || now.Before(refreshPoint(e.Token, 0)) // before anybody's jitter
}

// refreshPoint is when to replace a token: at 80 % of its life, give or take
// 5 % by r in [0,1). A token without end is never replaced.
func refreshPoint(t Token, r float64) time.Time {
	if t.Expiry.IsZero() {
		return time.Unix(1<<40, 0)
	}
	life := float64(t.Expiry.Sub(t.MintedAt))
	return t.MintedAt.Add(time.Duration(life * (0.75 + 0.1*r)))
}

// take makes e the current token; dirty says that it is not stored.
func (c *Cached) take(e entry, dirty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.best, c.dirty = e, dirty && !c.solo
	if !e.Value.Equal(c.rejected) {
		c.rejected = Secret{}
	}
	c.failure = nil
	c.used.Store(false)
	c.current.Store(&served{token: e.public(), refreshAt: refreshPoint(e.Token, c.cfg.Rand())})
	c.nudge()
}
