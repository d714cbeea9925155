package dialect

import (
	"cmp"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// part is a part of a time.
type part struct {
	name string // in the engine
	add  string // makes an interval of a number; "" if none does
	read string // gives the part of a time, {2}; "" for date_part
	diff string // the part whose borders DATEDIFF counts; "" for the same
}

// The parts of SQL Server. Its weeks begin on a Sunday, the engine's on a Monday.
var parts = func() map[string]part {
	m := map[string]part{}
	for _, row := range table("parts") {
		for _, name := range strings.Fields(row[0]) {
			m[name] = part{name: row[1], add: row[2], read: row[3], diff: row[4]}
		}
	}
	return m
}()

// part gives the part of a time that the first argument names, as a word or as a
// text.
func (c *call) part() (p part, quoted, ok bool) {
	t, one := c.token(1)
	if !one {
		return part{}, false, false
	}
	name := t.Name()
	if t.Kind == sqltext.String {
		name, quoted = sqltext.Unquote(t.Text)
	}
	p, ok = parts[strings.ToLower(name)]
	return p, quoted, ok
}

func dateAdd(c *call) ([]piece, error) {
	p, _, ok := c.part()
	if len(c.arguments) != 3 || !ok || p.add == "" {
		return nil, c.wrong("takes a part of a time such as day, a number and a time")
	}
	return c.fill("(({d3}) + " + p.add + ")")
}

func dateDiff(c *call) ([]piece, error) {
	p, _, ok := c.part()
	if !ok || len(c.arguments) != 3 {
		return nil, nil // the engine's own
	}
	if p.name == "week" && p.add != "" {
		return c.fill("(date_diff('day', date_trunc('week', ({d2}) + to_days(1)), date_trunc('week', ({d3}) + to_days(1))) // 7)")
	}
	return c.fill("date_diff('" + cmp.Or(p.diff, p.name) + "', {d2}, {d3})")
}

func (p part) reading() string { return cmp.Or(p.read, "date_part('"+p.name+"', {d2})") }

func datePart(c *call) ([]piece, error) {
	p, _, ok := c.part()
	if !ok || len(c.arguments) != 2 {
		return nil, nil // the engine's own
	}
	return c.fill(p.reading())
}

func dateName(c *call) ([]piece, error) {
	p, _, ok := c.part()
	switch {
	case !ok || len(c.arguments) != 2:
		return nil, c.wrong("takes a part of a time such as month, and a time")
	case p.name == "month":
		return c.fill("monthname({d2})")
	case p.name == "weekday":
		return c.fill("dayname({d2})")
	default:
		return c.fill("CAST(" + p.reading() + " AS VARCHAR)")
	}
}

// dateTrunc is the engine's own but where the part is a bare word, as in SQL
// Server.
func dateTrunc(c *call) ([]piece, error) {
	p, quoted, ok := c.part()
	switch {
	case !ok || quoted || len(c.arguments) != 2:
		return nil, nil
	case p.name == "week" && p.add != "":
		return c.fill("(date_trunc('week', ({d2}) + to_days(1)) - to_days(1))")
	case p.diff != "":
		return c.fill("date_trunc('day', {d2})")
	default:
		return c.fill("date_trunc('" + p.name + "', {d2})")
	}
}

// oracleParts are what Oracle's TRUNC cuts a time to.
var oracleParts = pairs("oracleparts")

// truncate is the engine's own for numbers.
func truncate(c *call) ([]piece, error) {
	if len(c.arguments) == 1 {
		a := c.arguments[0]
		t := c.r.tokens[a[0]]
		if whole := a[1] - a[0]; whole == 1 && (t.Is("sysdate") || t.Is("systimestamp")) || whole == 3 && Changing(strings.ToLower(t.Text)) {
			return c.fill("date_trunc('day', {1})")
		}
		return nil, nil
	}
	format, ok := c.literal(2)
	p := oracleParts[strings.ToLower(format)]
	if !ok || p == "" || len(c.arguments) != 2 {
		return nil, nil
	}
	return c.fill("date_trunc('" + p + "', {d1})")
}
