package server

import (
	"net/http"
	"time"
)

// timed cuts off a client that does not take its answer in time. The front end
// ends its work by itself.
func (s *Server) timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(s.cfg.Limits.AnswerTime)) // a recorder has none
		next.ServeHTTP(w, r)
		_ = control.SetWriteDeadline(time.Time{})
	})
}
