package authserver

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// grant is what was allowed to a client: behind what the server gave away by a
// name, such as an authorization code or a refresh token.
type grant struct {
	app       App
	env       string
	subject   string // the user; empty: the client itself
	scope     string
	session   string
	nonce     string
	redirect  string
	challenge string // of PKCE, always S256
	used      bool
	expiry    time.Time

	device // of a device authorization
}

// What a grant is remembered by: a kind and the name that was given away.
const (
	byToken     = "token " // its jti
	byAssertion = "assertion "
	byCode      = "code "
	byRefresh   = "refresh "
	byDevice    = "device "
)

// keep remembers a grant by a name for a time.
func (s *Server) keep(kind, name string, g grant, lifetime time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(kind+name, g, lifetime)
}

// put is keep with the lock held. What has expired is forgotten, at most once a
// second.
func (s *Server) put(name string, g grant, lifetime time.Duration) {
	now := s.cfg.Clock()
	if now.Sub(s.swept) >= time.Second {
		s.swept = now
		maps.DeleteFunc(s.grants, func(_ string, g *grant) bool { return now.After(g.expiry) })
	}
	g.expiry, g.used = now.Add(lifetime), false
	s.grants[name] = &g
}

// find gives the grant of a name; nil when there is none or it has expired. The
// lock is held.
func (s *Server) find(kind, name string) *grant {
	if g := s.grants[kind+name]; g != nil && !s.cfg.Clock().After(g.expiry) {
		return g
	}
	return nil
}

// use takes what works once. A later use takes what it gave away with it (RFC 6749
// section 4.1.2, RFC 9700 section 4.14.2).
func (s *Server) use(kind, name string, app App) (grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(kind, name)
	switch {
	case g == nil || g.app.ID != app.ID:
		return grant{}, false
	case g.used:
		s.endSession(g.session)
		return grant{}, false
	}
	g.used = true
	return *g, true
}

// endSession forgets every refresh token of a session. The lock is held.
func (s *Server) endSession(session string) {
	s.forget(func(name string, g *grant) bool { return strings.HasPrefix(name, byRefresh) && g.session == session })
}

// forget drops the grants that a test takes. The lock is held.
func (s *Server) forget(which func(name string, g *grant) bool) { maps.DeleteFunc(s.grants, which) }

// RevokeAll makes every token and code invalid.
func (s *Server) RevokeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(func(name string, _ *grant) bool {
		return strings.HasPrefix(name, byToken) || strings.HasPrefix(name, byCode) || strings.HasPrefix(name, byRefresh)
	})
}

// grantTypes find or make the grant that a request is for, by its grant_type.
var grantTypes = map[string]func(s *Server, x *exchange, app App) grant{
	ClientCredentials: (*Server).ownGrant,
	AuthorizationCode: (*Server).grantOfCode,
	RefreshToken:      (*Server).grantOfRefresh,
	DeviceCode:        (*Server).grantOfDevice,
}

// token is the token endpoint.
func (s *Server) token(x *exchange, app App) {
	kind := x.r.PostForm.Get("grant_type")
	find, known := grantTypes[kind]
	switch {
	case kind == "":
		panic(badRequest("invalid_request", "The grant type is missing."))
	case !known:
		panic(badRequest("unsupported_grant_type", "The grant type is not supported."))
	case !slices.Contains(app.Grants, kind):
		panic(notAllowed)
	}
	g := find(s, x, app)
	body := map[string]any{"access_token": s.issue(x, g), "token_type": "Bearer", "expires_in": int(s.cfg.Lifetime.Seconds())}
	if g.subject == "" {
		x.json(http.StatusOK, body)
		return
	}
	body["scope"] = g.scope
	if holds(g.scope, "openid") {
		body["id_token"] = s.idToken(x, g)
	}
	if slices.Contains(g.app.Grants, RefreshToken) {
		// Rolling: each one lives as long as the first.
		text := rand.Text()
		s.keep(byRefresh, text, g, s.cfg.RefreshLifetime)
		body["refresh_token"] = text
	}
	x.json(http.StatusOK, body)
}

// ownGrant: platform tokens of workers carry no scopes; roles decide.
func (s *Server) ownGrant(x *exchange, app App) grant {
	switch {
	case app.NoRoles:
		panic(badRequest("invalid_request", "The application has no role assignments."))
	case x.r.PostForm.Get("scope") != "":
		panic(badRequest("invalid_scope", "A worker application cannot ask for scopes."))
	}
	return grant{app: app}
}

// grantOfCode: RFC 6749 section 4.1.3 and RFC 7636 section 4.5.
func (s *Server) grantOfCode(x *exchange, app App) grant {
	form := x.r.PostForm
	g, ok := s.use(byCode, form.Get("code"), app)
	switch {
	case !ok:
		panic(badRequest("invalid_grant", "The code is not valid or has expired."))
	case g.redirect != form.Get("redirect_uri"):
		panic(badRequest("invalid_grant", "The redirect_uri differs from the one of the authorization request."))
	case !verifierFits(form.Get("code_verifier"), g.challenge):
		panic(badRequest("invalid_grant", "The code_verifier is missing or wrong."))
	}
	return g
}

// verifierFits checks PKCE with S256 (RFC 7636 section 4.6).
func verifierFits(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
}

// grantOfRefresh rotates: each refresh token works once.
func (s *Server) grantOfRefresh(x *exchange, app App) grant {
	form := x.r.PostForm
	g, ok := s.use(byRefresh, form.Get("refresh_token"), app)
	if !ok {
		panic(badRequest("invalid_grant", "The refresh token is not valid or has expired."))
	}
	if scope := form.Get("scope"); scope != "" {
		if slices.ContainsFunc(strings.Fields(scope), func(name string) bool { return !holds(g.scope, name) }) {
			panic(badRequest("invalid_scope", "The scope is wider than the one granted."))
		}
		g.scope = scope
	}
	g.nonce = ""
	return g
}

// holds reports whether a list of scopes has one.
func holds(scopes, name string) bool { return slices.Contains(strings.Fields(scopes), name) }

// idToken: OpenID Connect Core section 2.
func (s *Server) idToken(x *exchange, g grant) string {
	now := s.cfg.Clock()
	claims := s.profile(x.env, g)
	maps.Copy(claims, map[string]any{
		"iss": x.issuer, "sub": g.subject, "aud": g.app.ID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": now.Unix(), "env": x.env, "org": s.cfg.Organization, "sid": g.session,
	})
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	return s.sign(claims)
}

// profile gives the claims that the scopes of a grant release.
func (s *Server) profile(env string, g grant) map[string]any {
	all, _ := s.cfg.Directory.Profile(env, g.subject)
	out := make(map[string]any)
	for name, value := range all {
		scope := "profile"
		if name == "email" {
			scope = "email"
		}
		if holds(g.scope, scope) {
			out[name] = value
		}
	}
	return out
}
