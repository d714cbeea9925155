package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// TestTypes: every type has one name in each language, and declarations read back
// the name that they are written with.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of                    catalog.Type
		name, sql, edm, arrow string
		kind                  predicate.Kind
	}{
		{catalog.String, "string", "VARCHAR", "Edm.String", "utf8", predicate.String},
		{catalog.Bool, "bool", "BOOLEAN", "Edm.Boolean", "bool", predicate.Bool},
		{catalog.Int32, "int32", "INTEGER", "Edm.Int32", "int32", predicate.Int},
		{catalog.Int64, "int64", "BIGINT", "Edm.Int64", "int64", predicate.Int},
		{catalog.Float64, "float64", "DOUBLE", "Edm.Double", "float64", predicate.Float},
		{catalog.Timestamp, "timestamp", "TIMESTAMPTZ", "Edm.DateTimeOffset", "timestamp[ms, tz=UTC]", predicate.Time},
		{catalog.GUID, "guid", "UUID", "Edm.Guid", "utf8", predicate.UUID},
		{catalog.JSON, "json", "JSON", "Edm.String", "utf8", predicate.String},
		{catalog.StringList, "list", "VARCHAR[]", "Collection(Edm.String)", "list<item: utf8, nullable>", predicate.String},
	} {
		got := fmt.Sprintf("%s %s %s %s", c.of, c.of.SQL(), c.of.Edm(), c.of.Arrow())
		if want := fmt.Sprintf("%s %s %s %s", c.name, c.sql, c.edm, c.arrow); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if back, err := catalog.ParseType(c.name); err != nil || back != c.of || c.of.Kind() != c.kind {
			t.Errorf("%s: read back as %s, %v; kind %v", c.name, back, err, c.of.Kind())
		}
	}
	for _, wrong := range []string{"", "String", "int", "VARCHAR"} {
		if _, err := catalog.ParseType(wrong); err == nil {
			t.Errorf("%q is a type", wrong)
		}
	}
}

// TestWindows: the span of time that is read, by what a condition leaves open.
func TestWindows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 15, 30, 0, 0, time.UTC)
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		out, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	week := catalog.Range{Days: 7, DaysFor: map[string]int64{"WORK": 2, "NONE": 0}}
	days := catalog.Range{Days: 7, WholeDays: true}
	for _, c := range []struct {
		name               string
		of                 catalog.Range
		from, to           string
		each               []string
		wantFrom, wantUpTo string
	}{
		{"nothing said", week, "", "", nil, "2026-03-03 15:30", "2026-03-10 15:40"},
		{"from when", week, "2026-01-01 00:00", "", nil, "2026-01-01 00:00", "2026-03-10 15:40"},
		{"until when, long ago", week, "", "2025-06-01 12:00", nil, "2025-05-25 12:00", "2025-06-01 12:00"},
		{"until when, of late", week, "", "2026-03-09 00:00", nil, "2026-03-03 15:30", "2026-03-09 00:00"},
		{"until the future", week, "", "2030-01-01 00:00", nil, "2026-03-03 15:30", "2026-03-10 15:40"},
		{"both", week, "2026-02-01 00:00", "2026-02-02 00:00", nil, "2026-02-01 00:00", "2026-02-02 00:00"},
		{"a value with days of its own", week, "", "", []string{"WORK"}, "2026-03-08 15:30", "2026-03-10 15:40"},
		{"a value without", week, "", "", []string{"PLAY"}, "2026-03-03 15:30", "2026-03-10 15:40"},
		{"a value with none", week, "", "", []string{"NONE"}, "2026-03-03 15:30", "2026-03-10 15:40"},
		{"whole days", days, "2026-03-01 12:00", "2026-03-02 00:01", nil, "2026-03-01 00:00", "2026-03-03 00:00"},
		{"days that are whole", days, "2026-03-01 00:00", "2026-03-02 00:00", nil, "2026-03-01 00:00", "2026-03-02 00:00"},
	} {
		from, to := c.of.Window(at(c.from), at(c.to), now, c.each...)
		if !from.Equal(at(c.wantFrom)) || !to.Equal(at(c.wantUpTo)) {
			t.Errorf("%s: %s to %s", c.name, from, to)
		}
	}
}

func TestNamesOfColumns(t *testing.T) {
	t.Parallel()
	table := &catalog.Table{
		Columns: []catalog.Column{{Name: "name", Key: true}, {Name: "Name"}, {Name: "Age", Key: true}},
		Hidden:  []catalog.Hidden{{Name: "Owner"}}, Paths: []catalog.Path{{Name: "list"}},
	}
	for name, want := range map[string]int{"name": 0, "Name": 1, "NAME": 0, "age": 2, "Nam": -1, "": -1} {
		got := table.Index(name)
		if got != want {
			t.Errorf("%q is column %d, not %d", name, got, want)
		}
		if column := table.Column(name); (column == nil) != (want < 0) || column != nil && column != &table.Columns[want] {
			t.Errorf("%q is %+v", name, column)
		}
	}
	if !slices.Equal(table.Key(), []int{0, 2}) || table.HiddenColumn("OWNER") != &table.Hidden[0] || table.HiddenColumn("Age") != nil {
		t.Errorf("key %v", table.Key())
	}
	if table.Path("list") != &table.Paths[0] || table.Path("List") != nil {
		t.Error("paths are found by their names as they are written")
	}
	if schema := table.ArrowSchema([]int{2, 0}); schema.String() != "schema:\n  fields: 2\n    - Age: type=utf8, nullable\n    - name: type=utf8, nullable" {
		t.Errorf("%s", schema)
	}
	if table.Whole() != table || (&catalog.Table{Restriction: &catalog.Restriction{Base: table}}).Whole() != table {
		t.Error("a restricted table is part of its base")
	}
}

// TestPathsThatReadEverything: which paths need no key, and which give a table in
// one call.
func TestPathsThatReadEverything(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path           catalog.Path
		keyless, whole bool
	}{
		"a plain list":             {catalog.Path{List: "cars"}, true, true},
		"a list in pages":          {catalog.Path{List: "cars", Page: 7}, true, false},
		"a list with filters":      {catalog.Path{List: "cars", Filters: map[string]catalog.Filter{"A": {}}}, true, false},
		"a list with a condition":  {catalog.Path{List: "cars", Filter: "a eq 1"}, true, false},
		"a list by a key":          {catalog.Path{List: "cars/{A}", Keys: []string{"A"}}, false, false},
		"a list by each key":       {catalog.Path{List: "cars/{A}", Keys: []string{"A"}, Each: []string{"A"}}, true, false},
		"by the rows of a parent":  {catalog.Path{Parent: &catalog.Parent{}, Keys: []string{"A"}}, true, false},
		"a get":                    {catalog.Path{Get: "cars/{A}", Keys: []string{"A"}}, false, false},
		"the get of an only row":   {catalog.Path{Get: "car"}, true, false},
		"a list by one of the two": {catalog.Path{List: "cars/{A}/{B}", Keys: []string{"A", "B"}, Each: []string{"B"}}, false, false},
	} {
		if got := c.path.Keyless(); got != c.keyless {
			t.Errorf("%s: keyless %v", name, got)
		}
		if got := c.path.Whole(); got != c.whole {
			t.Errorf("%s: whole %v", name, got)
		}
	}
}

func TestLinksOfATable(t *testing.T) {
	t.Parallel()
	to := func(table string) catalog.Column { return catalog.Column{References: &catalog.Reference{Table: table}} }
	link := &catalog.ManyToMany{From: "People", To: "Teams"}
	self := &catalog.ManyToMany{From: "People", To: "People"}
	for name, c := range map[string]struct {
		table    catalog.Table
		from, to int
	}{
		"no link":          {catalog.Table{Columns: []catalog.Column{to("People"), to("Teams")}}, -1, -1},
		"in order":         {catalog.Table{ManyToMany: link, Columns: []catalog.Column{to("People"), {}, to("Teams")}}, 0, 2},
		"the other way":    {catalog.Table{ManyToMany: link, Columns: []catalog.Column{to("Teams"), to("People")}}, 1, 0},
		"one is missing":   {catalog.Table{ManyToMany: link, Columns: []catalog.Column{to("People")}}, 0, -1},
		"both to the same": {catalog.Table{ManyToMany: self, Columns: []catalog.Column{to("People"), to("People")}}, 0, 1},
	} {
		if from, to := c.table.Links(); from != c.from || to != c.to {
			t.Errorf("%s: %d and %d", name, from, to)
		}
	}
}

// TestTablesOfASchema: a declaration stands in many schemas, each with columns of
// its own, and stays as it was.
func TestTablesOfASchema(t *testing.T) {
	t.Parallel()
	tables, err := catalog.Load(garageWith(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	cars := tables[slices.IndexFunc(tables, func(t *catalog.Table) bool { return t.Name == "Cars" })]
	columns, filters := len(cars.Columns), len(cars.Path("list").Filters)
	s := &catalog.Schema{Name: "Main", ID: "1", Notes: []string{"note"}}
	more := cars.In(s, []catalog.Column{{Name: "Custom"}}, map[string]catalog.Filter{"Custom": {Attribute: "custom"}})
	plain := cars.In(s, nil, nil)
	if more.Schema != s || len(more.Columns) != columns+1 || more.Path("list").Filters["Custom"].Attribute != "custom" || len(more.Path("list").Filters) != filters+1 {
		t.Errorf("%d columns, filters %v", len(more.Columns), more.Path("list").Filters)
	}
	if more.Path("by_owner").Filters != nil {
		t.Error("a path that knows no filters got one")
	}
	if len(cars.Columns) != columns || len(cars.Path("list").Filters) != filters || cars.Schema != nil || len(plain.Columns) != columns {
		t.Error("the declaration changed")
	}
	s.Tables = []*catalog.Table{more}
	if found, ok := s.Table("CARS"); !ok || found != more {
		t.Error("tables are found in any letter case")
	}
	shown := s.Showing([]*catalog.Table{plain})
	if found, _ := shown.Table("Cars"); found != plain || shown.Name != "Main" || shown.ID != "1" || len(shown.Notes) != 1 {
		t.Errorf("%+v", shown)
	}
	made := 0
	for range 3 {
		if got := s.Derived("key", func() any { made++; return made }); got != 1 {
			t.Errorf("made %v", got)
		}
	}
	if got := shown.Derived("key", func() any { return "own" }); got != "own" {
		t.Errorf("what is made of another schema: %v", got)
	}
	if part := cars.Writes.Part("Colour"); part != &cars.Writes.Parts[0] || cars.Writes.Part("Wheels") != nil {
		t.Errorf("Colour is written by %+v", part)
	}
}

// TestPathsOfADerivedTable: they are the other table's, under this one's names.
func TestPathsOfADerivedTable(t *testing.T) {
	t.Parallel()
	const base = `table: Visits
entity: Visit
doc: d
examples: [SELECT 1]
group: slow
permission: visits:read
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: Place, type: string, doc: d, values: [HERE, THERE]}
  - {name: At, type: timestamp, from: visitedAt, doc: d}
  - {name: Notes, type: json, doc: d}
paths:
  - {name: one, doc: d, get: 'visits/{Place}/{Id}'}
  - name: list
    doc: d
    list: visits/{Place}
    filter: at ge "{At.from}"
    range: {column: At, days: 3}
    each: [Place]
    count: exact
    unique: [Id]
    order: {At: visitedAt}
    query: {Notes: expand=notes, '': all=true}
    join: [and]
    filters: {Place: {operators: [eq]}}
`
	const derived = `table: Stamps
entity: Stamp
doc: d
examples: [SELECT 1]
from: Visits
where: {Place: HERE}
unnest: notes
columns:
  - {name: VisitId, type: guid, from: id, key: true, required: true, doc: d}
  - {name: Spot, type: string, from: place, doc: d, values: [HERE, THERE]}
  - {name: Moment, type: timestamp, from: visitedAt, doc: d}
  - {name: Text, type: string, from: 'notes[].text', key: true, required: true, doc: d}
`
	tables, err := catalog.Load(fstest.MapFS{"a.yaml": {Data: []byte(base)}, "b.yaml": {Data: []byte(derived)}})
	if err != nil {
		t.Fatal(err)
	}
	stamps := tables[0]
	if stamps.Group != "slow" || stamps.Permission != "visits:read" || fmt.Sprint(stamps.Derived.Where) != "map[place:HERE]" || len(stamps.Paths) != 2 {
		t.Fatalf("%+v", stamps)
	}
	one, list := stamps.Path("one"), stamps.Path("list")
	if one.Get != "visits/{Spot}/{VisitId}" || !slices.Equal(one.Keys, []string{"Spot", "VisitId"}) || !slices.Equal(one.Supplies, []string{"Spot"}) {
		t.Errorf("%+v", one)
	}
	got := fmt.Sprint(list.List, list.Keys, list.Each, list.Filter, *list.Range, list.Query, list.Filters["Spot"].Attribute, list.And)
	want := `visits/{Spot}[Spot] [Spot]at ge "{Moment.from}"{Moment 3 map[]  false false} map[:all=true&expand=notes]placetrue`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if list.CountExact || list.Unique != nil || list.Order != nil || list.Doc != "The stamps in what list of Visits reads." {
		t.Errorf("%+v", list)
	}
	if visits := tables[1].Path("list"); visits.List != "visits/{Place}" || visits.Range.Column != "At" || !visits.CountExact {
		t.Errorf("the other table's path changed: %+v", visits)
	}
}

// FuzzLoad reads any file beside the garage: it is read, or refused with its file
// and a line that it has; reading it again gives the same.
func FuzzLoad(f *testing.F) {
	for _, text := range garage {
		f.Add(text)
	}
	f.Add("table: &a {x: *a}")
	f.Add("- table\n")
	f.Add("columns: [{name: A, type: json, unless: {column: A}}]\npaths: [{name: p, lookup: {A: 1}}]")
	f.Fuzz(func(t *testing.T, text string) {
		load := func() (string, error) {
			tables, err := catalog.Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}, "cars.yaml": {Data: []byte(garage["owners.yaml"])}})
			return fmt.Sprint(len(tables)), err
		}
		got, err := load()
		again, err2 := load()
		if got != again || (err == nil) != (err2 == nil) {
			t.Fatalf("%s, %v; again %s, %v", got, err, again, err2)
		}
		if err == nil {
			return
		}
		lines := strings.Count(text, "\n") + 2
		for fault := range strings.Lines(err.Error()) {
			var line int
			file, rest, _ := strings.Cut(fault, ":")
			if _, err := fmt.Sscanf(rest, "%d:", &line); file == "x.yaml" && (err != nil || line < 1 || line > lines) {
				t.Fatalf("%q has %d lines, and is refused at %q", text, lines, fault)
			}
		}
	})
}

func TestPlaceAndMasks(t *testing.T) {
	t.Parallel()
	north, south := &catalog.Schema{Name: "North", ID: "n"}, &catalog.Schema{Name: "South", ID: "s"}
	table := &catalog.Table{Name: "T", Schema: north, Restriction: &catalog.Restriction{Masks: map[string]catalog.Mask{"A": catalog.MaskNull}}}
	other := &catalog.Table{Name: "T", Schema: south}
	if table.Place() == other.Place() || table.Place() != (catalog.Place{Schema: "North", ID: "n", Table: "T"}) || (&catalog.Table{Name: "T"}).Place() != (catalog.Place{Table: "T"}) {
		t.Errorf("got %v and %v", table.Place(), other.Place())
	}
	if !table.Restriction.Masked("A") || table.Restriction.Masked("B") || other.Restriction.Masked("A") {
		t.Error("masks are those of the restriction alone")
	}
}
