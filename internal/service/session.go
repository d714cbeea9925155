package service

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Session is a caller at a connection, through a front end: for one HTTP
// request, or for as long as a client of the wire stays. What its requests hold
// they give back themselves, so that a session needs no end of its own, and each
// of them finds the connection and the rights as they are by then.
type Session struct {
	service              *Service
	caller               *auth.Principal
	connection, frontEnd string
	// schema is that of unqualified tables; "" for the connection's own.
	schema string
}

// Open returns a session of the caller in ctx. connection is "" for the default
// one; whether the caller may use it shows when a request begins.
func (s *Service) Open(ctx context.Context, connection, frontEnd string) *Session {
	return &Session{service: s, caller: auth.FromContext(ctx), connection: connection, frontEnd: frontEnd}
}

// Begin admits one request, or one statement of the wire: it waits for a turn,
// counts against the caller's quota, and sets the deadline of the context
// returned, under which everything else is done. statement describes it for the
// audit trail. A request that is refused has ended, and has its record; any
// other must be ended.
func (s *Session) Begin(ctx context.Context, statement string) (context.Context, *Request, error) {
	r := newRequest(s, statement)
	inner, refused := r.admit(ctx)
	if refused != nil {
		r.release()
	}
	if audit := s.service.config.Audit; audit != nil {
		keep, err := audit(ctx)
		if err != nil {
			r.release()
			return ctx, nil, err
		}
		r.keep = keep
	}
	if refused != nil {
		r.account(ctx, refused)
		return ctx, nil, refused
	}
	return inner, r, nil
}

// In is the session with another schema of unqualified tables, "" for the
// connection's own.
func (s *Session) In(schema string) *Session {
	other := *s
	other.schema = schema
	return &other
}

// within has another schema of unqualified tables.
type within struct {
	catalog.Provider
	schema string
}

// Default implements catalog.Provider.
func (w *within) Default() string { return w.schema }
