// Package probe tests what the configuration leads to: hosts, clock, tokens,
// environments, policy, Redis and the audit trail; all at once for readiness, or
// step by step for somebody who sets a gateway up.
package probe

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/reach"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
)

// seldom is how long what is dear to test, or rarely changes, counts as right.
const seldom = 5 * time.Minute

// Probe tests a gateway's parts. What is nil is not there.
type Probe struct {
	Config *config.Config
	Pool   *connections.Pool
	Redis  *redisconn.Conn
	Policy *policy.Enforcer
	Trail  *audit.Log
	// Views tells of each view of a connection whether it can be read.
	Views func(ctx context.Context, c *connections.Opened, tell func(view string, err error))
}

// Checks decide readiness and fill /readyz?verbose.
func (p *Probe) Checks() *server.Checks {
	c := server.ChecksConfig{Degraded: p.Config.Readiness.Degraded, Interval: p.Config.Readiness.Interval}
	add := func(name string, need server.Need, every time.Duration, run func(context.Context) error) {
		c.Checks = append(c.Checks, server.Check{Name: name, Need: need, Every: every, Run: run})
	}
	names := p.Pool.Names()
	for _, name := range names {
		add("connection:"+name, server.OneOnce, 0, func(ctx context.Context) error {
			opened, _ := p.Pool.Get(name) // a reload may have replaced it
			return opened.Check(ctx)
		})
		add("clock:"+name, server.Never, seldom, func(ctx context.Context) error { return p.clock(ctx, p.Config.Connections[name]) })
		if p.Policy != nil {
			add("policy:"+name, server.Never, seldom, func(ctx context.Context) error { return p.policy(ctx, name) })
		}
	}
	if p.Redis != nil {
		need := server.Never
		if p.Config.Redis.Required {
			need = server.Always
		}
		add("redis", need, 0, p.redis)
	}
	if p.Trail != nil {
		add("audit", server.Never, 0, p.trail)
	}
	if len(names) == 0 {
		c.Degraded = true // every caller brings a connection of its own
	}
	return server.NewChecks(c)
}

// redis asks Redis, since a gateway that has nothing to do would not notice
// that it is gone.
func (p *Probe) redis(ctx context.Context) error {
	err := p.Redis.Ping(ctx)
	s := p.Redis.State()
	if err == nil && s.Up {
		return nil
	}
	detail := cmp.Or(s.Detail, "it does not answer")
	return gwerr.Wrap(gwerr.UpstreamFailed, err, "Redis can't be used: "+detail+".",
		"Check redis.url and the server; queries go on with tokens from memory.")
}

func (p *Probe) trail(context.Context) error {
	if p.Trail.Healthy() {
		return nil
	}
	return gwerr.New(gwerr.Busy, "The audit trail can't be written.", "Check audit.file and its disk, or the receiver of audit.syslog.")
}

// clock compares this clock with PingOne's.
func (p *Probe) clock(ctx context.Context, c *config.Connection) error {
	client, err := connections.HTTPClient(c)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	api, _, err := hosts(c)
	if err != nil {
		return err
	}
	ahead, ok, err := reach.Ask(ctx, client, api)
	if err != nil || !ok {
		return err
	}
	return reach.Skew(ahead)
}

// hosts are the addresses that a connection needs: the API's and the
// authorization server's.
func hosts(c *config.Connection) (api, authorization string, err error) {
	api = c.APIURL
	if api == "" {
		if api, _, err = pingone.Endpoints(c.Region); err != nil {
			return "", "", err
		}
	}
	if c.AuthScheme == config.SchemeToken {
		return api, "", nil
	}
	e, err := oauth.NewEndpoints(c.Region, c.WorkerAppEnvironmentID, c.AuthorizationServerURL)
	return api, e.Issuer, err
}

// policy compares the policy with what a connection has.
func (p *Probe) policy(ctx context.Context, name string) error {
	c, ok := p.Pool.Get(name)
	if !ok {
		return nil
	}
	problems, err := p.Policy.Check(ctx, name, c.Provider)
	if err != nil || len(problems) == 0 {
		return err
	}
	return gwerr.New(gwerr.Config, "The policy does not fit the connection: "+strings.ReplaceAll(problems.Error(), "\n", "; "),
		"Correct the lines of auth.policy_file, or leave them if the names are yet to come.")
}
