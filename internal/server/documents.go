package server

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/goccy/go-yaml"
)

//go:embed pages
var pages embed.FS

// pagePolicy lets our pages use their own style sheet and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// documents mounts the pages that are about the service itself. They hold no
// data of any directory and need no credentials.
func (s *Server) documents(r chi.Router) {
	r.Get("/", s.home)
	r.With(compress).Get("/style.css", asset("pages/style.css", "text/css; charset=utf-8"))
	if len(s.cfg.OpenAPI) == 0 {
		return
	}
	r.With(compress).Get("/openapi.yaml", content(s.cfg.OpenAPI, "application/yaml"))
	if asJSON, err := yaml.YAMLToJSON(s.cfg.OpenAPI); err == nil {
		r.With(compress).Get("/openapi.json", content(asJSON, "application/json"))
	}
	if d, err := describe(s.cfg.OpenAPI); err == nil {
		r.With(compress).Get("/docs", page("docs.html", d))
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

// page renders a template once; it is the same for everybody.
func page(name string, data any) http.HandlerFunc {
	t := template.Must(template.ParseFS(pages, "pages/"+name))
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		panic(fmt.Sprintf("server: page %s: %v", name, err)) // found by any test
	}
	return content(b.Bytes(), "text/html; charset=utf-8")
}

func asset(path, contentType string) http.HandlerFunc {
	data, err := pages.ReadFile(path)
	if err != nil {
		panic("server: " + err.Error()) // embedded at build time
	}
	return content(data, contentType)
}

func content(data []byte, contentType string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("Cache-Control", "public, max-age=300")
		_, _ = w.Write(data) // a client that is gone reads nothing
	}
}
