package pgwire

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// Why connections and statements end that did not end themselves.
var (
	errStopping      = gwerr.New(gwerr.Busy, "The gateway is stopping.", "Connect again; another replica answers.")
	errCanceled      = gwerr.New(gwerr.Canceled, "The statement was cancelled on the client's request.", "")
	errStatementTime = gwerr.New(gwerr.Timeout, "The statement took longer than statement_timeout.", "Set a longer one.")
	errGone          = gwerr.New(gwerr.Canceled, "The client went away.", "")
)

// Server speaks the protocol on a listener. Use New.
type Server struct {
	cfg Config
	// base is what all work is done under; cut ends it.
	base context.Context
	cut  context.CancelCauseFunc

	mu       sync.Mutex
	listener net.Listener
	stopping chan struct{} // closed by the first Shutdown
	conns    map[uint32]*conn
	last     uint32
	serving  sync.WaitGroup
}

// New returns a server.
func New(cfg Config) *Server {
	cfg.defaults()
	s := &Server{cfg: cfg, conns: map[uint32]*conn{}, stopping: make(chan struct{})}
	s.base, s.cut = context.WithCancelCause(context.Background())
	return s
}

// Serve takes connections until Shutdown, and returns http.ErrServerClosed once
// all of them have ended.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	if s.isStopping() {
		_ = l.Close()
	}
	defer s.serving.Wait()
	for pause := time.Duration(0); ; {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.take(c)
		case s.isStopping():
			return http.ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default: // too many open files and the like
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(pause):
			case <-s.stopping:
			}
		}
	}
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// take serves a connection in a goroutine of its own.
func (s *Server) take(n net.Conn) {
	c := newConn(s, n)
	s.mu.Lock()
	if len(s.conns) >= s.cfg.Connections {
		c.surplus = true
	}
	if len(s.conns) >= 2*s.cfg.Connections || s.isStopping() {
		s.mu.Unlock()
		_ = n.Close()
		return
	}
	for s.last++; s.last == 0 || s.conns[s.last] != nil; s.last++ {
	}
	c.pid = s.last
	s.conns[c.pid] = c
	s.serving.Add(1)
	s.mu.Unlock()
	s.cfg.Sink.Observe(s.base, observe.InFlight{What: "wire_connections", Delta: 1})
	go func() {
		defer s.serving.Done()
		defer s.leave(c)
		// What ends a connection is told to its client or, if that has gone, to nobody.
		_ = safely.Do(s.base, s.cfg.Sink, observe.InRequest, func() error { c.serve(); return nil })
	}()
}

func (s *Server) leave(c *conn) {
	c.close()
	s.mu.Lock()
	delete(s.conns, c.pid)
	s.mu.Unlock()
	s.cfg.Sink.Observe(s.base, observe.InFlight{What: "wire_connections", Delta: -1})
}

// cancel ends the statement of another connection (section 55.2.8).
func (s *Server) cancel(pid uint32, secret []byte) {
	s.mu.Lock()
	c := s.conns[pid]
	s.mu.Unlock()
	if c != nil && c.secretIs(secret) {
		c.interrupt(errCanceled)
	}
}

// Shutdown takes no more connections, lets statements at work end, and closes
// each connection after its own. It returns early with the context's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.isStopping() {
		close(s.stopping)
		if s.listener != nil {
			_ = s.listener.Close()
		}
	}
	for _, c := range s.conns {
		c.wake()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.serving.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all statements; their clients are told.
func (s *Server) Close() error {
	s.cut(errStopping)
	closed, cancel := context.WithTimeout(context.Background(), s.cfg.SendTime)
	defer cancel()
	err := s.Shutdown(closed)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.socket.Close()
	}
	return err
}

// newSecret makes the key by which a client cancels.
func newSecret() []byte {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return b[:]
}

func number(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
