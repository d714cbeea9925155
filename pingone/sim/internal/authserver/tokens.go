package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"errors"
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
func (s *Server) issue(x *exchange, g grant) string {
	now := s.cfg.Clock()
	c := Claims{
		ClientID: g.app.ID, Issuer: x.issuer, Audience: []string{platformAudience}, Subject: g.subject, Scope: g.scope,
		Environment: x.env, Organization: s.cfg.Organization, Session: g.session,
		IssuedAt: now.Unix(), Expiry: now.Add(s.cfg.Lifetime).Unix(), ID: rand.Text(),
	}
	s.keep(byToken, c.ID, g, s.cfg.Lifetime)
	return s.sign(c)
}

func (s *Server) sign(claims any) string {
	keys := s.published()
	signer := made(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: keys[len(keys)-1]}, (&jose.SignerOptions{}).WithType("JWT")))
	return made(jwt.Signed(signer).Claims(claims).Serialize())
}

// made is what cannot fail: keys of a size that there is, what is signed or
// written with them, and what was read before.
func made[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Verify checks an access token of any environment.
func (s *Server) Verify(raw string) (Claims, error) {
	c, ok := s.verified.Get(raw)
	if !ok {
		token, err := jwt.ParseSigned(strings.TrimSpace(raw), []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			return c, errMalformed
		}
		if token.Claims(s.public(), &c) != nil || c.ID == "" {
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
func (s *Server) Grant(client, environment string) string {
	return s.issue(&exchange{env: environment, issuer: "urn:simulator"}, grant{app: App{ID: client}})
}

// revoke: RFC 7009. Tokens that are not known are as good as revoked.
func (s *Server) revoke(x *exchange, app App) {
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
}

// userInfo: OpenID Connect Core section 5.3.
func (s *Server) userInfo(x *exchange) {
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	c, err := s.Verify(token)
	if !strings.EqualFold(scheme, "Bearer") || err != nil || c.Subject == "" || c.Environment != x.env {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		panic(&refusal{http.StatusUnauthorized, "invalid_token", "The access token is missing or not valid."})
	}
	if !holds(c.Scope, "openid") {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		panic(&refusal{http.StatusForbidden, "insufficient_scope", "The scope openid was not granted."})
	}
	claims := s.profile(x.env, grant{subject: c.Subject, scope: c.Scope})
	claims["sub"], claims["env"], claims["org"] = c.Subject, c.Environment, c.Organization
	x.json(http.StatusOK, claims)
}

//go:embed discovery.json
var discoveryText string

// discovery: OpenID Connect Discovery section 3.
func (s *Server) discovery(x *exchange) {
	x.json(http.StatusOK, json.RawMessage(strings.ReplaceAll(discoveryText, "{issuer}", x.issuer)))
}

// keyBits of every RSA key.
const keyBits = 2048

// maxKeys bounds the JWKS: rotation drops the oldest beyond it.
const maxKeys = 4

// RotateKeys makes a new signing key. Older ones stay published.
func (s *Server) RotateKeys() {
	s.published()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addKey()
}

// addKey makes the key that signs from now on. The lock is held.
func (s *Server) addKey() {
	s.keys = append(s.keys, signing(newKey()))
	s.keys = s.keys[max(0, len(s.keys)-maxKeys):]
}

func newKey() *rsa.PrivateKey { return made(rsa.GenerateKey(rand.Reader, keyBits)) }

func signing(key *rsa.PrivateKey) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
}

// published are the signing keys, the present one last; the first call makes it.
func (s *Server) published() []jose.JSONWebKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) == 0 {
		s.addKey()
	}
	return s.keys
}

// public are the keys that tokens are checked with.
func (s *Server) public() *jose.JSONWebKeySet {
	set := &jose.JSONWebKeySet{}
	for _, k := range s.published() {
		set.Keys = append(set.Keys, k.Public())
	}
	return set
}

// jwks publishes the signing keys (RFC 7517).
func (s *Server) jwks(x *exchange) { x.json(http.StatusOK, s.public()) }

// ClientKey is the private key that goes with private_key_jwt, as PKCS #8 PEM.
func (s *Server) ClientKey() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: made(x509.MarshalPKCS8PrivateKey(s.clientKey()))})
}
