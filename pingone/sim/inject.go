package sim

import (
	"bytes"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// inject makes a request go wrong. It reports whether it answered: if not, the
// call goes on as usual.
func (s *Server) inject(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	switch f.Do {
	case "status":
		s.writeError(w, r, faultError(f))
	case "storm":
		seconds := 1
		if f.RetryAfter != nil {
			seconds = *f.RetryAfter
		}
		s.writeError(w, r, tooMany(seconds, 0))
	case "revoke":
		s.RevokeTokens()
		return false
	case "reset":
		reset(w)
	case "garbage":
		s.commonHeaders(w.Header())
		w.Header().Set("Content-Type", halJSON)
		_, _ = w.Write([]byte(`{"_embedded":{"users":[{"id":"`)) // whole for HTTP, broken for JSON
	case "slow":
		s.trickle(w, r, time.Duration(f.For))
	case "cut":
		s.cut(w, r)
	}
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

// memory is an answer that is kept instead of sent.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader implements http.ResponseWriter.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *memory) Write(b []byte) (int, error) { return m.body.Write(b) }

// answer runs the request as usual and keeps what would have been sent.
func (s *Server) answer(r *http.Request) *memory {
	m := &memory{header: make(http.Header), status: http.StatusOK}
	s.dispatch(m, r)
	return m
}

// cut sends the first half of the answer and closes the connection.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	rec := s.answer(r)
	body := rec.body.Bytes()
	maps.Copy(w.Header(), rec.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rec.status)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// pieces is how many parts a slow answer comes in.
const pieces = 8

// trickle sends the answer in parts, spread over a time.
func (s *Server) trickle(w http.ResponseWriter, r *http.Request, over time.Duration) {
	rec := s.answer(r)
	body := &rec.body
	maps.Copy(w.Header(), rec.header)
	w.WriteHeader(rec.status)
	control := http.NewResponseController(w)
	size := max(1, body.Len()/pieces)
	for range pieces {
		if !sleep(r.Context(), over/pieces) {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body.Next(size))
		_ = control.Flush()
	}
	_, _ = w.Write(body.Bytes())
}
