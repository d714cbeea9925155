//go:build duckdb_arrow

package integration

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// bounded is a policy that shows everything but bounds what may be asked.
type bounded struct{ limits quota.Limits }

// Writable implements service.Policy.
func (bounded) Writable(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	return base
}

// MayWrite implements service.Policy.
func (bounded) MayWrite(string, catalog.SchemaName, string, *auth.Principal) error { return nil }

func (b bounded) Provider(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	return base
}
func (b bounded) Limits(*auth.Principal) quota.Limits { return b.limits }

func (b bounded) MayCall(string, *auth.Principal) error { return nil }

func TestRowLimitsHoldOnEveryWay(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]func(*service.Config){
		"of the service": func(c *service.Config) { c.MaxRows = 10 },
		"of the caller":  func(c *service.Config) { c.Policy = bounded{quota.Limits{RowsPerQuery: 10}} },
		"of the connection": func(c *service.Config) {
			one, err := c.Pool.Database(context.Background(), "", nil)
			if err == nil {
				one.MaxRows = 10
			}
		},
	} {
		s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}, Service: limit})
		for _, sql := range []string{"SELECT Username FROM Users", "SELECT upper(Username) FROM Users"} {
			rows, err := s.TryQuery(testkit.Context(t), sql)
			if !gwerr.Is(err, gwerr.LimitExceeded) || len(rows) > 10 {
				t.Errorf("limit %s: %s gave %d rows, %v", name, sql, len(rows), err)
			}
		}
		if rows := s.Query(t, "SELECT Username FROM Users LIMIT 10"); len(rows) != 10 {
			t.Errorf("limit %s: %d rows within it", name, len(rows))
		}
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{
		Sim:     sim.Options{Users: 100, Latency: 5 * time.Second},
		Service: func(c *service.Config) { c.MaxTime = 50 * time.Millisecond },
	})
	if _, err := s.TryQuery(testkit.Context(t), "SELECT Username FROM Users"); gwerr.From(err).Code != gwerr.Timeout {
		t.Errorf("%v", err)
	}
}

func TestEveryQueryIsAccountedFor(t *testing.T) {
	t.Parallel()
	var kept []audit.Record
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}, Service: func(c *service.Config) {
		c.Audit = func(context.Context) (func(context.Context, audit.Record), error) {
			return func(_ context.Context, r audit.Record) { kept = append(kept, r) }, nil
		}
	}})
	s.Query(t, "SELECT Username FROM Users LIMIT 3")
	if _, err := s.TryQuery(testkit.Context(t), "SELECT Nobody FROM Users"); err == nil {
		t.Fatal("a column that doesn't exist was found")
	}
	if len(kept) != 2 {
		t.Fatalf("%d records", len(kept))
	}
	if r := kept[0]; r.Rows != 3 || r.Err != nil || len(r.Tables) != 1 || r.Tables[0] != "Administrators.Users" || r.Principal == nil {
		t.Errorf("%+v", r)
	}
	if r := kept[1]; !gwerr.Is(r.Err, gwerr.UnknownColumn) || r.Rows != 0 {
		t.Errorf("%+v", r)
	}
}

func TestNoAuditNoQuery(t *testing.T) {
	t.Parallel()
	full := gwerr.New(gwerr.Busy, "The trail is full.", "")
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}, Service: func(c *service.Config) {
		c.Audit = func(context.Context) (func(context.Context, audit.Record), error) { return nil, full }
	}})
	s.ResetRequests()
	if _, err := s.TryQuery(testkit.Context(t), "SELECT Username FROM Users"); !errors.Is(err, full) || s.Calls() != 0 {
		t.Errorf("%v after %d calls", err, s.Calls())
	}
}

func TestWithoutACallerNothingIsAnswered(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}})
	if _, err := s.TryQuery(t.Context(), "SELECT 1"); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("%v", err)
	}
}
