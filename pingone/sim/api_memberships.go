package sim

import (
	"net/http"
)

// maxMemberships caps a page of memberships.
const maxMemberships = 100

// membershipRow is a membership on its way out.
type membershipRow struct {
	owner  string // "user" or "group": the relation to who is the member
	path   string // of the member, below the API's base
	group  int
	kind   membership
	expand bool
}

func (c *call) appendMembership(dst []byte, m membershipRow) []byte {
	e := c.environment
	group := e.groups[m.group]
	id, env := group.id.String(), "/environments/"+e.id.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, m.path, "/memberOfGroups/", id)
	if m.owner == "user" {
		links.link("user", c.base, m.path)
	}
	links.link("environment", c.base, env)
	links.link("group", c.base, env, "/groups/", id)
	o.end(links)
	if m.expand {
		embedded := o.child("_embedded")
		embedded.key("group")
		embedded.dst = c.appendGroup(embedded.dst, m.group, nil)
		o.end(embedded)
	}
	o.id(group.id)
	o.ref("environment", e.id)
	o.text("name", group.name)
	o.text("type", m.kind.String())
	return o.close()
}

// listMemberships pages through the groups of a user or group.
func (s *Server) listMemberships(c *call, owner, path string, held []groupMembership) (reply, error) {
	p, err := s.paging(c, maxMemberships, maxMemberships)
	if err != nil {
		return reply{}, err
	}
	if p.at.Filter != "" {
		return reply{}, filterSpec{}.refuse("Filters on memberships are not supported.", 0)
	}
	l := &listing{key: "groupMemberships"}
	expand := has(p.at.Expand, "group")
	return s.slots(c, p, l, len(held), func(k int) bool { return c.seesGroup(held[k].group) }, func(dst []byte, k int) []byte {
		return c.appendMembership(dst, membershipRow{owner, path, held[k].group, held[k].kind, expand})
	}), nil
}

// readMembership finds one of the groups of a user or group.
func (s *Server) readMembership(c *call, owner, path string, held []groupMembership, group string) (reply, error) {
	g, ok := c.environment.groupByID(group)
	for _, m := range held {
		if ok && m.group == g && c.seesGroup(g) {
			row := membershipRow{owner, path, g, m.kind, has(c.query.Get("expand"), "group")}
			return reply{body: c.appendMembership(nil, row)}, nil
		}
	}
	return reply{}, notFound("The membership does not exist.")
}

func (c *call) userPath(i uint32) string {
	return "/environments/" + c.environment.id.String() + "/users/" + c.environment.userID(i).String()
}

func (c *call) groupPath(g int) string {
	return "/environments/" + c.environment.id.String() + "/groups/" + c.environment.groups[g].id.String()
}

func (s *Server) listUserGroups(c *call) (reply, error) {
	i, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return s.listMemberships(c, "user", c.userPath(i), c.environment.memberships(u))
}

func (s *Server) readUserGroup(c *call) (reply, error) {
	i, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return s.readMembership(c, "user", c.userPath(i), c.environment.memberships(u), c.param(1))
}

// addUserGroup puts a user into a group.
func (s *Server) addUserGroup(c *call) (reply, error) {
	i, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	g, err := s.referredGroup(c)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	group := e.groups[g]
	switch {
	case group.sourceType != "":
		return reply{}, constraint("id", "The members of an external group come from its source.")
	case group.population >= 0 && group.population != u.population:
		return reply{}, constraint("id", "The group belongs to another population.")
	}
	changed := e.own(i)
	if changed.groups[g] {
		return reply{}, notUnique("id", group.id.String())
	}
	changed.groups[g] = true
	e.store(i, changed, c.now)
	row := membershipRow{"user", c.userPath(i), g, directly, false}
	return reply{
		status: http.StatusCreated, body: c.appendMembership(nil, row),
		location: c.base + row.path + "/memberOfGroups/" + group.id.String(),
	}, nil
}

// referredGroup finds the group of a body {"id": …}.
func (s *Server) referredGroup(c *call) (int, error) {
	b, err := c.readBody("application/json")
	if err != nil {
		return 0, err
	}
	id := b.id()
	if b.err != nil {
		return 0, b.err
	}
	if id == "" {
		return 0, required("id")
	}
	g, ok := c.environment.groupByID(id)
	if !ok || !c.seesGroup(g) {
		return 0, invalidValue("id", "The group does not exist.")
	}
	return g, nil
}

// removeUserGroup takes a user out of a group. Inherited memberships cannot be removed.
func (s *Server) removeUserGroup(c *call) (reply, error) {
	i, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	g, ok := e.groupByID(c.param(1))
	if !ok || !c.seesGroup(g) {
		return reply{}, notFound("The membership does not exist.")
	}
	switch e.member(&subject{environment: e, index: i, user: u}, g) {
	case outside:
		return reply{}, notFound("The membership does not exist.")
	case indirectly:
		return reply{}, constraint("type", "An inherited membership cannot be removed.")
	}
	changed := e.own(i)
	delete(changed.groups, g)
	e.store(i, changed, c.now)
	return reply{status: http.StatusNoContent}, nil
}

// parents lists the groups that a group belongs to.
func (e *environment) parents(g int) []groupMembership {
	var out []groupMembership
	for _, p := range e.nesting().ancestors[g] {
		out = append(out, groupMembership{p, e.groupMember(g, p)})
	}
	return out
}

func (s *Server) listGroupParents(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return s.listMemberships(c, "group", c.groupPath(g), c.environment.parents(g))
}

func (s *Server) readGroupParent(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return s.readMembership(c, "group", c.groupPath(g), c.environment.parents(g), c.param(1))
}

// addGroupParent nests a group in another.
func (s *Server) addGroupParent(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	parent, err := s.referredGroup(c)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	switch {
	case parent == g || e.groupMember(parent, g) != outside:
		return reply{}, constraint("id", "A group cannot be nested in itself.")
	case e.groups[g].parents[parent]:
		return reply{}, notUnique("id", e.groups[parent].id.String())
	}
	e.groups[g].parents[parent] = true
	e.restructure()
	row := membershipRow{"group", c.groupPath(g), parent, directly, false}
	return reply{
		status: http.StatusCreated, body: c.appendMembership(nil, row),
		location: c.base + row.path + "/memberOfGroups/" + e.groups[parent].id.String(),
	}, nil
}

func (s *Server) removeGroupParent(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	parent, ok := e.groupByID(c.param(1))
	if !ok || e.groupMember(g, parent) == outside {
		return reply{}, notFound("The membership does not exist.")
	}
	if e.groupMember(g, parent) == indirectly {
		return reply{}, constraint("type", "An inherited membership cannot be removed.")
	}
	delete(e.groups[g].parents, parent)
	e.restructure()
	return reply{status: http.StatusNoContent}, nil
}

// restructure notes a change that moves seeded users between results.
func (e *environment) restructure() {
	e.structure++
	e.writes++
}
