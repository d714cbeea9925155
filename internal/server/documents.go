package server

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/goccy/go-yaml"
)

// documents mounts the way to the first page, and the description of the interface.
// They hold no data of any directory and need no credentials.
func (s *Server) documents(r chi.Router) {
	r.Get("/", s.home)
	if len(s.cfg.OpenAPI) == 0 {
		return
	}
	r.With(compress).Get("/openapi.yaml", content(s.cfg.OpenAPI, "application/yaml"))
	if asJSON, err := yaml.YAMLToJSON(s.cfg.OpenAPI); err == nil {
		r.With(compress).Get("/openapi.json", content(asJSON, "application/json"))
	}
}

// home leads to the first page, whose address may stand below a proxy's prefix.
func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	to := strings.TrimPrefix(cmp.Or(s.cfg.Home, "/docs"), "/")
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}

func content(data []byte, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(data) // a client that is gone reads nothing
	}
}
