package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/server"
)

// countTime is how long the first page waits for the numbers on it.
const countTime = 3 * time.Second

// counted are the tables whose rows the first page counts.
var counted = []string{"Users", "Groups", "Populations"}

// newSite is what all pages share.
func (a *app) newSite() *console.Site {
	return &console.Site{
		BaseURL: server.BaseURL, Version: versionText(),
		Who: func(r *http.Request) console.Who {
			p := auth.FromContext(r.Context())
			if p == nil {
				return console.Who{}
			}
			return console.Who{Name: p.Name, Roles: p.Roles, Open: a.config.Auth.Has(config.AuthNone)}
		},
	}
}

// pages shows the feeds of a connection to people.
func (a *app) pages(name, prefix string, feeds http.Handler) http.Handler {
	return console.New(console.Config{
		Site: a.site, Connection: name, Connections: a.config.ConnectionNames(), Prefix: prefix, Namespace: "PingOne",
		Begin: func(ctx context.Context, address string) (context.Context, console.Request, error) {
			return a.service.Open(ctx, name, "odata").Begin(ctx, address)
		},
		Feeds: feeds, Counted: counted, CountTime: countTime, Sink: a.sink, Failed: a.odataFailed,
		States: func() []console.State { return a.states(name) },
	})
}

// states tell people how the gateway and a connection are, without what only operators
// should read.
func (a *app) states(connection string) []console.State {
	ready, checks := a.checks.Ready()
	known := slices.ContainsFunc(checks, func(c server.CheckState) bool { return c.Known })
	gateway := console.State{Name: "Gateway", Text: "starting", Known: known, Good: ready}
	switch {
	case ready:
		gateway.Text = "ready"
	case known:
		gateway.Text = "not ready"
	}
	out := []console.State{gateway}
	for _, c := range checks {
		if own, ok := strings.CutPrefix(c.Name, "connection:"); !ok || own != connection {
			continue
		}
		pingone := console.State{Name: "PingOne", Text: "not asked yet", Known: c.Known, Good: c.Err == nil}
		switch {
		case c.Known && c.Err == nil:
			pingone.Text = "answers"
		case c.Known:
			pingone.Text = "does not answer as it should, since " + c.At.UTC().Format("15:04") + " UTC"
		}
		out = append(out, pingone)
	}
	return out
}

// connectionNames are those of all connections, the default one first.
func (a *app) connectionNames() []string {
	first := a.config.DefaultConnection
	return append([]string{first}, slices.DeleteFunc(a.config.ConnectionNames(), func(name string) bool { return name == first })...)
}

// feedFailed is told the errors of feeds, some of which pages read.
func (a *app) feedFailed(ctx context.Context, err error) {
	console.Caught(ctx, err)
	a.odataFailed(ctx, err)
}
