package server

import (
	"net/http"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// allowIPs serves the configured networks alone.
func (s *Server) allowIPs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !contains(s.cfg.AllowIPs, ClientIP(r)) {
			s.fail(w, r, gwerr.New(gwerr.Forbidden, "Calls from this network are not allowed.", "Ask the administrator to add it to allow_ips."))
			return
		}
		next.ServeHTTP(w, r)
	})
}
