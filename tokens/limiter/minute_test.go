package limiter_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/tokens/limiter"
)

const minuteGroup = "rlgConfigRpm"

// busy has workers call without a pause until the time is over.
func busy(t *testing.T, b *limiter.Budget, r limiter.Request, length time.Duration) *arrivals {
	t.Helper()
	seen := &arrivals{}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for {
				release, err := b.Acquire(ctx, r)
				if err != nil {
					return
				}
				seen.add()
				release()
			}
		})
	}
	wg.Wait()
	return seen
}

// What PingOne counts by the minute may come at once, as far as the minute has it.
func TestLimitsOfAMinute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		perMinute     float64
		first, rested int // calls that don't wait: of a new budget, and of one that nobody used
	}{{6, 1, 1}, {60, 8, 15}, {210, 26, 52}, {600, 75, 150}} {
		t.Run(fmt.Sprint(c.perMinute), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := budget(t, limiter.Config{RateShare: 1, MaxWait: time.Hour, Limits: map[string]float64{minuteGroup: c.perMinute / 60}})
				defer b.Close()
				r := limiter.Request{License: "l", Group: minuteGroup}
				atOnce := func() (n int) {
					for from := time.Now(); time.Since(from) == 0; n++ {
						acquire(t, b, r)()
					}
					return n - 1
				}
				if got := atOnce(); got != c.first && got != c.first-1 { // times are rounded up
					t.Errorf("%d calls of a new budget at once, want %d", got, c.first)
				}
				time.Sleep(5 * time.Minute)
				if got := atOnce(); got != c.rested && got != c.rested-1 {
					t.Errorf("%d calls at once, want %d", got, c.rested)
				}
				time.Sleep(5 * time.Minute)
				seen := busy(t, b, r, 5*time.Minute)
				if got := seen.most(time.Minute); float64(got) > c.perMinute || float64(got) < c.perMinute*0.9-1 {
					t.Errorf("%d calls in a minute", got)
				}
				if got := float64(seen.count()) / 5; got < c.perMinute*0.74 {
					t.Errorf("%v calls a minute", got)
				}
			})
		})
	}
}

// A service that refuses bursts is asked evenly until the whole limit is back.
func TestNoBurstsAfterARefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget(t, limiter.Config{RateShare: 1, Limits: map[string]float64{minuteGroup: 10}})
		defer b.Close()
		r := limiter.Request{License: "l", Group: minuteGroup}
		for range 75 {
			acquire(t, b, r)()
		}
		b.Report(t.Context(), "l", minuteGroup, limiter.Outcome{Status: http.StatusTooManyRequests, RetryAfter: time.Second})
		start := time.Now()
		acquire(t, b, r)()
		if waited := time.Since(start); waited < time.Second || waited > 1500*time.Millisecond {
			t.Errorf("the burst before counts after the refusal: %v", waited)
		}
		time.Sleep(5 * time.Second)
		if got := busy(t, b, r, 5*time.Second).most(time.Second); got > 10 {
			t.Errorf("%d calls in a second", got)
		}
		time.Sleep(2 * time.Minute)
		if got := busy(t, b, r, time.Second).most(time.Second); got < 150 {
			t.Errorf("%d calls in a second", got)
		}
	})
}
