package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/resource"

// groupMembership is a group that a user or group belongs to.
type groupMembership struct {
	group int
	kind  membership
}

// memberships are the groups of a user, or those that a group is nested in.
type memberships struct {
	*stored
	held []groupMembership
}

// membershipsOf are the rows of a place for memberships.
func membershipsOf(p *place) source { return &memberships{stored: &stored{place: p}} }

// load finds the memberships of the row that owns these, which is there.
func (m *memberships) load() []groupMembership {
	if m.held != nil {
		return m.held
	}
	e := m.call.environment
	if member, ok := m.above.source.(*userRows); ok {
		m.held = e.memberships(member.user)
	} else if g, ok := e.groupByID(m.above.id); ok {
		m.held = e.parents(g)
	}
	return m.held
}

// find implements source. Memberships in groups that the caller may not see are
// not there.
func (m *memberships) find(id string) (*resource.Row, error) {
	g, ok := m.call.environment.groupByID(id)
	for _, held := range m.load() {
		if ok && held.group == g && m.call.seesGroup(g) {
			return m.rowOf(held), nil
		}
	}
	return nil, nil
}

func (m *memberships) rowOf(held groupMembership) *resource.Row {
	e := m.call.environment
	id := e.groups[held.group].id.String()
	return &resource.Row{ID: id, Members: map[string]any{"id": id, "name": e.groupText(held.group, "name"), "type": held.kind.String()}}
}

func (m *memberships) search(at cursor) (*selection, error) {
	if at.Filter != "" {
		return nil, filterSpec{}.refuse("Filters on memberships are not supported.", 0)
	}
	found := &selection{}
	for k, held := range m.load() {
		if m.call.seesGroup(held.group) {
			found.rows = append(found.rows, uint32(k))
		}
	}
	return found, nil
}

func (m *memberships) listed(dst []byte, number uint32) []byte {
	return m.append(dst, m.rowOf(m.held[number]))
}

// put adds a direct membership.
func (m *memberships) put(row *resource.Row) { m.set(row, true) }

// remove ends a direct membership.
func (m *memberships) remove(row *resource.Row) { m.set(row, false) }

func (m *memberships) set(row *resource.Row, member bool) {
	e := m.call.environment
	g, _ := e.groupByID(row.ID)
	if owner, ok := m.above.source.(*userRows); ok {
		changed := e.own(owner.user.index)
		setMember(changed.groups, g, member)
		e.store(changed.index, changed, m.call.now)
		return
	}
	child, _ := e.groupByID(m.above.id)
	setMember(e.groups[child].parents, g, member)
	e.restructure()
}

func setMember(set map[int]bool, g int, member bool) {
	if member {
		set[g] = true
	} else {
		delete(set, g)
	}
}

// storeMembership checks a new membership and completes its row.
func storeMembership(p *place, _, row *resource.Row) error {
	e := p.call.environment
	g, ok := e.groupByID(row.ID)
	if !ok || !p.call.seesGroup(g) {
		return invalidValue("id", "The group does not exist.")
	}
	var how membership
	if member, isUser := p.above.source.(*userRows); isUser {
		population := e.groups[g].population
		switch {
		case e.groupText(g, "sourceType") != "":
			return constraint("id", "The members of an external group come from its source.")
		case population >= 0 && population != member.user.population:
			return constraint("id", "The group belongs to another population.")
		}
		how = e.member(&subject{environment: e, index: member.user.index, user: member.user}, g)
	} else {
		child, _ := e.groupByID(p.above.id)
		if child == g || e.groupMember(g, child) != outside {
			return constraint("id", "A group cannot be nested in itself.")
		}
		how = e.groupMember(child, g)
	}
	if how == directly {
		return notUnique("id", row.ID)
	}
	row.Members["name"], row.Members["type"] = e.groupText(g, "name"), directly.String()
	return nil
}

func removeMembership(_ *place, row *resource.Row) (*resource.Row, error) {
	if row.Members["type"] == indirectly.String() {
		return nil, constraint("type", "An inherited membership cannot be removed.")
	}
	return nil, nil
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

// parents lists the groups that a group belongs to.
func (e *environment) parents(g int) []groupMembership {
	var out []groupMembership
	for _, p := range e.nesting().ancestors[g] {
		out = append(out, groupMembership{p, e.groupMember(g, p)})
	}
	return out
}
