//go:build duckdb_arrow

package pool

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// A process that becomes free goes to the caller who has fewest, whoever waits
// longer; one for rows only where one is left for answers without.
func TestFewestFirst(t *testing.T) {
	t.Parallel()
	type wait = waiter
	cases := []struct {
		name      string
		processes int
		held      []Lease
		waiting   []wait
		want      int
	}{
		{"nobody", 4, nil, nil, -1},
		{"one caller, in order", 4, []Lease{{caller: "a"}}, []wait{{caller: "a"}, {caller: "a"}}, 0},
		{"a newcomer", 4, []Lease{{caller: "a"}, {caller: "a"}}, []wait{{caller: "a"}, {caller: "a"}, {caller: "b"}}, 2},
		{"equals, in order", 4, []Lease{{caller: "a"}, {caller: "b"}}, []wait{{caller: "b"}, {caller: "a"}}, 0},
		{"one with fewer among many", 8, []Lease{{caller: "a"}, {caller: "a"}, {caller: "a"}, {caller: "b"}, {caller: "b"}}, []wait{{caller: "a"}, {caller: "b"}, {caller: "a"}}, 1},
		{"rows wait where the last is kept free", 2, []Lease{{caller: "a", long: true}}, []wait{{caller: "b", long: true}, {caller: "a"}}, 1},
		{"rows alone wait", 2, []Lease{{caller: "a", long: true}}, []wait{{caller: "b", long: true}}, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &Pool{config: Config{Processes: c.processes}, leases: map[*Lease]bool{}}
			for i := range c.held {
				l := &Lease{caller: c.held[i].caller, long: c.held[i].long}
				p.leases[l] = true
				if l.long {
					p.long++
				}
			}
			for i := range c.waiting {
				p.waiters = append(p.waiters, &c.waiting[i])
			}
			if got := p.next(); got != c.want {
				t.Errorf("serves %d, want %d", got, c.want)
			}
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
		p := &Pool{config: Config{Memory: c.bound, Total: c.bound, Time: time.Hour, Processes: 2, Spare: 1}, leases: map[*Lease]bool{}}
		p.leases[&Lease{pool: p, process: &process{cmd: &exec.Cmd{Process: own}}}] = true
		if next, more := p.look(time.Now(), 0); next != c.want || !more {
			t.Errorf("%s: looks again in %s (%t), want %s", c.name, next, more, c.want)
		}
	}
}
