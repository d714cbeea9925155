package logging

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

var _ observe.Sink = (*Log)(nil)

// longFanOut is the number of parents from which on a fan-out is worth a line.
const longFanOut = 200

// Observe writes the events that are worth a line. What happens for every
// request is written at debug, what an operator must act on at warn or error.
func (l *Log) Observe(ctx context.Context, e observe.Event) {
	switch e := e.(type) {
	case observe.RequestFinished:
		l.request(ctx, e)
	case observe.RequestFailed:
		l.failure(ctx, e)
	case observe.PanicRecovered:
		l.logger.LogAttrs(ctx, slog.LevelError, "panic, one request failed",
			slog.String("where", string(e.Where)), slog.String("panic", e.Value), slog.String("stack", e.Stack))
	case observe.RequestShed:
		l.logger.LogAttrs(ctx, slog.LevelWarn, "request refused, too busy", slog.String("reason", e.Reason))
	case observe.QueryFinished:
		l.query(ctx, e)
	case observe.UpstreamCall, observe.UpstreamRetry, observe.FilterRefused, observe.ReadAgain, observe.FanOut, observe.LimitWait, observe.BudgetChanged:
		l.upstream(ctx, e)
	case observe.TokenFetch, observe.StoreState, observe.AuditLost, observe.AuditState, observe.Authenticated:
		l.state(ctx, e)
	case observe.EngineWorkerExited, observe.EngineWalls:
		l.engine(ctx, e)
	case observe.Started, observe.KeysEnd, observe.Lifecycle, observe.ReadyCheck, observe.Reloaded, observe.CertificateLoaded:
		l.lifecycle(ctx, e)
	}
}

func (l *Log) request(ctx context.Context, e observe.RequestFinished) {
	level := slog.LevelInfo
	if e.FrontEnd == "admin" {
		level = slog.LevelDebug
	}
	l.logger.LogAttrs(ctx, level, "request", append(who(e), slog.String("front_end", e.FrontEnd), slog.String("route", e.Route),
		slog.Int("status", e.Status), seconds(e.Duration), slog.Int64("rows", e.Rows), slog.Int64("bytes", e.Bytes))...)
}

// who tells of a request what is not known of all.
func who(e observe.RequestFinished) (out []slog.Attr) {
	for _, a := range []slog.Attr{slog.String("method", e.Method), slog.String("caller", e.Caller), slog.String("code", e.Code)} {
		if a.Value.String() != "" {
			out = append(out, a)
		}
	}
	return out
}

// failure writes the causes of an error too. Callers' own mistakes are of
// interest to callers only.
func (l *Log) failure(ctx context.Context, e observe.RequestFailed) {
	level := slog.LevelError
	switch status := gwerr.New(gwerr.Code(e.Code), "", "").Kind().HTTP; {
	case status < 500:
		level = slog.LevelDebug
	case gwerr.Code(e.Code) != gwerr.Internal:
		level = slog.LevelWarn
	}
	l.logger.LogAttrs(ctx, level, "request failed", slog.String("front_end", e.FrontEnd),
		slog.String("code", e.Code), slog.String("error", causes(e.Err)))
}

// causes joins the texts of an error and of what it wraps: gwerr keeps the
// cause out of its own text.
func causes(err error) string {
	var parts []string
	for err != nil && len(parts) < 8 {
		text := err.Error()
		if len(parts) == 0 || !strings.Contains(parts[len(parts)-1], text) {
			parts = append(parts, text)
		}
		err = errors.Unwrap(err)
	}
	return strings.Join(parts, ": ")
}

func (l *Log) query(ctx context.Context, e observe.QueryFinished) {
	l.logger.LogAttrs(ctx, slog.LevelDebug, "query", slog.String("front_end", e.FrontEnd),
		slog.Any("tables", e.Tables), slog.Int64("rows_fetched", e.RowsFetched), slog.Int64("rows_returned", e.RowsReturned),
		slog.Int64("calls", e.Calls), slog.Int("pushed", e.Pushed), slog.Int("residual", e.Residual), seconds(e.Duration), slog.String("code", e.Code))
}

func (l *Log) upstream(ctx context.Context, e observe.Event) {
	switch e := e.(type) {
	case observe.UpstreamCall:
		l.logger.LogAttrs(ctx, slog.LevelDebug, "upstream call", slog.String("group", e.Group), slog.String("endpoint", e.Endpoint),
			slog.String("method", e.Method), slog.Int("status", e.Status), slog.Int("attempt", e.Attempt), seconds(e.Duration), slog.Int64("bytes", e.Bytes))
	case observe.UpstreamRetry:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "upstream retry", slog.String("group", e.Group),
			slog.String("reason", e.Reason), slog.Float64("wait_seconds", e.Wait.Seconds()))
	case observe.FilterRefused:
		l.logger.LogAttrs(ctx, slog.LevelWarn, "filter refused", slog.String("table", e.Table), slog.String("attribute", e.Attribute),
			slog.String("operator", e.Operator), slog.Bool("too_long", e.TooLong))
	case observe.ReadAgain:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "read again", slog.String("table", e.Table), slog.String("reason", e.Reason))
	case observe.FanOut:
		if e.NewlyRead > 0 || e.Ended { // many calls, and how far they are
			l.logger.LogAttrs(ctx, levelIf(e.Read >= longFanOut, slog.LevelInfo, slog.LevelDebug), "fan-out", slog.String("table", e.Table), slog.String("for_each", e.Parent),
				slog.Int64("found", e.Found), slog.Int64("read", e.Read), slog.Bool("ended", e.Ended))
		}
	case observe.LimitWait:
		l.logger.LogAttrs(ctx, slog.LevelDebug, "waited for the rate budget", slog.String("group", e.Group),
			slog.Float64("wait_seconds", e.Wait.Seconds()))
	case observe.BudgetChanged:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "rate budget changed", slog.String("group", e.Group), slog.Float64("calls_per_second", e.Rate))
	}
}

func (l *Log) state(ctx context.Context, e observe.Event) {
	switch e := e.(type) {
	case observe.TokenFetch:
		l.logger.LogAttrs(ctx, levelIf(e.Outcome != "ok", slog.LevelWarn, slog.LevelDebug), "token fetch",
			slog.String("grant", e.Grant), slog.String("outcome", e.Outcome), seconds(e.Duration))
	case observe.StoreState:
		l.logger.LogAttrs(ctx, levelIf(!e.Up, slog.LevelWarn, slog.LevelInfo), "store",
			slog.String("store", e.Store), slog.Bool("up", e.Up))
	case observe.AuditLost:
		l.logger.LogAttrs(ctx, slog.LevelError, "audit records lost", slog.Int64("records", e.Records))
	case observe.AuditState:
		l.logger.LogAttrs(ctx, levelIf(!e.Up, slog.LevelError, slog.LevelInfo), "audit trail", slog.Bool("up", e.Up))
	case observe.Authenticated:
		l.logger.LogAttrs(ctx, levelIf(e.Outcome == "failed", slog.LevelWarn, slog.LevelDebug), "caller",
			slog.String("method", e.Method), slog.String("outcome", e.Outcome))
	}
}

func (l *Log) engine(ctx context.Context, e observe.Event) {
	switch e := e.(type) {
	case observe.EngineWorkerExited:
		l.logger.LogAttrs(ctx, levelIf(e.Reason != "stopped", slog.LevelWarn, slog.LevelDebug), "engine process ended",
			slog.String("reason", e.Reason), slog.String("error", causes(e.Err)))
	case observe.EngineWalls:
		l.logger.LogAttrs(ctx, levelIf(!e.Files || !e.Calls, slog.LevelWarn, slog.LevelDebug), "engine processes are kept from files, and from network and programs",
			slog.Bool("files", e.Files), slog.Bool("network_and_programs", e.Calls))
	}
}

func (l *Log) lifecycle(ctx context.Context, e observe.Event) {
	switch e := e.(type) {
	case observe.Started:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "started", slog.String("version", e.Version), slog.String("config", e.File),
			slog.Any("listeners", e.Listeners), slog.Any("auth", e.Auth), slog.Any("connections", e.Connections))
	case observe.KeysEnd:
		if !e.Next.IsZero() {
			l.logger.LogAttrs(ctx, slog.LevelInfo, "the first API key that ends", slog.Time("at", e.Next))
		}
	case observe.Lifecycle:
		l.logger.LogAttrs(ctx, levelIf(e.Step == "cutting" || e.Step == "not_ready", slog.LevelWarn, slog.LevelInfo), e.Step, slog.String("detail", e.Detail))
	case observe.ReadyCheck:
		if e.OK {
			l.logger.LogAttrs(ctx, slog.LevelInfo, "check passed", slog.String("check", e.Name))
			return
		}
		l.logger.LogAttrs(ctx, slog.LevelWarn, "check failed", slog.String("check", e.Name), slog.String("error", causes(e.Err)))
	case observe.Reloaded:
		if e.Err != nil {
			l.logger.LogAttrs(ctx, slog.LevelError, "reload failed, the old state stays", slog.String("what", e.What), slog.String("error", causes(e.Err)))
			return
		}
		l.logger.LogAttrs(ctx, slog.LevelInfo, "reloaded", slog.String("what", e.What))
	case observe.CertificateLoaded:
		l.logger.LogAttrs(ctx, slog.LevelInfo, "certificate loaded", slog.Time("not_after", e.NotAfter))
	}
}

func seconds(d time.Duration) slog.Attr { return slog.Float64("duration_seconds", d.Seconds()) }

func levelIf(yes bool, then, otherwise slog.Level) slog.Level {
	if yes {
		return then
	}
	return otherwise
}
