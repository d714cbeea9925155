//go:build duckdb_arrow

package pool

import "testing"

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
