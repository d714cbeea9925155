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
func (s *Server) issue(x *exchange, g grant) (string, error) {
	now := s.cfg.Clock()
	c := Claims{
		ClientID: g.app.ID, Issuer: x.issuer, Audience: []string{platformAudience}, Subject: g.subject, Scope: g.scope,
		Environment: x.env, Organization: s.cfg.Organization, Session: g.session,
		IssuedAt: now.Unix(), Expiry: now.Add(s.cfg.Lifetime).Unix(), ID: randomText(16),
	}
	token, err := s.sign(c)
	if err == nil {
		s.keep(byToken, c.ID, g, s.cfg.Lifetime)
	}
	return token, err
}

func (s *Server) sign(claims any) (string, error) {
	keys, err := s.published()
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: keys[len(keys)-1]}, (&jose.SignerOptions{}).WithType("JWT"))
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
	if s.find(byToken, c.ID) == nil {
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
	keys, err := s.public()
	if err != nil || token.Claims(keys, &c) != nil || c.ID == "" {
		return c, errMalformed
	}
	return c, nil
}

// Grant issues a token for an application without a request, as if its client
// credentials had been exchanged.
func (s *Server) Grant(client, environment string) (string, error) {
	return s.issue(&exchange{env: environment, issuer: "urn:simulator"}, grant{app: App{ID: client}})
}
