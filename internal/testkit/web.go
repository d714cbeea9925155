//go:build duckdb_arrow

package testkit

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// LinkKey signs next links in tests, so that several stacks accept each
// other's.
const LinkKey = "a key of the tests alone"

// WebOptions change the front ends of a stack.
type WebOptions struct {
	OData  func(*odata.Config)
	Server func(*server.Config)
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
	h := sqlhttp.New(sqlhttp.Config{Querier: s.Service})
	oc := odata.Config{
		Prefix: "/odata/pingone/", Namespace: "PingOne", Catalog: odataCatalog{s.Service}, Executor: odataExecutor{s.Service},
		BaseURL: server.BaseURL, Key: []byte(LinkKey),
	}
	if o.OData != nil {
		o.OData(&oc)
	}
	feeds, err := odata.New(oc)
	if err != nil {
		t.Fatal(err)
	}
	c := server.Config{
		Public: server.Listener{Address: "127.0.0.1:0"},
		Guard:  anonymous,
		Mounts: []server.Mount{
			{Pattern: "/sql", FrontEnd: "sql", Handler: http.HandlerFunc(h.Query), Query: true},
			{Pattern: "/sql/explain", FrontEnd: "sql", Handler: http.HandlerFunc(h.Explain), Query: true},
			{Pattern: "/odata/pingone/*", FrontEnd: "odata", Handler: feeds, Query: true},
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

func anonymous(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous())))
	})
}

type odataCatalog struct{ service *service.Service }

// Names implements odata.Catalog.
func (c odataCatalog) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	p, err := c.service.Provider(ctx, "")
	if err != nil {
		return nil, err
	}
	return p.Names(ctx)
}

// Schema implements odata.Catalog.
func (c odataCatalog) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	p, err := c.service.Provider(ctx, "")
	if err != nil {
		return nil, err
	}
	return p.Schema(ctx, name)
}

type odataExecutor struct{ service *service.Service }

// Query implements odata.Executor.
func (x odataExecutor) Query(ctx context.Context, q *query.Query) (odata.Rows, error) {
	return x.service.Query(ctx, "", "odata", "", q)
}

// Page implements odata.Executor.
func (x odataExecutor) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (odata.Page, error) {
	p, err := x.service.Page(ctx, "", "odata", "", q, key, w)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Count implements odata.Executor.
func (x odataExecutor) Count(ctx context.Context, q *query.Query) (int64, error) {
	return x.service.Count(ctx, "", "odata", "", q)
}
