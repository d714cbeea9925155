package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// publicRouter lays the middlewares, from the outside in: who is asking, what
// became of it, what is too much, and last the front end.
func (s *Server) publicRouter() http.Handler {
	r := chi.NewRouter()
	r.Use(requestID, s.bodyTime, s.leaving)
	if s.cfg.Trace != nil {
		r.Use(s.cfg.Trace)
	}
	r.Use(s.access, httpguard.Recover(s.panicked, s.fail), s.origins.Middleware,
		httpguard.Headers(s.cfg.HSTS))
	r.Use(httpguard.Networks(s.cfg.AllowIPs, s.refuse), httpguard.Hosts(s.cfg.AllowHosts, s.refuse), s.cors, httpguard.Framing(s.refuse), httpguard.Limits(httpguard.LimitsConfig{
		URL: int(s.cfg.Limits.URLBytes), Body: s.cfg.Limits.RequestBytes,
	}, s.refuse))
	r.NotFound(s.fails(gwerr.New(gwerr.NotFound, "There is nothing at this address.", "See /docs for the addresses.")))
	r.MethodNotAllowed(s.untaken(r, "See /docs for the addresses."))

	for _, m := range s.cfg.Mounts {
		r.With(s.chain(m)...).Handle(m.Pattern, m.Handler)
	}
	s.documents(r)
	return r
}

// chain returns the middlewares of one mount.
func (s *Server) chain(m Mount) []func(http.Handler) http.Handler {
	chain := []func(http.Handler) http.Handler{labelled(m.FrontEnd), compress}
	if s.cfg.Guard != nil && !m.Open {
		chain = append(chain, s.cfg.Guard)
	}
	return chain
}

// fails answers every request with the same error.
func (s *Server) fails(err *gwerr.Error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, err) }
}

// methods are those that addresses take.
var methods = [...]string{
	http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete,
}

// untaken answers a method that the address does not take, or that none does.
//
// Source: RFC 9110, sections 9.1 and 15.5.6.
func (s *Server) untaken(routes chi.Routes, hint string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods[:], r.Method) {
			s.refuse(w, r, gwerr.New(gwerr.NotImplemented, "The service has no such HTTP method.", "Methods are "+strings.Join(methods[:], ", ")+", in capitals."))
			return
		}
		var takes []string
		for _, m := range methods {
			if routes.Match(chi.NewRouteContext(), m, r.URL.Path) {
				takes = append(takes, m)
			}
		}
		w.Header().Set("Allow", strings.Join(takes, ", "))
		s.refuse(w, r, gwerr.New(gwerr.MethodNotAllowed, "This address does not take this method.", hint))
	}
}

// frontEndOf guesses the front end of an address that no mount has, so that
// the error has the form that its client reads.
func frontEndOf(path string) string {
	switch {
	case path == "/odata" || strings.HasPrefix(path, "/odata/"):
		return "odata"
	case path == "/sql" || strings.HasPrefix(path, "/sql/"):
		return "sql"
	case path == "/mcp" || strings.HasPrefix(path, "/mcp/"):
		return "mcp"
	default:
		return "docs"
	}
}
