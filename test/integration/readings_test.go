//go:build duckdb_arrow

package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
)

// ofCaller names the caller in tests of who may go on with a reading.
const ofCaller = "X-Test-Caller"

// byHeader takes callers by their word.
func byHeader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := auth.NewAnonymous()
		p.ID = r.Header.Get(ofCaller)
		next.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), p)))
	})
}

// readers are gateways over one directory whose parked readings can be seen.
func readers(t *testing.T, n, users int, o reading.Options) ([]*testkit.Web, []*reading.Store) {
	t.Helper()
	s := testkit.StartSimulator(t, sim.Options{Users: users})
	e := testkit.OpenEngine(t)
	var web []*testkit.Web
	var stores []*reading.Store
	for range n {
		store := reading.NewStore(o)
		stack := testkit.Start(t, testkit.Options{Simulator: s, Engine: e, Service: func(c *service.Config) { c.Readings = store }})
		web = append(web, stack.Serve(t, testkit.WebOptions{
			Server: func(c *server.Config) { c.Guard = byHeader },
			OData: func(c *odata.Config) {
				c.Caller = func(ctx context.Context) string { return auth.FromContext(ctx).Identity() }
			},
		}))
		stores = append(stores, store)
	}
	return web, stores
}

// rowText is an entity's properties in a fixed order.
func rowText(row map[string]any) string {
	var parts []string
	for k, v := range row {
		if related, ok := v.(map[string]any); ok {
			v = rowText(related)
		}
		if !strings.HasPrefix(k, "@") {
			parts = append(parts, fmt.Sprintf("%s=%v", k, v))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func rowTexts(rows []map[string]any) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = rowText(r)
	}
	return out
}

// readAll follows the next links, each on the gateway after the last one's.
func readAll(t *testing.T, web []*testkit.Web, path string, size int) []string {
	t.Helper()
	var rows []string
	for n := 0; path != ""; n++ {
		for _, w := range web {
			path = strings.TrimPrefix(path, w.URL)
		}
		p := page(t, web[n%len(web)], path, preferring(size))
		if len(p.Value) > size || p.Next != "" && len(p.Value) != size {
			t.Fatalf("page %d has %d rows", n, len(p.Value))
		}
		rows = append(rows, rowTexts(p.Value)...)
		path = p.Next
	}
	return rows
}

// same compares rows whatever their order, and finds repeated ones.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d rows, %d of them different; want %d", what, len(got), len(slices.Compact(got)), len(want))
	}
}

// Whatever is read in pages of whatever size has each row once, on one gateway
// and on two that take turns, for about the calls of one reading.
func TestEveryFeedCanBeReadInPages(t *testing.T) {
	t.Parallel()
	users := 600
	if testing.Short() {
		users = 300
	}
	cases := []struct {
		name, path string
		sizes      []int
	}{
		{"memberships", "UserGroupAssociations", []int{1, 7, 100}},
		{"columns of memberships", "UserGroupAssociations?$select=GroupName,Type", []int{7, 100}},
		{"keys of memberships", "UserGroupAssociations?$select=UserId,GroupId", []int{100}},
		{"some memberships", "UserGroupAssociations?$filter=" + escape("Type eq 'DIRECT'"), []int{7, 100}},
		{"users", "Users", []int{7, 100}},
		{"a column of users", "Users?$select=Title", []int{1, 100}},
		{"some users", "Users?$select=Id&$filter=" + escape("IsEnabled or Title eq 'Manager'"), []int{7, 100}},
		{"a filter for the engine", "Users?$select=Id&$filter=" + escape("length(Username) gt 9"), []int{100}},
		{"with related rows", "Users?$select=Username&$expand=Population($select=Name)", []int{100}},
		{"sorted users", "Users?$select=Title&$orderby=Title", []int{7, 100}},
		{"sorted memberships", "UserGroupAssociations?$select=GroupName&$orderby=GroupName", []int{100}},
		{"groups", "Groups?$select=Name", []int{1, 7}},
	}
	one, _ := readers(t, 1, users, reading.Options{PerCaller: 64})
	two, _ := readers(t, 2, users, reading.Options{PerCaller: 64})
	for _, c := range cases {
		for i, size := range c.sizes {
			if testing.Short() && i < len(c.sizes)-1 {
				continue // smaller pages are more of the same
			}
			t.Run(fmt.Sprintf("%s by %d", c.name, size), func(t *testing.T) {
				path := odataRoot + c.path
				if size == 1 {
					path += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "$top=60"
				}
				one[0].ResetRequests()
				want := rowTexts(page(t, one[0], path, nil).Value)
				whole := one[0].Calls()
				one[0].ResetRequests()
				got := readAll(t, one, path, size)
				same(t, "one gateway", got, want)
				if calls := one[0].Calls(); size > 1 && calls > 2*whole+8 && !strings.Contains(path, "$expand") {
					t.Errorf("%d calls in pages, %d for the whole", calls, whole)
				}
				same(t, "two gateways", readAll(t, two, path, size), want)
			})
		}
	}
}

// Clients that page with $top and $skip get the order of one reading.
func TestFeedsCanBeReadBySkipping(t *testing.T) {
	t.Parallel()
	web, _ := readers(t, 2, 600, reading.Options{})
	for _, c := range []struct {
		path string
		step int
	}{
		{"Users?$select=Id", 100},
		{"UserGroupAssociations?$select=UserId,GroupId", 100},
		{"Users?$select=Id,Title&$orderby=Title", 150},
		{"Users?$select=Id&$filter=" + escape("length(Username) gt 9"), 100},
	} {
		t.Run(c.path, func(t *testing.T) {
			want := rowTexts(page(t, web[0], odataRoot+c.path, nil).Value)
			for _, replicas := range [][]*testkit.Web{web[:1], web} {
				var got []string
				for n := 0; ; n++ {
					p := page(t, replicas[n%len(replicas)], fmt.Sprintf("%s&$top=%d&$skip=%d", odataRoot+c.path, c.step, n*c.step), nil)
					got = append(got, rowTexts(p.Value)...)
					if len(p.Value) < c.step {
						break
					}
				}
				same(t, fmt.Sprintf("%d gateways", len(replicas)), got, want)
			}
		})
	}
	web[0].ResetRequests()
	if p := page(t, web[0], odataRoot+"Users?$top=5", nil); len(p.Value) != 5 || web[0].Calls() != 1 {
		t.Errorf("%d users by %d calls", len(p.Value), web[0].Calls())
	}
}

// A page can be asked for again, whatever became of the stream behind it.
func TestPagesCanBeRepeated(t *testing.T) {
	t.Parallel()
	web, stores := readers(t, 1, 600, reading.Options{})
	w := web[0]
	for _, path := range []string{
		"Users?$select=Id", "UserGroupAssociations?$select=UserId,GroupId", "Users?$select=Id&$orderby=Title",
		"UserGroupAssociations?$select=GroupName",
	} {
		t.Run(path, func(t *testing.T) {
			next := page(t, w, odataRoot+path, preferring(70)).Next
			for range 3 {
				first := page(t, w, next, preferring(70))
				for name, before := range map[string]func(){
					"the stream has gone on": func() {},
					"the stream was evicted": func() { stores[0].Drop(w.Executor) },
				} {
					before()
					again := page(t, w, next, preferring(70))
					if !slices.Equal(rowTexts(first.Value), rowTexts(again.Value)) {
						t.Errorf("%s: another page", name)
					}
				}
				next = first.Next
			}
		})
	}
}

// Nobody goes on with another caller's reading.
func TestReadingsBelongToTheirCaller(t *testing.T) {
	t.Parallel()
	web, stores := readers(t, 1, 600, reading.Options{})
	w := web[0]
	as := func(name string) http.Header {
		return http.Header{ofCaller: {name}, "Prefer": {"odata.maxpagesize=100"}}
	}
	next := page(t, w, odataRoot+"Users?$select=Id", as("ann")).Next
	page(t, w, odataRoot+"Users?$select=Id&$skip=100&$top=50", as("ann"))
	if n := stores[0].Len(); n != 2 {
		t.Fatalf("%d readings are parked", n)
	}
	if a := getAs(t, w, next, "bob"); a != http.StatusGone {
		t.Errorf("bob follows ann's link: %d", a)
	}
	page(t, w, odataRoot+"Users?$select=Id&$skip=150&$top=50", as("bob"))
	if n := stores[0].Len(); n != 3 {
		t.Errorf("%d readings are parked after bob's", n)
	}
	page(t, w, odataRoot+"Users?$select=Id&$skip=150&$top=50", as("ann"))
	page(t, w, next, as("ann"))
	if n := stores[0].Len(); n != 3 {
		t.Errorf("%d readings are parked after ann's", n)
	}
}

func getAs(t *testing.T, _ *testkit.Web, address, caller string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(ofCaller, caller)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

// A client that goes away in the middle of a page leaves nothing behind, and
// the page can be asked for again.
func TestClientThatGoesAwayLeavesNothing(t *testing.T) {
	t.Parallel()
	web, stores := readers(t, 1, 3000, reading.Options{})
	w := web[0]
	next := page(t, w, odataRoot+"Users", preferring(100)).Next
	// It can't be answered whole, and so parked for its next link, before the client goes.
	if err := w.SetFaults(sim.Fault{Match: usersCalls, After: 2, Times: -1, Do: "slow", For: sim.Duration(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, next, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Prefer", "odata.maxpagesize=2800")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 50_000)); err != nil {
		t.Fatal(err)
	}
	leave()
	_ = resp.Body.Close()
	if err := w.SetFaults(); err != nil {
		t.Fatal(err)
	}
	again := page(t, w, next, preferring(2900))
	if len(again.Value) != 2900 || again.Next != "" {
		t.Errorf("%d rows, next %q", len(again.Value), again.Next)
	}
	w.Stop() // waits for the request that was left
	if n := stores[0].Len(); n != 0 {
		t.Errorf("%d readings are parked", n)
	}
}

// Parked readings hold goroutines; they go with the service. It is not parallel:
// it looks at those of the whole process.
func TestReadingsEndWithTheService(t *testing.T) {
	before := streaming(t)
	web, stores := readers(t, 1, 600, reading.Options{})
	for _, path := range []string{"Users?$select=Id", "UserGroupAssociations?$select=UserId", "Users?$select=Id&$orderby=Title"} {
		page(t, web[0], odataRoot+path, preferring(10))
	}
	if n := stores[0].Len(); n != 3 || streaming(t) <= before {
		t.Errorf("%d readings are parked", n)
	}
	web[0].Service.Close()
	// A goroutine whose work has been waited for may still be on its way out.
	for late := time.Now().Add(2 * time.Minute); streaming(t) != before; runtime.Gosched() {
		if time.Now().After(late) {
			t.Fatalf("%d goroutines read, %d before", streaming(t), before)
		}
	}
}

// streaming is the number of goroutines of scans.
func streaming(t *testing.T) int {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 2); err != nil {
		t.Fatal(err)
	}
	return strings.Count(b.String(), "created by github.com/pingone-gateway/gateway/pingone.")
}
