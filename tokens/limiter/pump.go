package limiter

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// step is what the pump does next.
type step struct {
	done bool
	ask  int           // permits to ask of Shared
	wait time.Duration // until something may have changed; a nudge ends it
}

// pump grants permits to the queue until it is empty. There is one at a time
// per bucket.
func (k *bucket) pump() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s := k.next()
		if s.done {
			return
		}
		if s.ask > 0 {
			s.wait = k.ask(s.ask)
			if s.wait == 0 {
				continue
			}
		}
		timer.Reset(s.wait)
		select {
		case <-timer.C:
		case <-k.wake:
		case <-k.b.ctx.Done():
			k.abandon()
			return
		}
	}
}

// next serves the queue with what is at hand and says what to do then.
func (k *bucket) next() step {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		t := now()
		if k.queue.length == 0 {
			k.pumping = false
			return step{done: true}
		}
		if !k.atHand(t) {
			return k.stuck(t)
		}
		k.grantLocked(t)
		k.queue.pop().ready <- nil
	}
}

// stuck says how to wait when nothing is at hand at t.
func (k *bucket) stuck(t int64) step {
	switch {
	case k.closed > t:
		return step{wait: time.Duration(k.closed-t) * time.Microsecond}
	case k.inFlight >= k.b.cfg.MaxInFlight:
		return step{wait: time.Minute} // a release nudges
	case k.alone(t):
		return step{wait: max(time.Millisecond, k.localWait(t))}
	case t < k.jointTill && k.localWait(t) > 0:
		return step{wait: k.localWait(t)}
	default:
		return step{ask: max(1, k.want(t))}
	}
}

// localWait is how long the local meter keeps the next call back.
func (k *bucket) localWait(t int64) time.Duration {
	probe := k.local
	return probe.take(t, k.part(), 1).wait
}

// abandon fails every waiter at Close.
func (k *bucket) abandon() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pumping = false
	for w := k.queue.pop(); w != nil; w = k.queue.pop() {
		w.ready <- stopping()
	}
}

// ask takes permits from Shared and returns how long to wait, 0 for not at
// all.
func (k *bucket) ask(want int) time.Duration {
	k.mu.Lock()
	limit := k.limit
	k.mu.Unlock()
	asked := now()
	r, err := k.b.cfg.Shared.take(k.b.ctx, k.k, limit, want)
	k.learn(asked, r, err)
	if err != nil || r.granted > 0 {
		return 0
	}
	return max(time.Millisecond, r.wait)
}

// learn takes over an answer of Shared.
func (k *bucket) learn(asked int64, r reading, err error) {
	k.mu.Lock()
	t := now()
	k.syncing = false
	if err != nil {
		k.localTill = t + localFor.Microseconds()
		if !k.strayed {
			k.strayed = true
			k.local.drain(t, k.part())
		}
		k.mu.Unlock()
		return
	}
	if k.strayed {
		k.strayed, k.jointTill = false, t+jointFor.Microseconds()
	}
	k.synced = t
	k.usable = r.usable
	k.closed = max(k.closed, asked+r.closed.Microseconds())
	k.local.closed = k.closed
	k.follow(t, r.usable)
	if r.granted > 0 {
		if t >= k.permitEnd {
			k.permits = 0
		}
		k.permits += r.granted
		k.permitEnd = asked + permitLife.Microseconds()
		if t >= k.jointTill {
			k.local.spend(t, k.part(), r.granted)
		}
	}
	rate, changed := k.changedLocked(t)
	k.mu.Unlock()
	if changed {
		k.b.cfg.Sink.Observe(k.b.ctx, observe.BudgetChanged{Group: k.k.group, Rate: rate})
	}
}

// follow sets the local meter to the pace of the shared one.
func (k *bucket) follow(t int64, usable float64) {
	switch {
	case k.limit > 0:
		k.local.factor, k.local.since = usable/k.limit, t
	case usable == 0:
		k.local.base, k.local.factor = 0, 0
	default:
		k.local.base, k.local.factor, k.local.since = usable/float64(k.b.cfg.Replicas), 1, t
	}
}

// hit records a 429 here and in Shared.
func (k *bucket) hit(ctx context.Context, retryAfter time.Duration) {
	k.mu.Lock()
	t := now()
	observed, limit := k.seen.perSecond(t), k.limit
	r := k.local.hit(t, k.part(), retryAfter, observed)
	k.closed = max(k.closed, t+r.closed.Microseconds())
	k.permits = 0
	alone := k.alone(t)
	rate, changed := k.changedLocked(t)
	k.mu.Unlock()
	if !alone {
		all := observed * float64(k.b.cfg.Replicas)
		r, err := k.b.cfg.Shared.hit(context.WithoutCancel(ctx), k.k, limit, retryAfter, all)
		k.learn(t, r, err)
	}
	if changed {
		k.b.cfg.Sink.Observe(ctx, observe.BudgetChanged{Group: k.k.group, Rate: rate})
	}
}

// syncLocked asks Shared now and then, in the background, whether a group
// without a known limit was closed by another replica.
func (k *bucket) syncLocked(t int64) {
	if k.syncing || k.alone(t) || !k.unlimited(t) || t-k.synced < syncEvery.Microseconds() {
		return
	}
	k.syncing = k.b.start(func() {
		asked := now()
		r, err := k.b.cfg.Shared.take(k.b.ctx, k.k, 0, 0)
		k.learn(asked, r, err)
	})
}

// inForceLocked is the rate in force, 0 where none is known.
func (k *bucket) inForceLocked(t int64) float64 {
	if !k.alone(t) && k.usable > 0 {
		return k.usable
	}
	return k.local.inForce(t, k.part())
}

// changedLocked returns the rate in force and whether it differs by more than
// a percent from the one last told.
func (k *bucket) changedLocked(t int64) (float64, bool) {
	rate := k.inForceLocked(t)
	if d := rate - k.told; d*d <= k.told*k.told/10_000 {
		return rate, false
	}
	k.told = rate
	return rate, true
}
