//go:build duckdb_arrow

// Package odataclients runs OData clients of others against the gateway.
// scripts/install-odata-clients.sh installs them.
package odataclients

import (
	"net/http"
	"os"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// Users of the tests' directory, and of the demo's.
const (
	fewUsers  = 40
	demoUsers = 5000
)

// gateway is a gateway whose callers are administrators, behind further guards.
func gateway(t *testing.T, users int, guards ...func(http.Handler) http.Handler) *testkit.Web {
	t.Helper()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: users}, MaxAffected: 5})
	return s.Serve(t, testkit.WebOptions{Server: func(c *server.Config) {
		c.Guard = func(next http.Handler) http.Handler {
			var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous(service.AdminRole))))
			})
			for _, guard := range guards {
				h = guard(h)
			}
			return h
		}
	}})
}
