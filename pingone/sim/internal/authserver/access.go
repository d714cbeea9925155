package authserver

import (
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

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

// The reasons why a token is refused.
var (
	errMalformed = errors.New("it cannot be read or its signature is wrong")
	errExpired   = errors.New("it has expired")
	errRevoked   = errors.New("it was revoked")
)

// issue signs an access token.
func (s *Server) issue(x *exchange, client, subject, scope, session string) (string, error) {
	now := s.cfg.Clock()
	expiry := now.Add(s.cfg.Lifetime)
	c := Claims{
		ClientID: client, Issuer: x.issuer, Audience: []string{platformAudience}, Subject: subject, Scope: scope,
		Environment: x.env, Organization: s.cfg.Organization, Session: session,
		IssuedAt: now.Unix(), Expiry: expiry.Unix(), ID: randomText(16),
	}
	token, err := s.sign(c)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.issued.put(c.ID, struct{}{}, expiry)
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

// Verify checks an access token of any environment.
func (s *Server) Verify(raw string) (Claims, error) {
	c, ok := s.verified.Get(raw)
	if !ok {
		var err error
		if c, err = s.checkSignature(raw); err != nil {
			return c, err
		}
	}
	now := s.cfg.Clock()
	if !now.Before(time.Unix(c.Expiry, 0)) {
		return c, errExpired
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.issued.find(c.ID, now); !known {
		return c, errRevoked
	}
	s.verified.Add(raw, c)
	return c, nil
}

func (s *Server) checkSignature(raw string) (c Claims, err error) {
	token, err := jwt.ParseSigned(strings.TrimSpace(raw), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, errMalformed
	}
	key := s.publicKey(token.Headers[0].KeyID)
	if key == nil || token.Claims(key, &c) != nil || c.ID == "" {
		return c, errMalformed
	}
	return c, nil
}

// RevokeAll makes every token and code invalid.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issued)
	clear(s.codes)
	clear(s.refresh)
}

// Grant issues a token for an application without a request, as if its client
// credentials had been exchanged.
func (s *Server) Grant(client, environment string) (string, error) {
	return s.issue(&exchange{env: environment, issuer: "urn:simulator"}, client, "", "", "")
}
