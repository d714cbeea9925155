package tokens_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

func TestManyCallersOneFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Hour)
		s.slow = time.Second
		c := source(t, s, nil, nil)
		defer c.Close()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got := get(t, c); got != "access-1" {
					t.Errorf("got %s", got)
				}
			})
		}
		wg.Wait()
		if s.fetches() != 1 {
			t.Errorf("%d fetches", s.fetches())
		}
	})
}

func TestRefreshAhead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		use    func(t *testing.T, c *tokens.Cached) // between the first token and 90 % of its life
		before int
	}{
		{"a token in use is replaced ahead", func(t *testing.T, c *tokens.Cached) { get(t, c) }, 2},
		{"an idle one is left alone", func(*testing.T, *tokens.Cached) {}, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(time.Hour)
				c := source(t, s, nil, nil)
				defer c.Close()
				if err := c.Adopt(t.Context(), first(t, s)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				tc.use(t, c)
				time.Sleep(53 * time.Minute)
				synctest.Wait()
				if got := s.fetches(); got != tc.before {
					t.Errorf("%d fetches at 90 %%, want %d", got, tc.before)
				}
				get(t, c) // an idle source refreshes as soon as it is used again
				synctest.Wait()
				if s.fetches() != 2 {
					t.Errorf("%d fetches after use", s.fetches())
				}
			})
		})
	}
}

func first(t *testing.T, s *server) tokens.Token {
	t.Helper()
	got, err := s.Fetch(t.Context(), tokens.Token{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// No caller waits while the server is slow to answer a refresh ahead.
func TestCallersDoNotWaitForRefreshAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Hour)
		c := source(t, s, nil, nil)
		defer c.Close()
		get(t, c)
		s.set(func(s *server) { s.slow = 5 * time.Second })
		for range 4 * 3600 / 10 {
			time.Sleep(10 * time.Second)
			start := time.Now()
			got, err := c.Token(t.Context())
			if err != nil || time.Since(start) != 0 || !time.Now().Before(got.Expiry) {
				t.Fatalf("waited %v, %v", time.Since(start), err)
			}
		}
		if n := s.fetches(); n < 4 || n > 7 {
			t.Errorf("%d fetches in four hours", n)
		}
	})
}

func TestInvalidate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Hour)
		c := source(t, s, nil, nil)
		defer c.Close()
		old, _ := c.Token(t.Context())
		for range 10 { // a burst of 401s
			c.Invalidate(t.Context(), old)
			if got := get(t, c); got != "access-2" {
				t.Fatalf("got %s", got)
			}
		}
		refuse := func() { // the current token
			current, _ := c.Token(t.Context())
			c.Invalidate(t.Context(), current)
		}
		refuse() // the new token is refused as well, at once
		if got := get(t, c); got != "access-3" {
			t.Errorf("after a second 401: got %s", got)
		}
		for range 10 { // the API refuses every token
			refuse()
		}
		if got := get(t, c); got != "access-4" || s.fetches() != 4 {
			t.Errorf("401s without end: got %s after %d fetches", got, s.fetches())
		}
		time.Sleep(10 * time.Second)
		for range 10 {
			refuse()
		}
		if got := get(t, c); got != "access-5" {
			t.Errorf("ten seconds later: got %s", got)
		}
		time.Sleep(time.Minute)
		refuse()
		refuse()
		if got := get(t, c); got != "access-7" {
			t.Errorf("401s a minute later: got %s", got)
		}
	})
}

// The 401 of one replica does not cost the others a token each.
func TestInvalidateAcrossReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
		a, b := source(t, s, st, ring), source(t, s, st, ring)
		defer a.Close()
		defer b.Close()
		ta, _ := a.Token(t.Context())
		tb, _ := b.Token(t.Context())
		if !ta.Value.Equal(tb.Value) || s.fetches() != 1 {
			t.Fatalf("two replicas made %d fetches", s.fetches())
		}
		a.Invalidate(t.Context(), ta)
		b.Invalidate(t.Context(), tb)
		if get(t, a) != "access-2" || get(t, b) != "access-2" || s.fetches() != 2 {
			t.Errorf("%d fetches", s.fetches())
		}
	})
}

func TestNegativeCache(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		err  *gwerr.Error
		wait time.Duration
	}{
		{"rejected", gwerr.New(gwerr.UpstreamAuth, "invalid_client", ""), 30 * time.Second},
		{"unreachable", errNetwork, time.Second},
		{"told to wait", gwerr.New(gwerr.UpstreamLimited, "429", "").After(7 * time.Second), 7 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(time.Hour)
				s.err = tc.err
				c := source(t, s, nil, nil)
				defer c.Close()
				for range 20 {
					refused(t, c, tc.err.Code)
				}
				if s.fetches() != 1 || c.Health().Failure == "" {
					t.Errorf("%d fetches, health %+v", s.fetches(), c.Health())
				}
				s.set(func(s *server) { s.err = nil })
				time.Sleep(tc.wait - time.Millisecond)
				refused(t, c, tc.err.Code)
				time.Sleep(2 * time.Millisecond)
				if get(t, c) != "access-2" || c.Health().Failure != "" {
					t.Errorf("health after recovery: %+v", c.Health())
				}
			})
		})
	}
}

func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Hour)
		s.slow = 5 * time.Second
		c := source(t, s, nil, nil)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Token(ctx); !gwerr.Is(err, gwerr.Timeout) {
			t.Fatalf("got %v", err)
		}
		if got := get(t, c); got != "access-1" || s.fetches() != 1 {
			t.Errorf("the fetch of a caller that went away is lost: %s, %d fetches", got, s.fetches())
		}
	})
}

// TestClosedSource asks a source that is closed, or closes while it waits for
// another process: the caller, who is there, hears to come again.
func TestClosedSource(t *testing.T) {
	t.Parallel()
	closed := func(t *testing.T, err error) {
		t.Helper()
		if e := gwerr.From(err); e == nil || e.Code != gwerr.Busy || e.Hint == "" || errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		st, ring := newShared(), seal.NewEphemeralRing()
		l, err := st.Lock(t.Context(), ring.Name("issuer", "client"), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release(t.Context())
		c := source(t, newServer(time.Hour), st, ring)
		failed := make(chan error)
		go func() { _, err := c.Token(t.Context()); failed <- err }()
		synctest.Wait()
		c.Close()
		closed(t, <-failed)
		_, err = c.Token(t.Context())
		closed(t, err)
	})
}

func TestRestartFindsTheToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
		for range 3 {
			c := source(t, s, st, ring)
			if got := get(t, c); got != "access-1" {
				t.Errorf("got %s", got)
			}
			c.Close()
		}
		other := source(t, s, st, ring, func(cfg *tokens.CacheConfig) { cfg.Identity = []string{"issuer", "other client"} })
		defer other.Close()
		if get(t, other) == "access-1" {
			t.Error("another client got the token")
		}
	})
}

func TestStoreDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
		st.down.Store(true)
		a := source(t, s, st, ring)
		defer a.Close()
		if get(t, a) != "access-1" || !a.Health().Unsaved || a.Health().Store.Up {
			t.Errorf("health %+v", a.Health())
		}
		st.down.Store(false)
		time.Sleep(20 * time.Second) // the check puts the token into the store
		synctest.Wait()
		b := source(t, s, st, ring)
		defer b.Close()
		if get(t, b) != "access-1" || a.Health().Unsaved {
			t.Errorf("the token was not stored: %+v", a.Health())
		}
		st.flush()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		c := source(t, s, st, ring)
		defer c.Close()
		if get(t, c) != "access-1" || s.fetches() != 1 {
			t.Errorf("after a flush: %d fetches", s.fetches())
		}
	})
}

// A holder that never finishes costs the others the wait, not the query.
func TestLockHeldForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
		l, err := st.Lock(t.Context(), ring.Name("issuer", "client"), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release(t.Context())
		c := source(t, s, st, ring)
		defer c.Close()
		start := time.Now()
		get(t, c)
		if d := time.Since(start); d < 3*time.Second || d > 4*time.Second {
			t.Errorf("waited %v", d)
		}
		s.set(func(s *server) { s.single = true })
		single := source(t, s, st, ring)
		defer single.Close()
		refused(t, single, gwerr.Busy)
		if s.fetches() != 1 {
			t.Error("a refresh token was redeemed without the lock")
		}
	})
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, fresh := seal.GenerateKey("2025"), seal.GenerateKey("2026")
		ring := func(keys ...seal.Key) *seal.Ring {
			r, err := seal.NewRing(keys, old.Secret)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		s, st := newServer(24*time.Hour), newShared()
		use := func(r *seal.Ring) {
			t.Helper()
			c := source(t, s, st, r)
			defer c.Close()
			if got := get(t, c); got != "access-1" {
				t.Errorf("the token was lost: %s", got)
			}
			time.Sleep(20 * time.Second)
			synctest.Wait()
		}
		use(ring(old))
		use(ring(old, fresh))
		use(ring(fresh, old)) // seals anew
		use(ring(fresh))
		// A replica that does not know the key leaves the record alone.
		stranger := source(t, s, st, ring(old))
		if get(t, stranger) != "access-2" {
			t.Error("a replica without the key opened the token")
		}
		time.Sleep(time.Minute)
		stranger.Close()
		use(ring(fresh))
	})
}

func TestGarbageInTheStore(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"short": "x", "long": "pgw1 and more than a hundred bytes of nothing that anybody could open, whatever key they have in the ring"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
				l, _ := st.Lock(t.Context(), ring.Name("issuer", "client"), time.Hour)
				if err := l.Put(t.Context(), []byte(value), store.Forever); err != nil {
					t.Fatal(err)
				}
				l.Release(t.Context())
				a, b := source(t, s, st, ring), source(t, s, st, ring)
				defer a.Close()
				defer b.Close()
				if get(t, a) != "access-1" {
					t.Error("no token in spite of garbage")
				}
				if name == "short" && get(t, b) != "access-1" {
					t.Error("garbage was not replaced")
				}
			})
		})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var events []observe.Event
		s := newServer(time.Hour)
		c := source(t, s, nil, nil, func(cfg *tokens.CacheConfig) {
			cfg.Sink = observe.SinkFunc(func(_ context.Context, e observe.Event) { events = append(events, e) })
		})
		defer c.Close()
		get(t, c)
		get(t, c)
		want := []observe.Event{
			observe.TokenFetch{Grant: "client_credentials", Outcome: "ok"},
			observe.TokenServed{Source: "fetched"},
			observe.TokenServed{Source: "memory"},
		}
		if len(events) != len(want) {
			t.Fatalf("events %v", events)
		}
		for i := range want {
			if events[i] != want[i] {
				t.Errorf("event %d is %v, want %v", i, events[i], want[i])
			}
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := func() tokens.CacheConfig {
		return tokens.CacheConfig{Fetcher: newServer(time.Hour), Identity: []string{"x"}}
	}
	for name, change := range map[string]func(*tokens.CacheConfig){
		"no grant":                 func(c *tokens.CacheConfig) { c.Fetcher = nil },
		"no identity":              func(c *tokens.CacheConfig) { c.Identity = nil },
		"shared store without key": func(c *tokens.CacheConfig) { c.Store = newShared() },
		"settles too early":        func(c *tokens.CacheConfig) { c.Settle = time.Second },
	} {
		cfg := good()
		change(&cfg)
		if _, err := tokens.NewCached(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := tokens.NewGiven(tokens.Token{Value: tokens.NewSecret("v"), Refresh: tokens.NewSecret("r"), Expiry: time.Now().Add(time.Hour)})
		if get(t, g) != "v" {
			t.Error("another token")
		}
		g.Invalidate(t.Context(), tokens.Token{Value: tokens.NewSecret("other")})
		get(t, g)
		rejected := tokens.NewGiven(tokens.Token{Value: tokens.NewSecret("v")})
		rejected.Invalidate(t.Context(), tokens.Token{Value: tokens.NewSecret("v")})
		refused(t, rejected, gwerr.UpstreamAuth)
		refused(t, tokens.NewGiven(tokens.Token{}), gwerr.UpstreamAuth)
		time.Sleep(time.Hour)
		refused(t, g, gwerr.UpstreamAuth)
	})
}

var errLost = gwerr.Wrap(gwerr.UpstreamFailed, errors.Join(tokens.ErrOutcomeUnknown, errors.New("EOF")), "No answer.", "")

// recordingLocks notes for how long locks are asked.
type recordingLocks struct {
	store.Store
	asked []time.Duration
}

func (s *recordingLocks) Lock(ctx context.Context, name string, ttl time.Duration) (store.Lease, error) {
	s.asked = append(s.asked, ttl)
	return s.Store.Lock(ctx, name, ttl)
}

// The lock of a short-lived token must fall free before the token ends.
func TestLockLivesWithTheToken(t *testing.T) {
	t.Parallel()
	for life, want := range map[time.Duration]time.Duration{
		time.Hour: 10 * time.Second, 100 * time.Second: 10 * time.Second, 30 * time.Second: 3 * time.Second, 4 * time.Second: time.Second,
	} {
		t.Run(life.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, locks := newServer(life), &recordingLocks{Store: newShared()}
				c := source(t, s, locks, seal.NewEphemeralRing())
				defer c.Close()
				get(t, c)
				time.Sleep(life)
				get(t, c)
				synctest.Wait()
				if len(locks.asked) < 2 || locks.asked[0] != 10*time.Second || locks.asked[1] != want {
					t.Errorf("locks were asked for %v, want the second for %v", locks.asked, want)
				}
			})
		})
	}
}
