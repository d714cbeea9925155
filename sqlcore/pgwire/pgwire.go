// Package pgwire is SQL over the PostgreSQL frontend/backend protocol, version
// 3 (PostgreSQL 15 documentation, chapter 55), for psql, drivers and BI tools.
//
// It knows neither catalog nor engine: a Session admits statements, and a
// Request runs one. Rows are sent as they come, in as much memory as a batch
// takes; a client that goes away ends the work for it. There are no
// transactions: BEGIN, COMMIT and ROLLBACK are taken, and say so.
package pgwire

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/scram"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// FrontEnd labels the observations of this package.
const FrontEnd = "pgwire"

// Login is what a client signs in with.
type Login struct {
	User, Password string
	// Database is the connection, or connection.schema.
	Database string
	Remote   netip.Addr
	// TLS is nil for a connection without.
	TLS *tls.ConnectionState
	// Proof is Proved, without a password, where the client has proved that it
	// knows that of the user.
	Proof Proof
}

// Session is a caller who has signed in, for as long as the client stays.
type Session interface {
	// Database names the connection.
	Database() string
	// Begin admits one statement. schema is that of unqualified tables, "" for
	// the connection's own. A request that was admitted must be ended; what it
	// does runs under the context returned.
	Begin(ctx context.Context, schema, statement string) (context.Context, Request, error)
}

// Request is one statement at work.
type Request interface {
	catalog.Provider
	// SQL runs a statement. The caller closes the rows.
	SQL(ctx context.Context, s query.Statement) (*query.Answer, error)
	// Columns describes a statement's result without running it.
	Columns(ctx context.Context, s query.Statement) ([]query.Column, error)
	// Pause lets others work while the client asks for no rows; Resume waits
	// for a turn again.
	Pause()
	Resume(ctx context.Context) error
	// End accounts for the statement; err is nil for a whole answer.
	End(err error)
}

// Config holds what a Server needs.
type Config struct {
	// SignIn recognises a caller. Errors are of package gwerr.
	SignIn func(ctx context.Context, l Login) (Session, error)
	// Verifier gives what proves the password of a user whose password need not be
	// sent then; nil for none.
	Verifier func(user string) (v scram.Verifier, ok bool)
	// Passwords is true where clients are asked for one. Certificates is true
	// where a client certificate may do instead.
	Passwords, Certificates bool
	// TLS is how connections of clients that ask for it are encrypted; it gives
	// nil, or is nil, for not at all. RequireTLS refuses the passwords of
	// others, but for those of this host.
	TLS        func() *tls.Config
	RequireTLS bool
	// Connections bounds the clients at a time (100), Statements what each of
	// them may keep prepared (1,000), and MessageBytes a message (1 MiB).
	Connections, Statements, MessageBytes int
	// SignInTime is what a client has to sign in (30 s), and SendTime to take
	// what is left of an answer that ends early (5 s).
	SignInTime, SendTime time.Duration
	Sink                 observe.Sink
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (c *Config) defaults() {
	setIfZero(&c.Connections, 100)
	setIfZero(&c.Statements, 1000)
	setIfZero(&c.MessageBytes, 1<<20)
	setIfZero(&c.SignInTime, 30*time.Second)
	setIfZero(&c.SendTime, 5*time.Second)
	if c.TLS == nil {
		c.TLS = func() *tls.Config { return nil }
	}
	if c.Verifier == nil {
		c.Verifier = func(string) (v scram.Verifier, ok bool) { return v, false }
	}
	if c.Sink == nil {
		c.Sink = observe.Discard
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

func setIfZero[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
