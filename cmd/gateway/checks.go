package main

import (
	"context"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth/policy"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/server"
)

// checks decide readiness and fill /readyz?verbose.
func (a *app) checks() *server.Checks {
	c := server.ChecksConfig{Degraded: a.config.Readiness.Degraded, Interval: a.config.Readiness.Interval}
	for _, name := range a.pool.names() {
		c.Checks = append(c.Checks, server.Check{Name: "connection:" + name, Need: server.OneOnce, Run: func(ctx context.Context) error {
			c, _ := a.pool.get(name) // a reload may have replaced it
			return c.check(ctx)
		}})
		c.Checks = append(c.Checks, server.Check{Name: "clock:" + name, Need: server.Never, Run: seldom(func(ctx context.Context) error { return a.clock(ctx, name) })})
		if a.policy != nil {
			c.Checks = append(c.Checks, server.Check{Name: "policy:" + name, Need: server.Never, Run: seldom(func(ctx context.Context) error { return a.checkPolicy(ctx, name) })})
		}
	}
	if a.keeper.redis != nil {
		need := server.Never
		if a.config.Redis.Required {
			need = server.Always
		}
		c.Checks = append(c.Checks, server.Check{Name: "redis", Need: need, Run: a.redisUp})
	}
	if a.trail != nil {
		c.Checks = append(c.Checks, server.Check{Name: "audit", Need: server.Never, Run: a.auditUp})
	}
	if len(a.pool.names()) == 0 {
		c.Degraded = true // every caller brings a connection of its own
	}
	return server.NewChecks(c)
}

// seldom runs a check that is dear, or whose outcome rarely changes, every
// five minutes, and gives its last outcome in between. Checks of one name do
// not run at the same time.
func seldom(run func(context.Context) error) func(context.Context) error {
	var last error
	var next time.Time
	return func(ctx context.Context) error {
		if time.Now().Before(next) {
			return last
		}
		last = run(ctx)
		if ctx.Err() == nil {
			next = time.Now().Add(5 * time.Minute)
		}
		return last
	}
}

// redisUp asks Redis, since a gateway that has nothing to do would not notice
// that it is gone.
func (a *app) redisUp(ctx context.Context) error {
	err := a.keeper.redis.Ping(ctx)
	s := a.keeper.redis.State()
	if err == nil && s.Up {
		return nil
	}
	detail := s.Detail
	if detail == "" {
		detail = "it does not answer"
	}
	return gwerr.Wrap(gwerr.UpstreamFailed, err, "Redis can't be used: "+detail+".",
		"Check redis.url and the server; queries go on with tokens from memory.")
}

func (a *app) auditUp(context.Context) error {
	if a.trail.Healthy() {
		return nil
	}
	return gwerr.New(gwerr.Busy, "The audit trail can't be written.", "Check audit.file and its disk, or the receiver of audit.syslog.")
}

func (a *app) reloadPolicy(path string) error {
	p, err := policy.Load(path)
	if err != nil {
		return err
	}
	a.policy.Replace(p)
	return nil
}

// background runs f until the app closes.
func (a *app) background(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	a.onClose(func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}
