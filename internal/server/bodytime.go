package server

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// bodyTime bounds the time that a client takes to send its body, whoever reads
// it: a front end, or net/http, which reads what a refusal has left over before
// it takes the next request. A connection whose body is late is closed.
func (s *Server) bodyTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			control := http.NewResponseController(w)
			_ = control.SetReadDeadline(s.cfg.Now().Add(s.cfg.Limits.BodyTime)) // a recorder has none
			late := *r                                                          // net/http looks at the body of its own request
			late.Body = &timedBody{r.Body, control}
			r = &late
		}
		next.ServeHTTP(w, r)
	})
}

// timedBody lifts the deadline at the end of the body: it would end a long
// answer otherwise.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
