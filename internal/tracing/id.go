package tracing

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// ID is the id of the trace that the context belongs to, or "".
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.HasTraceID() {
		return c.TraceID().String()
	}
	return ""
}
