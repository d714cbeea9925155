package metrics

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"github.com/pingone-gateway/gateway/internal/observe"
)

// Observe counts an event. Events that only the log shows are ignored.
func (m *Metrics) Observe(ctx context.Context, e observe.Event) {
	var span trace.SpanContext // of exemplars alone
	if m.cfg.Exemplars {
		span = trace.SpanContextFromContext(ctx)
	}
	switch e := e.(type) {
	case observe.RequestFinished, observe.RequestFailed, observe.RequestShed:
		m.observeFrontEnd(span, e)
	case observe.QueryPhase, observe.QueryFinished, observe.InFlight, observe.ReadingEnded, observe.ResultAsked, observe.ResultBytes, observe.EngineMemory,
		observe.EngineWorkers, observe.EngineWorkerExited, observe.EngineWalls:
		m.observeQuery(span, e)
	case observe.UpstreamCall, observe.UpstreamRetry, observe.FilterRefused, observe.ReadAgain, observe.FanOut, observe.LimitWait, observe.BudgetChanged:
		m.observeUpstream(span, e)
	case observe.TokenFetch, observe.TokenServed, observe.StoreState:
		m.observeToken(span, e)
	default:
		m.observeService(e)
	}
}

func (m *Metrics) observeFrontEnd(span trace.SpanContext, e observe.Event) {
	f := m.frontEnd
	switch e := e.(type) {
	case observe.RequestFinished:
		fe, route := frontEnd(e.FrontEnd), m.guard.value("route", e.Route)
		f.requests.WithLabelValues(fe, route, status(e.Status)).Inc()
		m.record(f.duration.WithLabelValues(fe, route), e.Duration.Seconds(), span)
		f.rows.WithLabelValues(fe).Add(count(e.Rows))
		f.bytes.WithLabelValues(fe).Add(count(e.Bytes))
	case observe.RequestFailed:
		f.failures.WithLabelValues(frontEnd(e.FrontEnd), m.guard.outcome(e.Code)).Inc()
	case observe.RequestShed:
		f.shed.WithLabelValues(oneOf(e.Reason, "queue_full", "queue_time", "draining")).Inc()
	}
}

func (m *Metrics) observeQuery(span trace.SpanContext, e observe.Event) {
	q := m.query
	switch e := e.(type) {
	case observe.QueryPhase:
		phase := oneOf(e.Phase, "parse", "plan", "scan", "load", "residual", "encode")
		m.record(q.phase.WithLabelValues(phase), e.Duration.Seconds(), span)
	case observe.QueryFinished:
		fe := frontEnd(e.FrontEnd)
		q.finished.WithLabelValues(fe, m.guard.outcome(e.Code)).Inc()
		m.record(q.duration.WithLabelValues(fe), e.Duration.Seconds(), span)
		q.fetched.WithLabelValues(fe).Add(count(e.RowsFetched))
		q.returned.WithLabelValues(fe).Add(count(e.RowsReturned))
		q.predicates.WithLabelValues("pushed").Add(count(int64(e.Pushed)))
		q.predicates.WithLabelValues("residual").Add(count(int64(e.Residual)))
		m.record(q.calls.WithLabelValues(fe), count(e.Calls), span)
		q.callers.WithLabelValues(m.guard.caller(e.Caller)).Add(count(e.Calls))
		for _, t := range e.Tables {
			q.tables.WithLabelValues(m.guard.value("table", t)).Inc()
		}
	case observe.InFlight:
		q.inFlight.WithLabelValues(oneOf(e.What, "queries", "scans", "requests", "queued", "bodies", "bodies_queued", "readings", "wire_connections")).Add(float64(e.Delta))
	case observe.ResultAsked:
		outcome := "miss"
		if e.Hit {
			outcome = "hit"
		}
		q.results.WithLabelValues(outcome).Inc()
	case observe.ResultBytes:
		q.kept.WithLabelValues().Add(float64(e.Delta))
	case observe.ReadingEnded:
		q.readings.WithLabelValues(oneOf(e.How, observe.ReadingContinued, observe.ReadingExpired, observe.ReadingCrowdedOut, observe.ReadingReplaced, observe.ReadingClosed)).Inc()
	case observe.EngineMemory:
		q.memory.WithLabelValues().Set(float64(e.UsedBytes))
		q.limit.WithLabelValues().Set(float64(e.LimitBytes))
		q.spill.WithLabelValues().Set(float64(e.SpillBytes))
	case observe.EngineWorkers:
		q.workers.WithLabelValues(oneOf(e.State, "alive", "busy")).Add(float64(e.Delta))
	case observe.EngineWorkerExited:
		q.exits.WithLabelValues(oneOf(e.Reason, "stopped", "crash", "time", "memory", "canceled", "needed", "start")).Inc()
	case observe.EngineWalls:
		q.walls.WithLabelValues("files").Set(oneIf(e.Files))
		q.walls.WithLabelValues("calls").Set(oneIf(e.Calls))
	}
}

func (m *Metrics) observeUpstream(span trace.SpanContext, e observe.Event) {
	u := m.upstream
	switch e := e.(type) {
	case observe.UpstreamCall:
		group, endpoint := m.guard.value("group", e.Group), m.guard.value("endpoint", e.Endpoint)
		u.calls.WithLabelValues(group, endpoint, method(e.Method), status(e.Status)).Inc()
		m.record(u.duration.WithLabelValues(group, endpoint), e.Duration.Seconds(), span)
		u.bytes.WithLabelValues(group).Add(count(e.Bytes))
	case observe.UpstreamRetry:
		group := m.guard.value("group", e.Group)
		u.retries.WithLabelValues(group, oneOf(e.Reason, "429", "408", "5xx", "network", "cut_short", "401")).Inc()
		u.waits.WithLabelValues(group).Add(max(0, e.Wait.Seconds()))
	case observe.FilterRefused:
		u.refusals.WithLabelValues(m.guard.value("table", e.Table), refusalReason(e.TooLong)).Inc()
	case observe.ReadAgain:
		u.again.WithLabelValues(m.guard.value("table", e.Table), oneOf(e.Reason, "changed", "cursor", "split", "moved")).Inc()
	case observe.FanOut:
		table := m.guard.value("table", e.Table)
		u.fanOut.WithLabelValues(table, "found").Add(count(e.NewlyFound))
		u.fanOut.WithLabelValues(table, "read").Add(count(e.NewlyRead))
	case observe.LimitWait:
		m.record(u.limit.WithLabelValues(m.guard.value("group", e.Group)), e.Wait.Seconds(), span)
	case observe.BudgetChanged:
		u.budget.WithLabelValues(m.guard.value("group", e.Group)).Set(e.Rate)
	}
}

func (m *Metrics) observeToken(span trace.SpanContext, e observe.Event) {
	t := m.token
	switch e := e.(type) {
	case observe.TokenFetch:
		grant := m.guard.value("grant", e.Grant)
		t.fetches.WithLabelValues(grant, oneOf(e.Outcome, "ok", "rejected", "failed")).Inc()
		m.record(t.duration.WithLabelValues(grant), e.Duration.Seconds(), span)
	case observe.TokenServed:
		t.served.WithLabelValues(oneOf(e.Source, "memory", "store", "fetched")).Inc()
	case observe.StoreState:
		t.store.WithLabelValues(oneOf(e.Store, "redis", "file", "memory")).Set(oneIf(e.Up))
	}
}

func (m *Metrics) observeService(e observe.Event) {
	s := m.service
	switch e := e.(type) {
	case observe.PanicRecovered:
		s.panics.WithLabelValues(place(e.Where)).Inc()
	case observe.Authenticated:
		s.auth.WithLabelValues(m.guard.value("method", e.Method), oneOf(e.Outcome, "ok", "challenged", "rejected", "damped", "failed")).Inc()
	case observe.CallerLimited:
		s.callerLimit.WithLabelValues(oneOf(e.Limit, "rate", "concurrency", "share")).Inc()
	case observe.AuditLost:
		s.auditLost.WithLabelValues().Add(count(e.Records))
	case observe.AuditState:
		s.auditUp.WithLabelValues().Set(oneIf(e.Up))
	case observe.Lifecycle:
		switch e.Step {
		case "ready":
			s.ready.WithLabelValues().Set(1)
		case "starting", "not_ready", "draining":
			s.ready.WithLabelValues().Set(0)
		}
	case observe.ReadyCheck:
		s.check.WithLabelValues(m.guard.value("check", e.Name)).Set(oneIf(e.OK))
	case observe.Reloaded:
		s.reloads.WithLabelValues(m.guard.value("what", e.What), reloadOutcome(e.Err)).Inc()
	case observe.KeysEnd:
		at := int64(0)
		if !e.Next.IsZero() {
			at = e.Next.Unix()
		}
		s.keys.WithLabelValues().Set(float64(at))
	case observe.CertificateLoaded:
		s.certificate.WithLabelValues().Set(float64(e.NotAfter.Unix()))
	}
}

func frontEnd(v string) string {
	return oneOf(v, "odata", "sql", "oauth", "console", "docs", "admin", "pgwire", "mcp")
}

func place(where observe.Place) string {
	if !slices.Contains(observe.Places(), where) {
		return other
	}
	return string(where)
}

func method(v string) string {
	return oneOf(v, "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
}

func reloadOutcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

func refusalReason(tooLong bool) string {
	if tooLong {
		return "too_long"
	}
	return "filter"
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// count keeps counters from going back, which they refuse with a panic.
func count(n int64) float64 { return float64(max(0, n)) }
