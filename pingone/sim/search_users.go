package sim

import (
	"fmt"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range lookup(e.index(data.Username), foldHash(want)) {
		if u := e.latest(i, &user{}); u != nil && foldEqual(u.text[data.Username], want) {
			return i, true
		}
	}
	for _, i := range e.order {
		if u := e.latest(i, nil); u != nil && foldEqual(u.text[data.Username], want) {
			return i, true
		}
	}
	return 0, false
}

// query compiles a filter on users for what a caller may see.
func (s *Server) query(c *call, filter string) (query, error) {
	e := c.environment
	var parts allOf
	if filter != "" {
		x, err := c.parse(usersSpec(e.attributes, s.opt.Unconfirmed), filter)
		if err != nil {
			return query{}, err
		}
		parts = append(parts, e.compile(x))
	}
	if c.access.populations != nil {
		var seen populationIn
		for k := range e.populations().Len() {
			if c.access.seesPopulation(e.populationID(k)) {
				seen = append(seen, k)
			}
		}
		parts = append(parts, seen)
		filter = fmt.Sprint(seen, filter)
	}
	if len(parts) == 0 {
		return query{}, nil
	}
	return query{key: filter, match: parts}, nil
}

// compileUserFilter compiles the userFilter of a dynamic group. It may use what
// a search for users may, other groups excepted.
func (s *Server) compileUserFilter(e *environment, text string) (predicate, error) {
	spec := usersSpec(e.attributes, s.opt.Unconfirmed)
	spec.groupPath = false
	x, err := spec.parse(text)
	if err != nil {
		return nil, err
	}
	return e.compile(x), nil
}
