package catalog_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// named are tables of these names.
func named(names ...string) []*catalog.Table {
	out := make([]*catalog.Table, len(names))
	for i, name := range names {
		out[i] = &catalog.Table{Name: name}
	}
	return out
}

func namesOf(tables []*catalog.Table) string {
	out := make([]string, len(tables))
	for i, t := range tables {
		out[i] = t.Name
	}
	return strings.Join(out, " ")
}

// TestSets: the schema without the views that only SQL can read; itself if it has
// none, and made once.
func TestSets(t *testing.T) {
	t.Parallel()
	rows := func(t *catalog.Table) *catalog.Table { return t }
	view := func(t *catalog.Table) *catalog.Table { t.View = &catalog.View{SQL: "SELECT 1"}; return t }
	part := func(t *catalog.Table) *catalog.Table { t.Restriction = &catalog.Restriction{}; return view(t) }
	for name, c := range map[string]struct {
		are  []func(*catalog.Table) *catalog.Table
		want string
		same bool
	}{
		"tables alone":             {[]func(*catalog.Table) *catalog.Table{rows, rows}, "A B", true},
		"a view of one table":      {[]func(*catalog.Table) *catalog.Table{rows, part}, "A B", true},
		"a view by SQL":            {[]func(*catalog.Table) *catalog.Table{view, rows}, "B", false},
		"each":                     {[]func(*catalog.Table) *catalog.Table{part, view, rows}, "A C", false},
		"nothing but views by SQL": {[]func(*catalog.Table) *catalog.Table{view, view}, "", false},
		"no tables":                {nil, "", true},
	} {
		s := &catalog.Schema{Name: "Main", ID: "1", Label: "The main one", Notes: []string{"note"}}
		for i, table := range named("A", "B", "C")[:len(c.are)] {
			s.Tables = append(s.Tables, c.are[i](table))
		}
		before := slices.Clone(s.Tables)
		sets := s.Sets()
		if namesOf(sets.Tables) != c.want || (sets == s) != c.same || s.Sets() != sets || !slices.Equal(s.Tables, before) {
			t.Errorf("%s: %s", name, namesOf(sets.Tables))
		}
		if fmt.Sprint(sets.Name, sets.ID, sets.Label, sets.Notes) != "Main1The main one[note]" {
			t.Errorf("%s: %+v", name, sets)
		}
	}
}

// TestDerivedIsMadeOnce, for each key and schema.
func TestDerivedIsMadeOnce(t *testing.T) {
	t.Parallel()
	type key struct{ n int }
	made := 0
	build := func() any { made++; return made }
	a, b := &catalog.Schema{}, &catalog.Schema{}
	got := []any{a.Derived(key{1}, build), a.Derived(key{1}, build), a.Derived(key{2}, build), b.Derived(key{1}, build), a.Derived(key{2}, build)}
	if fmt.Sprint(got) != "[1 1 2 3 2]" {
		t.Errorf("%v", got)
	}
}

func TestTablesByName(t *testing.T) {
	t.Parallel()
	s := &catalog.Schema{Name: "pg_catalog", Tables: named("Cars", "Owners")}
	for name, want := range map[string]*catalog.Table{"Cars": s.Tables[0], "OWNERS": s.Tables[1], "cars": s.Tables[0], "Car": nil, "": nil} {
		if got, ok := s.Table(name); got != want || ok != (want != nil) {
			t.Errorf("%q: %v", name, got)
		}
	}
	if s.EngineName() != "pg_catalog" {
		t.Error("a schema of PingOne's has its own name in the engine")
	}
	s.System = true
	if s.EngineName() != "gateway.pg_catalog" {
		t.Error("the engine has a schema of that name itself")
	}
}

// TestListings: the first path that lists all rows.
func TestListings(t *testing.T) {
	t.Parallel()
	get, list, keyed := catalog.Path{Get: "a"}, catalog.Path{List: "b"}, catalog.Path{List: "c", Keys: []string{"A"}}
	for name, c := range map[string]struct {
		paths []catalog.Path
		want  int
	}{
		"none":             {nil, -1},
		"a get":            {[]catalog.Path{get}, -1},
		"by a key":         {[]catalog.Path{keyed}, -1},
		"behind others":    {[]catalog.Path{get, keyed, list}, 2},
		"the first of two": {[]catalog.Path{list, list}, 0},
		"a parent's":       {[]catalog.Path{{Parent: &catalog.Parent{}}}, -1},
	} {
		table := &catalog.Table{Paths: c.paths}
		if got := table.Listing(); (got == nil) != (c.want < 0) || got != nil && got != &table.Paths[c.want] {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestDoubts: the parent's columns that tell whether a run gives rows, each once.
func TestDoubts(t *testing.T) {
	t.Parallel()
	variant := func(of map[string][]string) *catalog.Path {
		return &catalog.Path{Variant: &catalog.Variant{Values: []string{"X", "Y"}, EmptyWhen: of}}
	}
	for name, c := range map[string]struct {
		own   []string
		child *catalog.Path
		want  string
	}{
		"no path":                {[]string{"A"}, nil, "[A]"},
		"a plain path":           {[]string{"A", "B"}, &catalog.Path{}, "[A B]"},
		"of the variants":        {nil, variant(map[string][]string{"Y": {"C"}, "X": {"D", "E"}}), "[D E C]"},
		"of both":                {[]string{"A"}, variant(map[string][]string{"X": {"B"}}), "[A B]"},
		"each once":              {[]string{"A"}, variant(map[string][]string{"X": {"A", "B"}, "Y": {"B", "A", "C"}}), "[A B C]"},
		"a value without any":    {[]string{"A"}, variant(nil), "[A]"},
		"a value of no variants": {nil, variant(map[string][]string{"Z": {"Q"}}), "[]"},
	} {
		p := &catalog.Parent{EmptyWhen: c.own}
		if got := fmt.Sprint(p.Doubts(c.child)); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		if !slices.Equal(p.EmptyWhen, c.own) {
			t.Errorf("%s: the declaration changed", name)
		}
	}
}

// TestEverywhere: what all rows of an environment's table have.
func TestEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schema   *catalog.Schema
		id, call string
		known    bool
	}{
		"a declaration": {nil, "", "", false},
		"its own name":  {&catalog.Schema{Name: "Main", ID: "1"}, "1", "Main", true},
		"another label": {&catalog.Schema{Name: "1", ID: "1", Label: "Main"}, "1", "Main", true},
	} {
		table := &catalog.Table{Schema: c.schema}
		id, known := table.Everywhere(catalog.EnvironmentID)
		label, also := table.Everywhere(catalog.EnvironmentName)
		if id != c.id || label != c.call || known != c.known || also != c.known {
			t.Errorf("%s: %q %q", name, id, label)
		}
		if _, known := table.Everywhere("Id"); known {
			t.Errorf("%s: a column of the rows is the same in all", name)
		}
	}
}

func TestColumnsThatRestrictionsRead(t *testing.T) {
	t.Parallel()
	of := func(column string) predicate.Expr {
		return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue("x")}
	}
	for name, c := range map[string]struct {
		r    catalog.Restriction
		want string
	}{
		"a condition":   {catalog.Restriction{Where: of("A")}, "[A]"},
		"several":       {catalog.Restriction{Where: predicate.AllOf(of("A"), of("B"))}, "[A B]"},
		"by the engine": {catalog.Restriction{Where: of("A"), FilterSQL: "B = C", FilterColumns: []string{"B", "C"}}, "[A B C]"},
		"no condition":  {catalog.Restriction{Where: predicate.True}, "[]"},
	} {
		if got := fmt.Sprint(c.r.Reads()); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestDeclarationKeysAreACopy, with the keys of each kind in order, none twice.
func TestDeclarationKeysAreACopy(t *testing.T) {
	t.Parallel()
	keys := catalog.DeclarationKeys()
	for kind, of := range keys {
		sorted := slices.Sorted(slices.Values(of))
		if len(of) == 0 || len(slices.Compact(sorted)) != len(of) {
			t.Errorf("%s has %v", kind, of)
		}
	}
	for _, of := range keys {
		of[0] = "changed"
	}
	if reflect.DeepEqual(keys, catalog.DeclarationKeys()) {
		t.Error("the keys are the loader's own")
	}
}

// TestUnionOfMembers: what holds of all members holds of the union, and nothing that
// holds of some.
func TestUnionOfMembers(t *testing.T) {
	t.Parallel()
	refer := &catalog.Reference{Table: "Owners", Column: "Id", Forward: "Owner", Backward: "Cars"}
	column := func(name string, change ...func(*catalog.Column)) catalog.Column {
		c := catalog.Column{Name: name, Type: catalog.String, Required: true}
		for _, f := range change {
			f(&c)
		}
		return c
	}
	optional := func(c *catalog.Column) { c.Required = false }
	number := func(c *catalog.Column) { c.Type = catalog.Int32 }
	refers := func(c *catalog.Column) { c.References = refer }
	for name, c := range map[string]struct {
		members [][]catalog.Column // of each, beside its key
		want    string
	}{
		"the same in both":      {[][]catalog.Column{{column("A")}, {column("A")}}, "A string required"},
		"not in the second":     {[][]catalog.Column{{column("A")}, {}}, "A string"},
		"not in the first":      {[][]catalog.Column{{}, {column("A")}}, "A string"},
		"not in the third":      {[][]catalog.Column{{column("A")}, {column("A")}, {}}, "A string"},
		"optional in one":       {[][]catalog.Column{{column("A", optional)}, {column("A")}}, "A string"},
		"optional in the other": {[][]catalog.Column{{column("A")}, {column("A", optional)}}, "A string"},
		"of two types":          {[][]catalog.Column{{column("A")}, {column("A", number)}}, "A json required"},
		"of one type again":     {[][]catalog.Column{{column("A", number)}, {column("A")}, {column("A", number)}}, "A json required"},
		"a reference of both":   {[][]catalog.Column{{column("A", refers)}, {column("A", refers)}}, "A string required -> Owners"},
		"a reference of one":    {[][]catalog.Column{{column("A", refers)}, {column("A")}}, "A string required"},
		"of the other":          {[][]catalog.Column{{column("A")}, {column("A", refers)}}, "A string required"},
		"in other letters":      {[][]catalog.Column{{column("Aa")}, {column("AA")}}, "Aa string required"},
		"a name of ours":        {[][]catalog.Column{{column("environmentname"), column("A")}, {column("A")}}, "A string required"},
		"in their order":        {[][]catalog.Column{{column("A")}, {column("B"), column("A")}}, "A string required, B string"},
	} {
		var schemas []*catalog.Schema
		for i, columns := range c.members {
			s := &catalog.Schema{Name: fmt.Sprint("E", i), ID: fmt.Sprint(i)}
			s.Tables = []*catalog.Table{{Name: "Cars", Schema: s, Columns: append([]catalog.Column{{Name: "Id", Type: catalog.GUID, Key: true, Required: true}}, columns...)}}
			schemas = append(schemas, s)
		}
		var before []string
		for _, s := range schemas {
			before = append(before, fmt.Sprintf("%+v", s.Tables[0].Columns))
		}
		u := catalog.Union("All", schemas).Tables[0]
		var got []string
		for _, col := range u.Columns[1 : len(u.Columns)-2] {
			text := col.Name + " " + col.Type.String()
			if col.Required {
				text += " required"
			}
			if col.References != nil {
				text += " -> " + col.References.Table
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %s", name, strings.Join(got, ", "))
		}
		own, last := u.Columns[len(u.Columns)-2], u.Columns[len(u.Columns)-1]
		if own.Name != "EnvironmentId" || !own.Key || !own.Required || own.Needed || last.Name != "EnvironmentName" || !last.Required || last.Key {
			t.Errorf("%s: %+v, %+v", name, own, last)
		}
		for i, s := range schemas {
			if fmt.Sprintf("%+v", s.Tables[0].Columns) != before[i] {
				t.Errorf("%s: the table of %s changed", name, s.Name)
			}
		}
	}
}
