package authserver

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// grant is what a user allowed a client to do: behind an authorization code or
// a refresh token.
type grant struct {
	app       App
	subject   string
	scope     string
	session   string
	nonce     string
	redirect  string
	challenge string    // of PKCE, always S256
	usedAt    time.Time // when it was used first; codes and rotated refresh tokens
}

// token is the token endpoint.
func (s *Server) token(x *exchange, app App) *refusal {
	kind := x.r.PostForm.Get("grant_type")
	redeem, known := map[string]func(*exchange, App) *refusal{
		ClientCredentials: s.clientCredentials, AuthorizationCode: s.redeemCode, RefreshToken: s.redeemRefresh, DeviceCode: s.redeemDevice,
	}[kind]
	switch {
	case kind == "":
		return badRequest("invalid_request", "The grant type is missing.")
	case !known:
		return badRequest("unsupported_grant_type", "The grant type is not supported.")
	case !slices.Contains(app.Grants, kind):
		return notAllowed
	}
	return redeem(x, app)
}

// clientCredentials: platform tokens of workers carry no scopes; roles decide.
func (s *Server) clientCredentials(x *exchange, app App) *refusal {
	if app.NoRoles {
		return badRequest("invalid_request", "The application has no role assignments.")
	}
	if scope := x.r.PostForm.Get("scope"); scope != "" {
		return badRequest("invalid_scope", "A worker application cannot ask for scopes.")
	}
	body, err := s.bearer(x, grant{app: app})
	if err != nil {
		return fault(err)
	}
	return x.json(http.StatusOK, body)
}

// redeemCode: RFC 6749 section 4.1.3 and RFC 7636 section 4.5. A code that is
// used twice takes what it gave away with it.
func (s *Server) redeemCode(x *exchange, app App) *refusal {
	form := x.r.PostForm
	now := s.cfg.Clock()
	s.mu.Lock()
	g, ok := s.codes.find(form.Get("code"), now)
	switch {
	case !ok:
	case g.usedAt.IsZero():
		g.usedAt = now
	default:
		s.endSession(g.session)
		ok = false
	}
	s.mu.Unlock()
	switch {
	case !ok || g.app.ID != app.ID:
		return badRequest("invalid_grant", "The code is not valid or has expired.")
	case g.redirect != form.Get("redirect_uri"):
		return badRequest("invalid_grant", "The redirect_uri differs from the one of the authorization request.")
	case !verifierFits(form.Get("code_verifier"), g.challenge):
		return badRequest("invalid_grant", "The code_verifier is missing or wrong.")
	}
	return s.answerGrant(x, *g)
}

// redeemRefresh rotates: each refresh token works once, and for the grace period
// after that. A later use ends the session (RFC 9700 section 4.14.2).
func (s *Server) redeemRefresh(x *exchange, app App) *refusal {
	next, ok := s.useRefresh(x.r.PostForm.Get("refresh_token"), app)
	if !ok {
		return badRequest("invalid_grant", "The refresh token is not valid or has expired.")
	}
	if scope := x.r.PostForm.Get("scope"); scope != "" {
		if !subset(scope, next.scope) {
			return badRequest("invalid_scope", "The scope is wider than the one granted.")
		}
		next.scope = scope
	}
	next.nonce = ""
	return s.answerGrant(x, next)
}

func (s *Server) useRefresh(token string, app App) (grant, bool) {
	now := s.cfg.Clock()
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.refresh.find(token, now)
	switch {
	case !ok || g.app.ID != app.ID:
		return grant{}, false
	case g.usedAt.IsZero():
		g.usedAt = now
	case now.Sub(g.usedAt) >= s.cfg.RefreshGrace:
		s.endSession(g.session)
		return grant{}, false
	}
	return *g, true
}

// endSession forgets every refresh token of a session. The lock is held.
func (s *Server) endSession(session string) {
	for key, g := range s.refresh {
		if g.value.session == session {
			delete(s.refresh, key)
		}
	}
}

func subset(scope, of string) bool {
	allowed := strings.Fields(of)
	return !slices.ContainsFunc(strings.Fields(scope), func(name string) bool { return !slices.Contains(allowed, name) })
}

// bearer is the part of a token response that all grants have.
func (s *Server) bearer(x *exchange, g grant) (map[string]any, error) {
	token, err := s.issue(x, g.app.ID, g.subject, g.scope, g.session)
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.cfg.Lifetime.Seconds())}, err
}

// answerGrant sends the tokens of a user.
func (s *Server) answerGrant(x *exchange, g grant) *refusal {
	body, err := s.bearer(x, g)
	if err != nil {
		return fault(err)
	}
	body["scope"] = g.scope
	if slices.Contains(strings.Fields(g.scope), "openid") {
		if body["id_token"], err = s.idToken(x, g); err != nil {
			return fault(err)
		}
	}
	if slices.Contains(g.app.Grants, RefreshToken) {
		body["refresh_token"] = s.newRefreshToken(g)
	}
	return x.json(http.StatusOK, body)
}

// newRefreshToken keeps a grant under a new token. Rolling: each one lives as
// long as the first.
func (s *Server) newRefreshToken(g grant) string {
	text := randomText(32)
	g.usedAt = time.Time{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh.put(text, &g, s.cfg.Clock().Add(s.cfg.RefreshLifetime))
	return text
}

// idToken: OpenID Connect Core section 2.
func (s *Server) idToken(x *exchange, g grant) (string, error) {
	now := s.cfg.Clock()
	claims := s.profile(x.env, g)
	for name, value := range map[string]any{
		"iss": x.issuer, "sub": g.subject, "aud": g.app.ID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": now.Unix(), "env": x.env, "org": s.cfg.Organization, "sid": g.session,
	} {
		claims[name] = value
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	return s.sign(claims)
}

// profile gives the claims that the scopes of a grant release.
func (s *Server) profile(env string, g grant) map[string]any {
	all, _ := s.cfg.Directory.Profile(env, g.subject)
	scopes, out := strings.Fields(g.scope), make(map[string]any)
	for name, value := range all {
		scope := "profile"
		if name == "email" {
			scope = "email"
		}
		if slices.Contains(scopes, scope) {
			out[name] = value
		}
	}
	return out
}
