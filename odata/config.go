package odata

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/odata/async"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Request is what one request of a caller may do. Its methods may be called by
// several goroutines.
type Request interface {
	// Names lists the schemas that the caller may see.
	Names(ctx context.Context) ([]catalog.SchemaName, error)
	// Schema returns the schema of that name or id; the error is
	// gwerr.UnknownSchema if there is none.
	Schema(ctx context.Context, name string) (*catalog.Schema, error)
	// Bind checks a statement, whose tables are named with their schemas, and gives
	// the query that it is.
	Bind(ctx context.Context, st query.Statement) (*query.Query, error)
	// Plan tells in lines how a bound query would be read.
	Plan(ctx context.Context, q *query.Query) ([]string, error)
	// Query starts a bound query, whose rows are all wanted.
	Query(ctx context.Context, q *query.Query) (scan.Rows, error)
	// Page reads a part of q's rows. key are the result's columns, by position,
	// that tell rows apart. Package reading has what an implementation needs.
	Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (reading.Rows, error)
	// Count returns the number of rows of q.
	Count(ctx context.Context, q *query.Query) (int64, error)
	// CountTold reports whether the source tells the number of rows of a plain query, so
	// that Count doesn't read them.
	CountTold(ctx context.Context, q *query.Query) (bool, error)
	// Writable returns a table as the caller may change it; the error is
	// gwerr.ReadOnly where it may not.
	Writable(ctx context.Context, schema, table string) (*catalog.Table, error)
	// Change carries a change out.
	Change(ctx context.Context, c *change.Change) (*change.Done, error)
	// Procedures are those of the schema, or those that the caller may call.
	Procedures(s *catalog.Schema, callable bool) procedure.Set
	// Call calls one of them. The caller closes the rows, of which there is one.
	Call(ctx context.Context, c *procedure.Call) (*query.Answer, error)
	// Notes tell what the caller should know of the rows read so far, such as
	// which part of a table they are.
	Notes() []string
	// Returned counts rows of the answer before they are sent: entities, and
	// those of expanded collections. Its error refuses them.
	Returned(rows int64) error
	// End accounts for the request; err is nil for a whole answer.
	End(err error)
}

// Config is what a Handler needs.
type Config struct {
	// Prefix is the path below which the first segment names a schema, such as
	// "/odata/pingone/".
	Prefix string
	// Begin admits a request of the caller that the context carries, and returns
	// the context under which it works. statement is its address.
	Begin func(ctx context.Context, statement string) (context.Context, Request, error)
	// Namespace of the entity types; "" means edm.DefaultNamespace.
	Namespace string
	// BaseURL gives the public scheme, host and path in front of Prefix,
	// without a slash at the end. nil takes the request's own host, which is
	// right only where no proxy stands before the gateway.
	BaseURL func(*http.Request) string
	// Caller names who asks; continuation links work for that caller alone. nil
	// makes no difference between callers.
	Caller func(context.Context) string
	// Key signs continuation links. All replicas share it; at least 16 bytes.
	Key []byte
	// FormerKeys are still accepted, so that keys can be changed while feeds are
	// being read.
	FormerKeys [][]byte
	// LinkLifetime is how long continuation links are accepted; 0 means a day.
	LinkLifetime time.Duration
	// PageRows is the page size where a client prefers none; 0 sends a whole
	// result in one answer. What is expected to fit is sent whole even if it
	// turns out to be larger.
	PageRows int64
	// MaxPageRows bounds the page size that a client may prefer; 0 means no
	// bound.
	MaxPageRows int64
	// MaxBody bounds the body of an entity in bytes; 0 means 1 MiB.
	MaxBody int64
	// Writable says in $metadata that entities can be changed. Whether a caller
	// may do so is the Request's business.
	Writable bool
	// Changed is the column that tells when an entity was last changed, in the
	// tables that have one: their entity tags are made of it. "" for no tags.
	Changed string
	// Changes tells which entities were changed, for delta links; nil for none.
	Changes *catalog.ChangeLog
	// Async keeps the answers that clients don't wait for; nil has all of them wait.
	Async *async.Store
	// Limits bound addresses.
	Limits uri.Limits
	// Sink receives events; nil drops them.
	Sink observe.Sink
	// Failed is told every error that a request ends with, causes included; nil
	// ignores them.
	Failed func(context.Context, error)
	// Clock is the time; nil means time.Now.
	Clock func() time.Time
}

const (
	minKeyBytes     = 16
	defaultLifetime = 24 * time.Hour
)

// Handler serves the schemas of one connection. It is safe for concurrent use.
type Handler struct {
	cfg   Config
	model edm.Options
	links signer
}

// New returns a Handler, or an error that says what the configuration lacks.
func New(cfg Config) (*Handler, error) {
	switch {
	case cfg.Begin == nil:
		return nil, errors.New("odata: nothing is there that could begin requests")
	case !strings.HasPrefix(cfg.Prefix, "/") || !strings.HasSuffix(cfg.Prefix, "/"):
		return nil, errors.New("odata: the prefix must begin and end with a slash")
	case len(cfg.Key) < minKeyBytes:
		return nil, errors.New("odata: the key for continuation links needs at least 16 bytes")
	case cfg.PageRows < 0 || cfg.MaxPageRows < 0:
		return nil, errors.New("odata: the page size is negative")
	}
	if cfg.Namespace == "" {
		cfg.Namespace = edm.DefaultNamespace
	}
	if cfg.BaseURL == nil {
		cfg.BaseURL = ownHost
	}
	if cfg.Caller == nil {
		cfg.Caller = func(context.Context) string { return "" }
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.LinkLifetime <= 0 {
		cfg.LinkLifetime = defaultLifetime
	}
	if cfg.Sink == nil {
		cfg.Sink = observe.Discard
	}
	if cfg.Failed == nil {
		cfg.Failed = func(context.Context, error) {}
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Handler{
		cfg:   cfg,
		model: edm.Options{Namespace: cfg.Namespace, Expand: true, Writable: cfg.Writable, Changed: cfg.Changed, Async: cfg.Async != nil, Changes: cfg.Changes},
		links: signer{keys: append([][]byte{cfg.Key}, cfg.FormerKeys...), lifetime: cfg.LinkLifetime},
	}, nil
}

func ownHost(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
