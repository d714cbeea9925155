//go:build duckdb_arrow

package model_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/odata/model"
	"github.com/pingone-gateway/gateway/odata/odatatest"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// world is a library with a maker of conditions on it.
type world struct {
	name string
	*odatatest.Library
	*nesting
}

// worlds are the library, and clubs with all kinds of navigation.
func worlds(r *rand.Rand) []world {
	ways := map[string][]way{}
	for _, w := range clubWays {
		ways[w.from] = append(ways[w.from], way{w.name, w.to, w.many})
	}
	columns := map[string][]string{
		"Towns": {"%Name eq 'x'", "%Name ne 'y'", "%Name eq null"}, "People": {"%Name eq 'x'", "contains(%Name,'n')", "%TownId eq null"},
		"Teams": {"%Name ne null", "%Name in ('x',null)", "%TownId eq " + clubID(0, 2)}, "Members": {"%Role eq 'x'", "%Role ne 'x'", "length(%Role) gt 0"},
	}
	return []world{
		{"the library", odatatest.New(24), &nesting{r: r, columns: libraryColumns, ways: libraryWays}},
		{"a club", clubRows(r, false), &nesting{r: r, columns: columns, ways: ways}},
		{"a club with roles", clubRows(r, true), &nesting{r: r, columns: columns, ways: ways}},
	}
}

// behind are the rows that a navigation property leads to from a row, each once.
func (w clubWay) behind(l *odatatest.Library, from odatatest.Row) []odatatest.Row {
	at := func(set, column string) int { t, _ := l.Main.Table(set); return t.Index(column) }
	var out []odatatest.Row
	for _, to := range l.Rows[w.to] {
		linked := w.theirs != "" && from[at(w.from, w.own)] != nil && from[at(w.from, w.own)] == to[at(w.to, w.theirs)]
		if w.theirs == "" { // over the members, of which the first column is a person
			near, far := 0, 1
			if w.from == "Teams" {
				near, far = 1, 0
			}
			linked = slices.ContainsFunc(l.Rows["Members"], func(m odatatest.Row) bool { return m[near] == from[0] && m[far] == to[0] })
		}
		if linked {
			out = append(out, to)
		}
	}
	return out
}

// keyed spells the keys of rows of a club's set.
func keyed(set string, rows []odatatest.Row, again bool) []string {
	out := []string{}
	for _, r := range rows {
		key := r[0].(string)
		if set == "Members" {
			key += " " + r[1].(string)
		}
		if set == "Members" && again {
			key += " " + r[2].(string)
		}
		out = append(out, key)
	}
	return sorted(out)
}

func answered(set string, rows []map[string]any, again bool) []string {
	table, _ := club(again).Table(set)
	out := []string{}
	for _, r := range rows {
		var key []string
		for _, k := range table.Key() {
			key = append(key, fmt.Sprint(r[table.Columns[k].Name]))
		}
		out = append(out, strings.Join(key, " "))
	}
	return sorted(out)
}

// addressOf is the address of a row of a club.
func addressOf(set string, r odatatest.Row, again bool) string {
	switch {
	case set == "Members" && again:
		return fmt.Sprintf("Members(PersonId=%s,TeamId=%s,Role='%s')", r[0], r[1], r[2])
	case set == "Members":
		return fmt.Sprintf("Members(PersonId=%s,TeamId=%s)", r[0], r[1])
	default:
		return fmt.Sprintf("%s(%s)", set, r[0])
	}
}

// TestWaysInTheEngine follows each navigation property from each row, in addresses and
// in $expand: the rows are those that share the link's values, each once.
//
// Source: OData 4.01 Part 1, sections 11.2.4.2 and 11.2.5.2.
func TestWaysInTheEngine(t *testing.T) {
	t.Parallel()
	r := random(t)
	for _, again := range []bool{false, true} {
		lib := clubRows(r, again)
		e := newEngine(t, lib)
		for _, way := range clubWays {
			from, _ := lib.Main.Table(way.from)
			expanded := bindTo(t, lib.Main, way.from+"?$expand="+way.name)
			if way.from == "Members" { // to which $expand joins the rows
				expanded = bindTo(t, lib.Main, way.from+"?$top=99&$expand="+way.name)
			}
			x := expanded.Expand[0]
			var parents [][]predicate.Value
			all := map[string][]string{}
			for _, row := range lib.Rows[way.from] {
				want := keyed(way.to, way.behind(lib, row), again)
				address := addressOf(way.from, row, again) + "/" + way.name
				to := bindTo(t, lib.Main, address)
				hop := to.Hops[0]
				value, _ := row[from.Index(hop.Link.Column)].(string)
				if hop.Known != nil && hop.Known[0].Text() != value {
					t.Errorf("%s: the address tells %s", address, hop.Known[0])
				}
				if value == "" {
					if len(want) > 0 {
						t.Errorf("%s leads nowhere", address)
					}
					continue
				}
				link := model.Link(hop.Link, predicate.UUIDValue(value))
				if got := answered(way.to, e.answer(t, to, link, -1), again); !slices.Equal(got, want) {
					t.Errorf("%s\ngot  %v\nwant %v", address, got, want)
				}
				if counted := e.query(t, filledIn(to.CountStatement(link))); len(counted) != len(want) {
					t.Errorf("%s: %d are counted, not %d", address, len(counted), len(want))
				}
				parents, all[value] = append(parents, []predicate.Value{predicate.UUIDValue(value)}), want
			}
			checkExpansion(t, e, way, &x, parents, all, again)
		}
	}
}

// checkExpansion reads what an expansion adds to several parents at once.
func checkExpansion(t *testing.T, e *engine, way clubWay, x *model.Expansion, parents [][]predicate.Value, all map[string][]string, again bool) {
	t.Helper()
	to := "$link"
	if x.To[0] < len(x.Target.Columns) {
		to = columnAt(x.Target, x.To[0])
	}
	got := map[string][]map[string]any{}
	for _, row := range e.answer(t, x.Target, x.Link(parents), -1) {
		value := fmt.Sprint(row[to])
		got[value] = append(got[value], row)
	}
	for value, want := range all {
		if keys := answered(way.to, got[value], again); !slices.Equal(keys, want) {
			t.Errorf("%s of %s, expanded from %s\ngot  %v\nwant %v", way.name, way.from, value, keys, want)
		}
	}
}

// TestJoinedInTheEngine: what rows between others lead to is read with them, and null
// where it isn't there.
func TestJoinedInTheEngine(t *testing.T) {
	t.Parallel()
	lib := clubRows(random(t), false)
	lib.Rows["Members"] = append(lib.Rows["Members"], odatatest.Row{clubID(1, 99), clubID(2, 1), "z"}) // of nobody
	e := newEngine(t, lib)
	for options, towns := range map[string]bool{"$expand=Person": false, "$expand=Person($select=Id),Team": false, "$expand=Team&$select=Role,PersonId": false, "$expand=Person($expand=Town),Team": true} {
		r := bindTo(t, lib.Main, "Members?"+options)
		rows := e.answer(t, r, nil, -1)
		if len(rows) != len(lib.Rows["Members"]) || len(r.Joined) == 0 || !r.ByEngine() {
			t.Fatalf("%s: %d rows of %d members, %d joined", options, len(rows), len(lib.Rows["Members"]), len(r.Joined))
		}
		for _, row := range rows {
			for _, j := range r.Joined {
				own := map[string]string{"Person": "PersonId", "Team": "TeamId"}[j.Name]
				key := r.Outputs()[j.At+j.Key].Name
				is := row[own]
				if is == clubID(1, 99) {
					is = nil
				}
				if key != j.Name+"/Id" || row[key] != is || !j.Expanded {
					t.Errorf("%s: %s of %v is %v", options, key, row[own], row[key])
				}
				if further := len(j.Target.Expand) > 0; further != (towns && j.Name == "Person") {
					t.Errorf("%s: %s is expanded further: %v", options, j.Name, further)
				}
			}
		}
	}
}

// TestCrossjoinsInTheEngine compares combinations with loops over the sets.
//
// Source: OData 4.01 Part 2, section 4.15.
func TestCrossjoinsInTheEngine(t *testing.T) {
	t.Parallel()
	lib := clubRows(random(t), false)
	lib.Rows["People"] = append(lib.Rows["People"], odatatest.Row{clubID(1, 20), nil, nil})
	lib.Rows["Teams"] = append(lib.Rows["Teams"], odatatest.Row{clubID(2, 20), nil, nil}, odatatest.Row{clubID(2, 21), "x", clubID(0, 1)})
	e := newEngine(t, lib)
	town := func(id any) any {
		for _, t := range lib.Rows["Towns"] {
			if t[0] == id {
				return t[1]
			}
		}
		return nil
	}
	for _, c := range []struct {
		filter string
		holds  func(person, team odatatest.Row) bool
	}{
		{"true", func(_, _ odatatest.Row) bool { return true }},
		{"People/TownId eq Teams/TownId", func(p, g odatatest.Row) bool { return p[2] == g[2] }}, // null equals null
		{"People/Name eq Teams/Name", func(p, g odatatest.Row) bool { return p[1] == g[1] }},
		{"People/Name ne Teams/Name", func(p, g odatatest.Row) bool { return p[1] != g[1] }},
		{"People/TownId eq Teams/TownId and People/Name eq 'x'", func(p, g odatatest.Row) bool { return p[2] == g[2] && p[1] == "x" }},
		{"People/Name eq 'x' or Teams/Name eq null", func(p, g odatatest.Row) bool { return p[1] == "x" || g[1] == nil }},
		{"not (People/Name eq 'x') and Teams/Name ne 'x'", func(p, g odatatest.Row) bool { return p[1] != "x" && g[1] != "x" }},
		{"People/Town/Name eq Teams/Town/Name", func(p, g odatatest.Row) bool { return town(p[2]) == town(g[2]) }},
		{"People/Town/Name eq null", func(p, _ odatatest.Row) bool { return town(p[2]) == nil }},
		{"People/Town eq null and Teams/Town ne null", func(p, g odatatest.Row) bool { return p[2] == nil && g[2] != nil }},
		{"People/Members/any(m:m/TeamId eq Teams/Id)", func(p, g odatatest.Row) bool {
			return slices.ContainsFunc(lib.Rows["Members"], func(m odatatest.Row) bool { return m[0] == p[0] && m[1] == g[0] })
		}},
		{"Teams/People/$count eq 0", func(_, g odatatest.Row) bool {
			return !slices.ContainsFunc(lib.Rows["Members"], func(m odatatest.Row) bool { return m[1] == g[0] })
		}},
		{"$it/People/Name eq 'x'", func(p, _ odatatest.Row) bool { return p[1] == "x" }},
	} {
		want := []string{}
		for _, p := range lib.Rows["People"] {
			for _, g := range lib.Rows["Teams"] {
				if c.holds(p, g) {
					want = append(want, fmt.Sprint(p[0], " ", g[0]))
				}
			}
		}
		r := bindTo(t, lib.Main, "$crossjoin(People,Teams)?$filter="+strings.ReplaceAll(c.filter, " ", "%20"))
		got := []string{}
		for _, row := range e.answer(t, r, nil, -1) {
			got = append(got, fmt.Sprint(row["People/Id"], " ", row["Teams/Id"]))
		}
		if !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("%s\ngot  %d %v\nwant %d %v\n%s", c.filter, len(got), got, len(want), want, filledIn(r.Statement(nil, -1)))
		}
		counted := bindTo(t, lib.Main, "$crossjoin(People,Teams)?$apply=aggregate($count%20as%20N)&$filter=N%20ge%200")
		if n := e.answer(t, counted, nil, -1); len(n) != 1 || n[0]["N"] != float64(len(lib.Rows["People"])*len(lib.Rows["Teams"])) {
			t.Errorf("all are counted as %v", n)
		}
	}
}
