// Package service answers the queries of callers, whatever front end they came
// through: it finds the connection, shows the caller its part of the catalog,
// holds it to its limits, runs the query and accounts for it.
//
// Front ends know the caller's request; packages below know only tables. What
// ties the two together stands here, once.
package service

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// Connection is one directory that can be queried.
type Connection struct {
	Name string
	// Provider gives the whole catalog.
	Provider catalog.Provider
	Executor *exec.Executor
	// MaxRows bounds a result; 0 means no bound.
	MaxRows int64
	// Calls returns a context that counts upstream calls made under it.
	Calls func(ctx context.Context) (context.Context, func() int64)
	// Procedures can be called on the connection.
	Procedures procedure.Set
	// Hold keeps the connection open for longer than the context it was asked
	// for under, until release; nil where connections never close.
	Hold func() (release func())
}

// hold keeps the connection open until release.
func (c *Connection) hold() (release func()) {
	if c.Hold == nil {
		return func() {}
	}
	return c.Hold()
}

// Pool gives connections. A caller that is passed through to the directory
// with its own credentials gets one of its own.
type Pool interface {
	// Connection returns the connection of that name, "" for the default one,
	// which stays open until ctx ends at least. The error is gwerr.NotFound if
	// there is none.
	Connection(ctx context.Context, name string, p *auth.Principal) (*Connection, error)
	// Default names the default connection.
	Default() string
}

// Binder checks and plans SQL.
type Binder interface {
	Bind(ctx context.Context, r duck.BindRequest) (*query.Query, error)
}

// Policy decides what callers see and may use.
type Policy interface {
	Provider(connection string, base catalog.Provider, p *auth.Principal) catalog.Provider
	Limits(p *auth.Principal) quota.Limits
	// MayCall returns nil when the caller may call the procedure.
	MayCall(procedure string, p *auth.Principal) error
}

// Config holds what a Service needs.
type Config struct {
	Pool   Pool
	Binder Binder
	// Policy is nil where every caller may read everything, and administrators
	// may call procedures.
	Policy Policy
	// Quota holds callers to their limits; nil for none.
	Quota *quota.Keeper
	// Readings keeps results that callers read in pages; nil makes a store of
	// the service's own. Close closes it.
	Readings *reading.Store
	// Audit promises, before a query, that its record will be kept, and takes
	// it afterwards; its error refuses the query. nil for no audit trail.
	Audit func(ctx context.Context) (keep func(context.Context, Record), err error)
	Sink  observe.Sink
	// MaxTime bounds a query; 0 means no bound.
	MaxTime time.Duration
	// RequestsPerMinute bounds each caller; 0 means no bound.
	RequestsPerMinute int
	// MaxRows bounds a result; 0 means no bound.
	MaxRows int64
	// Aliases are further names of the default connection in SQL, such as
	// CData.
	Aliases []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Record is one query for the audit trail.
type Record struct {
	// Action is "query", "explain" or "call".
	Action     string
	FrontEnd   string
	Connection string
	Statement  string
	Tables     []string // schema.table
	Rows       int64
	Calls      int64
	Duration   time.Duration
	Started    time.Time
	Err        error
	Principal  *auth.Principal
}

// Service answers queries. It is safe for concurrent use.
type Service struct {
	config Config
}

// New returns a service.
func New(c Config) *Service {
	if c.Sink == nil {
		c.Sink = observe.Discard
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Readings == nil {
		c.Readings = reading.NewStore(reading.Options{})
	}
	return &Service{config: c}
}

// Close ends the readings that wait for their next page. Connections and the
// engine are closed after it.
func (s *Service) Close() { s.config.Readings.Close() }

// Provider gives the caller's view of a connection's catalog.
func (s *Service) Provider(ctx context.Context, connection string) (catalog.Provider, error) {
	_, provider, err := s.connection(ctx, connection)
	return provider, err
}

func (s *Service) connection(ctx context.Context, name string) (*Connection, catalog.Provider, error) {
	p := auth.FromContext(ctx)
	if p == nil {
		return nil, nil, gwerr.New(gwerr.Unauthenticated, "No caller is known.", "Send credentials.")
	}
	c, err := s.config.Pool.Connection(ctx, name, p)
	if err != nil {
		return nil, nil, err
	}
	if s.config.Policy == nil {
		return c, c.Provider, nil
	}
	return c, s.config.Policy.Provider(c.Name, c.Provider, p), nil
}

// limits are the bounds of one query of the caller.
func (s *Service) limits(p *auth.Principal) quota.Limits {
	var l quota.Limits
	if s.config.Policy != nil {
		l = s.config.Policy.Limits(p)
	}
	if perSecond := float64(s.config.RequestsPerMinute) / 60; perSecond > 0 && (l.RequestsPerSecond == 0 || l.RequestsPerSecond > perSecond) {
		// A minute's requests may come at once: feed readers ask in bursts.
		l.RequestsPerSecond, l.Burst = perSecond, s.config.RequestsPerMinute
	}
	l.Time = tighter(l.Time, s.config.MaxTime)
	l.RowsPerQuery = tighter(l.RowsPerQuery, s.config.MaxRows)
	return l
}

// tighter is the smaller of two bounds, of which 0 means none.
func tighter[T int64 | time.Duration](a, b T) T {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
