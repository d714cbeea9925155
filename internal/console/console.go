package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Request is what one request of a caller may do.
type Request interface {
	// Names lists the schemas that the caller may see.
	Names(ctx context.Context) ([]catalog.SchemaName, error)
	// Schema returns the schema of that name or id.
	Schema(ctx context.Context, name string) (*catalog.Schema, error)
	// Query starts a bound query.
	Query(ctx context.Context, q *query.Query) (scan.Rows, error)
	// Notes tell what the caller should know of the rows read.
	Notes() []string
	// Returned counts rows before they are sent; its error refuses them.
	Returned(rows int64) error
	// End accounts for the request.
	End(err error)
}

// Config is what New needs.
type Config struct {
	// Prefix is the path below which the first segment names a schema, such as
	// "/odata/pingone/".
	Prefix string
	// Begin admits a request of the caller that the context carries.
	Begin func(ctx context.Context, statement string) (context.Context, Request, error)
	// Namespace of the entity types.
	Namespace string
	// BaseURL gives the public scheme, host and path in front of Prefix.
	BaseURL func(*http.Request) string
	// Caller names who asks; nil for nobody.
	Caller func(context.Context) string
	// Next answers what is no page.
	Next http.Handler
	// Failed is told every error; nil ignores them.
	Failed func(context.Context, error)
}

// Handler answers pages, and hands all else on.
type Handler struct{ cfg Config }

// New returns the handler.
func New(cfg Config) *Handler {
	if cfg.Caller == nil {
		cfg.Caller = func(context.Context) string { return "" }
	}
	if cfg.Failed == nil {
		cfg.Failed = func(context.Context, error) {}
	}
	return &Handler{cfg}
}

// WantsPage reports whether a browser asks, for something to look at.
func WantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	html, json := 0.0, 0.0
	for _, item := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		kind, rest, _ := strings.Cut(item, ";")
		quality := 1.0
		for _, p := range strings.Split(rest, ";") {
			if value, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				quality, _ = strconv.ParseFloat(value, 64)
			}
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "text/html":
			html = quality
		case "application/json":
			json = quality
		}
	}
	return html > 0 && html >= json
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := h.page(r)
	if !ok {
		h.cfg.Next.ServeHTTP(w, r)
		return
	}
	observe.RequestOf(r.Context()).SetFrontEnd("console")
	if err := p.answer(w); err != nil {
		h.cfg.Failed(r.Context(), err)
		Fail(w, r, gwerr.From(err))
	}
}

// page is a page on its way.
type page struct {
	*Handler
	Request
	r *http.Request
	// schema and set are the segments below the prefix, "" for none.
	schema, set string
}

// page finds the page that an address means; ok is false where it means none.
func (h *Handler) page(r *http.Request) (p *page, ok bool) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), h.cfg.Prefix)
	if !below || !WantsPage(r) || formatted(r.URL.RawQuery) {
		return nil, false
	}
	p = &page{Handler: h, r: r}
	schema, set, _ := strings.Cut(path, "/")
	var err error
	if p.schema, err = url.PathUnescape(schema); err != nil {
		return nil, false
	}
	for _, file := range []string{".pbids", ".odc"} {
		if strings.HasSuffix(path, file) {
			return nil, false
		}
	}
	if p.set, err = url.PathUnescape(set); err != nil || strings.ContainsAny(p.set, "/($") || p.schema == edm.VocabularySegment {
		return nil, false
	}
	return p, true
}

// formatted reports whether a query says itself in which format it is to be answered.
func formatted(rawQuery string) bool {
	for _, pair := range strings.Split(rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil && strings.EqualFold(strings.TrimPrefix(name, "$"), "format") {
			return true
		}
	}
	return false
}

// answer shows the page to a caller who is admitted.
func (p *page) answer(w http.ResponseWriter) (err error) {
	statement := p.r.URL.EscapedPath()
	if p.r.URL.RawQuery != "" {
		statement += "?" + p.r.URL.RawQuery
	}
	ctx, admitted, err := p.cfg.Begin(p.r.Context(), statement)
	if err != nil {
		return err
	}
	p.Request = admitted
	err = gwerr.New(gwerr.Internal, "The request ended in a defect.", "") // unless another one comes
	defer func() { p.End(err) }()
	name, view, err := p.view(ctx)
	if err != nil {
		return err
	}
	err = render(w, p.r, http.StatusOK, name, view)
	return err
}

func (p *page) view(ctx context.Context) (name string, view any, err error) {
	switch {
	case p.schema == "":
		view, err = p.home(ctx)
		return "home", view, err
	case p.set == "":
		view, err = p.service(ctx)
		return "service", view, err
	default:
		view, err = p.table(ctx)
		return "table", view, err
	}
}
