// Package service answers the requests of callers, whatever front end they came
// through: a session finds the connection, shows the caller its part of the
// catalog, holds it to its limits, runs its queries and accounts for them.
//
// Front ends know the caller's request; packages below know only tables. What
// ties the two together stands here, once.
package service

import (
	"cmp"
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/change"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/results"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// Database is one connection as sessions work on it: what can be read and changed
// over it, and within which limits.
type Database struct {
	Name string
	// Provider gives the whole catalog.
	Provider catalog.Provider
	Executor *exec.Executor
	// MaxRows bounds a result; 0 means no bound.
	MaxRows int64
	// ReadOnly refuses all changes. Writer makes them, and MaxAffected bounds the
	// rows of each; 0 means no bound.
	ReadOnly    bool
	Writer      change.Writer
	MaxAffected int64
	// Allows are properties that allow what writes alone don't, such as
	// AllowSchemaDelete.
	Allows map[string]bool
	// Procedures can be called on the connection.
	Procedures procedure.Set
	// Views are those of the configuration; nil for none.
	Views *Views
	// Properties are listed by sys_connection_props.
	Properties []system.Property
	// Hold keeps the connection open for longer than the context it was asked
	// for under, until release; nil where connections never close.
	Hold func() (release func())
	// Release gives the connection back before that context ends; nil where
	// connections never close.
	Release func()
}

// hold keeps the connection open until release.
func (c *Database) hold() (release func()) {
	if c.Hold == nil {
		return func() {}
	}
	return c.Hold()
}

func (c *Database) release() {
	if c.Release != nil {
		c.Release()
	}
}

// Pool gives connections. A caller that is passed through to the directory
// with its own credentials gets one of its own.
type Pool interface {
	// Database is that of the connection of that name, "" for the default one,
	// which stays open until ctx ends, or until it is released. The error is gwerr.NotFound if
	// there is none.
	Database(ctx context.Context, name string, p *auth.Principal) (*Database, error)
	// Default names the default connection.
	Default() string
}

// Binder checks and plans SQL.
type Binder interface {
	Bind(ctx context.Context, r duck.BindRequest) (*query.Query, error)
	View(ctx context.Context, r duck.BindRequest) (*query.Query, *catalog.View, error)
}

// Policy decides what callers see and may use.
type Policy interface {
	Provider(connection string, base catalog.Provider, p *auth.Principal) catalog.Provider
	Limits(p *auth.Principal) quota.Limits
	// Writable is as Provider, by the rights to write alone.
	Writable(connection string, base catalog.Provider, p *auth.Principal) catalog.Provider
	// MayWrite returns nil when the caller may change some rows of the table.
	MayWrite(connection string, schema catalog.SchemaName, table string, p *auth.Principal) error
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
	// ResultBytes bounds the results kept for callers who accept an age; 0 keeps
	// none.
	ResultBytes int64
	// Turns bound the requests at work.
	Turns Turns
	// Audit promises, before a request does anything, that its record will be
	// kept, and takes it afterwards; its error refuses the request. nil for no
	// audit trail.
	Audit func(ctx context.Context) (keep func(context.Context, audit.Record), err error)
	Sink  observe.Sink
	// MaxTime bounds a request; 0 means no bound.
	MaxTime time.Duration
	// RequestsPerMinute bounds each caller; 0 means no bound.
	RequestsPerMinute int
	// MaxRows bounds an answer; 0 means no bound.
	MaxRows int64
	// Aliases are further names of the default connection in SQL, such as
	// CData.
	Aliases []string
	// System are schemas of system tables beside those of every connection.
	System []*system.Schema
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service answers queries. It is safe for concurrent use.
type Service struct {
	config        Config
	turns, bodies *turns
	system        []*system.Schema
	results       *results.Store
}

// New returns a service.
func New(c Config) *Service {
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Readings == nil {
		c.Readings = reading.NewStore(reading.Options{})
	}
	return &Service{
		config: c, turns: newTurns(c.Turns, "queries", "queued", c.Sink), bodies: newBodies(c.Turns, c.Sink),
		system: append(system.Schemas(), c.System...), results: results.New(c.ResultBytes, c.Sink),
	}
}

// Close ends the readings that wait for their next page. Connections and the
// engine are closed after it.
func (s *Service) Close() { s.config.Readings.Close() }

// connection finds a connection, and the caller's view of its catalog.
func (s *Service) connection(ctx context.Context, name string, p *auth.Principal) (*Database, catalog.Provider, error) {
	c, err := s.config.Pool.Database(ctx, name, p)
	if err != nil {
		return nil, nil, err
	}
	if s.config.Policy == nil {
		return c, s.withViews(c, s.withAll(c, c.Provider)), nil
	}
	return c, s.withViews(c, s.withAll(c, s.config.Policy.Provider(c.Name, c.Provider, p))), nil
}

// catalogs are the names that may stand before a schema's.
func (s *Service) catalogs(c *Database) []string {
	names := []string{c.Name}
	if c.Name == s.config.Pool.Default() {
		names = append(names, s.config.Aliases...)
	}
	return names
}
