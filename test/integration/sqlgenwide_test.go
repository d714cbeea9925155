//go:build duckdb_arrow

package integration

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Shapes on which engines and planners slip: rows that are the first ones
// before a join, aggregates with conditions, sets of groups, parts that occur
// twice, and windows.

// topBelow joins or tests the first rows of a table with another one.
func (g *sqlgen) topBelow() (string, bool) {
	e, schema := edges[g.r.IntN(9)], g.schema()
	a, b := g.use("a", e.left, g.schemaOf(e.left, schema)), g.use("b", e.right, g.schemaOf(e.right, schema))
	left, right := e.leftColumn, e.rightColumn
	if g.chance(40) {
		b, left = g.use("b", e.left, a.schema), pick(g.r, "EnvironmentId", left) // a table with itself
		right = left
		if b.table.Column(left) == nil {
			left, right = e.leftColumn, e.leftColumn
		}
	}
	top := fmt.Sprintf("(SELECT * FROM %s%s%s LIMIT %d)", a.from(), g.where(a), g.order(a), pick(g.r, 1, 3, 17, 60, 137))
	if g.chance(25) {
		top = strings.TrimSuffix(top, ")") + fmt.Sprintf(" OFFSET %d)", pick(g.r, 1, 5, 40))
	}
	x := use{alias: "x", schema: a.schema, table: a.table}
	inner := "SELECT " + b.column(right) + " FROM " + b.from() + " WHERE " + g.condition(b, 1)
	on := x.column(left) + " = " + b.column(right)
	switch g.r.IntN(6) {
	case 0:
		return "SELECT count(*) FROM " + top + " x WHERE " + x.column(left) + " IN (" + inner + ")", true
	case 1:
		return "SELECT " + g.columns(x) + " FROM " + top + " x WHERE " + x.column(left) + pick(g.r, " IN (", " NOT IN (") + inner + ")", false
	case 2:
		return "SELECT " + g.columns(x) + " FROM " + top + " x WHERE " + pick(g.r, "", "NOT ") + "EXISTS (SELECT 1 FROM " + b.from() + " WHERE " + on + " AND " + g.condition(b, 1) + ")", false
	case 3:
		return "SELECT count(*), count(DISTINCT " + x.column(left) + ") FROM " + top + " x" + pick(g.r, " JOIN ", " LEFT JOIN ") + b.from() + " ON " + on + " WHERE " + g.condition(b, 1), true
	case 4:
		return "SELECT " + x.keys() + " FROM " + b.from() + " JOIN " + top + " x ON " + on + " WHERE " + g.condition(b, 0), false
	default:
		return "SELECT " + x.keys() + " FROM " + top + " x" + pick(g.r, " SEMI JOIN ", " ANTI JOIN ") + b.from() + " ON " + on, false
	}
}

// filtered aggregates under conditions of their own.
func (g *sqlgen) filtered() (string, bool) {
	u := g.any("a", g.schema())
	c := u.column(g.plainCol(u).Name)
	one := func() string {
		f := " FILTER (WHERE " + g.condition(u, 1) + ")"
		switch g.r.IntN(7) {
		case 0, 1:
			return "count(*)" + f
		case 2:
			return "count(" + c + ")" + f
		case 3:
			return "count(DISTINCT " + c + ")" + pick(g.r, "", f)
		case 4:
			return "min(" + c + ")" + f + ", max(" + c + ")"
		case 5:
			return "string_agg(CAST(" + c + " AS VARCHAR), '|' ORDER BY " + c + ", " + u.keys() + ")" + pick(g.r, "", f)
		default:
			return "bool_or(" + c + " IS NULL)" + f + ", sum(CASE WHEN " + g.condition(u, 0) + " THEN 1 ELSE 0 END)"
		}
	}
	what := one()
	if g.chance(40) {
		what += ", " + one()
	}
	if g.chance(60) {
		return "SELECT " + what + " FROM " + u.from() + g.where(u), true
	}
	by := u.column(g.plainCol(u).Name)
	return "SELECT " + by + ", " + what + " FROM " + u.from() + g.where(u) + " GROUP BY 1", false
}

// rolled groups by several sets, with a condition above them.
func (g *sqlgen) rolled() (string, bool) {
	u := g.any("a", g.schema())
	x, y := g.plainCol(u).Name, g.plainCol(u).Name
	sets := pick(g.r, "ROLLUP (%s)", "GROUPING SETS ((%s), ())", "ROLLUP (%s, %s)", "CUBE (%s, %s)", "GROUPING SETS ((%s), (%s), ())")
	q := "SELECT " + u.column(x) + " AS k, count(*) AS n FROM " + u.from() + g.where(u) + " GROUP BY "
	if strings.Count(sets, "%s") == 1 {
		q += fmt.Sprintf(sets, u.column(x))
	} else {
		q += fmt.Sprintf(sets, u.column(x), u.column(y))
	}
	return "SELECT * FROM (" + q + ") t" + pick(g.r, "", " WHERE k IS NULL", " WHERE n > 1", " WHERE k IS NOT NULL OR n > 3", " WHERE coalesce(n, 0) < 50"), false
}

// shared has the same part twice, under different conditions.
func (g *sqlgen) shared() (string, bool) {
	a, b, on := g.pair("a", "b")
	x, y := a.column(g.plainCol(a).Name), b.column(g.plainCol(b).Name)
	side := func() string {
		return "SELECT CAST(" + x + " AS VARCHAR) AS x, CAST(" + y + " AS VARCHAR) AS y FROM " + a.from() + " JOIN " + b.from() + " ON " + on + g.joinedWhere(a, b)
	}
	sql := side() + pick(g.r, " UNION ALL ", " UNION ALL ", " UNION ", " EXCEPT ALL ") + side()
	if g.chance(50) {
		return "SELECT count(*), count(x), count(DISTINCT y) FROM (" + sql + ") t", true
	}
	return "WITH t AS (" + sql + ") SELECT l.x, count(*) FROM t l" + pick(g.r, "", " WHERE EXISTS (SELECT 1 FROM t r WHERE r.y = l.x)", " WHERE l.y = (SELECT max(y) FROM t)") + " GROUP BY 1", false
}

// framed computes windows over partitions, some of them repeated, and filters
// by what they give.
func (g *sqlgen) framed() (string, bool) {
	u := g.any("a", g.schema())
	p, c := g.plainCol(u), g.plainCol(u)
	by, v := u.column(p.Name), u.column(c.Name)
	total := " ORDER BY " + v + pick(g.r, "", " DESC", " NULLS FIRST") + ", " + u.keys()
	windows := []string{
		"row_number() OVER (PARTITION BY " + by + total + ")",
		"row_number() OVER (" + strings.TrimPrefix(total, " ") + ")",
		"rank() OVER (PARTITION BY " + by + " ORDER BY " + v + ")",
		"count(*) OVER (PARTITION BY " + by + ")",
		"count(*) OVER (PARTITION BY " + by + ", " + by + ")",
		"count(" + v + ") OVER (PARTITION BY " + by + total + " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
		"max(" + v + ") OVER (PARTITION BY " + by + ", " + v + ")",
		"lag(" + v + ") OVER (PARTITION BY " + by + total + ")",
		"first_value(" + v + ") OVER (PARTITION BY " + by + total + ")",
	}
	w := pick(g.r, windows...)
	q := "SELECT " + u.keys() + ", " + by + " AS p, " + w + " AS w, " + pick(g.r, windows...) + " AS w2 FROM " + u.from() + g.where(u)
	x := use{alias: "n", schema: u.schema, table: u.table}
	switch g.r.IntN(4) {
	case 0:
		return q, false
	case 1:
		return q + " QUALIFY " + w + " IS NOT NULL", false
	case 2:
		return "SELECT * FROM (" + q + ") t WHERE w IS DISTINCT FROM w2", false
	default:
		rank := "row_number() OVER (PARTITION BY " + by + total + ")"
		return "SELECT " + g.columns(x) + " FROM (SELECT a.*, " + rank + " AS rank FROM " + u.from() + ") n WHERE rank <= 2 AND " + g.condition(x, 1), false
	}
}

// lateral takes the first partner of each row.
func (g *sqlgen) lateral() (string, bool) {
	a, b, on := g.pair("a", "b")
	inner := "(SELECT " + b.column(g.plainCol(b).Name) + " AS v, " + b.column(b.table.Columns[b.table.Key()[0]].Name) + " AS k FROM " + b.from() +
		" WHERE " + on + " AND " + g.condition(b, 0) + g.order(b) + fmt.Sprintf(" LIMIT %d)", 1+g.r.IntN(3))
	return "SELECT " + a.keys() + ", l.v, l.k FROM " + a.from() + pick(g.r, " JOIN", " LEFT JOIN") + " LATERAL " + inner + " l ON true" + g.where(a), false
}

// paged skips rows in a total order, over a join or a group.
func (g *sqlgen) paged() (string, bool) {
	a, b, on := g.pair("a", "b")
	cut := fmt.Sprintf(pick(g.r, " LIMIT %d OFFSET %d", " OFFSET %[2]d ROWS FETCH NEXT %[1]d ROWS ONLY"), pick(g.r, 1, 10, 100), pick(g.r, 0, 1, 25, 300))
	if g.chance(50) {
		var c *catalog.Column
		for c = g.col(a); c.Type == catalog.StringList || c.Type == catalog.JSON; c = g.col(a) {
		}
		return "SELECT " + a.column(c.Name) + " AS k, count(*) FROM " + a.from() + g.where(a) + " GROUP BY 1 ORDER BY 1 NULLS FIRST" + cut, true
	}
	return "SELECT " + a.keys() + ", " + b.keys() + " FROM " + a.from() + " JOIN " + b.from() + " ON " + on + g.joinedWhere(a, b) + " ORDER BY ALL" + cut, true
}
