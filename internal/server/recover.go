package server

import (
	"context"
	"fmt"
	"runtime"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// panicked observes a defect that was caught.
func (s *Server) panicked(ctx context.Context, value any, stack []byte) {
	s.cfg.Sink.Observe(ctx, observe.PanicRecovered{Value: panicText(value), Stack: string(stack)})
}

// panicText is the runtime's own text, which holds no data, or the type of
// what was thrown.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("value of type %T", p)
}
