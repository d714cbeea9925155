package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	connections "github.com/pingone-gateway/gateway/internal/pool"
	"github.com/pingone-gateway/gateway/internal/procedures"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// maxCallers bounds the connections kept for callers that are passed through.
const maxCallers = 1000

// maxHomes bounds what is remembered of callers; proofs of callers are bounded
// by the same number.
const maxHomes = 10_000

// pool gives the configured connections, and one of its own to each caller who
// is passed through to PingOne.
type pool struct {
	config   *config.Config
	engine   exec.Engine
	readings *reading.Store
	sink     observe.Sink
	keep     *tokenKeeper
	budget   limiter.Limiter
	trace    wrapper
	shared   *connections.Pool[*connection]
	callers  *connections.Pool[*connection]
	mu       sync.Mutex
	secrets  map[string]*config.Connection // with reloaded secrets, by name
	// homes are the environments of callers' applications, by pool key.
	homes *lru.Cache[string, string]
}

// wrapper goes around the transport to PingOne.
type wrapper func(http.RoundTripper) http.RoundTripper

// connection is a service connection with what has to be closed after it.
type connection struct {
	service.Database
	directory *pingone.Directory
	tokens    *connect.Tokens
	limits    *limitReader
}

// check looks at a connection for readiness: it must list its environments,
// and calls are paced from the first one on.
func (c *connection) check(ctx context.Context) error {
	if _, err := c.Provider.Names(ctx); err != nil {
		return err
	}
	return c.limits.read(ctx)
}

func newPool(ctx context.Context, cfg *config.Config, engine exec.Engine, readings *reading.Store, sink observe.Sink, keep *tokenKeeper, budget limiter.Limiter, trace wrapper) (*pool, error) {
	p := &pool{config: cfg, engine: engine, readings: readings, sink: sink, keep: keep, budget: budget, trace: trace, secrets: map[string]*config.Connection{}}
	p.shared, p.callers = connections.New[*connection](len(cfg.Connections)), connections.New[*connection](maxCallers)
	var err error
	if p.homes, err = lru.New[string, string](maxHomes); err != nil {
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
		made, closing, err := p.open(c, t, stop)
		if err != nil {
			return nil, errors.Join(err, stop(), p.Close())
		}
		if err := p.shared.Put(name, made, closing); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Default implements service.Pool.
func (p *pool) Default() string { return p.config.DefaultConnection }

// Database implements service.Pool.
func (p *pool) Database(ctx context.Context, name string, caller *auth.Principal) (*service.Database, error) {
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
		return &c.Database, nil
	}
	item, ok := p.shared.Peek(name)
	if !ok {
		return nil, gwerr.New(gwerr.Unauthenticated, "This connection needs your own PingOne credentials.",
			"Send the client id and secret of a PingOne application as Basic credentials.")
	}
	release, ok := item.Use()
	if !ok { // a reload has just replaced it
		return p.Database(ctx, name, caller)
	}
	return &lent(ctx, item, release).Database, nil
}

// lent is an item's connection, which stays open until ctx ends.
func lent(ctx context.Context, item *connections.Item[*connection], release func()) *connection {
	context.AfterFunc(ctx, release)
	c := *item.Value
	c.Hold = func() func() {
		release, _ := item.Use() // it is in use already
		return release
	}
	return &c
}

// callerConnection finds or makes the connection of a caller's own. The host
// is the configuration's: callers bring credentials, never addresses.
func (p *pool) callerConnection(ctx context.Context, cfg *config.Connection, u *auth.Upstream) (*connection, error) {
	key := cfg.Name + "\x00" + u.PoolKey()
	if home, ok := p.homes.Get(u.PoolKey()); ok {
		cfg = at(cfg, home)
	}
	item, release, err := p.callers.Use(key, func() (*connection, func(), error) {
		t, err := p.keep.connectCaller(cfg, u)
		if err != nil {
			return nil, nil, err
		}
		c, closing, err := p.open(cfg, t, t.Close)
		if err != nil {
			return nil, nil, errors.Join(err, t.Close())
		}
		return c, closing, nil
	})
	if err != nil {
		return nil, err
	}
	return lent(ctx, item, release), nil
}

// at is the connection as an application of that environment has it.
func at(cfg *config.Connection, environment string) *config.Connection {
	if environment == "" || environment == cfg.WorkerAppEnvironmentID {
		return cfg
	}
	other := *cfg
	other.WorkerAppEnvironmentID = environment
	return &other
}

// open builds a connection over a token source, and what closes both; stop ends
// the source.
func (p *pool) open(cfg *config.Connection, t *connect.Tokens, stop func() error) (*connection, func(), error) {
	proxy, err := cfg.Proxy()
	if err != nil {
		return nil, nil, err
	}
	ca, err := cfg.Authorities()
	if err != nil {
		return nil, nil, err
	}
	d, err := pingone.New(pingone.Config{
		Region: cfg.Region, APIURL: cfg.APIURL, WorkerAppEnvironmentID: cfg.WorkerAppEnvironmentID,
		DefaultSchema: cfg.Schema, Authorizer: bearer{t.Source}, Limiter: paced{p.budget, cfg},
		Sink: observe.Join(p.sink, observe.CountCalls), MaxParallel: cfg.MaxParallel, CallTimeout: callTimeout(cfg.Timeout),
		SchemaTTL: cfg.SchemaTTL, ShowFlowGraph: cfg.ShowFlowGraph, Days: map[string]int{"ActivityDays": cfg.ActivityDays, "MetricsDays": cfg.MetricsDays}, ProxyURL: proxy, NoProxy: strings.Join(cfg.ProxyExceptions, ","),
		CAPEM: ca, UserAgent: "pingone-gateway/" + versionText(), Wrap: p.trace,
	})
	if err != nil {
		return nil, nil, err
	}
	x := exec.New(exec.Config{Source: d, Engine: p.engine, Sink: p.sink, Plan: plan.Options{
		MaxFanout: cfg.MaxFanout, PushUnconfirmed: cfg.PushUnconfirmed, PageSize: cfg.Pagesize,
	}})
	closing := func() {
		p.readings.Drop(x)
		_ = errors.Join(d.Close(), stop()) // nothing is left to be done about it
	}
	return &connection{
		Database: service.Database{Name: cfg.Name, MaxRows: max(0, cfg.MaxRows), ReadOnly: cfg.Readonly, Writer: d, MaxAffected: cfg.MaxAffectedRows, Allows: map[string]bool{"AllowSchemaDelete": cfg.AllowSchemaDelete}, Provider: service.Browse(d, cfg.BrowsableSchemas, append(cfg.Tables, cfg.Views...)), Executor: x, Procedures: append(procedures.OAuth(t), d.Procedures()...)},
		directory:  d, tokens: t, limits: &limitReader{directory: d, budget: p.budget, license: paced{p.budget, cfg}.license()},
	}, closing, nil
}

// names lists the connections that all callers share.
func (p *pool) names() []string {
	names := p.shared.Keys()
	slices.Sort(names)
	return names
}

func (p *pool) get(name string) (*connection, bool) {
	item, ok := p.shared.Peek(name)
	if !ok {
		return nil, false
	}
	return item.Value, true
}

// reload takes over new secrets of connections. What else has changed in them
// waits for a restart.
func (p *pool) reload(ctx context.Context, fresh *config.Config) error {
	var failed error
	for name, c := range fresh.Connections {
		if _, ok := p.get(name); !ok || sameSecrets(p.configOf(name), c) {
			continue
		}
		mine := *p.configOf(name)
		mine.OAuthClientSecret, mine.OAuthPrivateKey = c.OAuthClientSecret, c.OAuthPrivateKey
		t, stop, err := p.keep.connect(ctx, &mine)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		made, closing, err := p.open(&mine, t, stop)
		if err != nil {
			failed = errors.Join(failed, err, stop())
			continue
		}
		p.mu.Lock()
		p.secrets[name] = &mine
		p.mu.Unlock()
		failed = errors.Join(failed, p.shared.Put(name, made, closing)) // the old one ends with its last query
	}
	return failed
}

// configOf is a connection's configuration in force.
func (p *pool) configOf(name string) *config.Connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.secrets[name]; ok {
		return c
	}
	return p.config.Connections[name]
}

func sameSecrets(a, b *config.Connection) bool {
	return a.OAuthClientSecret.Equal(b.OAuthClientSecret) && a.OAuthPrivateKey.Equal(b.OAuthPrivateKey)
}

// Close ends all connections.
func (p *pool) Close() error {
	p.callers.Close()
	p.shared.Close()
	return nil
}

// bearer gives the tokens of a source.
type bearer struct{ source tokens.Source }

// Token implements pingone.Authorizer.
func (b bearer) Token(ctx context.Context) (pingone.Token, error) {
	t, err := b.source.Token(ctx)
	if err != nil {
		return nil, err
	}
	return &heldToken{source: b.source, token: t}, nil
}

// heldToken is a pingone.Token, as a header of RFC 6750.
type heldToken struct {
	source tokens.Source
	token  tokens.Token
}

func (t *heldToken) Set(h http.Header) { h.Set("Authorization", "Bearer "+t.token.Value.Reveal()) }

func (t *heldToken) Refused(ctx context.Context) { t.source.Invalidate(ctx, t.token) }

func (t *heldToken) Valid(now time.Time) bool {
	return t.token.Expiry.IsZero() || now.Before(t.token.Expiry)
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

func callTimeout(d time.Duration) time.Duration {
	if d == 0 {
		return -1 // the connector's 0 means never
	}
	return d
}
