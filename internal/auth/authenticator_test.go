package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
)

// method knows one user and one password.
type method struct {
	user, password string
	err            error
	asked          int
}

func (m *method) Name() string { return "api_key" }

func (m *method) Authenticate(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	m.asked++
	switch {
	case m.err != nil:
		return nil, m.err
	case c.User != m.user:
		return nil, auth.ErrNotMine
	case c.Secret.Reveal() != m.password:
		return nil, auth.Rejected(errors.New("wrong password " + c.Secret.Reveal()))
	}
	return &auth.Principal{Name: m.user, Kind: auth.Key}, nil
}

func basic(user, password string) auth.Credentials {
	return auth.Credentials{Scheme: auth.Basic, User: user, Secret: tokens.NewSecret(password), Remote: home}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	upstream := gwerr.New(gwerr.UpstreamFailed, "No keys.", "")
	cases := []struct {
		name    string
		methods []auth.Method
		in      auth.Credentials
		want    gwerr.Code // "" for let in
		outcome string
	}{
		{"first method", []auth.Method{&method{user: "anna", password: "a"}}, basic("anna", "a"), "", "ok"},
		{"second method", []auth.Method{&method{user: "bert", password: "b"}, &method{user: "anna", password: "a"}}, basic("anna", "a"), "", "ok"},
		{"wrong for the first, not tried at the second", []auth.Method{&method{user: "anna", password: "a"}, &method{user: "anna", password: "x"}}, basic("anna", "x"), gwerr.Unauthenticated, "rejected"},
		{"nobody's", []auth.Method{&method{user: "anna"}}, basic("carl", "c"), gwerr.Unauthenticated, "rejected"},
		{"nothing", []auth.Method{&method{user: "anna"}}, auth.Credentials{}, gwerr.Unauthenticated, "challenged"},
		{"empty bearer", []auth.Method{&method{user: "anna"}}, auth.Credentials{Scheme: auth.Bearer}, gwerr.Unauthenticated, "challenged"},
		{"provider down", []auth.Method{&method{err: upstream}}, basic("anna", "a"), gwerr.UpstreamFailed, "failed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var outcome string
			a, err := auth.New(auth.Config{Methods: c.methods, Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
				outcome = e.(observe.Authenticated).Outcome
			})})
			if err != nil {
				t.Fatal(err)
			}
			p, err := a.Authenticate(t.Context(), c.in)
			if c.want == "" && (err != nil || p == nil || p.Name != "anna") || c.want != "" && (p != nil || !gwerr.Is(err, c.want)) {
				t.Errorf("got %v, %v, want %q", p, err, c.want)
			}
			if outcome != c.outcome {
				t.Errorf("outcome %q, want %q", outcome, c.outcome)
			}
		})
	}
}

func TestRefusalsSayTheSame(t *testing.T) {
	t.Parallel()
	a, err := auth.New(auth.Config{Methods: []auth.Method{&method{user: "anna", password: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	_, known := a.Authenticate(t.Context(), basic("anna", "secret-guess"))
	_, unknown := a.Authenticate(t.Context(), basic("nobody", "secret-guess"))
	if known.Error() != unknown.Error() || strings.Contains(known.Error(), "secret-guess") {
		t.Errorf("%q and %q", known, unknown)
	}
}

func TestDampedCallersAreNotEvenChecked(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := &method{user: "anna", password: "a"}
	a, err := auth.New(auth.Config{Methods: []auth.Method{m}, Damper: auth.NewDamper(auth.DamperConfig{Free: 2, Now: c.now})})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = a.Authenticate(t.Context(), basic("anna", "wrong"))
	}
	before := m.asked
	_, err = a.Authenticate(t.Context(), basic("anna", "a"))
	if !gwerr.Is(err, gwerr.TooManyRequests) || gwerr.From(err).RetryAfter != time.Second || m.asked != before {
		t.Errorf("got %v after %d checks", err, m.asked-before)
	}
	if _, err := a.Authenticate(t.Context(), auth.Credentials{Remote: home}); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("a first request without credentials must be challenged, got %v", err)
	}
	c.advance(time.Second)
	if _, err := a.Authenticate(t.Context(), basic("anna", "a")); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestAProviderThatIsDownCountsAgainstNobody(t *testing.T) {
	t.Parallel()
	m := &method{err: gwerr.New(gwerr.UpstreamFailed, "No keys.", "")}
	a, err := auth.New(auth.Config{Methods: []auth.Method{m}, Damper: auth.NewDamper(auth.DamperConfig{Free: 1, Now: newClock().now})})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := a.Authenticate(t.Context(), basic("anna", "a")); !gwerr.Is(err, gwerr.UpstreamFailed) {
			t.Fatal(err)
		}
	}
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	if _, err := auth.New(auth.Config{}); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("an authenticator that lets nobody in: %v", err)
	}
	a, err := auth.New(auth.Config{Anonymous: auth.NewAnonymous("admin")})
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Authenticate(t.Context(), auth.Credentials{})
	if err != nil || !p.HasRole("admin") || p.HasRole("other") || p.Identity() != "anonymous:anonymous" {
		t.Errorf("got %v, %v", p, err)
	}
	if _, err := a.Authenticate(t.Context(), basic("anna", "a")); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("wrong credentials are let in as nobody: %v", err)
	}
}

func TestUpstreamShowsNothing(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	u := auth.NewUpstreamClient(key, "client-4711", tokens.NewSecret("s3cret"))
	p := &auth.Principal{Name: "x", Upstream: u}
	asJSON, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %d", u, u, u, u, u), fmt.Sprintf("%+v", *p), u.LogValue().String(), string(asJSON), u.PoolKey()} {
		if strings.Contains(s, "s3cret") || strings.Contains(s, "client-4711") {
			t.Errorf("%q shows credentials", s)
		}
	}
	id, secret, ok := u.Client()
	if !ok || id != "client-4711" || secret.Reveal() != "s3cret" {
		t.Error("the credentials are lost")
	}
	if _, ok := u.AccessToken(); ok {
		t.Error("a client is no token")
	}
	keys := map[string]bool{u.PoolKey(): true}
	for _, other := range []*auth.Upstream{
		auth.NewUpstreamClient(key, "client-4711", tokens.NewSecret("s3creu")),
		auth.NewUpstreamClient(key, "client-471", tokens.NewSecret("1s3cret")),
		auth.NewUpstreamClient([]byte("another key"), "client-4711", tokens.NewSecret("s3cret")),
		auth.NewUpstreamToken(key, tokens.NewSecret("s3cret")),
	} {
		if keys[other.PoolKey()] {
			t.Error("different credentials share a pool")
		}
		keys[other.PoolKey()] = true
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	if auth.FromContext(t.Context()) != nil {
		t.Error("a caller out of nothing")
	}
	p := auth.NewAnonymous()
	if auth.FromContext(auth.WithPrincipal(t.Context(), p)) != p {
		t.Error("the caller is lost")
	}
	var none *auth.Principal
	if none.HasRole("a") || none.Identity() != "anonymous" {
		t.Error("a nil caller has rights")
	}
}
