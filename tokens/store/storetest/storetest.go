// Package storetest is the test that every token store must pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/tokens/store"
)

const ttl = 10 * time.Second

// Run tests the stores that open returns. Stores opened in one test share
// their contents, like two replicas; a memory store is the same both times.
// elapse lets d pass for the store.
func Run(t *testing.T, open func(t *testing.T) (a, b store.Store), elapse func(d time.Duration)) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store, store.Store, func(time.Duration)){
		"put and get": putAndGet, "replace and delete": replaceAndDelete, "expiry": expiry,
		"lock excludes": lockExcludes, "fence grows": fenceGrows, "late holder is fenced": lateHolder,
		"only one of many gets the lock": contention, "canceled context": canceled, "names apart": namesApart,
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t)
			test(t, a, b, elapse)
		})
	}
}

// Lock takes a lock or fails the test.
func Lock(t *testing.T, s store.Store, name string) store.Lease {
	t.Helper()
	l, err := s.Lock(t.Context(), name, ttl)
	if err != nil {
		t.Fatalf("locking %s: %v", name, err)
	}
	return l
}

func put(t *testing.T, s store.Store, name, value string, life time.Duration) {
	t.Helper()
	l := Lock(t, s, name)
	defer l.Release(t.Context())
	if err := l.Put(t.Context(), []byte(value), life); err != nil {
		t.Fatalf("storing %s: %v", name, err)
	}
}

func want(t *testing.T, s store.Store, name, value string) {
	t.Helper()
	got, err := s.Get(t.Context(), name)
	if value == "" {
		if !errors.Is(err, store.ErrNotFound) {
			t.Fatalf("%s: got %q, %v; want nothing", name, got, err)
		}
		return
	}
	if err != nil || string(got) != value {
		t.Fatalf("%s: got %q, %v; want %q", name, got, err, value)
	}
}

func putAndGet(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	want(t, a, "n", "")
	put(t, a, "n", "one\x00\xff\r\n", store.Forever)
	want(t, a, "n", "one\x00\xff\r\n")
	want(t, b, "n", "one\x00\xff\r\n")
	if h := a.Health(); !h.Up || h.Kind != a.Kind() {
		t.Errorf("health is %+v", h)
	}
}

func replaceAndDelete(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	put(t, a, "n", "one", time.Hour)
	put(t, b, "n", "two", time.Hour)
	want(t, a, "n", "two")
	l := Lock(t, a, "n")
	if err := l.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Delete(t.Context()); err != nil {
		t.Fatalf("deleting nothing: %v", err)
	}
	l.Release(t.Context())
	want(t, b, "n", "")
	put(t, b, "n", "three", time.Hour)
	want(t, a, "n", "three")
}

func expiry(t *testing.T, a, b store.Store, elapse func(time.Duration)) {
	put(t, a, "short", "s", 50*time.Millisecond)
	put(t, a, "long", "l", time.Hour)
	put(t, a, "ever", "e", 50*time.Millisecond)
	put(t, b, "ever", "e", store.Forever)
	elapse(60 * time.Millisecond)
	want(t, b, "short", "")
	want(t, b, "long", "l")
	want(t, b, "ever", "e")
}

func lockExcludes(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	l := Lock(t, a, "n")
	for _, s := range []store.Store{a, b} {
		if _, err := s.Lock(t.Context(), "n", ttl); !errors.Is(err, store.ErrLocked) {
			t.Fatalf("a taken lock: %v", err)
		}
	}
	Lock(t, b, "other").Release(t.Context())
	l.Release(t.Context())
	l.Release(t.Context())
	Lock(t, b, "n").Release(t.Context())
}

func fenceGrows(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	last := int64(0)
	for i, s := range []store.Store{a, b, b, a} {
		l := Lock(t, s, "n")
		if l.Fence() <= last {
			t.Fatalf("holder %d has fence %d after %d", i, l.Fence(), last)
		}
		last = l.Fence()
		l.Release(t.Context())
	}
}

func lateHolder(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	late := Lock(t, a, "n")
	late.Release(t.Context()) // as if its lease had run out
	put(t, b, "n", "new", time.Hour)
	if err := late.Put(t.Context(), []byte("old"), time.Hour); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a late put: %v", err)
	}
	if err := late.Delete(t.Context()); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a late delete: %v", err)
	}
	want(t, a, "n", "new")
}

func contention(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	var inside, wins atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := []store.Store{a, b}[i%2]
			for range 20 {
				l, err := s.Lock(context.Background(), "n", ttl)
				if errors.Is(err, store.ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two holders at a time")
				}
				wins.Add(1)
				if err := l.Put(context.Background(), fmt.Append(nil, i), time.Hour); err != nil {
					t.Error(err)
				}
				inside.Add(-1)
				l.Release(context.Background())
			}
		})
	}
	wg.Wait()
	if wins.Load() == 0 {
		t.Error("nobody got the lock")
	}
}

func canceled(t *testing.T, a, _ store.Store, _ func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Get(ctx, "n"); !errors.Is(err, context.Canceled) {
		t.Errorf("get: %v", err)
	}
	if _, err := a.Lock(ctx, "n", ttl); !errors.Is(err, context.Canceled) {
		t.Errorf("lock: %v", err)
	}
	l := Lock(t, a, "n")
	defer l.Release(t.Context())
	if err := l.Put(ctx, []byte("x"), ttl); !errors.Is(err, context.Canceled) {
		t.Errorf("put: %v", err)
	}
	if err := l.Delete(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("delete: %v", err)
	}
	if h := a.Health(); !h.Up {
		t.Error("a caller that went away takes the store down")
	}
}

func namesApart(t *testing.T, a, b store.Store, _ func(time.Duration)) {
	for i := range 10 {
		put(t, a, fmt.Sprintf("n%d", i), fmt.Sprint(i), time.Hour)
	}
	for i := range 10 {
		want(t, b, fmt.Sprintf("n%d", i), fmt.Sprint(i))
	}
}
