//go:build duckdb_arrow

package model_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// escaped are options of an address, encoded.
func escaped(options ...string) string {
	for i, o := range options {
		name, value, _ := strings.Cut(o, "=")
		options[i] = name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	}
	return strings.Join(options, "&")
}

// parsed reads a condition as the reference evaluates it.
func parsed(t *testing.T, filter string) uri.Expr {
	t.Helper()
	tree, err := uri.ParseFilter(filter, uri.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	return tree
}

// kept are the keys of the rows of a set for which a condition is true.
func kept(l *odatatest.Library, set string, filter uri.Expr) []string {
	table, _ := l.Main.Table(set)
	out := []string{}
	for _, row := range l.Rows[set] {
		if l.Reference(filter, table, row) {
			out = append(out, row[0].(string))
		}
	}
	return out
}

func sorted(of []string) []string { slices.Sort(of); return of }

// TestFiltersInTheEngine: each form that a random condition is written in keeps the
// rows for which the reference says true: the statement, what is left of it for plain
// feeds, the one that is counted, and the one for people.
//
// Source: OData 4.01 Part 2, section 5.1.1.
func TestFiltersInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(60)
	e := newEngine(t, lib)
	r := random(t)
	some := 0
	for n := range fewer(240) {
		filter := odatatest.Filters{Rand: r, Simple: n%4 == 0}.Make(n % 4)
		want := kept(lib, "Books", parsed(t, filter))
		slices.Sort(want)
		if len(want) > 0 && len(want) < 60 {
			some++
		}
		address := "Books?" + escaped("$filter="+filter, "$select=Id")
		bound := func() string {
			got, err := bind(t, address)
			if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			if ids := sorted(column(e.answer(t, got, nil, -1), "Id")); !slices.Equal(ids, want) {
				return fmt.Sprintf("the statement keeps %v", ids)
			}
			if rows := e.query(t, filledIn(got.CountStatement(nil))); len(rows) != len(want) {
				return fmt.Sprintf("%d are counted", len(rows))
			}
			if ids := sorted(column(e.query(t, got.SQL()), "Id")); !slices.Equal(ids, want) {
				return fmt.Sprintf("%s keeps %v", got.SQL(), ids)
			}
			q := got.Query(nil, -1)
			rest := q.Plain.FilterSQL
			if rest == "" {
				return "" // what predicates say whole is TestPredicatesKeepWhatTheReferenceKeeps's
			}
			if ids := sorted(column(e.query(t, `SELECT "Id" FROM "Main"."Books" WHERE `+rest), "Id")); !slices.Equal(ids, want) {
				return fmt.Sprintf("%s keeps %v", rest, ids)
			}
			return ""
		}
		if wrong := bound(); wrong != "" {
			t.Fatalf("%s\n%s\nnot %v", filter, wrong, want)
		}
	}
	if some < fewer(240)/3 {
		t.Errorf("only %d conditions keep some rows", some)
	}
}

// nesting makes conditions over several sets, along navigation properties and within
// any, all and $count.
type nesting struct {
	r         *rand.Rand
	columns   map[string][]string // conditions on the entities of each set, to which % leads
	ways      map[string][]way
	variables int
}

// way is a navigation property to a set.
type way struct {
	name, to string
	many     bool
}

var libraryColumns = map[string][]string{
	"Books":   {"%Author eq 'Author 1'", "%Pages gt 3", "%Summary eq null", "%InPrint", "%Price le 1", "length(%Title) gt 5", "%Tags/any(q:q eq 'b')", "%Tags/$count gt 1"},
	"Shelves": {"%Name ne 'Shelf B'", "contains(%Name,'A')", "%Name eq null"},
	"Loans":   {"%Reader eq 'Reader 0'", "%Number ge 1", "%Number lt 1 or %Reader eq null"},
}

var libraryWays = map[string][]way{
	"Books":   {{"Shelf", "Shelves", false}, {"Loans", "Loans", true}},
	"Shelves": {{"Books", "Books", true}},
	"Loans":   {{"Book", "Books", false}},
}

// make makes a condition on the entity that a prefix such as "l/" leads to.
func (g *nesting) make(set, prefix string, depth int) string {
	switch n := g.r.IntN(8); {
	case depth == 0 || n < 2:
		return "(" + strings.ReplaceAll(pick(g.r, g.columns[set]...), "%", prefix) + ")"
	case n == 2:
		return "not " + g.make(set, prefix, depth-1)
	case n == 3:
		return "(" + g.make(set, prefix, depth-1) + pick(g.r, " and ", " or ") + g.make(set, prefix, depth-1) + ")"
	}
	way := pick(g.r, g.ways[set]...)
	path := prefix + way.name
	if !way.many {
		return g.make(way.to, path+"/", depth-1)
	}
	g.variables++
	v := fmt.Sprintf("v%d", g.variables)
	switch g.r.IntN(5) {
	case 0:
		return fmt.Sprintf("(%s/$count %s %d)", path, pick(g.r, "gt", "eq", "le"), g.r.IntN(3))
	case 1:
		return path + "/any()"
	case 2:
		return fmt.Sprintf("%s/all(%s:%s)", path, v, g.make(way.to, v+"/", depth-1))
	default:
		return fmt.Sprintf("%s/any(%s:%s)", path, v, g.make(way.to, v+"/", depth-1))
	}
}

// TestNestedConditionsInTheEngine follows navigation properties to one entity and to
// many, any depth that the bounds allow, in the library and in clubs where people are
// members of a team once, or several times.
//
// Source: OData 4.01 Part 2, sections 4.8, 5.1.1.13 and 5.1.1.14.
func TestNestedConditionsInTheEngine(t *testing.T) {
	t.Parallel()
	r := random(t)
	for _, w := range worlds(r) {
		e := newEngine(t, w.Library)
		some, nested := 0, 0
		count := fewer(120)
		for n := range count {
			set := w.Main.Tables[n%len(w.Main.Tables)]
			filter := w.make(set.Name, "", 1+n%4)
			got, err := bindWith(t, w.Main, set.Name+"?"+escaped("$filter="+filter), model.Options{})
			if e := gwerr.From(err); err != nil && e.Code == gwerr.TooLarge { // more than 5 hops, or 20 in all
				continue
			} else if err != nil {
				t.Fatalf("%s: %v", filter, err)
			}
			key := set.Columns[0].Name
			want, ids := sorted(kept(w.Library, set.Name, parsed(t, filter))), sorted(column(e.answer(t, got, nil, -1), key))
			if !slices.Equal(ids, want) {
				t.Fatalf("%s: %s?$filter=%s\nkeeps %v\nnot   %v\n%s", w.name, set.Name, filter, ids, want, filledIn(got.Statement(nil, -1)))
			}
			if counted := e.query(t, filledIn(got.CountStatement(nil))); len(counted) != len(want) {
				t.Fatalf("%s: %s?$filter=%s: %d are counted, not %d", w.name, set.Name, filter, len(counted), len(want))
			}
			if len(want) > 0 && len(want) < len(w.Rows[set.Name]) {
				some++
			}
			if strings.Contains(filter, "(v") {
				nested++
			}
		}
		if some < count/5 || nested < count/8 {
			t.Errorf("%s: of %d conditions %d keep some rows, and %d have variables", w.name, count, some, nested)
		}
	}
}

// TestOrdersInTheEngine sorts by random expressions: null before every value, and by
// the key where all else is equal.
//
// Source: OData 4.01 Part 1, section 11.2.6.2.
func TestOrdersInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(40)
	books, _ := lib.Main.Table("Books")
	e := newEngine(t, lib)
	r := random(t)
	by := []string{
		"Author", "Pages", "Price", "Sold", "InPrint", "BoughtAt", "ShelfId", "Shelf/Name", "length(Title)", "Pages mod 3", "-Pages", "Loans/$count",
		"Tags/$count", "Pages gt 3", "contains(Author,'1')", "year(BoughtAt)", "tolower(Title)", "null", "5", "ceiling(99)", "Tags/any(q:q eq 'b')",
	}
	for range fewer(160) {
		items := some(r, 3, by...)
		if len(items) == 0 {
			continue
		}
		descending := make([]bool, len(items))
		var keys []uri.Expr
		var written []string
		for i, item := range items {
			descending[i] = r.IntN(2) == 0
			written = append(written, item+map[bool]string{true: " desc", false: pick(r, "", " asc")}[descending[i]])
			keys = append(keys, parsed(t, item))
		}
		rows := slices.Clone(lib.Rows["Books"])
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		slices.SortFunc(rows, func(a, b odatatest.Row) int {
			for i, key := range keys {
				order := ranked(lib.Value(key, books, a), lib.Value(key, books, b))
				if descending[i] {
					order = -order
				}
				if order != 0 {
					return order
				}
			}
			return cmp.Compare(a[0].(string), b[0].(string))
		})
		address := "Books?" + escaped("$select=Id", "$orderby="+strings.Join(written, ","))
		got, err := bind(t, address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		top := int64(1 + r.IntN(len(rows)))
		var want []string
		for _, row := range rows[:top] {
			want = append(want, row[0].(string))
		}
		if ids := column(e.answer(t, got, nil, top), "Id"); !slices.Equal(ids, want) {
			t.Fatalf("%v, the first %d\ngot  %v\nwant %v", written, top, ids, want)
		}
	}
}

// ranked is the order of two values; null is first.
func ranked(a, b any) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(rank(a != nil), rank(b != nil))
	}
	switch x := a.(type) {
	case bool:
		return cmp.Compare(rank(x), rank(b.(bool)))
	case time.Time:
		return x.Compare(b.(time.Time))
	case string:
		return cmp.Compare(x, b.(string))
	case int64:
		return cmp.Compare(x, b.(int64))
	default:
		return cmp.Compare(a.(float64), b.(float64))
	}
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestSearchInTheEngine: a word or phrase stands in any text of the entity, whatever
// its letter case, and no word stands across two texts.
//
// Source: OData 4.01 Part 2, section 5.1.7.
func TestSearchInTheEngine(t *testing.T) {
	t.Parallel()
	lib := odatatest.New(30)
	for i, row := range lib.Rows["Books"] {
		if i%3 == 0 {
			row[10] = fmt.Sprintf("On Milk, Part %d", i%2)
		}
	}
	e := newEngine(t, lib)
	r := random(t)
	var make func(depth int) (string, func(texts []string) bool)
	make = func(depth int) (string, func([]string) bool) {
		if depth == 0 || r.IntN(4) == 0 {
			word := pick(r, "milk", "AUTHOR", `"Author 1"`, `"part 0"`, "zürich", `"100%"`, "papers", `"milk author"`, "a_b", `"O'Neil"`, `"e"`, "nothing")
			plain := strings.ToLower(strings.Trim(word, `"`))
			return word, func(texts []string) bool {
				return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), plain) })
			}
		}
		a, isA := make(depth - 1)
		b, isB := make(depth - 1)
		switch r.IntN(4) {
		case 0:
			return "NOT (" + a + ")", func(s []string) bool { return !isA(s) }
		case 1:
			return "(" + a + " OR " + b + ")", func(s []string) bool { return isA(s) || isB(s) }
		case 2:
			return "(" + a + " AND " + b + ")", func(s []string) bool { return isA(s) && isB(s) }
		default:
			return "(" + a + " " + b + ")", func(s []string) bool { return isA(s) && isB(s) }
		}
	}
	for n := range fewer(100) {
		search, holds := make(n % 4)
		want := []string{}
		for _, row := range lib.Rows["Books"] {
			var texts []string
			for _, at := range []int{1, 2, 10} { // Title, Author and Summary
				if s, ok := row[at].(string); ok {
					texts = append(texts, s)
				}
			}
			if holds(texts) {
				want = append(want, row[0].(string))
			}
		}
		for name, options := range map[string][]string{
			"plain": {"$search=" + search}, "in $apply": {"$apply=search(" + search + ")"}, "counted": {"$search=" + search, "$compute=1 as One"},
		} {
			got, err := bind(t, "Books?"+escaped(append(options, "$select=Id")...))
			if err != nil {
				t.Fatalf("%s: %v", search, err)
			}
			if ids := sorted(column(e.answer(t, got, nil, -1), "Id")); !slices.Equal(ids, sorted(want)) {
				t.Fatalf("%s, %s\ngot  %v\nwant %v", name, search, ids, want)
			}
		}
	}
}
