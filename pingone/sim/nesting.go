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
		e.countSeeded(out, i, -1)
	}
	versions := e.written[i]
	if u := versions[len(versions)-1].user; u != nil {
		out.populations[u.population]++
		for g := range u.groups {
			out.groups[g]++
		}
	}
}

// countSeeded adds a user as the seed has it, or takes it off.
func (e *environment) countSeeded(out *counts, i uint32, sign int) {
	population := e.people.Population(i)
	out.populations[population] += sign
	for g, group := range e.groups {
		if e.seedDirect(i, population, group) {
			out.groups[g] += sign
		}
	}
}

// seedDirect is direct membership by the seed, of deleted groups too.
func (e *environment) seedDirect(i uint32, population int, g *group) bool {
	return g.share > 0 && (g.population < 0 || g.population == population) && e.people.Member(i, g.salt, g.share)
}

// seedCounts counts the seeded users. Groups added later have none.
func (e *environment) seedCounts() *counts {
	out := &counts{populations: make([]int, e.populations().Len()), groups: make([]int, len(e.groups))}
	for i := range e.people.Count() {
		e.countSeeded(out, i, 1)
	}
	return out
}

// userID is the id of a user by index.
func (e *environment) userID(i uint32) data.ID { return e.people.ID(i) }
