//go:build duckdb_arrow

package testkit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/console/documents"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/async"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// LinkKey signs next links in tests, so that several stacks accept each
// other's.
const LinkKey = "a key of the tests alone"

// WebOptions change the front ends of a stack.
type WebOptions struct {
	OData   func(*odata.Config)
	Console func(*console.Config)
	Server  func(*server.Config)
}

// Web is a stack behind the gateway's public router: OData at
// /odata/pingone/ and SQL at /sql, open to everybody.
type Web struct {
	*Stack
	URL    string
	server *httptest.Server
}

// Stop ends the listener and waits for the requests that run.
func (w *Web) Stop() { w.server.Close() }

// Serve puts the front ends before a stack until the test ends.
func (s *Stack) Serve(t testing.TB, o WebOptions) *Web {
	t.Helper()
	h := sqlhttp.New(sqlhttp.Config{Begin: s.BeginSQL})
	later := async.NewStore(async.Options{Dir: t.TempDir()})
	t.Cleanup(later.Close)
	oc := odata.Config{
		Prefix: "/odata/pingone/", Namespace: "PingOne", Begin: s.BeginOData,
		BaseURL: server.BaseURL, Key: []byte(LinkKey), Writable: true, Changed: "UpdatedAt", Changes: tables.Changes, Async: later,
	}
	if o.OData != nil {
		o.OData(&oc)
	}
	oc.Failed = told(oc.Failed)
	feeds, err := odata.New(oc)
	if err != nil {
		t.Fatal(err)
	}
	site := &console.Site{BaseURL: oc.BaseURL, Who: func(*http.Request) console.Who { return console.Who{Name: "anonymous", Open: true} }}
	cc := console.Config{
		Site: site, Connection: "pingone", Prefix: oc.Prefix, Namespace: oc.Namespace, Feeds: feeds, Begin: s.beginPage,
		Counted: []string{"Users", "Groups", "Populations"},
	}
	if o.Console != nil {
		o.Console(&cc)
	}
	docs, err := documents.New(documents.Config{Site: site, Files: gateway.Docs, OpenAPI: gateway.OpenAPI, Connection: "pingone"})
	if err != nil {
		t.Fatal(err)
	}
	c := server.Config{
		Home:   oc.Prefix,
		Public: server.Listener{Address: "127.0.0.1:0"},
		Guard:  anonymous,
		Mounts: []server.Mount{
			{Pattern: "/sql", FrontEnd: "sql", Handler: http.HandlerFunc(h.Query)},
			{Pattern: "/sql/explain", FrontEnd: "sql", Handler: http.HandlerFunc(h.Explain)},
			{Pattern: "/sql/{id}", FrontEnd: "sql", Handler: http.HandlerFunc(h.Running)},
			{Pattern: "/odata/pingone/*", FrontEnd: "odata", Handler: console.New(cc)},
			{Pattern: console.QueryPath, FrontEnd: "console", Handler: &console.QueryPage{Site: site, Connections: []string{"pingone"}}},
			{Pattern: "/docs", FrontEnd: "docs", Handler: docs, Open: true},
			{Pattern: "/docs/*", FrontEnd: "docs", Handler: docs, Open: true},
			{Pattern: console.AssetPath + "*", FrontEnd: "console", Handler: site.Assets(), Open: true},
		},
	}
	if o.Server != nil {
		o.Server(&c)
	}
	srv, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(web.Close)
	return &Web{Stack: s, URL: web.URL, server: web}
}

// told prints the cause of internal errors, which answers don't tell.
func told(failed func(context.Context, error)) func(context.Context, error) {
	return func(ctx context.Context, err error) {
		console.Caught(ctx, err)
		if gwerr.Is(err, gwerr.Internal) {
			_, _ = fmt.Fprintln(os.Stderr, "a request failed:", err, errors.Unwrap(gwerr.From(err)))
		}
		if failed != nil {
			failed(ctx, err)
		}
	}
}

// BeginSQL begins a request of /sql.
func (s *Stack) BeginSQL(ctx context.Context, connection, sql string) (context.Context, sqlhttp.Request, error) {
	return s.Service.Open(ctx, connection, "sql").Begin(ctx, sql)
}

// BeginOData begins a request of a feed.
func (s *Stack) BeginOData(ctx context.Context, address string) (context.Context, odata.Request, error) {
	return s.Service.Open(ctx, "", "odata").Begin(ctx, address)
}

func (s *Stack) beginPage(ctx context.Context, address string) (context.Context, console.Request, error) {
	return s.Service.Open(ctx, "", "odata").Begin(ctx, address)
}

func anonymous(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous())))
	})
}

// ServeWire speaks the PostgreSQL protocol for a stack until the test ends, open
// to everybody, and returns its address.
func (s *Stack) ServeWire(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	wire := pgwire.New(pgwire.Config{SignIn: func(context.Context, pgwire.Login) (pgwire.Session, error) { return wireSession{s.Service}, nil }})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := wire.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		_ = wire.Close()
		<-done
	})
	return l.Addr().String()
}

type wireSession struct{ service *service.Service }

func (wireSession) Database() string { return "pingone" }

func (w wireSession) Begin(ctx context.Context, schema, statement string) (context.Context, pgwire.Request, error) {
	ctx = auth.WithPrincipal(ctx, auth.NewAnonymous())
	ctx, r, err := w.service.Open(ctx, "", pgwire.FrontEnd).In(schema).Begin(ctx, statement)
	if err != nil {
		return ctx, nil, err // an interface without a request
	}
	return ctx, r, nil
}
