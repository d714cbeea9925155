package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
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
		IssuedAt: now.Unix(), Expiry: now.Add(s.cfg.Lifetime).Unix(), ID: rand.Text(),
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
		token, err := jwt.ParseSigned(strings.TrimSpace(raw), []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			return c, errMalformed
		}
		if keys, err := s.public(); err != nil || token.Claims(keys, &c) != nil || c.ID == "" {
			return c, errMalformed
		}
	}
	if !s.cfg.Clock().Before(time.Unix(c.Expiry, 0)) {
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

// Grant issues a token for an application without a request, as if its client
// credentials had been exchanged.
func (s *Server) Grant(client, environment string) (string, error) {
	return s.issue(&exchange{env: environment, issuer: "urn:simulator"}, grant{app: App{ID: client}})
}

// revoke: RFC 7009. Tokens that are not known are as good as revoked.
func (s *Server) revoke(x *exchange, app App) *refusal {
	text := x.r.PostForm.Get("token")
	c, err := s.Verify(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && c.ClientID == app.ID {
		delete(s.grants, byToken+c.ID)
	}
	if g := s.grants[byRefresh+text]; g != nil && g.app.ID == app.ID {
		s.endSession(g.session)
	}
	x.w.WriteHeader(http.StatusOK)
	return nil
}

// userInfo: OpenID Connect Core section 5.3.
func (s *Server) userInfo(x *exchange) *refusal {
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	c, err := s.Verify(token)
	if !strings.EqualFold(scheme, "Bearer") || err != nil || c.Subject == "" || c.Environment != x.env {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		return &refusal{http.StatusUnauthorized, "invalid_token", "The access token is missing or not valid."}
	}
	if !holds(c.Scope, "openid") {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		return &refusal{http.StatusForbidden, "insufficient_scope", "The scope openid was not granted."}
	}
	claims := s.profile(x.env, grant{subject: c.Subject, scope: c.Scope})
	claims["sub"], claims["env"], claims["org"] = c.Subject, c.Environment, c.Organization
	return x.json(http.StatusOK, claims)
}

//go:embed discovery.json
var discoveryText string

// discovery: OpenID Connect Discovery section 3.
func (s *Server) discovery(x *exchange) *refusal {
	return x.json(http.StatusOK, json.RawMessage(strings.ReplaceAll(discoveryText, "{issuer}", x.issuer)))
}

// keyBits of every RSA key.
const keyBits = 2048

// maxKeys bounds the JWKS: rotation drops the oldest beyond it.
const maxKeys = 4

// RotateKeys makes a new signing key. Older ones stay published.
func (s *Server) RotateKeys() error {
	if _, err := s.published(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addKey()
}

// addKey makes the key that signs from now on. The lock is held.
func (s *Server) addKey() error {
	key, err := newKey()
	if err != nil {
		return err
	}
	s.keys = append(s.keys, signing(key))
	s.keys = s.keys[max(0, len(s.keys)-maxKeys):]
	return nil
}

func newKey() (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func signing(key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
}

// published are the signing keys, the present one last; the first call makes it.
func (s *Server) published() ([]jose.JSONWebKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) > 0 {
		return s.keys, nil
	}
	err := s.addKey()
	return s.keys, err
}

// public are the keys that tokens are checked with.
func (s *Server) public() (*jose.JSONWebKeySet, error) {
	keys, err := s.published()
	set := &jose.JSONWebKeySet{}
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set, err
}

// jwks publishes the signing keys (RFC 7517).
func (s *Server) jwks(x *exchange) *refusal {
	set, err := s.public()
	if err != nil {
		return fault(err)
	}
	return x.json(http.StatusOK, set)
}

// ClientKey is the private key that goes with private_key_jwt, as PKCS #8 PEM.
func (s *Server) ClientKey() ([]byte, error) {
	key, err := s.clientKey()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the client's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
