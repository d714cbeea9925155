package server

import (
	"context"
	"io"
	"log"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
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
	last := len(s.endpoints)
	if s.admin != nil {
		last--
	}
	public, operators := s.endpoints[:last], s.endpoints[last:]
	if shutdown(ctx, public, s.cfg.GraceTime) != nil {
		s.step(ctx, "cutting", "")
		s.cut(errCut)
		stopAll(ctx, public)
	}
	s.cut(errCut)
	stopAll(ctx, operators)
}

// shutdown lets the endpoints finish, all at a time.
func shutdown(ctx context.Context, all []*endpoint, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var group errgroup.Group
	for _, e := range all {
		group.Go(func() error { return e.Protocol.Shutdown(ctx) })
	}
	return group.Wait()
}

// stopAll closes the connections that don't end soon.
func stopAll(ctx context.Context, all []*endpoint) {
	if shutdown(ctx, all, cutTime) == nil {
		return
	}
	for _, e := range all {
		_ = e.Protocol.Close()
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

// quiet drops net/http's own log lines: they name remote addresses, and what
// matters is observed elsewhere.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
