//go:build duckdb_arrow

// Package odataclients runs OData clients of others against the gateway.
// scripts/install-odata-clients.sh installs them.
package odataclients

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

// gateway is a gateway over a small directory, whose callers are administrators.
func gateway(t *testing.T) *testkit.Web {
	t.Helper()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, MaxAffected: 5})
	return s.Serve(t, testkit.WebOptions{Server: func(c *server.Config) {
		c.Guard = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), auth.NewAnonymous(service.AdminRole))))
			})
		}
	}})
}

// installed is the folder of a client; the test is skipped without it, except in CI.
func installed(t *testing.T, name string) string {
	t.Helper()
	at, err := filepath.Abs(filepath.Join("..", "..", ".cache", "clients", name))
	if err == nil {
		_, err = os.Stat(filepath.Join(at, "installed"))
	}
	if err != nil {
		missing(t, name)
	}
	return at
}

// program is the path of a command that the test needs.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0])
	return ""
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing; run scripts/install-odata-clients.sh", what)
	}
	t.Skipf("%s is not installed (scripts/install-odata-clients.sh)", what)
}
