package sim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range e.withText(data.Username, want) {
		if u := e.latest(i, &user{}); u != nil && strings.EqualFold(u.text[data.Username], want) {
			return i, true
		}
	}
	for _, i := range e.order {
		if u := e.latest(i, nil); u != nil && strings.EqualFold(u.text[data.Username], want) {
			return i, true
		}
	}
	return 0, false
}

// query compiles a filter on users for what a caller may see.
func (s *Server) query(c *call, filter string) (query, error) {
	e := c.environment
	x, err := c.parse(s.usersSpec(e), filter)
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
func (s *Server) compileUserFilter(e *environment, text string) (predicate, error) {
	spec := s.usersSpec(e)
	spec.groupPath = false
	x, err := spec.parse(text)
	if err != nil {
		return nil, err
	}
	return e.compile(x), nil
}
