package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/oidc"
	"github.com/pingone-gateway/gateway/tokens"
)

// rsaKeys are made once: making them is slow.
var rsaKeys = sync.OnceValue(func() (out [3]*rsa.PrivateKey) {
	for i := range out {
		out[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return out
})

// idp is an identity provider whose keys can be exchanged.
type idp struct {
	*httptest.Server
	mu        sync.Mutex
	keys      []any // members of the JWKS
	issuer    string
	fetches   int
	discovers int
	down      bool
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{}
	mux := http.NewServeMux()
	discovery := func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.discovers++
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.issuer, "jwks_uri": p.URL + "/as/jwks"})
	}
	mux.HandleFunc("/env/as/.well-known/openid-configuration", discovery)
	mux.HandleFunc("/tenant-1/v2.0/.well-known/openid-configuration", discovery)
	mux.HandleFunc("/as/jwks", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fetches++
		if p.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.issuer = p.URL + "/env/as"
	p.publish("k0", rsaKeys()[0].Public())
	return p
}

func (p *idp) publish(kid string, public any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append(p.keys, jose.JSONWebKey{Key: public, KeyID: kid, Use: "sig"})
}

func (p *idp) rotate(kid string, public any) {
	p.mu.Lock()
	p.keys = nil
	p.mu.Unlock()
	p.publish(kid, public)
}

func (p *idp) set(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func (p *idp) fetched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// claims returns good claims with changes; a nil value takes a claim out.
func (p *idp) claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": p.issuer, "aud": "https://data.example.com", "sub": "u-1", "preferred_username": "anna",
		"iat": start.Unix(), "nbf": start.Unix(), "exp": start.Add(time.Hour).Unix(),
	}
	for k, v := range changes {
		if v == nil {
			delete(c, k)
			continue
		}
		c[k] = v
	}
	return c
}

// sign makes a token. key is a private key or a secret.
func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, kid, typ string, claims any) string {
	t.Helper()
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts = opts.WithType(jose.ContentType(typ))
	}
	if kid != "" {
		opts = opts.WithHeader("kid", kid)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (p *idp) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	return sign(t, jose.RS256, rsaKeys()[0], "k0", "at+jwt", p.claims(changes))
}

func (p *idp) method(t *testing.T, at *time.Time, change func(*oidc.Config)) *oidc.Method {
	t.Helper()
	cfg := oidc.Config{
		Issuers: []oidc.Issuer{{URL: p.issuer, Audiences: []string{"https://data.example.com"}}},
		Now:     func() time.Time { return *at },
		Client:  p.Client(),
	}
	if change != nil {
		change(&cfg)
	}
	m, err := oidc.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bearer(token string) auth.Credentials {
	return auth.Credentials{Scheme: auth.Bearer, Secret: tokens.NewSecret(token)}
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
