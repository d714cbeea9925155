//go:build duckdb_arrow

package service_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// trap is a defect that shows at a named place once it is armed, when that
// place was passed so many times.
type trap struct {
	mu    sync.Mutex
	place string
	after int
}

func (d *trap) arm(place string, after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.place, d.after = place, after
}

func (d *trap) pass(place string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.place != place {
		return
	}
	if d.after--; d.after < 0 {
		none := []int{}
		_ = none[-d.after]
	}
}

type trappedSource struct {
	scan.Source
	trap *trap
}

func (s trappedSource) Scan(ctx context.Context, r scan.Request) (scan.Batches, error) {
	s.trap.pass("scan")
	b, err := s.Source.Scan(ctx, r)
	if err != nil {
		return nil, err
	}
	return trappedRows{b, s.trap, "source"}, nil
}

func (s trappedSource) Count(ctx context.Context, r scan.Request) (int64, bool, error) {
	s.trap.pass("count")
	return s.Source.Count(ctx, r)
}

type trappedRows struct {
	scan.Batches
	trap *trap
	of   string
}

func (r trappedRows) Next(ctx context.Context) (scan.Batch, error) {
	r.trap.pass(r.of + " next")
	b, err := r.Batches.Next(ctx)
	return b, err
}

func (r trappedRows) Close() {
	r.Batches.Close()
	r.trap.pass(r.of + " close")
}

type trappedEngine struct {
	exec.Engine
	trap *trap
}

func (e trappedEngine) Run(ctx context.Context, j query.Job) (scan.Rows, error) {
	e.trap.pass("engine run")
	return e.Engine.Run(ctx, j)
}

// account is what the service told.
type account struct {
	mu      sync.Mutex
	open    int // records that are promised
	records []audit.Record
	flying  map[string]int
	panics  []observe.PanicRecovered
}

func (a *account) Observe(_ context.Context, e observe.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := e.(type) {
	case observe.InFlight:
		a.flying[e.What] += e.Delta
	case observe.PanicRecovered:
		a.panics = append(a.panics, e)
	}
}

func (a *account) audit(context.Context) (func(context.Context, audit.Record), error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open++
	return func(_ context.Context, r audit.Record) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.open--
		a.records = append(a.records, r)
	}, nil
}

// settled gives what was told since the last time, once nothing is in flight.
func (a *account) settled(t *testing.T) ([]audit.Record, []observe.PanicRecovered) {
	t.Helper()
	require.Eventually(t, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.open == 0 && a.flying["queries"] == 0 && a.flying["turns"] == 0
	}, 3*time.Minute, time.Millisecond, "requests, queries or turns stay in flight")
	a.mu.Lock()
	defer a.mu.Unlock()
	records, panics := a.records, a.panics
	a.records, a.panics = nil, nil
	return records, panics
}

// Whatever panics on the way of a query, it fails alone: with a status, or with
// a broken answer once that has begun.
func TestPanicFailsItsQueryAlone(t *testing.T) {
	const feed, sorted, sql = "/odata/pingone/Administrators/Users", "?$orderby=Title&$top=700", "/sql?query="
	cases := []struct {
		name, place string
		after       int
		address     string
		where       observe.Place
		begun, fine bool
	}{
		{"source, feed", "scan", 0, feed, observe.InQuery, false, false},
		{"source, first rows of a feed", "source next", 0, feed, observe.InQuery, false, false},
		{"source, later rows of a feed", "source next", 3, feed, observe.InQuery, true, false},
		{"source, the engine's rows", "source next", 0, feed + sorted, observe.InEngine, false, false},
		{"source, later ones of the engine's rows", "source next", 2, feed + sorted, observe.InEngine, false, false},
		{"source, rows for SQL", "source next", 1, sql + url.QueryEscape("SELECT Title, count(*) FROM Users GROUP BY 1"), observe.InEngine, false, false},
		{"source, when it is closed", "source close", 0, feed + "?$top=5", observe.InQuery, true, true},
		{"count", "count", 0, feed + "/$count", observe.InQuery, false, false},
		{"count beside a feed", "count", 0, feed + "?$count=true&$top=3", observe.InQuery, false, false},
		{"engine, feed", "engine run", 0, feed + sorted, observe.InQuery, false, false},
		{"engine, SQL", "engine run", 0, sql + url.QueryEscape("SELECT Title FROM Users ORDER BY 1"), observe.InQuery, false, false},
		{"front end", "address", 0, feed, observe.InRequest, false, false},
		{"front end, behind the rows", "caller", 0, feed, observe.InRequest, true, false},
	}
	d, told := &trap{}, &account{flying: map[string]int{}}
	engine, err := duck.Open(t.Context(), duck.Config{MemoryLimit: 256 << 20, TempDir: t.TempDir(), Sink: told})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, engine.Close()) }) // which waits for what still runs
	s := testkit.Start(t, testkit.Options{
		Sim: sim.Options{Users: 1200}, Sink: told, Engine: engine,
		Exec: func(c *exec.Config) {
			c.Source, c.Engine = trappedSource{c.Source, d}, trappedEngine{c.Engine, d}
		},
		Service: func(c *service.Config) { c.Audit, c.Turns.AtOnce = told.audit, 1 },
	})
	web := s.Serve(t, testkit.WebOptions{
		OData: func(c *odata.Config) {
			c.Sink = told
			c.PageRows = 1000
			c.Caller = func(context.Context) string { d.pass("caller"); return "" }
			c.BaseURL = func(r *http.Request) string { d.pass("address"); return server.BaseURL(r) }
		},
		Server: func(c *server.Config) { c.Sink = told },
	})
	get := func(address string) (int, string, error) {
		resp, err := http.Get(web.URL + address)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}
	// A first round opens what stays open: connections, the engine's own.
	for _, c := range cases {
		status, _, err := get(c.address)
		require.NoError(t, err, c.name)
		require.Equal(t, http.StatusOK, status, c.name)
	}
	told.settled(t)
	before := runtime.NumGoroutine()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d.arm(c.place, c.after)
			status, body, err := get(c.address)
			d.arm("", 0)
			records, panics := told.settled(t)
			require.NotEmpty(t, panics)
			assert.Equal(t, c.where, panics[0].Where)
			assert.Contains(t, panics[0].Stack, "panic_test.go")
			switch {
			case c.fine:
				require.NoError(t, err)
			case c.begun:
				require.Error(t, err, "the answer looks whole: %d %.200s", status, body)
			default:
				require.NoError(t, err)
				assert.Equal(t, http.StatusInternalServerError, status)
				assert.NotContains(t, body, "index out of range")
				assert.NotContains(t, body, ".go:")
				assert.Contains(t, body, "The gateway failed unexpectedly.")
			}
			if !c.fine {
				require.Len(t, records, 1)
				assert.True(t, gwerr.Is(records[0].Err, gwerr.Internal), "on the trail: %v", records[0].Err)
			}
			status, _, err = get(c.address)
			require.NoError(t, err, "after the defect")
			assert.Equal(t, http.StatusOK, status)
			told.settled(t)
		})
	}
	web.Stop()
	s.Service.Close()
	http.DefaultClient.CloseIdleConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before }, 3*time.Minute, 5*time.Millisecond, "goroutines are left: %s", stacks())
}

func stacks() string {
	buf := make([]byte, 1<<20)
	return strings.TrimSpace(string(buf[:runtime.Stack(buf, true)]))
}
