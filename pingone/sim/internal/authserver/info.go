package authserver

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
)

// introspect: RFC 7662. A client learns about its own tokens.
func (s *Server) introspect(x *exchange, app App) *refusal {
	text := x.r.PostForm.Get("token")
	if c, err := s.Verify(text); err == nil && c.ClientID == app.ID {
		c.Session = ""
		return x.json(http.StatusOK, struct {
			Active bool   `json:"active"`
			Type   string `json:"token_type"`
			Claims
		}{true, "Bearer", c})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.find(byRefresh, text)
	if g == nil || g.app.ID != app.ID || g.used {
		return x.json(http.StatusOK, map[string]any{"active": false})
	}
	return x.json(http.StatusOK, map[string]any{
		"active": true, "client_id": app.ID, "sub": g.subject, "scope": g.scope, "exp": g.expiry.Unix(), "iss": x.issuer,
	})
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
