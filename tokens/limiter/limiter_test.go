package limiter_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

const group = "rlgDirAccessRps"

func budget(t *testing.T, cfg limiter.Config) *limiter.Budget {
	t.Helper()
	b, err := limiter.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// arrivals are the times of calls as a server sees them.
type arrivals struct {
	mu sync.Mutex
	at []time.Time
}

func (a *arrivals) add() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, time.Now())
}

// most is the greatest number of calls in any window.
func (a *arrivals) most(window time.Duration) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	most, from := 0, 0
	for i := range a.at {
		for a.at[i].Sub(a.at[from]) >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

func (a *arrivals) count() int { a.mu.Lock(); defer a.mu.Unlock(); return len(a.at) }

func acquire(t *testing.T, b limiter.Limiter, r limiter.Request) func() {
	t.Helper()
	release, err := b.Acquire(t.Context(), r)
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	return release
}

func TestLimitIsKeptAndUsed(t *testing.T) {
	t.Parallel()
	for _, limit := range []float64{0.5, 1, 2, 5, 10, 100, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := budget(t, limiter.Config{RateShare: 1, MaxWait: time.Hour})
				defer b.Close()
				b.SetLimit("l", group, limit)
				seen := busy(t, b, limiter.Request{License: "l", Group: group}, 20*time.Second)
				if got := float64(seen.most(time.Second)); got > max(limit, 1) {
					t.Errorf("%v calls in a second", got)
				}
				if got := float64(seen.count()) / 20; got < limit*0.5 || limit >= 10 && got < limit*0.8 {
					t.Errorf("only %v calls per second", got)
				}
			})
		})
	}
}

func TestRateShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rates []float64
		b := budget(t, limiter.Config{Limits: map[string]float64{group: 100}, Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
			if c, ok := e.(observe.BudgetChanged); ok {
				rates = append(rates, c.Rate)
			}
		})})
		defer b.Close()
		start := time.Now()
		for range 350 {
			acquire(t, b, limiter.Request{License: "l", Group: group})()
		}
		if d := time.Since(start); d < 10*time.Second || d > 12*time.Second {
			t.Errorf("350 calls at 35 %% of 100 took %v", d)
		}
		b.SetLimit("l", group, 200)
		if len(rates) == 0 || rates[len(rates)-1] != 70 {
			t.Errorf("rates told: %v", rates)
		}
	})
}

func TestUnknownLimitBoundsCallsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{MaxInFlight: 3})
		defer b.Close()
		r := limiter.Request{License: "l", Group: group}
		var held []func()
		for range 3 {
			held = append(held, acquire(t, b, r))
		}
		got := make(chan func())
		go func() { got <- acquire(t, b, r) }()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("four calls in flight")
		default:
		}
		held[0]()
		held[0]() // again, without effect
		(<-got)()
		acquire(t, b, r)()
	})
}

// A 429 closes the group for as long as the server says, slows it down, and
// the pace comes back.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{RateShare: 1, Limits: map[string]float64{group: 100}})
		defer b.Close()
		r := limiter.Request{License: "l", Group: group}
		acquire(t, b, r)()
		start := time.Now()
		for range 5 { // the calls in flight all get 429
			b.Report(t.Context(), "l", group, limiter.Outcome{Status: 429, RetryAfter: 10 * time.Second})
		}
		acquire(t, b, limiter.Request{License: "other", Group: group})()
		acquire(t, b, limiter.Request{License: "l", Group: "rlgConfigRpm"})()
		if time.Since(start) != 0 {
			t.Error("another license or group waits")
		}
		acquire(t, b, r)()
		if d := time.Since(start); d < 10*time.Second || d > 10*time.Second+50*time.Millisecond {
			t.Errorf("waited %v", d)
		}
		pace := func() float64 {
			from := time.Now()
			for range 100 {
				acquire(t, b, r)()
			}
			return 100 / time.Since(from).Seconds()
		}
		slow := pace()
		time.Sleep(2 * time.Minute)
		fast := pace()
		if slow > 90 || slow < 50 || fast < 88 || fast > 100 {
			t.Errorf("pace after a 429: %.0f, later %.0f", slow, fast)
		}
	})
}

// Where no limit is known, 429s teach one.
func TestLearnedLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{})
		defer b.Close()
		r := limiter.Request{License: "l", Group: group}
		var limited, total int
		var window arrivals
		for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			acquire(t, b, r)()
			window.add()
			total++
			if recent(&window) > 50 { // the server allows 50 a second
				limited++
				b.Report(t.Context(), "l", group, limiter.Outcome{Status: 429, RetryAfter: time.Second})
			}
		}
		if limited == 0 || limited > total/50 || total < 2000 {
			t.Errorf("%d of %d calls were limited", limited, total)
		}
	})
}

func recent(a *arrivals) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	for len(a.at) > 0 && time.Since(a.at[0]) >= time.Second {
		a.at = a.at[1:]
	}
	return len(a.at)
}

func TestFairness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{RateShare: 1, Limits: map[string]float64{group: 10}})
		defer b.Close()
		var mu sync.Mutex
		var order []string
		var wg sync.WaitGroup
		ask := func(caller string, p limiter.Priority, n int) {
			for range n {
				wg.Go(func() {
					release, err := b.Acquire(t.Context(), limiter.Request{License: "l", Group: group, Caller: caller, Priority: p})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					order = append(order, caller)
					mu.Unlock()
					release()
				})
			}
			synctest.Wait()
		}
		acquire(t, b, limiter.Request{License: "l", Group: group})() // the burst is gone
		ask("export", limiter.Bulk, 20)
		ask("big", limiter.Interactive, 40)
		ask("small", limiter.Interactive, 3)
		wg.Wait()
		place := map[string][]int{}
		for i, caller := range order {
			place[caller] = append(place[caller], i)
		}
		if last := place["small"][2]; last > 8 {
			t.Errorf("a small caller waited behind a big one until place %d", last)
		}
		if place["export"][0] > 10 {
			t.Error("bulk work stands still")
		}
		if early := countBelow(place["export"], 40); early > 6 {
			t.Errorf("%d bulk calls among the first 40", early)
		}
	})
}

func countBelow(places []int, limit int) (n int) {
	for _, p := range places {
		if p < limit {
			n++
		}
	}
	return n
}

func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{RateShare: 1, Limits: map[string]float64{group: 0.1}, MaxWait: 5 * time.Second, MaxQueue: 2})
		r := limiter.Request{License: "l", Group: group}
		acquire(t, b, r)()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				start := time.Now()
				_, err := b.Acquire(t.Context(), r)
				if !gwerr.Is(err, gwerr.UpstreamLimited) || time.Since(start) != 5*time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
		}
		synctest.Wait()
		if _, err := b.Acquire(t.Context(), r); !gwerr.Is(err, gwerr.Busy) {
			t.Errorf("a full queue: %v", err)
		}
		wg.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Acquire(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a deadline: %v", err)
		}
		b.Report(t.Context(), "l", group, limiter.Outcome{Status: 429, RetryAfter: time.Minute})
		start := time.Now()
		_, err := b.Acquire(t.Context(), r)
		if !gwerr.Is(err, gwerr.UpstreamLimited) || time.Since(start) != 0 || gwerr.From(err).RetryAfter != time.Minute {
			t.Errorf("closed for longer than the wait: %v after %v", err, time.Since(start))
		}
		wg.Go(func() {
			if _, err := b.Acquire(t.Context(), limiter.Request{License: "l", Group: "other"}); err != nil {
				t.Errorf("another group: %v", err)
			}
		})
		wg.Wait()
		b.Close()
		if _, err := b.Acquire(t.Context(), limiter.Request{License: "2", Group: group}); err != nil {
			t.Errorf("a permit at hand after Close: %v", err)
		}
		if _, err := b.Acquire(t.Context(), limiter.Request{License: "2", Group: group}); !stopping(err) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// stopping tells whether the caller, who is there, hears to come again.
func stopping(err error) bool {
	e := gwerr.From(err)
	return e != nil && e.Kind().HTTP == http.StatusServiceUnavailable && e.Hint != "" && e.RetryAfter > 0 && !errors.Is(err, context.Canceled)
}

func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{RateShare: 1, Limits: map[string]float64{group: 0.01}})
		r := limiter.Request{License: "l", Group: group}
		acquire(t, b, r)()
		done := make(chan error)
		go func() { _, err := b.Acquire(t.Context(), r); done <- err }()
		synctest.Wait()
		b.Close()
		if err := <-done; !stopping(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]limiter.Config{
		"share": {RateShare: 1.5}, "negative share": {RateShare: -1}, "replicas": {Replicas: -1}, "in flight": {MaxInFlight: -1}, "queue": {MaxQueue: -1},
	} {
		if _, err := limiter.New(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkAcquireAtHand(b *testing.B) {
	l, err := limiter.New(limiter.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	r := limiter.Request{License: "l", Group: group, Caller: "c"}
	for b.Loop() {
		release, err := l.Acquire(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}
