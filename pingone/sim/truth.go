package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// OrganizationID is the id of the organization with the environments. It does not depend on the seed.
func (s *Server) OrganizationID() string { return organizationID }

// LicenseID is the id of the license that the environments use.
func (s *Server) LicenseID() string { return licenseID }

// EnvironmentID is the id of an environment by name; empty when there is none.
// It does not depend on the seed. The applications are those of Administrators.
func (s *Server) EnvironmentID(name string) string {
	return reading(s, name, func(e *environment) string { return e.id })
}

func (s *Server) environmentNamed(name string) *environment {
	all := s.environments()
	if k := slices.IndexFunc(all, func(e *environment) bool { return e.says("name") == name }); k >= 0 {
		return all[k]
	}
	return nil
}

// reading reads from an environment, by name, at one moment. It gives nothing
// when there is no such environment.
func reading[T any](s *Server, name string, read func(e *environment) T) (out T) {
	if e := s.environmentNamed(name); e != nil {
		e.mu.RLock()
		defer e.mu.RUnlock()
		out = read(e)
	}
	return out
}

// Populations are the ids of an environment's populations by name.
func (s *Server) Populations(env string) map[string]string { return s.named(env, "populations") }

// Groups are the ids of an environment's groups by name.
func (s *Server) Groups(env string) map[string]string { return s.named(env, "groups") }

func (s *Server) named(env, collection string) map[string]string {
	return reading(s, env, func(e *environment) map[string]string {
		out := make(map[string]string)
		for _, row := range e.rows.Read(collection).All() {
			out[resource.First(row.Members, "name")] = row.ID
		}
		return out
	})
}

// SchemaID is the id of an environment's user schema.
func (s *Server) SchemaID(env string) string {
	return reading(s, env, func(e *environment) string { return e.rows.Read("schemas").Only().ID })
}

// UserID is the id of a seeded user by place: 0 is ada.admin, who may do
// everything, 1 is rita.reader, who may read, 2 is noah.norole.
func (s *Server) UserID(env string, index int) string {
	return reading(s, env, func(e *environment) string { return e.people.ID(uint32(index)) })
}

// User is what there is of a user at a moment, whatever lists show.
type User struct{ ID, Username, Population string }

// Group is what there is of a group at a moment.
type Group struct {
	ID, Name   string
	Population string // empty: of the environment
	Users      int    // direct members
}

// Membership is a user's membership in a group. There is one of each pair.
type Membership struct {
	User, Group string // ids
	Direct      bool
}

// Users reads all users of an environment, by name, in the order of lists.
func (s *Server) Users(env string) []User {
	return eachUser(s, env, func(_ *environment, u *subject) []User {
		m := u.row.Members
		return []User{{u.row.ID, resource.First(m, "username"), resource.First(m, "population.id")}}
	})
}

// Memberships reads all memberships of an environment's users, direct and inherited.
func (s *Server) Memberships(env string) []Membership {
	return eachUser(s, env, func(e *environment, u *subject) (out []Membership) {
		for _, m := range e.memberships(u.in) {
			out = append(out, Membership{u.row.ID, m.group.ID, m.kind == directly})
		}
		return out
	})
}

// AllGroups reads all groups of an environment, in the order of lists.
func (s *Server) AllGroups(env string) []Group {
	return reading(s, env, func(e *environment) (out []Group) {
		numbers := e.counts()
		for _, g := range e.groups() {
			if g.Row != nil {
				out = append(out, Group{ID: g.ID, Name: g.text("name"), Population: g.population, Users: numbers.users[g.ID]})
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

// Write changes the directory from within the process. It does what the API's own
// call of the method does, with the rights of an administrator, and sees no
// unkindness on its way: the path is below an environment, which is given by name,
// such as /users. It gives the id in the answer, if there is one; errors are what
// the API would have answered.
func (s *Server) Write(method, environment, path string, members map[string]any) (id string, err error) {
	e := s.environmentNamed(environment)
	if e == nil {
		return "", fmt.Errorf("there is no environment %q", environment)
	}
	body, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("write the body: %w", err)
	}
	path = "/environments/" + e.id + path
	found, params, _ := s.routes.find(method, path)
	if found.handle == nil {
		return "", fmt.Errorf("the API has no %s %s", method, path)
	}
	c := &call{
		request: &http.Request{
			Method: method, URL: &url.URL{Path: "/v1" + path}, Body: io.NopCloser(bytes.NewReader(body)),
			Header: http.Header{"Content-Type": {mediaJSON}},
		},
		params: params[1:], environment: e, access: s.everywhere(true), now: s.opt.Clock(), mood: s.unkind.Load(),
	}
	answer, refused := answered(func() reply { return found.handle(c) })
	if refused != nil {
		return "", fmt.Errorf("%s %s: %w", method, path, refused)
	}
	var made struct{ ID string }
	if answer.body != nil {
		err = json.Unmarshal(answer.body.Bytes(), &made)
	}
	return made.ID, err
}
