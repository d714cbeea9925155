package server

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// limits refuses long addresses and bounds the size and time of bodies.
func (s *Server) limits(next http.Handler) http.Handler {
	l := s.cfg.Limits
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := int64(len(r.RequestURI)); n > l.URLBytes {
			s.fail(w, r, gwerr.New(gwerr.TooLarge, fmt.Sprintf("The address has %d bytes; %d are allowed.", n, l.URLBytes),
				"Send the query in the body of a POST, or raise limits.url_size."))
			return
		}
		if r.ContentLength > l.RequestBytes {
			s.fail(w, r, gwerr.New(gwerr.TooLarge, fmt.Sprintf("The body has %d bytes; %d are allowed.", r.ContentLength, l.RequestBytes),
				"Send less at a time, or raise limits.request_size."))
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			control := http.NewResponseController(w)
			r.Body = &timedBody{ReadCloser: http.MaxBytesReader(w, r.Body, l.RequestBytes), control: control, now: s.cfg.Now, most: l.BodyTime}
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
