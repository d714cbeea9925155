package sim

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"strconv"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// group is what memberships need of a group beside its row. Its place is that of
// the row.
type group struct {
	id          data.ID
	population  int       // -1: of the environment
	dynamic     predicate // compiled userFilter; nil for none
	salt, share uint64    // who of the seeded users is a direct member
	parents     map[int]bool
	deleted     bool
}

// groupRow is the row of a group.
func (e *environment) groupRow(g int) *resource.Row { return e.rows.Read("groups").Row(g) }

// groupText is a text of a group's row.
func (e *environment) groupText(g int, name string) string {
	return resource.First(e.groupRow(g).Members, name)
}

// groupByID finds a living group by the text of its id.
func (e *environment) groupByID(text string) (int, bool) {
	return e.rows.Read("groups").Place(canonical(text))
}

// seedGroup makes the memberships of a seeded group, which its file describes.
func seedGroup(s *Server, e *environment, row, makes map[string]any) {
	k := len(e.groups)
	g := &group{population: -1, salt: data.Mix(data.Mix(s.opt.Seed^data.SaltOf(e.says("name"))) + uint64(k)*3), parents: make(map[int]bool)}
	g.id, _ = data.ParseID(resource.First(row, "id"))
	for _, text := range resource.Values(row, "population.id") {
		id, _ := data.ParseID(text)
		k, _ := e.ids.populations.Index(id)
		g.population = int(k)
	}
	if part, ok := makes["share"].(json.Number); ok {
		f, _ := part.Float64()
		g.share = uint64(f * math.MaxUint64)
	}
	for _, text := range resource.Values(makes, "parents") {
		parent, _ := strconv.Atoi(text)
		g.parents[parent] = true
	}
	e.groups = append(e.groups, g)
}

// compileGroups reads the userFilters of the seeded groups; they name attributes
// of the schema, which has to be there first.
func (s *Server) compileGroups(e *environment) {
	for k, g := range e.groups {
		if text := e.groupText(k, "userFilter"); text != "" {
			g.dynamic, _ = s.compileUserFilter(e, text) // the tests read them
		}
	}
}

// seesPopulationOf: callers with roles for populations see what belongs to those.
func seesPopulationOf(c *call, row *resource.Row) bool {
	id := resource.Values(row.Members, "population.id")
	return c.access.populations == nil || len(id) > 0 && c.seesPopulation(id[0])
}

// seesGroup reports whether the caller may see a group.
func (c *call) seesGroup(g int) bool { return seesPopulationOf(c, c.environment.groupRow(g)) }

// storeGroup: a group keeps its population, and its userFilter must be one.
func storeGroup(p *place, old, row *resource.Row) error {
	e := p.call.environment
	made := &group{population: -1, parents: make(map[int]bool)}
	if old != nil {
		k, _ := p.rows.Place(old.ID)
		*made = *e.groups[k]
	}
	if id := resource.First(row.Members, "population.id"); id != "" {
		population, ok := e.populationByID(id)
		switch {
		case old != nil && population != made.population:
			return constraint("population.id", "A group cannot be moved to another population.")
		case !ok:
			return invalidValue("population.id", "The population does not exist.")
		}
		made.population = population
	}
	if made.population >= 0 {
		row.Members["population"] = map[string]any{"id": e.populationID(made.population).String()}
	}
	if made.dynamic = nil; row.Members["userFilter"] != nil {
		compiled, err := p.server.compileUserFilter(e, resource.First(row.Members, "userFilter"))
		if err != nil {
			refused := *asAPIError(err)
			refused.details[0].Target = "userFilter"
			return &refused
		}
		made.dynamic = compiled
	}
	if !seesPopulationOf(p.call, row) {
		return forbidden()
	}
	if old == nil {
		made.id, _ = data.ParseID(row.ID)
		e.groups = append(e.groups, made)
	} else {
		k, _ := p.rows.Place(old.ID)
		*e.groups[k] = *made
	}
	e.restructure()
	return nil
}

// removeGroup ends the memberships of a group.
func removeGroup(p *place, row *resource.Row) (*resource.Row, error) {
	k, _ := p.rows.Place(row.ID)
	p.call.environment.groups[k].deleted = true
	p.call.environment.restructure()
	return nil, nil
}

// restructure notes a change that moves seeded users between results.
func (e *environment) restructure() {
	e.structure++
	e.writes++
}

// groupsOf are the ids of the groups that a group is nested in, for filters:
// all, or those it is nested in directly or indirectly.
func groupsOf(c *call, row *resource.Row, kind string) (out []string) {
	g, _ := c.environment.groupByID(row.ID)
	for _, m := range c.environment.parents(g) {
		if kind == "" || m.kind.String() == kind {
			out = append(out, c.environment.groups[m.group].id.String())
		}
	}
	return out
}

// checkSum is a number that differs between groups.
func checkSum(_ *Server, _ *call, row *resource.Row) any {
	name, _ := row.Members["name"].(string)
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(row.ID+name)))+10_000_000_000, 10)
}

func directMembers(_ *Server, c *call, row *resource.Row) any {
	g, _ := c.environment.groupByID(row.ID)
	users, groups := c.environment.shown(c.now).members(g)
	return map[string]int{"users": users, "groups": groups}
}

func allMembers(_ *Server, c *call, row *resource.Row) any {
	e := c.environment
	g, _ := e.groupByID(row.ID)
	below := e.nesting().descendants[g]
	found := e.find(query{
		key:   `memberOfGroups[id eq "` + row.ID + `"]`,
		match: func(u *subject) bool { return e.memberOf(u, g, below) != outside },
	}, c.now)
	return map[string]int{"users": found.count(), "groups": len(below)}
}
