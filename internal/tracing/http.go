package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Middleware starts a span for each request, as a child of the caller's if the
// caller sent a trace context.
func (t *Tracer) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := t.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		if t.provider == nil { // there is nobody to tell
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method))))
		defer span.End()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Statement makes a span for a statement of a protocol without trace context,
// until end.
func (t *Tracer) Statement(ctx context.Context) (_ context.Context, end func()) {
	ctx, span := t.tracer.Start(ctx, "statement", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func() { span.End() }
}

// Transport returns a RoundTripper that makes a span for each call over base
// and sends the trace context with it.
func (t *Tracer) Transport(base http.RoundTripper) http.RoundTripper {
	return &transport{tracer: t, base: base}
}

type transport struct {
	tracer *Tracer
	base   http.RoundTripper
}

// RoundTrip implements http.RoundTripper. The span ends with the header of the
// answer; the body's time is in the observation of the call.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.tracer.provider == nil && !trace.SpanContextFromContext(r.Context()).IsValid() {
		return t.base.RoundTrip(r)
	}
	ctx, span := t.tracer.tracer.Start(r.Context(), "upstream "+knownMethod(r.Method), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("http.request.method", knownMethod(r.Method)), attribute.String("server.address", r.URL.Hostname())))
	defer span.End()
	out := r.Clone(ctx)
	t.tracer.propagator.Inject(ctx, propagation.HeaderCarrier(out.Header))
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		// The text of a transport error holds the address with its filter.
		span.SetStatus(codes.Error, "no answer")
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusBadRequest {
		span.SetStatus(codes.Error, http.StatusText(resp.StatusCode))
	}
	return resp, nil
}

// CloseIdleConnections passes the request on to the transport underneath.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}
