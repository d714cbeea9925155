package sim

import "time"

// pastCounts are the numbers of users until a write.
type pastCounts struct {
	*counts
	until  time.Time
	writes uint64
}

// maxPast bounds what is remembered of the numbers.
const maxPast = 4096

// remember keeps the numbers before a write, when any of them is to be stale.
// The environment's write lock is held.
func (e *environment) remember(now time.Time) {
	u := e.server.unkind.Load()
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
	e.past = append(e.past, pastCounts{e.counts(), now, e.writes})
}

// shown gives the numbers of users as answers tell them at a time, with a lag.
// The environment's lock is held.
func (e *environment) shown(l lag, now time.Time) *counts {
	past := e.past
	if n := len(past); n > 0 && past[n-1].writes == e.writes {
		past = past[:n-1] // of a call that changed nothing
	}
	switch {
	case l.writes > 0 && len(past) > 0:
		return past[max(0, len(past)-l.writes)].counts
	case l.time > 0:
		for _, p := range past {
			if p.until.After(now.Add(-l.time)) {
				return p.counts
			}
		}
	}
	return e.counts()
}

// at is the number of a place; one that is newer than the numbers has none.
func at(values []int, k int) int {
	if k >= len(values) {
		return 0
	}
	return values[k]
}
