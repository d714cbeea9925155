package authserver

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func urlSafe(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// platformAudience is what tokens without a custom resource are for.
const platformAudience = "https://api.pingone.com"

// Claims are what an access token says.
type Claims struct {
	ClientID     string   `json:"client_id"`
	Issuer       string   `json:"iss"`
	Audience     []string `json:"aud"`
	Subject      string   `json:"sub,omitempty"`
	Scope        string   `json:"scope,omitempty"`
	Environment  string   `json:"env"`
	Organization string   `json:"org"`
	IssuedAt     int64    `json:"iat"`
	Expiry       int64    `json:"exp"`
	ID           string   `json:"jti"`
	Session      string   `json:"sid,omitempty"`
}

// issuedToken is what the server remembers of an access token.
type issuedToken struct {
	expiry  time.Time
	revoked bool
}

// The reasons why a token is refused.
var (
	errMalformed = errors.New("it cannot be read or its signature is wrong")
	errExpired   = errors.New("it has expired")
	errRevoked   = errors.New("it was revoked")
)

// issue signs an access token.
func (s *Server) issue(x *exchange, client, subject, scope, session string) (string, error) {
	now := s.cfg.Clock()
	c := Claims{
		ClientID: client, Issuer: x.issuer, Audience: []string{platformAudience}, Subject: subject, Scope: scope,
		Environment: x.env, Organization: s.cfg.Organization, Session: session,
		IssuedAt: now.Unix(), Expiry: now.Add(s.cfg.Lifetime).Unix(), ID: randomText(16),
	}
	token, err := s.sign(c)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.issued[c.ID] = &issuedToken{expiry: now.Add(s.cfg.Lifetime)}
	return token, nil
}

func (s *Server) sign(claims any) (string, error) {
	key, err := s.signer()
	if err != nil {
		return "", err
	}
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.id)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.key}, opts)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// sweep forgets what has expired, at most once a second. The lock is held.
func (s *Server) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Second && len(s.verified) < maxVerified {
		return
	}
	s.swept = now
	for id, t := range s.issued {
		if now.After(t.expiry) {
			delete(s.issued, id)
		}
	}
	for key, expiry := range s.used {
		if now.After(expiry) {
			delete(s.used, key)
		}
	}
	for _, grants := range []map[string]*grant{s.codes, s.refresh} {
		for key, g := range grants {
			if now.After(g.expiry) {
				delete(grants, key)
			}
		}
	}
	for key, d := range s.devices {
		if now.After(d.expiry.Add(time.Minute)) {
			delete(s.devices, key)
		}
	}
	for key, p := range s.requests {
		if now.After(p.expiry) {
			delete(s.requests, key)
		}
	}
	clear(s.verified)
}

// maxVerified bounds the cache of checked signatures.
const maxVerified = 10_000

// Verify checks an access token of any environment.
func (s *Server) Verify(raw string) (Claims, error) {
	s.mu.Lock()
	c, ok := s.verified[raw]
	s.mu.Unlock()
	if !ok {
		var err error
		if c, err = s.checkSignature(raw); err != nil {
			return c, err
		}
	}
	now := s.cfg.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !now.Before(time.Unix(c.Expiry, 0)) {
		delete(s.verified, raw)
		return c, errExpired
	}
	if t, known := s.issued[c.ID]; !known || t.revoked {
		return c, errRevoked
	}
	if len(s.verified) >= maxVerified {
		clear(s.verified)
	}
	s.verified[raw] = c
	return c, nil
}

func (s *Server) checkSignature(raw string) (Claims, error) {
	var c Claims
	raw = strings.TrimSpace(raw)
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, errMalformed
	}
	key := s.publicKey(token.Headers[0].KeyID)
	if key == nil {
		return c, errMalformed
	}
	if err := token.Claims(key, &c); err != nil || c.ID == "" {
		return c, errMalformed
	}
	return c, nil
}

// RevokeAll makes every token and code invalid.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issued)
	clear(s.verified)
	clear(s.codes)
	clear(s.refresh)
}

// Grant issues a token for an application without a request, as if its client
// credentials had been exchanged.
func (s *Server) Grant(client, environment string) (string, error) {
	return s.issue(&exchange{env: environment, issuer: "urn:simulator"}, client, "", "", "")
}
