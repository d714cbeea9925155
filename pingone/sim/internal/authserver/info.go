package authserver

import (
	"net/http"
	"slices"
	"strings"
)

// introspect: RFC 7662. A client learns about its own tokens.
func (s *Server) introspect(x *exchange) {
	app, problem := s.client(x)
	if problem != nil {
		x.fail(problem.status, problem.code, problem.description)
		return
	}
	text := x.r.PostForm.Get("token")
	inactive := map[string]any{"active": false}
	if c, err := s.Verify(text); err == nil && c.ClientID == app.ID {
		body := map[string]any{
			"active": true, "client_id": c.ClientID, "iss": c.Issuer, "aud": c.Audience, "env": c.Environment, "org": c.Organization,
			"iat": c.IssuedAt, "exp": c.Expiry, "jti": c.ID, "token_type": "Bearer",
		}
		if c.Subject != "" {
			body["sub"], body["scope"] = c.Subject, c.Scope
		}
		x.json(http.StatusOK, body)
		return
	}
	s.mu.Lock()
	g, ok := s.refresh[text]
	usable := ok && g.app.ID == app.ID && g.usedAt.IsZero() && s.cfg.Clock().Before(g.expiry)
	s.mu.Unlock()
	if !usable {
		x.json(http.StatusOK, inactive)
		return
	}
	x.json(http.StatusOK, map[string]any{
		"active": true, "client_id": app.ID, "sub": g.subject, "scope": g.scope, "exp": g.expiry.Unix(), "iss": x.issuer,
	})
}

// revoke: RFC 7009. Tokens that are not known are as good as revoked.
func (s *Server) revoke(x *exchange) {
	app, problem := s.client(x)
	if problem != nil {
		x.fail(problem.status, problem.code, problem.description)
		return
	}
	text := x.r.PostForm.Get("token")
	c, err := s.Verify(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.issued[c.ID]; err == nil && t != nil && c.ClientID == app.ID {
		t.revoked = true
	}
	if g, ok := s.refresh[text]; ok && g.app.ID == app.ID {
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
		x.fail(http.StatusUnauthorized, "invalid_token", "The access token is missing or not valid.")
		return
	}
	if !slices.Contains(strings.Fields(c.Scope), "openid") {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		x.fail(http.StatusForbidden, "insufficient_scope", "The scope openid was not granted.")
		return
	}
	claims := s.profile(x.env, grant{subject: c.Subject, scope: c.Scope})
	claims["sub"], claims["env"], claims["org"] = c.Subject, c.Environment, c.Organization
	x.json(http.StatusOK, claims)
}

// discovery: OpenID Connect Discovery section 3.
func (s *Server) discovery(x *exchange) {
	x.json(http.StatusOK, map[string]any{
		"issuer":                                x.issuer,
		"authorization_endpoint":                x.issuer + "/authorize",
		"pushed_authorization_request_endpoint": x.issuer + "/par",
		"token_endpoint":                        x.issuer + "/token",
		"userinfo_endpoint":                     x.issuer + "/userinfo",
		"jwks_uri":                              x.issuer + "/jwks",
		"end_session_endpoint":                  x.issuer + "/signoff",
		"introspection_endpoint":                x.issuer + "/introspect",
		"revocation_endpoint":                   x.issuer + "/revoke",
		"device_authorization_endpoint":         x.issuer + "/device_authorization",
		"scopes_supported":                      []string{"openid", "profile", "email"},
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{AuthorizationCode, RefreshToken, ClientCredentials, DeviceCode},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{
			"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none",
		},
		"token_endpoint_auth_signing_alg_values_supported": []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512"},
		"code_challenge_methods_supported":                 []string{"S256"},
	})
}
