package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/store"
	"github.com/pingone-gateway/gateway/tokens/store/storetest"
)

func wait(d time.Duration) { <-time.After(d) }

func connect(t *testing.T, url string) store.Store {
	t.Helper()
	conn, err := redisconn.New(t.Context(), redisconn.Config{URL: redistest.Patient(url, time.Minute), Required: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return store.NewRedis(conn)
}

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) (store.Store, store.Store) {
		m := store.NewMemory()
		return m, m
	}, wait)
}

func TestFile(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		dir := filepath.Join(t.TempDir(), "tokens")
		a, err := store.NewFile(dir)
		if err != nil {
			t.Fatal(err)
		}
		b, err := store.NewFile(dir)
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}, wait)
}

func TestMiniredis(t *testing.T) {
	t.Parallel()
	var server *miniredis.Miniredis
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		server = miniredis.RunT(t)
		url := "redis://" + server.Addr()
		return connect(t, url), connect(t, url)
	}, func(d time.Duration) { server.FastForward(d) })
}

func TestRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		server.Do("FLUSHALL")
		return connect(t, server.URL()), connect(t, server.URL())
	}, wait)
}

func TestRedisCluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "500")
	server.Do("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
	for server.Do("CLUSTER", "INFO").(string)[:16] != "cluster_state:ok" {
		wait(20 * time.Millisecond)
	}
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		server.Do("FLUSHALL")
		url := "redis+cluster://" + server.Addr() + "," + server.Addr()
		return connect(t, url), connect(t, url)
	}, wait)
}

func TestRedisACL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Do("ACL", "SETUSER", "gateway", "on", ">s3cret/+@", "~pgw:*", "+@all", "-@dangerous", "-@admin")
	url := "redis://gateway:s3cret%2F%2B%40@" + server.Addr() + "/0"
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		server.Do("FLUSHALL")
		return connect(t, url), connect(t, url)
	}, wait)
	for name, bad := range map[string]string{"wrong password": "redis://gateway:x@" + server.Addr(), "wrong user": "redis://x:y@" + server.Addr()} {
		_, err := redisconn.New(t.Context(), redisconn.Config{URL: bad, Required: true})
		if !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A Redis that lost everything must not let a holder from before write over
// one from after.
func TestFenceSurvivesFlush(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := connect(t, server.URL()), connect(t, server.URL())
	late := storetest.Lock(t, a, "n")
	server.Do("FLUSHALL")
	l := storetest.Lock(t, b, "n")
	if l.Fence() <= late.Fence() {
		t.Fatalf("fence %d after %d", l.Fence(), late.Fence())
	}
	if err := l.Put(t.Context(), []byte("new"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := late.Put(t.Context(), []byte("old"), time.Hour); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a holder from before the flush: %v", err)
	}
	late.Release(t.Context())
	if _, err := b.Lock(t.Context(), "n", time.Second); !errors.Is(err, store.ErrLocked) {
		t.Errorf("the late holder released a lock that is not its own: %v", err)
	}
	l.Release(t.Context())
}

// The lease outlives its ttl while its holder lives.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	a, b := connect(t, server.URL()), connect(t, server.URL())
	l, err := a.Lock(t.Context(), "n", 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	left := func() int64 { return server.Do("PTTL", "pgw:{n}:lock").(int64) }
	// Time alone takes from what is left; only a renewal adds to it.
	for last := left(); ; wait(10 * time.Millisecond) {
		now := left()
		if now < 0 {
			t.Fatal("the lock of a living holder is gone")
		}
		if now > last {
			break
		}
		last = now
	}
	if _, err := b.Lock(t.Context(), "n", time.Second); !errors.Is(err, store.ErrLocked) {
		t.Fatalf("the lock of a living holder: %v", err)
	}
	l.Release(t.Context())
}

func TestRedisGarbageUnderOurKeys(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := connect(t, server.URL())
	server.Do("SET", "pgw:{n}:token", "a string where a hash belongs")
	if _, err := s.Get(t.Context(), "n"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("garbage: %v", err)
	}
	l := storetest.Lock(t, s, "n")
	defer l.Release(t.Context())
	if err := l.Put(t.Context(), []byte("v"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), "n"); err != nil || string(got) != "v" {
		t.Errorf("after garbage: %q, %v", got, err)
	}
}

func TestRedisTTL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := connect(t, server.URL())
	l := storetest.Lock(t, s, "n")
	if err := l.Put(t.Context(), []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	l.Release(t.Context())
	if ms := server.Do("PTTL", "pgw:{n}:token").(int64); ms <= 0 || ms > 60_000 {
		t.Errorf("the record's life is %d ms", ms)
	}
	if n := server.Do("EXISTS", "pgw:{n}:lock").(int64); n != 0 {
		t.Error("the lock stays after its release")
	}
}

func TestFilePermissions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "tokens")
	s, err := store.NewFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.Lock(t, s, "n")
	if err := l.Put(t.Context(), []byte("v"), time.Hour); err != nil {
		t.Fatal(err)
	}
	l.Release(t.Context())
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d files, %v; want the token and its lock", len(entries), err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(filepath.Join(dir, "n.token"), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(t.Context(), "n"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("mode %v: %v", mode, err)
		}
		if h := s.Health(); h.Up || h.Detail == "" {
			t.Errorf("mode %v: health %+v", mode, h)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := store.NewFile(dir); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("an open directory: %v", err)
	}
	if _, err := s.Get(t.Context(), "../n"); err == nil {
		t.Error("a name leads out of the directory")
	}
}
