package catalog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// stays and nights are a table, and one that is made of it.
const (
	stays = `table: Stays
entity: Stay
doc: d
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: House, type: guid, doc: d}
  - {name: Kind, type: string, doc: d, values: [WORK, PLAY]}
  - {name: Begin, type: timestamp, doc: d}
  - {name: End, type: timestamp, doc: d}
paths:
  - {name: one, doc: d, get: 'houses/{House}/stays/{Id}'}
  - name: list
    doc: d
    list: houses/{House}/stays?kind={Kind}
    each: [Kind]
    filter: begin ge "{Begin.from}" and begin lt "{Begin.to}"
    range: {column: Begin, days: 3, slices: true}
`
	nights = `table: Nights
entity: Night
doc: d
examples: [SELECT 1]
from: Stays
where: {Kind: WORK}
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: House, type: guid, doc: d}
  - {name: Kind, type: string, doc: d, values: [WORK, PLAY]}
  - {name: Begin, type: timestamp, doc: d}
  - {name: End, type: timestamp, doc: d}
`
)

// TestNamesOfKeysInADerivedTable: whatever its columns are called, addresses and filters
// have the members that the base's have.
func TestNamesOfKeysInADerivedTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ edits, says string }{
		"the same names":     {"", "houses/{House}/stays/{Id} [House Id] [House]; houses/{House}/stays?kind={Kind} [House Kind] [House Kind] [Kind] Begin"},
		"other names":        {"Id>StayId from: id, House>HouseId from: house", "houses/{HouseId}/stays/{StayId} [HouseId StayId] [HouseId]; houses/{HouseId}/stays?kind={Kind} [HouseId Kind] [HouseId Kind] [Kind] Begin"},
		"each other's names": {"Id>House from: id, House>Id from: house", "houses/{Id}/stays/{House} [Id House] [Id]; houses/{Id}/stays?kind={Kind} [Id Kind] [Id Kind] [Kind] Begin"},
		"the next one's":     {"Id>Stay from: id, House>Id from: house", "houses/{Id}/stays/{Stay} [Id Stay] [Id]; houses/{Id}/stays?kind={Kind} [Id Kind] [Id Kind] [Kind] Begin"},
		"of a span of time":  {"Begin>End from: begin, End>Begin from: end", "houses/{House}/stays/{Id} [House Id] [House]; houses/{House}/stays?kind={Kind} [House Kind] [House Kind] [Kind] End"},
		"of each value":      {"Kind>House from: kind, House>Kind from: house", "houses/{Kind}/stays/{Id} [Kind Id] [Kind]; houses/{Kind}/stays?kind={House} [Kind House] [Kind House] [House] Begin"},
	} {
		text := nights
		for _, edit := range strings.Split(c.edits, ", ") {
			if from, to, ok := strings.Cut(edit, ">"); ok {
				to, source, _ := strings.Cut(to, " ")
				text = edited(t, text, []string{"{name: " + from + ", ", "{name: new" + to + ", " + source + ", "})
			}
		}
		text = strings.ReplaceAll(text, "name: new", "name: ")
		table := loaded(t, fstest.MapFS{"a.yaml": {Data: []byte(stays)}, "b.yaml": {Data: []byte(text)}}, "Nights")
		one, list := table.Path("one"), table.Path("list")
		got := fmt.Sprintf("%s %v %v; %s %v %v %v %s", one.Get, one.Keys, one.Supplies, list.List, list.Keys, list.Supplies, list.Each, list.Range.Column)
		if got != c.says {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.says)
		}
		if want := strings.ReplaceAll(`begin ge "{Begin.from}" and begin lt "{Begin.to}"`, "{Begin", "{"+list.Range.Column); list.Filter != want {
			t.Errorf("%s: the filter %s", name, list.Filter)
		}
	}
}

// TestWhatADerivedTableCannotTake is refused, not passed over.
func TestWhatADerivedTableCannotTake(t *testing.T) {
	t.Parallel()
	const more = "b.yaml:1: path one of Stays takes more than addresses and filters, which a table made from it can't"
	for name, c := range map[string]struct{ base, says string }{
		"a member that is elsewhere in one answer": {"sources: {House: home}", more},
		"a column of another table":                {"lookup: {Kind: {table: Stays, key: Id, by: Id, column: House}}", "table Stays can't be read by Id"},
		"a key that is shown":                      {"shown: House", more},
		"a value that no row has":                  {"group: g}\n  - {name: kinds, doc: d, list: stays, variant: {column: Kind, filters: [{value: WORK, filter: a}]}", `b.yaml:1: path kinds of Stays takes more`},
	} {
		base := edited(t, stays, []string{"get: 'houses/{House}/stays/{Id}'", "get: 'houses/{House}/stays/{Id}', " + c.base, "{name: House, type: guid, doc: d}", "{name: House, type: guid, doc: d, references: {table: Homes}}"})
		homes := strings.NewReplacer("table: Towns", "table: Homes", "entity: Town", "entity: Home", "schema: information\n", "", "towns", "homes").Replace(garage["towns.yaml"])
		_, err := catalog.Load(fstest.MapFS{"a.yaml": {Data: []byte(base)}, "b.yaml": {Data: []byte(nights)}, "c.yaml": {Data: []byte(homes)}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFiltersOfADerivedTable are the base's on like columns, and those that it adds.
func TestFiltersOfADerivedTable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ base, derived, want string }{
		"alone, in their order":      {"filters: {Kind: {operators: [eq]}, House: {operators: [eq]}}", "", "[House Kind] [Kind House] false false"},
		"one of them added":          {"filters: {House: {operators: [eq]}}", "paths: [{name: all, filters: {Kind: {operators: [eq]}}}]\n", "[House Kind] [Kind House] false false"},
		"joined by and":              {"join: [and], filters: {House: {operators: [eq]}}", "", "[House] [] true false"},
		"joined by either":           {"join: [and, or], filters: {House: {operators: [eq]}, Kind: {operators: [sw]}}", "", "[House Kind] [] true true"},
		"of a column that it lacks":  {"join: [and], filters: {End: {operators: [ge]}}", "", "[] [] false false"},
		"of a column, and of itself": {"join: [and], filter: 'a eq 1', filters: {End: {operators: [ge]}}", "", "[] [] true false"},
	} {
		base := stays + "  - {name: all, doc: d, list: stays, " + c.base + "}\n"
		text := edited(t, nights, []string{"  - {name: End, type: timestamp, doc: d}\n", ""}) + c.derived
		path := loaded(t, fstest.MapFS{"a.yaml": {Data: []byte(base)}, "b.yaml": {Data: []byte(text)}}, "Nights").Path("all")
		names := slices.Sorted(maps.Keys(path.Filters))
		if got := fmt.Sprint(names, path.Prefer, path.And, path.Or); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
