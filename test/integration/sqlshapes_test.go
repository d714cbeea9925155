//go:build duckdb_arrow

package integration

import (
	"fmt"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// generated is a random query. ordered says that its rows have one right order.
type generated struct {
	sql        string
	parameters []testkit.Parameter
	// literal is the statement without parameters.
	literal string
	ordered bool
}

func (g *sqlgen) query() generated {
	g.parameters = nil
	shapes := []func() (string, bool){
		g.single, g.single, g.single, g.single, g.sorted, g.sorted, g.grouped, g.grouped, g.counted, g.counted,
		g.joined, g.joined, g.joined, g.joined, g.related, g.related, g.related, g.combined, g.named, g.self, g.scalar, g.nested, g.windowed, g.chained,
	}
	if g.wide {
		shapes = append(shapes, g.topBelow, g.topBelow, g.topBelow, g.filtered, g.filtered, g.rolled, g.shared, g.framed, g.framed, g.lateral, g.paged)
		shapes = append(shapes, g.oddly, g.oddly, g.oddly, g.oddly, g.within, g.sets, g.compared, g.compared)
	}
	if g.lists {
		shapes = append(shapes, g.member)
	}
	sql, ordered := shapes[g.r.IntN(len(shapes))]()
	q := generated{ordered: ordered}
	q.sql, q.literal, q.parameters = g.resolve(sql)
	return q
}

func (g *sqlgen) single() (string, bool) {
	u := g.any("a", g.schema())
	distinct := pick(g.r, "", "", "", "DISTINCT ")
	return "SELECT " + distinct + g.columns(u) + " FROM " + u.from() + g.where(u), false
}

// order sorts by a column and then by the key, so that there is one order.
func (g *sqlgen) order(u use) string {
	c := g.plainCol(u)
	return " ORDER BY " + u.column(c.Name) + pick(g.r, "", " DESC", " NULLS FIRST", " DESC NULLS LAST") + ", " + u.keys()
}

func (g *sqlgen) limit() string {
	return fmt.Sprintf(pick(g.r, " LIMIT %d", " LIMIT %d", " LIMIT %d OFFSET 3", " LIMIT %d OFFSET 0"), pick(g.r, 0, 1, 2, 5, 20, 150))
}

func (g *sqlgen) sorted() (string, bool) {
	u := g.any("a", g.schema())
	q := "SELECT " + g.columns(u) + " FROM " + u.from() + g.where(u) + g.order(u)
	if g.chance(70) {
		q += g.limit()
	}
	return q, true
}

func (g *sqlgen) grouped() (string, bool) {
	u := g.any("a", g.schema())
	by, c := g.plainCol(u), g.plainCol(u)
	q := fmt.Sprintf("SELECT %[1]s AS k, count(*) AS n, count(%[2]s) AS c, min(%[2]s) AS lo, max(%[2]s) AS hi, count(DISTINCT %[2]s) AS d FROM %[3]s%[4]s GROUP BY 1",
		u.column(by.Name), u.column(c.Name), u.from(), g.where(u))
	if g.chance(50) {
		q += pick(g.r, " HAVING count(*) > 1", " HAVING min("+u.column(c.Name)+") IS NOT NULL", " HAVING count(*) FILTER (WHERE "+g.condition(u, 0)+") > 0")
	}
	if g.chance(40) {
		return q + " ORDER BY 2 DESC, 1", true
	}
	return q, false
}

func (g *sqlgen) counted() (string, bool) {
	u := g.any("a", g.schema())
	c := u.column(g.plainCol(u).Name)
	what := pick(g.r, "count(*)", "count(*)", "count(*) AS n", "count("+c+")", "count(DISTINCT "+c+")", "max("+c+")", "count(*) FILTER (WHERE "+g.condition(u, 0)+"), count(*)")
	return "SELECT " + what + " FROM " + u.from() + g.where(u), true
}

// edge is a pair of columns that refer to each other, or have like values.
type edge struct{ left, leftColumn, right, rightColumn string }

var edges = []edge{
	{"Users", "PopulationId", "Populations", "Id"},
	{"Users", "PopulationId", "Populations", "Id"},
	{"Users", "PopulationId", "Populations", "Id"},
	{"Groups", "PopulationId", "Populations", "Id"},
	{"Groups", "PopulationId", "Populations", "Id"},
	{"Users", "EnvironmentId", "Environments", "Id"},
	{"Populations", "EnvironmentId", "Environments", "Id"},
	{"Groups", "PopulationId", "Users", "PopulationId"},
	{"UserGroupAssociations", "UserId", "Users", "Id"},
	{"UserGroupAssociations", "GroupId", "Groups", "Id"},
	{"UserGroupAssociations", "GroupName", "Groups", "Name"},
	{"Users", "EmployeeType", "Users", "EmployeeType"},
	{"Users", "LastName", "Users", "FirstName"},
	{"Users", "Username", "Users", "Username"},
	{"Users", "Email", "Users", "Username"},
	{"Populations", "Name", "Groups", "Name"},
}

// pair gives two uses with the condition that joins them.
func (g *sqlgen) pair(a, b string) (left, right use, on string) {
	e := edges[g.r.IntN(len(edges))]
	if g.chance(50) {
		e.left, e.leftColumn, e.right, e.rightColumn = e.right, e.rightColumn, e.left, e.leftColumn
	}
	schema := g.schema()
	left, right = g.use(a, e.left, schema), g.use(b, e.right, schema)
	if g.chance(8) {
		right.schema = g.schema()
	}
	if e.left == "Environments" {
		left.schema = "Information"
	}
	if e.right == "Environments" {
		right.schema = "Information"
	}
	if right.column("") != left.column("") && g.chance(20) {
		return left, right, right.column(e.rightColumn) + " = " + left.column(e.leftColumn)
	}
	return left, right, left.column(e.leftColumn) + " = " + right.column(e.rightColumn)
}

// joinedWhere is a condition over one of two uses, or both.
func (g *sqlgen) joinedWhere(a, b use) string {
	switch g.r.IntN(6) {
	case 0:
		return ""
	case 1, 2:
		return " WHERE " + g.condition(a, 1)
	case 3:
		return " WHERE " + g.condition(b, 1)
	case 4:
		return " WHERE " + g.condition(a, 0) + " OR " + g.condition(b, 0)
	default:
		return " WHERE " + g.condition(a, 1) + " AND " + g.condition(b, 1)
	}
}

func (g *sqlgen) joined() (string, bool) {
	a, b, on := g.pair("a", "b")
	if g.chance(25) {
		on += " AND " + g.condition(pick(g.r, a, b), 0)
	}
	kind := pick(g.r, " JOIN ", " JOIN ", " JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN ", " SEMI JOIN ", " ANTI JOIN ")
	one := kind == " SEMI JOIN " || kind == " ANTI JOIN "
	from := " FROM " + a.from() + kind + b.from() + " ON " + on
	where := g.joinedWhere(a, b)
	if one {
		where = g.where(a)
	}
	if one {
		return "SELECT " + g.columns(a) + from + where, false
	}
	switch g.r.IntN(4) {
	case 0:
		return "SELECT count(*)" + from + where, true
	case 1:
		k := b.column(g.plainCol(b).Name)
		return "SELECT " + k + ", count(*), max(" + a.column(g.plainCol(a).Name) + ")" + from + where + " GROUP BY 1", false
	case 2:
		return "SELECT " + g.columns(a) + from + where + g.order(a) + ", " + b.keys() + g.limit(), true
	default:
		return "SELECT " + a.column(g.col(a).Name) + " AS x, " + b.column(g.col(b).Name) + " AS y" + from + where, false
	}
}

// chained joins three tables.
func (g *sqlgen) chained() (string, bool) {
	schema := g.schema()
	u, p, o := g.use("u", "Users", schema), g.use("p", "Populations", schema), g.use("o", "Groups", schema)
	kind := func() string { return pick(g.r, " JOIN ", " JOIN ", " LEFT JOIN ") }
	from := " FROM " + p.from() + kind() + u.from() + ` ON u."PopulationId" = p."Id"` + kind() + o.from() + ` ON o."PopulationId" = p."Id"`
	return "SELECT p.\"Name\", count(*), count(DISTINCT u.\"Id\"), min(o.\"Name\")" + from + " WHERE " + g.condition(pick(g.r, p, u, o), 1) + " GROUP BY 1", false
}

// related keeps rows by what another table holds.
func (g *sqlgen) related() (string, bool) {
	a, b, on := g.pair("a", "b")
	inner := g.condition(b, 1)
	var test string
	switch g.r.IntN(4) {
	case 0:
		test = pick(g.r, "", "NOT ") + "EXISTS (SELECT 1 FROM " + b.from() + " WHERE " + on + " AND " + inner + ")"
	case 1:
		l, r := a.keys(), b.keys()
		if a.table.Name == "UserGroupAssociations" {
			l = a.column("UserId")
		}
		if b.table.Name == "UserGroupAssociations" {
			r = b.column("UserId")
		}
		test = l + pick(g.r, " IN ", " NOT IN ") + "(SELECT " + r + " FROM " + b.from() + " WHERE " + inner + ")"
	default:
		e := edges[g.r.IntN(9)]
		a, b = g.use("a", e.left, a.schema), g.use("b", e.right, b.schema)
		a.schema, b.schema = g.schemaOf(e.left, a.schema), g.schemaOf(e.right, a.schema)
		l, r := a.column(e.leftColumn), b.column(e.rightColumn)
		if g.chance(50) {
			a, b, l, r = b, a, r, l
		}
		test = l + pick(g.r, " IN ", " IN ", " NOT IN ", " = ANY ") + "(SELECT " + r + " FROM " + b.from() + " WHERE " + g.condition(b, 1) + ")"
	}
	if g.chance(40) {
		test += pick(g.r, " AND ", " OR ") + g.condition(a, 1)
	}
	return "SELECT " + g.columns(a) + " FROM " + a.from() + " WHERE " + test, false
}

// schemaOf puts a table into a schema that has it.
func (g *sqlgen) schemaOf(table, schema string) string {
	switch {
	case g.d.tables[table].Schema.Name == "Information":
		return "Information"
	case schema == "Information":
		return g.schema()
	default:
		return schema
	}
}

func (g *sqlgen) combined() (string, bool) {
	a, b := g.any("a", g.schema()), g.any("b", g.schema())
	x, y := g.plainCol(a), g.plainCol(b)
	side := func(u use, c *catalog.Column) string {
		return "SELECT CAST(" + u.column(c.Name) + " AS VARCHAR) AS v FROM " + u.from() + g.where(u)
	}
	return side(a, x) + pick(g.r, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") + side(b, y), false
}

// named reads a common table expression, once or twice.
func (g *sqlgen) named() (string, bool) {
	u := g.any("a", g.schema())
	c, k := g.plainCol(u), g.plainCol(u)
	with := fmt.Sprintf("WITH t AS %s(SELECT %s AS x, %s AS k, %s AS id FROM %s%s) ", pick(g.r, "", "", "MATERIALIZED "),
		u.column(c.Name), u.column(k.Name), u.column(u.table.Columns[u.table.Key()[0]].Name), u.from(), g.where(u))
	return with + pick(g.r,
		"SELECT x, k FROM t WHERE x IS NOT NULL",
		"SELECT k, count(*) FROM t GROUP BY 1",
		"SELECT count(*) FROM t l JOIN t r ON l.x = r.x",
		"SELECT l.id FROM t l WHERE l.x = (SELECT max(x) FROM t)",
	), false
}

// self joins a table with itself under different conditions.
func (g *sqlgen) self() (string, bool) {
	schema, name := g.schema(), pick(g.r, "Users", "Users", "Groups", "Populations")
	a, b := g.use("a", name, schema), g.use("b", name, schema)
	c := g.plainCol(a)
	q := fmt.Sprintf("SELECT %s, %s FROM %s%s%s ON %s = %s", a.keys(), b.column(g.col(b).Name), a.from(), pick(g.r, " JOIN ", " LEFT JOIN "), b.from(), a.column(c.Name), b.column(c.Name))
	if g.chance(60) {
		q += " AND " + a.keys() + " < " + b.keys()
	}
	return q + " WHERE " + g.condition(a, 1) + pick(g.r, "", " AND "+g.condition(b, 0)), false
}

func (g *sqlgen) scalar() (string, bool) {
	a, b, on := g.pair("a", "b")
	what := pick(g.r, "count(*)", "max("+b.column(g.plainCol(b).Name)+")")
	return "SELECT " + a.keys() + ", (SELECT " + what + " FROM " + b.from() + " WHERE " + on + " AND " + g.condition(b, 0) + ") AS s FROM " + a.from() + g.where(a), false
}

// nested limits inside and filters outside.
func (g *sqlgen) nested() (string, bool) {
	u := g.any("a", g.schema())
	c := g.plainCol(u)
	inner := "SELECT * FROM " + u.from() + g.where(u) + g.order(u) + g.limit()
	outer := use{alias: "n", schema: u.schema, table: u.table}
	return "SELECT " + outer.column(c.Name) + " FROM (" + inner + ") n WHERE " + g.condition(outer, 1), false
}

func (g *sqlgen) windowed() (string, bool) {
	u := g.any("a", g.schema())
	c := g.plainCol(u)
	rank := "row_number() OVER (PARTITION BY " + u.column(c.Name) + " ORDER BY " + u.keys() + ")"
	q := "SELECT " + u.keys() + ", " + rank + " AS n FROM " + u.from() + g.where(u)
	if g.chance(60) {
		q += fmt.Sprintf(" QUALIFY %s <= %d", rank, 1+g.r.IntN(3))
	}
	return q, false
}
