package redisconn

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
)

func TestParse(t *testing.T) {
	t.Parallel()
	cases := []struct {
		url, kind, addrs, user, password string
		tls                              bool
	}{
		{"redis://host", "standalone", "host:6379", "", "", false},
		{"REDISS://u:p%40%2F@host:1/2", "standalone", "host:1", "u", "p@/", true},
		{"redis://:secret@[::1]:7/0?dial_timeout=1s", "standalone", "[::1]:7", "", "secret", false},
		{"redis+cluster://u:p@a:1,b:2,c:3", "cluster", "a:1 b:2 c:3", "u", "p", false},
		{"rediss+sentinel://u:p@a:1,b:2/3?master_name=main&sentinel_password=sp&sentinel_username=su", "sentinel", "a:1 b:2", "u", "p", true},
	}
	for _, c := range cases {
		t.Run(c.url, func(t *testing.T) {
			t.Parallel()
			got, err := parse(c.url)
			if err != nil {
				t.Fatal(err)
			}
			o := got.opts
			if got.kind != c.kind || strings.Join(o.Addrs, " ") != c.addrs || o.Username != c.user || o.Password != c.password || (o.TLSConfig != nil) != c.tls {
				t.Errorf("%s %v %s %s tls %v", got.kind, o.Addrs, o.Username, o.Password, o.TLSConfig != nil)
			}
			if got.kind == "sentinel" && (o.MasterName != "main" || o.SentinelUsername != "su" || o.SentinelPassword != "sp" || o.DB != 3) {
				t.Errorf("sentinel: %+v", o)
			}
			want := dialTimeout
			if strings.Contains(c.url, "dial_timeout") {
				want = time.Second
			}
			if o.DialTimeout != want || o.ReadTimeout != ioTimeout || o.MaxRetries != -1 {
				t.Errorf("budgets: %v %v %d", o.DialTimeout, o.ReadTimeout, o.MaxRetries)
			}
		})
	}
}

func TestParseRejects(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "host:6379", "http://pw@host", "redis+ring://pw@host", "redis://pw@a,b", "redis://pw@host/x", "redis+cluster://pw@a:1,,b:2",
		"redis+sentinel://pw@host", "redis://pw@host?dial_timeuot=1s", "redis://pw@host#x", "redis://pw@ho st", "redis://pw@host:99999999",
	} {
		if _, err := parse(url); err == nil && !strings.Contains(url, "99999999") {
			t.Errorf("%q is accepted", url)
		} else if err != nil && (!gwerr.Is(err, gwerr.Config) || strings.Contains(err.Error(), "pw")) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("redis://u:p@host:6379/0?read_timeout=1s")
	f.Add("rediss+sentinel://u:p@a:1,b:2/3?master_name=main")
	f.Add("redis+cluster://[::1]:1,b:2")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parse(text)
		if err != nil {
			if !gwerr.Is(err, gwerr.Config) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if len(got.opts.Addrs) == 0 || got.opts.DialTimeout == 0 {
			t.Errorf("%q gives %+v", text, got.opts)
		}
	})
}

// states collects StoreState events.
type states struct {
	mu  sync.Mutex
	all []bool
	c   chan bool
}

func (s *states) Observe(_ context.Context, e observe.Event) {
	if st, ok := e.(observe.StoreState); ok {
		s.mu.Lock()
		s.all = append(s.all, st.Up)
		s.mu.Unlock()
		s.c <- st.Up
	}
}

func (s *states) expect(t *testing.T, up bool) {
	t.Helper()
	select {
	case got := <-s.c:
		if got != up {
			t.Fatalf("the store is told up=%v", got)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("up=%v is never told", up)
	}
}

func open(t *testing.T, url string) (*Conn, *states) {
	t.Helper()
	s := &states{c: make(chan bool, 10)}
	c, err := New(t.Context(), Config{URL: redistest.Patient(url, 3*time.Second), Sink: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, s
}

func set(ctx context.Context, c *Conn) error {
	return c.Do(ctx, func(ctx context.Context, r redis.UniversalClient) error {
		return r.Set(ctx, c.Key("n", "x"), strings.Repeat("x", 1000), 0).Err()
	})
}

// Whatever takes Redis away: calls fail fast, the state says why, and it comes
// back by itself.
func TestBreaker(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		fail, repair func(*redistest.Server)
		want         error
		detail       string
	}{
		{"killed and restarted", (*redistest.Server).Kill, (*redistest.Server).Run, ErrDown, "cannot be reached"},
		{"hangs", (*redistest.Server).Hang, (*redistest.Server).Resume, ErrDown, "does not answer in time"},
		{
			"full", func(s *redistest.Server) { s.Do("CONFIG", "SET", "maxmemory", "1") },
			func(s *redistest.Server) { s.Do("CONFIG", "SET", "maxmemory", "0") }, ErrFull, "refuses writes: its memory is full",
		},
		{
			"turned into a replica", func(s *redistest.Server) { s.Do("REPLICAOF", "127.0.0.1", "1") },
			func(s *redistest.Server) { s.Do("REPLICAOF", "NO", "ONE") }, ErrDown, "is a read-only replica",
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			c, told := open(t, server.URL())
			if err := set(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			tc.fail(server)
			if err := set(t.Context(), c); !errors.Is(err, tc.want) {
				t.Fatalf("got %v", err)
			}
			told.expect(t, false)
			if st := c.State(); st.Up || st.Detail != tc.detail || st.Since.IsZero() {
				t.Errorf("state %+v", st)
			}
			for range 1000 {
				if err := set(t.Context(), c); !errors.Is(err, tc.want) {
					t.Fatalf("while down: %v", err)
				}
				if errors.Is(tc.want, ErrFull) {
					break // each is asked of Redis, which answers fast
				}
			}
			tc.repair(server)
			told.expect(t, true)
			if err := set(t.Context(), c); err != nil || !c.State().Up {
				t.Errorf("after recovery: %v, %+v", err, c.State())
			}
		})
	}
}

// A restart between two calls is not noticed at all.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, _ := open(t, server.URL())
	for range 3 {
		if err := set(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		server.Run()
	}
	if err := set(t.Context(), c); err != nil || !c.State().Up {
		t.Errorf("%v, %+v", err, c.State())
	}
}

func TestStartWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	if _, err := New(t.Context(), Config{URL: server.URL(), Required: true}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("required: %v", err)
	}
	c, told := open(t, server.URL())
	if err := set(t.Context(), c); !errors.Is(err, ErrDown) {
		t.Errorf("got %v", err)
	}
	told.expect(t, false)
	server.Run()
	told.expect(t, true)
}

// A process that asks nothing else learns of an outage by its own question.
func TestPingTellsTheState(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, told := open(t, server.URL())
	if err := c.Ping(t.Context()); err != nil || !c.State().Up {
		t.Errorf("up: %v, %+v", err, c.State())
	}
	server.Kill()
	if err := c.Ping(t.Context()); !errors.Is(err, ErrDown) || c.State().Up {
		t.Errorf("down: %v, %+v", err, c.State())
	}
	told.expect(t, false)
}

func TestCallersContext(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, _ := open(t, server.URL())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := set(ctx, c); !errors.Is(err, context.Canceled) || !c.State().Up {
		t.Errorf("%v, %+v", err, c.State())
	}
}
