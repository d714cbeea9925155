package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/console"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

var noon = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

func record(caller, statement string, calls, rows int64, took time.Duration) audit.Record {
	return audit.Record{
		Action: "query", FrontEnd: "sql", Language: audit.SQL, Principal: &auth.Principal{Name: caller},
		Statement: statement, Calls: calls, Rows: rows, Duration: took, Started: noon.Add(-time.Hour),
	}
}

func TestRing(t *testing.T) {
	t.Parallel()
	g := &Ring{}
	assert.Empty(t, g.Lately())
	for i := range kept + 10 {
		g.Keep(record("a", fmt.Sprintf("SELECT c%d", i), 1, 1, time.Second))
	}
	all := g.Lately()
	require.Len(t, all, kept, "no more than it may hold")
	assert.Equal(t, "SELECT c10", all[0].Statement, "the oldest are forgotten")
	assert.Equal(t, fmt.Sprintf("SELECT c%d", kept+9), all[kept-1].Statement)
}

// Requests end side by side while somebody looks at the page.
func TestRingOfManyAtOnce(t *testing.T) {
	t.Parallel()
	g := &Ring{}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range kept/4 + 1 {
				g.Keep(record("a", "SELECT 1", 1, 1, time.Second))
				for _, asked := range g.Lately() {
					if asked.Caller != "a" {
						t.Errorf("half a request: %+v", asked)
						return
					}
				}
			}
		})
	}
	all.Wait()
	assert.Len(t, g.Lately(), kept)
}

func TestKept(t *testing.T) {
	t.Parallel()
	secret := record("a", "SELECT * FROM Users WHERE Email = 'ada@example.com'", 1, 1, 0)
	failed := record("a", "x", 0, 0, 0)
	failed.Err, failed.Principal = gwerr.New(gwerr.Timeout, "It took too long.", ""), nil
	written := record("a", "DELETE FROM Users", 3, 0, 0)
	written.Affected = 2
	for _, c := range []struct {
		name  string
		form  audit.Statements
		in    audit.Record
		check func(*testing.T, Asked)
	}{
		{"without values", audit.Redacted, secret, func(t *testing.T, a Asked) { assert.Equal(t, "SELECT * FROM Users WHERE Email = ?", a.Statement) }},
		{"as the trail has it", audit.Verbatim, secret, func(t *testing.T, a Asked) { assert.Contains(t, a.Statement, "ada@example.com") }},
		{"not at all", audit.Omitted, secret, func(t *testing.T, a Asked) { assert.Empty(t, a.Statement) }},
		{"a failure of nobody", audit.Redacted, failed, func(t *testing.T, a Asked) { assert.Equal(t, []string{"timeout", ""}, []string{a.Outcome, a.Caller}) }},
		{"rows that were changed", audit.Redacted, written, func(t *testing.T, a Asked) { assert.EqualValues(t, 2, a.Rows) }},
		{"a long text", audit.Redacted, record("a", "SELECT "+strings.Repeat("ä", 2*maxText), 0, 0, 0), func(t *testing.T, a Asked) {
			assert.LessOrEqual(t, len(a.Statement), maxText+len("…"))
			assert.True(t, strings.HasSuffix(a.Statement, "ä…"), a.Statement)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := &Ring{Statements: c.form}
			g.Keep(c.in)
			c.check(t, g.Lately()[0])
		})
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	all := []Asked{
		{Caller: "b", Statement: "quick", Calls: 1, Rows: 1, Duration: time.Millisecond, At: noon, Outcome: "ok"},
		{Caller: "a", Statement: "wasteful", Calls: 50, Rows: 2, Duration: time.Second, At: noon.Add(-time.Hour), Outcome: "ok"},
		{Caller: "a", Statement: "slow", Calls: 3, Rows: 400, Duration: time.Minute, At: noon, Outcome: "timeout"},
		{Caller: "b", Statement: "catalog", At: noon.Add(time.Second), Outcome: "ok"},
	}
	names := func(asked []Asked) (out []string) {
		for _, a := range asked {
			out = append(out, a.Statement)
		}
		return out
	}
	assert.Equal(t, []string{"slow", "wasteful", "quick"}, names(most(all, slowness)))
	assert.Equal(t, []string{"wasteful"}, names(most(all, waste)))
	assert.Len(t, most(make([]Asked, 100), func(Asked) float64 { return 1 }), listed)
	assert.Equal(t, []Caller{
		{Name: "a", Requests: 2, Failed: 1, Calls: 53, Rows: 402, Total: 61 * time.Second, Last: noon},
		{Name: "b", Requests: 2, Calls: 1, Rows: 1, Total: time.Millisecond, Last: noon.Add(time.Second)},
	}, byCaller(all))
}

func page(t *testing.T, c Config) string {
	t.Helper()
	c.Site, c.Now = &console.Site{}, func() time.Time { return noon }
	w := httptest.NewRecorder()
	New(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}

func TestPage(t *testing.T) {
	t.Parallel()
	g := &Ring{}
	g.Keep(record("reports", "SELECT * FROM Users WHERE Email = 'ada@example.com'", 40, 1, 75*time.Second))
	body := page(t, Config{
		Ring: g,
		Checks: func() (bool, []Check) {
			return false, []Check{{Name: "engine", OK: true, At: noon}, {Name: "redis", Message: "Redis <is> away.", Hint: "Start it."}}
		},
		Budgets: func() []Budget {
			return []Budget{{Name: "known", PerSecond: 20, Rate: 35, Waiting: 3}, {Name: "unknown", PerSecond: 2}, {Name: "beyond", PerSecond: 50, Rate: 35}}
		},
		Keys: func(context.Context) ([]Key, error) {
			return []Key{
				{Name: "excel", ID: "k1", State: "active", Roles: []string{"reader", "hr"}, LastUsed: noon.Add(-26 * time.Hour), Expires: noon.Add(5 * 24 * time.Hour)},
				{Name: "old", ID: "k2", State: "expired", Expires: noon.Add(-90 * time.Minute)},
			}, nil
		},
	})
	for _, part := range []string{
		"Not ready: balancers", "Redis &lt;is&gt; away.</strong><br>Start it.", "<td class=\"quiet\">just now</td>", "<td class=\"quiet\">never</td>",
		`value="57"`, "57 %", "not known", "100 %", "Email = ?", "1m15s", "1 hour ago", "reader, hr", "1 day ago", "in 5 days", "ends soon",
	} {
		assert.Contains(t, body, part)
	}
	assert.Equal(t, 1, strings.Count(body, "ends soon"), "the one that still works")
	assert.NotContains(t, body, "ada@example.com")
	assert.NotContains(t, body, console.QueryPath, "which is another listener's")
	assert.Less(t, len(body), 150<<10)
}

func TestPageOfLittle(t *testing.T) {
	t.Parallel()
	body := page(t, Config{})
	assert.Contains(t, body, "Ready: the gateway takes requests")
	assert.NotContains(t, body, "<h2>Keys</h2>")
	assert.NotContains(t, body, "<h2>Callers</h2>")
	body = page(t, Config{Ring: &Ring{}, Keys: func(context.Context) ([]Key, error) { return nil, nil }})
	assert.Contains(t, body, "gateway keys create NAME")
	body = page(t, Config{Keys: func(context.Context) ([]Key, error) {
		return nil, gwerr.New(gwerr.Config, "The file of keys can't be read.", "Check it.")
	}})
	assert.Contains(t, body, "The file of keys can&#39;t be read. Check it.")
}

func TestSpans(t *testing.T) {
	t.Parallel()
	v := view{Now: noon}
	for d, want := range map[time.Duration]string{
		0: "just now", -59 * time.Second: "just now", -time.Minute: "1 minute ago", -90 * time.Minute: "1 hour ago",
		-47 * time.Hour: "1 day ago", 72 * time.Hour: "in 3 days", 30 * time.Second: "in less than a minute",
	} {
		assert.Equal(t, want, v.Ago(noon.Add(d)), d)
	}
	assert.Equal(t, "1.235s", v.Seconds(1234567*time.Microsecond))
	assert.Equal(t, "1m12s", v.Seconds(71600*time.Millisecond))
}
