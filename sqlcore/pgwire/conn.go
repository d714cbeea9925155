package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// conn is a client's connection: the socket, what comes in and what goes out.
type conn struct {
	server *Server
	socket net.Conn
	// net is what is read and written: the socket, or TLS over it.
	net net.Conn
	tls *tls.ConnectionState
	// certificate is the one that was shown over TLS.
	certificate *tls.Certificate
	// surplus is true where there are as many others as there may be.
	surplus bool
	pid     uint32
	secret  []byte
	// ctx ends when the client goes away, or with the server.
	ctx    context.Context
	cancel context.CancelCauseFunc

	backend *pgproto3.Backend
	out     writer

	mu sync.Mutex
	in *intake
	// current is the statement at work; nil between statements.
	current *work
}

func newConn(s *Server, n net.Conn) *conn {
	c := &conn{server: s, socket: n, net: n, secret: newSecret()}
	c.out.to = n
	c.ctx, c.cancel = context.WithCancelCause(s.base)
	return c
}

func (c *conn) secretIs(secret []byte) bool { return subtle.ConstantTimeCompare(secret, c.secret) == 1 }

// interrupt ends the statement at work, if there is one.
func (c *conn) interrupt(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		c.current.cancel(cause)
	}
}

// wake ends the wait for a client that says nothing.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in != nil {
		c.in.wake()
	}
}

func (c *conn) close() {
	c.cancel(errGone)
	_ = c.socket.Close()
	c.mu.Lock()
	in := c.in
	c.mu.Unlock()
	if in != nil {
		in.close()
	}
}

// serve speaks with the client until one of both ends the connection.
func (c *conn) serve() {
	defer context.AfterFunc(c.server.base, func() {
		// What remains to be said to a client that listens.
		_ = c.socket.SetDeadline(time.Now().Add(c.server.cfg.SendTime))
	})()
	_ = c.socket.SetDeadline(time.Now().Add(c.server.cfg.SignInTime))
	params, err := c.open()
	if params == nil {
		if err != nil {
			c.fatal(err)
		}
		return
	}
	d := newDialog(c, params)
	if err := d.signIn(); err != nil {
		c.fatal(err)
		return
	}
	_ = c.socket.SetDeadline(time.Time{})
	if err := d.run(); err != nil {
		c.fatal(err)
	}
}

// fatal tells why the connection ends, to a client that is there.
func (c *conn) fatal(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return
	}
	c.out.error("FATAL", err, "", 0, "")
	_ = c.out.flush() // it ends in any case
}

// remote is the client's address; a socket's file is of this machine.
func (c *conn) remote() netip.Addr {
	if c.socket.RemoteAddr().Network() == "unix" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if a, ok := c.socket.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// work is a statement's time: from its start to its end the client's leaving, a
// cancel request and the server's end stop it.
type work struct {
	conn    *conn
	ctx     context.Context
	cancel  context.CancelCauseFunc
	release []func()
}

// begin makes the context of a statement. A client has SendTime to take what is
// left when it ends early.
func (c *conn) begin(timeout time.Duration) *work {
	w := &work{conn: c}
	w.ctx, w.cancel = context.WithCancelCause(observe.WithRequestID(c.ctx, rand.Text()))
	if timeout > 0 {
		var cancel context.CancelFunc
		w.ctx, cancel = context.WithTimeoutCause(w.ctx, timeout, errStatementTime)
		w.release = append(w.release, cancel)
	}
	stop := context.AfterFunc(w.ctx, w.hurry)
	w.release = append(w.release, func() { stop() })
	w.resume()
	return w
}

// resume lets the client end the statement; between rest and resume nobody does.
func (w *work) resume() {
	w.conn.mu.Lock()
	defer w.conn.mu.Unlock()
	w.conn.current = w
}

func (w *work) rest() {
	w.conn.mu.Lock()
	defer w.conn.mu.Unlock()
	if w.conn.current == w {
		w.conn.current = nil
	}
}

// hurry bounds the writing of what the statement has left.
func (w *work) hurry() {
	w.conn.mu.Lock()
	defer w.conn.mu.Unlock()
	if w.conn.current == w {
		_ = w.conn.socket.SetWriteDeadline(time.Now().Add(w.conn.server.cfg.SendTime))
	}
}

// end gives back what the statement holds.
func (w *work) end() {
	w.rest()
	for _, f := range w.release {
		f()
	}
	w.cancel(nil)
}

// reason says why work ended that was ended from outside.
func (w *work) reason(err error) error { return gwerr.Because(w.ctx, err) }

// unhurried takes back a bound of writing.
func (c *conn) unhurried() {
	if c.server.base.Err() == nil {
		_ = c.socket.SetWriteDeadline(time.Time{})
	}
}
