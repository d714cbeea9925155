package sim

import (
	"slices"
	"time"
)

// query is a search for users: a filter and what the caller may see.
type query struct {
	key   string    // the same for equal queries
	match predicate // nil: everyone
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
		if u != nil && (s.everyone || q.match.match(&subject{environment: e, index: i, user: u})) {
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
		r.rows = e.scan(q.match)
	})
	if fresh {
		e.cache.keep(r)
	}
	return r.rows
}

func (e *environment) scan(p predicate) []uint32 {
	s := &subject{environment: e}
	var rows []uint32
	if few, ok := e.candidates(p); ok {
		for _, i := range few {
			if s.index = i; p.match(s) {
				rows = append(rows, i)
			}
		}
		return rows
	}
	for i := range e.people.Count() {
		if s.index = i; p.match(s) {
			rows = append(rows, i)
		}
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
	_, ok := slices.BinarySearch(s.rows, i)
	return ok
}

// page gives the next users after a position, or the ones before it, in
// ascending order, and whether there are more in that direction.
func (s *selection) page(from position, limit int) (rows []uint32, more bool) {
	next := s.forward(from.index)
	if from.backward {
		next = s.backward(from.index)
	}
	for len(rows) <= limit {
		i, ok := next()
		if !ok {
			break
		}
		rows = append(rows, i)
	}
	if more = len(rows) > limit; more {
		rows = rows[:limit]
	}
	if from.backward {
		slices.Reverse(rows)
	}
	return rows, more
}

// position is a place between two users of the directory's order: before index.
type position struct {
	index    uint32
	backward bool
}

func (s *selection) forward(from uint32) func() (uint32, bool) {
	at, hit := from, lowerBound(s.hits, from)
	if !s.everyone {
		at = uint32(lowerBound(s.rows, from))
	}
	return func() (uint32, bool) {
		i, ok := s.at(at)
		for ok && s.isWritten(i) {
			at++
			i, ok = s.at(at)
		}
		if hit < len(s.hits) && (!ok || s.hits[hit] < i) {
			hit++
			return s.hits[hit-1], true
		}
		at++
		return i, ok
	}
}

func (s *selection) backward(from uint32) func() (uint32, bool) {
	at, hit := int64(min(from, s.seeded)), lowerBound(s.hits, from)
	if !s.everyone {
		at = int64(lowerBound(s.rows, from))
	}
	return func() (uint32, bool) {
		var i uint32
		ok := at > 0
		for ok {
			if i, _ = s.at(uint32(at - 1)); !s.isWritten(i) {
				break
			}
			at--
			ok = at > 0
		}
		if hit > 0 && (!ok || s.hits[hit-1] > i) {
			hit--
			return s.hits[hit], true
		}
		at--
		return i, ok
	}
}

// at is the seeded user at a place of the result, written or not.
func (s *selection) at(k uint32) (uint32, bool) {
	if s.everyone {
		return k, k < s.seeded
	}
	if int(k) >= len(s.rows) {
		return 0, false
	}
	return s.rows[k], true
}

func (s *selection) isWritten(i uint32) bool {
	_, ok := slices.BinarySearch(s.written, i)
	return ok
}

func lowerBound(rows []uint32, i uint32) int {
	at, _ := slices.BinarySearch(rows, i)
	return at
}
