package pingone_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// A full scan of 100,000 users, one population with 60 % of them, is complete
// and costs hardly more calls than pages of 200 need.
func TestLargeScanIsCompleteInFewCalls(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("takes minutes with the race detector")
	}
	w := newWorld(t, sim.Options{Users: 100_000, NoCompression: true, LogSize: 20_000}, nil)
	users := w.table("Users")
	// The first one doesn't know that the table is large.
	for round, most := range []int{511, 510} {
		r := w.request(users, "list", "Id", "Username", "PopulationId", "EnvironmentId")
		r.Partition = true
		w.sim.ResetRequests()
		rows := w.rows(r)
		require.Len(t, w.unique(rows, 0), 100_000)
		require.LessOrEqual(t, w.apiCalls(), most, "round %d", round)
		parts := map[string]bool{}
		for _, f := range w.filters() {
			parts[f] = true
		}
		require.GreaterOrEqual(t, len(parts), 10, "enough parts to be eight times as fast")
	}
}

// divided asks for a scan in parts; populations above so many users are split.
func (w *world) divided(above int64, columns ...string) scan.Request {
	r := w.request(w.table("Users"), "list", columns...)
	path := *r.Path
	partition := *path.Partition
	partition.Above = above
	path.Partition = &partition
	r.Path, r.Partition = &path, true
	return r
}

func (w *world) filters() []string {
	var out []string
	for _, r := range w.requests() {
		q, err := url.ParseQuery(r.Query)
		require.NoError(w.t, err)
		out = append(out, q.Get("filter"))
		require.Less(w.t, len(r.Path)+len(r.Query), 4096, "an address is too long")
	}
	return out
}

// Rows whose first character nobody expects are found by reading without a
// split, and not twice.
func TestUnexpectedCharactersAreNotLost(t *testing.T) {
	t.Parallel()
	var past atomic.Int64 // names given just now would prove nothing
	past.Store(int64(10 * time.Minute))
	w := newWorld(t, sim.Options{Users: 4000, Clock: func() time.Time { return time.Now().Add(-time.Duration(past.Load())) }}, nil)
	for i, name := range []string{"☃snow", "𝔘ppsala", "ѧyus", "Ⅷ", "\u200bhidden"} {
		w.rename(w.sim.UserID(sim.EnvironmentAdministrators, 100+i), name)
	}
	past.Store(0)
	r := w.divided(500, "Id", "Username")
	want := w.unique(w.rows(w.request(w.table("Users"), "list", "Id")), 0)
	w.sim.ResetRequests()
	got := w.unique(w.rows(r), 0)
	require.True(t, maps.Equal(want, got), "%d rows, want %d", len(got), len(want))
	require.True(t, slices.ContainsFunc(w.filters(), func(f string) bool { return strings.Contains(f, "username sw") }))

	// By now the characters are known.
	w.sim.ResetRequests()
	require.True(t, maps.Equal(want, w.unique(w.rows(r), 0)))
	require.True(t, slices.ContainsFunc(w.filters(), func(f string) bool { return strings.Contains(f, `username sw "☃"`) }))
}

// rename changes a user's name by the API.
func (w *world) rename(user, name string) {
	w.t.Helper()
	body, err := json.Marshal(map[string]string{"username": name})
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPatch, w.url+"/v1/environments/"+w.sim.EnvironmentID(sim.EnvironmentAdministrators)+"/users/"+user, bytes.NewReader(body))
	require.NoError(w.t, err)
	token, err := w.auth.Token(context.Background())
	require.NoError(w.t, err)
	token.Set(req.Header)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	require.Equal(w.t, http.StatusOK, resp.StatusCode)
}

func TestDividedScans(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 4000}, nil)
	populations := w.sim.Populations(sim.EnvironmentAdministrators)
	cases := []struct {
		name   string
		change func(*scan.Request)
		keep   func(row []string) bool
		calls  int // at most
	}{
		{"all", func(*scan.Request) {}, func([]string) bool { return true }, 40},
		{"exact filter", func(r *scan.Request) { r.Filters = []string{"enabled eq true"} }, func(r []string) bool { return r[3] == "true" }, 40},
		{"filter that leaves a page", func(r *scan.Request) { r.Filters = []string{`username sw "ad"`} }, func(r []string) bool { return hasPrefixFold(r[1], "ad") }, 1},
		{"filter that leaves nothing", func(r *scan.Request) { r.Filters = []string{`username eq "nobody at all"`} }, func([]string) bool { return false }, 1},
		{"one population", func(r *scan.Request) { r.Within = []string{populations["Employees"]} }, func(r []string) bool { return r[2] == populations["Employees"] }, 30},
		{"two populations, one of them empty", func(r *scan.Request) { r.Within = []string{populations["Board"], populations["Alumni (empty)"]} }, func(r []string) bool { return r[2] == populations["Board"] }, 4},
		{"unknown population", func(r *scan.Request) { r.Within = []string{"11111111-2222-4333-8444-555555555555"} }, func([]string) bool { return false }, 2},
		{"no population", func(r *scan.Request) { r.Within = []string{} }, func([]string) bool { return false }, 1},
	}
	all := w.rows(w.request(w.table("Users"), "list", "Id", "Username", "PopulationId", "IsEnabled"))
	for _, c := range cases {
		r := w.divided(500, "Id", "Username", "PopulationId", "IsEnabled")
		c.change(&r)
		w.sim.ResetRequests()
		got := w.unique(w.rows(r), 0)
		want := map[string]bool{}
		for _, row := range all {
			if c.keep(row) {
				want[row[0]] = true
			}
		}
		require.True(t, maps.Equal(want, got), "%s: %d rows, want %d", c.name, len(got), len(want))
		require.LessOrEqual(t, w.apiCalls(), c.calls, c.name)
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func TestDividedScanWithALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 4000}, nil)
	r := w.divided(500, "Id")
	r.Limit = 1234
	require.Len(t, w.unique(w.rows(r), 0), 1234)
}

// Without counts nothing can be proved, so nothing is split.
func TestScanWithoutCountsIsNotSplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 4000, Unkind: "no-count=100"}, nil)
	w.sim.ResetRequests()
	require.Len(t, w.unique(w.rows(w.divided(500, "Id")), 0), 4000)
	require.False(t, slices.ContainsFunc(w.filters(), func(f string) bool { return strings.Contains(f, "username sw") }))
}

func TestScanWithoutTheRightToReadPopulations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 2000}, nil)
	r := w.divided(500, "Id")
	require.NoError(t, w.sim.SetFaults(sim.Fault{Match: "GET /v1/environments/*/populations", Times: -1, Do: "status", Status: 403}))
	require.Len(t, w.unique(w.rows(r), 0), 2000)
	board := w.sim.Populations(sim.EnvironmentAdministrators)["Board"]
	r = w.divided(500, "PopulationId")
	r.Within = []string{board}
	for _, row := range w.rows(r) {
		require.Equal(t, board, row[0])
	}
	for i := range 120 { // too many for one address
		r.Within = append(r.Within, userID(i))
	}
	w.sim.ResetRequests()
	for _, row := range w.rows(r) {
		require.Equal(t, board, row[0])
	}
	w.filters()
}
