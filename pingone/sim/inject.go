package sim

import (
	"bytes"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// inject makes a request go wrong. It reports whether it answered: if not, the
// call goes on as usual.
func (s *Server) inject(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	a, visit := newMemory(), targetOf(r).visit
	switch f.Do {
	case "revoke":
		s.RevokeTokens()
		return false
	case "reset":
		visit.end(0)
		reset(w)
		return true
	case "status":
		s.writeError(a, r, faultError(f))
	case "storm":
		seconds := 1
		if f.RetryAfter != nil {
			seconds = *f.RetryAfter
		}
		s.writeError(a, r, tooMany(seconds, 0))
	case "garbage":
		s.commonHeaders(a.header)
		a.header.Set("Content-Type", halJSON)
		a.body.WriteString(`{"_embedded":{"users":[{"id":"`) // whole for HTTP, broken for JSON
	case "slow":
		s.answer(r).trickle(w, r, time.Duration(f.For), visit)
		return true
	case "cut":
		a = s.answer(r)
		visit.end(a.status)
		a.cut(w)
	}
	visit.end(a.status)
	a.send(w)
	return true
}

// faultError is an answer with a status of choice.
func faultError(f *Fault) *apiError {
	e := &apiError{status: f.Status, code: "UNEXPECTED_ERROR", message: "An unexpected error occurred. Please try again later."}
	switch {
	case f.Status == http.StatusTooManyRequests:
		e = tooMany(0, 0)
	case f.Status == http.StatusUnauthorized:
		e = unauthorized("The token is not valid.")
	case f.Status == http.StatusForbidden:
		e = forbidden()
	case f.Status == http.StatusNotFound:
		e = notFound("The resource does not exist.")
	case f.Status < http.StatusInternalServerError:
		e = &apiError{status: f.Status, code: "REQUEST_FAILED", message: "The request could not be completed."}
	}
	e.retryAfter = f.RetryAfter
	return e
}

// reset closes the connection without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close sends RST
	}
	_ = conn.Close()
}

// memory is an answer that is kept before it is sent.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var memories = sync.Pool{New: func() any { return new(memory) }}

func newMemory() *memory {
	m, _ := memories.Get().(*memory)
	m.header, m.status = make(http.Header), http.StatusOK
	m.body.Reset()
	return m
}

// Header implements http.ResponseWriter.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader implements http.ResponseWriter.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *memory) Write(b []byte) (int, error) { return m.body.Write(b) }

// answer runs the request as usual and keeps what would have been sent.
func (s *Server) answer(r *http.Request) *memory {
	m := newMemory()
	s.dispatch(m, r)
	return m
}

// open sends what stands before the body.
func (m *memory) open(w http.ResponseWriter) {
	maps.Copy(w.Header(), m.header)
	w.WriteHeader(m.status)
}

// send sends the answer. Errors mean that the client is gone.
func (m *memory) send(w http.ResponseWriter) {
	m.open(w)
	_, _ = m.body.WriteTo(w)
	memories.Put(m)
}

// cut sends the first half of the answer and closes the connection.
func (m *memory) cut(w http.ResponseWriter) {
	m.header.Set("Content-Length", strconv.Itoa(m.body.Len()))
	m.open(w)
	_, _ = w.Write(m.body.Next(m.body.Len() / 2))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// pieces is how many parts a slow answer comes in.
const pieces = 8

// trickle sends the answer in parts, spread over a time.
func (m *memory) trickle(w http.ResponseWriter, r *http.Request, over time.Duration, visit *visit) {
	m.open(w)
	control := http.NewResponseController(w)
	size := max(1, m.body.Len()/pieces)
	for range pieces {
		if !sleep(r.Context(), over/pieces) {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(m.body.Next(size))
		_ = control.Flush()
	}
	visit.end(m.status)
	_, _ = w.Write(m.body.Bytes())
}
