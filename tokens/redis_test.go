package tokens_test

import (
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// onRedis is a replica of a gateway that waits so long for Redis before it goes
// on without, with a token of its own.
func onRedis(t *testing.T, server *redistest.Server, f tokens.Fetcher, ring *seal.Ring, patience time.Duration) *tokens.Cached {
	t.Helper()
	conn, err := redisconn.New(t.Context(), redisconn.Config{URL: redistest.Patient(server.URL(), patience)})
	if err != nil {
		t.Fatal(err)
	}
	c := source(t, f, store.NewRedis(conn), ring, func(cfg *tokens.CacheConfig) { cfg.CheckEvery = 20 * time.Millisecond })
	t.Cleanup(func() { _ = c.Close(); _ = conn.Close() })
	return c
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// Whatever becomes of a real Redis, replicas go on with the token they have, a
// new replica starts, and afterwards a further one finds the token in Redis.
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	name := func(r *seal.Ring) string { return "pgw:{" + r.Name("issuer", "client") + "}:token" }
	cases := []struct {
		name         string
		fail, repair func(*redistest.Server, *seal.Ring)
		down         bool // the store is told to be down, and nothing can be read
	}{
		{"killed", func(s *redistest.Server, _ *seal.Ring) { s.Kill() }, func(s *redistest.Server, _ *seal.Ring) { s.Run() }, true},
		{"hung", func(s *redistest.Server, _ *seal.Ring) { s.Hang() }, func(s *redistest.Server, _ *seal.Ring) { s.Resume() }, true},
		{"flushed", func(s *redistest.Server, _ *seal.Ring) { s.Do("FLUSHALL") }, func(*redistest.Server, *seal.Ring) {}, false},
		{
			"full", func(s *redistest.Server, _ *seal.Ring) { s.Do("CONFIG", "SET", "maxmemory", "1") },
			func(s *redistest.Server, _ *seal.Ring) { s.Do("CONFIG", "SET", "maxmemory", "0") }, false,
		},
		{
			"read-only", func(s *redistest.Server, _ *seal.Ring) { s.Do("REPLICAOF", "127.0.0.1", "1") },
			func(s *redistest.Server, _ *seal.Ring) { s.Do("REPLICAOF", "NO", "ONE") }, false,
		},
		{"garbage", func(s *redistest.Server, r *seal.Ring) { s.Do("HSET", name(r), "v", "nobody can open this") }, func(*redistest.Server, *seal.Ring) {}, false},
		{"another type", func(s *redistest.Server, r *seal.Ring) { s.Do("DEL", name(r)); s.Do("SET", name(r), "x") }, func(*redistest.Server, *seal.Ring) {}, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			redis, auth, ring := redistest.Start(t), newServer(time.Hour), seal.NewEphemeralRing()
			patience := time.Minute
			if tc.name == "hung" { // the replicas have to run out of it
				patience = 3 * time.Second
			}
			replica := func() *tokens.Cached { return onRedis(t, redis, auth, ring, patience) }
			a, b := replica(), replica()
			if get(t, a) != "access-1" || get(t, b) != "access-1" {
				t.Fatal("two replicas have two tokens")
			}
			tc.fail(redis, ring)
			if tc.down {
				eventually(t, "the store is told to be down", func() bool { return !a.Health().Store.Up && a.Health().Store.Detail != "" })
			}
			for range 1000 {
				if get(t, a) != "access-1" {
					t.Fatal("another token")
				}
			}
			get(t, replica()) // a replica that starts now
			if n := auth.fetches(); n > 2 {
				t.Errorf("%d token requests", n)
			}
			tc.repair(redis, ring)
			eventually(t, "the store is up and has the token", func() bool {
				h := a.Health()
				return h.Store.Up && !h.Unsaved && redis.Do("HEXISTS", name(ring), "v") == int64(1)
			})
			before := auth.fetches()
			get(t, replica())
			if auth.fetches() != before {
				t.Error("a replica does not find the token after recovery")
			}
		})
	}
}
