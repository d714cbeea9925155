package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// statusClientGone is the status of a request whose client left; it is never
// sent.
const statusClientGone = 499

// access observes every request when it has ended.
func (s *Server) access(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.cfg.Now()
		ctx, info := observe.WithRequest(r.Context())
		r = r.WithContext(ctx)
		rec := &recorder{ResponseWriter: w}
		s.cfg.Sink.Observe(ctx, observe.InFlight{What: "requests", Delta: 1})
		finished := false
		defer func() {
			s.cfg.Sink.Observe(ctx, observe.InFlight{What: "requests", Delta: -1})
			s.cfg.Sink.Observe(ctx, observe.RequestFinished{
				FrontEnd: orElse(info.FrontEnd(), frontEndOf(r.URL.Path)),
				Route:    orElse(info.Route(), pattern(r)),
				Method:   r.Method,
				Caller:   info.Caller(),
				Code:     info.Code(),
				Status:   rec.outcome(r, finished),
				Duration: s.cfg.Now().Sub(start),
				Rows:     info.Rows(),
				Bytes:    rec.bytes,
			})
		}()
		next.ServeHTTP(rec, r)
		finished = true
	})
}

// pattern is the router's pattern, a closed set.
func pattern(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		if p := c.RoutePattern(); p != "" && p != "/*" {
			return p
		}
	}
	return "unknown"
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// labelled names the front end of a mount.
func labelled(frontEnd string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			observe.RequestOf(r.Context()).SetFrontEnd(frontEnd)
			next.ServeHTTP(w, r)
		})
	}
}

// recorder remembers the status and the bytes of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	gone   bool // the client is
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter. Its error is context.Canceled where the client
// is gone.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	if broken := (*net.OpError)(nil); errors.As(err, &broken) && !broken.Timeout() {
		// A write may find out before the request's context is told.
		w.gone = true
		err = fmt.Errorf("%w: %w", context.Canceled, err)
	}
	return n, err
}

// Unwrap gives http.ResponseController the writer underneath.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// outcome is the status to count. An answer that was broken off has a good
// status on the wire, but it was no success.
func (w *recorder) outcome(r *http.Request, finished bool) int {
	switch {
	case !finished && (w.gone || r.Context().Err() != nil):
		return statusClientGone
	case !finished:
		return http.StatusInternalServerError
	case w.status == 0 && r.Context().Err() != nil:
		return statusClientGone
	case w.status == 0:
		return http.StatusOK
	}
	return w.status
}
