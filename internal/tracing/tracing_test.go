package tracing_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/tracing"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func newTracer(t *testing.T, ratio float64) (*tracing.Tracer, func() tracetest.SpanStubs) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	tr, err := tracing.New(context.Background(), tracing.Config{Exporter: keep{exporter}, SampleRatio: ratio, ServiceName: "test"})
	require.NoError(t, err)
	return tr, func() tracetest.SpanStubs {
		require.NoError(t, tr.Close(context.Background()))
		return exporter.GetSpans()
	}
}

// keep holds on to the spans when the provider shuts down.
type keep struct{ *tracetest.InMemoryExporter }

func (keep) Shutdown(context.Context) error { return nil }

// TestRequestToCall follows one request through the middleware, the sink and
// the transport to an upstream server.
func TestRequestToCall(t *testing.T) {
	t.Parallel()
	tr, spans := newTracer(t, 0) // the caller decided to record
	var sent string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Traceparent")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer upstream.Close()
	client := &http.Client{Transport: tr.Transport(http.DefaultTransport)}
	h := tr.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, upstream.URL+`/v1/users?filter=email+eq+"alice@example.com"`, nil)
		resp, err := client.Do(req)
		assert.NoError(t, err)
		_ = resp.Body.Close()
		assert.Empty(t, req.Header, "the caller's request is not changed")
		for _, e := range []observe.Event{
			observe.QueryPhase{Phase: "plan", Duration: time.Second},
			observe.TokenFetch{Grant: "client_credentials", Outcome: "ok"},
			observe.UpstreamCall{Endpoint: "users"},
			observe.UpstreamRetry{Reason: "429"},
			observe.LimitWait{Group: "directory"},
			observe.QueryFinished{Tables: []string{"Users"}, Calls: 1},
			observe.RequestFailed{Code: "busy", Err: errors.New("x")},
			observe.RequestFinished{FrontEnd: "odata", Route: "entity_set", Status: 503},
		} {
			tr.Observe(r.Context(), e)
		}
	}))
	r := httptest.NewRequest(http.MethodGet, "/odata/x?$filter=secret", nil)
	r.Header.Set("Traceparent", parent)
	h.ServeHTTP(httptest.NewRecorder(), r)

	byName := map[string]tracetest.SpanStub{}
	for _, s := range spans() {
		byName[s.Name] = s
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", s.SpanContext.TraceID().String(), s.Name)
		for _, a := range s.Attributes {
			assert.NotContains(t, a.Value.String(), "alice")
			assert.NotContains(t, a.Value.String(), "secret")
		}
	}
	request := byName["odata entity_set"]
	require.True(t, request.SpanContext.IsValid(), "%v", byName)
	assert.Equal(t, "b7ad6b7169203331", request.Parent.SpanID().String())
	assert.Equal(t, "busy", request.Status.Description)
	assert.Len(t, request.Events, 3)
	call := byName["upstream GET"]
	assert.Equal(t, request.SpanContext.SpanID(), call.Parent.SpanID())
	assert.Contains(t, sent, call.SpanContext.SpanID().String(), "the trace context goes out")
	phase := byName["phase plan"]
	assert.Equal(t, time.Second, phase.EndTime.Sub(phase.StartTime))
	assert.Contains(t, byName, "token fetch")
}

func TestSampling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		ratio  float64
		header string
		want   int
	}{
		{"none", 0, "", 0}, {"all", 1, "", 1}, {"caller says no", 1, parent[:len(parent)-1] + "0", 0}, {"broken header", 1, "nonsense", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr, spans := newTracer(t, c.ratio)
			r := httptest.NewRequest("BREW", "/", nil)
			r.Header.Set("Traceparent", c.header)
			tr.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				tr.Observe(r.Context(), observe.PanicRecovered{})
			})).ServeHTTP(httptest.NewRecorder(), r)
			assert.Len(t, spans(), c.want)
		})
	}
}

// TestOff: without a collector the caller's trace context goes on to PingOne, and a
// call of a caller without one goes out as it is.
func TestOff(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{"with a trace": parent, "without": "", "broken": "nonsense"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, err := tracing.New(context.Background(), tracing.Config{})
			require.NoError(t, err)
			var made, sent *http.Request
			upstream := tr.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
				sent = r
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
			}))
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Traceparent", given)
			tr.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				tr.Observe(r.Context(), observe.QueryPhase{Phase: "plan"})
				made, _ = http.NewRequestWithContext(r.Context(), http.MethodGet, "https://api.example/v1", nil)
				resp, err := upstream.RoundTrip(made)
				assert.NoError(t, err)
				_ = resp.Body.Close()
			})).ServeHTTP(httptest.NewRecorder(), r)
			if given != parent {
				assert.Same(t, made, sent)
				assert.Empty(t, sent.Header)
				return
			}
			assert.Equal(t, parent, sent.Header.Get("Traceparent"), "the caller's trace context is passed on")
			assert.Empty(t, made.Header, "the caller's request is not changed")
			assert.NoError(t, tr.Close(context.Background()))
		})
	}
}

// TestExport sends spans to a stand-in for a collector.
func TestExport(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got <- r.URL.Path + " " + r.Header.Get("X-Key")
	}))
	defer collector.Close()
	tr, err := tracing.New(context.Background(), tracing.Config{Endpoint: collector.URL, Headers: map[string]string{"X-Key": "k"}, SampleRatio: 1})
	require.NoError(t, err)
	tr.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	require.NoError(t, tr.Close(context.Background()))
	assert.Equal(t, "/v1/traces k", <-got)
}

func TestTransportError(t *testing.T) {
	t.Parallel()
	tr, spans := newTracer(t, 1)
	failing := tr.Transport(roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("dial https://x?filter=alice@example.com")
	}))
	req, _ := http.NewRequest(http.MethodGet, "https://api.example/v1", nil)
	_, err := failing.RoundTrip(req)
	require.Error(t, err)
	got := spans()
	require.Len(t, got, 1)
	assert.Equal(t, "no answer", got[0].Status.Description)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
