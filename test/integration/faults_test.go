//go:build duckdb_arrow

package integration

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
)

const (
	faultUsers = 900
	usersCalls = "GET /v1/environments/*/users"
	tokenCalls = "POST /*/as/token"
	tokenStat  = "POST /{env}/as/token"
)

// faulty is a stack whose directory takes 18 calls to read, in parts or one
// after the other, and whose client never waits between attempts.
func faulty(t *testing.T, e *duck.Engine, client func(*pingone.Config), o testkit.WebOptions, limits ...func(*service.Config)) *testkit.Web {
	t.Helper()
	clock := newClock()
	s := testkit.Start(t, testkit.Options{
		Engine: e, Sim: sim.Options{Users: faultUsers, MaxUsersPage: 50, Clock: clock.Now}, Plan: plan.Options{PartitionAbove: 400},
		Client: func(c *pingone.Config) {
			c.Clock = clock
			if client != nil {
				client(c)
			}
		},
		Service: func(c *service.Config) {
			for _, limit := range limits {
				limit(c)
			}
		},
	})
	return s.Serve(t, o)
}

// warm reads the catalog, so that what follows is about the query alone. Where a test
// gives calls little time, a busy machine may not make these ones in it at once.
func warm(t *testing.T, w *testkit.Web) {
	t.Helper()
	a := get(t, w, odataRoot+"Populations/$count")
	for try := 0; try < 50 && a.status >= http.StatusInternalServerError; try++ {
		a = get(t, w, odataRoot+"Populations/$count")
	}
	if a.status != http.StatusOK {
		t.Fatalf("%d %s %v", a.status, a.body, a.err)
	}
	w.ResetRequests()
}

func always(f sim.Fault) sim.Fault { f.Times = -1; return f }

func TestFaultsEndInAWholeAnswerOrAFailure(t *testing.T) {
	t.Parallel()
	one := 1
	e := testkit.OpenEngine(t)
	cut := sim.Fault{Match: usersCalls, After: 3, Do: "cut"}
	garbage := sim.Fault{Match: usersCalls, After: 3, Do: "garbage"}
	reset := sim.Fault{Match: usersCalls, After: 3, Do: "reset"}
	cases := []struct {
		name   string
		faults []sim.Fault
		want   string
	}{
		{"a storm of 429 that passes", []sim.Fault{{Match: usersCalls, After: 2, Do: "storm", For: sim.Duration(20 * time.Second), RetryAfter: &one}}, "complete"},
		{"a storm of 429 over everything", []sim.Fault{{Do: "storm", For: sim.Duration(20 * time.Second), RetryAfter: &one}}, "complete"},
		{"a storm of 429 that stays", []sim.Fault{{Match: usersCalls, After: 2, Times: -1, Do: "status", Status: 429, RetryAfter: &one}}, "failed"},
		{"some 500s", []sim.Fault{{Match: usersCalls, After: 2, Times: 3, Do: "status", Status: 500}}, "complete"},
		{"500s that stay", []sim.Fault{{Match: usersCalls, After: 2, Times: -1, Do: "status", Status: 500}}, "failed"},
		{"500s from the first call", []sim.Fault{{Match: usersCalls, Times: -1, Do: "status", Status: 503}}, "failed"},
		{"one page cut short", []sim.Fault{cut}, "complete"},
		{"every page cut short", []sim.Fault{always(cut)}, "failed"},
		{"one page of garbage", []sim.Fault{garbage}, "complete"},
		{"garbage that stays", []sim.Fault{always(garbage)}, "failed"},
		{"one connection reset", []sim.Fault{reset}, "complete"},
		{"every connection reset", []sim.Fault{always(reset)}, "failed"},
		{"rights lost in mid-scan", []sim.Fault{{Match: usersCalls, After: 4, Times: -1, Do: "status", Status: 403}}, "failed"},
		{"an environment that is forbidden", []sim.Fault{{Match: usersCalls, Times: -1, Do: "status", Status: 403}}, "failed"},
		{"a page that is refused", []sim.Fault{{Match: usersCalls, After: 5, Times: -1, Do: "status", Status: 400}}, "failed"},
		{"a page that is not found", []sim.Fault{{Match: usersCalls, After: 5, Times: -1, Do: "status", Status: 404}}, "failed"},
		{"an empty answer in mid-scan", []sim.Fault{{Match: usersCalls, After: 5, Times: -1, Do: "status", Status: 204}}, "failed"},
	}
	for n, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, e, nil, testkit.WebOptions{})
			for k, r := range routes {
				if testing.Short() && (n+k)%4 != 0 { // each route meets some faults, and each fault two routes
					continue
				}
				warm(t, w)
				if err := w.SetFaults(c.faults...); err != nil {
					t.Fatal(err)
				}
				a := r.ask(t, w)
				if got := r.verdict(a, faultUsers); got != c.want {
					t.Errorf("%s: %s, want %s (status %d, %v)", r.name, got, c.want, a.status, a.err)
				}
				if err := w.SetFaults(); err != nil {
					t.Fatal(err)
				}
				if got := r.verdict(r.ask(t, w), faultUsers); got != "complete" {
					t.Errorf("%s, after the fault: %s", r.name, got)
				}
			}
		})
	}
}

// One renewal in ten seconds is all that refused tokens may cause, so every
// route has a stack of its own.
func TestARevokedTokenIsFetchedOnce(t *testing.T) {
	t.Parallel()
	e := testkit.OpenEngine(t)
	for _, r := range routes {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, e, nil, testkit.WebOptions{})
			warm(t, w)
			if err := w.SetFaults(sim.Fault{Match: usersCalls, After: 2, Do: "revoke"}); err != nil {
				t.Fatal(err)
			}
			if got := r.verdict(r.ask(t, w), faultUsers); got != "complete" {
				t.Errorf("%s: %s", r.name, got)
			}
			if n := w.Stats().Calls(tokenStat); n != 1 {
				t.Errorf("%s: %d tokens were fetched", r.name, n)
			}
		})
	}
}

func TestStalledPages(t *testing.T) {
	t.Parallel()
	e := testkit.OpenEngine(t)
	idle := func(c *pingone.Config) { c.IdleTimeout = 2 * time.Second }
	whole := func(c *pingone.Config) { c.CallTimeout = 2 * time.Second }
	cases := []struct {
		name   string
		lasts  time.Duration
		times  int
		client func(*pingone.Config)
		want   string
	}{
		// A slow answer comes in eight parts, of which the first has the header.
		{"a page that stalls once", 24 * time.Second, 1, idle, "complete"},
		{"pages that stall", 24 * time.Second, -1, idle, "failed"},
		{"a page that never begins", time.Hour, 1, whole, "complete"},
		{"pages that never begin", time.Hour, -1, whole, "failed"},
	}
	for _, c := range cases {
		for _, r := range []route{routes[0], routes[4], routes[7]} {
			t.Run(c.name+", "+r.name, func(t *testing.T) {
				t.Parallel()
				w := faulty(t, e, func(cfg *pingone.Config) {
					c.client(cfg)
					// Other answers may take two seconds as well, on a busy machine.
					cfg.MaxAttempts, cfg.MaxRetryTime = 50, 24*time.Hour
					if c.times < 0 {
						cfg.MaxAttempts = 2
					}
				}, testkit.WebOptions{})
				warm(t, w)
				if err := w.SetFaults(sim.Fault{Match: usersCalls, After: 2, Times: c.times, Do: "slow", For: sim.Duration(c.lasts)}); err != nil {
					t.Fatal(err)
				}
				if got := r.verdict(r.ask(t, w), faultUsers); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		}
	}
}

func TestWithoutTokensEverythingFailsVisibly(t *testing.T) {
	t.Parallel()
	e := testkit.OpenEngine(t)
	for name, f := range map[string]sim.Fault{
		"down":    {Match: tokenCalls, Times: -1, Do: "status", Status: 503},
		"refused": {Match: tokenCalls, Times: -1, Do: "status", Status: 401},
		"garbage": {Match: tokenCalls, Times: -1, Do: "garbage"},
	} {
		for _, r := range []route{routes[0], routes[1], routes[3], routes[6]} {
			t.Run(name+", "+r.name, func(t *testing.T) {
				t.Parallel()
				cold := faulty(t, e, nil, testkit.WebOptions{})
				if err := cold.SetFaults(f); err != nil {
					t.Fatal(err)
				}
				a := r.ask(t, cold)
				if got := r.verdict(a, faultUsers); got != "failed" || a.status < 500 {
					t.Errorf("with no token yet: %s, status %d %s", got, a.status, a.body)
				}
				if strings.Contains(string(a.body), sim.AppWorker.Secret) {
					t.Error("the answer tells the secret")
				}
				w := faulty(t, e, nil, testkit.WebOptions{})
				warm(t, w)
				if err := w.SetFaults(sim.Fault{Match: usersCalls, After: 3, Do: "revoke"}, f); err != nil {
					t.Fatal(err)
				}
				if got := r.verdict(r.ask(t, w), faultUsers); got != "failed" {
					t.Errorf("revoked in mid-scan: %s", got)
				}
			})
		}
	}
}

func TestQueriesEndAtTheirTime(t *testing.T) {
	t.Parallel()
	e := testkit.OpenEngine(t)
	for name, after := range map[string]int{"before the first row": 0, "in mid-feed": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, e, nil, testkit.WebOptions{}, func(c *service.Config) { c.MaxTime = 3 * time.Second })
			for _, r := range []route{routes[0], routes[3], routes[4]} {
				warm(t, w)
				if err := w.SetFaults(sim.Fault{Match: usersCalls, After: after, Times: -1, Do: "slow", For: sim.Duration(time.Hour)}); err != nil {
					t.Fatal(err)
				}
				a := r.ask(t, w)
				if got := r.verdict(a, faultUsers); got != "failed" {
					t.Errorf("%s: %s", r.name, got)
				}
				if after == 0 && a.status != http.StatusGatewayTimeout {
					t.Errorf("%s: status %d %s", r.name, a.status, a.body)
				}
			}
		})
	}
}

// counting counts the calls that begin.
type counting struct {
	http.RoundTripper
	n atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return c.RoundTripper.RoundTrip(r)
	}
	c.n.Add(1)
	resp, err := c.RoundTripper.RoundTrip(r)
	if err != nil { // one that was given up may never have left
		c.n.Add(-1)
	}
	return resp, err
}

// Not parallel: it looks at all goroutines.
func TestAClientThatGoesStopsTheCalls(t *testing.T) {
	const users, pages = 20_000, 400
	e := testkit.OpenEngine(t)
	calls := &counting{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 32}}
	s := testkit.Start(t, testkit.Options{
		Engine: e, Sim: sim.Options{Users: users, MaxUsersPage: 50, Latency: 20 * time.Millisecond},
		Client: func(c *pingone.Config) { c.Transport = calls },
	})
	for _, r := range []route{
		feedRoute("OData feed", "Users", true), feedRoute("OData filtered", "Users?$filter=length(Username) gt 0", false),
		sqlRoute("JSON", "application/json", "SELECT * FROM Users", true), sqlRoute("NDJSON", "application/x-ndjson", "SELECT * FROM Users", false),
		sqlRoute("from the engine", "application/json", "SELECT * FROM Users ORDER BY Id", true),
	} {
		t.Run(r.name, func(t *testing.T) {
			w := s.Serve(t, testkit.WebOptions{})
			warm(t, w)
			calls.n.Store(0)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if r.name == "from the engine" {
				leaveWhen(ctx, t, w, r, cancel, func() bool { return calls.n.Load() > 5 })
			} else {
				leaveAfterBytes(ctx, t, w, r, cancel)
			}
			// The router is gone once every request has ended.
			w.Stop()
			made := calls.n.Load()
			if made > pages/2 {
				t.Errorf("%d calls were made", made)
			}
			testkit.NoneIn(t, "gateway/pingone.(*stream", "gateway/pingone.(*job", "gateway/sqlcore/exec.", "gateway/odata.")
			if n := calls.n.Load(); n != made {
				t.Errorf("%d calls came after the end", n-made)
			}
		})
	}
}

// leaveAfterBytes goes away in the middle of the answer.
func leaveAfterBytes(ctx context.Context, t *testing.T, w *testkit.Web, r route, leave func()) {
	t.Helper()
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r.request(ctx, t, w.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.CopyN(io.Discard, resp.Body, 2000); err != nil {
		t.Fatal(err)
	}
	leave()
}

// leaveWhen goes away before an answer has begun.
func leaveWhen(ctx context.Context, t *testing.T, w *testkit.Web, r route, leave func(), due func() bool) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r.request(ctx, t, w.URL))
		if err == nil {
			_ = resp.Body.Close()
		}
		done <- err
	}()
	for !due() {
		runtime.Gosched()
	}
	leave()
	if err := <-done; err == nil {
		t.Error("the answer came before the client left")
	}
}
