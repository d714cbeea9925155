// Package documents shows what stands in the folder docs, with the addresses of the
// gateway that is asked, and the description of the HTTP interface with a form for each
// operation. The pages are about the service alone and need no credentials.
package documents

import (
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// Config is what New needs.
type Config struct {
	Site *console.Site
	// Files hold docs/index.md and what it leads to.
	Files fs.FS
	// OpenAPI is the description of the interface, as YAML.
	OpenAPI []byte
	// Connection is the default one, which stands in the documents' addresses; "" leaves
	// that of the demo.
	Connection string
}

// Handler serves /docs and everything below.
type Handler struct {
	cfg   Config
	pages map[string]func() (*document, error) // by the path below /docs/
	api   *description
}

// New reads the description of the interface and finds the documents, which are
// rendered when they are first asked for.
func New(cfg Config) (*Handler, error) {
	api, err := describe(cfg.OpenAPI)
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Internal, err, "The description of the HTTP interface can't be read.", "")
	}
	h := &Handler{cfg: cfg, api: api, pages: map[string]func() (*document, error){}}
	err = fs.WalkDir(cfg.Files, "docs", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".md" {
			return err
		}
		name := strings.TrimPrefix(withoutExtension(file), "docs/")
		h.pages[name] = sync.OnceValues(func() (*document, error) {
			text, err := fs.ReadFile(cfg.Files, file)
			if err != nil {
				return nil, err
			}
			return render(text, name, h.known)
		})
		return nil
	})
	return h, err
}

// withoutExtension is the address of a file of Markdown: that of its folder for the
// first page of one.
func withoutExtension(file string) string {
	name := strings.TrimSuffix(file, ".md")
	if dir, base := path.Split(name); base == "README" || base == "index" {
		return dir
	}
	return name
}

// known tells whether there is a document at a path below /docs/.
func (h *Handler) known(name string) bool {
	return h.pages[name] != nil
}

type page struct {
	console.Page
	Body     template.HTML
	Headings []heading
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	observe.RequestOf(r.Context()).SetFrontEnd("docs")
	name, below := strings.CutPrefix(r.URL.Path, "/docs/")
	var err error
	switch {
	case !below:
		w.Header().Set("Location", "docs/") // below whatever prefix a proxy has
		w.WriteHeader(http.StatusPermanentRedirect)
	case strings.HasPrefix(name, "images/"):
		h.picture(w, r, name)
	case name == "api":
		err = h.interfaces(w, r)
	case h.known(name):
		err = h.document(w, r, name)
	default:
		err = gwerr.Newf(gwerr.NotFound, "There is no document %q.", name).WithHint("The list of all is at /docs/.")
	}
	if err != nil {
		h.cfg.Site.Fail(w, r, gwerr.From(err))
	}
}

func (h *Handler) document(w http.ResponseWriter, r *http.Request, name string) error {
	d, err := h.pages[name]()
	if err != nil {
		return gwerr.Wrap(gwerr.Internal, err, "The document can't be shown.", "")
	}
	v := page{Page: h.cfg.Site.Page(r, d.title, console.Docs), Headings: d.headings}
	if name != "" {
		v.Way = []console.Link{{Name: "Docs", Address: v.Base + console.DocsPath + "/"}}
	}
	v.Body = template.HTML(h.own(d.body, v.Base)) //nolint:gosec // goldmark's, from our own files, with addresses that are escaped
	return h.cfg.Site.Render(w, r, http.StatusOK, "document", v)
}

// own puts the gateway's addresses in the place of the demo's and of the examples'.
func (h *Handler) own(body, base string) string {
	pairs := []string{}
	if base != "" {
		base = html.EscapeString(base)
		pairs = append(pairs, "http://127.0.0.1:8080", base, "https://pingone-data.example.org", base)
	}
	if c := h.cfg.Connection; c != "" {
		pairs = append(pairs, "/odata/pingone/", "/odata/"+html.EscapeString(c)+"/")
	}
	return strings.NewReplacer(pairs...).Replace(body)
}

// picture serves a file of docs/images.
func (h *Handler) picture(w http.ResponseWriter, r *http.Request, name string) {
	kind := map[string]string{".png": "image/png", ".svg": "image/svg+xml"}[path.Ext(name)]
	text, err := fs.ReadFile(h.cfg.Files, "docs/"+name)
	if kind == "" || err != nil {
		h.cfg.Site.Fail(w, r, gwerr.New(gwerr.NotFound, fmt.Sprintf("There is no picture %q.", name), ""))
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(text) //nolint:gosec // a page that was made at the start; a client that is gone reads nothing
}
