package pgwire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// What the first packet of a connection may be (section 55.7).
const (
	codeCancel = 80877102
	codeTLS    = 80877103
	codeGSS    = 80877104
	// maxStartup bounds it, in bytes, and maxPassword a password message.
	maxStartup  = 10_000
	maxPassword = 24 << 10
)

// open answers what comes before the start of a session, and returns the
// session's parameters; nil where there is to be none.
func (c *conn) open() (map[string]string, error) {
	if c.surplus {
		return nil, state("53300", gwerr.New(gwerr.Busy, "Too many clients are connected.", "Close a connection, or raise postgres.connections."))
	}
	for range 3 { // GSS, TLS and the start itself
		body, err := c.packet()
		if err != nil {
			return nil, err
		}
		switch code := number(body); code {
		case codeCancel:
			if len(body) > 8 {
				c.server.cancel(number(body[4:]), body[8:])
			}
			return nil, nil
		case codeTLS:
			if err := c.secure(); err != nil {
				return nil, err
			}
		case codeGSS:
			if _, err := c.net.Write([]byte{'N'}); err != nil {
				return nil, err
			}
		default:
			return c.start(body, code)
		}
	}
	return nil, protocolError("The client doesn't begin a session.")
}

// packet reads a packet without a type.
func (c *conn) packet() ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(c.net, size[:]); err != nil {
		return nil, io.EOF // a probe of the port
	}
	n := number(size[:])
	if n < 8 || n > maxStartup {
		return nil, protocolError("The first packet has an impossible length.")
	}
	body := make([]byte, n-4)
	_, err := io.ReadFull(c.net, body)
	return body, err
}

// secure turns to TLS if that is offered.
func (c *conn) secure() error {
	config := c.server.cfg.TLS()
	if config == nil || c.tls != nil {
		_, err := c.net.Write([]byte{'N'})
		return err
	}
	if _, err := c.net.Write([]byte{'S'}); err != nil {
		return err
	}
	t := tls.Server(c.net, c.noting(config))
	ctx, cancel := context.WithTimeout(c.ctx, c.server.cfg.SignInTime)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return io.EOF // which the client knows
	}
	shown := t.ConnectionState()
	c.net, c.out.to, c.tls = t, t, &shown
	return nil
}

// start reads the parameters of the session and begins to read ahead.
func (c *conn) start(body []byte, version uint32) (map[string]string, error) {
	if version>>16 != 3 {
		return nil, state("0A000", gwerr.New(gwerr.NotImplemented, "The client speaks another version of the protocol.", "Use a driver for PostgreSQL 7.4 or later."))
	}
	params := map[string]string{}
	fields := strings.Split(string(body[4:]), "\x00")
	for i := 0; i+1 < len(fields) && fields[i] != ""; i += 2 {
		params[fields[i]] = fields[i+1]
	}
	in := newIntake(c.net, func() { c.cancel(errGone) })
	c.mu.Lock()
	c.in = in
	c.mu.Unlock()
	if c.server.isStopping() {
		in.wake()
	}
	c.backend = pgproto3.NewBackend(in, io.Discard)
	var extensions []string
	for name := range params {
		if strings.HasPrefix(name, "_pq_.") {
			extensions = append(extensions, name)
		}
	}
	if version&0xffff != 0 || len(extensions) > 0 { // only version 3.0 is spoken, without extensions
		slices.Sort(extensions)
		c.out.message(&pgproto3.NegotiateProtocolVersion{UnrecognizedOptions: extensions})
	}
	return params, nil
}

// signIn finds out who the client is and makes it ready for statements.
func (d *dialog) signIn() error {
	login := Login{User: d.params["user"], Database: d.params["database"], Remote: d.conn.remote(), TLS: d.conn.tls}
	if d.params["replication"] != "" && !strings.EqualFold(d.params["replication"], "false") {
		return state("0A000", gwerr.New(gwerr.NotImplemented, "Replication is not offered.", ""))
	}
	cfg := &d.conn.server.cfg
	var err error
	if !cfg.Passwords || cfg.Certificates && shownCertificate(login.TLS) {
		d.session, err = cfg.SignIn(d.conn.ctx, login)
	}
	if d.session == nil && cfg.Passwords {
		if verifier, ok := cfg.Verifier(login.User); ok {
			err = d.prove(&login, verifier)
		} else {
			login.Password, err = d.password(login)
		}
		if err != nil {
			return err
		}
		d.session, err = cfg.SignIn(d.conn.ctx, login)
	}
	if err == nil && login.Proof == Refuted {
		err = gwerr.New(gwerr.Unauthenticated, "The credentials are not valid.", "Check the key; it may have expired or been revoked.")
	}
	if err != nil {
		return err
	}
	return d.greet()
}

func shownCertificate(t *tls.ConnectionState) bool { return t != nil && len(t.VerifiedChains) > 0 }

// password asks for the password, in clear text: it is a token, of which its
// issuer alone knows whether it is right, or a key whose user doesn't name it, so
// that SCRAM has nothing to prove it by. TLS keeps it from others.
func (d *dialog) password(l Login) (string, error) {
	if err := d.conn.server.cfg.passwordAllowed(l); err != nil {
		return "", err
	}
	d.conn.out.message(&pgproto3.AuthenticationCleartextPassword{})
	if err := d.conn.out.flush(); err != nil {
		return "", err
	}
	d.conn.backend.SetMaxBodyLen(maxPassword)
	m, err := d.conn.backend.Receive()
	if err != nil {
		return "", received(err)
	}
	p, ok := m.(*pgproto3.PasswordMessage)
	if !ok {
		return "", protocolError("A password was expected.")
	}
	return p.Password, nil
}

func (c *Config) passwordAllowed(l Login) error {
	if l.TLS != nil || !c.RequireTLS || l.Remote.IsLoopback() {
		return nil
	}
	return state("28000", gwerr.New(gwerr.Unauthenticated, "A password would cross the network in clear text.",
		"Connect with sslmode=require; the administrator configures a certificate, or postgres.require_tls: false behind a proxy that has one."))
}

// greet tells a client that has signed in what it may rely on.
func (d *dialog) greet() error {
	d.settings.database = d.session.Database()
	_, d.schema, _ = strings.Cut(d.params["database"], ".")
	if err := d.checkSchema(); err != nil {
		return err
	}
	d.settings.start(d.params)
	out := &d.conn.out
	out.message(&pgproto3.AuthenticationOk{})
	for _, name := range reported {
		value, _ := d.settings.get(name)
		out.message(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	out.message(&pgproto3.BackendKeyData{ProcessID: d.conn.pid, SecretKey: d.conn.secret})
	d.conn.backend.SetMaxBodyLen(d.conn.server.cfg.MessageBytes + 1024)
	return d.ready()
}

// checkSchema proves that the caller sees the schema of its session.
func (d *dialog) checkSchema() (err error) {
	w := d.conn.begin(0)
	defer w.end()
	inner, r, err := d.session.Begin(w.ctx, d.schema, "")
	if err != nil {
		return err
	}
	defer func() { r.End(err) }()
	name := d.schema
	if name == "" {
		name = r.Default()
	}
	s, err := r.Schema(inner, name)
	switch {
	case err == nil:
		d.shown = s.Name
	case d.schema == "":
		d.shown = name // what is wrong with it, statements will tell
		return nil
	case gwerr.Is(err, gwerr.UnknownSchema):
		err = state("3D000", gwerr.From(err))
	}
	return err
}

// received makes an error of the protocol of what Receive returned.
func received(err error) error {
	var large *pgproto3.ExceededMaxBodyLenErr
	var timeout net.Error
	switch {
	case errors.As(err, &large):
		return state("08P01", gwerr.Newf(gwerr.TooLarge, "A message of %d bytes is larger than %d.", large.ActualBodyLen, large.MaxExpectedBodyLen).WithHint("Shorten the statement or its parameters."))
	case errors.Is(err, errWoken):
		return state("57P01", errStopping)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return io.EOF
	case errors.As(err, &timeout):
		return io.EOF
	default:
		return protocolError("A message can't be read.")
	}
}

func protocolError(message string) error {
	return state("08P01", gwerr.New(gwerr.BadRequest, message, ""))
}
