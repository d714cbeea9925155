package probe

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/connections"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/reach"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// report prints steps and remembers whether one failed.
type report struct {
	w      io.Writer
	failed int
}

// step prints the outcome of one step and tells whether to go on.
func (r *report) step(name string, err error) bool {
	if err == nil {
		fmt.Fprintf(r.w, "  ok      %s\n", name)
		return true
	}
	r.failed++
	e := gwerr.From(err)
	fmt.Fprintf(r.w, "  FAILED  %s\n          %s\n", name, e.Message)
	if e.Hint != "" {
		fmt.Fprintf(r.w, "          %s\n", e.Hint)
	}
	return false
}

// Report tests Redis and every connection, and says on w how each step went and
// how to correct it: the hosts, the clock, a token, the environments with one row of
// each one's users, the views, and the policy. The error is gwerr.Config if a step failed.
func (p *Probe) Report(ctx context.Context, w io.Writer) error {
	r := &report{w: w}
	if p.Redis != nil {
		fmt.Fprintln(w, "Redis")
		r.step("reachable", p.redis(ctx))
	}
	for _, name := range p.Config.ConnectionNames() {
		fmt.Fprintf(w, "Connection %s\n", name)
		p.connection(ctx, r, name)
	}
	if r.failed > 0 {
		return gwerr.Newf(gwerr.Config, "%d step(s) failed.", r.failed)
	}
	fmt.Fprintln(w, "All is well.")
	return nil
}

func (p *Probe) connection(ctx context.Context, r *report, name string) {
	if !r.reachable(ctx, p.Config.Connections[name]) {
		return
	}
	c, ok := p.Pool.Get(name)
	if !ok {
		fmt.Fprintln(r.w, "  -       callers bring their own credentials; nothing more can be tested without one")
		return
	}
	if _, err := c.Tokens.Source.Token(ctx); !r.step("access token", err) {
		return
	}
	names, err := c.Provider.Names(ctx)
	if !r.step(fmt.Sprintf("environments (%d visible)", max(0, len(names)-1)), err) {
		return
	}
	if len(names) <= 1 {
		r.step("roles", gwerr.New(gwerr.UpstreamForbidden, "The application sees no environment.",
			"Give it a role such as Identity Data Read Only for an environment, on the application's page Roles."))
	}
	for _, n := range names {
		if n.ID != "" {
			r.step("environment "+n.Name+": attributes and one user", readOne(ctx, c, n.Name))
		}
	}
	if p.Views != nil {
		p.Views(ctx, c, func(view string, err error) { r.step("view "+view, err) })
	}
	r.step("limits of PingOne", c.Limits.Read(ctx))
	if p.Policy != nil {
		r.step("policy "+p.Config.Auth.PolicyFile, p.policy(ctx, name))
	}
}

// reachable tests whether the connection's hosts can be reached, and the clock.
// It tells whether to go on.
func (r *report) reachable(ctx context.Context, c *config.Connection) bool {
	client, err := connections.HTTPClient(c)
	if err != nil {
		return r.step("proxy and authorities", err)
	}
	defer client.CloseIdleConnections()
	api, authorization, err := hosts(c)
	if err != nil {
		return r.step("addresses", err)
	}
	ahead, told, err := reach.Ask(ctx, client, api)
	ok := r.step("API reachable", err)
	if authorization != "" {
		_, _, err := reach.Ask(ctx, client, authorization+"/.well-known/openid-configuration")
		ok = r.step("authorization server reachable", err) && ok
	}
	if told {
		r.step("clock", reach.Skew(ahead))
	}
	return ok
}

// readOne reads an environment's attributes and one row of its users.
func readOne(ctx context.Context, c *connections.Opened, schema string) error {
	s, err := c.Provider.Schema(ctx, schema)
	if err != nil {
		return err
	}
	users, ok := s.Table("Users")
	if !ok {
		return gwerr.New(gwerr.Internal, "The table Users is not declared.", "")
	}
	rows, err := c.Directory.Scan(ctx, oneRow(users))
	if err != nil {
		return err
	}
	defer rows.Close()
	b, err := rows.Next(ctx)
	if b.Record != nil {
		b.Record.Release()
	}
	if errors.Is(err, io.EOF) {
		return nil // an environment without users
	}
	return err
}

func oneRow(t *catalog.Table) scan.Request {
	r := scan.Request{Table: t, Columns: t.Key(), Limit: 1}
	for i := range t.Paths {
		if len(t.Paths[i].Keys) == 0 && t.Paths[i].Parent == nil && r.Path == nil {
			r.Path = &t.Paths[i]
		}
	}
	return r
}
