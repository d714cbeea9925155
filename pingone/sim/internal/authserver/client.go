package authserver

import (
	"net/url"
	"slices"
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
// and no other. The parts of an Authorization header are form-encoded (RFC 6749
// section 2.3.1).
func (s *Server) client(x *exchange) App {
	form := x.r.PostForm
	id, secret, method := form.Get("client_id"), form.Get("client_secret"), methodPost
	user, password, basic := x.r.BasicAuth()
	twice := false
	switch {
	case basic:
		named := id
		id, _ = url.QueryUnescape(user)         // what cannot be read is nobody's
		secret, _ = url.QueryUnescape(password) // and no secret
		method, twice = methodBasic, form.Has("client_secret") || named != "" && named != id
	case form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "":
		return s.assertingClient(x)
	case !form.Has("client_secret"):
		method = methodNone
	}
	app, ok := s.cfg.Directory.App(x.env, id)
	switch {
	case !ok:
		panic(unknownClient)
	case twice:
		panic(twoProofs)
	case app.Method != method || method != methodNone && !slices.Contains(app.Secrets, secret):
		panic(wrongProof)
	}
	return app
}

// assertingClient checks a JWT that the client signed (RFC 7523 section 3).
func (s *Server) assertingClient(x *exchange) App {
	form := x.r.PostForm
	token, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{
		jose.HS256, jose.HS384, jose.HS512, jose.RS256, jose.RS384, jose.RS512, jose.PS256,
	})
	var claims jwt.Claims
	if form.Get("client_assertion_type") != assertionType || err != nil || token.UnsafeClaimsWithoutVerification(&claims) != nil {
		panic(deniedAssertion)
	}
	app, _ := s.cfg.Directory.App(x.env, claims.Subject) // what there is not has no keys
	verifies := func(key any) bool { return token.Claims(key, &claims) == nil }
	if !slices.ContainsFunc(s.assertionKeys(app, token), verifies) || !s.assertionHolds(x, app, claims) {
		panic(deniedAssertion)
	}
	return app
}

// assertionKeys are what an application's assertions are checked with; none when
// the assertion's algorithm does not fit the registered method.
func (s *Server) assertionKeys(app App, token *jwt.JSONWebToken) (keys []any) {
	symmetric := strings.HasPrefix(token.Headers[0].Algorithm, "HS")
	switch {
	case app.Method == methodSecretJWT && symmetric:
		for _, secret := range app.Secrets {
			keys = append(keys, []byte(secret))
		}
	case app.Method == methodKeyJWT && !symmetric:
		keys = append(keys, &s.clientKey().PublicKey)
	}
	return keys
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
	name := app.ID + " " + c.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	replayed := s.find(byAssertion, name) != nil
	s.put(byAssertion+name, grant{}, c.Expiry.Time().Sub(now))
	return !replayed
}
