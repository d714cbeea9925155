package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(style) }}).ParseFS(files, "pages/*.html")) //nolint:gosec // our own style sheet

var style = func() string {
	text, err := files.ReadFile("pages/style.css")
	if err != nil {
		panic("console: " + err.Error()) // embedded at build time
	}
	return string(text)
}()

// policy lets pages use their own style sheet and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

func render(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name+".html", view); err != nil {
		return gwerr.Wrap(gwerr.Internal, err, "The page could not be made.", "")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // a client that is gone reads nothing
	}
	return nil
}

type failure struct {
	base
	Message, Hint, ID string
	SignIn            bool
}

// Fail shows an error as a page.
func Fail(w http.ResponseWriter, r *http.Request, e *gwerr.Error) {
	f := failure{base: base{Title: "That did not work"}, Message: e.Message, Hint: e.Hint, ID: observe.RequestID(r.Context())}
	if e.Code == gwerr.Unauthenticated {
		f.Title, f.SignIn = "Sign in", true
	}
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter.Milliseconds()+999)/1000)))
	}
	if err := render(w, r, e.Kind().HTTP, "failure", f); err != nil {
		panic(err) // found by any test
	}
}
