//go:build duckdb_arrow && linux

package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/duck/worker"
)

func TestMain(m *testing.M) {
	worker.Main()
	if os.Getenv(ownerVariable) != "" {
		ownPool()
	}
	os.Exit(m.Run())
}

// events counts what a pool reports.
type events struct {
	mu    sync.Mutex
	exits map[string]int
	count map[string]int
	// ends tell how processes ended, for tests that fail.
	ends []string
}

func (e *events) Observe(_ context.Context, event observe.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch event := event.(type) {
	case observe.EngineWorkers:
		e.count[event.State] += event.Delta
	case observe.EngineWorkerExited:
		e.exits[event.Reason]++
		e.ends = append(e.ends, fmt.Sprint(event.Reason, ": ", event.Err))
	}
}

func (e *events) exited(reason string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.exits[reason]
}

func (e *events) now(state string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count[state]
}

func open(t *testing.T, change ...func(*Config)) (*Pool, *events) {
	t.Helper()
	told := &events{exits: map[string]int{}, count: map[string]int{}}
	c := Config{
		Processes: 4, Spare: 2, Memory: 512 << 20, Total: 2 << 30, Engine: 256 << 20,
		Time: time.Minute, Wait: time.Minute, TempDir: t.TempDir(), TempBytes: 1 << 30, Threads: 2, Sink: told,
	}
	for _, f := range change {
		f(&c)
	}
	p, err := Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			told.mu.Lock()
			t.Logf("processes that ended before: %q", told.ends)
			told.mu.Unlock()
		}
		p.Close()
	})
	return p, told
}

// soon is longer than anything takes on the busiest machine.
const soon = 2 * time.Minute

// change changes a pool at work.
func (p *Pool) change(f func(p *Pool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

func lease(t *testing.T, p *Pool) *Lease {
	t.Helper()
	l, err := p.Lease(t.Context(), "", false)
	require.NoError(t, err)
	return l
}

// texts runs a statement and returns the last column of its result.
func texts(ctx context.Context, l *Lease, sql string) ([]string, error) {
	parts, err := l.Call(ctx, func(c *wire.Conn, number uint32) error { return c.SendStrings(wire.Texts, number, sql) })
	var out []string
	for _, p := range parts {
		out = append(out, string(p))
	}
	return out, err
}

// The statements that tests hold a process with.
const (
	endless = "SELECT CAST(count(*) AS VARCHAR) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3"
	hog     = "SELECT CAST(sum(len(l)) AS VARCHAR) FROM (SELECT list(repeat('x', 100) || range) AS l FROM range(10000000) GROUP BY range % 3)"
)

// healthy sees that the pool answers, and has its spare processes again.
func healthy(t *testing.T, p *Pool) {
	t.Helper()
	l := lease(t, p)
	got, err := texts(t.Context(), l, "SELECT 'yes'")
	l.Release()
	require.NoError(t, err)
	assert.Equal(t, []string{"yes"}, got)
	require.Eventually(t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.idle) >= p.config.Spare && len(p.leases) == 0
	}, soon, 5*time.Millisecond, "the spare processes are not replaced")
}

// working waits until the lease's process uses the processor.
func working(t *testing.T, l *Lease) {
	t.Helper()
	stat := fmt.Sprintf("/proc/%d/stat", l.process.cmd.Process.Pid)
	ticks := func() string {
		text, err := os.ReadFile(stat)
		require.NoError(t, err)
		return strings.Fields(string(text))[13]
	}
	before := ticks()
	require.Eventually(t, func() bool { return ticks() != before }, soon, 5*time.Millisecond)
}

// TestEndOfAProcess ends a process while it works: its statement fails with an
// error that says why, the one beside it goes on, and another takes its place.
func TestEndOfAProcess(t *testing.T) {
	cases := []struct {
		name   string
		sql    string
		change func(*Config)
		do     func(t *testing.T, l *Lease, cancel func())
		code   gwerr.Code
		says   string
		reason string
	}{
		{"killed", endless, nil, send(syscall.SIGKILL), gwerr.Internal, "process ended", "crash"},
		{"broken memory access", endless, nil, send(syscall.SIGSEGV), gwerr.Internal, "process ended", "crash"},
		{"aborted", endless, nil, send(syscall.SIGABRT), gwerr.Internal, "process ended", "crash"},
		{"too much memory", hog, func(c *Config) { c.Memory = 64 << 20 }, nil, gwerr.OutOfMemory, "64 MiB", "memory"},
		{"too much memory of all", hog, func(c *Config) { c.Total = 96 << 20 }, nil, gwerr.OutOfMemory, "All queries together", "memory"},
		{"frozen past its time", endless, nil, func(t *testing.T, l *Lease, cancel func()) {
			send(syscall.SIGSTOP)(t, l, cancel)
			l.pool.change(func(p *Pool) { p.config.Time = time.Millisecond })
		}, gwerr.Timeout, "longer than 1ms", "time"},
		{"frozen when given up", endless, nil, func(t *testing.T, l *Lease, cancel func()) {
			send(syscall.SIGSTOP)(t, l, cancel)
			cancel()
		}, gwerr.Canceled, "cancelled", "canceled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, told := open(t, func(o *Config) {
				if c.change != nil {
					c.change(o)
				}
			})
			beside := lease(t, p)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := lease(t, p)
			failed := make(chan error, 1)
			go func() {
				_, err := texts(ctx, l, c.sql)
				l.Release()
				failed <- err
			}()
			if c.do != nil {
				working(t, l)
				c.do(t, l, cancel)
			}
			err := gwerr.From(<-failed)
			p.change(func(p *Pool) { p.config.Time = time.Minute }) // again
			assert.Equal(t, c.code, err.Code, "%v", err)
			assert.Contains(t, err.Message, c.says)
			got, besideErr := texts(t.Context(), beside, "SELECT 'still here'")
			beside.Release()
			require.NoError(t, besideErr)
			assert.Equal(t, []string{"still here"}, got)
			require.Eventually(t, func() bool { return told.exited(c.reason) == 1 }, soon, 5*time.Millisecond)
			healthy(t, p)
			assert.Zero(t, told.now("busy"))
		})
	}
}

func send(s syscall.Signal) func(*testing.T, *Lease, func()) {
	return func(t *testing.T, l *Lease, _ func()) {
		t.Helper()
		require.NoError(t, syscall.Kill(l.process.cmd.Process.Pid, s))
	}
}

// TestInterrupt gives up a statement whose process listens: it is not killed.
func TestInterrupt(t *testing.T) {
	cases := []struct {
		name string
		do   func(p *Pool, cancel func())
		code gwerr.Code
	}{
		{"the caller gives up", func(_ *Pool, cancel func()) { cancel() }, gwerr.Canceled},
		{"past its time", func(p *Pool, _ func()) {
			p.change(func(p *Pool) { p.config.Time = time.Millisecond })
		}, gwerr.Timeout},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p, told := open(t)
			p.change(func(p *Pool) { p.patience = soon })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := lease(t, p)
			failed := make(chan error, 1)
			go func() {
				_, err := texts(ctx, l, endless)
				failed <- err
			}()
			working(t, l)
			c.do(p, cancel)
			err := <-failed
			p.change(func(p *Pool) { p.config.Time = time.Minute })
			assert.Equal(t, c.code, gwerr.From(err).Code, "%v", err)
			pid := l.process.cmd.Process.Pid
			l.Release()
			healthy(t, p)
			require.NoError(t, syscall.Kill(pid, 0), "the process was ended")
			for _, reason := range []string{"time", "canceled", "crash"} {
				assert.Zero(t, told.exited(reason), reason)
			}
		})
	}
}

// TestLateCancel gives up a statement that is over: the next one in the same
// process must not notice.
func TestLateCancel(t *testing.T) {
	p, _ := open(t, func(o *Config) { o.Processes, o.Spare = 2, 1 })
	l := lease(t, p)
	_, err := texts(t.Context(), l, "SELECT 'a'")
	require.NoError(t, err)
	number := l.process.number.Load()
	l.process.cancel(number)
	got, err := texts(t.Context(), l, "SELECT 'b'")
	require.NoError(t, err)
	assert.Equal(t, []string{"b"}, got)
	l.Release()
}

// refused sees that there is no process to be had. Only this asks for one without
// a wait: on a busy machine the kernel may end a process, and another one takes
// its time.
func refused(t *testing.T, p *Pool, long bool) {
	t.Helper()
	p.change(func(p *Pool) { p.config.Wait = time.Millisecond })
	_, err := p.Lease(t.Context(), "", long)
	p.change(func(p *Pool) { p.config.Wait = soon })
	assert.Equal(t, gwerr.Busy, gwerr.From(err).Code, "%v", err)
}

// TestBusy asks for more processes than there may be.
func TestBusy(t *testing.T) {
	p, _ := open(t, func(o *Config) { o.Processes, o.Spare = 2, 1 })
	first, second := lease(t, p), lease(t, p)
	refused(t, p, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Lease(ctx, "", false)
	require.ErrorIs(t, err, context.Canceled)
	second.Release()
	// One is left for those that answer at once.
	long, err := p.Lease(t.Context(), "", true)
	require.NoError(t, err)
	first.Release()
	refused(t, p, true)
	lease(t, p).Release()
	long.Release()
	healthy(t, p)
}

// TestKey lends the process that has the tables ready.
func TestKey(t *testing.T) {
	p, _ := open(t)
	a, b := lease(t, p), lease(t, p)
	a.Keep("a")
	b.Keep("b")
	of := map[string]*process{"a": a.process, "b": b.process}
	a.Release()
	b.Release()
	for _, key := range []string{"a", "a", "b", "a"} {
		l, err := p.Lease(t.Context(), key, false)
		require.NoError(t, err)
		assert.Same(t, of[key], l.process)
		l.Release()
	}
}

// TestCloseLeavesNothing stops a pool while statements run.
func TestCloseLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	files := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(list)
	}
	before := files()
	for range 3 {
		p, told := open(t, func(o *Config) { o.TempDir = dir })
		l := lease(t, p)
		pid := l.process.cmd.Process.Pid
		failed := make(chan error, 1)
		go func() {
			_, err := texts(t.Context(), l, endless)
			l.Release()
			failed <- err
		}()
		working(t, l)
		p.Close()
		require.Error(t, <-failed)
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
		assert.Zero(t, told.now("alive"))
		_, err := p.Lease(t.Context(), "", false)
		assert.Equal(t, gwerr.Busy, gwerr.From(err).Code)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.LessOrEqual(t, files(), before+1, "files stay open") // the poller's own
}

// TestOrphans starts where a killed service left its files.
func TestOrphans(t *testing.T) {
	dir := t.TempDir()
	living, _ := open(t, func(o *Config) { o.TempDir = dir })
	orphan, unlocked, young := filepath.Join(dir, rootPattern+"1"), filepath.Join(dir, rootPattern+"2"), filepath.Join(dir, rootPattern+"3")
	other := filepath.Join(dir, "else")
	for _, d := range []string{orphan, unlocked, young, other} {
		require.NoError(t, os.MkdirAll(filepath.Join(d, "process-1"), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(orphan, lockName), nil, 0o600))
	old := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(unlocked, old, old))
	open(t, func(o *Config) { o.TempDir = dir })
	for name, want := range map[string]bool{orphan: false, unlocked: false, young: true, other: true, living.root: true} {
		_, err := os.Stat(name)
		assert.Equal(t, want, err == nil, name)
	}
}

// ownerVariable makes a process of this program the owner of a pool.
const ownerVariable = "POOL_TEST_OWNER"

// ownPool opens a pool, prints its processes' ids and waits to be killed.
func ownPool() {
	p, err := Open(context.Background(), Config{
		Processes: 2, Spare: 2, Memory: 256 << 20, Total: 512 << 20, Engine: 64 << 20, Time: time.Minute, Wait: time.Minute,
		TempDir: os.Getenv(ownerVariable), TempBytes: 1 << 20, Threads: 1, Sink: observe.Discard,
	})
	if err != nil {
		panic(err)
	}
	a, errA := p.Lease(context.Background(), "", false)
	b, errB := p.Lease(context.Background(), "", false)
	if err := errors.Join(errA, errB); err != nil {
		panic(err)
	}
	fmt.Println(a.process.cmd.Process.Pid, b.process.cmd.Process.Pid)
	select {}
}

// TestKilledService kills the owner of a pool: its processes end with it, even
// one that does not listen any more.
func TestKilledService(t *testing.T) {
	dir := t.TempDir()
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"="+dir)
	out, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	var a, b int
	_, err = fmt.Fscan(out, &a, &b)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(b, syscall.SIGSTOP))
	require.NoError(t, owner.Process.Kill())
	_ = owner.Wait()
	for _, pid := range []int{a, b} {
		assert.Eventually(t, func() bool { return gone(pid) }, soon, 5*time.Millisecond, "process %d is left", pid)
	}
	open(t, func(o *Config) { o.TempDir = dir })
	left, err := filepath.Glob(filepath.Join(dir, rootPattern+"*"))
	require.NoError(t, err)
	assert.Len(t, left, 1, "the killed pool's files are left")
}

// gone reports whether a process has ended, be it that nobody has waited for it.
func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ")
}

// TestCannotStart asks for processes where none can be made.
func TestCannotStart(t *testing.T) {
	_, err := Open(t.Context(), Config{
		Processes: 2, Spare: 1, Memory: 64 << 20, Total: 64 << 20, Engine: 32 << 20, Time: time.Minute, Wait: time.Minute,
		TempDir: t.TempDir(), Threads: -1, Sink: observe.Discard,
	})
	require.Error(t, err)
	assert.Equal(t, gwerr.Config, gwerr.From(err).Code)
	assert.Contains(t, err.Error(), "The engine's process cannot start.")
}

// nice gives the priority of each thread of a process.
func nice(t *testing.T, pid int) (out []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	require.NoError(t, err)
	for _, name := range threads {
		text, _ := os.ReadFile(name)
		if _, rest, ok := strings.Cut(string(text), ") "); ok { // it has not ended
			n, err := strconv.Atoi(strings.Fields(rest)[16])
			require.NoError(t, err)
			out = append(out, n)
		}
	}
	return out
}

// TestPriority has a statement work beside another: its process goes behind all
// others, and is not given to the next statement.
func TestPriority(t *testing.T) {
	p, told := open(t)
	beside, l := lease(t, p), lease(t, p)
	pid := l.process.cmd.Process.Pid
	usual := max(niceness, slices.Max(nice(t, os.Getpid())))
	for _, n := range nice(t, pid) {
		assert.Equal(t, usual, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := texts(ctx, l, endless)
		failed <- err
	}()
	require.Eventually(t, func() bool { return slices.Contains(nice(t, pid), longNiceness) }, soon, 5*time.Millisecond)
	p.change(func(p *Pool) { p.patience = soon })
	cancel()
	require.Error(t, <-failed)
	for _, n := range nice(t, beside.process.cmd.Process.Pid) {
		assert.Equal(t, usual, n)
	}
	l.Release()
	beside.Release()
	require.Eventually(t, func() bool { return told.exited("stopped") == 1 }, soon, 5*time.Millisecond)
	healthy(t, p)
}
