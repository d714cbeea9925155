package tokens_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// rotating is a server that rotates, signed in to, and a store with its token.
func rotating(t *testing.T, st *shared, ring *seal.Ring) *server {
	t.Helper()
	s := newServer(10 * time.Minute)
	s.single = true
	c := source(t, s, st, ring)
	defer c.Close()
	if err := c.Adopt(t.Context(), first(t, s)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) neverReused(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reused {
		t.Error("a refresh token was redeemed twice")
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, ring := newShared(), seal.NewEphemeralRing()
		s := rotating(t, st, ring)
		var replicas []*tokens.Cached
		for range 3 {
			replicas = append(replicas, source(t, s, st, ring))
		}
		for range 6 * 60 {
			time.Sleep(time.Minute)
			var wg sync.WaitGroup
			for _, c := range replicas {
				wg.Go(func() { get(t, c) })
			}
			wg.Wait()
		}
		for _, c := range replicas {
			c.Close()
		}
		s.neverReused(t)
		if n := s.fetches(); n < 36 || n > 50 {
			t.Errorf("%d tokens of ten minutes in six hours", n)
		}
	})
}

// The faults of the store and of single replicas, in random order: the chain
// must survive, unless the only process that knew the newest token is killed.
func TestRotationSurvivesFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { faults(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func faults(t *testing.T, random *rand.Rand) {
	st, ring := newShared(), seal.NewEphemeralRing()
	s := rotating(t, st, ring)
	var replicas []*tokens.Cached
	for range 3 {
		replicas = append(replicas, source(t, s, st, ring))
	}
	served := 0
	for range 600 {
		time.Sleep(time.Duration(random.Int64N(int64(time.Minute))))
		switch n := random.IntN(40); {
		case n == 0:
			st.down.Store(true)
		case n == 1:
			st.full.Store(true)
		case n < 8:
			st.down.Store(false)
			st.full.Store(false)
		case n == 8 && !st.down.Load() && !st.full.Load() && !anyUnsaved(replicas):
			i := random.IntN(len(replicas)) // restart
			replicas[i].Close()
			replicas[i] = source(t, s, st, ring)
		case n == 9:
			s.set(func(s *server) { s.err = errNetwork })
		case n == 10 || n == 11:
			s.set(func(s *server) { s.err = nil })
		}
		_, err := replicas[random.IntN(len(replicas))].Token(t.Context())
		switch {
		case err == nil:
			served++
		case gwerr.Is(err, gwerr.UpstreamAuth):
			t.Fatalf("the sign-in was lost: %v", err)
		}
	}
	for _, c := range replicas {
		c.Close()
	}
	s.neverReused(t)
	if served < 300 {
		t.Errorf("only %d of 600 calls were served", served)
	}
}

func anyUnsaved(replicas []*tokens.Cached) bool {
	for _, c := range replicas {
		if c.Health().Unsaved {
			return true
		}
	}
	return false
}

// After a flush each replica knows some token; only the newest is redeemed.
func TestRotationAfterFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, ring := newShared(), seal.NewEphemeralRing()
		s := rotating(t, st, ring)
		behind, ahead := source(t, s, st, ring), source(t, s, st, ring)
		defer behind.Close()
		defer ahead.Close()
		get(t, behind)
		get(t, ahead)
		for i := range 20 {
			got, _ := ahead.Token(t.Context())
			time.Sleep(11 * time.Second)
			ahead.Invalidate(t.Context(), got)
			get(t, ahead) // one step further than behind
			st.flush()
			old, _ := behind.Token(t.Context())
			behind.Invalidate(t.Context(), old)
			_, err := behind.Token(t.Context())
			if err != nil && !gwerr.Is(err, gwerr.Busy) {
				t.Fatalf("round %d: %v", i, err)
			}
			time.Sleep(40 * time.Second)
			get(t, behind)
		}
		s.neverReused(t)
	})
}

// A holder dies between redeeming and storing: the others wait, try once, and
// say what to do. Nobody else redeems while the holder may still be at it.
func TestHolderDies(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		fault  func(*server)
		lost   bool
		within time.Duration
	}{
		{"before the server took the request", func(s *server) { s.err = errLost }, false, 20 * time.Second},
		{"after the server took the request", func(s *server) { s.took = errLost }, true, 20 * time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st, ring := newShared(), seal.NewEphemeralRing()
				s := rotating(t, st, ring)
				holder, other := source(t, s, st, ring), source(t, s, st, ring)
				defer other.Close()
				time.Sleep(time.Hour) // everything has expired
				s.set(tc.fault)
				refused(t, holder, gwerr.UpstreamFailed)
				holder.Close()
				before := s.fetches()
				s.set(func(s *server) { s.err, s.took = nil, nil })
				for range 14 {
					refused(t, other, gwerr.Busy)
					time.Sleep(time.Second)
				}
				if s.fetches() != before {
					t.Fatal("the token was redeemed while the holder might have been at it")
				}
				time.Sleep(5 * time.Second)
				if tc.lost {
					refused(t, other, gwerr.UpstreamAuth)
					return
				}
				get(t, other)
				s.neverReused(t)
			})
		})
	}
}

// The store goes down between redeeming and storing: the holder keeps the new
// token, and stores it before anybody redeems the old one.
func TestStoreDownAfterRedeeming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, ring := newShared(), seal.NewEphemeralRing()
		s := rotating(t, st, ring)
		holder, other := source(t, s, st, ring), source(t, s, st, ring)
		defer holder.Close()
		defer other.Close()
		time.Sleep(time.Hour)
		s.set(func(s *server) { s.holdUp = make(chan struct{}) })
		done := make(chan string)
		go func() { done <- get(t, holder) }()
		synctest.Wait()
		st.down.Store(true)
		close(s.holdUp)
		s.set(func(s *server) { s.holdUp = nil })
		got := <-done
		if !holder.Health().Unsaved {
			t.Error("the holder believes that its token is stored")
		}
		refused(t, other, gwerr.Busy)
		time.Sleep(5 * time.Minute)
		if get(t, holder) != got {
			t.Error("the holder does not use its token")
		}
		st.down.Store(false)
		time.Sleep(5 * time.Second)
		if get(t, other) != got || holder.Health().Unsaved {
			t.Error("the token was not put into the store")
		}
		s.neverReused(t)
	})
}
