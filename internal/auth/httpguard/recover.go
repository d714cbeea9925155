package httpguard

import (
	"context"
	"errors"
	"net/http"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Recover turns a panic into an error answer, or, where an answer has begun,
// into a broken connection: it must not look complete. http.ErrAbortHandler
// goes on, for it means just that. report gets the panic's value in the panicking
// goroutine, so that it finds the stack there.
func Recover(report func(ctx context.Context, value any), fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t := &tracker{ResponseWriter: w}
			defer func() {
				v := recover()
				if v == nil {
					return
				}
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(http.ErrAbortHandler)
				}
				report(r.Context(), v)
				if t.begun {
					panic(http.ErrAbortHandler)
				}
				fail(w, r, gwerr.New(gwerr.Internal, "The gateway failed unexpectedly.",
					"Report the request id to the administrator; the log has the cause."))
			}()
			next.ServeHTTP(t, r)
		})
	}
}

// tracker knows whether an answer has begun.
type tracker struct {
	http.ResponseWriter
	begun bool
}

func (t *tracker) WriteHeader(status int) {
	t.begun = t.begun || status >= 200
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracker) Write(b []byte) (int, error) {
	t.begun = true
	return t.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (t *tracker) Flush() {
	t.begun = true
	_ = http.NewResponseController(t.ResponseWriter).Flush()
}

// Unwrap serves http.ResponseController.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }
