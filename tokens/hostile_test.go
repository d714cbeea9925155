package tokens_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// put writes what somebody with access to the store may write.
func put(t *testing.T, s store.Store, name string, value []byte) {
	t.Helper()
	l, err := s.Lock(t.Context(), name, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), value, store.Forever); err != nil {
		t.Fatal(err)
	}
	l.Release(t.Context())
}

func stored(t *testing.T, s store.Store, name string) []byte {
	t.Helper()
	value, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(value)
}

// TestForgedRecords: what was not sealed here, for this client, gives no token.
func TestForgedRecords(t *testing.T) {
	t.Parallel()
	key := seal.GenerateKey("2026")
	ringOf := func(t *testing.T, keys ...seal.Key) *seal.Ring {
		r, err := seal.NewRing(keys, key.Secret)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	evil := []byte(`{"a":"evil","m":0,"g":9223372036854775807}`)
	for name, forge := range map[string]func(t *testing.T, ring *seal.Ring, name, other string, st store.Store) []byte{
		"another client's":  func(t *testing.T, _ *seal.Ring, _, other string, st store.Store) []byte { return stored(t, st, other) },
		"not sealed at all": func(*testing.T, *seal.Ring, string, string, store.Store) []byte { return evil },
		"a state of a web sign-in": func(_ *testing.T, r *seal.Ring, _, _ string, _ store.Store) []byte {
			return r.Seal("oauth login state v1", evil)
		},
		"under no name": func(_ *testing.T, r *seal.Ring, _, _ string, _ store.Store) []byte { return r.Seal("", evil) },
		"another key of the same id": func(t *testing.T, _ *seal.Ring, n, _ string, _ store.Store) []byte {
			return ringOf(t, seal.GenerateKey("2026")).Seal(n, evil)
		},
		"a key that is not in use": func(t *testing.T, _ *seal.Ring, n, _ string, _ store.Store) []byte {
			return ringOf(t, seal.GenerateKey("2025")).Seal(n, evil)
		},
		"an older form of the record": func(_ *testing.T, r *seal.Ring, n, _ string, _ store.Store) []byte {
			return bytes.Replace(r.Seal(n, evil), []byte("pgw1"), []byte("pgw0"), 1)
		},
		"the key's id is longer": func(_ *testing.T, r *seal.Ring, n, _ string, _ store.Store) []byte {
			v := r.Seal(n, evil)
			v[4] = 255
			return v
		},
		"the key's id is empty": func(_ *testing.T, r *seal.Ring, n, _ string, _ store.Store) []byte {
			v := r.Seal(n, evil)
			v[4] = 0
			return v
		},
		"two records in one": func(_ *testing.T, r *seal.Ring, n, _ string, _ store.Store) []byte {
			return append(r.Seal(n, evil), r.Seal(n, evil)...)
		},
		"very large": func(*testing.T, *seal.Ring, string, string, store.Store) []byte {
			return bytes.Repeat([]byte("pgw1"), 1<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ring, st := ringOf(t, key), newShared()
				neighbour := newServer(time.Hour)
				b := source(t, neighbour, st, ring, func(c *tokens.CacheConfig) { c.Identity = []string{"issuer", "neighbour"} })
				get(t, b)
				get(t, b)
				b.Close()
				mine, other := ring.Name("issuer", "client"), ring.Name("issuer", "neighbour")
				put(t, st, mine, forge(t, ring, mine, other, st))
				s := newServer(time.Hour)
				s.count = 41
				a := source(t, s, st, ring)
				defer a.Close()
				if got := get(t, a); got != "access-42" {
					t.Errorf("got %s", got)
				}
				if got := stored(t, st, other); len(got) == 0 {
					t.Error("the neighbour's record was touched")
				}
			})
		})
	}
}

// TestReplayedRecords: an old record of ours, put back, brings no token to those
// who know a newer one, none that has ended, and none that was refused.
func TestReplayedRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, st, ring := newServer(time.Hour), newShared(), seal.NewEphemeralRing()
		name := ring.Name("issuer", "client")
		a := source(t, s, st, ring)
		defer a.Close()
		if get(t, a) != "access-1" {
			t.Fatal("no first token")
		}
		old := stored(t, st, name)
		a.Invalidate(t.Context(), tokens.Token{Value: tokens.NewSecret("access-1")})
		if got := get(t, a); got != "access-2" {
			t.Fatalf("after a 401: %s", got)
		}
		put(t, st, name, old)
		time.Sleep(20 * time.Second) // the source looks into the store meanwhile
		if got := get(t, a); got != "access-2" {
			t.Errorf("who knows a newer one got %s", got)
		}
		put(t, st, name, old)
		fresh := source(t, s, st, ring)
		defer fresh.Close()
		got, err := fresh.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fresh.Invalidate(t.Context(), got)
		put(t, st, name, old)
		if again := get(t, fresh); again == got.Value.Reveal() {
			t.Errorf("%s was refused and comes again", again)
		}
		time.Sleep(2 * time.Hour)
		put(t, st, name, old)
		late := source(t, s, st, ring)
		defer late.Close()
		if got := get(t, late); got == "access-1" {
			t.Error("a token that has ended came back")
		}
	})
}
