//go:build duckdb_arrow

package integration

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Conditions on which three-valued logic, time zones, letter case and the kinds of
// parameters show, and shapes that nest.

// odd is a condition that asks for more than a comparison with a constant.
func (g *sqlgen) odd(u use) string {
	c := g.plainCol(u)
	switch {
	case g.chance(40):
		return g.unknown(u, c)
	case c.Type == catalog.Timestamp:
		return g.temporal(u, c)
	case c.Type == catalog.String:
		return g.spelled(u, c)
	}
	return g.given(u, c)
}

// unknown is a condition in which nulls play a part.
func (g *sqlgen) unknown(u use, c *catalog.Column) string {
	d := g.plainCol(u)
	x, y, v, w := u.column(c.Name), u.column(d.Name), func() string { return g.value(u, c) }, func() string { return g.value(u, d) }
	return pick(g.r,
		"("+x+" = NULL) IS NULL",
		x+" IN ("+v()+", NULL)",
		x+" NOT IN ("+v()+", NULL)",
		"NOT ("+x+" IN ("+v()+", NULL) AND "+y+" IS NULL)",
		"("+x+" = "+v()+") IS NOT TRUE",
		"("+x+" <> "+v()+") IS UNKNOWN",
		"("+x+" = "+v()+") IS DISTINCT FROM ("+y+" = "+w()+")",
		"coalesce("+x+" = "+v()+", "+y+" IS NULL)",
		"nullif("+x+", "+v()+") IS NULL",
		rowValues(g.r, x, y, v, w),
		"CASE WHEN "+x+" = "+v()+" THEN NULL WHEN "+y+" IS NULL THEN TRUE ELSE FALSE END",
		"CASE "+x+" WHEN "+v()+" THEN 1 WHEN "+v()+" THEN 2 END = 2",
		"NOT ("+x+" < "+v()+" AND "+y+" > "+w()+")",
		"NOT ("+x+" IS NULL OR "+x+" = "+v()+") OR "+y+" IS NULL",
		"greatest("+x+", "+v()+") = "+x,
		x+" = "+x,
		x+" <> "+x+" OR "+y+" IS NOT NULL",
	)
}

// rowValues compares two columns with rows of values, which for the oracle is written
// member by member, as PostgreSQL means it.
func rowValues(r *rand.Rand, x, y string, v, w func() string) string {
	a, b, c, d := v(), w(), v(), w()
	row, values := "("+x+", "+y+")", pick(r, "("+a+", "+b+")", "ROW("+a+", "+b+")")
	both := "(" + x + " = " + a + " AND " + y + " = " + b + ")"
	among := "(" + both + " OR " + x + " = " + c + " AND " + y + " = " + d + ")"
	order := pick(r, "<", ">")
	return pick(r,
		apart(row+" = "+values, both),
		apart(row+" <> "+values, "NOT "+both),
		apart(row+" IN ("+values+", ("+c+", "+d+"))", among),
		apart(row+" NOT IN ("+values+", ("+c+", "+d+"))", "NOT "+among),
		apart(row+" IS NOT DISTINCT FROM "+values, "("+x+" IS NOT DISTINCT FROM "+a+" AND "+y+" IS NOT DISTINCT FROM "+b+")"),
		apart(row+" BETWEEN "+values+" AND ("+c+", "+d+")", "(("+x+" > "+a+" OR "+x+" = "+a+" AND "+y+" >= "+b+") AND ("+x+" < "+c+" OR "+x+" = "+c+" AND "+y+" <= "+d+"))"),
		apart(row+" IS DISTINCT FROM "+values, "("+x+" IS DISTINCT FROM "+a+" OR "+y+" IS DISTINCT FROM "+b+")"),
		apart(row+" "+order+"= "+values, "CASE WHEN "+x+" = "+a+" THEN "+y+" "+order+"= "+b+" ELSE "+x+" "+order+" "+a+" END"),
	)
}

// temporal is a condition on a time.
func (g *sqlgen) temporal(u use, c *catalog.Column) string {
	x := u.column(c.Name)
	at := "TIMESTAMPTZ '2023-06-15 12:00:00+00'"
	if known := g.d.values[u.schema+"|"+u.table.Name+"|"+c.Name]; len(known) > 0 && g.chance(80) {
		at = "TIMESTAMPTZ '" + pick(g.r, known...) + "'"
	}
	span := "INTERVAL '" + pick(g.r, "1 day", "36 hours", "1 month", "1 year 2 days", "-90 minutes", "0 seconds") + "'"
	zone := "'" + pick(g.r, "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata") + "'"
	part := pick(g.r, "year", "month", "day", "hour", "minute", "dow", "week")
	return pick(g.r,
		x+pick(g.r, " >= ", " < ")+at+pick(g.r, " - ", " + ")+span,
		x+" + "+span+" > "+at,
		x+" - "+at+" > "+span,
		x+" BETWEEN "+at+" - "+span+" AND "+at+" + "+span,
		x+" AT TIME ZONE "+zone+" < "+at+" AT TIME ZONE "+zone,
		"CAST("+x+" AT TIME ZONE "+zone+" AS DATE) = CAST("+at+" AT TIME ZONE "+zone+" AS DATE)",
		"date_trunc('"+part+"', "+x+") = date_trunc('"+part+"', "+at+")",
		"extract("+part+" FROM "+x+") = extract("+part+" FROM "+at+")",
		"CAST("+x+" AS DATE) = CAST("+at+" AS DATE)",
		"CAST("+x+" AS DATE) "+pick(g.r, "<", ">=")+" DATE '2024-02-29'",
		"strftime("+x+", '%Y-%m') = strftime("+at+", '%Y-%m')",
		x+" > '2023-12-31T23:30:00+05:30'",
		x+" IN ("+at+", "+at+" + "+span+")",
		x+" = (SELECT "+pick(g.r, "max", "min")+"("+quoted(c.Name)+") FROM "+u.from()+")",
	)
}

// spelled is a condition on a text in which letter case and signs matter.
func (g *sqlgen) spelled(u use, c *catalog.Column) string {
	x, v := u.column(c.Name), func() string { return g.value(u, c) }
	raw := []rune(g.raw(u, c))
	head := g.literal(string(raw[:g.r.IntN(len(raw)+1)]))
	d := g.plainCol(u)
	return pick(g.r,
		x+" COLLATE NOCASE = "+v(),
		x+" COLLATE NOCASE IN ("+v()+", "+v()+")",
		"lower("+x+") "+pick(g.r, "<", ">=", "=")+" lower("+v()+")",
		x+" BETWEEN "+v()+" AND "+v(),
		x+" "+pick(g.r, "<", ">", "<=")+" upper("+v()+")",
		"strpos("+x+", "+head+") = 1",
		"left("+x+", 3) = left("+v()+", 3)",
		"starts_with("+x+", "+head+") AND "+x+" <> "+v(),
		"NOT "+x+" LIKE "+head+" || '%'",
		x+" LIKE CAST("+u.column(d.Name)+" AS VARCHAR)",
		x+" NOT ILIKE '%' || "+head,
		"trim("+x+") || '' = "+v(),
		"concat_ws('-', "+x+", "+u.column(d.Name)+") > "+v(),
		"regexp_matches("+x+", '^[a-mA-M]')",
		"length("+x+") BETWEEN 3 AND 8 AND "+x+" >= "+v(),
	)
}

// given is a condition whose value is a parameter of its kind.
func (g *sqlgen) given(u use, c *catalog.Column) string {
	x, rest := u.column(c.Name), " OR "+u.column(g.plainCol(u).Name)+" IS NULL"
	if g.chance(15) {
		return x + pick(g.r, " = ", " <> ", " > ") + g.put(testkit.Parameter{Null: true}) + pick(g.r, "", rest)
	}
	switch c.Type {
	case catalog.Bool:
		return x + pick(g.r, " = ", " <> ", " IS DISTINCT FROM ") + g.parameter(predicate.BoolValue(g.chance(50)))
	case catalog.Int32, catalog.Int64:
		return x + pick(g.r, " = ", " < ", " >= ", " <> ") + g.parameter(predicate.FloatValue(pick(g.r, 0, 1, 2.5, 1e6, -0.5)))
	}
	return x + pick(g.r, " = ", " <> ", " > ", " IS NOT DISTINCT FROM ") + g.value(u, c)
}

func (g *sqlgen) put(p testkit.Parameter) string {
	g.parameters = append(g.parameters, p)
	return fmt.Sprintf("\x01%d\x02", len(g.parameters)-1)
}

// oddly selects by such conditions, alone or in a join.
func (g *sqlgen) oddly() (string, bool) {
	if g.chance(60) {
		u := g.any("a", g.schema())
		where := g.odd(u)
		if g.chance(50) {
			where = "(" + where + ")" + pick(g.r, " AND ", " OR ", " AND NOT ") + "(" + pick(g.r, g.odd(u), g.condition(u, 0)) + ")"
		}
		return "SELECT " + g.columns(u) + " FROM " + u.from() + " WHERE " + where, false
	}
	a, b, on := g.pair("a", "b")
	return "SELECT " + a.keys() + ", " + b.keys() + " FROM " + a.from() + pick(g.r, " JOIN ", " LEFT JOIN ", " RIGHT JOIN ") + b.from() + " ON " + on +
		" AND (" + g.odd(pick(g.r, a, b)) + ")" + pick(g.r, "", " WHERE "+g.odd(a)), false
}

// within has a table's common expression within another one, which two read.
func (g *sqlgen) within() (string, bool) {
	a, b, on := g.pair("a", "b")
	x, y := a.column(g.plainCol(a).Name), b.column(g.plainCol(b).Name)
	inner := "WITH y AS " + pick(g.r, "", "MATERIALIZED ", "NOT MATERIALIZED ") + "(SELECT * FROM " + a.from() + g.where(a) + ") SELECT " + x + " AS v, " + y + " AS w FROM y a JOIN " + b.from() + " ON " + on + " WHERE " + g.condition(b, 1)
	return "WITH x AS (" + inner + "), z AS (SELECT v, count(*) AS n FROM x GROUP BY v) " + pick(g.r,
		"SELECT z.v, n, w FROM z JOIN x ON x.v = z.v WHERE n < 40",
		"SELECT n, count(*), min(v) FROM z GROUP BY ALL",
		"SELECT v FROM z WHERE n = (SELECT max(n) FROM z) OR v IS NULL",
		"SELECT w, (SELECT count(*) FROM z WHERE z.v = x.v) FROM x WHERE w IS NOT NULL",
		"SELECT count(*) FROM x WHERE v NOT IN (SELECT v FROM z WHERE n > 1 AND v IS NOT NULL)",
	), false
}

// sets combines queries that are sorted and limited themselves.
func (g *sqlgen) sets() (string, bool) {
	schema, name := g.schema(), pick(g.r, "Users", "Users", "Groups", "Populations")
	u := g.use("a", name, schema)
	c := g.plainCol(u).Name
	side := func() string {
		q := "SELECT " + u.keys() + " AS k, CAST(" + u.column(c) + " AS VARCHAR) AS v FROM " + u.from() + g.where(u)
		if g.chance(50) {
			q = "(" + q + g.order(u) + g.limit() + ")"
		}
		return q
	}
	op := func() string { return pick(g.r, " UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT ") }
	q := side() + op() + side()
	if g.chance(40) {
		q = pick(g.r, "("+q+")", q) + op() + side()
	}
	if g.chance(60) {
		return q + " ORDER BY k, v NULLS FIRST" + pick(g.r, "", g.limit()), true
	}
	return "SELECT count(*), count(v) FROM (" + q + ") t", true
}

// compared takes subqueries as values: of a row's own, beside another column, for
// all and for any.
func (g *sqlgen) compared() (string, bool) {
	a, b, on := g.pair("a", "b")
	y := b.column(g.plainCol(b).Name)
	some := "(SELECT count(*) FROM " + b.from() + " WHERE " + on + " AND (" + g.odd(b) + "))"
	x := a.column(g.plainCol(a).Name)
	switch g.r.IntN(5) {
	case 0:
		return "SELECT " + a.keys() + ", " + some + " + (SELECT count(DISTINCT " + y + ") FROM " + b.from() + " WHERE " + on + ") AS s FROM " + a.from() + g.where(a), false
	case 1:
		return "SELECT " + a.keys() + " FROM " + a.from() + " WHERE " + some + pick(g.r, " > 1", " = 0", " BETWEEN 1 AND 3") + " AND " + g.condition(a, 1), false
	case 2:
		return "SELECT " + a.keys() + ", EXISTS (SELECT 1 FROM " + b.from() + " WHERE " + on + " AND " + g.condition(b, 1) + ") AS e FROM " + a.from() + g.where(a), false
	case 3:
		c := g.plainCol(a)
		o := use{alias: "o", schema: a.schema, table: a.table}
		return "SELECT " + a.keys() + " FROM " + a.from() + " WHERE " + a.column(c.Name) + pick(g.r, " >= ALL ", " = ANY ", " <> ALL ", " < ANY ") +
			"(SELECT " + o.column(c.Name) + " FROM " + o.from() + " WHERE " + g.condition(o, 1) + ")", false
	default:
		return "SELECT " + x + ", max((SELECT count(*) FROM " + b.from() + " WHERE " + on + ")) FROM " + a.from() + g.where(a) + " GROUP BY 1", false
	}
}

// member finds values in a list that is one parameter.
func (g *sqlgen) member() (string, bool) {
	u := g.any("a", g.schema())
	var c *catalog.Column
	for c = g.plainCol(u); c.Type != catalog.String && c.Type != catalog.GUID; c = g.plainCol(u) {
	}
	known := g.d.values[u.schema+"|"+u.table.Name+"|"+c.Name]
	if len(known) == 0 {
		return g.single()
	}
	list := testkit.Parameter{List: []testkit.Parameter{}}
	for range 1 + g.r.IntN(4) {
		v := predicate.StringValue(pick(g.r, known...))
		list.List = append(list.List, testkit.Parameter{Value: v})
	}
	return "SELECT " + g.columns(u) + " FROM " + u.from() + " WHERE " + u.column(c.Name) + pick(g.r, " IN ", " NOT IN ") + g.put(list) + pick(g.r, "", " OR "+g.condition(u, 0)), false
}

// inSQL is a parameter in a statement's text.
func inSQL(p testkit.Parameter) string {
	switch {
	case p.List != nil:
		items := make([]string, len(p.List))
		for i, item := range p.List {
			items[i] = inSQL(item)
		}
		return "(" + strings.Join(items, ", ") + ")"
	case p.Null:
		return "NULL"
	}
	return p.Value.String()
}
