//go:build duckdb_arrow

package model_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// step adds a transformation that the rows admit.
func (g *relations) step(s *relation, depth int) {
	var text string
	switch n := g.IntN(12); {
	case n < 2:
		condition, test := g.condition(s)
		text = "filter(" + condition + ")"
		s.keep(test)
	case n == 2:
		text = g.compute(s)
	case n == 3:
		text = g.orderBy(s)
	case n == 4:
		most := g.IntN(12)
		s.sort()
		text, s.rows = fmt.Sprintf("top(%d)", most), s.rows[:min(most, len(s.rows))]
	case n == 5:
		less := g.IntN(5)
		s.sort()
		text, s.rows = fmt.Sprintf("skip(%d)", less), s.rows[min(less, len(s.rows)):]
	case n < 8 && len(s.numbers) > 0:
		text = g.leading(s)
	case n == 8 && s.entity && depth > 0:
		text = g.each(s)
	case n == 9 && depth > 0:
		text = g.concat(s, depth)
	case len(s.all()) > 0:
		text = g.group(s)
	default:
		text = "identity"
	}
	s.steps = append(s.steps, text)
}

func (g *relations) orderBy(s *relation) string {
	var items []string
	var orders []func(a, b row) int
	for _, name := range append(some(g.Rand, 2, s.all()...), pick(g.Rand, append(s.all(), "null")...)) {
		descending := g.IntN(2) == 0
		items, orders = append(items, name+map[bool]string{true: " desc"}[descending]), append(orders, by(name, descending))
	}
	s.orders = append(orders, s.orders...)
	return "orderby(" + strings.Join(items, ",") + ")"
}

// compute adds properties, of which the second may name the first.
func (g *relations) compute(s *relation) string {
	if len(s.numbers) == 0 {
		return "identity"
	}
	of, name, next := pick(g.Rand, s.numbers...), g.name("C"), g.name("C")
	rows := make([]row, len(s.rows))
	for i, r := range s.rows {
		one := row{}
		for k, v := range r {
			one[k] = v
		}
		one[name], one[next] = nil, nil
		if v, ok := r[of].(float64); ok {
			one[name], one[next] = v+2, (v+2)*-3
		}
		rows[i] = one
	}
	s.rows, s.numbers = rows, append(slices.Clone(s.numbers), name, next)
	return fmt.Sprintf("compute(%s add 2 as %s,%s mul -3 as %s)", of, name, name, next)
}

// leading keeps the rows with the largest or smallest values: so many of them, or
// until their sum is enough.
func (g *relations) leading(s *relation) string {
	name, top, kind := pick(g.Rand, s.numbers...), g.IntN(2) == 0, pick(g.Rand, "count", "sum", "percent")
	if !s.entity {
		kind = "count" // of sums that may be equal but for rounding
	}
	amount := g.IntN(20)
	if kind == "percent" {
		amount = g.IntN(101)
	}
	kept := s.branch()
	kept.sort(by(name, top))
	total, so := 0.0, 0.0
	if v, ok := sum(values(kept.rows, name)).(float64); ok {
		total = v
	}
	in := []row{}
	for i, r := range kept.rows {
		v, known := r[name].(float64)
		if kind != "count" && !known {
			continue
		}
		if kind == "count" && i >= amount || kind == "sum" && so >= float64(amount) || kind == "percent" && so*100 >= total*float64(amount) {
			break
		}
		so += v
		in = append(in, r)
	}
	s.rows = in
	return fmt.Sprintf("%s%s(%d,%s)", map[bool]string{true: "top", false: "bottom"}[top], kind, amount, name)
}

// group makes one row of all, or of each group.
func (g *relations) group(s *relation) string {
	names := some(g.Rand, 3, s.all()...)
	all, text := g.aggregates(s)
	switch {
	case len(names) == 0:
		s.become([][]row{s.rows}, nil, all)
		return text
	case g.IntN(4) == 0:
		s.become(s.groups(names), names, nil)
		return "groupby((" + strings.Join(names, ",") + "))"
	default:
		s.become(s.groups(names), names, all)
		return "groupby((" + strings.Join(names, ",") + ")," + text + ")"
	}
}

// each does a sequence within each group.
func (g *relations) each(s *relation) string {
	names := append(some(g.Rand, 1, "Author", "InPrint"), "Shelf/Name")
	var left [][]row
	var order string
	var orders []func(a, b row) int
	if g.IntN(2) == 0 {
		one := s.branch()
		order = g.orderBy(one) + "/"
		orders = one.orders
	}
	n, what := g.IntN(3), pick(g.Rand, "top", "skip", "topcount", "bottomcount")
	all, text := g.aggregates(s)
	aggregated := g.IntN(2) == 0
	groups := s.groups(names)
	for _, group := range groups {
		inner := s.branch()
		inner.rows = group
		if orders != nil {
			inner.orders = orders
		}
		switch what {
		case "topcount", "bottomcount":
			inner.sort(by("Pages", what == "topcount"))
		default:
			inner.sort()
		}
		if at := min(n, len(inner.rows)); what == "skip" {
			inner.rows = inner.rows[at:]
		} else {
			inner.rows = inner.rows[:at]
		}
		left = append(left, inner.rows)
	}
	s.rows = slices.Concat(left...)
	if orders != nil {
		s.orders = orders
	}
	sequence := fmt.Sprintf("%s%s(%d)", order, what, n)
	if strings.HasSuffix(what, "count") {
		sequence = fmt.Sprintf("%s%s(%d,Pages)", order, what, n)
	}
	if aggregated {
		s.remain(groups, left, names, all)
		sequence += "/" + text
	}
	return "groupby((" + strings.Join(names, ",") + ")," + sequence + ")"
}

// concat puts the rows of two sequences one after the other, and makes one of them
// all, or of each group.
func (g *relations) concat(s *relation, depth int) string {
	a, b := s.branch(), s.branch()
	for _, one := range []*relation{a, b} {
		for range 1 + g.IntN(2) {
			g.step(one, depth-1)
		}
	}
	both := &relation{steps: s.steps, rows: slices.Concat(a.rows, b.rows)}
	for _, one := range []*relation{a, b} {
		for _, kind := range []struct {
			to   *[]string
			from []string
		}{{&both.numbers, one.numbers}, {&both.texts, one.texts}, {&both.bits, one.bits}} {
			for _, name := range kind.from {
				if !slices.Contains(*kind.to, name) && (!one.entity || !strings.Contains(name, "/")) {
					*kind.to = append(*kind.to, name)
				}
			}
		}
	}
	text := "concat(" + strings.Join(a.steps, "/") + "," + strings.Join(b.steps, "/") + ")"
	for i, r := range both.rows {
		both.rows[i] = r.only(both.all())
		if r["Id"] != nil { // no way leads on from what was an entity
			delete(both.rows[i], "Shelf/Name")
		}
	}
	*s = *both
	return text + "/" + g.group(s)
}

// TestTransformationsInTheEngine compares random transformations with what plain loops
// over the rows give, in the order that the rows then have.
//
// Source: OData Data Aggregation 4.0, sections 3.2 and 3.3.
func TestTransformationsInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(40)
	e := newEngine(t, lib)
	g := &relations{Rand: random(t)}
	several := 0
	for n := range fewer(300) {
		s := libraryRelation(lib)
		for range 1 + n%4 {
			g.step(s, 1)
		}
		s.sort()
		options := []string{"$apply=" + strings.Join(s.steps, "/")}
		names := s.all()
		if s.entity {
			names = []string{"Id"}
			options = append(options, "$select=Id")
		}
		want := make([]row, len(s.rows))
		for i, r := range s.rows {
			want[i] = r.only(names)
		}
		address := "Books?" + escaped(options...)
		r, err := bindWith(t, lib.Main, address, model.Options{Flat: true})
		if err != nil {
			t.Fatalf("%s: %v", strings.Join(s.steps, "/"), err)
		}
		absent, hidden := hiddenOutputs(r)
		got := flat(e.answer(t, r, nil, -1), absent, hidden)
		if !slices.Equal(spelled(got), spelled(want)) {
			t.Fatalf("%s\ngot  %d: %.2000s\nwant %d: %.2000s\n%s", strings.Join(s.steps, "/"), len(got), spelled(got), len(want), spelled(want), filledIn(r.Statement(nil, -1)))
		}
		if counted := e.query(t, filledIn(r.CountStatement(nil))); r.CountedByEngine() && len(counted) != len(want) {
			t.Fatalf("%s: %d are counted, not %d", strings.Join(s.steps, "/"), len(counted), len(want))
		}
		if len(want) > 1 {
			several++
		}
	}
	if several < fewer(300)/3 {
		t.Errorf("only %d answers have several rows", several)
	}
}
