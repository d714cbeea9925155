package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Request is what one request of a caller may do. Its methods may be called by several
// goroutines.
type Request interface {
	catalog.Provider
	// Bind binds a statement that reads.
	Bind(ctx context.Context, st query.Statement) (*query.Query, error)
	// Explained tells how a bound query would be read.
	Explained(ctx context.Context, q *query.Query) (*exec.Explanation, error)
	// Count returns the number of rows of a bound query.
	Count(ctx context.Context, q *query.Query) (int64, error)
	// End accounts for the request.
	End(err error)
}

// Config is what New needs.
type Config struct {
	// Site is what the pages share with those of others.
	Site *Site
	// Connection is the name of that whose services these are, and Connections are the
	// names of all.
	Connection  string
	Connections []string
	// Prefix is the path below which the first segment names a schema, such as
	// "/odata/pingone/".
	Prefix string
	// Begin admits a request of the caller that the context carries.
	Begin func(ctx context.Context, statement string) (context.Context, Request, error)
	// Namespace of the entity types.
	Namespace string
	// Feeds answers OData's requests: those of other programs, and those by which pages
	// read rows. It hands its errors to Caught.
	Feeds http.Handler
	// Counted names the tables whose rows Home counts, where a call tells them; CountTime
	// is how long it waits for that, 0 for as long as the request may take.
	Counted   []string
	CountTime time.Duration
	// States tell how the gateway and its sources are; nil if nobody knows.
	States func() []State
	// Sink receives events; nil drops them.
	Sink observe.Sink
	// Failed is told every error; nil ignores them.
	Failed func(context.Context, error)
	// Clock is the time; nil means time.Now.
	Clock func() time.Time
}

// State is how a part is.
type State struct {
	Name, Text string
	// Known is false where nobody has looked yet.
	Known, Good bool
}

// Handler answers pages, and hands all else on.
type Handler struct{ cfg Config }

// New returns the handler.
func New(cfg Config) *Handler {
	if cfg.Failed == nil {
		cfg.Failed = func(context.Context, error) {}
	}
	if cfg.States == nil {
		cfg.States = func() []State { return nil }
	}
	cfg.Sink = cmp.Or(cfg.Sink, observe.Discard)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
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
		h.cfg.Feeds.ServeHTTP(w, r)
		return
	}
	if err := p.answer(w); err != nil {
		h.cfg.Failed(r.Context(), err)
		h.cfg.Site.Fail(w, r, gwerr.From(err))
	}
	request := observe.RequestOf(r.Context()) // which a feed has named after itself
	request.SetFrontEnd("console")
	request.SetRoute(p.kind())
}

// page is a page on its way.
type page struct {
	*Handler
	Request
	r *http.Request
	// schema and set are the segments below the prefix, "" for none.
	schema, set string
	options     options
}

// page finds the page that an address means; ok is false where it means none.
func (h *Handler) page(r *http.Request) (p *page, ok bool) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), h.cfg.Prefix)
	if !below || !WantsPage(r) {
		return nil, false
	}
	p = &page{Handler: h, r: r, options: optionsOf(r.URL.RawQuery)}
	if p.options.get("$format") != "" {
		return nil, false
	}
	schema, set, _ := strings.Cut(path, "/")
	var err error
	if p.schema, err = url.PathUnescape(schema); err != nil {
		return nil, false
	}
	if strings.HasSuffix(path, ".pbids") || strings.HasSuffix(path, ".odc") {
		return nil, false
	}
	if p.set, err = url.PathUnescape(strings.TrimSuffix(set, "/")); err != nil || strings.ContainsAny(p.set, "/($") || p.schema == edm.VocabularySegment {
		return nil, false
	}
	return p, true
}

// kind names the page: its template, and its route in metrics.
func (p *page) kind() string {
	switch {
	case p.schema == "":
		return "home"
	case p.set == "":
		return "tables"
	case len(p.options) == 0:
		return "table"
	default:
		return "browse"
	}
}

// answer shows the page.
func (p *page) answer(w http.ResponseWriter) error {
	kind := p.kind()
	switch {
	case kind == "home" && p.r.URL.RawQuery == "tables":
		return p.toTables(w)
	case kind == "browse" && len(p.options.all(applied)) > 0:
		return p.apply(w)
	case kind == "browse":
		return p.browse(w)
	}
	var view any
	err := p.admitted(func(ctx context.Context) (err error) {
		switch kind {
		case "home":
			view, err = p.home(ctx)
		case "tables":
			view, err = p.service(ctx)
		default:
			view, err = p.table(ctx)
		}
		return err
	})
	if err != nil {
		return err
	}
	if t, ok := view.(*tableView); ok {
		p.example(t)
	}
	return p.cfg.Site.Render(w, p.r, http.StatusOK, kind, view)
}

// admitted does what needs a request of the caller's. It has ended when a page asks the
// feed for rows, which is another one.
func (p *page) admitted(do func(ctx context.Context) error) (err error) {
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
	err = do(ctx)
	return err
}

// see sends the browser to another address.
func see(w http.ResponseWriter, address string) error {
	w.Header().Set("Location", address)
	w.Header().Set("Cache-Control", "private, no-cache")
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// base begins the view of a page about the connection.
func (p *page) base(title, active string) Page {
	b := p.cfg.Site.Page(p.r, title, active)
	b.Home = b.Base + p.cfg.Prefix
	b.Tables = b.Home + "?tables"
	if p.schema != "" {
		b.Tables = p.root(b)
		b.Way = append(b.Way, Link{Name: p.cfg.Connection, Address: b.Home})
	}
	if p.set != "" {
		b.Way = append(b.Way, Link{Name: p.schema, Address: b.Tables})
	}
	b.QueryText = queryText(p.cfg.Connection, p.schema, "")
	return b
}

// root is the address of the service.
func (p *page) root(b Page) string { return b.Home + url.PathEscape(p.schema) + "/" }
