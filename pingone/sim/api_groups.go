package sim

import (
	"hash/crc32"
	"strconv"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// groupByID finds a living group by the text of its id.
func (e *environment) groupByID(text string) (int, bool) {
	id, ok := data.ParseID(text)
	if !ok {
		return 0, false
	}
	k, ok := e.ids.groups.Index(id)
	if !ok || int(k) >= len(e.groups) || e.groups[k].deleted {
		return 0, false
	}
	return int(k), true
}

// group finds the group that a call is about.
func (s *Server) group(c *call, text string) (int, error) {
	g, ok := c.environment.groupByID(text)
	if !ok {
		return 0, notFound("The group does not exist.")
	}
	if !c.seesGroup(g) {
		return 0, forbidden()
	}
	return g, nil
}

// seesGroup: callers with roles for populations see the groups of those alone.
func (c *call) seesGroup(g int) bool {
	if c.access.populations == nil {
		return true
	}
	p := c.environment.groups[g].population
	return p >= 0 && c.access.seesPopulation(c.environment.populationID(p))
}

func (c *call) appendGroup(dst []byte, g int, more func(o *object)) []byte {
	e := c.environment
	group := e.groups[g]
	id := group.id.String()
	o := open(dst)
	links := o.child("_links")
	links.link("self", c.base, "/environments/", e.id.String(), "/groups/", id)
	o.end(links)
	o.id(group.id)
	o.ref("environment", e.id)
	o.text("name", group.name)
	o.text("displayName", group.name)
	o.text("description", group.description)
	o.text("externalId", group.externalID)
	if group.population >= 0 {
		o.ref("population", e.populationID(group.population))
	}
	o.text("userFilter", group.userFilter)
	o.raw("customData", group.customData)
	o.text("sourceId", group.sourceID)
	o.text("sourceType", group.sourceType)
	members := o.child("directMemberCounts")
	users, children := e.shown(c.now).members(g)
	members.int("users", users)
	members.int("groups", children)
	o.end(members)
	if more != nil {
		more(&o)
	}
	o.time("createdAt", group.createdAt)
	o.time("updatedAt", group.updated)
	o.text("checkSum", strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(id+group.name)))+10_000_000_000, 10))
	return o.close()
}

func (s *Server) listGroups(c *call) (reply, error) {
	const most = 1000
	p, err := s.paging(c, most, most)
	if err != nil {
		return reply{}, err
	}
	x, err := c.parse(groupsSpec, p.at.Filter)
	if err != nil {
		return reply{}, err
	}
	e := c.environment
	match := compile(x, e.compileGroupLeaf)
	matches := func(g int) bool { return !e.groups[g].deleted && c.seesGroup(g) && match(g) }
	l := &listing{key: "groups"}
	return s.slots(c, p, l, len(e.groups), matches, func(dst []byte, g int) []byte { return c.appendGroup(dst, g, nil) }), nil
}

func (e *environment) compileGroupLeaf(x *scim.Expr) func(g int) bool {
	if x.Kind != scim.Path {
		return onTexts(func(g int, name string) []string { return []string{e.groupValue(g, name)} })(x)
	}
	id, kind := groupPath(x)
	parent, ok := e.groupByID(id)
	return func(g int) bool {
		if !ok {
			return false
		}
		how := e.groupMember(g, parent)
		return how != outside && (kind == "" || how.String() == kind)
	}
}

func (e *environment) groupValue(g int, name string) string {
	group := e.groups[g]
	switch name {
	case "id":
		return group.id.String()
	case "name":
		return group.name
	case "externalId":
		return group.externalID
	}
	if group.population < 0 {
		return ""
	}
	return e.populationID(group.population).String() // population.id
}

func (s *Server) readGroup(c *call) (reply, error) {
	g, err := s.group(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return reply{body: s.appendWholeGroup(c, g)}, nil
}

// appendWholeGroup writes a single group, with the total counts if they are asked for.
func (s *Server) appendWholeGroup(c *call, g int) []byte {
	e := c.environment
	return c.appendGroup(nil, g, func(o *object) {
		if !has(c.query.Get("include"), "totalMemberCounts") {
			return
		}
		id := e.groups[g].id.String()
		below := e.nesting().descendants[g]
		found := e.find(query{
			key:   `memberOfGroups[id eq "` + id + `"]`,
			match: func(u *subject) bool { return e.memberOf(u, g, below) != outside },
		}, c.now)
		total := o.child("totalMemberCounts")
		total.int("users", found.count())
		total.int("groups", len(below))
		o.end(total)
	})
}
