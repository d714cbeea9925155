package sim

import (
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// query is a search for users: a filter and what the caller may see.
type query struct {
	key    string     // the same for equal queries
	match  predicate  // nil: everyone
	filter *scim.Expr // all that match satisfy it; nil: any
}

// selection is the answer to a query at one moment: seeded users that nothing
// was written to, and written ones that match.
type selection struct {
	everyone bool     // every seeded user matches
	seeded   uint32   // number of seeded users
	rows     []uint32 // matching seeded users; unset when everyone
	written  []uint32 // users to leave out of rows
	hits     []uint32 // written users that match
}

// find answers a query. The environment's lock is held.
func (e *environment) find(q query, now time.Time) selection {
	s := selection{everyone: q.match == nil, seeded: e.people.Count()}
	if !s.everyone {
		s.rows = e.matches(q)
	}
	for _, i := range e.order {
		u, ok := e.searchable(i, now)
		if !ok {
			continue // not yet visible: the seeded row stands
		}
		s.written = append(s.written, i)
		if u != nil && (s.everyone || q.match(&subject{environment: e, index: i, user: u})) {
			s.hits = append(s.hits, i)
		}
	}
	return s
}

// matches gives the seeded users that a filter takes, from the cache if it can.
func (e *environment) matches(q query) []uint32 {
	r := e.cache.result(q.key, e.structure)
	fresh := false
	r.once.Do(func() {
		fresh = true
		r.rows = e.scan(q.match, q.filter)
	})
	if fresh {
		e.cache.keep(q.key, r)
	}
	return r.rows
}

// scan tries a predicate on the seeded users that can satisfy a filter.
func (e *environment) scan(match predicate, filter *scim.Expr) []uint32 {
	s := &subject{environment: e}
	var rows []uint32
	try := func(i uint32) {
		if s.index = i; match(s) {
			rows = append(rows, i)
		}
	}
	if few, ok := e.candidates(filter); ok {
		for _, i := range few {
			try(i)
		}
		return rows
	}
	for i := range e.people.Count() {
		try(i)
	}
	return slices.Clip(rows)
}

// count is the number of users selected.
func (s *selection) count() int {
	n := len(s.rows)
	if s.everyone {
		n = int(s.seeded)
	}
	for _, i := range s.written {
		if s.holds(i) {
			n--
		}
	}
	return n + len(s.hits)
}

func (s *selection) holds(i uint32) bool {
	if s.everyone {
		return i < s.seeded
	}
	return contains(s.rows, i)
}

// position is a place between two users of the directory's order: before index.
type position struct {
	index    uint32
	backward bool
}

// page gives the next users after a position, or the ones before it, in
// ascending order, and whether there are more in that direction.
func (s *selection) page(from position, limit int) (rows []uint32, more bool) {
	at, hit, step := int(min(from.index, s.seeded)), lowerBound(s.hits, from.index), 1
	if !s.everyone {
		at = lowerBound(s.rows, from.index)
	}
	if from.backward {
		at, hit, step = at-1, hit-1, -1
	}
	for ; len(rows) <= limit && at >= 0; at += step {
		i, ok := s.at(at)
		if !ok {
			break
		}
		if !contains(s.written, i) {
			rows = append(rows, i)
		}
	}
	for n := 0; n <= limit && hit >= 0 && hit < len(s.hits); n, hit = n+1, hit+step {
		rows = append(rows, s.hits[hit])
	}
	slices.Sort(rows)
	switch more = len(rows) > limit; {
	case more && from.backward:
		rows = rows[len(rows)-limit:]
	case more:
		rows = rows[:limit]
	}
	return rows, more
}

// at is the seeded user at a place of the result, written or not.
func (s *selection) at(k int) (uint32, bool) {
	if s.everyone {
		return uint32(k), k < int(s.seeded)
	}
	if k >= len(s.rows) {
		return 0, false
	}
	return s.rows[k], true
}

func contains(sorted []uint32, i uint32) bool {
	_, ok := slices.BinarySearch(sorted, i)
	return ok
}

func lowerBound(sorted []uint32, i uint32) int {
	at, _ := slices.BinarySearch(sorted, i)
	return at
}
