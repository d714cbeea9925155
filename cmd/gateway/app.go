package main

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"runtime"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/console/admin"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/logging"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/probe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/sizing"
	"github.com/pingone-gateway/gateway/internal/tracing"
	"github.com/pingone-gateway/gateway/metrics"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/system"
	"github.com/pingone-gateway/gateway/tokens/limiter"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/vault"
)

// app is the gateway, put together from a configuration. What it opens, Close
// closes, in the opposite order.
type app struct {
	config  *config.Config
	log     *logging.Log
	metrics *metrics.Metrics
	tracer  *tracing.Tracer
	trail   *audit.Log
	sink    observe.Sink
	engine  *duck.Engine
	vault   *vault.Vault
	tokens  *connections.Tokens
	pool    *connections.Pool
	probe   *probe.Probe
	callers *callers
	policy  *policy.Enforcer
	// readings are the pages' streams, of all connections.
	readings *reading.Store
	service  *service.Service
	server   *server.Server
	site     *console.Site
	checks   *server.Checks
	budget   *limiter.Budget
	// ring is what callers asked lately, for the administrator's page.
	ring *admin.Ring

	closers []func(context.Context) error
}

// newApp builds the gateway; log lines go to w. On an error everything that
// was opened is closed.
func newApp(ctx context.Context, cfg *config.Config, w io.Writer) (a *app, err error) {
	a = &app{config: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(context.WithoutCancel(ctx)))
		}
	}()
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return a.observability(ctx, w) },
		a.openEngine, a.openTokens, a.openConnections, a.openCallers, a.openService, a.openServer,
	} {
		if err := step(ctx); err != nil {
			return a, err
		}
	}
	return a, nil
}

// Close ends what the app opened.
func (a *app) Close(ctx context.Context) error {
	var err error
	for i := len(a.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, a.closers[i](ctx))
	}
	a.closers = nil
	return err
}

func (a *app) onClose(f func(context.Context) error) { a.closers = append(a.closers, f) }

// observability builds the subscribers of events: log, metrics, traces, audit.
func (a *app) observability(ctx context.Context, w io.Writer) (err error) {
	c := a.config
	if a.log, err = logging.New(logging.Config{Writer: w, Level: c.LogLevel(), Text: c.Log.Format == "text"}); err != nil {
		return err
	}
	a.metrics = metrics.New(metrics.Config{Version: versionText(), NativeHistograms: c.Metrics.NativeHistograms, Exemplars: c.Metrics.Exemplars})
	a.tracer, err = tracing.New(ctx, tracing.Config{
		Endpoint: c.Tracing.Endpoint, Headers: headers(c.Tracing.Headers), SampleRatio: c.Tracing.SampleRatio,
		ServiceName: c.Tracing.ServiceName, Version: versionText(),
	})
	if err != nil {
		return err
	}
	a.onClose(a.tracer.Close)
	a.sink = observe.Join(observe.NoteCodes, a.log, a.metrics, a.tracer)
	return a.openAudit()
}

// openAudit opens the trail, if one is wanted.
func (a *app) openAudit() (err error) {
	c := a.config.Audit
	a.ring = &admin.Ring{Statements: audit.Statements(c.Statements)}
	if c.Statements == "redacted" {
		a.ring.Statements = audit.Redacted
	}
	to, err := auditSink(c)
	if err != nil || to == nil {
		return err
	}
	if a.trail, err = audit.New(audit.Config{Sink: to, Required: c.Required, Statements: a.ring.Statements, Observe: a.sink}); err != nil {
		return err
	}
	a.onClose(a.trail.Close)
	return nil
}

// auditSink is where the trail goes; nil for nowhere.
func auditSink(c config.Audit) (audit.Sink, error) {
	switch {
	case c.Syslog != "":
		u, err := url.Parse(c.Syslog)
		if err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, "audit.syslog is not an address.", "Write it as tls://host:6514.").On("audit.syslog")
		}
		return audit.Syslog(audit.SyslogConfig{Network: u.Scheme, Address: u.Host + u.Path})
	case c.File == "stdout":
		return audit.Stream(os.Stdout), nil
	case c.File != "":
		const day = 24 * time.Hour
		return audit.File(audit.FileConfig{
			Path: c.File, MaxMegabytes: int(max(1, c.MaxBytes>>20)), Compress: c.Compress,
			MaxAgeDays: int((c.MaxAge + day - 1) / day), MaxBackups: c.MaxBackups,
		})
	}
	return nil, nil
}

func (a *app) openEngine(ctx context.Context) (err error) {
	c := a.config.Engine
	available, memory := sizing.Detect(), c.MemoryBytes
	if memory == 0 {
		memory = available.Engine()
	}
	available.LimitGo(memory)
	if c.Threads == 0 {
		c.Threads = runtime.GOMAXPROCS(0) // which follows the container's quota
	}
	a.engine, err = duck.Open(ctx, duck.Config{
		MemoryLimit: memory, WorkerMemory: c.WorkerBytes, Workers: c.Workers, Time: c.Time,
		Threads: c.Threads, TempDir: c.TempDir, TempBytes: c.TempBytes, Share: a.callerShare(), Sink: a.sink,
	})
	if err != nil {
		return err
	}
	a.onClose(func(context.Context) error { return a.engine.Close() })
	return nil
}

func (a *app) openTokens(ctx context.Context) (err error) {
	if a.vault, err = openVault(ctx, a.config, a.sink); err != nil {
		return err
	}
	a.onClose(func(context.Context) error { return a.vault.Close() })
	a.tokens = &connections.Tokens{Vault: a.vault, RedisRequired: a.config.Redis.Required, Sink: a.sink}
	return nil
}

func openVault(ctx context.Context, c *config.Config, sink observe.Sink) (*vault.Vault, error) {
	return vault.Open(ctx, vault.Config{
		Store: c.Tokens.Store, Keys: c.Tokens.EncryptionKeys, NameKey: c.Tokens.NameKey,
		Redis: redisconn.Config{URL: c.Redis.Address().Reveal(), Prefix: c.Redis.Prefix, Required: c.Redis.Required, Sink: sink},
	})
}

// openBudget makes the budget of calls, which replicas share over Redis.
func (a *app) openBudget() (*limiter.Budget, error) {
	c := a.config
	limits, err := c.Limits.PingOneRates()
	if err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "limits.pingone can't be read.", "").On("limits.pingone")
	}
	b := limiter.Config{Replicas: max(1, c.Replicas), Limits: limits, Sink: a.sink}
	if d, ok := c.Connections[c.DefaultConnection]; ok {
		b.RateShare, b.MaxInFlight = d.RateShare, max(64, d.MaxParallel)
	}
	if a.vault.Redis != nil {
		b.Shared = limiter.NewRedis(a.vault.Redis, a.vault.Ring)
	}
	a.budget, err = limiter.New(b)
	if err == nil {
		a.onClose(func(context.Context) error { return a.budget.Close() })
	}
	return a.budget, err
}

func (a *app) openConnections(ctx context.Context) error {
	budget, err := a.openBudget()
	if err != nil {
		return err
	}
	a.readings = reading.NewStore(reading.Options{Sink: a.sink})
	a.pool, err = connections.New(ctx, connections.Config{
		Config: a.config, Engine: a.engine, Readings: a.readings, Tokens: a.tokens, Budget: budget,
		Sink: a.sink, Wrap: a.tracer.Transport, Version: versionText(),
	})
	if err != nil {
		return err
	}
	a.onClose(func(context.Context) error { a.pool.Close(); return nil })
	return nil
}

func (a *app) openCallers(ctx context.Context) (err error) {
	if a.callers, err = newCallers(ctx, a); err != nil {
		return err
	}
	a.probe = &probe.Probe{Config: a.config, Pool: a.pool, Redis: a.vault.Redis, Trail: a.trail, Views: a.checkViews}
	if a.config.Auth.PolicyFile == "" {
		return nil
	}
	p, err := policy.Load(a.config.Auth.PolicyFile)
	if err != nil {
		return err
	}
	key, err := a.vault.Derive("column mask v1")
	if err != nil {
		return err
	}
	a.policy, err = policy.New(policy.Config{Policy: p, Binder: a.engine, HashKey: key})
	a.probe.Policy = a.policy
	return err
}

// aliases are further names of the default connection.
var aliases = []string{"CData"}

// checkViews tells of each view of a connection whether it can be read.
func (a *app) checkViews(ctx context.Context, c *connections.Opened, tell func(string, error)) {
	c.CheckViews(ctx, a.engine, append([]string{c.Name}, aliases...), tell)
}

// callerShare is the part of the turns, and of the engine's processes, that a
// caller can have while it is alone.
func (a *app) callerShare() float64 {
	if a.config.Auth.Has(config.AuthNone) {
		return 1 // there is one caller
	}
	return a.config.Limits.CallerShare
}

func (a *app) openService(context.Context) error {
	l := a.config.Limits
	c := service.Config{
		Turns:             service.Turns{AtOnce: l.Queries, Share: a.callerShare(), Queue: l.Queue, QueueTime: l.QueueTime},
		RequestsPerMinute: l.RequestsPerMinute,
		Pool:              a.pool, Binder: a.engine, Quota: quota.New(quota.Config{Sink: a.sink}), Sink: a.sink,
		System: []*system.Schema{pgcatalog.Schema()}, Readings: a.readings, MaxTime: l.QueryTime, MaxRows: l.Rows, ResultBytes: l.ResultBytes, Aliases: aliases,
	}
	if a.policy != nil {
		c.Policy = a.policy
	}
	c.Audit = a.audit
	a.service = service.New(c)
	a.onClose(func(context.Context) error { a.service.Close(); return nil })
	return nil
}

// audit adds to a record what the request was sent with, and keeps it: in the trail, if
// there is one, and in memory for the administrator's page.
func (a *app) audit(ctx context.Context) (func(context.Context, audit.Record), error) {
	var entry *audit.Entry
	if a.trail != nil {
		var err error
		if entry, err = a.trail.Begin(ctx); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, r audit.Record) {
		r.Remote, r.RequestID, r.TraceID = remoteOf(ctx), observe.RequestID(ctx), tracing.ID(ctx)
		if r.Language = audit.SQL; r.FrontEnd == "odata" {
			r.Language = audit.OData
		}
		a.ring.Keep(r)
		if entry != nil {
			entry.Finish(ctx, r)
		}
	}, nil
}

// Run serves until ctx ends.
func (a *app) Run(ctx context.Context) error {
	a.sink.Observe(ctx, a.started())
	defer alongside(ctx, a.watchMemory)()
	return a.server.Run(ctx)
}

// started is what an operator wants to know of a log's process.
func (a *app) started() observe.Started {
	c := a.config
	e := observe.Started{Version: versionText(), File: c.File, Auth: c.Auth.Modes, Connections: c.ConnectionNames()}
	for _, l := range [][2]string{{"public", c.Listen.Address}, {"admin", c.Admin.Address}, {wireName, c.Postgres.Address}} {
		if l[1] != "" {
			e.Listeners = append(e.Listeners, l[0]+" "+l[1])
		}
	}
	return e
}

// watchMemory reports the engine's memory until ctx ends.
func (a *app) watchMemory(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if m, err := a.engine.Memory(ctx); err == nil {
			a.sink.Observe(ctx, m)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// background runs f until the app closes.
func (a *app) background(f func(context.Context)) {
	stop := alongside(context.Background(), f)
	a.onClose(func(context.Context) error { stop(); return nil })
}

// alongside runs f until ctx ends or stop is called, which waits for it.
func alongside(ctx context.Context, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() { cancel(); <-done }
}
