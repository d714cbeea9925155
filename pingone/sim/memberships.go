package sim

import (
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// membership is how a user or group belongs to a group.
type membership uint8

const (
	outside membership = iota
	directly
	indirectly // by nesting or by a userFilter
)

// String is the API's word.
func (m membership) String() string { return [...]string{"", "DIRECT", "INDIRECT"}[m] }

// memberships are the rules of the groups that a user or a group is in.
var memberships = resourceHooks{rows: membershipsOf, store: storeMembership, put: func(p *place, row *resource.Row) { p.join(row, true) }, remove: removeMembership}

// groupMembership is a group that a user or group belongs to.
type groupMembership struct {
	group *group
	kind  membership
}

// member is the user whose memberships a place has; nil when they are a group's.
func (p *place) member() *subject {
	if p.above.generic.kind.Name != "users" {
		return nil
	}
	i, _ := p.call.environment.people.Index(p.above.found.ID)
	return &subject{environment: p.call.environment, index: i, row: p.above.found}
}

// belongs gives what tells how the user or the group that owns a place belongs to
// groups.
func (p *place) belongs() func(g *group) membership {
	if user := p.member(); user != nil {
		return user.in
	}
	return p.call.environment.groupByID(p.above.id).nested
}

// membershipsOf are the rows of a place for memberships. Those in groups that the
// caller may not see are not there.
func membershipsOf(p *place) *resource.Collection {
	out := resource.NewCollection()
	for _, m := range p.call.environment.memberships(p.belongs()) {
		if g := m.group; seesPopulationOf(p.call, g.Row) {
			out.Put(&resource.Row{ID: g.ID, Members: map[string]any{"id": g.ID, "name": g.text("name"), "type": m.kind.String()}})
		}
	}
	return out
}

// join makes the owner of a place a direct member of a group, or ends that.
func (p *place) join(row *resource.Row, joined bool) {
	g := p.call.environment.groupByID(row.ID)
	user := p.member()
	if user == nil {
		p.above.nest(p.above.found, g.place, joined)
		return
	}
	changed := copied(p.above.found)
	groups := p.call.environment.directGroups(user)
	groups[g.place] = joined
	changed.Members["groups"] = groups
	p.above.put(changed)
}

// storeMembership checks a new membership and completes its row.
func storeMembership(p *place, _, row *resource.Row) {
	e := p.call.environment
	g := e.groupByID(row.ID)
	if g == nil || !seesPopulationOf(p.call, g.Row) {
		panic(invalidValue("id", "The group does not exist."))
	}
	user, child := p.member(), e.groupByID(p.above.id) // one is nil
	switch {
	case user == nil && (child == g || g.nested(child) != outside):
		panic(constraint("id", "A group cannot be nested in itself."))
	case user != nil && g.text("sourceType") != "":
		panic(constraint("id", "The members of an external group come from its source."))
	case user != nil && g.population != "" && g.population != resource.First(user.row.Members, "population.id"):
		panic(constraint("id", "The group belongs to another population."))
	case p.belongs()(g) == directly:
		panic(notUnique("id", row.ID))
	}
	row.Members["name"], row.Members["type"] = g.text("name"), directly.String()
}

// removeMembership ends a direct membership.
func removeMembership(p *place, row *resource.Row) *resource.Row {
	if row.Members["type"] == indirectly.String() {
		panic(constraint("type", "An inherited membership cannot be removed."))
	}
	p.join(row, false)
	return nil
}

// direct reports whether a user was put into a group, by a write or by the seed.
func (g *group) direct(s *subject) bool {
	if s.row != nil && g.Row != nil {
		if groups, ok := s.row.Members["groups"].(map[int]bool); ok {
			return groups[g.place]
		}
	}
	e := s.environment
	return g.share > 0 && s.index < e.people.Count() && e.people.Member(s.index, g.salt, g.share) &&
		(g.population == "" || g.population == e.seededPopulation(s.index))
}

// directGroups are the groups that a user was put into.
func (e *environment) directGroups(s *subject) map[int]bool {
	out := make(map[int]bool)
	for k, g := range e.groups() {
		if g.direct(s) {
			out[k] = true
		}
	}
	return out
}

// takes reports whether a group's userFilter takes a user.
func (g *group) takes(s *subject) bool {
	return g.dynamic != nil && (g.population == "" || g.population == s.population()) && g.dynamic(s)
}

// in tells how a user belongs to a group. One who belongs to it both ways is a
// direct member: there is one membership of a user in a group.
func (s *subject) in(g *group) membership {
	switch {
	case g.Row == nil:
		return outside
	case g.direct(s):
		return directly
	case g.takes(s), slices.ContainsFunc(g.descendants, func(child *group) bool { return child.direct(s) || child.takes(s) }):
		return indirectly
	}
	return outside
}

// memberships lists the groups that somebody belongs to, in the order of the
// groups, by what tells how.
func (e *environment) memberships(belongs func(g *group) membership) (out []groupMembership) {
	for _, g := range e.groups() {
		if how := belongs(g); how != outside {
			out = append(out, groupMembership{g, how})
		}
	}
	return out
}

// nested tells how a group belongs to another.
func (g *group) nested(in *group) membership {
	switch {
	case slices.Contains(g.parents, in):
		return directly
	case g.ancestors[in]:
		return indirectly
	}
	return outside
}

// groupTexts makes a member of users that names their groups.
func groupTexts(text func(g *group) string) compute {
	return func(p *place, row *resource.Row) any {
		e, out := p.call.environment, []string{}
		i, _ := e.people.Index(row.ID)
		for _, m := range e.memberships((&subject{environment: e, index: i, row: row}).in) {
			out = append(out, text(m.group))
		}
		return out
	}
}
