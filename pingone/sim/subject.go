package sim

import (
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// subject is a user that a filter is tried on. Seeded users are not made whole
// for it: only the attributes that the filter names are.
type subject struct {
	environment *environment
	index       uint32
	user        *user // nil: as the seed has it
	values      []string
}

func (s *subject) text(a data.Text) string {
	if s.user != nil {
		return s.user.text[a]
	}
	return s.environment.people.Text(s.index, a)
}

func (s *subject) enabled() bool {
	if s.user != nil {
		return s.user.enabled
	}
	return s.environment.people.Enabled(s.index)
}

func (s *subject) population() int {
	if s.user != nil {
		return s.user.population
	}
	return s.environment.people.Population(s.index)
}

func (s *subject) times() data.Times {
	if s.user != nil {
		return s.user.times
	}
	return s.environment.people.Times(s.index)
}

// custom gives the values of a custom attribute, valid until the next call.
func (s *subject) custom(k int) []string {
	if s.user != nil {
		for _, c := range s.user.custom {
			if c.attribute == k {
				return c.values
			}
		}
		return nil
	}
	a := s.environment.attributes[k]
	if !a.seeded {
		return nil
	}
	s.values = s.environment.people.Custom(s.values[:0], s.index, a.source)
	return s.values
}

// membership is how a user or group belongs to a group.
type membership uint8

const (
	outside membership = iota
	directly
	indirectly // by nesting or by a userFilter
)

// String is the API's word.
func (m membership) String() string { return [...]string{"", "DIRECT", "INDIRECT"}[m] }

// direct reports whether a user was put into a group.
func (e *environment) direct(s *subject, g int) bool {
	group := e.groups[g]
	if s.user != nil && s.user.groups != nil {
		return !group.deleted && s.user.groups[g]
	}
	return !group.deleted && group.share > 0 && s.index < e.people.Count() && e.seedDirect(s.index, e.people.Population(s.index), group)
}

// member tells how a user belongs to a group. One who belongs to it both ways is
// a direct member: there is one membership of a user in a group.
func (e *environment) member(s *subject, g int) membership {
	return e.memberOf(s, g, e.nesting().descendants[g])
}

// memberOf is member with the groups below the group.
func (e *environment) memberOf(s *subject, g int, below []int) membership {
	if e.groups[g].deleted {
		return outside
	}
	if e.direct(s, g) {
		return directly
	}
	if e.dynamic(s, g) {
		return indirectly
	}
	for _, child := range below {
		if e.direct(s, child) || e.dynamic(s, child) {
			return indirectly
		}
	}
	return outside
}

// dynamic reports whether a group's userFilter takes a user.
func (e *environment) dynamic(s *subject, g int) bool {
	group := e.groups[g]
	if group.dynamic == nil || group.population >= 0 && s.population() != group.population {
		return false
	}
	return group.dynamic(s)
}
