package limiter

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

const (
	// localFor is how long a bucket leaves the shared budget alone after it
	// failed; the connection's own circuit breaker decides the rest.
	localFor = 100 * time.Millisecond
	// syncEvery is how often a bucket without a known limit asks the shared
	// budget whether another replica was told to wait.
	syncEvery = 250 * time.Millisecond
	// jointFor is how long a bucket that comes back to the shared budget keeps
	// to its own part as well: the other replicas may not be back yet and still
	// spend theirs. It is longer than the connection's longest probe.
	jointFor = 2500 * time.Millisecond
)

// bucket is the budget of one license and rate-limit group in this process.
type bucket struct {
	b *Budget
	k key

	mu        sync.Mutex
	limit     float64 // usable calls per second of all replicas, 0 = unknown
	local     meter   // this process's part, kept warm while Shared works
	usable    float64 // last answer of Shared
	permits   int     // granted by Shared, not yet used
	permitEnd int64
	closed    int64 // no call before this time
	localTill int64 // Shared failed; use local until then
	strayed   bool  // Shared has not answered since it failed
	jointTill int64 // until then both Shared and local must agree
	synced    int64
	syncing   bool
	inFlight  int
	seen      counter
	told      float64 // rate of the last BudgetChanged
	queue     *fairQueue
	pumping   bool
	wake      chan struct{}
}

func newBucket(b *Budget, k key, limit float64) *bucket {
	return &bucket{b: b, k: k, limit: limit, local: meter{window: k.window()}, queue: newFairQueue(), wake: make(chan struct{}, 1)}
}

func now() int64 { return time.Now().UnixMicro() }

func (k *bucket) idle() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.inFlight == 0 && k.queue.length == 0 && k.closed < now()
}

// acquire takes a permit that is at hand, or joins the queue.
func (k *bucket) acquire(ctx context.Context, r Request) (func(), error) {
	k.mu.Lock()
	t := now()
	k.syncLocked(t)
	if k.queue.length == 0 && k.atHand(t) {
		k.grantLocked(t)
		k.mu.Unlock()
		return k.releaser(), nil
	}
	w, err := k.enqueueLocked(ctx, t, r)
	k.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return k.await(ctx, w, t)
}

// enqueueLocked joins the queue, unless waiting is hopeless.
func (k *bucket) enqueueLocked(ctx context.Context, t int64, r Request) (*waiter, error) {
	if k.queue.length >= k.b.cfg.MaxQueue {
		return nil, gwerr.New(gwerr.Busy, "Too many calls wait for PingOne's rate limit.",
			"Try again later, or run fewer queries at a time.").After(time.Second)
	}
	patience := k.b.cfg.MaxWait
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end))
	}
	if closed := time.Duration(k.closed-t) * time.Microsecond; closed > patience {
		return nil, k.limited(closed)
	}
	if !k.pumping && !k.b.start(k.pump) {
		return nil, stopping()
	}
	k.pumping = true
	w := &waiter{caller: r.Caller, priority: r.Priority, ready: make(chan error, 1)}
	k.queue.push(w)
	return w, nil
}

// await waits for the turn of w.
func (k *bucket) await(ctx context.Context, w *waiter, from int64) (func(), error) {
	timer := time.NewTimer(k.b.cfg.MaxWait)
	defer timer.Stop()
	var err error
	select {
	case err = <-w.ready:
		if err == nil {
			if waited := time.Duration(now()-from) * time.Microsecond; waited >= time.Millisecond {
				k.b.cfg.Sink.Observe(ctx, observe.LimitWait{Group: k.k.group, Wait: waited})
			}
			return k.releaser(), nil
		}
		return nil, err
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = k.limited(time.Second)
	}
	k.mu.Lock()
	left := !k.queue.remove(w)
	k.mu.Unlock()
	if left && <-w.ready == nil {
		k.release()
	}
	return nil, err
}

func (k *bucket) limited(closed time.Duration) error {
	return gwerr.New(gwerr.UpstreamLimited,
		fmt.Sprintf("PingOne's rate limit (%s) is used up.", k.k.group),
		"Try again later, ask for less, or raise RateShare if PingOne allows this address more.").After(closed)
}

func stopping() error {
	return gwerr.New(gwerr.Busy, "The gateway is stopping.", "Send the request again; another replica answers.").After(time.Second)
}

func (k *bucket) releaser() func() {
	var once sync.Once
	return func() { once.Do(k.release) }
}

func (k *bucket) release() {
	k.mu.Lock()
	k.inFlight--
	k.mu.Unlock()
	k.nudge()
}

func (k *bucket) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *bucket) setLimit(limit float64) {
	k.mu.Lock()
	k.limit = limit
	k.local.base = 0
	rate, changed := k.changedLocked(now())
	k.mu.Unlock()
	if changed {
		k.b.cfg.Sink.Observe(k.b.ctx, observe.BudgetChanged{Group: k.k.group, Rate: rate})
	}
	k.nudge()
}

// part is this process's share of the limit when it is on its own.
func (k *bucket) part() float64 {
	if k.b.cfg.Shared == nil {
		return k.limit
	}
	return k.limit / float64(k.b.cfg.Replicas)
}

// alone reports whether the bucket must do without Shared at t.
func (k *bucket) alone(t int64) bool { return k.b.cfg.Shared == nil || t < k.localTill }

func (k *bucket) unlimited(t int64) bool {
	return k.limit == 0 && k.usable == 0 && k.local.inForce(t, 0) == 0
}

// atHand reports whether a call may be made at t without asking Shared, and
// spends what it uses.
func (k *bucket) atHand(t int64) bool {
	switch {
	case k.inFlight >= k.b.cfg.MaxInFlight || k.closed > t:
		return false
	case k.unlimited(t):
		return true
	case k.permits > 0 && t < k.permitEnd:
		if t < k.jointTill && k.local.take(t, k.part(), 1).granted == 0 {
			return false
		}
		k.permits--
		return true
	case k.alone(t):
		return k.local.take(t, k.part(), 1).granted == 1
	}
	return false
}

func (k *bucket) grantLocked(t int64) {
	k.inFlight++
	k.seen.add(t)
}

// want is how many permits to ask of Shared: for those who wait, and for those
// expected before a permit grows stale.
func (k *bucket) want(t int64) int {
	if t < k.jointTill {
		return 1 // the local meter holds the rest back, and they would grow stale
	}
	usable := cmp.Or(k.usable, k.limit)
	rate, _, _ := pace(math.Max(usable, 1), 1)
	most := math.Max(1, rate*permitLife.Seconds())
	return int(math.Min(most, float64(k.queue.length)+k.seen.perSecond(t)*permitLife.Seconds()/2))
}

// counter measures calls per second over the last one to two seconds.
type counter struct {
	second        int64
	current, last float64
}

func (c *counter) roll(t int64) {
	switch s := t / 1e6; s - c.second {
	case 0:
	case 1:
		c.second, c.last, c.current = s, c.current, 0
	default:
		c.second, c.last, c.current = s, 0, 0
	}
}

func (c *counter) add(t int64) { c.roll(t); c.current++ }

func (c *counter) perSecond(t int64) float64 {
	c.roll(t)
	part := float64(t%1e6) / 1e6
	return math.Max(c.current, c.current+c.last*(1-part))
}
