package sim

import (
	"net/http"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// groupRole is a role that the members of a group hold.
type groupRole struct {
	id data.ID
	assignment
}

func (s *Server) listGroupRoles(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	held := c.environment.groups[g].roles
	return c.wholeCollection("roleAssignments", len(held), func(dst []byte, k int) []byte {
		return c.appendAssignment(dst, c.address(), held[k].id, held[k].assignment, false)
	}), nil
}

// groupRole finds the role assignment that a call is about.
func (s *Server) groupRole(c *call) (*group, int, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return nil, 0, err
	}
	group := c.environment.groups[g]
	id, ok := data.ParseID(c.param(1))
	k := slices.IndexFunc(group.roles, func(r groupRole) bool { return ok && r.id == id })
	if k < 0 {
		return nil, 0, notFound("The role assignment does not exist.")
	}
	return group, k, nil
}

func (c *call) groupRolePath(g *group) string {
	return c.base + "/environments/" + c.environment.id.String() + "/groups/" + g.id.String() + "/roleAssignments"
}

func (s *Server) readGroupRole(c *call) (reply, error) {
	g, k, err := s.groupRole(c)
	if err != nil {
		return reply{}, err
	}
	return reply{body: c.appendAssignment(nil, c.groupRolePath(g), g.roles[k].id, g.roles[k].assignment, false)}, nil
}

func (s *Server) addGroupRole(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	b, err := c.readBody(mediaJSON)
	if err != nil {
		return reply{}, err
	}
	scope := b.child("scope")
	a := assignment{role: b.refer("role"), scope: scope.id(), kind: scope.text("type", 64)}
	if scope.err != nil {
		b.fail(asAPIError(scope.err))
	}
	known := slices.IndexFunc(roles, func(r role) bool { return r.id == a.role })
	switch {
	case b.err != nil:
		return reply{}, b.err
	case known < 0:
		return reply{}, invalidValue("role.id", "The role does not exist.")
	case a.scope == "" || !slices.Contains(roles[known].scopes, a.kind):
		return reply{}, invalidValue("scope.type", "The role cannot be assigned with this scope.")
	}
	group := c.environment.groups[g]
	for _, held := range group.roles {
		if held.assignment == a {
			return reply{}, notUnique("role.id", held.id.String())
		}
	}
	made := groupRole{data.NamedID(group.id.String() + a.role + a.scope), a}
	group.roles = append(slices.Clip(group.roles), made)
	return reply{
		status: http.StatusCreated, body: c.appendAssignment(nil, c.groupRolePath(group), made.id, a, false),
		location: c.groupRolePath(group) + "/" + made.id.String(),
	}, nil
}

func (s *Server) removeGroupRole(c *call) (reply, error) {
	g, k, err := s.groupRole(c)
	if err != nil {
		return reply{}, err
	}
	g.roles = slices.Delete(slices.Clone(g.roles), k, k+1)
	return reply{status: http.StatusNoContent}, nil
}
