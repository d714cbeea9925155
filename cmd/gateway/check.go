package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/reach"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func checkCommand() *cobra.Command {
	var f configFlags
	c := &cobra.Command{
		Use:   "check",
		Short: "Test the connections step by step and say how to mend what fails",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.load()
			if err != nil {
				return err
			}
			a, err := newApp(cmd.Context(), cfg, os.Stderr, server.Landing{})
			if err != nil {
				return err
			}
			return joinClose(cmd.Context(), a, a.check(cmd.Context(), cmd.OutOrStdout()))
		},
	}
	f.register(c)
	return c
}

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
	if e.Mend != "" {
		fmt.Fprintf(r.w, "          %s\n", e.Mend)
	}
	return false
}

// check tests Redis and every connection: the hosts, the clock, a token, the
// environments with one row of each one's users, and the policy.
func (a *app) check(ctx context.Context, w io.Writer) error {
	r := &report{w: w}
	if a.keeper.redis != nil {
		fmt.Fprintln(w, "Redis")
		r.step("reachable", a.redisUp(ctx))
	}
	for _, name := range a.config.ConnectionNames() {
		fmt.Fprintf(w, "Connection %s\n", name)
		a.checkConnection(ctx, r, name)
	}
	if r.failed > 0 {
		return gwerr.Newf(gwerr.Config, "%d step(s) failed.", r.failed)
	}
	fmt.Fprintln(w, "All is well.")
	return nil
}

func (a *app) checkConnection(ctx context.Context, r *report, name string) {
	cfg := a.config.Connections[name]
	if !checkHosts(ctx, r, cfg) {
		return
	}
	c, ok := a.pool.get(name)
	if !ok {
		fmt.Fprintln(r.w, "  -       callers bring their own credentials; nothing more can be tested without one")
		return
	}
	if _, err := c.tokens.Source.Token(ctx); !r.step("access token", err) {
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
	r.step("limits of PingOne", c.limits.read(ctx))
	if a.policy != nil {
		r.step("policy "+a.config.Auth.PolicyFile, a.checkPolicy(ctx, name))
	}
}

// checkHosts tests whether the connection's hosts can be reached, and the
// clock. It tells whether to go on.
func checkHosts(ctx context.Context, r *report, c *config.Connection) bool {
	client, err := clientOf(c)
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
func readOne(ctx context.Context, c *connection, schema string) error {
	s, err := c.Provider.Schema(ctx, schema)
	if err != nil {
		return err
	}
	users, ok := s.Table("Users")
	if !ok {
		return gwerr.New(gwerr.Internal, "The table Users is not declared.", "")
	}
	rows, err := c.directory.Scan(ctx, oneRow(users))
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
