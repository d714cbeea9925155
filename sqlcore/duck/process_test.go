//go:build duckdb_arrow && linux

package duck_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// processes lists the engine's processes, by the directories that they work in.
func processes(dir string) []int {
	found, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var out []int
	for _, link := range found {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, dir+"/") {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			out = append(out, pid)
		}
	}
	return out
}

// soon is longer than anything takes on the busiest machine.
const soon = 2 * time.Minute

// killAll kills the engine's processes and waits until the pool has seen their end:
// the first of a process's threads may go before the last one closes its files.
func killAll(t *testing.T, dir string) {
	t.Helper()
	killed := processes(dir)
	for _, pid := range killed {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(killed, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
	}, soon, time.Millisecond)
}

// waiting is an input that gives one batch, says so, and then waits.
func waiting(m *catalog.Table, begun chan<- struct{}, wait <-chan struct{}) query.Input {
	var once sync.Once
	return query.Input{Table: m, Columns: []int{1}, Once: true, Rows: &source{next: func(ctx context.Context, n int) (scan.Batch, error) {
		if n == 1 {
			return scan.Batch{Record: record(m, []int{1}, members())}, nil
		}
		once.Do(func() { close(begun) })
		select {
		case <-wait:
			return scan.Batch{}, io.EOF
		case <-ctx.Done():
			return scan.Batch{}, ctx.Err()
		}
	}}}
}

// TestKilledInMidQuery kills all processes while queries read their inputs: each
// query fails, visibly, its inputs are closed, and the next one runs.
func TestKilledInMidQuery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, func(c *duck.Config) { c.TempDir = dir })
	m := newLibrary().table(t, "Members")
	const n = 3
	failed := make(chan error, n)
	var inputs []query.Input
	for range n {
		begun := make(chan struct{})
		in := waiting(m, begun, nil)
		inputs = append(inputs, in)
		go func() {
			_, err := run(context.Background(), e, query.Job{SQL: `SELECT max(Name) FROM "Town"."Members"`, Inputs: []query.Input{in}})
			failed <- err
		}()
		<-begun
	}
	killAll(t, dir)
	for range n {
		err := <-failed
		assert.Equal(t, gwerr.Internal, gwerr.From(err).Code)
		assert.Contains(t, err.Error(), "The engine's process ended")
	}
	for _, in := range inputs {
		assert.Positive(t, in.Rows.(*source).closed.Load())
	}
	got, err := run(context.Background(), e, query.Job{SQL: `SELECT max(Name) FROM "Town"."Members"`, Inputs: []query.Input{input(m, true, members())}})
	require.NoError(t, err)
	assert.Equal(t, []string{"Bøb"}, got)
}

// TestKilledInMidResult kills the process of a result of which rows were read:
// it never ends as if it were whole.
func TestKilledInMidResult(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := open(t, func(c *duck.Config) { c.TempDir = dir })
	rows, err := e.Run(context.Background(), query.Job{SQL: "SELECT range FROM range(10000000)"})
	require.NoError(t, err)
	defer rows.Close()
	b, err := rows.Next(context.Background())
	require.NoError(t, err)
	b.Record.Release()
	killAll(t, dir)
	for err == nil {
		if b, err = rows.Next(context.Background()); err == nil {
			b.Record.Release()
		}
	}
	assert.Equal(t, gwerr.Internal, gwerr.From(err).Code, "%v", err)
	assert.NotErrorIs(t, err, io.EOF)
}

// TestBoundsOfAQuery passes the engine's bounds by queries that have rows.
func TestBoundsOfAQuery(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, sql string
		change    func(*duck.Config)
		code      gwerr.Code
		says      string
	}{
		{"time", `SELECT count(*) FROM "Town"."Members", range(1000000000) a, range(1000000) b WHERE a.range + b.range = Age`, func(c *duck.Config) { c.Time = 3 * time.Second }, gwerr.Timeout, "longer than 3s"},
		{"memory", `SELECT cardinality(histogram(range || Name)) FROM "Town"."Members", range(30000000)`, func(c *duck.Config) { c.MemoryLimit, c.WorkerMemory = 1<<30, 64<<20 }, gwerr.OutOfMemory, "more memory than the engine may use"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := open(t, c.change)
			m := newLibrary().table(t, "Members")
			_, err := run(context.Background(), e, query.Job{SQL: c.sql, Inputs: []query.Input{input(m, true, members())}})
			assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
			assert.Contains(t, err.Error(), c.says)
			got, err := run(context.Background(), e, query.Job{SQL: "SELECT 1"})
			require.NoError(t, err)
			assert.Equal(t, []string{"1"}, got)
		})
	}
}

// TestTimeWithoutWaits reads an input that is slower than the engine may work:
// waiting for it is not the engine's time.
func TestTimeWithoutWaits(t *testing.T) {
	t.Parallel()
	const bound = 2 * time.Second // a busy machine is slow, too
	e := open(t, func(c *duck.Config) { c.Time = bound })
	m := newLibrary().table(t, "Members")
	begun, wait := make(chan struct{}), make(chan struct{})
	time.AfterFunc(bound+bound/2, func() { close(wait) })
	got, err := run(context.Background(), e, query.Job{SQL: `SELECT max(Name) FROM "Town"."Members"`, Inputs: []query.Input{waiting(m, begun, wait)}})
	require.NoError(t, err)
	assert.Equal(t, []string{"Bøb"}, got)
}

// TestUnreadResultMakesRoom leaves a large result alone while others need its
// process: it fails, they run.
func TestUnreadResultMakesRoom(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.Workers = 2 })
	rows, err := e.Run(context.Background(), query.Job{SQL: "SELECT range FROM range(10000000)"})
	require.NoError(t, err)
	defer rows.Close()
	b, err := rows.Next(context.Background())
	require.NoError(t, err)
	b.Record.Release()
	got, err := run(context.Background(), e, query.Job{SQL: "SELECT 1"})
	require.NoError(t, err)
	assert.Equal(t, []string{"1"}, got)
	for err == nil {
		if b, err = rows.Next(context.Background()); err == nil {
			b.Record.Release()
		}
	}
	assert.Equal(t, gwerr.Busy, gwerr.From(err).Code, "%v", err)
}

// TestFinishedResultFreesItsProcess holds small results that nobody has read:
// they need no process any more.
func TestFinishedResultFreesItsProcess(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.Workers = 2 })
	for range 8 {
		rows, err := e.Run(context.Background(), query.Job{SQL: "SELECT 1"})
		require.NoError(t, err)
		defer func() {
			got, err := collect(context.Background(), rows)
			require.NoError(t, err)
			assert.Equal(t, []string{"1"}, got)
		}()
	}
}

// TestStatementsSeeOnlyTheirTables looks, where a statement is planned and where
// it runs, for what others have there.
func TestStatementsSeeOnlyTheirTables(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.Workers = 2 })
	ctx := context.Background()
	for _, table := range []string{"Members", "Branches", "Loans"} {
		_, _, err := e.BindWays(ctx, request("SELECT count(*) OVER () FROM "+table))
		require.NoError(t, err)
	}
	const others = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
	seen, err := e.PlannerSees(ctx, others, newLibrary().table(t, "Visits"))
	require.NoError(t, err)
	assert.Equal(t, []string{"Visits"}, seen)
	m := newLibrary().table(t, "Members")
	_, err = run(ctx, e, query.Job{SQL: `SELECT Name FROM "Town"."Members"`, Inputs: []query.Input{input(m, false, members())}})
	require.NoError(t, err)
	got, err := run(ctx, e, query.Job{SQL: others})
	require.NoError(t, err)
	assert.Empty(t, got)
}

// TestNothingLeaks runs, breaks and leaves queries, and counts what is open.
func TestNothingLeaks(t *testing.T) {
	dir := t.TempDir()
	e := open(t, func(c *duck.Config) { c.TempDir, c.Workers = dir, 3 })
	m := newLibrary().table(t, "Members")
	round := func() {
		ctx, cancel := context.WithCancel(context.Background())
		rows, err := e.Run(ctx, query.Job{SQL: "SELECT range FROM range(10000000)"})
		require.NoError(t, err)
		cancel()
		rows.Close()
		_, err = run(context.Background(), e, query.Job{SQL: "SELECT nothing"})
		require.Error(t, err)
		begun := make(chan struct{})
		failed := make(chan error)
		go func() {
			_, err := run(context.Background(), e, query.Job{SQL: `SELECT max(Name) FROM "Town"."Members"`, Inputs: []query.Input{waiting(m, begun, nil)}})
			failed <- err
		}()
		<-begun
		killAll(t, dir)
		require.Error(t, <-failed)
	}
	files := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(list)
	}
	round()
	require.Eventually(t, func() bool { return len(processes(dir)) == 2 }, soon, 5*time.Millisecond)
	filesBefore, before := files(), runtime.NumGoroutine()
	// A process that was just being started has more when it stands: what leaks does so in
	// each round.
	const rounds = 8
	for range rounds {
		round()
	}
	require.Eventually(t, func() bool {
		return len(processes(dir)) == 2 && files() < filesBefore+rounds && runtime.NumGoroutine() < before+rounds
	}, soon, 10*time.Millisecond, "%d files before, %d goroutines", filesBefore, before)
	roots, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, roots, 1)
	left, err := filepath.Glob(filepath.Join(dir, "*", "process-*"))
	require.NoError(t, err)
	assert.Len(t, left, 2, "files of processes that ended are left")
}

// TestRowsThatNeedTheEngine: with the fewest processes, and no place left in its
// caller's share, what the rows of a join wait for is worked out beside it.
func TestRowsThatNeedTheEngine(t *testing.T) {
	e := open(t, func(c *duck.Config) { c.Workers, c.Share = 2, 0.5 })
	m := newLibrary().table(t, "Members")
	rec := record(m, []int{1}, members())
	in := query.Input{Table: m, Columns: []int{1}, Once: true, Rows: &source{next: func(ctx context.Context, n int) (scan.Batch, error) {
		if n > 1 {
			return scan.Batch{}, io.EOF
		}
		f, err := e.Filter(ctx, m, []int{1}, `length("Name") % 2 = 0`)
		if err != nil {
			return scan.Batch{}, err
		}
		defer f.Close()
		if _, err := f.Mask(ctx, rec); err != nil {
			return scan.Batch{}, err
		}
		return scan.Batch{Record: rec}, nil
	}}}
	ctx := fair.WithCaller(t.Context(), "ann")
	got, err := run(ctx, e, query.Job{SQL: `SELECT count(*) FROM "Town"."Members"`, Inputs: []query.Input{in}})
	require.NoError(t, err)
	assert.Equal(t, []string{strconv.Itoa(len(members()))}, got)
}
