package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// maxCallers bounds the connections kept for callers that are passed through.
const maxCallers = 1000

// pool gives the configured connections, and one of its own to each caller who
// is passed through to PingOne.
type pool struct {
	config  *config.Config
	engine  exec.Engine
	sink    observe.Sink
	keep    *tokenKeeper
	budget  limiter.Limiter
	mu      sync.Mutex
	shared  map[string]*connection
	callers *lru.Cache[string, *connection]
}

// connection is a service connection with what has to be closed after it.
type connection struct {
	service.Connection
	directory *pingone.Connection
	tokens    *connect.Connection
	limits    *limitReader
	close     func()
}

// check looks at a connection for readiness: it must list its environments,
// and calls are paced from the first one on.
func (c *connection) check(ctx context.Context) error {
	if _, err := c.Provider.Names(ctx); err != nil {
		return err
	}
	return c.limits.read(ctx)
}

func newPool(ctx context.Context, cfg *config.Config, engine exec.Engine, sink observe.Sink, keep *tokenKeeper, budget limiter.Limiter) (*pool, error) {
	p := &pool{config: cfg, engine: engine, sink: sink, keep: keep, budget: budget, shared: map[string]*connection{}}
	var err error
	if p.callers, err = lru.NewWithEvict(maxCallers, func(_ string, c *connection) { c.close() }); err != nil {
		return nil, err
	}
	for _, name := range cfg.ConnectionNames() {
		c := cfg.Connections[name]
		if c.AuthScheme == config.SchemePassThrough {
			continue // made for each caller
		}
		t, stop, err := keep.connect(ctx, c)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		if p.shared[name], err = p.open(c, t, stop); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

// Default implements service.Pool.
func (p *pool) Default() string { return p.config.DefaultConnection }

// Connection implements service.Pool.
func (p *pool) Connection(ctx context.Context, name string, caller *auth.Principal) (*service.Connection, error) {
	if name == "" || strings.EqualFold(name, "CData") {
		name = p.Default()
	}
	cfg, ok := p.config.Connections[name]
	if !ok {
		return nil, gwerr.Newf(gwerr.NotFound, "There is no connection named %q.", name).
			WithMend("The default one is " + p.Default() + ".")
	}
	if caller.Upstream != nil {
		c, err := p.callerConnection(ctx, cfg, caller.Upstream)
		if err != nil {
			return nil, err
		}
		return &c.Connection, nil
	}
	c, ok := p.shared[name]
	if !ok {
		return nil, gwerr.New(gwerr.Unauthenticated, "This connection needs your own PingOne credentials.",
			"Send the client id and secret of a PingOne application as Basic credentials.")
	}
	return &c.Connection, nil
}

// callerConnection finds or makes the connection of a caller's own. The host
// is the configuration's: callers bring credentials, never addresses.
func (p *pool) callerConnection(_ context.Context, cfg *config.Connection, u *auth.Upstream) (*connection, error) {
	key := cfg.Name + "\x00" + u.PoolKey()
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.callers.Get(key); ok {
		return c, nil
	}
	t, err := p.keep.connectCaller(cfg, u)
	if err != nil {
		return nil, err
	}
	c, err := p.open(cfg, t, t.Close)
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	p.callers.Add(key, c)
	return c, nil
}

// open builds a connection over a token source; stop ends the source.
func (p *pool) open(cfg *config.Connection, t *connect.Connection, stop func() error) (*connection, error) {
	proxy, err := proxyOf(cfg)
	if err != nil {
		return nil, err
	}
	ca, err := certificates(cfg.SSLServerCert)
	if err != nil {
		return nil, err
	}
	d, err := pingone.New(pingone.Config{
		Region: cfg.Region, APIURL: cfg.APIURL, WorkerAppEnvironmentID: cfg.WorkerAppEnvironmentID,
		DefaultSchema: cfg.Schema, Authorizer: bearer{t.Source}, Limiter: paced{p.budget, cfg},
		Sink: observe.Join(p.sink, countCalls), MaxParallel: cfg.MaxParallel, CallTimeout: callTimeout(cfg.Timeout),
		SchemaTTL: cfg.SchemaTTL, ProxyURL: proxy, NoProxy: strings.Join(cfg.ProxyExceptions, ","),
		CAPEM: ca, UserAgent: "pingone-gateway/" + versionText(),
	})
	if err != nil {
		return nil, err
	}
	x := exec.New(exec.Config{Source: d, Engine: p.engine, Sink: p.sink, MaxRows: maxRows(p.config, cfg), Plan: plan.Options{
		MaxFanout: cfg.MaxFanout, PushUnconfirmed: cfg.PushUnconfirmed, PageSize: cfg.Pagesize,
	}})
	return &connection{
		Connection: service.Connection{Name: cfg.Name, Provider: d, Executor: x, Calls: withCallCount},
		directory:  d, tokens: t, limits: &limitReader{directory: d, budget: p.budget, license: paced{p.budget, cfg}.license()},
		close: func() { _ = errors.Join(d.Close(), stop()) }, // nothing is left to be done about it
	}, nil
}

// Close ends all connections.
func (p *pool) Close() error {
	p.callers.Purge()
	for _, c := range p.shared {
		if c != nil {
			c.close()
		}
	}
	return nil
}

// bearer puts tokens of a source on requests.
type bearer struct{ source tokens.Source }

// Authorize implements pingone.Authorizer.
func (b bearer) Authorize(ctx context.Context, h http.Header) (func(context.Context), error) {
	t, err := b.source.Token(ctx)
	if err != nil {
		return nil, err
	}
	h.Set("Authorization", "Bearer "+t.Value.Reveal())
	return func(ctx context.Context) { b.source.Invalidate(ctx, t) }, nil
}

// paced asks the rate budget for calls on behalf of the context's caller.
type paced struct {
	budget limiter.Limiter
	config *config.Connection
}

// license stands for what pays for the calls: the environment that owns the
// application, since the license itself may not be readable.
func (p paced) license() string { return p.config.Name + "/" + p.config.WorkerAppEnvironmentID }

// Acquire implements pingone.Limiter.
func (p paced) Acquire(ctx context.Context, permit pingone.Permit) (func(), error) {
	r := limiter.Request{License: p.license(), Group: permit.Group, Caller: auth.FromContext(ctx).Identity()}
	if permit.Bulk {
		r.Priority = limiter.Bulk
	}
	return p.budget.Acquire(ctx, r)
}

// Report implements pingone.Limiter.
func (p paced) Report(ctx context.Context, permit pingone.Permit, status int, retryAfter time.Duration) {
	p.budget.Report(ctx, p.license(), permit.Group, limiter.Outcome{Status: status, RetryAfter: retryAfter})
}

type callCountKey struct{}

// withCallCount makes upstream calls under the context count.
func withCallCount(ctx context.Context) (context.Context, func() int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, callCountKey{}, n), n.Load
}

// countCalls counts calls for withCallCount.
var countCalls = observe.SinkFunc(func(ctx context.Context, e observe.Event) {
	if _, ok := e.(observe.UpstreamCall); !ok {
		return
	}
	if n, ok := ctx.Value(callCountKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
})

func callTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1 // the connector's 0 means never
	}
	return d
}

// maxRows is the tighter of the service's bound and the connection's.
func maxRows(cfg *config.Config, c *config.Connection) int64 {
	switch {
	case c.MaxRows <= 0:
		return cfg.Limits.Rows
	case cfg.Limits.Rows <= 0:
		return c.MaxRows
	default:
		return min(c.MaxRows, cfg.Limits.Rows)
	}
}

func proxyOf(c *config.Connection) (string, error) {
	if c.ProxyServer == "" {
		return "", nil
	}
	host := c.ProxyServer
	if !strings.Contains(host, "://") {
		host = "http://" + host
	}
	u, err := url.Parse(host)
	if err != nil {
		return "", gwerr.New(gwerr.Config, "ProxyServer is no address.", "Write it as proxy.example.com.").On("ProxyServer")
	}
	if c.ProxyPort > 0 {
		u.Host = fmt.Sprintf("%s:%d", u.Hostname(), c.ProxyPort)
	}
	if c.ProxyUser != "" {
		u.User = url.UserPassword(c.ProxyUser, c.ProxyPassword.Reveal())
	}
	return u.String(), nil
}
