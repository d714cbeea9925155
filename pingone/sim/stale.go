package sim

import "time"

// pastCounts are the numbers of users until a write.
type pastCounts struct {
	until    time.Time
	writes   uint64
	counts   *counts
	children []int
}

// maxPast bounds what is remembered of the numbers.
const maxPast = 4096

// remember keeps the numbers before a write, when any of them is to be stale.
// The environment's write lock is held.
func (e *environment) remember(now time.Time) {
	u := e.unkind.Load()
	if u.staleUsers == (lag{}) && u.staleGroups == (lag{}) {
		e.past = nil
		return
	}
	if n := len(e.past); n > 0 && e.past[n-1].writes == e.writes {
		e.past[n-1].until = now // the last call changed nothing
		return
	}
	if len(e.past) == maxPast {
		e.past = append([]pastCounts(nil), e.past[maxPast/2:]...)
	}
	e.past = append(e.past, pastCounts{now, e.writes, e.counts(), e.nesting().children})
}

// shownCounts are the numbers as answers tell them.
type shownCounts struct{ users, groups pastCounts }

// shown gives the numbers of users as answers tell them at a time. The
// environment's lock is held.
func (e *environment) shown(now time.Time) shownCounts {
	u := e.unkind.Load()
	return shownCounts{e.asOf(u.staleUsers, now), e.asOf(u.staleGroups, now)}
}

// asOf gives the numbers with a lag.
func (e *environment) asOf(l lag, now time.Time) pastCounts {
	past := e.past
	if n := len(past); n > 0 && past[n-1].writes == e.writes {
		past = past[:n-1] // of a call that changed nothing
	}
	switch {
	case l.writes > 0 && len(past) > 0:
		return past[max(0, len(past)-l.writes)]
	case l.time > 0:
		for _, p := range past {
			if p.until.After(now.Add(-l.time)) {
				return p
			}
		}
	}
	return pastCounts{counts: e.counts(), children: e.nesting().children}
}

// population is the number of users of a population; one that is newer than the
// numbers has none.
func (s shownCounts) population(k int) int { return at(s.users.counts.populations, k) }

// members are the numbers of direct members of a group: users and groups.
func (s shownCounts) members(g int) (users, groups int) {
	return at(s.groups.counts.groups, g), at(s.groups.children, g)
}

func at(values []int, k int) int {
	if k >= len(values) {
		return 0
	}
	return values[k]
}
