package tokens_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// server is an authorization server in memory: it rotates refresh tokens and
// ends a chain for good when one is presented twice.
type server struct {
	life   time.Duration
	single bool

	mu      sync.Mutex
	count   int
	refresh string // the only good one
	reused  bool
	err     error         // of the next fetches
	took    error         // as err, but after the request was carried out
	slow    time.Duration // before the answer
	holdUp  chan struct{} // if set, an answer waits for it
}

func newServer(life time.Duration) *server { return &server{life: life} }

func (s *server) Grant() string {
	return map[bool]string{false: "client_credentials", true: "refresh_token"}[s.single]
}
func (s *server) SingleUse() bool { return s.single }

func (s *server) Fetch(ctx context.Context, previous tokens.Token) (tokens.Token, error) {
	s.mu.Lock()
	s.count++
	err, took, slow, hold := s.err, s.took, s.slow, s.holdUp
	n := s.count
	s.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return tokens.Token{}, ctx.Err()
		}
	}
	if err != nil {
		return tokens.Token{}, err
	}
	t := tokens.Token{Value: tokens.NewSecret(fmt.Sprintf("access-%d", n)), MintedAt: time.Now(), Expiry: time.Now().Add(s.life)}
	if s.single {
		s.mu.Lock()
		presented := previous.Refresh.Reveal()
		if presented == "" && s.refresh == "" {
			presented = s.refresh
		}
		if presented != s.refresh {
			s.reused, s.refresh = true, "none, the chain is dead"
			s.mu.Unlock()
			return tokens.Token{}, gwerr.Wrap(gwerr.UpstreamAuth, tokens.ErrSpent, "invalid_grant", "")
		}
		s.refresh = fmt.Sprintf("refresh-%d", n)
		t.Refresh = tokens.NewSecret(s.refresh)
		s.mu.Unlock()
	}
	if hold != nil {
		<-hold
	}
	return t, took
}

func (s *server) fetches() int { s.mu.Lock(); defer s.mu.Unlock(); return s.count }

func (s *server) set(f func(*server)) { s.mu.Lock(); defer s.mu.Unlock(); f(s) }

// shared is a store that replicas share, and that can fail.
type shared struct {
	memory     atomic.Pointer[store.Memory]
	down, full atomic.Bool
}

func newShared() *shared {
	s := &shared{}
	s.flush()
	return s
}

// flush loses everything, locks included.
func (s *shared) flush() { s.memory.Store(store.NewMemory()) }

func (s *shared) Close() error { return nil }

func (s *shared) Kind() string { return "redis" }
func (s *shared) Get(ctx context.Context, name string) ([]byte, error) {
	if s.down.Load() {
		return nil, store.ErrUnavailable
	}
	return s.memory.Load().Get(ctx, name)
}

func (s *shared) Lock(ctx context.Context, name string, ttl time.Duration) (store.Lease, error) {
	if s.down.Load() || s.full.Load() {
		return nil, store.ErrUnavailable
	}
	l, err := s.memory.Load().Lock(ctx, name, ttl)
	return failing{l, s}, err
}
func (s *shared) Health() store.Health { return store.Health{Kind: "redis", Up: !s.down.Load()} }

type failing struct {
	store.Lease
	s *shared
}

func (l failing) Put(ctx context.Context, value []byte, ttl time.Duration) error {
	if l.s.down.Load() || l.s.full.Load() {
		return store.ErrUnavailable
	}
	return l.Lease.Put(ctx, value, ttl)
}

// source is a cached source of a test.
func source(t *testing.T, f tokens.Fetcher, s store.Store, ring *seal.Ring, change ...func(*tokens.CacheConfig)) *tokens.Cached {
	t.Helper()
	cfg := tokens.CacheConfig{Fetcher: f, Identity: []string{"issuer", "client"}, Store: s, Ring: ring}
	for _, c := range change {
		c(&cfg)
	}
	c, err := tokens.NewCached(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, s tokens.Source) string {
	t.Helper()
	got, err := s.Token(t.Context())
	if err != nil {
		t.Fatalf("no token: %v", err)
	}
	if !got.Refresh.IsZero() {
		t.Error("a source hands out its refresh token")
	}
	return got.Value.Reveal()
}

func refused(t *testing.T, s tokens.Source, code gwerr.Code) {
	t.Helper()
	got, err := s.Token(t.Context())
	if !gwerr.Is(err, code) {
		t.Fatalf("got %q, %v; want an error %s", got.Value.Reveal(), err, code)
	}
}

var errNetwork = gwerr.Wrap(gwerr.UpstreamFailed, errors.New("refused"), "The authorization server cannot be reached.", "")
