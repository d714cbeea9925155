package main

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// openServer mounts the front ends and builds the listeners.
func (a *app) openServer(context.Context) (err error) {
	mounts, err := a.mounts()
	if err != nil {
		return err
	}
	c := a.config
	a.server, err = server.New(server.Config{
		Public: server.Listener{
			Address: c.Listen.Address, TLS: tlsOf(c), ReadHeaderTimeout: c.Listen.ReadHeaderTimeout, IdleTimeout: c.Listen.IdleTimeout,
		},
		Admin:  server.Admin{Address: c.Admin.Address, Token: c.Admin.Token, Pprof: c.Admin.Pprof, Metrics: a.metrics.Handler(), Level: a.log},
		Mounts: mounts, Guard: a.guard, Trace: a.tracer.Middleware,
		Proxies: httpguard.ProxyConfig{
			Trusted: c.TrustedProxies, PublicURL: c.PublicURL, Forwarded: c.ForwardedHeader == "forwarded",
		},
		AllowHosts: allowedHosts(c), AllowIPs: c.AllowIPs, CORSOrigins: c.CORSOrigins, HSTS: c.HSTS,
		Limits: server.Limits{
			RequestBytes: c.Limits.RequestBytes, URLBytes: c.Limits.URLBytes, HeaderBytes: c.Limits.HeaderBytes,
			QueryTime: c.Limits.QueryTime, Queries: c.Limits.Queries, Queue: c.Limits.Queue, QueueTime: c.Limits.QueueTime,
		},
		Checks: a.checks(), OpenAPI: gateway.OpenAPI, Landing: a.landing,
		DrainDelay: c.Listen.DrainDelay, GraceTime: c.Listen.GraceTime, Sink: a.sink,
	})
	return err
}

// fail answers a request that ends before its front end sees it.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	frontEnd := observe.RequestOf(r.Context()).FrontEnd()
	e := gwerr.From(err)
	a.sink.Observe(r.Context(), observe.RequestFailed{FrontEnd: frontEnd, Code: string(e.Code), Err: err})
	server.WriteError(w, r, frontEnd, e)
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
	h := sqlhttp.New(sqlhttp.Config{Querier: a.service, MaxBody: a.config.Limits.RequestBytes, Sink: a.sink})
	out := []server.Mount{
		{Pattern: "/sql", FrontEnd: "sql", Handler: http.HandlerFunc(h.Query), Query: true},
		{Pattern: "/sql/explain", FrontEnd: "sql", Handler: http.HandlerFunc(h.Explain), Query: true},
	}
	logins, err := a.loginMounts()
	if err != nil {
		return nil, err
	}
	out = append(out, logins...)
	key, err := a.linkKey()
	if err != nil {
		return nil, err
	}
	for _, name := range a.config.ConnectionNames() {
		prefix := "/odata/" + name + "/"
		o, err := odata.New(odata.Config{
			Prefix: prefix, Namespace: "PingOne", Catalog: odataCatalog{a, name}, Executor: odataExecutor{a, name},
			BaseURL: server.BaseURL, Caller: callerOf, Key: key, PageRows: int64(a.config.OData.PageSize), MaxPageRows: int64(a.config.OData.MaxPageSize),
			Sink: observe.PerRequest(a.sink), Failed: a.odataFailed,
		})
		if err != nil {
			return nil, err
		}
		out = append(out, server.Mount{Pattern: prefix + "*", FrontEnd: "odata", Handler: withStatement(o), Query: true})
	}
	return out, nil
}

// linkKey signs next links: the same on all replicas that share the
// configuration's keys.
func (a *app) linkKey() ([]byte, error) {
	if keys := a.config.OData.LinkKeys; len(keys) > 0 {
		_, secret, _ := strings.Cut(keys[0].Reveal(), ":")
		return []byte(secret), nil
	}
	return a.keeper.derive("next links v1")
}

// callerOf names who asks, so that next links work for that caller alone.
func callerOf(ctx context.Context) string { return auth.FromContext(ctx).Identity() }

func (a *app) odataFailed(ctx context.Context, err error) {
	a.sink.Observe(ctx, observe.RequestFailed{FrontEnd: "odata", Code: string(gwerr.From(err).Code), Err: err})
}

type statementKey struct{}

// withStatement keeps the address for the audit trail.
func withStatement(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.URL.EscapedPath()
		if r.URL.RawQuery != "" {
			text += "?" + r.URL.RawQuery
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), statementKey{}, text)))
	})
}

func statementOf(ctx context.Context) string {
	s, _ := ctx.Value(statementKey{}).(string)
	return s
}

// odataCatalog shows OData the caller's part of a connection.
type odataCatalog struct {
	app        *app
	connection string
}

// Names implements odata.Catalog.
func (c odataCatalog) Names(ctx context.Context) ([]catalog.SchemaName, error) {
	p, err := c.app.service.Provider(ctx, c.connection)
	if err != nil {
		return nil, err
	}
	return p.Names(ctx)
}

// Schema implements odata.Catalog.
func (c odataCatalog) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	p, err := c.app.service.Provider(ctx, c.connection)
	if err != nil {
		return nil, err
	}
	return p.Schema(ctx, name)
}

// odataExecutor runs OData's queries on a connection.
type odataExecutor struct {
	app        *app
	connection string
}

// Query implements odata.Executor.
func (x odataExecutor) Query(ctx context.Context, q *query.Query) (odata.Rows, error) {
	return x.app.service.Query(ctx, x.connection, "odata", statementOf(ctx), q)
}

// Page implements odata.Executor.
func (x odataExecutor) Page(ctx context.Context, q *query.Query, key []int, w reading.Want) (odata.Page, error) {
	p, err := x.app.service.Page(ctx, x.connection, "odata", statementOf(ctx), q, key, w)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Count implements odata.Executor.
func (x odataExecutor) Count(ctx context.Context, q *query.Query) (int64, error) {
	return x.app.service.Count(ctx, x.connection, "odata", statementOf(ctx), q)
}
