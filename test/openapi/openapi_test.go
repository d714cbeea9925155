// Package openapi_test holds openapi.yaml against the handlers: requests and
// answers of every operation are validated by the description.
package openapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/console/documents"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/logging"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/metrics"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// querier answers every statement but a bad one with two rows.
type querier struct{}

func (querier) SQL(_ context.Context, s query.Statement) (*query.Answer, error) {
	if strings.Contains(s.SQL, "bad") {
		return nil, gwerr.New(gwerr.UnknownColumn, "There is no column bad.", "Did you mean Id?").On("bad").At(7)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "Id", Type: arrow.BinaryTypes.String}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"a", "b"}, nil)
	return &query.Answer{
		Columns: []query.Column{{Name: "Id", Type: catalog.String}},
		Rows:    rows{scan.Of(scan.Batch{Record: b.NewRecordBatch()}), schema},
	}, nil
}

func (querier) Explain(context.Context, query.Statement) (any, error) {
	return map[string]any{"calls": []string{"GET users"}}, nil
}

// Progress implements sqlhttp.Request.
func (querier) Progress() query.Progress { return query.Progress{} }

// End implements sqlhttp.Request.
func (querier) End(error) {}

func begin(ctx context.Context, _, _ string) (context.Context, sqlhttp.Request, error) {
	return ctx, querier{}, nil
}

type rows struct {
	scan.Batches
	schema *arrow.Schema
}

func (r rows) Schema() *arrow.Schema { return r.schema }

// handlers are the public and the admin router over a library in memory.
func handlers(t *testing.T, description []byte) (public, admin http.Handler) {
	t.Helper()
	lib := odatatest.New(10)
	feeds, err := odata.New(odata.Config{
		Prefix: "/odata/lib/", Begin: (&odatatest.Executor{Library: lib, BatchRows: 7}).Begin, Key: []byte("a key of the tests alone"),
		BaseURL: server.BaseURL,
	})
	require.NoError(t, err)
	sql := sqlhttp.New(sqlhttp.Config{Begin: begin})
	log, err := logging.New(logging.Config{Writer: io.Discard})
	require.NoError(t, err)
	checks := server.NewChecks(server.ChecksConfig{Checks: []server.Check{{Name: "engine", Run: func(context.Context) error {
		return gwerr.New(gwerr.OutOfMemory, "The engine is full.", "Wait.")
	}}}})
	m := metrics.New(metrics.Config{})
	checks.Round(t.Context(), m, time.Now)
	docs, err := documents.New(documents.Config{Site: &console.Site{}, Files: gateway.Docs, OpenAPI: description})
	require.NoError(t, err)
	s, err := server.New(server.Config{
		Public: server.Listener{Address: "127.0.0.1:0"},
		Admin:  server.Admin{Address: "127.0.0.1:0", Metrics: m.Handler(), Level: log},
		Mounts: []server.Mount{
			{Pattern: "/odata/*", FrontEnd: "odata", Handler: feeds},
			{Pattern: "/sql", FrontEnd: "sql", Handler: http.HandlerFunc(sql.Query)},
			{Pattern: "/sql/explain", FrontEnd: "sql", Handler: http.HandlerFunc(sql.Explain)},
			{Pattern: "/sql/{id}", FrontEnd: "sql", Handler: http.HandlerFunc(sql.Running)},
			{Pattern: "/docs", FrontEnd: "docs", Handler: docs, Open: true},
		},
		Checks: checks, OpenAPI: description, Sink: m,
	})
	require.NoError(t, err)
	return s.Handler(), s.AdminHandler()
}

type exchange struct {
	name    string
	path    string // of the description
	params  map[string]string
	method  string
	target  string
	headers map[string]string
	body    string
	status  int
	// invalid requests break the description on purpose.
	invalid bool
}

func exchanges() []exchange {
	schema := map[string]string{"connection": "lib", "schema": "Main"}
	books := map[string]string{"connection": "lib", "schema": "Main", "entitySet": "Books"}
	one := map[string]string{"connection": "lib", "schema": "Main", "entitySet": "Books", "key": odatatest.ID("book", 1), "property": "Title"}
	at := "/odata/lib/Main/"
	key := "Books(" + odatatest.ID("book", 1) + ")"
	asJSON := map[string]string{"Content-Type": "application/json"}
	return []exchange{
		{name: "services", path: "/odata/{connection}/", params: schema, target: "/odata/lib/", status: 200},
		{name: "service document", path: "/odata/{connection}/{schema}/", params: schema, target: at, status: 200},
		{name: "unknown schema", path: "/odata/{connection}/{schema}/", params: schema, target: "/odata/lib/Nothing/", status: 404},
		{name: "metadata as XML", path: "/odata/{connection}/{schema}/$metadata", params: schema, target: at + "$metadata", status: 200},
		{name: "metadata as JSON", path: "/odata/{connection}/{schema}/$metadata", params: schema, target: at + "$metadata?$format=json", status: 200},
		{name: "feed", path: "/odata/{connection}/{schema}/{entitySet}", params: books, target: at + "Books?$top=3&$count=true&$filter=Pages%20gt%201&$select=Id,Title", status: 200},
		{name: "page", path: "/odata/{connection}/{schema}/{entitySet}", params: books, target: at + "Books", headers: map[string]string{"Prefer": "odata.maxpagesize=2"}, status: 200},
		{name: "bad filter", path: "/odata/{connection}/{schema}/{entitySet}", params: books, target: at + "Books?$filter=Pages%20gt", status: 400},
		{name: "bad top", path: "/odata/{connection}/{schema}/{entitySet}", params: books, target: at + "Books?$top=x", status: 400, invalid: true},
		{name: "forged next link", path: "/odata/{connection}/{schema}/{entitySet}", params: books, target: at + "Books?$skiptoken=forged", status: 410},
		{name: "batch", path: "/odata/{connection}/{schema}/$batch", params: schema, method: "POST", target: at + "$batch", headers: asJSON, body: `{"requests":[{"id":"1","method":"GET","url":"Books/$count"}]}`, status: 200},
		{name: "count", path: "/odata/{connection}/{schema}/{entitySet}/$count", params: books, target: at + "Books/$count", status: 200},
		{name: "entity", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, target: at + key, status: 200},
		{name: "a new entity where none may be made", path: "/odata/{connection}/{schema}/{entitySet}", params: books, method: "POST", target: at + "Books", headers: asJSON, body: `{"Title":"x"}`, status: 403},
		{name: "a change where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "PATCH", target: at + key, headers: asJSON, body: `{"Title":"x"}`, status: 403},
		{name: "a replacement where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "PUT", target: at + key, headers: asJSON, body: `{"Title":"x"}`, status: 403},
		{name: "a deletion where none is allowed", path: "/odata/{connection}/{schema}/{entitySet}({key})", params: one, method: "DELETE", target: at + key, status: 403},
		{name: "property", path: "/odata/{connection}/{schema}/{entitySet}({key})/{property}", params: one, target: at + key + "/Title", status: 200},
		{name: "value", path: "/odata/{connection}/{schema}/{entitySet}({key})/{property}/$value", params: one, target: at + key + "/Title/$value", status: 200},
		{name: "SQL", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{"query":"SELECT Id FROM t WHERE a = ?","parameters":["x",1,null]}`, status: 200},
		{name: "SQL, named parameters", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{"query":"SELECT 1","parameters":{"a":true}}`, status: 200},
		{name: "SQL as CSV", path: "/sql", method: "POST", target: "/sql?format=csv", headers: asJSON, body: `{"query":"SELECT 1"}`, status: 200},
		{name: "SQL as NDJSON", path: "/sql", method: "POST", target: "/sql?format=ndjson", headers: asJSON, body: `{"query":"SELECT 1"}`, status: 200},
		{name: "SQL by link", path: "/sql", target: "/sql?query=SELECT%201", status: 200},
		{name: "bad column", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{"query":"SELECT bad"}`, status: 400},
		{name: "no query", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{}`, status: 400, invalid: true},
		{name: "unknown member", path: "/sql", method: "POST", target: "/sql", headers: asJSON, body: `{"query":"x","querry":"y"}`, status: 400, invalid: true},
		{name: "explain", path: "/sql/explain", method: "POST", target: "/sql/explain", headers: asJSON, body: `{"query":"SELECT 1"}`, status: 200},
		{name: "progress of a query that is not there", path: "/sql/{id}", params: map[string]string{"id": "my-query-1"}, target: "/sql/my-query-1", status: 404},
		{name: "the end of a query that is not there", path: "/sql/{id}", params: map[string]string{"id": "my-query-1"}, method: "DELETE", target: "/sql/my-query-1", status: 404},
		{name: "description", path: "/openapi.yaml", target: "/openapi.yaml", status: 200},
		{name: "documentation", path: "/docs", target: "/docs", status: 308},
		{name: "first page", path: "/", target: "/", status: 302},
		{name: "health", path: "/healthz", target: "/healthz", status: 200},
		{name: "readiness", path: "/readyz", target: "/readyz", status: 503},
		{name: "readiness in words", path: "/readyz", target: "/readyz?verbose", status: 503},
		{name: "metrics", path: "/metrics", target: "/metrics", status: 200},
		{name: "log level", path: "/loglevel", target: "/loglevel", status: 200},
		{name: "change of the log level", path: "/loglevel", method: "POST", target: "/loglevel", headers: asJSON, body: `{"level":"debug"}`, status: 200},
		{name: "unknown log level", path: "/loglevel", method: "POST", target: "/loglevel", headers: asJSON, body: `{"level":"loud"}`, status: 400, invalid: true},
	}
}

func TestExchangesFollowTheDescription(t *testing.T) {
	t.Parallel()
	doc, text := description(t)
	public, admin := handlers(t, text)

	tried := map[string]bool{}
	for _, x := range exchanges() {
		if x.method == "" {
			x.method = http.MethodGet
		}
		tried[x.method+" "+x.path] = true
		t.Run(x.name, func(t *testing.T) {
			item := doc.Paths.Value(x.path)
			require.NotNil(t, item, x.path)
			h := public
			if len(item.Servers) > 0 {
				h = admin
			}
			check(t, doc, item, x, func(r *http.Request) (int, http.Header, []byte) {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				return w.Code, w.Header(), w.Body.Bytes()
			})
		})
	}
	allTried(t, doc, tried, "/oauth/", "/mcp") // TestTheServiceFollowsTheDescription tries these
}

// plainBodies makes kin-openapi take bodies as texts that it has no decoder
// for; its register is one for the process.
var plainBodies = sync.OnceFunc(func() {
	for _, plain := range []string{
		"application/xml", "application/yaml", "text/html", "application/x-ndjson", "text/csv", "application/openmetrics-text",
		"application/vnd.apache.arrow.stream", "text/event-stream",
	} {
		openapi3filter.RegisterBodyDecoder(plain, openapi3filter.PlainBodyDecoder)
	}
})

// description loads and validates openapi.yaml.
func description(t *testing.T) (*openapi3.T, []byte) {
	t.Helper()
	plainBodies()
	text, err := os.ReadFile(filepath.Join("..", "..", "openapi.yaml"))
	require.NoError(t, err)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	return doc, text
}

// allTried checks that every operation was tried, but for paths that begin
// with elsewhere.
func allTried(t *testing.T, doc *openapi3.T, tried map[string]bool, elsewhere ...string) {
	t.Helper()
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !slices.ContainsFunc(elsewhere, func(begin string) bool { return strings.HasPrefix(path, begin) }) {
				assert.True(t, tried[method+" "+path], "%s %s is described but not tried", method, path)
			}
		}
	}
}

// check sends a request and holds both it and its answer against the
// description.
func check(t *testing.T, doc *openapi3.T, item *openapi3.PathItem, x exchange, send func(*http.Request) (int, http.Header, []byte)) {
	t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequest(x.method, x.target, strings.NewReader(x.body))
		if x.body == "" {
			r = httptest.NewRequest(x.method, x.target, nil)
		}
		r.RemoteAddr, r.Host = "127.0.0.1:1", "localhost"
		for k, v := range x.headers {
			r.Header.Set(k, v)
		}
		return r
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request(), PathParams: x.params,
		Route:   &routers.Route{Spec: doc, Path: x.path, PathItem: item, Method: x.method, Operation: item.GetOperation(x.method)},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	err := openapi3filter.ValidateRequest(t.Context(), input)
	assert.Equal(t, x.invalid, err != nil, "the request: %v", err)

	status, header, body := send(request())
	require.Equal(t, x.status, status, string(body))
	// As a client reads it: the service spells OData-Version as OData does.
	read := http.Header{}
	for name, values := range header {
		read[http.CanonicalHeaderKey(name)] = values
	}
	answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: status, Header: read, Options: input.Options}
	answer.SetBodyBytes(body)
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), answer), string(body))
}
