package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/pingone-gateway/gateway/internal/observe"
)

var _ observe.Sink = (*Tracer)(nil)

// Observe adds what happened to the trace in ctx: phases and token fetches
// become spans, retries and waits events, the end of a request and a query
// attributes. Without a recorded trace it does nothing.
func (t *Tracer) Observe(ctx context.Context, e observe.Event) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	switch e := e.(type) {
	case observe.QueryPhase:
		t.past(ctx, "phase "+e.Phase, e.Duration)
	case observe.TokenFetch:
		t.past(ctx, "token fetch", e.Duration, attribute.String("oauth.grant", e.Grant), attribute.String("oauth.outcome", e.Outcome))
	case observe.UpstreamCall:
		span.AddEvent("upstream call", trace.WithAttributes(attribute.String("pingone.endpoint", e.Endpoint),
			attribute.String("pingone.group", e.Group), attribute.Int("http.response.status_code", e.Status),
			attribute.Int("pingone.attempt", e.Attempt), attribute.Float64("duration_seconds", e.Duration.Seconds())))
	case observe.UpstreamRetry:
		span.AddEvent("retry", trace.WithAttributes(attribute.String("reason", e.Reason), attribute.Float64("wait_seconds", e.Wait.Seconds())))
	case observe.LimitWait:
		span.AddEvent("rate budget", trace.WithAttributes(attribute.String("pingone.group", e.Group), attribute.Float64("wait_seconds", e.Wait.Seconds())))
	case observe.QueryFinished:
		span.SetAttributes(attribute.StringSlice("gateway.tables", e.Tables), attribute.Int64("gateway.rows_fetched", e.RowsFetched),
			attribute.Int64("gateway.rows_returned", e.RowsReturned), attribute.Int64("gateway.calls", e.Calls),
			attribute.Int("gateway.pushed", e.Pushed), attribute.Int("gateway.residual", e.Residual))
	case observe.RequestFinished:
		span.SetName(e.FrontEnd + " " + e.Route)
		span.SetAttributes(attribute.String("http.route", e.Route), attribute.Int("http.response.status_code", e.Status), attribute.Int64("gateway.rows", e.Rows))
	case observe.RequestFailed:
		span.SetStatus(codes.Error, e.Code)
	case observe.PanicRecovered:
		span.SetStatus(codes.Error, "panic")
	}
}

// past records a span that has just ended and took d.
func (t *Tracer) past(ctx context.Context, name string, d time.Duration, attributes ...attribute.KeyValue) {
	end := t.now()
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(end.Add(-d)), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(end))
}
