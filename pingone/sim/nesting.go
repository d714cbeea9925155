package sim

import "github.com/pingone-gateway/gateway/pingone/sim/internal/data"

// nesting is the closure of the groups' parents.
type nesting struct {
	ancestors, descendants [][]int // without the group itself, ascending
	children               []int   // number of direct children
}

// nesting gives the closure for the present groups.
func (e *environment) nesting() *nesting {
	c := &e.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset(e.structure)
	if c.tree == nil {
		c.tree = closure(e.groups)
	}
	return c.tree
}

func closure(groups []*group) *nesting {
	n := &nesting{
		ancestors:   make([][]int, len(groups)),
		descendants: make([][]int, len(groups)),
		children:    make([]int, len(groups)),
	}
	for g, group := range groups {
		if group.deleted {
			continue
		}
		seen := make([]bool, len(groups))
		mark(groups, g, seen)
		for p, above := range seen {
			if above && p != g {
				n.ancestors[g] = append(n.ancestors[g], p)
				n.descendants[p] = append(n.descendants[p], g)
			}
		}
		for p := range group.parents {
			if !groups[p].deleted {
				n.children[p]++
			}
		}
	}
	return n
}

// mark visits a group and everything above it. Cycles cannot be written, but
// would end here.
func mark(groups []*group, g int, seen []bool) {
	seen[g] = true
	for p := range groups[g].parents {
		if !seen[p] && !groups[p].deleted {
			mark(groups, p, seen)
		}
	}
}

// groupMember tells how a group belongs to another.
func (e *environment) groupMember(child, parent int) membership {
	if e.groups[child].parents[parent] && !e.groups[parent].deleted {
		return directly
	}
	for _, p := range e.nesting().ancestors[child] {
		if p == parent {
			return indirectly
		}
	}
	return outside
}

// counts are numbers of users.
type counts struct {
	populations []int
	groups      []int // direct members
}

// counts gives the numbers over all users, with every write.
func (e *environment) counts() *counts {
	c := &e.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && c.currentWrites == e.writes {
		return c.current
	}
	if c.base == nil {
		c.base = e.seedCounts()
	}
	out := &counts{populations: make([]int, e.populations().Len()), groups: make([]int, len(e.groups))}
	copy(out.populations, c.base.populations)
	copy(out.groups, c.base.groups)
	for _, i := range e.order {
		e.adjust(out, i)
	}
	for g, group := range e.groups {
		if group.deleted {
			out.groups[g] = 0
		}
	}
	c.current, c.currentWrites = out, e.writes
	return out
}

// adjust moves one written user from where the seed has it to where it is.
func (e *environment) adjust(out *counts, i uint32) {
	if i < e.people.Count() {
		out.populations[e.people.Population(i)]--
		seeded := &subject{environment: e, index: i}
		for g := range e.groups {
			if e.seedDirect(seeded, g) {
				out.groups[g]--
			}
		}
	}
	versions := e.written[i]
	if u := versions[len(versions)-1].user; u != nil {
		out.populations[u.population]++
		for g := range u.groups {
			out.groups[g]++
		}
	}
}

// seedDirect is direct membership by the seed, of deleted groups too.
func (e *environment) seedDirect(s *subject, g int) bool {
	group := e.groups[g]
	if group.share == 0 || group.population >= 0 && e.people.Population(s.index) != group.population {
		return false
	}
	return e.people.Member(s.index, group.salt, group.share)
}

// seedCounts counts the seeded users. Groups added later have none.
func (e *environment) seedCounts() *counts {
	out := &counts{populations: make([]int, e.populations().Len()), groups: make([]int, len(e.groups))}
	type member struct {
		g          int
		population int
		salt       uint64
		share      uint64
	}
	var members []member
	for g, group := range e.groups {
		if group.share > 0 {
			members = append(members, member{g, group.population, group.salt, group.share})
		}
	}
	for i := range e.people.Count() {
		population := e.people.Population(i)
		out.populations[population]++
		for _, m := range members {
			if (m.population < 0 || m.population == population) && e.people.Member(i, m.salt, m.share) {
				out.groups[m.g]++
			}
		}
	}
	return out
}

// userID is the id of a user by index.
func (e *environment) userID(i uint32) data.ID { return e.people.ID(i) }
