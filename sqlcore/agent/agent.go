// Package agent shows tables to language models, and runs their SQL: the tools of
// a server of the Model Context Protocol, over HTTP or over standard input and
// output.
//
// It knows neither catalog nor engine: a Request of the caller reads. Nothing is
// ever changed through it, and every answer fits the reader's context: it has a
// bounded number of rows and bytes, and says whether there is more.
//
// Source: Model Context Protocol, revision 2025-11-25, "Tools" and "Transports".
package agent

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// FrontEnd names the requests of agents in metrics and in the audit trail.
const FrontEnd = "mcp"

// Request is what one call of a tool may do.
type Request interface {
	// Provider is the caller's view of the catalog.
	catalog.Provider
	// Bind checks a statement that reads.
	Bind(ctx context.Context, s query.Statement) (*query.Query, error)
	// Page reads a part of a bound query's rows.
	Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error)
	// Plan tells in lines how a bound query would be read.
	Plan(ctx context.Context, q *query.Query) ([]string, error)
	// Returned counts rows before they are sent; its error refuses them.
	Returned(rows int64) error
	// Notes tell what the caller should know of the rows read.
	Notes() []string
	// End accounts for the request; err is nil for a whole answer.
	End(err error)
}

// Config is what New needs.
type Config struct {
	// Version of the gateway.
	Version string
	// Begin admits a request of the caller that the context carries. connection is
	// "" for the default one.
	Begin func(ctx context.Context, connection, statement string) (context.Context, Request, error)
	// Connections are the names of all connections, the default one first.
	Connections []string
	// MaxBody bounds a request's body in bytes; 0 means 1 MiB.
	MaxBody int64
	// Tell is how often a client that asked for it is told that a call goes on; 0
	// means 5 s.
	Tell time.Duration
	Sink observe.Sink
}

// Server answers agents. It is safe for concurrent use, and keeps nothing of a
// client between two calls: any replica may answer the next one.
type Server struct {
	config Config
	mcp    *mcp.Server
}

// New returns a server.
func New(c Config) *Server {
	c.MaxBody = cmp.Or(c.MaxBody, 1<<20)
	c.Tell = cmp.Or(c.Tell, 5*time.Second)
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	s := &Server{config: c}
	s.mcp = mcp.NewServer(
		&mcp.Implementation{Name: "pingone-gateway", Title: "PingOne Gateway", Version: c.Version},
		&mcp.ServerOptions{Instructions: instructions(c.Connections), Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}},
	)
	s.mcp.AddReceivingMiddleware(withoutSubscriptions)
	s.addTools()
	return s
}

// instructions are what a model is told of the server.
func instructions(connections []string) string {
	text := "PingOne directories (users, groups, applications, sign-on policies, activities …) as tables. " +
		"Find tables with list_tables, learn a table's columns with describe_table, ask explain_sql what a large query costs, and read rows with run_sql. " +
		"Each environment of PingOne is a schema; a table without a schema's name is of the default one. " +
		"The SQL is DuckDB's. Nothing can be changed. PingOne limits the calls, so select the columns that you need, filter, and let SQL count and group."
	if len(connections) > 1 {
		text += " There are several connections: " + strings.Join(connections, ", ") + "; the first one is meant where none is named."
	}
	return text
}

// withoutSubscriptions refuses to keep a stream open for news: the tools never
// change.
func withoutSubscriptions(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, r mcp.Request) (mcp.Result, error) {
		if strings.HasPrefix(method, "subscriptions/") {
			return nil, gwerr.New(gwerr.NotImplemented, "The tools don't change; there is nothing to subscribe to.", "")
		}
		return next(ctx, method, r)
	}
}

// Handler serves the protocol over HTTP. Who may call, under which host names and
// from pages of which origins, is decided before it.
func (s *Server) Handler() http.Handler {
	h := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s.mcp }, &mcp.StreamableHTTPOptions{
		Stateless: true, MaxRequestBodyBytes: s.config.MaxBody,
		// A proxy on this machine passes on the name that clients know.
		DisableLocalhostProtection: true,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Accel-Buffering", "no") // nginx would hold back what is told on the way
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), lifeKey{}, r.Context())))
	})
}

type lifeKey struct{}

// lasting ends a call with the HTTP request that it came by: the SDK takes over the
// request's values alone.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	life, ok := ctx.Value(lifeKey{}).(context.Context)
	if !ok {
		return ctx, func() { cancel(nil) }
	}
	stop := context.AfterFunc(life, func() { cancel(context.Cause(life)) })
	return ctx, func() { stop(); cancel(nil) }
}

// Serve speaks the protocol over a pair of streams, one message a line, until the
// input or ctx ends. The caller is the one that ctx carries.
func (s *Server) Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser) error {
	return serve(ctx, s.mcp, in, out)
}

func serve(ctx context.Context, s *mcp.Server, in io.ReadCloser, out io.WriteCloser) error {
	err := s.Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
	if ended := ctx.Err(); errors.Is(err, io.EOF) || ended != nil && errors.Is(err, ended) {
		return nil
	}
	return err
}
