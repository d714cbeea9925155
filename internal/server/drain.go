package server

import (
	"context"
	"io"
	"log"
	"net/http"
	"time"
)

// cutTime is what handlers have to notice that they were cut, before their
// connections are closed under them.
const cutTime = 2 * time.Second

// drain ends the service in an order that loses no request which could have
// been answered, and lets none look answered that was not.
func (s *Server) drain(ctx context.Context) {
	s.draining.Store(true)
	s.step(ctx, "draining", "")
	if s.cfg.DrainDelay > 0 {
		<-s.cfg.After(s.cfg.DrainDelay)
	}
	grace, cancel := context.WithTimeout(ctx, s.cfg.GraceTime)
	err := s.public.Shutdown(grace)
	cancel()
	if err != nil {
		s.step(ctx, "cutting", "")
		s.cut(errCut)
		late, cancel := context.WithTimeout(ctx, cutTime)
		if s.public.Shutdown(late) != nil {
			_ = s.public.Close()
		}
		cancel()
	}
	s.cut(errCut)
	if s.admin != nil {
		stopServer(ctx, s.admin)
	}
}

// leaving asks clients of a draining service to connect anew after their
// answer. Otherwise the end of the listener would close connections just as
// the next request comes in on them, and the client could not tell whether it
// was carried out.
func (s *Server) leaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func stopServer(ctx context.Context, h *http.Server) {
	ctx, cancel := context.WithTimeout(ctx, cutTime)
	defer cancel()
	if h.Shutdown(ctx) != nil {
		_ = h.Close()
	}
}

// quiet drops net/http's own log lines: they name remote addresses, and what
// matters is observed elsewhere.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
