package authserver

import (
	"maps"
	"net/url"
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
	challenge string     // of PKCE, always S256
	params    url.Values // of a pushed authorization request
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
	byRequest   = "request "
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
