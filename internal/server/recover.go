package server

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// recoverPanics turns a defect into a 500 where nothing was sent yet, and into
// a broken connection where something was: an answer must not end well that
// is not complete. http.ErrAbortHandler is a front end doing just that.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := &sentinel{ResponseWriter: w}
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			s.cfg.Sink.Observe(r.Context(), observe.PanicRecovered{Value: panicText(p), Stack: string(debug.Stack())})
			if sent.started {
				panic(http.ErrAbortHandler)
			}
			s.fail(w, r, gwerr.New(gwerr.Internal, "The gateway failed unexpectedly.", "Report the request id to the administrator; the log has the cause."))
		}()
		next.ServeHTTP(sent, r)
	})
}

// panicText is the runtime's own text, which holds no data, or the type of
// what was thrown.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("value of type %T", p)
}

// sentinel remembers that an answer has begun.
type sentinel struct {
	http.ResponseWriter
	started bool
}

// WriteHeader implements http.ResponseWriter.
func (w *sentinel) WriteHeader(status int) {
	w.started = w.started || status >= http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *sentinel) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer underneath.
func (w *sentinel) Unwrap() http.ResponseWriter { return w.ResponseWriter }
