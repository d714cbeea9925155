package console

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

//go:embed pages assets
var files embed.FS

// AssetPath is below which Site.Assets is mounted, for everybody.
const AssetPath = "/console/assets/"

// The parts of the navigation bar, for Page.Active.
const (
	Home   = "Home"
	Tables = "Tables"
	Query  = "Query"
	Docs   = "Docs"
)

// Addresses of parts, below the gateway's own.
const (
	QueryPath = "/console/query"
	DocsPath  = "/docs"
	// HelpPath is the document that explains codes of errors, each at its name.
	HelpPath = DocsPath + "/troubleshooting"
)

// Link is a name with an address.
type Link struct{ Name, Address, Text string }

// Who is the caller, as a page names it.
type Who struct {
	Name  string
	Roles []string
	// Open says that the gateway asks nobody for credentials.
	Open bool
}

// Site is what all pages share. Its zero value makes pages of no gateway.
type Site struct {
	// BaseURL gives the public scheme, host and path of the gateway, without a final
	// slash.
	BaseURL func(*http.Request) string
	// Who names the caller of a request; nil, or a zero Who, for nobody.
	Who func(*http.Request) Who
	// Version of the gateway; may be "".
	Version string
}

// Page is what the layout shows around a page's own content. Views embed it.
type Page struct {
	Title string
	// Base is Site.BaseURL for the request.
	Base string
	// Active is the part of the bar that the page belongs to, "" for none.
	Active string
	Who    Who
	// Way are the pages above this one.
	Way     []Link
	Version string
	// Home and Tables are addresses of the bar; QueryText follows that of Query.
	Home, Tables, QueryText string
	// Scripts are further scripts of the page, modules among the assets.
	Scripts []string
}

func (s *Site) base(r *http.Request) string {
	if s.BaseURL == nil {
		return ""
	}
	return s.BaseURL(r)
}

// Page begins a view.
func (s *Site) Page(r *http.Request, title, active string) Page {
	p := Page{Title: title, Active: active, Version: s.Version, Base: s.base(r)}
	if s.Who != nil {
		p.Who = s.Who(r)
	}
	p.Home, p.Tables = p.Base+"/", p.Base+"/?tables"
	return p
}

// Nav is the bar.
func (p Page) Nav() []Link {
	return []Link{{Name: Home, Address: p.Home}, {Name: Tables, Address: p.Tables}, {Name: Query, Address: p.Base + QueryPath + p.QueryText}, {Name: Docs, Address: p.Base + DocsPath}}
}

// pages are the layout with each page's content.
var pages = func() map[string]*template.Template {
	layout := template.Must(template.ParseFS(files, "pages/layout.html"))
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		panic("console: " + err.Error())
	}
	out := map[string]*template.Template{}
	for _, file := range names {
		if name := strings.TrimSuffix(path.Base(file), ".html"); name != "layout" {
			out[name] = template.Must(template.Must(layout.Clone()).ParseFS(files, file))
		}
	}
	return out
}()

// Render answers with a page, which no cache keeps for others. Its error is a defect of
// the template, or of a view that does not fit it; nothing is sent then. A view with a
// method Policy has a policy of content of its own.
func (*Site) Render(w http.ResponseWriter, r *http.Request, status int, name string, view any) error {
	var b bytes.Buffer
	if err := pages[name].ExecuteTemplate(&b, "layout", view); err != nil {
		return gwerr.Wrap(gwerr.Internal, err, "The page could not be made.", "")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", httpguard.PagePolicy)
	if own, ok := view.(interface{ Policy() string }); ok {
		h.Set("Content-Security-Policy", own.Policy())
	}
	h.Set("Cache-Control", "private, no-cache")
	h.Add("Vary", "Accept, Authorization")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // a client that is gone reads nothing
	}
	return nil
}

// queryText is what follows the address of the query page, to begin with a statement.
func queryText(connection, schema, statement string) string {
	v := url.Values{}
	for name, value := range map[string]string{"connection": connection, "schema": schema, "sql": statement} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}
