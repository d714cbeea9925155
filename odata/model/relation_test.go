//go:build duckdb_arrow

package model_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// row is an entity or a row, by the paths of its properties: nil, string, bool or
// float64. What it lacks isn't there.
type row map[string]any

// relation is a collection of rows, with the transformations that make it and plain
// loops that do the same.
type relation struct {
	steps                []string
	rows                 []row
	entity               bool
	numbers, texts, bits []string // the properties by their types
	orders               []func(a, b row) int
	keys                 []string // decide where orders don't
}

// libraryRelation are the books with what their shelves are called.
func libraryRelation(l *odatatest.Library) *relation {
	shelves := map[any]any{}
	for _, s := range l.Rows["Shelves"] {
		shelves[s[0]] = s[1]
	}
	s := &relation{entity: true, numbers: []string{"Pages", "Price"}, texts: []string{"Author", "Title", "Shelf/Name"}, bits: []string{"InPrint"}, keys: []string{"Id"}}
	for _, b := range l.Rows["Books"] {
		r := row{"Id": b[0], "Title": b[1], "Author": b[2], "Price": b[5], "InPrint": b[6], "Shelf/Name": nil, "Pages": nil}
		if n, ok := b[3].(int64); ok {
			r["Pages"] = float64(n)
		}
		if b[11] != nil {
			r["Shelf/Name"] = shelves[b[11]]
		}
		s.rows = append(s.rows, r)
	}
	return s
}

// branch is a relation of the same rows for a sequence of its own.
func (s *relation) branch() *relation {
	out := *s
	out.steps = nil
	return &out
}

// sort puts the rows into their order.
func (s *relation) sort(first ...func(a, b row) int) {
	s.rows = slices.Clone(s.rows)
	by := append(slices.Clone(first), s.orders...)
	slices.SortStableFunc(s.rows, func(a, b row) int {
		for _, order := range by {
			if n := order(a, b); n != 0 {
				return n
			}
		}
		for _, k := range s.keys {
			if n := ordered(a[k], b[k]); n != 0 {
				return n
			}
		}
		return 0
	})
}

// ordered compares two values; null is first.
func ordered(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			return map[bool]int{true: 1, false: -1}[x]
		} else if ok {
			return 0
		}
	}
	if (a == nil) == (b == nil) {
		return 0
	}
	return map[bool]int{true: -1, false: 1}[a == nil]
}

func by(name string, descending bool) func(a, b row) int {
	if descending {
		return func(a, b row) int { return ordered(b[name], a[name]) }
	}
	return func(a, b row) int { return ordered(a[name], b[name]) }
}

// kept are the rows for which a test is true, in their order.
func (s *relation) keep(test func(row) bool) {
	s.rows = slices.DeleteFunc(slices.Clone(s.rows), func(r row) bool { return !test(r) })
}

func (s *relation) all() []string { return slices.Concat(s.numbers, s.texts, s.bits) }

// groups are the rows by the values of properties, null being one.
func (s *relation) groups(names []string) [][]row {
	at := map[string]int{}
	var out [][]row
	for _, r := range s.rows {
		key := ""
		for _, n := range names {
			key += fmt.Sprintf("%#v|", r[n])
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], r)
	}
	return out
}

// only is a row with some of its properties.
func (r row) only(names []string) row {
	out := row{}
	for _, n := range names {
		if v, ok := r[n]; ok {
			out[n] = v
		}
	}
	return out
}

// aggregate is one of an aggregation: what is written, its name, and how it is worked
// out.
type aggregate struct {
	text, name string
	number     bool
	of         func(rows []row) any
}

// values are those of a property that are not null.
func values(rows []row, name string) []any {
	var out []any
	for _, r := range rows {
		if r[name] != nil {
			out = append(out, r[name])
		}
	}
	return out
}

func sum(of []any) any {
	if len(of) == 0 {
		return nil
	}
	total := 0.0
	for _, v := range of {
		total += v.(float64)
	}
	return total
}

func average(of []any) any {
	if len(of) == 0 {
		return nil
	}
	return sum(of).(float64) / float64(len(of))
}

func extreme(of []any, largest bool) any {
	if len(of) == 0 {
		return nil
	}
	if largest {
		return slices.MaxFunc(of, ordered)
	}
	return slices.MinFunc(of, ordered)
}

// relations makes transformations at random.
type relations struct {
	*rand.Rand
	made int
}

func (g *relations) name(what string) string { g.made++; return fmt.Sprint(what, g.made) }

func (g *relations) aggregate(s *relation) aggregate {
	a := aggregate{name: g.name("A"), number: true}
	of := pick(g.Rand, s.all()...)
	number := slices.Contains(s.numbers, of)
	switch n := g.IntN(6); {
	case n == 0:
		a.text, a.of = "$count", func(rows []row) any { return float64(len(rows)) }
	case n == 1 && number:
		a.text, a.of = of+" with sum", func(rows []row) any { return sum(values(rows, of)) }
	case n == 2 && number:
		a.text, a.of = of+" with average", func(rows []row) any { return average(values(rows, of)) }
	case n <= 4 && !slices.Contains(s.bits, of):
		a.number = number
		a.text, a.of = of+map[bool]string{true: " with max", false: " with min"}[n == 3], func(rows []row) any { return extreme(values(rows, of), n == 3) }
	default:
		a.text, a.of = of+" with countdistinct", func(rows []row) any {
			seen := map[any]bool{}
			for _, v := range values(rows, of) {
				seen[v] = true
			}
			return float64(len(seen))
		}
	}
	a.text += " as " + a.name
	return a
}

func (g *relations) aggregates(s *relation) (out []aggregate, text string) {
	var parts []string
	for range 1 + g.IntN(3) {
		a := g.aggregate(s)
		out, parts = append(out, a), append(parts, a.text)
	}
	return out, "aggregate(" + strings.Join(parts, ",") + ")"
}

// become makes the rows those of groups, with the groups' properties and aggregates.
func (s *relation) become(groups [][]row, names []string, all []aggregate) {
	s.remain(groups, groups, names, all)
}

// remain is become where some rows of the groups were taken away, or all.
func (s *relation) remain(groups, left [][]row, names []string, all []aggregate) {
	out := &relation{steps: s.steps, keys: names}
	for _, n := range names {
		switch {
		case slices.Contains(s.numbers, n):
			out.numbers = append(out.numbers, n)
		case slices.Contains(s.texts, n):
			out.texts = append(out.texts, n)
		default:
			out.bits = append(out.bits, n)
		}
	}
	for i, rows := range groups {
		r := row{}
		for _, n := range names {
			r[n] = rows[0][n] // what the rows lack is null
		}
		for _, a := range all {
			r[a.name] = a.of(left[i])
		}
		out.rows = append(out.rows, r)
	}
	for _, a := range all {
		if a.number {
			out.numbers = append(out.numbers, a.name)
		} else {
			out.texts = append(out.texts, a.name)
		}
	}
	*s = *out
}

// condition is one on the rows at hand, as text and as a test.
func (g *relations) condition(s *relation) (string, func(row) bool) {
	if len(s.numbers) > 0 && g.IntN(2) == 0 {
		name, n := pick(g.Rand, s.numbers...), float64(g.IntN(8))
		is := func(test func(float64) bool) func(row) bool {
			return func(r row) bool { v, ok := r[name].(float64); return ok && test(v) }
		}
		switch g.IntN(4) {
		case 0:
			return fmt.Sprintf("%s gt %g", name, n), is(func(v float64) bool { return v > n })
		case 1:
			return fmt.Sprintf("%s le %g", name, n), is(func(v float64) bool { return v <= n })
		case 2:
			return fmt.Sprintf("not (%s lt %g)", name, n), func(r row) bool { v, ok := r[name].(float64); return !ok || v >= n }
		default:
			return name + " ne null", func(r row) bool { return r[name] != nil }
		}
	}
	if len(s.texts) == 0 {
		return "true", func(row) bool { return true }
	}
	name, part := pick(g.Rand, s.texts...), pick(g.Rand, "1", "A", "e", "Author 2", "Shelf B")
	has := func(r row) bool { v, ok := r[name].(string); return ok && strings.Contains(v, part) }
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("contains(%s,'%s')", name, part), has
	case 1:
		return fmt.Sprintf("not contains(%s,'%s')", name, part), func(r row) bool { return r[name] != nil && !has(r) }
	case 2:
		return fmt.Sprintf("%s eq '%s'", name, part), func(r row) bool { return r[name] == part }
	default:
		return name + " eq null", func(r row) bool { return r[name] == nil }
	}
}

// hiddenOutputs are what of a statement's columns is not written, and which of them
// tell that a row lacks another.
func hiddenOutputs(r *model.Resource) (absent map[string]string, hidden map[string]bool) {
	absent, hidden = map[string]string{}, map[string]bool{}
	for _, o := range r.Outputs() {
		if hidden[o.Name] = o.Hidden; o.Absent >= 0 {
			absent[o.Name] = r.Outputs()[o.Absent].Name
		}
	}
	return absent, hidden
}

// flat are the rows of a statement by their paths, without what they lack and what is
// hidden.
func flat(rows []map[string]any, absent map[string]string, hidden map[string]bool) []row {
	var out []row
	for _, r := range rows {
		one := row{}
		for name, v := range r {
			if !hidden[name] && r[absent[name]] != true {
				one[name] = v
			}
		}
		out = append(out, one)
	}
	return out
}

// spelled is a row in one form.
func (r row) spelled() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		v := r[name]
		if f, ok := v.(float64); ok {
			v = fmt.Sprintf("%.9g", f)
		}
		parts = append(parts, fmt.Sprintf("%s=%v", name, v))
	}
	return strings.Join(parts, " ")
}

func spelled(rows []row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.spelled()
	}
	return out
}
