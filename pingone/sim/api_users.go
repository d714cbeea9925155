package sim

import (
	"fmt"
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// user finds the user that a call is about. The row must not be changed.
func (s *Server) user(c *call, text string) (uint32, *user, error) {
	id, ok := data.ParseID(text)
	if !ok {
		return 0, nil, invalidRequest(detail{Code: "INVALID_VALUE", Target: "userId", Message: "The id of a user must be a UUID."})
	}
	missing := notFound("The user does not exist.")
	i, ok := c.environment.people.Index(id)
	if !ok {
		return 0, nil, missing
	}
	u := c.environment.latest(i, &user{})
	if u == nil {
		return 0, nil, missing
	}
	if !c.access.seesPopulation(c.environment.populationID(u.population)) {
		return 0, nil, forbidden()
	}
	return i, u, nil
}

// userByUsername finds a user by name, in any case.
func (e *environment) userByUsername(name string) (uint32, bool) {
	want := fold(name)
	for _, i := range e.withText(data.Username, want) {
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
	x, err := c.parse(usersSpec(e.attributes, s.opt.Unconfirmed), filter)
	if err != nil || x == nil && c.access.populations == nil {
		return query{}, err
	}
	match := e.compile(x)
	if c.access.populations == nil {
		return query{filter, match, x}, nil
	}
	var seen []int
	for k := range e.populations().Len() {
		if c.access.seesPopulation(e.populationID(k)) {
			seen = append(seen, k)
		}
	}
	return query{fmt.Sprint(seen, filter), func(u *subject) bool { return slices.Contains(seen, u.population()) && match(u) }, x}, nil
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

func (s *Server) listUsers(c *call) (reply, error) {
	e := c.environment
	p, err := s.paging(c, s.opt.MaxUsersPage, s.opt.MaxUsersPage)
	if err != nil {
		return reply{}, err
	}
	q, err := s.query(c, p.at.Filter)
	if err != nil {
		return reply{}, err
	}
	found := e.find(q, c.now)
	l := &listing{key: "users"}
	rows := s.turn(c, p, l, &found)
	c.open(l)
	w := s.newUserWriter(c, has(p.at.Expand, "population") || has(p.at.Expand, "populations"))
	var scratch user
	for _, i := range rows {
		u := e.listed(i, c.now, &scratch)
		l.add(func(dst []byte) []byte { return w.append(dst, u, nil) })
	}
	return l.close(), nil
}

func (s *Server) readUser(c *call) (reply, error) {
	_, u, err := s.user(c, c.param(0))
	if err != nil {
		return reply{}, err
	}
	return reply{body: s.appendWholeUser(c, u)}, nil
}

// appendWholeUser writes a single user: with the state of the password, a stub
// of the population and what include asks for.
func (s *Server) appendWholeUser(c *call, u *user) []byte {
	e, expand := c.environment, c.query.Get("expand")
	w := s.newUserWriter(c, has(expand, "population") || has(expand, "populations"))
	w.single = true
	return w.append(nil, u, func(o *object) {
		include := c.query.Get("include")
		ids, names := has(include, "memberOfGroupIDs"), has(include, "memberOfGroupNames")
		if !ids && !names {
			return
		}
		var idList, nameList []string
		for _, m := range e.memberships(u) {
			idList = append(idList, idText(e.groups[m.group].id))
			nameList = append(nameList, e.groups[m.group].name)
		}
		if ids {
			o.key("memberOfGroupIDs")
			o.dst = appendTexts(o.dst, idList)
		}
		if names {
			o.key("memberOfGroupNames")
			o.dst = appendTexts(o.dst, nameList)
		}
	})
}

// groupMembership is a group that a user or group belongs to.
type groupMembership struct {
	group int
	kind  membership
}

// memberships lists the groups of a user, in the order of the groups.
func (e *environment) memberships(u *user) []groupMembership {
	s := &subject{environment: e, index: u.index, user: u}
	kinds := make([]membership, len(e.groups))
	tree := e.nesting()
	for g := range e.groups {
		switch {
		case e.direct(s, g):
			kinds[g] = directly
		case kinds[g] == outside && !e.groups[g].deleted && e.dynamic(s, g):
			kinds[g] = indirectly
		case kinds[g] == outside:
			continue
		}
		for _, above := range tree.ancestors[g] {
			if kinds[above] == outside {
				kinds[above] = indirectly
			}
		}
	}
	var out []groupMembership
	for g, kind := range kinds {
		if kind != outside && !e.groups[g].deleted {
			out = append(out, groupMembership{g, kind})
		}
	}
	return out
}
