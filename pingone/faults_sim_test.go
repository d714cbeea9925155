package pingone_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

const anyUsers = "GET /v1/environments/*/users"

// Every fault ends in all rows or in an error, never in fewer rows.
func TestFaultsEndInAllRowsOrAnError(t *testing.T) {
	t.Parallel()
	zero, two := 0, 2
	cases := []struct {
		name   string
		faults []sim.Fault
		code   gwerr.Code // "" if all rows must come
		retry  string
	}{
		{"storm of 429", []sim.Fault{{Match: anyUsers, After: 2, Times: 8, Do: "status", Status: 429, RetryAfter: &two}}, "", "429"},
		{"storm without an end", []sim.Fault{{Match: anyUsers, After: 2, Times: -1, Do: "status", Status: 429, RetryAfter: &two}}, gwerr.UpstreamLimited, "429"},
		{"some 500s", []sim.Fault{{Match: anyUsers, After: 2, Times: 3, Do: "status", Status: 500}}, "", "5xx"},
		{"503 with no wait", []sim.Fault{{Match: anyUsers, After: 2, Times: 3, Do: "status", Status: 503, RetryAfter: &zero}}, "", "5xx"},
		{"500s without an end", []sim.Fault{{Match: anyUsers, After: 2, Times: -1, Do: "status", Status: 500}}, gwerr.UpstreamFailed, "5xx"},
		{"body cut in a page", []sim.Fault{{Match: anyUsers, After: 1, Times: 2, Do: "cut"}}, "", "cut_short"},
		{"bodies cut for ever", []sim.Fault{{Match: anyUsers, After: 1, Times: -1, Do: "cut"}}, gwerr.UpstreamCutShort, "cut_short"},
		{"garbage", []sim.Fault{{Match: anyUsers, After: 1, Times: 2, Do: "garbage"}}, "", "cut_short"},
		{"garbage for ever", []sim.Fault{{Match: anyUsers, After: 1, Times: -1, Do: "garbage"}}, gwerr.UpstreamCutShort, "cut_short"},
		{"dropped connections for ever", []sim.Fault{{Match: anyUsers, After: 1, Times: -1, Do: "reset"}}, gwerr.UpstreamFailed, "network"},
		{"tokens revoked in mid-scan", []sim.Fault{{Match: anyUsers, After: 3, Times: 1, Do: "revoke"}}, "", "401"},
		{"rights lost in mid-scan", []sim.Fault{{Match: anyUsers, After: 3, Times: -1, Do: "status", Status: 403}}, gwerr.UpstreamForbidden, ""},
	}
	for _, c := range cases {
		for _, partition := range []bool{false, true} {
			t.Run(c.name+map[bool]string{false: ", one after the other", true: ", in parts"}[partition], func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, sim.Options{Users: 3000}, nil)
				r := w.request(w.table("Users"), "list", "Id")
				r.Partition = partition
				w.events.reset()
				require.NoError(t, w.sim.SetFaults(c.faults...))
				rows, err := w.read(context.Background(), r)
				if c.code == "" {
					require.NoError(t, err)
					require.Len(t, w.unique(rows, 0), 3000)
				} else {
					require.True(t, gwerr.Is(err, c.code), "%v", err)
					require.NotErrorIs(t, err, io.EOF)
				}
				if c.retry != "" {
					require.Positive(t, w.events.retries()[c.retry], "%v", w.events.retries())
				}
			})
		}
	}
}

// A refusal is never taken for a table without rows, and names what is needed.
func TestRefusedTables(t *testing.T) {
	t.Parallel()
	const users, groups, licenses = "GET /v1/environments/*/users", "GET /v1/environments/*/groups", "GET /v1/organizations/*/licenses"
	simulated, err := sim.New(sim.Options{Users: 1})
	require.NoError(t, err)
	organizationID := simulated.OrganizationID()
	cases := []struct {
		schema, table, path string
		keys                []string
		match               string
	}{
		{"Information", "Environments", "list", nil, "GET /v1/environments"},
		{"Information", "Organizations", "list", nil, "GET /v1/organizations"},
		{"Information", "Licenses", "all", nil, licenses},
		{"Information", "Licenses", "by_organization", []string{organizationID}, licenses},
		{"Information", "Licenses", "by_organization_and_id", []string{organizationID, envID}, licenses + "/*"},
		{"Administrators", "Users", "list", nil, users},
		{"Administrators", "Users", "by_id", []string{envID}, users + "/*"},
		{"Administrators", "Groups", "list", nil, groups},
		{"Administrators", "Groups", "by_id", []string{envID}, groups + "/*"},
		{"Administrators", "Populations", "list", nil, "GET /v1/environments/*/populations"},
		{"Administrators", "Populations", "by_id", []string{envID}, "GET /v1/environments/*/populations/*"},
		{"Administrators", "Schemas", "list", nil, "GET /v1/environments/*/schemas"},
		{"Administrators", "UserGroupAssociations", "by_group", []string{envID}, users},
		{"Administrators", "UserGroupAssociations", "by_user", []string{envID}, users + "/*/memberOfGroups"},
		{"Administrators", "UserGroupAssociations", "all_by_group", nil, users},
	}
	for _, c := range cases {
		t.Run(c.table+" "+c.path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{}, nil)
			table := w.tableIn(c.schema, c.table)
			r := w.request(table, c.path, table.Columns[0].Name)
			if c.keys != nil {
				r.Keys = [][]string{c.keys}
			}
			require.NoError(t, w.sim.SetFaults(sim.Fault{Match: c.match, Times: -1, Do: "status", Status: 403}))
			_, err := w.read(context.Background(), r)
			require.True(t, gwerr.Is(err, gwerr.UpstreamForbidden), "%v", err)
			require.ErrorContains(t, err, r.Table.Permission)
			if table.Size != nil { // another table tells
				return
			}
			r.Columns = nil
			_, known, err := w.conn.Count(context.Background(), r)
			require.True(t, gwerr.Is(err, gwerr.UpstreamForbidden) || err == nil && !known, "%v", err)
		})
	}
}

func TestSlowPagesAreWaitedForWithinTheTimeout(t *testing.T) {
	t.Parallel()
	slow := sim.Fault{Match: anyUsers, After: 1, Times: -1, Do: "slow", For: sim.Duration(10 * time.Second)}
	w := newWorld(t, sim.Options{}, nil)
	r := w.request(w.table("Users"), "list", "Id")
	hasty, err := pingone.New(pingone.Config{APIURL: w.url + "/v1", Authorizer: w.auth, CallTimeout: 50 * time.Millisecond, MaxAttempts: 2, Clock: w.clock})
	require.NoError(t, err)
	require.NoError(t, w.sim.SetFaults(slow))
	_, err = (&world{conn: hasty}).read(context.Background(), r)
	require.Error(t, err)
	require.Contains(t, []gwerr.Code{gwerr.UpstreamFailed, gwerr.UpstreamCutShort}, gwerr.From(err).Code)
}

// counted counts the calls that begin, and those after the end.
type counted struct {
	http.RoundTripper
	ended       atomic.Bool
	begun, late atomic.Int64
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.begun.Add(1)
	if c.ended.Load() {
		c.late.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// A client that goes away stops the calls upstream, and nothing is left
// behind.
func TestCloseStopsTheWork(t *testing.T) { // not parallel: it looks at all goroutines
	calls := &counted{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 32}}
	w := newWorld(t, sim.Options{Users: 60_000, NoCompression: true}, func(c *pingone.Config) { c.Transport = calls })
	r := w.request(w.table("Users"), "list", "Id", "Username")
	for _, partition := range []bool{false, true} {
		r.Partition = partition
		stream, err := w.conn.Scan(context.Background(), r)
		require.NoError(t, err)
		b, err := stream.Next(context.Background())
		require.NoError(t, err)
		b.Record.Release()
		stream.Close()
		stream.Close()
	}
	require.Less(t, calls.begun.Load(), int64(100), "far less than all pages")
	calls.ended.Store(true)
	testkit.NoneIn(t, "gateway/pingone.(*", "gateway/pingone.start")
	require.Zero(t, calls.late.Load(), "no call begins after Close")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := w.read(ctx, r)
	require.True(t, gwerr.Is(err, gwerr.Canceled), "%v", err)
	require.NoError(t, w.conn.Close())
}

// The consumer sets the pace: pages that it does not take are not read.
func TestAScanThatIsNotReadStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 5000}, nil)
	r := w.request(w.table("Users"), "list", "Id")
	w.sim.ResetRequests()
	s, err := w.conn.Scan(context.Background(), r)
	require.NoError(t, err)
	b, err := s.Next(context.Background())
	require.NoError(t, err)
	b.Record.Release()
	s.Close()
	require.LessOrEqual(t, w.apiCalls(), 3)
}

// A million users pass through in bounded memory, one page after the other
// and in parts, where the scan remembers who was there.
func TestMemoryIsBounded(t *testing.T) { // not parallel: it looks at the heap
	if testing.Short() || raceEnabled {
		t.Skip("reads a million users twice")
	}
	w := newWorld(t, sim.Options{Users: 1_000_000, NoCompression: true, LogSize: 10}, nil)
	for _, c := range []struct {
		partition bool
		bound     int64
	}{{false, 64 << 20}, {true, 192 << 20}} {
		r := w.request(w.table("Users"), "list", "Id", "Username", "Email")
		r.Partition = c.partition
		total, most := w.drain(r)
		require.EqualValues(t, 1_000_000, total)
		require.Less(t, most, c.bound, "partition %v", c.partition)
		t.Logf("partition %v: %d MiB", c.partition, most>>20)
	}
}

// drain reads a request and gives its rows and by how much what lives in the heap
// grew. The simulator is in the same heap and makes garbage with every page, which
// says nothing of the reader and more or less of which stands there when a sample
// is taken: so it is collected first. Rows that are read ahead or kept are alive,
// and would grow with the scan.
func (w *world) drain(r scan.Request) (total, most int64) {
	w.t.Helper()
	s, err := w.conn.Scan(context.Background(), r)
	require.NoError(w.t, err)
	defer s.Close()
	before := live()
	for n := 0; ; n++ {
		b, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return total, most
		}
		require.NoError(w.t, err)
		total += b.Record.NumRows()
		b.Record.Release()
		if n%250 == 0 {
			most = max(most, live()-before)
		}
	}
}

// live is the heap in use once garbage is collected, in bytes.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
