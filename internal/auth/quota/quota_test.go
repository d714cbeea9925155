package quota_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

func TestRate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var limited []string
	k := quota.New(quota.Config{Now: func() time.Time { return at }, Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
		limited = append(limited, e.(observe.CallerLimited).Limit)
	})})
	l := quota.Limits{RequestsPerSecond: 2, Burst: 3}
	ask := func(who string) error {
		release, err := k.Acquire(t.Context(), who, l)
		if err == nil {
			release()
		}
		return err
	}
	for i := range 3 {
		if err := ask("anna"); err != nil {
			t.Errorf("request %d of the burst: %v", i+1, err)
		}
	}
	err := ask("anna")
	if !gwerr.Is(err, gwerr.TooManyRequests) || gwerr.From(err).RetryAfter != 500*time.Millisecond {
		t.Errorf("got %v, after %v", err, gwerr.From(err).RetryAfter)
	}
	if err := ask("bert"); err != nil {
		t.Errorf("another caller: %v", err)
	}
	at = at.Add(500 * time.Millisecond)
	if err := ask("anna"); err != nil {
		t.Errorf("after the wait: %v", err)
	}
	if len(limited) != 1 || limited[0] != "rate" {
		t.Errorf("events %v", limited)
	}
}

func TestConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := quota.New(quota.Config{Patience: 5 * time.Second})
		l := quota.Limits{Concurrency: 1}
		release, err := k.Acquire(t.Context(), "anna", l)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := k.Acquire(t.Context(), "anna", l); !gwerr.Is(err, gwerr.TooManyRequests) || time.Since(begun) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.Acquire(ctx, "anna", l); !gwerr.Is(err, gwerr.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if other, err := k.Acquire(t.Context(), "bert", l); err != nil {
			t.Errorf("another caller: %v", err)
		} else {
			other()
		}
		waited := make(chan error)
		go func() {
			r, err := k.Acquire(t.Context(), "anna", l)
			if err == nil {
				r()
			}
			waited <- err
		}()
		synctest.Wait()
		release()
		release() // a second call must not free a place of somebody else
		if err := <-waited; err != nil {
			t.Errorf("after the first ended: %v", err)
		}
		held, err := k.Acquire(t.Context(), "anna", l)
		if err != nil {
			t.Fatal(err)
		}
		defer held()
		if _, err := k.Acquire(t.Context(), "anna", l); err == nil {
			t.Error("two at a time")
		}
	})
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	k := quota.New(quota.Config{})
	for range 1000 {
		if _, err := k.Acquire(t.Context(), "anna", quota.Limits{RowsPerQuery: 1, Time: time.Second}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNewLimitsReplaceOld(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := quota.New(quota.Config{Now: func() time.Time { return at }})
	if _, err := k.Acquire(t.Context(), "anna", quota.Limits{RequestsPerSecond: 0.1}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Acquire(t.Context(), "anna", quota.Limits{RequestsPerSecond: 0.1, RowsPerQuery: 7}); err == nil {
		t.Error("the number of rows changes nothing about the rate")
	}
	if _, err := k.Acquire(t.Context(), "anna", quota.Limits{RequestsPerSecond: 5}); err != nil {
		t.Errorf("a new rate: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := quota.New(quota.Config{Callers: 2, Now: func() time.Time { return at }})
	l := quota.Limits{RequestsPerSecond: 0.1}
	for _, who := range []string{"a", "b", "c"} {
		if _, err := k.Acquire(t.Context(), who, l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Acquire(t.Context(), "a", l); err != nil {
		t.Errorf("the oldest caller is still remembered: %v", err)
	}
	if _, err := k.Acquire(t.Context(), "c", l); err == nil {
		t.Error("the youngest caller is forgotten")
	}
}
