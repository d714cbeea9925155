package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/metrics"
)

var update = flag.Bool("update", false, "rewrite the generated files")

func scrape(t *testing.T, m *metrics.Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestObserve(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		event observe.Event
		want  []string
	}{
		{"request", observe.RequestFinished{FrontEnd: "odata", Route: "entity_set", Status: 200, Duration: 30 * time.Millisecond, Rows: 7, Bytes: 512}, []string{
			`pingone_gateway_frontend_requests_total{front_end="odata",route="entity_set",status="200"} 1`,
			`pingone_gateway_frontend_request_duration_seconds_bucket{front_end="odata",route="entity_set",le="0.05"} 1`,
			`pingone_gateway_frontend_request_duration_seconds_bucket{front_end="odata",route="entity_set",le="0.025"} 0`,
			`pingone_gateway_frontend_rows_total{front_end="odata"} 7`,
			`pingone_gateway_frontend_response_bytes_total{front_end="odata"} 512`,
		}},
		{"client gone", observe.RequestFinished{FrontEnd: "sql", Route: "query", Status: 499}, []string{
			`pingone_gateway_frontend_requests_total{front_end="sql",route="query",status="499"} 1`,
		}},
		{"failure", observe.RequestFailed{FrontEnd: "sql", Code: "unknown_table", Err: errors.New("x")}, []string{
			`pingone_gateway_frontend_failures_total{code="unknown_table",front_end="sql"} 1`,
		}},
		{"shed", observe.RequestShed{Reason: "queue_full"}, []string{`pingone_gateway_frontend_shed_requests_total{reason="queue_full"} 1`}},
		{"panic", observe.PanicRecovered{Where: observe.InScan}, []string{`pingone_gateway_panics_total{where="scan"} 1`}},
		{"phase", observe.QueryPhase{Phase: "plan", Duration: time.Second}, []string{`pingone_gateway_query_phase_duration_seconds_sum{phase="plan"} 1`}},
		{"query", observe.QueryFinished{FrontEnd: "sql", Caller: "abcdefg234", Tables: []string{"Users", "Groups"}, RowsFetched: 100, RowsReturned: 4, Calls: 3, Pushed: 2, Residual: 1, Code: "timeout"}, []string{
			`pingone_gateway_query_finished_total{code="timeout",front_end="sql"} 1`,
			`pingone_gateway_query_rows_fetched_total{front_end="sql"} 100`,
			`pingone_gateway_query_rows_returned_total{front_end="sql"} 4`,
			`pingone_gateway_query_predicates_total{where="pushed"} 2`,
			`pingone_gateway_query_predicates_total{where="residual"} 1`,
			`pingone_gateway_query_upstream_calls_sum{front_end="sql"} 3`,
			`pingone_gateway_query_table_reads_total{table="Users"} 1`,
			`pingone_gateway_query_caller_calls_total{caller="abcdefg234"} 3`,
		}},
		{"in flight", observe.InFlight{What: "queries", Delta: 3}, []string{`pingone_gateway_query_inflight{what="queries"} 3`}},
		{"result kept", observe.ResultAsked{Hit: true}, []string{`pingone_gateway_query_results_asked_total{outcome="hit"} 1`}},
		{"result not kept", observe.ResultAsked{}, []string{`pingone_gateway_query_results_asked_total{outcome="miss"} 1`}},
		{"results' size", observe.ResultBytes{Delta: 7}, []string{`pingone_gateway_query_results_kept_bytes 7`}},
		{"reading", observe.ReadingEnded{How: "crowded_out"}, []string{`pingone_gateway_query_readings_ended_total{how="crowded_out"} 1`}},
		{"engine", observe.EngineMemory{UsedBytes: 10, LimitBytes: 20, SpillBytes: 30}, []string{
			`pingone_gateway_engine_memory_used_bytes 10`, `pingone_gateway_engine_memory_limit_bytes 20`, `pingone_gateway_engine_spill_bytes 30`,
		}},
		{"engine processes", observe.EngineWorkers{State: "busy", Delta: 2}, []string{`pingone_gateway_engine_workers{state="busy"} 2`}},
		{"engine process ended", observe.EngineWorkerExited{Reason: "memory"}, []string{`pingone_gateway_engine_worker_exits_total{reason="memory"} 1`}},
		{"engine walls", observe.EngineWalls{Files: true}, []string{`pingone_gateway_engine_walls{wall="calls"} 0`, `pingone_gateway_engine_walls{wall="files"} 1`}},
		{"call", observe.UpstreamCall{Group: "directory", Endpoint: "users", Method: "GET", Status: 429, Bytes: 9}, []string{
			`pingone_gateway_upstream_calls_total{endpoint="users",group="directory",method="GET",status="429"} 1`,
			`pingone_gateway_upstream_response_bytes_total{group="directory"} 9`,
		}},
		{"call without answer", observe.UpstreamCall{Group: "directory", Endpoint: "users", Method: "GET"}, []string{
			`pingone_gateway_upstream_calls_total{endpoint="users",group="directory",method="GET",status="none"} 1`,
		}},
		{"retry", observe.UpstreamRetry{Group: "directory", Reason: "429", Wait: 2 * time.Second}, []string{
			`pingone_gateway_upstream_retries_total{group="directory",reason="429"} 1`,
			`pingone_gateway_upstream_retry_wait_seconds_total{group="directory"} 2`,
		}},
		{"read again", observe.ReadAgain{Table: "Users", Reason: "moved"}, []string{`pingone_gateway_upstream_read_again_total{reason="moved",table="Users"} 1`}},
		{"fan-out", observe.FanOut{Table: "Users", Found: 9, Read: 5, NewlyFound: 3, NewlyRead: 2}, []string{
			`pingone_gateway_upstream_fanout_parents_total{state="found",table="Users"} 3`, `pingone_gateway_upstream_fanout_parents_total{state="read",table="Users"} 2`,
		}},
		{"refusal", observe.FilterRefused{Table: "Users", Attribute: "title", Operator: "sw"}, []string{`pingone_gateway_upstream_filter_refusals_total{reason="filter",table="Users"} 1`}},
		{"refusal of a length", observe.FilterRefused{Table: "Users", TooLong: true}, []string{`pingone_gateway_upstream_filter_refusals_total{reason="too_long",table="Users"} 1`}},
		{"limit", observe.LimitWait{Group: "directory", Wait: time.Second}, []string{`pingone_gateway_upstream_limit_wait_seconds_sum{group="directory"} 1`}},
		{"budget", observe.BudgetChanged{Group: "directory", Rate: 17.5}, []string{`pingone_gateway_upstream_budget_calls_per_second{group="directory"} 17.5`}},
		{"token", observe.TokenFetch{Grant: "client_credentials", Outcome: "ok"}, []string{`pingone_gateway_token_fetches_total{grant="client_credentials",outcome="ok"} 1`}},
		{"served", observe.TokenServed{Source: "memory"}, []string{`pingone_gateway_token_served_total{source="memory"} 1`}},
		{"store", observe.StoreState{Store: "redis"}, []string{`pingone_gateway_token_store_up{store="redis"} 0`}},
		{"caller", observe.Authenticated{Method: "api_key", Outcome: "rejected"}, []string{`pingone_gateway_auth_attempts_total{method="api_key",outcome="rejected"} 1`}},
		{"caller's limit", observe.CallerLimited{Limit: "rate"}, []string{`pingone_gateway_auth_caller_limited_total{limit="rate"} 1`}},
		{"audit lost", observe.AuditLost{Records: 2}, []string{`pingone_gateway_audit_lost_records_total 2`}},
		{"audit", observe.AuditState{Up: true}, []string{`pingone_gateway_audit_up 1`}},
		{"ready", observe.Lifecycle{Step: "ready"}, []string{`pingone_gateway_service_ready 1`}},
		{"check", observe.ReadyCheck{Name: "connection:pingone"}, []string{`pingone_gateway_service_check_ok{check="connection:pingone"} 0`}},
		{"reload", observe.Reloaded{What: "keys", Err: errors.New("x")}, []string{`pingone_gateway_service_reloads_total{outcome="failed",what="keys"} 1`}},
		{"keys that end", observe.KeysEnd{Next: time.Unix(1e6, 0)}, []string{`pingone_gateway_auth_key_expiry_timestamp_seconds 1e+06`}},
		{"keys that don't", observe.KeysEnd{}, []string{`pingone_gateway_auth_key_expiry_timestamp_seconds 0`}},
		{"certificate", observe.CertificateLoaded{NotAfter: time.Unix(1e6, 0)}, []string{`pingone_gateway_service_certificate_expiry_timestamp_seconds 1e+06`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := metrics.New(metrics.Config{Version: "1.2.3", Revision: "abc"})
			m.Observe(context.Background(), c.event)
			text := scrape(t, m, "text/plain")
			for _, w := range c.want {
				assert.Contains(t, text, w+"\n")
			}
			assert.Contains(t, text, `version="1.2.3"`)
		})
	}
}

// TestNoPersonalDataInLabels feeds what people are called, reached and
// identified by into every text field and looks for it in the exposition.
func TestNoPersonalDataInLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	base := len(strings.Split(scrape(t, m, "text/plain"), "\n"))
	for i := range 300 {
		for _, v := range []string{
			fmt.Sprintf("alice%d@example.com", i), fmt.Sprintf("7f6fb6a9-0e6d-4b13-9f5c-%012d", i), fmt.Sprintf("+4179555%04d", i),
			"Zoë Müller", "O'Brien\n", "SELECT 'x'", strings.Repeat("long", 40), word(i),
		} {
			observeEverywhere(m, v)
		}
	}
	text := scrape(t, m, "text/plain")
	for _, forbidden := range []string{"alice", "7f6fb6a9", "4179555", "Zo", "Brien", "SELECT", "longlong"} {
		assert.NotContains(t, text, forbidden)
	}
	// Only the guarded labels can grow, each to its bound and the product of
	// endpoint, group and histogram buckets; the word list has 300 values.
	assert.Less(t, len(strings.Split(text, "\n"))-base, 60_000)
	problems, err := testutil.GatherAndLint(m.Registry())
	require.NoError(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Callers are counted by ids of keys, of which there is room for some, and by nothing else.
func TestCallersAreBounded(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	calls := func(caller string) { m.Observe(context.Background(), observe.QueryFinished{Caller: caller, Calls: 1}) }
	for i := range 60 {
		calls("aaaaaa" + word(i))
	}
	for _, v := range []string{"token", "", "anna", "ANNA-MUELL", "anna.meyer", "aaaaaaaaaaaa"} {
		calls(v)
	}
	counted := map[string]string{}
	for _, line := range strings.Split(scrape(t, m, "text/plain"), "\n") {
		if rest, ok := strings.CutPrefix(line, `pingone_gateway_query_caller_calls_total{caller="`); ok {
			caller, n, _ := strings.Cut(rest, `"} `)
			counted[caller] = n
		}
	}
	assert.Len(t, counted, 50+3)
	assert.Equal(t, "1", counted["aaaaaa"+word(0)])
	assert.Equal(t, "1", counted["token"])
	assert.Equal(t, "1", counted["none"])
	assert.Equal(t, "14", counted["other"], "ten keys beyond the first, and four that are none")
}

// word makes plausible names without digits.
func word(i int) string {
	letters := make([]byte, 4)
	for k := range letters {
		letters[k] = byte('a' + i%26)
		i /= 26
	}
	return string(letters)
}

func observeEverywhere(m *metrics.Metrics, v string) {
	ctx := context.Background()
	for _, e := range []observe.Event{
		observe.RequestFinished{FrontEnd: v, Route: v, Status: 799},
		observe.RequestFailed{FrontEnd: v, Code: v},
		observe.RequestShed{Reason: v},
		observe.PanicRecovered{Where: observe.Place(v), Value: v, Stack: v},
		observe.QueryPhase{Phase: v},
		observe.QueryFinished{FrontEnd: v, Caller: v, Tables: []string{v}, Code: v},
		observe.InFlight{What: v, Delta: 1},
		observe.ReadingEnded{How: v},
		observe.UpstreamCall{Group: v, Endpoint: v, Method: v},
		observe.UpstreamRetry{Group: v, Reason: v},
		observe.FilterRefused{Table: v, Attribute: v, Operator: v},
		observe.ReadAgain{Table: v, Reason: v},
		observe.FanOut{Table: v, Parent: v},
		observe.LimitWait{Group: v},
		observe.BudgetChanged{Group: v},
		observe.TokenFetch{Grant: v, Outcome: v},
		observe.TokenServed{Source: v},
		observe.StoreState{Store: v},
		observe.Authenticated{Method: v, Outcome: v},
		observe.CallerLimited{Limit: v},
		observe.Lifecycle{Step: v, Detail: v},
		observe.ReadyCheck{Name: v},
		observe.Reloaded{What: v},
	} {
		m.Observe(ctx, e)
	}
}

func TestExemplarsCarryTheTrace(t *testing.T) {
	t.Parallel()
	id := trace.TraceID{1, 2, 3}
	for _, c := range []struct {
		name            string
		enabled, traced bool
		want            bool
	}{{"traced", true, true, true}, {"not traced", true, false, false}, {"switched off", false, true, false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var flags trace.TraceFlags
			if c.traced {
				flags = trace.FlagsSampled
			}
			ctx := trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{9}, TraceFlags: flags}))
			m := metrics.New(metrics.Config{Exemplars: c.enabled, NativeHistograms: true})
			m.Observe(ctx, observe.QueryFinished{FrontEnd: "sql", Duration: time.Second})
			text := scrape(t, m, "application/openmetrics-text;version=1.0.0")
			assert.Equal(t, c.want, strings.Contains(text, `trace_id="`+id.String()+`"`))
		})
	}
}

func TestCountersNeverGoBack(t *testing.T) {
	t.Parallel()
	m := metrics.New(metrics.Config{})
	assert.NotPanics(t, func() {
		m.Observe(context.Background(), observe.RequestFinished{Rows: -1, Bytes: -1})
		m.Observe(context.Background(), observe.QueryFinished{RowsFetched: -5, Pushed: -1, Residual: -1})
		m.Observe(context.Background(), observe.UpstreamRetry{Wait: -time.Second})
	})
}

func TestNamesFollowTheConventions(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^pingone_gateway_[a-z]+_[a-z_]+$`)
	for _, d := range metrics.New(metrics.Config{}).Definitions() {
		assert.Regexp(t, name, d.Name)
		assert.Equal(t, d.Type == "counter", strings.HasSuffix(d.Name, "_total"), "%s: counters and only they end in _total", d.Name)
		if d.Unit != "" {
			assert.Contains(t, d.Name, "_"+d.Unit, "the unit is in the name")
		}
		assert.True(t, strings.HasSuffix(d.Help, "."), d.Name)
	}
}

func TestDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	require.NoError(t, metrics.WriteMarkdown(&want))
	file := filepath.Join("..", "docs", "metrics.md")
	if *update {
		require.NoError(t, os.WriteFile(file, want.Bytes(), 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, want.String(), string(got), "run make docs")
	for _, d := range metrics.New(metrics.Config{}).Definitions() {
		assert.Contains(t, want.String(), "`"+d.Name+"`")
	}
}
