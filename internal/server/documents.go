package server

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/goccy/go-yaml"
)

//go:embed pages
var pages embed.FS

// pagePolicy lets our pages use their own style sheet and nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Landing is what the page at / tells.
type Landing struct {
	// Version of the gateway.
	Version string
	// Try are commands worth trying, such as curl lines; may be empty.
	Try []Command
}

// Command is a line to copy and what it does.
type Command struct{ Title, Line string }

// documents mounts the pages that are about the service itself. They hold no
// data of any directory and need no credentials.
func (s *Server) documents(r chi.Router) {
	r.With(compress).Get("/", page("landing.html", s.cfg.Landing))
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
