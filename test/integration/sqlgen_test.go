//go:build duckdb_arrow

package integration

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// sqlgen makes random queries over the tables of several environments, with
// values from their real rows.
type sqlgen struct {
	r *rand.Rand
	d *directory
	// parameters are those of the query in the making; its text has their
	// numbers between marks until resolve.
	parameters []testkit.Parameter
	// wide adds the other tables and the shapes that an engine may get wrong.
	wide bool
	// lists has parameters that are lists, too.
	lists bool
}

// directory is what the generator knows: tables and some of their values.
type directory struct {
	schemas []string // as written in a query
	tables  map[string]*catalog.Table
	values  map[string][]string // by schema, table and column
	// own are the tables of each schema as written, whose columns may differ;
	// others names the tables that have no hot columns.
	own    map[string]*catalog.Table
	others []string
}

// use is one reading of a table in a query.
type use struct {
	alias, schema string
	table         *catalog.Table
}

func (u use) column(name string) string { return u.alias + "." + quoted(name) }

func (u use) from() string {
	if u.schema == "" {
		return u.table.Name + " " + u.alias
	}
	return u.schema + "." + u.table.Name + " " + u.alias
}

// keys are the columns that tell the rows of the use apart.
func (u use) keys() string {
	var out []string
	for _, k := range u.table.Key() {
		out = append(out, u.column(u.table.Columns[k].Name))
	}
	return strings.Join(out, ", ")
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (g *sqlgen) chance(percent int) bool { return g.r.IntN(100) < percent }

// use reads a table of a random schema; memberships are rare, since reading
// them whole takes many calls.
func (g *sqlgen) use(alias, table, schema string) use {
	if own := g.d.own[schema+"|"+table]; own != nil {
		return use{alias: alias, schema: schema, table: own}
	}
	return use{alias: alias, schema: schema, table: g.d.tables[table]}
}

func (g *sqlgen) schema() string { return pick(g.r, g.d.schemas...) }

func (g *sqlgen) table() string {
	if g.wide && g.chance(12) {
		return pick(g.r, g.d.others...)
	}
	switch n := g.r.IntN(100); {
	case n < 60:
		return "Users"
	case n < 76:
		return "Groups"
	case n < 90:
		return "Populations"
	case n < 93:
		return "UserGroupAssociations"
	default:
		return "Environments"
	}
}

func (g *sqlgen) any(alias, schema string) use {
	name := g.table()
	return g.use(alias, name, g.schemaOf(name, schema))
}

// hot columns are those that can be pushed or that are odd.
var hot = map[string][]string{
	"Users": {
		"Id", "Username", "FirstName", "LastName", "Email", "IsEnabled", "PopulationId", "ExternalId", "AccountId", "Nickname",
		"EmployeeType", "Title", "Locality", "CountryCode", "EnvironmentId", "CreatedAt", "LastSignOnAt", "SecondsUntilUnlock",
	},
	"Groups":                {"Id", "Name", "PopulationId", "ExternalId", "DirectUsersCount", "EnvironmentId", "Description"},
	"Populations":           {"Id", "Name", "UserCount", "IsDefault", "EnvironmentId", "Description"},
	"UserGroupAssociations": {"UserId", "GroupId", "Type", "GroupName", "EnvironmentId"},
	"Environments":          {"Id", "Name", "Type", "OrganizationId", "LicenseId", "Status", "CreatedAt"},
}

func (g *sqlgen) col(u use) *catalog.Column {
	if len(hot[u.table.Name]) > 0 && g.chance(75) {
		if c := u.table.Column(pick(g.r, hot[u.table.Name]...)); c != nil {
			return c
		}
	}
	return &u.table.Columns[g.r.IntN(len(u.table.Columns))]
}

func (g *sqlgen) plainCol(u use) *catalog.Column {
	for {
		if c := g.col(u); c.Type != catalog.StringList && c.Type != catalog.JSON {
			return c
		}
	}
}

// raw is a value from the data, or near one.
func (g *sqlgen) raw(u use, c *catalog.Column) string {
	known := g.d.values[u.schema+"|"+u.table.Name+"|"+c.Name]
	if len(known) == 0 || g.chance(6) {
		return pick(g.r, "", "x", "O'Neil", "a%b", "_", "😀", "Contractor", "nobody \"here\"", `back\slash`)
	}
	v := pick(g.r, known...)
	switch n := g.r.IntN(20); n {
	case 0:
		return strings.ToUpper(v)
	case 1:
		return strings.ToLower(v)
	case 2:
		return v + " "
	default:
		return v
	}
}

// value is a literal or a parameter that fits the column.
func (g *sqlgen) value(u use, c *catalog.Column) string {
	switch c.Type {
	case catalog.GUID:
		known := g.d.values[u.schema+"|"+u.table.Name+"|"+c.Name]
		v := "00000000-0000-4000-8000-000000000000"
		// PingOne refuses to show an organization that doesn't exist.
		organization := u.table.Name == "Organizations" || c.References != nil && c.References.Table == "Organizations"
		if len(known) > 0 && (organization || g.chance(93)) {
			v = pick(g.r, known...)
		}
		if g.chance(8) {
			v = strings.ToUpper(v)
		}
		return g.literal(v)
	case catalog.Bool:
		return pick(g.r, "TRUE", "FALSE", "true")
	case catalog.Int32, catalog.Int64:
		if g.chance(20) {
			n := int64(g.r.IntN(60))
			return g.parameter(predicate.IntValue(n))
		}
		return pick(g.r, "0", "1", "5", "12", "-1", "2.5", "100")
	case catalog.Timestamp:
		known := g.d.values[u.schema+"|"+u.table.Name+"|"+c.Name]
		if len(known) == 0 || g.chance(20) {
			return pick(g.r, "TIMESTAMPTZ '2024-01-01 00:00:00+00'", "'2023-06-15T12:00:00.0005Z'", "DATE '2022-02-28'")
		}
		return g.literal(pick(g.r, known...))
	default:
		return g.literal(g.raw(u, c))
	}
}

func (g *sqlgen) literal(s string) string {
	if g.chance(15) {
		return g.parameter(predicate.StringValue(s))
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func (g *sqlgen) parameter(v predicate.Value) string {
	return g.put(testkit.Parameter{Value: v})
}

// resolve writes a ? for each parameter that the text still has, and lists
// them in the text's order; literal is the text with the values in place.
func (g *sqlgen) resolve(text string) (sql, literal string, used []testkit.Parameter) {
	sql, _, used = g.settle(side(text, 0))
	_, literal, _ = g.settle(side(text, 1))
	return sql, literal, used
}

// apart is a condition that the oracle is asked in other words.
func apart(gateway, oracle string) string { return "\x03" + gateway + "\x04" + oracle + "\x05" }

// side takes the words for the gateway, or those for the oracle.
func side(text string, which int) string {
	for {
		end := strings.IndexByte(text, '\x05')
		if end < 0 {
			return text
		}
		begin := strings.LastIndexByte(text[:end], '\x03')
		text = text[:begin] + strings.Split(text[begin+1:end], "\x04")[which] + text[end+1:]
	}
}

func (g *sqlgen) settle(text string) (sql, literally string, used []testkit.Parameter) {
	parts := strings.Split(text, "\x01")
	literally = parts[0]
	for i, part := range parts[1:] {
		number, rest, _ := strings.Cut(part, "\x02")
		at, err := strconv.Atoi(number)
		if err != nil {
			panic(err) // the marks stand in no other text
		}
		used = append(used, g.parameters[at])
		parts[i+1] = "?" + rest
		literally += inSQL(g.parameters[at]) + rest
	}
	return strings.Join(parts, ""), literally, used
}

// condition is a random one over one use.
func (g *sqlgen) condition(u use, depth int) string {
	if depth > 0 {
		switch g.r.IntN(8) {
		case 0, 1, 2:
			return "(" + g.condition(u, depth-1) + " AND " + g.condition(u, depth-1) + ")"
		case 3, 4:
			return "(" + g.condition(u, depth-1) + " OR " + g.condition(u, depth-1) + ")"
		case 5:
			return "NOT (" + g.condition(u, depth-1) + ")"
		}
	}
	c := g.col(u)
	name := u.column(c.Name)
	if g.chance(10) {
		return name + pick(g.r, " IS NULL", " IS NOT NULL")
	}
	switch c.Type {
	case catalog.StringList:
		return pick(g.r, "len("+name+") > 1", "list_contains("+name+", "+g.value(u, c)+")", name+" IS NULL")
	case catalog.JSON:
		return pick(g.r, "("+name+"->>'$.theme') = 'dark'", name+" IS NOT NULL")
	case catalog.Bool:
		return name + pick(g.r, "", "", " = TRUE", " <> TRUE", " = FALSE", " IS TRUE", " IS NOT TRUE", " IS FALSE", " = NULL", " IN (TRUE, FALSE)")
	case catalog.String:
		if g.chance(45) {
			return g.text(u, c, name)
		}
	}
	return g.compare(u, c, name)
}

func (g *sqlgen) compare(u use, c *catalog.Column, name string) string {
	switch g.r.IntN(12) {
	case 0, 1, 2:
		list := make([]string, 1+g.r.IntN(5))
		for i := range list {
			list[i] = g.value(u, c)
		}
		return name + pick(g.r, " IN (", " IN (", " IN (", " NOT IN (") + strings.Join(list, ", ") + ")"
	case 3:
		return name + pick(g.r, " BETWEEN ", " NOT BETWEEN ") + g.value(u, c) + " AND " + g.value(u, c)
	case 4:
		return g.value(u, c) + pick(g.r, " = ", " <> ", " > ") + name
	case 5:
		return name + pick(g.r, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM ") + g.value(u, c)
	default:
		return name + pick(g.r, " = ", " = ", " = ", " = ", " <> ", " < ", " <= ", " > ", " >= ") + g.value(u, c)
	}
}

// text is a condition on a text that is not a plain comparison.
func (g *sqlgen) text(u use, c *catalog.Column, name string) string {
	v := []rune(g.raw(u, c))
	from := g.r.IntN(len(v) + 1)
	to := from + g.r.IntN(len(v)-from+1)
	head, tail, middle := string(v[:to]), string(v[from:]), string(v[from:to])
	switch g.r.IntN(9) {
	case 0:
		return fmt.Sprintf(pick(g.r, "lower(%s) = %s", "upper(%s) <> %s"), name, g.literal(strings.ToLower(string(v))))
	case 1:
		return fmt.Sprintf(pick(g.r, "starts_with(%s, %s)", "contains(%s, %s)", "suffix(%s, %s)", "prefix(%s, %s)"), name, g.literal(middle))
	case 2:
		return fmt.Sprintf(pick(g.r, "length(%s) > %d", "length(%s) = %d"), name, len(v))
	case 3:
		return fmt.Sprintf(pick(g.r, "coalesce(%s, '') = %s", "%s || '' = %s", "nullif(%s, 'x') = %s"), name, g.literal(string(v)))
	}
	op, escape := pick(g.r, " LIKE ", " LIKE ", " LIKE ", " NOT LIKE ", " ILIKE "), ""
	if g.chance(50) {
		mark := pick(g.r, `\`, "!")
		esc := strings.NewReplacer(mark, mark+mark, "%", mark+"%", "_", mark+"_")
		head, tail, middle = esc.Replace(head), esc.Replace(tail), esc.Replace(middle)
		escape = " ESCAPE '" + mark + "'"
	} else {
		cut := strings.NewReplacer(`\`, "_") // a backslash without ESCAPE is nothing special
		head, tail, middle = cut.Replace(head), cut.Replace(tail), cut.Replace(middle)
	}
	pattern := pick(g.r, head+"%", head+"%", "%"+tail, "%"+middle+"%", head, head+"%"+tail, head+"_%")
	return name + op + g.literal(pattern) + escape
}

func (g *sqlgen) where(u use) string {
	if g.chance(12) {
		return ""
	}
	return " WHERE " + g.condition(u, 2)
}

// columns is a select list.
func (g *sqlgen) columns(u use) string {
	if g.chance(8) {
		return u.alias + ".*"
	}
	var out []string
	for i := range 1 + g.r.IntN(4) {
		c := g.col(u)
		e := u.column(c.Name)
		switch {
		case g.chance(6):
			e = "CASE WHEN " + g.condition(u, 0) + " THEN 'yes' ELSE 'no' END"
		case c.Type == catalog.String && g.chance(8):
			e = pick(g.r, "upper(", "length(", "reverse(") + e + ")"
		}
		out = append(out, fmt.Sprintf("%s AS c%d", e, i))
	}
	return strings.Join(out, ", ")
}
