package sim

import (
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
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
	return eachUser(s, env, func(e *environment, u *user) []User {
		return []User{{
			ID: e.userID(u.index).String(), Username: u.text[data.Username], Population: e.populationID(u.population).String(),
			Enabled: u.enabled, CreatedAt: time.UnixMilli(u.times.Created).UTC(), UpdatedAt: time.UnixMilli(u.times.Updated).UTC(),
		}}
	})
}

// Memberships reads all memberships of an environment's users, direct and inherited.
func (s *Server) Memberships(env string) []Membership {
	return eachUser(s, env, func(e *environment, u *user) (out []Membership) {
		id := e.userID(u.index).String()
		for _, m := range e.memberships(u) {
			out = append(out, Membership{id, e.groups[m.group].id.String(), m.kind == directly})
		}
		return out
	})
}

// AllGroups reads all groups of an environment, in the order of lists.
func (s *Server) AllGroups(env string) []Group {
	return reading(s, env, func(e *environment) (out []Group) {
		numbers := e.counts()
		for k, g := range e.groups {
			if g.deleted {
				continue
			}
			group := Group{ID: g.id.String(), Name: e.groupText(k, "name"), UserFilter: e.groupText(k, "userFilter"), Users: numbers.groups[k]}
			if g.population >= 0 {
				group.Population = e.populationID(g.population).String()
			}
			out = append(out, group)
		}
		return out
	})
}

// eachUser visits the users of an environment at one moment.
func eachUser[T any](s *Server, env string, visit func(e *environment, u *user) []T) []T {
	return reading(s, env, func(e *environment) (out []T) {
		var scratch user
		for i := range e.nextUser {
			if u := e.latest(i, &scratch); u != nil {
				out = append(out, visit(e, u)...)
			}
		}
		return out
	})
}
