package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/async"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/agent"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// sendTime is what remains for an error after a request's time is over, before a
// client that takes nothing is cut off.
const sendTime = 5 * time.Second

// openServer mounts the front ends and builds the listeners.
func (a *app) openServer(context.Context) (err error) {
	a.checks = a.probe.Checks()
	mounts, err := a.mounts()
	if err != nil {
		return err
	}
	c := a.config
	a.server, err = server.New(server.Config{
		Public: server.Listener{
			Address: c.Listen.Address, TLS: tlsOf(c), ReadHeaderTimeout: c.Listen.ReadHeaderTimeout, IdleTimeout: c.Listen.IdleTimeout,
		},
		Admin:   server.Admin{Address: c.Admin.Address, Token: c.Admin.Token, AllowHosts: c.Admin.AllowedHosts, Pprof: c.Admin.Pprof, Metrics: a.metrics.Handler(), Level: a.log, Page: a.adminPage()},
		Further: a.wire(),
		Mounts:  mounts, Guard: a.guard, Refused: a.refused, Page: a.showError, Trace: a.tracer.Middleware,
		Proxies: httpguard.ProxyConfig{
			Trusted: c.TrustedProxies, PublicURL: c.PublicURL, Forwarded: c.ForwardedHeader == "forwarded",
		},
		AllowHosts: allowedHosts(c), AllowIPs: c.AllowIPs, CORSOrigins: c.CORSOrigins, HSTS: c.HSTS,
		Limits: server.Limits{
			RequestBytes: c.Limits.RequestBytes, URLBytes: c.Limits.URLBytes, HeaderBytes: c.Limits.HeaderBytes,
			AnswerTime: c.Limits.QueueTime + c.Limits.QueryTime + sendTime,
		},
		Checks: a.checks, OpenAPI: gateway.OpenAPI, Home: "/odata/" + c.DefaultConnection + "/",
		DrainDelay: c.Listen.DrainDelay, GraceTime: c.Listen.GraceTime, Sink: a.sink,
	})
	return err
}

// fail answers a request that ends before its front end sees it.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	frontEnd := observe.RequestOf(r.Context()).FrontEnd()
	e := gwerr.From(err)
	a.sink.Observe(r.Context(), observe.RequestFailed{FrontEnd: frontEnd, Code: string(e.Code), Err: err})
	if !a.showError(w, r, e) {
		server.WriteError(w, r, frontEnd, e)
	}
}

// showError shows an error to a person; false where a program asks.
func (a *app) showError(w http.ResponseWriter, r *http.Request, e *gwerr.Error) bool {
	asked := console.WantsPage(r)
	if asked {
		a.site.Fail(w, r, e)
	}
	return asked
}

// allowedHosts are the host names answered for. Without authentication they
// are this machine's own: a page that gets its name to point here (DNS
// rebinding) could read everything otherwise.
func allowedHosts(c *config.Config) []string {
	hosts := c.Listen.AllowedHosts
	if len(hosts) > 0 || !c.Auth.Has(config.AuthNone) {
		return hosts
	}
	hosts = []string{"localhost", "127.0.0.1", "::1"}
	if host, _, err := net.SplitHostPort(c.Listen.Address); err == nil && host != "" {
		hosts = append(hosts, host)
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

// mounts lists the front ends.
func (a *app) mounts() ([]server.Mount, error) {
	h := a.sql()
	out := []server.Mount{
		{Pattern: "/sql", FrontEnd: "sql", Handler: http.HandlerFunc(h.Query)},
		{Pattern: "/sql/explain", FrontEnd: "sql", Handler: http.HandlerFunc(h.Explain)},
		{Pattern: "/sql/{id}", FrontEnd: "sql", Handler: http.HandlerFunc(h.Running)},
	}
	a.site = a.newSite()
	out = append(out, server.Mount{Pattern: console.AssetPath + "*", FrontEnd: "console", Handler: a.site.Assets(), Open: true})
	if a.config.MCP.Enabled {
		out = append(out, server.Mount{Pattern: "/mcp", FrontEnd: agent.FrontEnd, Handler: a.agents().Handler()})
	}
	logins, err := a.loginMounts()
	if err != nil {
		return nil, err
	}
	out = append(out, logins...)
	documents, err := a.documents()
	if err != nil {
		return nil, err
	}
	out = append(out, documents...)
	key, former, err := a.linkKeys()
	if err != nil {
		return nil, err
	}
	later := async.NewStore(async.Options{Dir: a.config.Engine.TempDir, Sink: a.sink})
	a.onClose(func(context.Context) error { later.Close(); return nil })
	for _, name := range a.config.ConnectionNames() {
		prefix := "/odata/" + name + "/"
		o, err := odata.New(odata.Config{
			Prefix: prefix, Namespace: "PingOne", Changed: "UpdatedAt", Changes: tables.Changes, Async: later,
			Begin: func(ctx context.Context, address string) (context.Context, odata.Request, error) {
				return a.service.Open(ctx, name, "odata").Begin(ctx, address)
			},
			BaseURL: server.BaseURL, Caller: callerOf, Key: key, FormerKeys: former, PageRows: int64(a.config.OData.PageSize), Writable: !a.config.Connections[name].Readonly, MaxBody: a.config.Limits.RequestBytes, MaxPageRows: int64(a.config.OData.MaxPageSize),
			Sink: observe.PerRequest(a.sink), Failed: a.feedFailed,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, server.Mount{Pattern: prefix + "*", FrontEnd: "odata", Handler: a.pages(name, prefix, o)})
	}
	for _, pattern := range []string{"/odata", "/odata/*"} {
		out = append(out, server.Mount{Pattern: pattern, FrontEnd: "odata", Handler: http.HandlerFunc(a.noFeed)})
	}
	return out, nil
}

// noFeed answers at addresses of OData that no connection has. One that only lacks
// its last slash leads to the connection's list of schemas.
func (a *app) noFeed(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/odata"), "/"), "/")
	names := a.config.ConnectionNames()
	if rest == "" && slices.Contains(names, name) {
		w.Header().Set("Location", url.PathEscape(name)+"/") // below whatever prefix a proxy has
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	err := a.config.NoConnection(name)
	if name == "" {
		err = gwerr.New(gwerr.NotFound, "The address lacks the name of a connection.", "Feeds are at /odata/connection/environment/. There is "+strings.Join(names, ", ")+".")
	}
	a.refused(r, "odata", err)
	a.fail(w, r, err)
}

// sql is SQL over HTTP.
func (a *app) sql() *sqlhttp.Handler {
	return sqlhttp.New(sqlhttp.Config{
		Begin: func(ctx context.Context, connection, sql string) (context.Context, sqlhttp.Request, error) {
			return a.service.Open(ctx, connection, "sql").Begin(ctx, sql)
		},
		MaxBody: a.config.Limits.RequestBytes, Caller: callerOf, Page: a.showError, Sink: a.sink,
	})
}

// agents are the tools of language models.
func (a *app) agents() *agent.Server {
	return agent.New(agent.Config{
		Version: versionText(), Connections: a.connectionNames(), MaxBody: a.config.Limits.RequestBytes, Sink: a.sink,
		Begin: func(ctx context.Context, connection, statement string) (context.Context, agent.Request, error) {
			ctx, r, err := a.service.Open(ctx, connection, agent.FrontEnd).Begin(ctx, statement)
			if err != nil {
				return ctx, nil, err // an interface without a request
			}
			return ctx, r, nil
		},
	})
}

// linkKeys are the key that signs next links, the same on all replicas that share
// the configuration's keys, and the others that are accepted: the next one and
// the last one while keys change.
func (a *app) linkKeys() (key []byte, others [][]byte, err error) {
	keys := a.config.OData.LinkKeys
	if len(keys) == 0 {
		key, err = a.vault.Derive("next links v1")
		return key, nil, err
	}
	for _, k := range keys {
		_, secret, _ := strings.Cut(k.Reveal(), ":")
		others = append(others, []byte(secret))
	}
	return others[0], others[1:], nil
}

// callerOf names who asks, so that next links work for that caller alone.
func callerOf(ctx context.Context) string { return auth.FromContext(ctx).Identity() }

func (a *app) odataFailed(ctx context.Context, err error) {
	a.sink.Observe(ctx, observe.RequestFailed{FrontEnd: "odata", Code: string(gwerr.From(err).Code), Err: err})
}
