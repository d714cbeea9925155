//go:build duckdb_arrow

package integration

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// trail keeps audit records.
type trail struct {
	mu      sync.Mutex
	records []audit.Record
}

func (tr *trail) begin(context.Context) (func(context.Context, audit.Record), error) {
	return func(_ context.Context, r audit.Record) {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.records = append(tr.records, r)
	}, nil
}

// take returns the records so far and forgets them.
func (tr *trail) take() []audit.Record {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	out := tr.records
	tr.records = nil
	return out
}

// audited is a gateway with a trail, whose callers have the limits. The
// caller's clock stands still: what it spent does not come back.
func audited(t *testing.T, users int, l quota.Limits, change func(*service.Config)) (*testkit.Web, *trail) {
	t.Helper()
	tr, now := &trail{}, time.Now()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: users}, Service: func(c *service.Config) {
		c.Policy, c.Audit = bounded{l}, tr.begin
		c.Quota = quota.New(quota.Config{Now: func() time.Time { return now }})
		if change != nil {
			change(c)
		}
	}})
	return s.Serve(t, testkit.WebOptions{OData: func(c *odata.Config) { c.PageRows = 0 }}), tr
}

// one is the only record there is.
func one(t *testing.T, w *testkit.Web, tr *trail) audit.Record {
	t.Helper()
	w.Stop() // an answer is through before its request has ended
	records := tr.take()
	if len(records) != 1 {
		t.Fatalf("%d records: %+v", len(records), records)
	}
	return records[0]
}

func TestARequestTakesOneTurnOfItsCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		users  int
		limits quota.Limits
		// found are the rows of the answer.
		found  int
		tables []string
	}{
		"a count and related entities, one at a time": {
			"Users?$count=true&$expand=Population", 100,
			quota.Limits{Concurrency: 1},
			100,
			[]string{"Administrators.Populations", "Administrators.Users"},
		},
		"thousands of rows with related entities, one a second": {
			"Users?$select=Username&$expand=Population", 3000,
			quota.Limits{RequestsPerSecond: 1},
			3000,
			[]string{"Administrators.Populations", "Administrators.Users"},
		},
		"related entities of many": {
			"Populations?$select=Name&$expand=Users($select=Username)", 100,
			quota.Limits{Concurrency: 1, RequestsPerSecond: 1},
			0,
			[]string{"Administrators.Populations", "Administrators.Users"},
		},
		"a navigation": {
			"Users?$top=1&$select=Username&$expand=Population,Groups", 100, quota.Limits{Concurrency: 1, RequestsPerSecond: 1}, 1, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, tr := audited(t, c.users, c.limits, nil)
			if _, err := w.Directory.Schema(t.Context(), "Administrators"); err != nil {
				t.Fatal(err) // read once, for all requests
			}
			w.ResetRequests()
			a := get(t, w, odataRoot+c.path)
			if a.status != http.StatusOK || a.err != nil {
				t.Fatalf("%d %.300s %v", a.status, a.body, a.err)
			}
			calls := int64(w.Calls())
			r := one(t, w, tr)
			if c.found > 0 && r.Rows < int64(c.found) || r.Err != nil || r.FrontEnd != "odata" || !strings.HasSuffix(r.Statement, c.path[strings.Index(c.path, "?"):]) {
				t.Errorf("%+v", r)
			}
			if calls == 0 || r.Calls != calls {
				t.Errorf("%d calls in the record, %d were made", r.Calls, calls)
			}
			if slices.Sort(r.Tables); c.tables != nil && !slices.Equal(r.Tables, c.tables) {
				t.Errorf("tables %v", r.Tables)
			}
		})
	}
}

func TestRefusedRequestsAreOnTheTrail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, body string
		change             func(*service.Config)
		before             func(*testing.T, *testkit.Web)
		faults             []sim.Fault
		status             int
		code               gwerr.Code
	}{
		"an unknown column":    {path: odataRoot + "Users?$filter=Nope%20eq%201", status: 400, code: gwerr.UnknownColumn},
		"a broken option":      {path: odataRoot + "Users?$top=x", status: 400, code: gwerr.Syntax},
		"an unknown set":       {path: odataRoot + "Nothing", status: 404, code: gwerr.UnknownTable},
		"an unknown schema":    {path: "/odata/pingone/Nothing/", status: 404, code: gwerr.UnknownSchema},
		"no such entity":       {path: odataRoot + "Users(00000000-0000-0000-0000-000000000000)", status: 404, code: gwerr.NotFound},
		"writing":              {method: http.MethodDelete, path: odataRoot + "Users", status: 405, code: gwerr.MethodNotAllowed},
		"an unknown format":    {path: odataRoot + "Users?$format=xml", status: 406, code: gwerr.NotAcceptable},
		"a forged link":        {path: odataRoot + "Users?$skiptoken=forged", status: 410, code: gwerr.BadContinuation},
		"refused by PingOne":   {path: odataRoot + "Users", faults: []sim.Fault{{Match: usersCalls, Times: -1, Do: "status", Status: 403}}, status: 403, code: gwerr.UpstreamForbidden},
		"too many requests":    {path: odataRoot + "Users", before: spent, status: 429, code: gwerr.TooManyRequests},
		"too many at a time":   {path: odataRoot + "Users", change: func(c *service.Config) { c.Turns.AtOnce, c.Quota = 1, nil }, before: func(t *testing.T, w *testkit.Web) { t.Cleanup(occupied(t, w)) }, status: 503, code: gwerr.Busy},
		"SQL that is none":     {method: http.MethodPost, path: "/sql", body: `{"query": "SELEC"}`, status: 400, code: gwerr.Syntax},
		"a request that isn't": {method: http.MethodPost, path: "/sql", body: `{"query": `, status: 400, code: gwerr.BadRequest},
		"SQL of no connection": {path: "/sql?query=SELECT+1&connection=nope", change: func(c *service.Config) { c.Pool = noPool{c.Pool} }, status: 404, code: gwerr.NotFound},
		"SQL, too many":        {path: "/sql?query=SELECT+1", before: spent, status: 429, code: gwerr.TooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, tr := audited(t, 100, quota.Limits{RequestsPerSecond: 1}, c.change)
			if c.before != nil {
				c.before(t, w)
				tr.take()
			}
			if err := w.SetFaults(c.faults...); err != nil {
				t.Fatal(err)
			}
			method := c.method
			if method == "" {
				method = http.MethodGet
			}
			a := route{method: method, path: c.path, accept: "application/json", body: c.body}.ask(t, w)
			if a.status != c.status {
				t.Errorf("status %d %s", a.status, a.body)
			}
			if r := one(t, w, tr); !gwerr.Is(r.Err, c.code) || r.Principal == nil || r.Rows != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// spent is a caller who has asked before.
func spent(t *testing.T, w *testkit.Web) {
	t.Helper()
	occupied(t, w)()
}

// occupied is a gateway at work, until the function returned is called.
func occupied(t *testing.T, w *testkit.Web) (end func()) {
	t.Helper()
	_, r, err := w.BeginOData(testkit.Context(t), "/")
	if err != nil {
		t.Fatal(err)
	}
	return func() { r.End(nil) }
}

// noPool has no connections.
type noPool struct{ service.Pool }

// Database implements service.Pool.
func (noPool) Database(context.Context, string, *auth.Principal) (*service.Database, error) {
	return nil, gwerr.New(gwerr.NotFound, "There is no such connection.", "")
}

func TestAFailedCountIsOneFailedRequest(t *testing.T) {
	t.Parallel()
	w, tr := audited(t, 100, quota.Limits{}, nil)
	if err := w.SetFaults(sim.Fault{Match: usersCalls, Times: -1, Do: "status", Status: 403}); err != nil {
		t.Fatal(err)
	}
	a := get(t, w, odataRoot+"Users?$count=true&$top=5")
	if r := one(t, w, tr); a.status != http.StatusForbidden || !gwerr.Is(r.Err, gwerr.UpstreamForbidden) {
		t.Errorf("%d, %+v", a.status, r)
	}
}

func TestRowLimitsCountWhatARequestReturns(t *testing.T) {
	t.Parallel()
	for path, within := range map[string]bool{
		"Users?$top=10":                                        true,
		"Users?$top=10&$count=true":                            true,
		"Users?$top=10&$expand=Population":                     true,
		"Users?$top=10&$skip=20":                               true,
		"Users?$top=3&$orderby=Title&$expand=Groups($top=1)":   true,
		"Users/$count":                                         true,
		"Users?$top=11":                                        false,
		"Users?$top=5&$expand=Groups($top=1)":                  true,
		"Populations?$top=5&$expand=Users($top=1)":             true,
		"Populations?$top=6&$expand=Users($top=1)":             false,
		"Populations?$top=1&$expand=Users($count=true;$top=0)": true,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w, tr := audited(t, 100, quota.Limits{RowsPerQuery: 10}, nil)
			a := get(t, w, odataRoot+path)
			r := one(t, w, tr)
			if within != (a.status == http.StatusOK && a.err == nil) || within != (r.Err == nil) {
				t.Errorf("%d %.200s %v, %+v", a.status, a.body, a.err, r)
			}
			if !within && !gwerr.Is(r.Err, gwerr.LimitExceeded) {
				t.Errorf("%v", r.Err)
			}
		})
	}
}
