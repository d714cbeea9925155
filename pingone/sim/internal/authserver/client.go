package authserver

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionType of RFC 7523 section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// client authenticates the application of a request by its registered method
// and no other.
func (s *Server) client(x *exchange) (App, *oauthError) {
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
		return App{}, invalidClient("Request denied: the client is not known.")
	case app.Method == methodNone && !form.Has("client_secret"):
		return app, nil
	case app.Method != methodPost || app.Secret != form.Get("client_secret"):
		return App{}, invalidClient("Request denied: unsupported authentication method or wrong secret.")
	}
	return app, nil
}

// basicClient checks an Authorization header. Its parts are form-encoded
// (RFC 6749 section 2.3.1).
func (s *Server) basicClient(x *exchange, user, password string) (App, *oauthError) {
	id, errID := url.QueryUnescape(user)
	secret, errSecret := url.QueryUnescape(password)
	app, ok := s.apps[x.env][id]
	switch {
	case errID != nil || errSecret != nil || !ok:
		return App{}, invalidClient("Request denied: the client is not known.")
	case x.r.PostForm.Has("client_secret") || x.r.PostForm.Get("client_id") != "" && x.r.PostForm.Get("client_id") != id:
		return App{}, invalidClient("Request denied: more than one authentication method.")
	case app.Method != methodBasic || app.Secret != secret:
		return App{}, invalidClient("Request denied: unsupported authentication method or wrong secret.")
	}
	return app, nil
}

// assertingClient checks a JWT that the client signed (RFC 7523 section 3).
func (s *Server) assertingClient(x *exchange) (App, *oauthError) {
	form := x.r.PostForm
	denied := invalidClient("Request denied: the client assertion is not valid.")
	if form.Get("client_assertion_type") != assertionType {
		return App{}, denied
	}
	token, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{
		jose.HS256, jose.HS384, jose.HS512, jose.RS256, jose.RS384, jose.RS512, jose.PS256,
	})
	if err != nil {
		return App{}, denied
	}
	var unverified jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&unverified); err != nil {
		return App{}, denied
	}
	app, ok := s.apps[x.env][unverified.Subject]
	if !ok {
		return App{}, denied
	}
	key, ok := s.assertionKey(app, token)
	if !ok {
		return App{}, denied
	}
	var claims jwt.Claims
	if err := token.Claims(key, &claims); err != nil || !s.assertionHolds(x, app, claims) {
		return App{}, denied
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
		key, err := s.ensureClientKey()
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
	audience := slices.Contains(c.Audience, x.issuer) || slices.Contains(c.Audience, x.issuer+"/token")
	if c.Issuer != app.ID || c.Subject != app.ID || !audience || c.Expiry == nil || !now.Before(c.Expiry.Time()) {
		return false
	}
	if c.NotBefore != nil && now.Add(time.Minute).Before(c.NotBefore.Time()) {
		return false
	}
	if c.ID == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := app.ID + " " + c.ID
	if _, replayed := s.used[key]; replayed {
		return false
	}
	s.used[key] = c.Expiry.Time()
	return true
}
