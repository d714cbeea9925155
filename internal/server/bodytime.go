package server

import (
	"io"
	"net/http"
	"time"
)

// bodyTime bounds the time that a client takes to send its body.
func (s *Server) bodyTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &timedBody{ReadCloser: r.Body, control: http.NewResponseController(w), now: s.cfg.Now, most: s.cfg.Limits.BodyTime}
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody gives the client a bounded time to send its body. The deadline is
// lifted at the end of the body: it would end a long answer otherwise.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
	now     func() time.Time
	most    time.Duration
	started bool
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	if !b.started {
		b.started = true
		_ = b.control.SetReadDeadline(b.now().Add(b.most)) // a recorder has none
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
