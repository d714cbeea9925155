package sim

import (
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// User is what there is of a user at a moment, whatever lists show.
type User struct {
	ID, Username, Population string
	Enabled                  bool
	CreatedAt, UpdatedAt     time.Time
}

// Group is what there is of a group at a moment.
type Group struct {
	ID, Name   string
	Population string // empty: of the environment
	UserFilter string
	Users      int // direct members
}

// Membership is a user's membership in a group. There is one of each pair.
type Membership struct {
	User, Group string // ids
	Direct      bool
}

// Users reads all users of an environment, by name, in the order of lists.
func (s *Server) Users(env string) []User {
	return eachUser(s, env, func(_ *environment, u *subject) []User {
		text := func(path string) string { return resource.First(u.row.Members, path) }
		at := func(path string) time.Time {
			t, _ := time.Parse(time.RFC3339, text(path)) // the simulator wrote it
			return t
		}
		return []User{{
			ID: u.row.ID, Username: text("username"), Population: text("population.id"),
			Enabled: u.row.Members["enabled"] == true, CreatedAt: at("createdAt"), UpdatedAt: at("updatedAt"),
		}}
	})
}

// Memberships reads all memberships of an environment's users, direct and inherited.
func (s *Server) Memberships(env string) []Membership {
	return eachUser(s, env, func(e *environment, u *subject) (out []Membership) {
		for _, m := range e.memberships(u) {
			out = append(out, Membership{u.row.ID, m.group.ID, m.kind == directly})
		}
		return out
	})
}

// AllGroups reads all groups of an environment, in the order of lists.
func (s *Server) AllGroups(env string) []Group {
	return reading(s, env, func(e *environment) (out []Group) {
		numbers := e.counts()
		for k, g := range e.groups() {
			if g.Row != nil {
				out = append(out, Group{ID: g.ID, Name: g.text("name"), Population: g.population, UserFilter: g.text("userFilter"), Users: numbers.groups[k]})
			}
		}
		return out
	})
}

// eachUser visits the users of an environment at one moment.
func eachUser[T any](s *Server, env string, visit func(e *environment, u *subject) []T) []T {
	return reading(s, env, func(e *environment) (out []T) {
		for i := range e.nextUser {
			if row := e.latest(i); row != nil {
				out = append(out, visit(e, &subject{environment: e, index: i, row: row})...)
			}
		}
		return out
	})
}
