package server

import (
	"context"
	"net/http"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// sendTime is what remains for an error after a query's time is over, before
// a client that takes nothing is cut off.
const sendTime = 5 * time.Second

// timed ends a query after its time. The context's cause says so, and a write
// that hangs on a slow client ends too.
func (s *Server) timed(next http.Handler) http.Handler {
	most := s.cfg.Limits.QueryTime
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tooLong := gwerr.New(gwerr.Timeout, "The query took longer than "+most.String()+".", "Ask for fewer rows or columns, or raise limits.query_time.")
		ctx, cancel := context.WithTimeoutCause(r.Context(), most, tooLong)
		defer cancel()
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(most + sendTime)) // a recorder has none
		next.ServeHTTP(w, r.WithContext(ctx))
		_ = control.SetWriteDeadline(time.Time{})
	})
}
