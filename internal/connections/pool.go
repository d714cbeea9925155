// Package connections opens the connections of the configuration: each with its
// tokens, its PingOne directory and what runs queries over it. Callers who are
// passed through to PingOne get connections of their own.
package connections

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/pool"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/tokens/limiter"
)

// MaxCallers bounds the connections kept for callers that are passed through.
const MaxCallers = 1000

// maxHomes bounds what is remembered of callers; proofs of callers are bounded
// by the same number.
const maxHomes = 10_000

// Config is what connections share.
type Config struct {
	// Config declares the connections.
	Config *config.Config
	// Engine runs SQL over the rows of a connection.
	Engine exec.Engine
	// Readings hold results that are read in pages; those of a connection end
	// with it.
	Readings *reading.Store
	Tokens   *Tokens
	// Budget shares PingOne's rate limits.
	Budget limiter.Limiter
	Sink   observe.Sink
	// Wrap goes around the transport to PingOne; nil for nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Version is told to PingOne.
	Version string
}

// Pool gives the configured connections, and one of its own to each caller who
// is passed through to PingOne. It implements service.Pool.
type Pool struct {
	Config
	shared, callers *pool.Pool[*Opened]
	// homes are the environments of callers' applications, by pool key.
	homes *lru.Cache[string, string]
}

// New opens the connections; it makes no call to PingOne. Errors are
// gwerr.Config.
func New(ctx context.Context, c Config) (*Pool, error) {
	p := &Pool{Config: c, shared: pool.New[*Opened](len(c.Config.Connections)), callers: pool.New[*Opened](MaxCallers)}
	var err error
	if p.homes, err = lru.New[string, string](maxHomes); err != nil {
		return nil, err
	}
	for _, name := range c.Config.ConnectionNames() {
		if one := c.Config.Connections[name]; one.AuthScheme != config.SchemePassThrough { // which is opened for each caller
			err = errors.Join(err, p.share(ctx, one))
		}
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// share opens a connection for all callers, in the place of the one there is.
func (p *Pool) share(ctx context.Context, c *config.Connection) error {
	t, stop, err := p.Tokens.Of(ctx, c)
	if err != nil {
		return err
	}
	made, closing, err := p.open(c, t, stop)
	if err != nil {
		return errors.Join(err, stop())
	}
	return p.shared.Put(c.Name, made, closing)
}

// Default implements service.Pool.
func (p *Pool) Default() string { return p.Config.Config.DefaultConnection }

// Database implements service.Pool.
func (p *Pool) Database(ctx context.Context, name string, caller *auth.Principal) (*service.Database, error) {
	if name == "" || strings.EqualFold(name, "CData") {
		name = p.Default()
	}
	c, ok := p.Config.Config.Connections[name]
	if !ok {
		return nil, p.Config.Config.NoConnection(name)
	}
	if caller.Upstream != nil {
		opened, err := p.ofCaller(ctx, c, caller.Upstream)
		if err != nil {
			return nil, err
		}
		return &opened.Database, nil
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

// ofCaller finds or opens the connection of a caller's own. The host is the
// configuration's: callers bring credentials, never addresses.
func (p *Pool) ofCaller(ctx context.Context, c *config.Connection, u *auth.Upstream) (*Opened, error) {
	if home, ok := p.homes.Get(u.PoolKey()); ok {
		c = at(c, home)
	}
	item, release, err := p.callers.Use(c.Name+"\x00"+u.PoolKey(), func() (*Opened, func(), error) {
		t, err := p.Tokens.ofCaller(c, u)
		if err != nil {
			return nil, nil, err
		}
		made, closing, err := p.open(c, t, t.Close)
		if err != nil {
			return nil, nil, errors.Join(err, t.Close())
		}
		return made, closing, nil
	})
	if err != nil {
		return nil, err
	}
	return lent(ctx, item, release), nil
}

// lent is an item's connection, which stays open until it is released or ctx ends.
func lent(ctx context.Context, item *pool.Item[*Opened], release func()) *Opened {
	forget := context.AfterFunc(ctx, release)
	c := *item.Value
	c.Release = func() {
		forget() // which would take a goroutine
		release()
	}
	c.Hold = func() func() {
		release, _ := item.Use() // it is in use already
		return release
	}
	return &c
}

// at is the connection as an application of that environment has it.
func at(c *config.Connection, environment string) *config.Connection {
	if environment == "" || environment == c.WorkerAppEnvironmentID {
		return c
	}
	other := *c
	other.WorkerAppEnvironmentID = environment
	return &other
}

// Names lists the connections that all callers share.
func (p *Pool) Names() []string {
	names := p.shared.Keys()
	slices.Sort(names)
	return names
}

// Get gives a connection that all callers share.
func (p *Pool) Get(name string) (*Opened, bool) {
	item, ok := p.shared.Peek(name)
	if !ok {
		return nil, false
	}
	return item.Value, true
}

// Reload takes over new secrets of connections. What else has changed in them
// waits for a restart. An old connection ends with its last query.
func (p *Pool) Reload(ctx context.Context, fresh *config.Config) error {
	var failed error
	for name, c := range fresh.Connections {
		old, ok := p.Get(name)
		if !ok || old.config.OAuthClientSecret.Equal(c.OAuthClientSecret) && old.config.OAuthPrivateKey.Equal(c.OAuthPrivateKey) {
			continue
		}
		mine := *old.config
		mine.OAuthClientSecret, mine.OAuthPrivateKey = c.OAuthClientSecret, c.OAuthPrivateKey
		failed = errors.Join(failed, p.share(ctx, &mine))
	}
	return failed
}

// Close ends all connections.
func (p *Pool) Close() {
	p.callers.Close()
	p.shared.Close()
	p.Tokens.Close()
}
