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
	if u := e.server.unkind.Load(); !u.of("stale-user-counts").on && !u.of("stale-group-counts").on {
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

// shown gives the numbers of users as answers tell them at a time, with the lag of
// a switch.
// The environment's lock is held.
func (e *environment) shown(lag string, now time.Time) *counts {
	l, past := e.server.unkind.Load().of(lag), e.past
	if n := len(past); n > 0 && past[n-1].writes == e.writes {
		past = past[:n-1] // of a call that changed nothing
	}
	switch {
	case l.most > 0 && len(past) > 0:
		return past[max(0, len(past)-l.most)].counts
	case l.span > 0:
		for _, p := range past {
			if p.until.After(now.Add(-l.span)) {
				return p.counts
			}
		}
	}
	return e.counts()
}
