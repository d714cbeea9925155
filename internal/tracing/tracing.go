// Package tracing records OpenTelemetry traces: one span for a request, one
// for each call to PingOne, and one for each phase of a query.
//
// It is off unless an OTLP endpoint is configured, but passes W3C trace
// context on in any case. Spans hold names from closed sets and numbers; no
// address parameters, query texts or rows. The package knows the observations
// and nothing else of the gateway.
package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdkresource "go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const instrumentation = "github.com/pingone-gateway/gateway"

// Config configures New.
type Config struct {
	// Endpoint is the collector's OTLP/HTTP address, such as
	// http://collector:4318; "" turns recording off.
	Endpoint string
	// Headers go with every export.
	Headers map[string]string
	// SampleRatio is the share of new traces to record, 0 to 1. A caller's own
	// decision is followed.
	SampleRatio float64
	ServiceName string
	Version     string
	// Exporter replaces the one made from Endpoint, for tests.
	Exporter sdktrace.SpanExporter
}

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	provider   *sdktrace.TracerProvider // nil when off
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	now        func() time.Time
}

// New returns a tracer. It does not connect: a collector that is away costs
// traces, never requests. Errors are gwerr.Config.
func New(ctx context.Context, cfg Config) (*Tracer, error) {
	t := &Tracer{propagator: propagation.TraceContext{}, now: time.Now, tracer: noop.NewTracerProvider().Tracer(instrumentation)}
	exporter := cfg.Exporter
	if exporter == nil {
		if cfg.Endpoint == "" {
			return t, nil
		}
		made, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(cfg.Endpoint+"/v1/traces"), otlptracehttp.WithHeaders(cfg.Headers))
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, "The trace exporter can't be set up.", "Check tracing.endpoint.")
		}
		exporter = made
	}
	resource := sdkresource.NewSchemaless(attribute.String("service.name", cfg.ServiceName), attribute.String("service.version", cfg.Version))
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(2048)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.SampleRatio))),
		sdktrace.WithResource(resource),
	)
	t.tracer = t.provider.Tracer(instrumentation, trace.WithInstrumentationVersion(cfg.Version))
	return t, nil
}

// Close sends what is left and stops; ctx bounds the time.
func (t *Tracer) Close(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
