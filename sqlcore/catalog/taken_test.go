package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// TestWhatIsTaken: the garage made otherwise, and what it says then. These stand beside
// what is refused, and are not.
func TestWhatIsTaken(t *testing.T) {
	t.Parallel()
	paths := func(of *catalog.Table) string {
		var out []string
		for _, p := range of.Paths {
			out = append(out, strings.TrimSpace(fmt.Sprint(p.Name, " ", p.Get, p.List, " ", p.Page)))
		}
		return strings.Join(out, "; ")
	}
	for name, c := range map[string]struct {
		file, table string
		edits       []string
		says        func(*catalog.Table) string
		want        string
	}{
		"the largest page is the page": {
			"vans.yaml", "Vans",
			[]string{"page_max: 100", "page_max: 10"},
			func(of *catalog.Table) string {
				return fmt.Sprint(of.Path("by_owner").Page, of.Path("by_owner").PageMax)
			}, "10 10",
		},
		"a name of a member": {
			"red.yaml", "RedCars",
			[]string{"type: int32, position", "type: string, position"},
			func(of *catalog.Table) string {
				return fmt.Sprint(of.Column("Number").Type, of.Column("Number").Position)
			}, "string true",
		},
		"the place of an element alone": {
			"red.yaml", "RedCars",
			[]string{"  - {name: Plate, type: string, from: 'cars[].plate', doc: Plate.}\n", "", "filters: {Plate: {operators: [eq]}}", "filters: {OwnerId: {operators: [eq]}}"},
			func(of *catalog.Table) string { return fmt.Sprint(len(of.Columns), of.Derived.Unnest) }, "2cars",
		},
		"elements of its own answers": {
			"red.yaml", "RedCars",
			[]string{"from: Owners\nwhere: {Name: RED}\n", "", "paths: [{name: list, ", "paths: [{name: list, doc: d, join: [and], list: reds, "},
			func(of *catalog.Table) string {
				return fmt.Sprintf("%q %v %s", of.Derived.Table, of.Derived.Unnest, paths(of))
			}, `"" cars list reds 0`,
		},
		"of alternatives": {
			"red.yaml", "RedCars",
			[]string{"unnest: cars", "unnest: cars|vans"},
			func(of *catalog.Table) string {
				return of.Derived.Unnest + " " + of.Derived.InElement("cars[].plate") + of.Derived.InElement("vans[].plate")
			}, "cars|vans plate",
		},
		"a hidden number": {
			"cars.yaml", "Cars",
			[]string{"key: Id, column: Name}", "key: Id, column: Cars}"},
			func(of *catalog.Table) string { return fmt.Sprint(of.Hidden[0]) }, "{Owner Owners Id Cars false}",
		},
		"a path by its id completed": {
			"owners.yaml", "Owners",
			[]string{"{name: list, page: 7}", "{name: by_id, group: slow}"},
			func(of *catalog.Table) string {
				return paths(of) + " " + of.Path("by_id").Group + " " + of.Path("by_id").Doc
			}, "by_id owners/{Id} 0; list owners 0 slow One owner by its id.",
		},
		"a path in the place of a usual one": {
			"owners.yaml", "Owners",
			[]string{"{name: list, page: 7}", "{name: list, doc: All of them., list: persons}"},
			func(of *catalog.Table) string { return paths(of) + " " + of.Path("list").Doc }, "by_id owners/{Id} 0; list persons 0 All of them.",
		},
		"a path beside the usual ones": {
			"owners.yaml", "Owners",
			[]string{"{name: list, page: 7}", "{name: more, doc: d, list: persons}"},
			paths, "by_id owners/{Id} 0; list owners 0; more persons 0",
		},
		"the names of a link": {
			"drives.yaml", "Drives", nil,
			func(of *catalog.Table) string { return fmt.Sprint(*of.ManyToMany) }, "{Owners Vans Driven Drivers}",
		},
		"a reference by the names it has": {
			"vans.yaml", "Vans",
			[]string{"forward: Keeper, ", ""},
			func(of *catalog.Table) string { return fmt.Sprint(*of.Column("OwnerId").References) }, "{Owners Id Owner Fleet}",
		},
		"a reference out of the schema that leads nowhere": {
			"cars.yaml", "Cars",
			[]string{"{name: Keys, type: json, doc: Keys., without: [code]}", "{name: Keys, type: guid, doc: Keys., references: {table: Towns, forward: '-', backward: '-'}}"},
			func(of *catalog.Table) string { return fmt.Sprint(*of.Column("Keys").References) }, "{Towns Id - -}",
		},
		"a condition of its own to join with": {
			"cars.yaml", "Cars",
			[]string{"    lookup: {Colour", "    join: [and]\n    filter: x eq 1\n    lookup: {Colour"},
			func(of *catalog.Table) string { return fmt.Sprint(of.Path("names").And, of.Path("names").Filter) }, "truex eq 1",
		},
		"both, of a table without inserts": {
			"drives.yaml", "Drives",
			[]string{"write: update", "write: both"},
			func(of *catalog.Table) string {
				return fmt.Sprint(of.Writes.Insert == nil, of.Column("Note").Access == catalog.Writable)
			}, "true true",
		},
		"parts alone": {
			"vans.yaml", "Vans",
			[]string{"  update: {body: {Note: note}}\n", ""},
			func(of *catalog.Table) string { return fmt.Sprint(of.Writes.Update == nil, len(of.Writes.Parts)) }, "true 2",
		},
		"both, given once alone": {
			"vans.yaml", "Vans",
			[]string{
				"  update: {body: {Note: note}}\n", "", "    - {call: 'PUT owners/{OwnerId}/vans/{Id}/note', type: text/plain, columns: [Note], values: [old, new]}\n", "",
			},
			func(of *catalog.Table) string {
				return fmt.Sprint(of.Writes.Part("Note") == nil, of.Column("Note").Access == catalog.Writable)
			}, "true true",
		},
		"a key twice in an address": {
			"cars.yaml", "Cars",
			[]string{"get: owners/{OwnerId}/cars/{Id}", "get: owners/{OwnerId}/cars/{Id}?of={OwnerId}"},
			func(of *catalog.Table) string { return fmt.Sprint(of.Path("shown").Keys, of.Path("shown").Supplies) }, "[OwnerId Id] [OwnerId]",
		},
		"a key in the condition of a variant": {
			"vans.yaml", "Vans",
			[]string{`kind eq "S"`, `kind eq "S" and id eq "{Id}"`},
			func(of *catalog.Table) string { return fmt.Sprint(of.Path("by_owner").Keys, of.Path("by_owner").Items) }, "[OwnerId Id]fleet",
		},
		"a key that the address has": {
			"vans.yaml", "Vans",
			[]string{"{name: OwnerId, type: guid, required", "{name: OwnerId, type: guid, key: true, required", "hidden:\n  - {name: Notes, table: Drives, key: VanId, column: Note, list: true}\n", ""},
			func(of *catalog.Table) string { return fmt.Sprint(of.Paths[0].Get, of.Paths[0].Keys, len(of.Key())) }, "owners/{OwnerId}/vans/{Id}[OwnerId Id] 2",
		},
		"elements of every row": {
			"red.yaml", "RedCars",
			[]string{"where: {Name: RED}\n", ""},
			func(of *catalog.Table) string { return fmt.Sprint(len(of.Derived.Where), of.Derived.Unnest) }, "0cars",
		},
		"an exact filter around elements": {
			"red.yaml", "RedCars",
			[]string{"{Plate: {operators: [eq]}}", "{OwnerId: {operators: [eq], exact: true}}"},
			func(of *catalog.Table) string {
				return fmt.Sprint(of.Path("list").Filters["OwnerId"].Exact, of.Path("list").Prefer)
			}, "true [OwnerId]",
		},
	} {
		if got := c.says(loaded(t, garageWith(t, c.file, c.edits...), c.table)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestWhoAnswersLookUps: the names of several rows at once are read by a list that
// joins equalities by or, or one by one by a get; nothing else gives them.
func TestWhoAnswersLookUps(t *testing.T) {
	t.Parallel()
	const refused = "cars.yaml:42: table Owners can't be read by Name; give it a get by that key, or a list with a filter on it that joins by or"
	for name, c := range map[string]struct {
		path    string
		answers bool
	}{
		"a get by it":                  {"{name: more, doc: d, get: 'owners/named/{Name}'}", true},
		"a get by it and another":      {"{name: more, doc: d, get: 'owners/{Id}/named/{Name}'}", false},
		"a get by another":             {"{name: more, doc: d, get: 'owners/with/{Id}'}", false},
		"a list by it":                 {"{name: more, doc: d, list: 'owners/named/{Name}/all'}", false},
		"a filter that joins by or":    {"{name: more, doc: d, list: owners, join: [or], filters: {Name: {operators: [eq]}}}", true},
		"and by both":                  {"{name: more, doc: d, list: owners, join: [and, or], filters: {Name: {operators: [eq, sw]}, Id: {operators: [sw]}}}", true},
		"a filter that joins by and":   {"{name: more, doc: d, list: owners, join: [and], filters: {Name: {operators: [eq]}}}", false},
		"a filter that stands alone":   {"{name: more, doc: d, list: owners, filters: {Name: {operators: [eq]}}}", false},
		"a filter on another":          {"{name: more, doc: d, list: owners, join: [or], filters: {Id: {operators: [eq]}}}", false},
		"no equality":                  {"{name: more, doc: d, list: owners, join: [or], filters: {Name: {operators: [sw]}}}", false},
		"an equality that is not sure": {"{name: more, doc: d, list: owners, join: [or], filters: {Name: {operators: [], unconfirmed: [eq]}}}", false},
		"a list of some":               {"{name: more, doc: d, list: 'towns/{Id}/owners', join: [or], filters: {Name: {operators: [eq]}}}", false},
	} {
		files := garageWith(t, "cars.yaml", "key: OwnerId, by: Id, column: Name}", "key: OwnerId, by: Name, column: Id}")
		owners := garageWith(t, "owners.yaml", "{name: list, page: 7}", "{name: list, page: 7}, "+c.path)
		_, err := catalog.Load(both(t, files, "cars.yaml", owners))
		if got := fmt.Sprint(err); c.answers != (err == nil) || err != nil && got != refused {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestTablesInOrder of their names, whatever their files are called.
func TestTablesInOrder(t *testing.T) {
	t.Parallel()
	tables, err := catalog.Load(garageWith(t, ""))
	if err != nil || !slices.IsSortedFunc(tables, func(a, b *catalog.Table) int { return strings.Compare(a.Name, b.Name) }) || tables[3].Name != "RedCars" {
		t.Errorf("%v, %v", namesOf(tables), err)
	}
}
