//go:build duckdb_arrow

package integration

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// aChange is a change of one row, or of all whose names begin alike, in words that
// SQL, OData and Ping's SDK are told in.
type aChange struct {
	kind  string // INSERT, UPDATE, DELETE, JOIN, LEAVE, NEST, UNNEST
	table string // Users, Groups, Populations or Resources
	name  string // of the row, or of the user or group that joins
	group string // of JOIN, LEAVE, NEST and UNNEST
	alike bool   // all rows whose names begin with name
	set   []setting
}

// setting is what a column becomes: a text, a number, a truth value, a list, JSON, nil,
// or the row of another table that has a name.
type setting struct {
	column string
	to     any
}

// rowNamed refers to a population.
type rowNamed string

// jsonText is a value of a column that holds JSON.
type jsonText string

func (c aChange) String() string {
	return fmt.Sprintf("%s %s %q %s %v", c.kind, c.table, c.name, c.group, c.set)
}

// changegen makes random changes, most of which can be done: it remembers what there
// should be by then.
type changegen struct {
	r           *rand.Rand
	n           int
	users       []string
	groups      []string
	populations []string
	resources   []string
	members     []string // "user in group"
}

// next gives a change.
func (g *changegen) next() aChange {
	g.n++
	switch at := g.r.IntN(115); {
	case at < 22 || len(g.users) < 2:
		return g.newUser()
	case at < 42:
		return aChange{kind: "UPDATE", table: "Users", name: g.user(), set: g.some(g.userValues())}
	case at < 47:
		return aChange{kind: "UPDATE", table: "Users", name: "gen", alike: true, set: g.some(g.userValues())}
	case at < 52:
		return g.gone("Users", &g.users)
	case at < 60 || len(g.groups) == 0:
		return g.made("Groups", &g.groups, setting{"Description", g.text()})
	case at < 68:
		return aChange{kind: "UPDATE", table: "Groups", name: pick(g.r, g.groups...), set: []setting{{"Description", g.maybe()}}}
	case at < 71:
		return g.gone("Groups", &g.groups)
	case at < 76:
		return g.made("Populations", &g.populations, setting{"Description", g.maybe()})
	case at < 80 && len(g.populations) > 0:
		return aChange{kind: "UPDATE", table: "Populations", name: pick(g.r, g.populations...), set: []setting{{"Description", g.maybe()}}}
	case at < 83 && len(g.populations) > 0: // refused while it has users
		return aChange{kind: "DELETE", table: "Populations", name: pick(g.r, g.populations...)}
	case at < 94 || len(g.members) == 0: // refused where it is a member already
		c := aChange{kind: "JOIN", table: "Users", name: g.user(), group: pick(g.r, g.groups...)}
		g.members = append(g.members, c.name+" in "+c.group)
		return c
	case at >= 110 || at >= 100 && len(g.resources) == 0:
		return g.made("Resources", &g.resources, g.some(g.resourceValues())...)
	case at >= 106:
		return aChange{kind: "UPDATE", table: "Resources", name: pick(g.r, g.resources...), set: g.some(g.resourceValues())}
	case at >= 105:
		return g.gone("Resources", &g.resources)
	case at >= 100: // refused where it would be a circle, or is or isn't there already
		return aChange{kind: pick(g.r, "NEST", "NEST", "UNNEST"), table: "Groups", name: pick(g.r, g.groups...), group: pick(g.r, g.groups...)}
	default:
		return aChange{kind: "LEAVE", table: "Users", name: g.user(), group: pick(g.r, g.groups...)}
	}
}

// user is one of those that were made and, rarely, one that never was.
func (g *changegen) user() string {
	if g.r.IntN(20) == 0 {
		return "nobody"
	}
	return pick(g.r, g.users...)
}

func (g *changegen) newUser() aChange {
	if len(g.users) > 0 && g.r.IntN(12) == 0 { // the name is taken
		return aChange{kind: "INSERT", table: "Users", name: pick(g.r, g.users...), set: []setting{{"Email", "taken@example.org"}}}
	}
	c := g.made("Users", &g.users, setting{"Email", fmt.Sprintf("gen%d@example.org", g.n)})
	for _, v := range g.some(g.userValues()) {
		if v.to != nil && v.column != "AccountStatus" && v.column != "Email" {
			c.set = append(c.set, v)
		}
	}
	return c
}

func (g *changegen) userValues() []setting {
	out := []setting{
		{"Title", g.maybe()},
		{"Nickname", g.maybe()},
		{"EmployeeType", g.maybe()},
		{"FirstName", g.text()},
		{"LastName", g.text()},
		{"MFAEnabled", g.r.IntN(2) == 0},
		{"skills", g.list()},
		{"preferences", g.json()},
		{"clearance", pick[any](g.r, "public", "Secret", nil)},
		{"Email", fmt.Sprintf("changed%d@example.org", g.n)},
		{"IsEnabled", g.r.IntN(2) == 0},
		{"AccountStatus", pick(g.r, "LOCKED", "OK")},
	}
	if len(g.populations) > 0 {
		out = append(out, setting{"PopulationId", rowNamed(pick(g.r, g.populations...))})
	}
	return out
}

func (g *changegen) resourceValues() []setting {
	return []setting{
		{"Description", g.maybe()},
		{"Audience", g.maybe()},
		{"TokenDuration", pick[any](g.r, 300, 2_592_000, nil)},
		{"EnableTokenPermissionClaims", g.r.IntN(2) == 0},
	}
}

// list is one of some texts, or of none.
func (g *changegen) list() any {
	out := []string{}
	for range g.r.IntN(3) {
		out = append(out, g.text())
	}
	return out
}

// json is a text with a JSON object, or null.
func (g *changegen) json() any {
	return pick[any](g.r, nil, jsonText(`{}`), jsonText(fmt.Sprintf(`{"n":%d,"big":12345678901234567,"share":0.25,"text":"O'Neil \u00e9 \"x\"","list":[1,null,{"deep":true}]}`, g.n)))
}

// some takes one value or several.
func (g *changegen) some(from []setting) []setting {
	g.r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return from[:1+g.r.IntN(3)]
}

func (g *changegen) made(table string, names *[]string, set ...setting) aChange {
	name := fmt.Sprintf("gen%d", g.n)
	*names = append(*names, name)
	return aChange{kind: "INSERT", table: table, name: name, set: slices.DeleteFunc(set, func(v setting) bool { return v.to == nil })}
}

func (g *changegen) gone(table string, names *[]string) aChange {
	at := g.r.IntN(len(*names))
	name := (*names)[at]
	*names = slices.Delete(*names, at, at+1)
	return aChange{kind: "DELETE", table: table, name: name}
}

var awkward = []string{"plain", "O'Neil", `a "quoted" word`, "Zürich 😀", "100% of it; -- no comment", "line\nbreak", "\\ and /", "x"}

func (g *changegen) text() string { return pick(g.r, awkward...) + fmt.Sprint(g.n) }

// maybe is a text or null.
func (g *changegen) maybe() any {
	if g.r.IntN(3) == 0 {
		return nil
	}
	return g.text()
}
