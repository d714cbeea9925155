package passthrough_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

const client = "3FA85F64-5717-4562-b3fc-2c963f66afa6"

var poolKey = []byte("0123456789abcdef0123456789abcdef")

// server proves the secret "right" and the token "good".
type server struct {
	asked atomic.Int64
	err   error
	until time.Time
	wait  chan struct{}
}

func (s *server) Verify(_ context.Context, u *auth.Upstream) (passthrough.Identity, error) {
	s.asked.Add(1)
	if s.wait != nil {
		<-s.wait
	}
	if s.err != nil {
		return passthrough.Identity{}, s.err
	}
	if id, secret, ok := u.Client(); ok && secret.Reveal() == "right" {
		return passthrough.Identity{Name: id, Until: s.until}, nil
	}
	if token, ok := u.AccessToken(); ok && token.Reveal() == "good" {
		return passthrough.Identity{Name: "worker", Until: s.until}, nil
	}
	return passthrough.Identity{}, gwerr.New(gwerr.Unauthenticated, "invalid_client at https://auth.example", "")
}

func newMethod(t *testing.T, s *server, now func() time.Time) *passthrough.Method {
	t.Helper()
	m, err := passthrough.New(passthrough.Config{Clients: true, Tokens: true, Verifier: s, PoolKey: poolKey, Roles: []string{"all"}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func creds(s auth.Scheme, user, secret string) auth.Credentials {
	return auth.Credentials{Scheme: s, User: user, Secret: tokens.NewSecret(secret)}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		c    auth.Credentials
		who  string // "" for refused, "-" for not mine
	}{
		{"client", creds(auth.Basic, client, "right"), strings.ToLower(client)},
		{"client on the PostgreSQL wire", creds(auth.Password, client, "right"), strings.ToLower(client)},
		{"token", creds(auth.Bearer, "", "good"), "worker"},
		{"wrong secret", creds(auth.Basic, client, "wrong"), ""},
		{"wrong token", creds(auth.Bearer, "", "bad"), ""},
		{"user name that is no client id", creds(auth.Basic, "anna@example.com", "right"), "-"},
		{"client id in braces", creds(auth.Basic, "{"+client+"}", "right"), "-"},
		{"secret with a line feed", creds(auth.Basic, client, "ri\nght"), "-"},
		{"key header", creds(auth.APIKey, "", "good"), "-"},
		{"empty secret", creds(auth.Basic, client, ""), "-"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			p, err := newMethod(t, s, nil).Authenticate(t.Context(), c.c)
			switch c.who {
			case "-":
				if !errors.Is(err, auth.ErrNotMine) || s.asked.Load() != 0 {
					t.Errorf("got %v, %v; %d questions upstream", p, err, s.asked.Load())
				}
			case "":
				if !gwerr.Is(err, gwerr.Unauthenticated) || strings.Contains(err.Error(), "https://") {
					t.Errorf("got %v, %v", p, err)
				}
			default:
				if err != nil || p.Name != c.who || p.Upstream == nil || p.Kind != auth.PassThrough || !p.HasRole("all") || p.ID != p.Upstream.PoolKey() {
					t.Errorf("got %+v, %v", p, err)
				}
			}
		})
	}
}

func TestProofsAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &server{}
	m := newMethod(t, s, func() time.Time { return at })
	ask := func(secret string) error {
		_, err := m.Authenticate(t.Context(), creds(auth.Basic, client, secret))
		return err
	}
	steps := []struct {
		name   string
		after  time.Duration
		secret string
		asked  int64
		ok     bool
	}{
		{"first", 0, "right", 1, true},
		{"kept", 4 * time.Minute, "right", 1, true},
		{"another secret is another proof", 0, "wrong", 2, false},
		{"refusal kept", 5 * time.Second, "wrong", 2, false},
		{"refusal forgotten", 6 * time.Second, "wrong", 3, false},
		{"old", time.Minute, "right", 4, true},
	}
	for _, st := range steps {
		at = at.Add(st.after)
		if err := ask(st.secret); (err == nil) != st.ok || s.asked.Load() != st.asked {
			t.Errorf("%s: %v after %d questions, want %d", st.name, err, s.asked.Load(), st.asked)
		}
	}
	s.until = at.Add(time.Second)
	at = at.Add(10 * time.Minute)
	s.until = at.Add(time.Second)
	_ = ask("right")
	at = at.Add(2 * time.Second)
	before := s.asked.Load()
	if _ = ask("right"); s.asked.Load() != before+1 {
		t.Error("a proof outlives the token")
	}
}

func TestAServerThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := &server{err: gwerr.New(gwerr.UpstreamFailed, "down", "")}
	m := newMethod(t, s, nil)
	for want := range int64(2) {
		if _, err := m.Authenticate(t.Context(), creds(auth.Basic, client, "right")); !gwerr.Is(err, gwerr.UpstreamFailed) || s.asked.Load() != want+1 {
			t.Errorf("got %v after %d questions", err, s.asked.Load())
		}
	}
}

func TestACallerMayLeave(t *testing.T) {
	t.Parallel()
	s := &server{wait: make(chan struct{})}
	m := newMethod(t, s, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Authenticate(ctx, creds(auth.Basic, client, "right")); !gwerr.Is(err, gwerr.Canceled) {
		t.Errorf("got %v", err)
	}
	close(s.wait)
	if _, err := m.Authenticate(t.Context(), creds(auth.Basic, client, "right")); err != nil {
		t.Errorf("one caller's leaving failed another: %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, cfg := range []passthrough.Config{{PoolKey: poolKey}, {Verifier: &server{}, PoolKey: []byte("short")}} {
		if _, err := passthrough.New(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
