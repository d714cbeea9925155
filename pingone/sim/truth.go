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
func (s *Server) Users(env string) (out []User) {
	s.eachUser(env, func(e *environment, u *user) {
		out = append(out, User{
			ID: e.userID(u.index).String(), Username: u.text[data.Username], Population: e.populationID(u.population).String(),
			Enabled: u.enabled, CreatedAt: time.UnixMilli(u.times.Created).UTC(), UpdatedAt: time.UnixMilli(u.times.Updated).UTC(),
		})
	})
	return out
}

// Memberships reads all memberships of an environment's users, direct and inherited.
func (s *Server) Memberships(env string) (out []Membership) {
	s.eachUser(env, func(e *environment, u *user) {
		id := e.userID(u.index).String()
		for _, m := range e.memberships(u) {
			out = append(out, Membership{id, e.groups[m.group].id.String(), m.kind == directly})
		}
	})
	return out
}

// AllGroups reads all groups of an environment, in the order of lists.
func (s *Server) AllGroups(environment string) (out []Group) {
	e := s.environmentNamed(environment)
	if e == nil {
		return nil
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
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
}

// eachUser visits the users of an environment at one moment.
func (s *Server) eachUser(env string, visit func(e *environment, u *user)) {
	e := s.environmentNamed(env)
	if e == nil {
		return
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var scratch user
	for i := range e.nextUser {
		if u := e.latest(i, &scratch); u != nil {
			visit(e, u)
		}
	}
}
