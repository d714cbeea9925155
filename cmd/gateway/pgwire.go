package main

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/scram"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
	"github.com/pingone-gateway/gateway/tokens"
)

// wireName is the listener of the PostgreSQL protocol.
const wireName = "postgres"

// wire is the listener of the PostgreSQL protocol, if it is on.
func (a *app) wire() []server.Endpoint {
	c := a.config.Postgres
	if c.Address == "" {
		return nil
	}
	return []server.Endpoint{{Name: wireName, Option: "postgres.address", Address: c.Address, Protocol: pgwire.New(pgwire.Config{
		SignIn: a.signIn, Verifier: a.verifier, Passwords: !a.config.Auth.Has(config.AuthNone), Certificates: a.config.Auth.Has(config.AuthCertificate),
		TLS:        func() *tls.Config { return a.server.TLS("postgresql") },
		RequireTLS: c.RequireTLS, Connections: c.Connections, MessageBytes: int(a.config.Limits.RequestBytes), Sink: a.sink,
	})}}
}

// wireSession is a client of the wire. Its credentials are proved again for each
// statement, as for each request of HTTP: a key that is revoked, or a token at
// its end, ends the session's rights.
type wireSession struct {
	app         *app
	credentials auth.Credentials
	connection  string
}

// signIn finds out who the client is, and which connection it wants.
func (a *app) signIn(ctx context.Context, l pgwire.Login) (pgwire.Session, error) {
	if !httpguard.Allowed(a.config.AllowIPs, l.Remote) {
		return nil, gwerr.New(gwerr.Forbidden, "Your network is not allowed here.", "Ask the administrator to add it to the allowed networks.")
	}
	s := &wireSession{app: a, credentials: auth.Credentials{Remote: l.Remote, Certificate: auth.CertificateOf(l.TLS)}}
	if l.Password != "" {
		s.credentials.Scheme, s.credentials.User, s.credentials.Secret = auth.Password, l.User, tokens.NewSecret(l.Password)
	}
	switch l.Proof {
	case pgwire.NoProof:
	case pgwire.Proved:
		s.credentials.Scheme, s.credentials.User = auth.Proved, l.User
	case pgwire.Refuted: // which is told and counted as any other wrong key
		s.credentials.Scheme, s.credentials.User = auth.Proved, "?"
	}
	var err error
	if s.connection, err = a.database(l); err != nil {
		return nil, err
	}
	_, err = a.callers.authenticator.Authenticate(ctx, s.credentials)
	if err != nil {
		if a.trail != nil && !s.credentials.Empty() {
			refused := audit.Record{Action: "sign_in", FrontEnd: pgwire.FrontEnd, Remote: addressOf(l.Remote), Started: time.Now(), Err: err}
			if kept := a.trail.Record(ctx, refused); kept != nil {
				err = kept
			}
		}
		return nil, err
	}
	return s, nil
}

// verifier is what proves the key that a user names, so that it need not be sent.
func (a *app) verifier(user string) (v scram.Verifier, ok bool) {
	if a.callers.keys == nil {
		return v, false
	}
	return a.callers.keys.Verifier(user)
}

// database is the connection that a database names: connection, or
// connection.schema. What clients send where nobody names one, which is the
// user's name or postgres, is the default connection.
func (a *app) database(l pgwire.Login) (string, error) {
	name, _, _ := strings.Cut(l.Database, ".")
	names := a.config.ConnectionNames()
	at := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	switch {
	case at >= 0:
		return names[at], nil
	case name == "", name == l.User, name == "postgres", strings.EqualFold(name, "CData"):
		return a.pool.Default(), nil
	}
	return "", a.config.NoConnection(name)
}

// Database implements pgwire.Session.
func (s *wireSession) Database() string { return s.connection }

// Begin implements pgwire.Session.
func (s *wireSession) Begin(ctx context.Context, schema, statement string) (context.Context, pgwire.Request, error) {
	caller, err := s.app.callers.authenticator.Authenticate(ctx, s.credentials)
	if err != nil {
		return ctx, nil, err
	}
	ctx, end := s.app.tracer.Statement(auth.WithPrincipal(context.WithValue(ctx, remoteKey{}, s.credentials.Remote), caller))
	ctx, r, err := s.app.service.Open(ctx, s.connection, pgwire.FrontEnd).In(schema).Begin(ctx, statement)
	if err != nil {
		end()
		return ctx, nil, err
	}
	return ctx, &wireRequest{r, end}, nil
}

// wireRequest ends its span with itself.
type wireRequest struct {
	*service.Request
	end func()
}

// End implements pgwire.Request.
func (r *wireRequest) End(err error) {
	r.Request.End(err)
	r.end()
}
