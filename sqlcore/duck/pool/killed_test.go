//go:build duckdb_arrow && linux

package pool

import "testing"

// A process is killed that hasn't given up its statement in time. Where it answers at that
// very moment, and lives on for another one, no other statement gets it.
func TestKilledAsItAnswers(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	l := lease(t, p)
	pr := l.process
	pr.mu.Lock()
	pr.reason = "canceled" // as end has it, whose signal is on its way
	pr.mu.Unlock()
	l.Release()
	var others []*Lease
	for range 3 {
		other := lease(t, p)
		others = append(others, other)
		if other.process == pr {
			t.Error("a statement got the process that is being killed")
		}
	}
	for _, other := range others {
		other.Release()
	}
	if err := pr.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
}
