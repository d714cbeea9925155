package metrics

import "github.com/prometheus/client_golang/prometheus"

type frontEndMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	rows     *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	failures *prometheus.CounterVec
	shed     *prometheus.CounterVec
}

func newFrontEndMetrics(m *Metrics) frontEndMetrics {
	return frontEndMetrics{
		requests: m.counter("frontend_requests_total", "", "Requests answered, by front end, route and HTTP status.", "front_end", "route", "status"),
		duration: m.histogram("frontend_request_duration_seconds", "seconds", "Time from a request's arrival to the last byte of its answer.", secondsBuckets, "front_end", "route"),
		rows:     m.counter("frontend_rows_total", "", "Rows sent to callers.", "front_end"),
		bytes:    m.counter("frontend_response_bytes_total", "bytes", "Bytes of answers, before compression.", "front_end"),
		failures: m.counter("frontend_failures_total", "", "Requests that ended in an error, by error code.", "front_end", "code"),
		shed:     m.counter("frontend_shed_requests_total", "", "Requests refused with 503 before they cost anything.", "reason"),
	}
}

type queryMetrics struct {
	finished   *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	phase      *prometheus.HistogramVec
	fetched    *prometheus.CounterVec
	returned   *prometheus.CounterVec
	predicates *prometheus.CounterVec
	calls      *prometheus.HistogramVec
	tables     *prometheus.CounterVec
	callers    *prometheus.CounterVec
	inFlight   *prometheus.GaugeVec
	readings   *prometheus.CounterVec
	results    *prometheus.CounterVec
	kept       *prometheus.GaugeVec
	memory     *prometheus.GaugeVec
	limit      *prometheus.GaugeVec
	spill      *prometheus.GaugeVec
	workers    *prometheus.GaugeVec
	exits      *prometheus.CounterVec
	walls      *prometheus.GaugeVec
}

func newQueryMetrics(m *Metrics) queryMetrics {
	return queryMetrics{
		finished:   m.counter("query_finished_total", "", "Queries finished, by front end and error code (ok if none).", "front_end", "code"),
		duration:   m.histogram("query_duration_seconds", "seconds", "Time of a query from parsing to its last row.", secondsBuckets, "front_end"),
		phase:      m.histogram("query_phase_duration_seconds", "seconds", "Time of the phases of queries.", secondsBuckets, "phase"),
		fetched:    m.counter("query_rows_fetched_total", "", "Rows fetched from PingOne. Divided by rows returned it tells how well filters are pushed down.", "front_end"),
		returned:   m.counter("query_rows_returned_total", "", "Rows that queries returned.", "front_end"),
		predicates: m.counter("query_predicates_total", "", "Conditions on columns: pushed to PingOne, or residual, evaluated here. Conditions on expressions, which only the engine evaluates, are not counted.", "where"),
		calls:      m.histogram("query_upstream_calls", "", "API calls that a query made.", countBuckets, "front_end"),
		tables:     m.counter("query_table_reads_total", "", "Queries that read a table.", "table"),
		callers:    m.counter("query_caller_calls_total", "", "Calls to PingOne that a caller's queries made: by the id of the API key, which gateway keys list has, for the first 50 keys; all others by how they signed in.", "caller"),
		inFlight:   m.gauge("query_inflight", "", "Work under way: requests, queries (requests that have a turn), queued ones that wait for one, bodies that are read, bodies_queued that wait to be, scans, readings that wait for the request of their next page.", "what"),
		readings:   m.counter("query_readings_ended_total", "", "Readings that waited for the request of their next page, by how the wait ended: continued, expired, crowded_out, replaced, closed.", "how"),
		results:    m.counter("query_results_asked_total", "", "Statements whose caller accepts a result of some age (Cache-Control: max-age), by outcome: hit where one was kept, miss where the statement ran.", "outcome"),
		kept:       m.gauge("query_results_kept_bytes", "bytes", "Memory of the results that are kept for such statements, or are being read."),
		memory:     m.gauge("engine_memory_used_bytes", "bytes", "Memory that the embedded engine uses."),
		limit:      m.gauge("engine_memory_limit_bytes", "bytes", "Memory that the embedded engine may use."),
		spill:      m.gauge("engine_spill_bytes", "bytes", "Temporary disk that the embedded engine uses."),
		workers:    m.gauge("engine_workers", "", "Processes of the engine: alive, and busy with a statement.", "state"),
		exits:      m.counter("engine_worker_exits_total", "", "Processes of the engine that ended, by reason: stopped when no longer needed, crash, time or memory for a bound that was passed, canceled or needed where one would not give up its statement, start where one did not start.", "reason"),
		walls:      m.gauge("engine_walls", "", "1 where the kernel keeps the engine's processes from files (files), from the network and programs (calls).", "wall"),
	}
}

type upstreamMetrics struct {
	calls    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
	retries  *prometheus.CounterVec
	waits    *prometheus.CounterVec
	again    *prometheus.CounterVec
	fanOut   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	limit    *prometheus.HistogramVec
	budget   *prometheus.GaugeVec
}

func newUpstreamMetrics(m *Metrics) upstreamMetrics {
	return upstreamMetrics{
		calls:    m.counter("upstream_calls_total", "", "HTTP exchanges with PingOne, by rate-limit group, endpoint, method and status (none if no answer came).", "group", "endpoint", "method", "status"),
		duration: m.histogram("upstream_call_duration_seconds", "seconds", "Time of one exchange, its body included.", secondsBuckets, "group", "endpoint"),
		bytes:    m.counter("upstream_response_bytes_total", "bytes", "Bytes of PingOne's answers, as decompressed.", "group"),
		retries:  m.counter("upstream_retries_total", "", "Decisions to repeat a call.", "group", "reason"),
		waits:    m.counter("upstream_retry_wait_seconds_total", "seconds", "Time spent waiting before repeated calls.", "group"),
		again:    m.counter("upstream_read_again_total", "", "Collections, or parts of them, that were read again because their first reading could not be proved complete.", "table", "reason"),
		fanOut:   m.counter("upstream_fanout_parents_total", "", "Rows of other tables for each of which rows of a table are read, as they are found and when theirs were read; how far the reading is.", "table", "state"),
		refusals: m.counter("upstream_filter_refusals_total", "", "Filters that PingOne did not take, as unknown to it or as too long; the query went on without them.", "table", "reason"),
		limit:    m.histogram("upstream_limit_wait_seconds", "seconds", "Time a call waited for the rate budget.", secondsBuckets, "group"),
		budget:   m.gauge("upstream_budget_calls_per_second", "", "Rate in force for a rate-limit group.", "group"),
	}
}

type tokenMetrics struct {
	fetches  *prometheus.CounterVec
	duration *prometheus.HistogramVec
	served   *prometheus.CounterVec
	store    *prometheus.GaugeVec
}

func newTokenMetrics(m *Metrics) tokenMetrics {
	return tokenMetrics{
		fetches:  m.counter("token_fetches_total", "", "Requests to token endpoints.", "grant", "outcome"),
		duration: m.histogram("token_fetch_duration_seconds", "seconds", "Time of a request to a token endpoint.", secondsBuckets, "grant"),
		served:   m.counter("token_served_total", "", "Tokens handed to calls, by where they came from.", "source"),
		store:    m.gauge("token_store_up", "", "1 if the store of tokens and budgets works, 0 if the gateway goes on without it.", "store"),
	}
}

type serviceMetrics struct {
	panics      *prometheus.CounterVec
	auth        *prometheus.CounterVec
	callerLimit *prometheus.CounterVec
	auditLost   *prometheus.CounterVec
	auditUp     *prometheus.GaugeVec
	ready       *prometheus.GaugeVec
	check       *prometheus.GaugeVec
	reloads     *prometheus.CounterVec
	certificate *prometheus.GaugeVec
	keys        *prometheus.GaugeVec
}

func newServiceMetrics(m *Metrics) serviceMetrics {
	return serviceMetrics{
		panics:      m.counter("panics_total", "", "Defects caught, by where the work ran; each failed one request and nothing else. The log has the stack.", "where"),
		auth:        m.counter("auth_attempts_total", "", "Decisions about callers' credentials.", "method", "outcome"),
		callerLimit: m.counter("auth_caller_limited_total", "", "Requests refused or held back by the caller's own limits.", "limit"),
		auditLost:   m.counter("audit_lost_records_total", "", "Audit records that could not be written."),
		auditUp:     m.gauge("audit_up", "", "1 if the audit trail can be written."),
		ready:       m.gauge("service_ready", "", "1 while the gateway calls itself ready."),
		check:       m.gauge("service_check_ok", "", "1 if a readiness check passed last time.", "check"),
		reloads:     m.counter("service_reloads_total", "", "Attempts to take over changed configuration.", "what", "outcome"),
		keys:        m.gauge("auth_key_expiry_timestamp_seconds", "seconds", "When the first of the API keys that work ends, in seconds since 1970; 0 if none does."),
		certificate: m.gauge("service_certificate_expiry_timestamp_seconds", "seconds", "When the listener's certificate ends, in seconds since 1970."),
	}
}
