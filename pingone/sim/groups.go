package sim

import (
	"encoding/json"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// group is what memberships need of a group. Its place is that of its row. What a
// row makes beside itself, its share of the seeded users and the groups that it
// is nested in, is its member makes, which no file declares.
type group struct {
	*resource.Row                 // nil: it was deleted
	place         int             // of its row
	population    string          // id; empty: of the environment
	dynamic       predicate       // compiled userFilter; nil for none
	salt, share   uint64          // who of the seeded users is a direct member
	parents       []*group        // that it is nested in
	ancestors     map[*group]bool // these and those above
	descendants   []*group
}

// text is a text of the group's row.
func (g *group) text(name string) string { return resource.First(g.Members, name) }

// groups are the groups of an environment by their place.
func (e *environment) groups() []*group {
	return e.tree.get(e.structure, func() []*group {
		rows := e.rows.Read("groups")
		groups := make([]*group, rows.Len())
		for k := range groups {
			groups[k] = e.readGroup(k, rows.Row(k))
		}
		for _, g := range groups {
			if g.Row == nil {
				continue
			}
			for _, text := range resource.Values(g.Members, "makes.parents") {
				if parent, _ := strconv.Atoi(text); groups[parent].Row != nil { // written by nest or in the file
					g.parents = append(g.parents, groups[parent])
				}
			}
		}
		for _, g := range groups {
			for above := range g.above() {
				above.descendants = append(above.descendants, g)
			}
		}
		return groups
	})
}

func (e *environment) readGroup(k int, row *resource.Row) *group {
	g := &group{Row: row, place: k}
	if row == nil {
		return g
	}
	g.population, g.salt = g.text("population.id"), data.Mix(e.salt+uint64(k)*3)
	if filter := g.text("userFilter"); filter != "" {
		// It was checked when it was stored, and may name what the schema has no longer.
		g.dynamic, _ = answered(func() predicate { return e.compileUserFilter(filter) })
	}
	if share, err := strconv.ParseFloat(g.text("makes.share"), 64); err == nil {
		g.share = uint64(share * math.MaxUint64)
	}
	return g
}

// above are the groups that a group is nested in, directly or not.
func (g *group) above() map[*group]bool {
	if g.ancestors == nil {
		g.ancestors = make(map[*group]bool)
		for _, parent := range g.parents {
			g.ancestors[parent] = true
			maps.Copy(g.ancestors, parent.above())
		}
	}
	return g.ancestors
}

// groupByID finds a living group by the text of its id; nil when there is none.
func (e *environment) groupByID(text string) *group {
	if k, ok := e.rows.Read("groups").Place(canonical(text)); ok {
		return e.groups()[k]
	}
	return nil
}

// seesPopulationOf: callers with roles for populations see what belongs to those.
func seesPopulationOf(c *call, row *resource.Row) bool {
	id := resource.First(row.Members, "population.id")
	return c.access.seesPopulation(id)
}

// storeGroup: the userFilter of a group must be one.
func storeGroup(p *place, _, row *resource.Row) {
	if text := resource.First(row.Members, "userFilter"); text != "" {
		p.call.environment.compileUserFilter(text)
	}
	if !seesPopulationOf(p.call, row) {
		panic(forbidden())
	}
}

// nest makes a group a child of another, or ends that.
func (p *place) nest(child *resource.Row, parent int, nested bool) {
	row, number := copied(child), json.Number(strconv.Itoa(parent))
	makes, _ := row.Members["makes"].(map[string]any)
	parents, _ := makes["parents"].([]any)
	parents = slices.DeleteFunc(slices.Clone(parents), func(v any) bool { return v == number })
	if nested {
		parents = append(parents, number)
	}
	row.Members["makes"] = map[string]any{"share": makes["share"], "parents": parents}
	p.put(row)
}

// groupsOf are the ids of the groups that a group is nested in, for filters:
// all, or those it is nested in directly or indirectly.
func groupsOf(c *call, row *resource.Row, kind string) (out []string) {
	for _, m := range c.environment.memberships(c.environment.groupByID(row.ID).nested) {
		if kind == "" || m.kind.String() == kind {
			out = append(out, m.group.ID)
		}
	}
	return out
}

// checkSum is a number that differs between groups.
func checkSum(_ *place, row *resource.Row) any {
	name := resource.First(row.Members, "name")
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(row.ID+name)))+10_000_000_000, 10)
}

func directMembers(p *place, row *resource.Row) any {
	shown := p.call.environment.shown("stale-group-counts", p.call.now)
	return map[string]int{"users": shown.users[row.ID], "groups": shown.groups[row.ID]}
}

func allMembers(p *place, row *resource.Row) any {
	e := p.call.environment
	g := e.groupByID(row.ID)
	found := e.find(query{
		key:   `memberOfGroups[id eq "` + row.ID + `"]`,
		match: func(u *subject) bool { return u.in(g) != outside },
	}, p.call.now)
	return map[string]int{"users": len(found), "groups": len(g.descendants)}
}

// counts are numbers of users by the ids of populations and of groups, whose
// direct members are counted, and of the groups nested in groups.
type counts struct{ users, groups map[string]int }

// counts gives the numbers over all users, with every write.
func (e *environment) counts() *counts {
	return e.current.get(e.writes, func() *counts {
		base := e.seeded.get(e.structure, e.seedCounts)
		out := &counts{maps.Clone(base.users), base.groups}
		for _, i := range e.order {
			if i < e.people.Count() {
				e.count(out, &subject{environment: e, index: i}, -1)
			}
			if row := e.latest(i); row != nil {
				e.count(out, &subject{environment: e, index: i, row: row}, 1)
			}
		}
		return out
	})
}

// seedCounts counts the seeded users.
func (e *environment) seedCounts() *counts {
	out := &counts{make(map[string]int), make(map[string]int)}
	for _, g := range e.groups() {
		for _, parent := range g.parents {
			out.groups[parent.ID]++
		}
	}
	for i := range e.people.Count() {
		e.count(out, &subject{environment: e, index: i}, 1)
	}
	return out
}

// count adds a user to the numbers, or takes it off.
func (e *environment) count(out *counts, s *subject, sign int) {
	out.users[s.population()] += sign
	for _, g := range e.groups() {
		if g.Row != nil && g.direct(s) {
			out.users[g.ID] += sign
		}
	}
}

// pastCounts are the numbers of users until a write.
type pastCounts struct {
	*counts
	until  time.Time
	writes uint64
}

// maxPast bounds what is remembered of the numbers.
const maxPast = 4096

// remember keeps the numbers before a write, when any of them is to be stale.
// The environment's write lock is held.
func (e *environment) remember(now time.Time) {
	if u := e.server.unkind.Load(); !u.of("stale-user-counts").on && !u.of("stale-group-counts").on {
		e.past = nil
		return
	}
	if n := len(e.past); n > 0 && e.past[n-1].writes == e.writes {
		e.past[n-1].until = now // the last call changed nothing
		return
	}
	if len(e.past) == maxPast {
		e.past = append([]pastCounts(nil), e.past[maxPast/2:]...)
	}
	e.past = append(e.past, pastCounts{e.counts(), now, e.writes})
}

// shown gives the numbers of users as answers tell them at a time, with the lag of
// a switch.
// The environment's lock is held.
func (e *environment) shown(lag string, now time.Time) *counts {
	l, past := e.server.unkind.Load().of(lag), e.past
	if n := len(past); n > 0 && past[n-1].writes == e.writes {
		past = past[:n-1] // of a call that changed nothing
	}
	switch {
	case l.most > 0 && len(past) > 0:
		return past[max(0, len(past)-l.most)].counts
	case l.span > 0:
		for _, p := range past {
			if p.until.After(now.Add(-l.span)) {
				return p.counts
			}
		}
	}
	return e.counts()
}
