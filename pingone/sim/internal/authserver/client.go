package authserver

import (
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionType of RFC 7523 section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// The refusals of clients say no more than they must.
var (
	unknownClient   = invalidClient("Request denied: the client is not known.")
	wrongProof      = invalidClient("Request denied: unsupported authentication method or wrong secret.")
	twoProofs       = invalidClient("Request denied: more than one authentication method.")
	deniedAssertion = invalidClient("Request denied: the client assertion is not valid.")
)

// client authenticates the application of a request by its registered method
// and no other.
func (s *Server) client(x *exchange) (App, *refusal) {
	form := x.r.PostForm
	if user, password, ok := x.r.BasicAuth(); ok {
		return s.basicClient(x, user, password)
	}
	if form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "" {
		return s.assertingClient(x)
	}
	app, ok := s.apps[x.env][form.Get("client_id")]
	switch {
	case !ok:
		return App{}, unknownClient
	case app.Method == methodNone && !form.Has("client_secret"):
		return app, nil
	case app.Method != methodPost || app.Secret != form.Get("client_secret"):
		return App{}, wrongProof
	}
	return app, nil
}

// basicClient checks an Authorization header. Its parts are form-encoded
// (RFC 6749 section 2.3.1).
func (s *Server) basicClient(x *exchange, user, password string) (App, *refusal) {
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(password)
	app, ok := s.apps[x.env][id]
	switch named := x.r.PostForm.Get("client_id"); {
	case errID != nil || errSecret != nil || !ok:
		return App{}, unknownClient
	case x.r.PostForm.Has("client_secret") || named != "" && named != id:
		return App{}, twoProofs
	case app.Method != methodBasic || app.Secret != secret:
		return App{}, wrongProof
	}
	return app, nil
}

// assertingClient checks a JWT that the client signed (RFC 7523 section 3).
func (s *Server) assertingClient(x *exchange) (App, *refusal) {
	form := x.r.PostForm
	if form.Get("client_assertion_type") != assertionType {
		return App{}, deniedAssertion
	}
	token, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{
		jose.HS256, jose.HS384, jose.HS512, jose.RS256, jose.RS384, jose.RS512, jose.PS256,
	})
	if err != nil {
		return App{}, deniedAssertion
	}
	var claims jwt.Claims
	if token.UnsafeClaimsWithoutVerification(&claims) != nil {
		return App{}, deniedAssertion
	}
	app := s.apps[x.env][claims.Subject]
	key, ok := s.assertionKey(app, token)
	if !ok || token.Claims(key, &claims) != nil || !s.assertionHolds(x, app, claims) {
		return App{}, deniedAssertion
	}
	return app, nil
}

// assertionKey is what an application's assertions are checked with, if the
// assertion's algorithm fits the registered method.
func (s *Server) assertionKey(app App, token *jwt.JSONWebToken) (any, bool) {
	symmetric := strings.HasPrefix(token.Headers[0].Algorithm, "HS")
	switch {
	case app.Method == methodSecretJWT && symmetric:
		return []byte(app.Secret), true
	case app.Method == methodKeyJWT && !symmetric:
		key, err := s.clientKey()
		if err != nil {
			return nil, false
		}
		return &key.PublicKey, true
	}
	return nil, false
}

// assertionHolds checks the claims; an assertion works once.
func (s *Server) assertionHolds(x *exchange, app App, c jwt.Claims) bool {
	now := s.cfg.Clock()
	want := jwt.Expected{Issuer: app.ID, Subject: app.ID, AnyAudience: jwt.Audience{x.issuer, x.issuer + "/token"}, Time: now}
	if c.Expiry == nil || !now.Before(c.Expiry.Time()) || c.Validate(want) != nil {
		return false
	}
	if c.ID == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := app.ID + " " + c.ID
	_, replayed := s.assertions.find(name, now)
	s.assertions.put(name, struct{}{}, c.Expiry.Time())
	return !replayed
}
