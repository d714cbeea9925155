package oidc

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// maxDocument bounds what an identity provider may answer, in bytes; maxKeys
// is the number of keys of which one is looked for when a token names none.
const (
	maxDocument = 1 << 20
	maxKeys     = 10
)

// minRefresh is the shortest time between two fetches for one issuer, whatever
// tokens come; maxAge the longest before keys are fetched again; maxStale how long
// they serve while fetching fails.
const minRefresh, maxAge, maxStale = 30 * time.Second, time.Hour, 24 * time.Hour

// keySet keeps an issuer's keys. They are fetched when they are needed first,
// when they are old, and when a token names a key that is not there, as after
// a rotation; never more often than minRefresh, so that made-up key ids
// can't be used to flood the issuer.
type keySet struct {
	cfg      *Config
	discover func(ctx context.Context) (string, error)

	mu      sync.Mutex // held while fetching: others wait for the result
	keys    []jose.JSONWebKey
	fetched time.Time // last success
	tried   time.Time // last attempt
}

// find returns the keys that may have signed a token that names kid, which may
// be "". The error says that keys can't be had.
func (s *keySet) find(ctx context.Context, kid string) ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	found := s.match(kid)
	fresh := len(found) > 0 && now.Sub(s.fetched) < maxAge
	if !fresh && (s.tried.IsZero() || now.Sub(s.tried) >= minRefresh) {
		s.tried = now
		if err := s.fetch(ctx); err != nil {
			if s.fetched.IsZero() || now.Sub(s.fetched) > maxStale {
				s.keys = nil
				return nil, err
			}
		} else {
			s.fetched = now
		}
		found = s.match(kid)
	}
	if s.fetched.IsZero() || now.Sub(s.fetched) > maxStale {
		return nil, errors.New("oidc: the issuer's keys could not be fetched a moment ago")
	}
	return found, nil
}

func (s *keySet) match(kid string) []jose.JSONWebKey {
	if kid == "" {
		return s.keys[:min(len(s.keys), maxKeys)]
	}
	var out []jose.JSONWebKey
	for _, k := range s.keys {
		if k.KeyID == kid {
			out = append(out, k)
		}
	}
	return out[:min(len(out), maxKeys)]
}

func (s *keySet) fetch(ctx context.Context) error {
	// One caller's going away must not fail the fetch for those who wait.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	address, err := s.discover(ctx)
	if err != nil {
		return err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, s.cfg.Client, address, &set); err != nil {
		return err
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		// One key of a kind not known here must not spoil the others.
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) == nil && usable(k) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return fmt.Errorf("oidc: %s holds no key for signatures", address)
	}
	s.keys = keys
	return nil
}

// usable reports whether the key may sign tokens: a public one, for
// signatures, and for RSA of at least 2048 bits. A symmetric key in a public
// list would be a secret that everybody knows.
func usable(k jose.JSONWebKey) bool {
	if r, ok := k.Key.(*rsa.PublicKey); ok && r.N.BitLen() < 2048 {
		return false
	}
	return k.Valid() && k.IsPublic() && (k.Use == "" || k.Use == "sig")
}

// jwksURL finds the address of the keys by OpenID Connect Discovery 1.0.
func (i *issuer) jwksURL(ctx context.Context, cfg *Config) (string, error) {
	if i.JWKSURL != "" {
		return i.JWKSURL, nil
	}
	at := i.URL
	if strings.Contains(at, tenant) {
		// Entra ID signs for all tenants with the same keys; the document of
		// one of them names {tenantid} or the tenant as its issuer.
		at = strings.ReplaceAll(at, tenant, url.PathEscape(i.Tenants[0]))
		ctx = gooidc.InsecureIssuerURLContext(ctx, i.URL)
		if p, err := gooidc.NewProvider(bounded(ctx, cfg.Client), at); err == nil {
			return endpoint(p)
		}
		ctx = gooidc.InsecureIssuerURLContext(ctx, at)
	}
	p, err := gooidc.NewProvider(bounded(ctx, cfg.Client), at)
	if err != nil {
		return "", fmt.Errorf("oidc: discovery of %s: %w", at, err)
	}
	return endpoint(p)
}

func endpoint(p *gooidc.Provider) (string, error) {
	var doc struct {
		JWKSURL string `json:"jwks_uri"`
	}
	if err := p.Claims(&doc); err != nil {
		return "", err
	}
	return doc.JWKSURL, checkURL(doc.JWKSURL)
}

// bounded makes go-oidc use the client, with bodies cut at maxDocument.
func bounded(ctx context.Context, c *http.Client) context.Context {
	limited := *c
	limited.Transport = boundedTransport{c.Transport}
	return gooidc.ClientContext(ctx, &limited)
}

type boundedTransport struct{ base http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := cmp.Or(t.base, http.DefaultTransport)
	resp, err := base.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxDocument), resp.Body}
	}
	return resp, err
}

func getJSON(ctx context.Context, c *http.Client, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("oidc: %s answered %s", address, resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, maxDocument)).Decode(into)
}
