package main

import (
	"context"
	"net/http"
	"time"

	gateway "github.com/pingone-gateway/gateway"
	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/console/admin"
	"github.com/pingone-gateway/gateway/internal/console/documents"
	"github.com/pingone-gateway/gateway/internal/server"
)

// documents are the pages that are about no table: the editor of SQL, and the documents.
func (a *app) documents() ([]server.Mount, error) {
	query := &console.QueryPage{Site: a.site, Connections: a.connectionNames()}
	docs, err := documents.New(documents.Config{Site: a.site, Files: gateway.Docs, OpenAPI: gateway.OpenAPI, Connection: a.config.DefaultConnection})
	if err != nil {
		return nil, err
	}
	return []server.Mount{
		{Pattern: console.QueryPath, FrontEnd: "console", Handler: query},
		{Pattern: "/docs", FrontEnd: "docs", Handler: docs, Open: true},
		{Pattern: "/docs/*", FrontEnd: "docs", Handler: docs, Open: true},
	}, nil
}

// adminPage is the page of the admin listener.
func (a *app) adminPage() http.Handler {
	site := &console.Site{Version: versionText()}
	cfg := admin.Config{Site: site, Ring: a.ring, Checks: a.checked, Budgets: a.budgets}
	if path := a.config.Auth.KeysFile; path != "" {
		cfg.Keys = func(ctx context.Context) ([]admin.Key, error) { return listKeys(ctx, &apikey.File{Path: path}) }
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", admin.New(cfg))
	mux.Handle("GET "+console.AssetPath, site.Assets())
	return mux
}

// checked are the outcomes of the readiness checks.
func (a *app) checked() (ready bool, out []admin.Check) {
	ready, states := a.checks.Ready()
	for _, s := range states {
		ok, message, hint := s.Outcome()
		out = append(out, admin.Check{Name: s.Name, OK: ok, Message: message, Hint: hint, At: s.At})
	}
	return ready, out
}

func (a *app) budgets() (out []admin.Budget) {
	for _, u := range a.budget.Usage() {
		out = append(out, admin.Budget{Name: u.Group + " of " + u.License, PerSecond: u.PerSecond, Rate: u.Rate, InFlight: u.InFlight, Waiting: u.Waiting})
	}
	return out
}

func listKeys(ctx context.Context, file *apikey.File) (out []admin.Key, err error) {
	records, err := file.List(ctx)
	for _, r := range records {
		k := admin.Key{Name: r.Name, ID: r.ID, State: r.State(time.Now()), Roles: r.Roles, Created: r.Created}
		if r.Expires != nil {
			k.Expires = *r.Expires
		}
		if r.LastUsed != nil {
			k.LastUsed = *r.LastUsed
		}
		out = append(out, k)
	}
	return out, err
}
