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
	challenge string // of PKCE, always S256
	expiry    time.Time
	usedAt    time.Time // when it was used first; codes and rotated refresh tokens
}

// token is the token endpoint.
func (s *Server) token(x *exchange) {
	app, refused := s.client(x)
	if refused == nil {
		refused = s.exchangeGrant(x, app)
	}
	if refused != nil {
		x.fail(refused.status, refused.code, refused.description)
	}
}

// exchangeGrant answers a token request of a known client.
func (s *Server) exchangeGrant(x *exchange, app App) *oauthError {
	kind := x.r.PostForm.Get("grant_type")
	switch kind {
	case "":
		return badRequest("invalid_request", "The grant type is missing.")
	case ClientCredentials, AuthorizationCode, RefreshToken, DeviceCode:
	default:
		return badRequest("unsupported_grant_type", "The grant type is not supported.")
	}
	if !slices.Contains(app.Grants, kind) {
		return badRequest("unauthorized_client", "The application may not use this grant type.")
	}
	switch kind {
	case ClientCredentials:
		return s.clientCredentials(x, app)
	case AuthorizationCode:
		return s.redeemCode(x, app)
	case RefreshToken:
		return s.redeemRefresh(x, app)
	}
	return s.redeemDevice(x, app)
}

// clientCredentials: platform tokens of workers carry no scopes; roles decide.
func (s *Server) clientCredentials(x *exchange, app App) *oauthError {
	if app.NoRoles {
		return badRequest("invalid_request", "The application has no role assignments.")
	}
	if scope := x.r.PostForm.Get("scope"); scope != "" {
		return badRequest("invalid_scope", "A worker application cannot ask for scopes.")
	}
	token, err := s.issue(x, app.ID, "", "", "")
	if err != nil {
		return &oauthError{http.StatusInternalServerError, "server_error", err.Error()}
	}
	x.json(http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(s.cfg.Lifetime.Seconds()),
	})
	return nil
}

// redeemCode: RFC 6749 section 4.1.3 and RFC 7636 section 4.5. A code that is
// used twice takes what it gave away with it.
func (s *Server) redeemCode(x *exchange, app App) *oauthError {
	form := x.r.PostForm
	now := s.cfg.Clock()
	s.mu.Lock()
	g, ok := s.codes[form.Get("code")]
	if ok && !g.usedAt.IsZero() {
		s.endSession(g.session)
		ok = false
	}
	if ok {
		g.usedAt = now
	}
	s.mu.Unlock()
	switch {
	case !ok || g.app.ID != app.ID || now.After(g.expiry):
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
func (s *Server) redeemRefresh(x *exchange, app App) *oauthError {
	now := s.cfg.Clock()
	invalid := badRequest("invalid_grant", "The refresh token is not valid or has expired.")
	s.mu.Lock()
	g, ok := s.refresh[x.r.PostForm.Get("refresh_token")]
	if !ok || g.app.ID != app.ID || now.After(g.expiry) {
		s.mu.Unlock()
		return invalid
	}
	if !g.usedAt.IsZero() && now.Sub(g.usedAt) >= s.cfg.RefreshGrace {
		s.endSession(g.session)
		s.mu.Unlock()
		return invalid
	}
	if g.usedAt.IsZero() {
		g.usedAt = now
	}
	next := *g
	s.mu.Unlock()
	if scope := x.r.PostForm.Get("scope"); scope != "" {
		if !subset(scope, g.scope) {
			return badRequest("invalid_scope", "The scope is wider than the one granted.")
		}
		next.scope = scope
	}
	next.nonce = ""
	return s.answerGrant(x, next)
}

// endSession forgets every refresh token of a session. The lock is held.
func (s *Server) endSession(session string) {
	for key, g := range s.refresh {
		if g.session == session {
			delete(s.refresh, key)
		}
	}
}

func subset(scope, of string) bool {
	allowed := strings.Fields(of)
	for _, name := range strings.Fields(scope) {
		if !slices.Contains(allowed, name) {
			return false
		}
	}
	return true
}

// answerGrant sends the tokens of a user.
func (s *Server) answerGrant(x *exchange, g grant) *oauthError {
	fault := func(err error) *oauthError {
		return &oauthError{http.StatusInternalServerError, "server_error", err.Error()}
	}
	token, err := s.issue(x, g.app.ID, g.subject, g.scope, g.session)
	if err != nil {
		return fault(err)
	}
	body := map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(s.cfg.Lifetime.Seconds()), "scope": g.scope,
	}
	if slices.Contains(strings.Fields(g.scope), "openid") {
		if body["id_token"], err = s.idToken(x, g); err != nil {
			return fault(err)
		}
	}
	if slices.Contains(g.app.Grants, RefreshToken) {
		body["refresh_token"] = s.newRefreshToken(g)
	}
	x.json(http.StatusOK, body)
	return nil
}

// newRefreshToken keeps a grant under a new token. Rolling: each one lives as
// long as the first.
func (s *Server) newRefreshToken(g grant) string {
	text := randomText(32)
	g.usedAt, g.expiry = time.Time{}, s.cfg.Clock().Add(s.cfg.RefreshLifetime)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh[text] = &g
	return text
}

// idToken: OpenID Connect Core section 2.
func (s *Server) idToken(x *exchange, g grant) (string, error) {
	now := s.cfg.Clock()
	claims := map[string]any{
		"iss": x.issuer, "sub": g.subject, "aud": g.app.ID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"auth_time": now.Unix(), "env": x.env, "org": s.cfg.Organization, "sid": g.session,
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	for name, value := range s.profile(x.env, g) {
		claims[name] = value
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
