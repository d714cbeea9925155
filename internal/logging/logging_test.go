package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/logging"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
)

func newLog(t *testing.T, level string) (*logging.Log, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	l, err := logging.New(logging.Config{Writer: &b, Level: level})
	require.NoError(t, err)
	return l, &b
}

func line(t *testing.T, b *bytes.Buffer) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &m), b.String())
	return m
}

func TestEventsHaveALevel(t *testing.T) {
	t.Parallel()
	failed := errors.New("x")
	cases := []struct {
		name  string
		event observe.Event
		level string // least level at which it shows; "" for never
		want  map[string]any
	}{
		{"request", observe.RequestFinished{FrontEnd: "odata", Route: "entity_set", Status: 200, Rows: 3}, "info", map[string]any{"msg": "request", "rows": 3.0}},
		{
			"request of a caller",
			observe.RequestFinished{FrontEnd: "sql", Method: "POST", Caller: "ada", Code: "syntax", Status: 400},
			"info",
			map[string]any{"method": "POST", "caller": "ada", "code": "syntax", "status": 400.0},
		},
		{
			"start",
			observe.Started{Version: "1.2.3", File: "/etc/g.yaml", Listeners: []string{"public :8080"}, Auth: []string{"keys"}, Connections: []string{"a", "b"}},
			"info",
			map[string]any{"msg": "started", "version": "1.2.3", "config": "/etc/g.yaml", "listeners": []any{"public :8080"}, "auth": []any{"keys"}, "connections": []any{"a", "b"}},
		},
		{"a key that ends", observe.KeysEnd{Next: time.Unix(0, 0).UTC()}, "info", map[string]any{"at": "1970-01-01T00:00:00Z"}},
		{"keys that don't end", observe.KeysEnd{}, "", nil},
		{"scrape", observe.RequestFinished{FrontEnd: "admin"}, "debug", nil},
		{"caller's mistake", observe.RequestFailed{Code: "unknown_table", Err: failed}, "debug", nil},
		{"upstream failure", observe.RequestFailed{Code: "upstream_failed", Err: failed}, "warn", map[string]any{"code": "upstream_failed"}},
		{"defect", observe.RequestFailed{Code: "internal", Err: failed}, "error", nil},
		{"panic", observe.PanicRecovered{Value: "index out of range", Stack: "main.go:1"}, "error", map[string]any{"stack": "main.go:1"}},
		{"shed", observe.RequestShed{Reason: "queue_full"}, "warn", nil},
		{"query", observe.QueryFinished{FrontEnd: "sql", Calls: 2}, "debug", map[string]any{"calls": 2.0}},
		{"call", observe.UpstreamCall{Endpoint: "users", Status: 200}, "debug", map[string]any{"endpoint": "users"}},
		{"refusal", observe.FilterRefused{Table: "Users", Attribute: "title", Operator: "eq"}, "warn", map[string]any{"table": "Users", "attribute": "title", "operator": "eq"}},
		{"retry", observe.UpstreamRetry{Reason: "429", Wait: time.Second}, "info", map[string]any{"wait_seconds": 1.0}},
		{"long fan-out", observe.FanOut{Table: "UserMFADevices", Parent: "Users", Found: 900, Read: 250, NewlyRead: 9}, "info", map[string]any{"for_each": "Users", "found": 900.0, "read": 250.0}},
		{"short fan-out", observe.FanOut{Found: 9, Read: 9, NewlyRead: 9, Ended: true}, "debug", nil},
		{"beginning of a fan-out", observe.FanOut{Found: 900, NewlyFound: 900}, "", nil},
		{"limit", observe.LimitWait{Group: "directory"}, "debug", nil},
		{"budget", observe.BudgetChanged{Rate: 5}, "info", nil},
		{"token", observe.TokenFetch{Outcome: "ok"}, "debug", nil},
		{"token rejected", observe.TokenFetch{Outcome: "rejected"}, "warn", nil},
		{"store lost", observe.StoreState{Store: "redis"}, "warn", map[string]any{"up": false}},
		{"store back", observe.StoreState{Store: "redis", Up: true}, "info", nil},
		{"audit lost", observe.AuditLost{Records: 1}, "error", nil},
		{"audit down", observe.AuditState{}, "error", nil},
		{"caller", observe.Authenticated{Outcome: "ok"}, "debug", nil},
		{"identity provider down", observe.Authenticated{Outcome: "failed"}, "warn", nil},
		{"ready", observe.Lifecycle{Step: "ready"}, "info", map[string]any{"msg": "ready"}},
		{"cut", observe.Lifecycle{Step: "cutting"}, "warn", nil},
		{"check failed", observe.ReadyCheck{Name: "redis", Err: failed}, "warn", map[string]any{"check": "redis", "error": "x"}},
		{"check passed", observe.ReadyCheck{Name: "redis", OK: true}, "info", nil},
		{"reload", observe.Reloaded{What: "keys"}, "info", nil},
		{"reload failed", observe.Reloaded{What: "keys", Err: failed}, "error", nil},
		{"certificate", observe.CertificateLoaded{NotAfter: time.Unix(0, 0)}, "info", nil},
		{"phase", observe.QueryPhase{Phase: "plan"}, "", nil},
		{"token served", observe.TokenServed{Source: "memory"}, "", nil},
	}
	order := []string{"debug", "info", "warn", "error"}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shown := c.level != ""
			for i := len(order) - 1; i >= 0; i-- {
				l, b := newLog(t, order[i])
				l.Observe(context.Background(), c.event)
				wanted := shown && i <= indexOf(order, c.level)
				assert.Equal(t, wanted, b.Len() > 0, "at level %s: %s", order[i], b.String())
				if b.Len() > 0 {
					got := line(t, b)
					for k, v := range c.want {
						assert.Equal(t, v, got[k], k)
					}
				}
			}
		})
	}
}

func indexOf(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

func TestLinesCarryTheRequest(t *testing.T) {
	t.Parallel()
	l, b := newLog(t, "")
	ctx := observe.WithRequestID(context.Background(), "r-1")
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	l.Observe(ctx, observe.RequestFinished{FrontEnd: "sql"})
	got := line(t, b)
	assert.Equal(t, "r-1", got["request_id"])
	assert.Equal(t, "01000000000000000000000000000000", got["trace_id"])
	assert.NotContains(t, got, "detail")
}

func TestLevelAtRunTime(t *testing.T) {
	t.Parallel()
	l, b := newLog(t, "warn")
	l.Observe(context.Background(), observe.Lifecycle{Step: "ready"})
	assert.Zero(t, b.Len())
	require.NoError(t, l.SetLevel("debug"))
	assert.Equal(t, "debug", l.Level())
	l.Observe(context.Background(), observe.Lifecycle{Step: "ready"})
	assert.NotZero(t, b.Len())
	assert.True(t, gwerr.Is(l.SetLevel("loud"), gwerr.Config))
	assert.Equal(t, "debug", l.Level())
	_, err := logging.New(logging.Config{Writer: b, Level: "loud"})
	assert.Error(t, err)
}

func TestTextForm(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	l, err := logging.New(logging.Config{Writer: &b, Text: true})
	require.NoError(t, err)
	l.Logger().With("a", 1).WithGroup("g").Info("hello")
	assert.Contains(t, b.String(), "msg=hello a=1")
}

// TestRedaction puts secrets and personal data where they have been seen to
// appear: in the causes of errors, in attributes, in panics.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
	cases := []struct{ name, text, planted string }{
		{"bearer", `Get "https://x": Authorization: Bearer abcdefghijkl`, "abcdefghijkl"},
		{"basic", "header Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
		{"JWT", "token " + jwt + " rejected", jwt},
		{"form", "client_id=a&client_secret=planted1&x=y", "planted1"},
		{"JSON", `{"access_token":"planted2"}`, "planted2"},
		{"connection string", "OAuthClientSecret=planted3;Region=EU", "planted3"},
		{"URL with password", "redis://user:planted4@host:6379", "planted4"},
		{"filter in a URL", `Get "https://api/v1/environments/1/users?filter=email+eq+%22planted5%22&limit=1"`, "planted5"},
		{"e-mail address", "no user zoë.o'brien@example.co.uk", "brien@example"},
		{"authorization code", "callback ?code=planted6&state=x", "planted6"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, b := newLog(t, "debug")
			l.Observe(context.Background(), observe.RequestFailed{Code: "internal", Err: gwerr.Wrap(gwerr.Internal, errors.New(c.text), "It failed.", "")})
			l.Logger().Info(c.text, "any", fmt.Errorf("wrapped: %s", c.text))
			assert.NotContains(t, b.String(), c.planted)
		})
	}
	l, b := newLog(t, "debug")
	l.Logger().Info("m", slog.String("client_secret", "planted"), slog.Any("x", tokens.NewSecret("planted")), slog.String("Authorization", "planted"))
	assert.NotContains(t, b.String(), "planted")
	b.Reset()
	l.Logger().Info("m", slog.String("token_source", "memory"), slog.Int("count", 3), slog.String("address", "127.0.0.1:8080"))
	for _, kept := range []string{`"token_source":"memory"`, `"count":3`, `"127.0.0.1:8080"`} {
		assert.Contains(t, b.String(), kept, "what is no secret stays readable")
	}
}

func TestCausesShowOnce(t *testing.T) {
	t.Parallel()
	l, b := newLog(t, "debug")
	inner := errors.New("connection refused")
	l.Observe(context.Background(), observe.RequestFailed{Code: "internal", Err: gwerr.Wrap(gwerr.Internal, fmt.Errorf("dial: %w", inner), "It failed.", "")})
	assert.Equal(t, 1, strings.Count(b.String(), "connection refused"))
	assert.Contains(t, b.String(), "It failed.: dial")
}
