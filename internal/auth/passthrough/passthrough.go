// Package passthrough lets callers in with their own PingOne credentials,
// which are then used upstream, so that PingOne's roles decide what they see.
//
// Credentials are proved once at the connection's own authorization server,
// and the outcome is kept for a while under a keyed hash. They never name a
// host, and nothing of them is written anywhere.
package passthrough

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// Identity is what the authorization server says about credentials.
type Identity struct {
	// Name is the caller's name for the audit log: the client id of a client.
	Name string
	// Until is when the proof ends, such as the expiry of a token; zero if it
	// is not known.
	Until time.Time
}

// Verifier proves credentials, for a client by asking for a token. Errors are
// gwerr.Unauthenticated when the server says no; others mean it could not be
// asked.
type Verifier interface {
	Verify(ctx context.Context, u *auth.Upstream) (Identity, error)
}

// Config configures pass-through. Zero values take the defaults named.
type Config struct {
	// Clients lets in client id and secret as Basic user and password; Tokens
	// lets in PingOne access tokens as bearer tokens.
	Clients, Tokens bool
	Verifier        Verifier
	// PoolKey keys the hashes under which callers are kept; at least 32 bytes,
	// random, the same on all replicas that share a store of tokens.
	PoolKey []byte
	// Roles are the roles of every caller passed through: what the policy lets
	// them see at most. PingOne decides within that.
	Roles []string
	// Keep is how long a proof holds at most (5 min): a secret that is changed
	// in PingOne works here for that long. KeepRefused is the same for a
	// refusal (10 s), which saves the server from being asked again and again.
	Keep, KeepRefused time.Duration
	// Size is the number of proofs kept (10,000).
	Size int
	// Now is the clock (time.Now).
	Now func() time.Time
	// Sink receives events; nil drops them.
	Sink observe.Sink
}

// Method implements auth.Method.
type Method struct {
	cfg    Config
	proofs *lru.Cache[string, proof]
	asking singleflight.Group
}

type proof struct {
	identity Identity
	err      error
	until    time.Time
}

// New returns the method. The error is gwerr.Config.
func New(cfg Config) (*Method, error) {
	if cfg.Verifier == nil || len(cfg.PoolKey) < 32 {
		return nil, gwerr.New(gwerr.Config, "Pass-through needs a verifier and a key of 32 bytes.", "Generate the key, for example with: openssl rand -base64 32")
	}
	cfg.Keep, cfg.KeepRefused, cfg.Size = cmp.Or(cfg.Keep, 5*time.Minute), cmp.Or(cfg.KeepRefused, 10*time.Second), cmp.Or(cfg.Size, 10_000)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	proofs, err := lru.New[string, proof](cfg.Size)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "The cache of callers can't be made.", "")
	}
	return &Method{cfg: cfg, proofs: proofs}, nil
}

// Name implements auth.Method.
func (m *Method) Name() string { return "pass_through" }

// Authenticate implements auth.Method. Only what can be a PingOne credential
// goes upstream: a user name that is a UUID, as client ids are, or a bearer
// token. Anybody's mistyped password stays here.
func (m *Method) Authenticate(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
	u := m.upstream(c)
	if u == nil {
		return nil, auth.ErrNotMine
	}
	p := m.prove(ctx, u)
	if p.err != nil {
		return nil, p.err
	}
	return &auth.Principal{
		Name: p.identity.Name, Kind: auth.PassThrough, ID: u.PoolKey(), Roles: m.cfg.Roles,
		Attributes: map[string]auth.Attribute{"name": auth.Text(p.identity.Name)},
		Upstream:   u,
	}, nil
}

func (m *Method) upstream(c auth.Credentials) *auth.Upstream {
	secret := c.Secret.Reveal()
	switch c.Scheme {
	case auth.Basic, auth.Password:
		if _, err := uuid.Parse(c.User); m.cfg.Clients && err == nil && len(c.User) == 36 && printable(secret) {
			return auth.NewUpstreamClient(m.cfg.PoolKey, strings.ToLower(c.User), c.Secret)
		}
		// Clients of the wire have no other place for a token.
		if c.Scheme == auth.Password && m.cfg.Tokens && strings.Count(secret, ".") == 2 && printable(secret) {
			return auth.NewUpstreamToken(m.cfg.PoolKey, c.Secret)
		}
	case auth.Bearer:
		if m.cfg.Tokens && printable(secret) {
			return auth.NewUpstreamToken(m.cfg.PoolKey, c.Secret)
		}
	case auth.NoScheme, auth.APIKey, auth.Proved: // PingOne knows none of them
	}
	return nil
}

// printable keeps out what can't stand in a header upstream.
func printable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return s != "" && len(s) <= 16<<10
}

// prove returns the proof of the credentials, kept or fetched, one fetch at a
// time for equal credentials.
func (m *Method) prove(ctx context.Context, u *auth.Upstream) proof {
	now := m.cfg.Now()
	if p, ok := m.proofs.Get(u.PoolKey()); ok && now.Before(p.until) {
		return p
	}
	done := m.asking.DoChan(u.PoolKey(), func() (any, error) {
		// One caller's going away must not fail the others.
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		var p proof
		err := safely.Do(shared, m.cfg.Sink, observe.InSignIn, func() error { p = m.ask(shared, u); return nil })
		return p, err
	})
	select {
	case r := <-done:
		if r.Err != nil {
			return proof{err: r.Err}
		}
		p, _ := r.Val.(proof) // nothing else is put into it
		return p
	case <-ctx.Done():
		return proof{err: gwerr.From(ctx.Err())}
	}
}

func (m *Method) ask(ctx context.Context, u *auth.Upstream) proof {
	id, err := m.cfg.Verifier.Verify(ctx, u)
	now := m.cfg.Now()
	p := proof{identity: id, err: err, until: now.Add(m.cfg.Keep)}
	switch {
	case err == nil && id.Name == "":
		return proof{err: auth.Rejected(nil)}
	case err == nil:
		if !id.Until.IsZero() && id.Until.Before(p.until) {
			p.until = id.Until
		}
	case gwerr.Is(err, gwerr.Unauthenticated):
		p.err = auth.Rejected(err)
		p.until = now.Add(m.cfg.KeepRefused)
	default:
		return p // not known: ask again next time
	}
	m.proofs.Add(u.PoolKey(), p)
	return p
}
