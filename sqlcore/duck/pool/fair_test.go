//go:build duckdb_arrow && linux

package pool

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/fair"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// A process that becomes free goes to who came first; one for rows only where one
// is left for answers without.
func TestNext(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name            string
		processes, long int
		waiting         []waiter
		want            int
	}{
		{"nobody", 4, 0, nil, -1},
		{"in order", 4, 0, []waiter{{}, {}}, 0},
		{"rows wait where the last is kept free", 2, 1, []waiter{{long: true}, {}}, 1},
		{"rows alone wait", 2, 1, []waiter{{long: true}}, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &Pool{config: Config{Processes: c.processes}, long: c.long}
			for i := range c.waiting {
				p.waiters = append(p.waiters, &c.waiting[i])
			}
			assert.Equal(t, c.want, p.next())
		})
	}
}

// asking is a statement on its way to a process.
type asking struct {
	got    chan *Lease
	failed chan error
}

// ask asks for a process for a further request of a caller.
func ask(ctx context.Context, p *Pool, caller string, long bool) asking {
	return again(fair.WithCaller(ctx, caller), p, long)
}

// again asks for one more for the request of a context.
func again(ctx context.Context, p *Pool, long bool) asking {
	a := asking{make(chan *Lease, 1), make(chan error, 1)}
	go func() {
		l, err := p.Lease(ctx, "", long)
		if err != nil {
			a.failed <- err
			return
		}
		a.got <- l
	}()
	return a
}

// waits sees that callers come to wait for a place, so many requests of each.
func waits(t *testing.T, p *Pool, callers ...string) {
	t.Helper()
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		assert.ElementsMatch(t, callers, p.places.Waiting())
	}, soon, time.Millisecond)
}

// TestNoCallerTakesAllProcesses: a caller's statements beyond its share wait for
// its own, whatever is free, and another caller's begin at once.
func TestNoCallerTakesAllProcesses(t *testing.T) {
	p, _ := open(t, func(o *Config) { o.Share = 0.5 })
	greedy := fair.WithCaller(t.Context(), "greedy")
	first, second := again(greedy, p, true), ask(t.Context(), p, "greedy", false)
	held := []*Lease{<-first.got, <-second.got}
	third := ask(t.Context(), p, "greedy", false)
	waits(t, p, "greedy")
	other := <-ask(t.Context(), p, "other", true).got
	nested := <-again(greedy, p, false).got
	waits(t, p, "greedy")
	other.Release()
	nested.Release()
	waits(t, p, "greedy") // who has two of four
	assert.Empty(t, third.got)
	held[1].Release()
	(<-third.got).Release()
	held[0].Release()
	assert.Equal(t, 4, p.places.Free())
	healthy(t, p)
}

// TestWhoHasFewestIsNext: a place that becomes free goes to the caller who has
// fewest, whoever waits longer.
func TestWhoHasFewestIsNext(t *testing.T) {
	p, _ := open(t, func(o *Config) { o.Processes, o.Spare, o.Share = 3, 1, 1 })
	var held []*Lease
	for range 3 {
		held = append(held, <-ask(t.Context(), p, "greedy", false).got)
	}
	fourth := ask(t.Context(), p, "greedy", false)
	waits(t, p, "greedy")
	other := ask(t.Context(), p, "other", false)
	waits(t, p, "greedy", "other")
	held[0].Release()
	l := <-other.got
	waits(t, p, "greedy")
	assert.Empty(t, fourth.got)
	l.Release()
	(<-fourth.got).Release()
	held[1].Release()
	held[2].Release()
	healthy(t, p)
}

// TestWaitsForAPlace end: with the statement, with the pool, and where all
// processes are busy.
func TestWaitsForAPlace(t *testing.T) {
	p, _ := open(t, func(o *Config) { o.Processes, o.Spare, o.Share = 2, 1, 1 })
	held := []*Lease{<-ask(t.Context(), p, "a", false).got, <-ask(t.Context(), p, "b", false).got}
	ctx, cancel := context.WithCancel(t.Context())
	gives := ask(ctx, p, "c", false)
	waits(t, p, "c")
	cancel()
	require.ErrorIs(t, <-gives.failed, context.Canceled)
	p.change(func(p *Pool) { p.config.Wait = time.Millisecond })
	err := <-ask(t.Context(), p, "c", false).failed
	assert.Equal(t, gwerr.Busy, gwerr.From(err).Code, "%v", err)
	p.change(func(p *Pool) { p.config.Wait = soon })
	late := ask(t.Context(), p, "c", false)
	waits(t, p, "c")
	p.Close()
	for _, l := range held {
		l.Release()
	}
	require.ErrorIs(t, <-late.failed, errClosed)
}

// TestUnreadResultsMakeRoom: what nobody reads gives its place up for a statement
// of its own caller that has its share, and for any where all are taken.
func TestUnreadResultsMakeRoom(t *testing.T) {
	for name, c := range map[string]struct {
		waiting []string // who has a result that nobody reads, the older first
		asks    string
		gives   int // which of them ends; -1 for none
	}{
		"its own, though another's is older": {[]string{"other", "a"}, "a", 1},
		"the oldest of all":                  {[]string{"other", "third"}, "new", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := open(t, func(o *Config) { o.Processes, o.Spare, o.Share = 3, 1, 1 })
			var unread []*Lease
			for i, caller := range c.waiting {
				l := <-ask(t.Context(), p, caller, true).got
				l.unread.Store(time.Now().Add(-time.Hour + time.Duration(i)*time.Minute).UnixNano())
				unread = append(unread, l)
			}
			busy := <-ask(t.Context(), p, fmt.Sprint(name, " works"), false).got
			asked := ask(t.Context(), p, c.asks, false)
			require.Eventually(t, func() bool { return unread[c.gives].cause() != nil }, soon, time.Millisecond)
			for i, l := range unread {
				assert.Equal(t, i == c.gives, l.cause() != nil, "result %d", i)
			}
			unread[c.gives].Release()
			(<-asked.got).Release()
			for _, l := range append(unread, busy) {
				l.Release()
			}
			healthy(t, p)
		})
	}
}

// A process that has half of its memory is looked at more often: it could take the
// rest, and much more, before the next look.
func TestLooksOftenAtLargeProcesses(t *testing.T) {
	t.Parallel()
	own, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := ownMemory(own.Pid)
	if used == 0 {
		t.Skip("the memory of a process can't be told here")
	}
	for _, c := range []struct {
		name  string
		bound int64
		want  time.Duration
	}{
		{"little of its bound", used * 20, tick},
		{"most of its bound", used * 3 / 2, closeTick},
	} {
		p := &Pool{config: Config{Memory: c.bound, Total: c.bound, Time: time.Hour, Processes: 2, Spare: 1}, places: fair.New(2, mostWaiting, 1), leases: map[*Lease]bool{}}
		p.leases[&Lease{pool: p, process: &process{cmd: &exec.Cmd{Process: own}}}] = true
		if next, more := p.look(time.Now(), 0); next != c.want || !more {
			t.Errorf("%s: looks again in %s (%t), want %s", c.name, next, more, c.want)
		}
	}
}
