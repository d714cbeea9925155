package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// query is a search for users: a filter and what the caller may see.
type query struct {
	key    string     // the same for equal queries
	match  predicate  // nil: everyone
	filter *scim.Expr // all that match satisfy it; nil: any
}

// find answers a query: the indexes of users in ascending order. Users that were
// written to are tried, seeded ones come from the cache. The environment's lock is
// held.
func (e *environment) find(q query, now time.Time) []uint32 {
	seeded := e.matches(q)
	if len(e.order) == 0 {
		return seeded
	}
	out := make([]uint32, 0, len(seeded)+len(e.order))
	for _, i := range e.order {
		row, ok := e.searchable(i, now)
		if !ok {
			continue // not yet visible: the seeded row stands
		}
		at, had := slices.BinarySearch(seeded, i)
		if out, seeded = append(out, seeded[:at]...), seeded[at:]; had {
			seeded = seeded[1:]
		}
		if row != nil && (q.match == nil || q.match(&subject{environment: e, index: i, row: row})) {
			out = append(out, i)
		}
	}
	return append(out, seeded...)
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
		if s.is(i); match == nil || match(s) {
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

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range slices.Concat(e.withText("username", want), e.order) {
		if row := e.latest(i); row != nil && strings.EqualFold(resource.First(row.Members, "username"), want) {
			return i, true
		}
	}
	return 0, false
}

// query compiles a filter on users for what a caller may see.
func (s *Server) query(c *call, filter string) (query, error) {
	e := c.environment
	x, err := c.parse(e.usersSpec(), filter)
	if err != nil || x == nil && c.access.populations == nil {
		return query{}, err
	}
	match := e.compile(x)
	if c.access.populations == nil {
		return query{filter, match, x}, nil
	}
	var seen []int
	for k := range e.populations().Len() {
		if c.access.seesPopulation(e.populationID(k)) {
			seen = append(seen, k)
		}
	}
	return query{fmt.Sprint(seen, filter), func(u *subject) bool { return slices.Contains(seen, u.population()) && match(u) }, x}, nil
}

// compileUserFilter compiles the userFilter of a dynamic group. It may use what
// a search for users may, other groups excepted.
func (e *environment) compileUserFilter(text string) (predicate, error) {
	spec := e.usersSpec()
	spec.groupPath = false
	x, err := spec.parse(text)
	if err != nil {
		return nil, err
	}
	return e.compile(x), nil
}
