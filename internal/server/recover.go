package server

import (
	"context"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// panicked observes a defect that was caught.
func (s *Server) panicked(ctx context.Context, value any) {
	_ = safely.Caught(ctx, s.cfg.Sink, observe.InRequest, value) // the middleware has an error of its own
}
