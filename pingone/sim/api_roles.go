package sim

import (
	"maps"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// role is a built-in administrator role. The ids are the platform's own.
type role struct {
	id, name    string
	scopes      []string
	permissions []string // id|classifier|description
	assigns     []string
}

const identityDataReadOnly = "ce00e15f-f845-4df1-abf3-fdc4ff4e176c"

var roles = []role{
	{"1813bc13-8d13-4e88-a825-d40bfe82777b", "Organization Admin", []string{"ORGANIZATION"}, []string{"orgmgt:read:organization|organization|Read organization", "licensing:read:license|license|Read licenses"}, []string{identityDataReadOnly}},
	{"29ddce68-cd7f-4b2a-b6fc-f7a19553b496", "Environment Admin", []string{"ORGANIZATION", "ENVIRONMENT"}, []string{"orgmgt:read:environment|environment|Read environment", "orgmgt:update:environment|environment|Update environment", "dir:read:group|group|Read groups"}, []string{identityDataReadOnly}},
	{"0bd9c966-7664-4ac1-b059-0ff9293908e2", "Identity Data Admin", []string{"POPULATION", "ENVIRONMENT"}, []string{"dir:read:user|user|Read users", "dir:update:user|user|Update users", "dir:create:user|user|Create users", "dir:delete:user|user|Delete users", "dir:read:groupMembership|groupMembership|Read memberships"}, []string{identityDataReadOnly}},
	{"b5057d0d-7281-47f6-9398-8a7e4cb71397", "Client Application Developer", []string{"ENVIRONMENT"}, []string{"appmgt:read:application|application|Read applications"}, nil},
	{identityDataReadOnly, "Identity Data Read Only", []string{"POPULATION", "ENVIRONMENT"}, []string{"dir:read:user|user|Read users", "dir:read:group|group|Read groups"}, nil},
	{"7aba580c-5ec7-4b26-987d-85f462767455", "Configuration Read Only", []string{"ENVIRONMENT", "ORGANIZATION"}, []string{"orgmgt:read:environment|environment|Read environment"}, nil},
}

func appendRole(dst []byte, address string, r role) []byte {
	o := open(dst)
	links := o.child("_links")
	links.link("self", address, "/", r.id)
	o.end(links)
	o.text("id", r.id)
	o.text("name", r.name)
	o.text("description", r.name)
	o.texts("applicableTo", r.scopes)
	o.key("permissions")
	o.dst = append(o.dst, '[')
	for k, text := range r.permissions {
		if k > 0 {
			o.dst = append(o.dst, ',')
		}
		parts := strings.Split(text, "|")
		p := open(o.dst)
		p.text("id", parts[0])
		p.text("classifier", parts[1])
		p.text("description", parts[2])
		o.dst = p.close()
	}
	o.dst = append(o.dst, "],\"canAssign\":["...)
	for k, id := range r.assigns {
		if k > 0 {
			o.dst = append(o.dst, ',')
		}
		a := open(o.dst)
		a.text("id", id)
		o.dst = a.close()
	}
	o.dst = append(o.dst, ']')
	return o.close()
}

// wholeCollection answers all members at once: the endpoint knows no limit, and
// its self link has no query.
func (c *call) wholeCollection(key string, n int, row func(dst []byte, k int) []byte) reply {
	l := &listing{key: key, count: n, plain: true}
	c.open(l)
	for k := range n {
		l.add(func(dst []byte) []byte { return row(dst, k) })
	}
	return l.close()
}

func (s *Server) listRoles(c *call) (reply, error) {
	return c.wholeCollection("roles", len(roles), func(dst []byte, k int) []byte {
		return appendRole(dst, c.address(), roles[k])
	}), nil
}

func (s *Server) readRole(c *call) (reply, error) {
	k := slices.IndexFunc(roles, func(r role) bool { return strings.EqualFold(r.id, c.param(0)) })
	if k < 0 {
		return reply{}, notFound("The role does not exist.")
	}
	return reply{body: appendRole(nil, c.base+"/roles", roles[k])}, nil
}

// listEnvironmentRoles lists the platform's roles: there are no custom ones.
func (s *Server) listEnvironmentRoles(c *call) (reply, error) {
	shown := roles
	if filter := c.query.Get("filter"); filter != "" {
		x, err := c.parse(rolesSpec, filter)
		if err != nil {
			return reply{}, err
		}
		if !evaluate(x, func(string) []string { return []string{"PLATFORM"} }) {
			shown = nil
		}
	}
	return c.wholeCollection("roles", len(shown), func(dst []byte, k int) []byte {
		return appendRole(dst, c.address(), shown[k])
	}), nil
}

// assignment is a role that a user holds.
type assignment struct {
	role, scope, kind string
}

// assignments of a seeded user; those of written users stay the same.
func (s *Server) assignments(e *environment, i uint32) []assignment {
	var out []assignment
	switch {
	case i >= e.people.Count():
	case e == s.environments()[0] && e.people.IsAdmin(i):
		org := s.organizations[0].id.String()
		out = append(out, assignment{roles[1].id, org, "ORGANIZATION"})
		for _, env := range s.environments() {
			out = append(out, assignment{roles[2].id, env.id.String(), "ENVIRONMENT"})
		}
	case e.people.IsAuditor(i):
		out = append(out, assignment{identityDataReadOnly, e.id.String(), "ENVIRONMENT"})
	}
	return out
}

func (s *Server) listRoleAssignments(c *call) (reply, error) {
	i, _, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	held := s.assignments(c.environment, i)
	return c.wholeCollection("roleAssignments", len(held), func(dst []byte, k int) []byte {
		return c.appendAssignment(dst, c.address(), data.NamedID(c.param(0)+held[k].role+held[k].scope), held[k], i == 0 && k == 0)
	}), nil
}

func (c *call) appendAssignment(dst []byte, address string, id data.ID, a assignment, readOnly bool) []byte {
	o := open(dst)
	links := o.child("_links")
	links.link("self", address, "/", id.String())
	o.end(links)
	o.id(id)
	role := o.child("role")
	role.text("id", a.role)
	o.end(role)
	scope := o.child("scope")
	scope.text("id", a.scope)
	scope.text("type", a.kind)
	o.end(scope)
	o.ref("environment", c.environment.id)
	o.bool("readOnly", readOnly)
	return o.close()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
