package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const good = `table: Cars
entity: Car
schema: environment
doc: Cars.
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: OwnerId, type: guid, from: owner.id, doc: Owner., references: {table: Cars}}
  - {name: Colour, type: string, write: insert, doc: Colour., values: [RED]}
paths:
  - name: one
    doc: One.
    get: cars/{Id}
  - name: list
    doc: All.
    list: cars
    page: 50
    count: exact
    join: [and]
    filters:
      Colour: {operators: [eq, sw], unconfirmed: [co]}
`

func load(text ...string) ([]*catalog.Table, error) {
	files := fstest.MapFS{}
	for i, t := range text {
		if t == "" {
			continue
		}
		files[string(rune('a'+i))+".yaml"] = &fstest.MapFile{Data: []byte(t)}
	}
	return catalog.Load(files)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	tables, err := load(good)
	if err != nil {
		t.Fatal(err)
	}
	c := tables[0]
	if c.Name != "Cars" || c.Scope != catalog.PerEnvironment || len(c.Columns) != 3 || len(c.Paths) != 2 {
		t.Fatalf("%+v", c)
	}
	if got := c.Column("Id").Source; got != "id" {
		t.Errorf("source defaults to %q", got)
	}
	if r := c.Column("OwnerId").References; r.Column != "Id" || r.Forward != "Owner" || r.Backward != "Cars" {
		t.Errorf("reference defaults to %+v", r)
	}
	if c.Column("Colour").Access != catalog.OnInsert || c.Column("Id").Access != catalog.ReadOnly {
		t.Error("write access is wrong")
	}
	list := c.Path("list")
	f := list.Filters["Colour"]
	if f.Attribute != "colour" || len(f.Operators) != 2 || f.Operators[1] != predicate.OpSw || f.Unconfirmed[0] != predicate.OpCo || f.Exact {
		t.Errorf("filter %+v", f)
	}
	if !list.CountExact || list.Items != "cars" || !list.And || list.Or || list.Page != 50 {
		t.Errorf("path %+v", list)
	}
}

func TestLoadReportsAllFaultsOfAllFiles(t *testing.T) {
	t.Parallel()
	_, err := load(strings.Replace(good, "type: string", "type: text", 1), strings.Replace(good, "page: 50", "page: -1", 1))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"a.yaml:9", "b.yaml:17"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	_, err = load(good, strings.Replace(good, "references: {table: Cars}", "references: {table: Boats}", 1))
	for _, want := range []string{"b.yaml:1: table Cars is declared twice", `b.yaml:8: there is no table "Boats"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestLinksBetweenTables(t *testing.T) {
	t.Parallel()
	owner := strings.NewReplacer("Cars", "Owners", "Car\n", "Owner\n", "cars", "owners", "OwnerId", "CarId", "owner.id", "car.id").Replace(good)
	const parts = "table: Parts\nentity: Part\ndoc: d\nexamples: [SELECT 1]\ncolumns: [{name: Id, type: guid, key: true, required: true, doc: d}, {name: CarId, type: guid, doc: d, references: {table: Cars, forward: '-', backward: '-'}}]\n"
	keyed := parts + "paths: [{name: p, doc: d, list: 'p/{Id}'}]\n"
	odd := strings.NewReplacer("Parts", "Odd", "Part\n", "Strange\n").Replace(parts) + "paths: [{name: p, doc: d, get: 'p/{Id}'}]\n"
	loop := strings.NewReplacer("Parts", "Loop", "Part\n", "Round\n").Replace(parts) + "collection: p/{CarId}/l\nof: Cars\n"
	const derived = "table: Red\nentity: Red\ndoc: d\nexamples: [SELECT 1]\ncolumns: [{name: Id, type: guid, key: true, required: true, doc: d}]\n"
	cases := []struct{ name, add, more, want string }{
		{"parent's path", "  - {name: all, doc: d, parent: {table: Owners, path: two}}\n", "", `the parent's path "two" must be a path of Cars with keys`},
		{"parent's path without keys", "  - {name: all, doc: d, parent: {table: Owners, path: list}}\n", "", `the parent's path "list" must be a path of Cars with keys`},
		{"good parent", "  - {name: all, doc: d, parent: {table: Owners, path: one}}\n", "", ""},
		{"parent gives too little", "  - {name: two, doc: d, get: 'c/{Id}/{Wheels}'}\n  - {name: all, doc: d, parent: {table: Owners, path: two}}\n", "", `a.yaml:24: the parent's table Owners gives no value for the key Wheels of path two; let the column Wheels refer to a column of Owners`},
		{"parent of no list", "  - {name: all, doc: d, parent: {table: Parts, path: one}}\n", "", `a.yaml:23: the parent's table Parts can't be listed; give it a list path without keys`},
		{"parent of gets alone", "  - {name: all, doc: d, parent: {table: Odd, path: one}}\n", "", `a.yaml:23: the parent's table Odd can't be listed`},
		{"parent of oneself", "  - {name: all, doc: d, parent: {table: Cars, path: one}}\n", "", "Cars and Cars are each other's parents"},
		{"parents of each other", "  - {name: all, doc: d, parent: {table: Loop, path: one}}\n", loop, "Cars and Loop are each other's parents"},
		{"child of a table", "", loop, ""},
		{"keys that are shown", "  - {name: two, doc: d, get: 'c/{OwnerId}/{Id}', shown: OwnerId}\n", "", ""},
		{"shown by no key", "  - {name: two, doc: d, get: 'c/{Id}', shown: OwnerId}\n", "", `a.yaml:23: path two says which values of "OwnerId" are shown, which is not a key of its address that refers to another table`},
		{"shown by no reference", "  - {name: two, doc: d, get: 'c/{Id}', shown: Id}\n", "", `which values of "Id" are shown`},
		{"hidden columns", "hidden:\n  - {name: Owner, table: Owners, key: Id, column: Colour}\n  - {name: Owned, table: Owners, key: CarId, column: Id, list: true}\n", "", ""},
		{"hidden column of no table", "hidden:\n  - {name: Owner, table: Boats, key: Id, column: Colour}\n", "", `a.yaml:24: there is no table "Boats"`},
		{"hidden column twice", "hidden:\n  - {name: Wheels, table: Owners, key: Id, column: Colour}\n", "", `a.yaml:24: column Wheels stands twice`},
		{"list of numbers", "hidden:\n  - {name: Owner, table: Cars, key: Id, column: Wheels, list: true}\n", "", `a.yaml:24: a list needs a column of the type string or guid, not Wheels`},
		{"partition without and", "  - {name: p, doc: d, list: c, partition: {column: Colour, table: Owners, key: Id, size: Id}}\n", "", "needs a filter on Colour that joins by and"},
		{"partition by texts", "  - {name: p, doc: d, list: c, partition: {column: Colour, table: Owners, key: Id, size: Id}}\n", "", "column Id of Owners must be a int64 to be used so"},
		{"partition by what can't be listed", "  - {name: p, doc: d, list: c, partition: {column: Colour, table: Odd, key: Id, size: Id}}\n", "", "table Odd can't be listed in one go"},
		{"supplies a number", "  - {name: p, doc: d, list: 'c/{Wheels}'}\n", "", "column Wheels of Cars must be a string or guid"},
		{"lookup in no table", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Boats, key: Id, by: Id, column: Name}}}\n", "", `there is no table "Boats"`},
		{"lookup by no column", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Owner, by: Id, column: Colour}}}\n", "", `lookup names "Owner", which is not a column of Cars`},
		{"lookup by a number", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Wheels, by: Id, column: Colour}}}\n", "", "column Wheels of Cars must be a string or guid"},
		{"lookup of a number", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Cars, key: Id, by: Id, column: Wheels}}}\n", "", "column Wheels of Cars must be a string or guid"},
		{"lookup that can't be read", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Id, by: Colour, column: Colour}}}\n", "", "table Owners can't be read by Colour"},
		{"derived", "", derived + "from: Cars\nwhere: {Colour: RED}\n", ""},
		{"derived from nothing", "", derived + "from: Boats\nwhere: {Colour: RED}\n", `e.yaml:6: there is no table "Boats"`},
		{"derived from itself", "", derived + "from: Red\nwhere: {Colour: RED}\n", "Red is itself made from another table"},
		{"derived from all rows", "", derived + "from: Cars\n", `say with "where" or "unnest"`},
		{"derived by a number", "", derived + "from: Cars\nwhere: {Wheels: '4'}\n", "a condition needs a column of the type string, not Wheels"},
		{"elements without columns", "", derived + "from: Cars\nunnest: doors\n", "no column of Red comes from the elements of doors; write doors[]. before its member"},
		{"where without from", "", derived + "where: {Colour: RED}\ncollection: red\n", `e.yaml:6: "where" needs "from"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wheels := "  - {name: Wheels, type: int32, doc: Wheels.}\npaths:\n"
			_, err := load(strings.Replace(good, "paths:\n", wheels, 1)+c.add, owner, keyed, odd, c.more)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

const (
	agreements = `table: Agreements
entity: Agreement
doc: d
examples: [SELECT 1]
group: slow
collection: environments/{EnvironmentId}/agreements
columns: [{name: Id, type: guid, key: true, required: true, doc: d}, {name: Kind, type: string, doc: d}]
paths: [{name: list, page: 7}]
`
	languages = `table: AgreementLanguages
entity: AgreementLanguage
doc: d
examples: [SELECT 1]
collection: environments/{EnvironmentId}/agreements/{AgreementId}/languages
of: Agreements
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: AgreementId, type: guid, required: true, doc: d, references: {table: Agreements}}
`
	revisions = `table: Revisions
entity: Revision
doc: d
examples: [SELECT 1]
collection: environments/{EnvironmentId}/agreements/{AgreementId}/languages/{LanguageId}/revisions?all={Kind}
of: AgreementLanguages
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: AgreementId, type: guid, doc: d, references: {table: Agreements}}
  - {name: LanguageId, type: guid, doc: d, references: {table: AgreementLanguages, forward: Language, backward: '-'}}
  - {name: Kind, type: string, doc: d}
`
	parts = `table: Clauses
entity: Clause
doc: d
examples: [SELECT 1]
from: Agreements
where: {Kind: LONG}
unnest: text.clauses
columns:
  - {name: AgreementId, type: guid, from: id, key: true, required: true, doc: d, references: {table: Agreements}}
  - {name: Number, type: string, from: 'text.clauses[].number', key: true, required: true, doc: d}
`
	settings = `table: Settings
entity: Setting
doc: d
examples: [SELECT 1]
one: environments/{EnvironmentId}/settings
columns: [{name: EnvironmentId, type: guid, key: true, required: true, doc: d}]
`
	environments = `table: Environments
entity: Environment
schema: information
doc: d
examples: [SELECT 1]
collection: environments
columns: [{name: Id, type: guid, key: true, required: true, doc: d}]
`
	limits = `table: Limits
entity: Limit
schema: information
doc: d
examples: [SELECT 1]
one: environments/{EnvironmentId}/limits
of: Environments
columns: [{name: EnvironmentId, type: guid, key: true, required: true, doc: d, references: {table: Environments}}]
`
)

func TestShorthands(t *testing.T) {
	t.Parallel()
	tables, err := load(agreements, languages, strings.Replace(revisions, "?all={Kind}", "", 1), parts, settings, environments, limits)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, table := range tables {
		for _, p := range table.Paths {
			text := fmt.Sprintf("%s%s%v%v%s %s%v%d %s", p.Get, p.List, p.Keys, p.Supplies, p.Items, p.Endpoint, p.Missing, p.Page, p.Doc)
			if p.Parent != nil {
				text = fmt.Sprint(*p.Parent, " ", p.Doc)
			}
			got[table.Name+"."+p.Name] = text
		}
	}
	const at = "environments/{EnvironmentId}/agreements"
	want := map[string]string{
		"Agreements.by_id":                       at + "/{Id}[Id][] agreements/{id}[404]0 One agreement by its id.",
		"Agreements.list":                        at + "[][]agreements agreements[]7 All agreements.",
		"AgreementLanguages.by_agreement_and_id": at + "/{AgreementId}/languages/{Id}[AgreementId Id][AgreementId] agreements/{id}/languages/{id}[404]0 One agreement language of one agreement.",
		"AgreementLanguages.by_agreement":        at + "/{AgreementId}/languages[AgreementId][AgreementId]languages agreements/{id}/languages[404]0 The agreement languages of one agreement.",
		"AgreementLanguages.all":                 "{Agreements by_agreement [Id]  []} All agreement languages.",
		"Revisions.by_language_and_id":           at + "/{AgreementId}/languages/{LanguageId}/revisions/{Id}[AgreementId LanguageId Id][AgreementId LanguageId] agreements/{id}/languages/{id}/revisions/{id}[404]0 One revision of one language.",
		"Revisions.by_language":                  at + "/{AgreementId}/languages/{LanguageId}/revisions[AgreementId LanguageId][AgreementId LanguageId]revisions agreements/{id}/languages/{id}/revisions[404]0 The revisions of one language.",
		"Revisions.all":                          "{AgreementLanguages by_language [AgreementId Id]  []} All revisions.",
		"Clauses.by_id":                          at + "/{AgreementId}[AgreementId][] agreements/{id}[404]0 The clauses in what by_id of Agreements reads.",
		"Clauses.list":                           at + "[][]agreements agreements[]7 The clauses in what list of Agreements reads.",
		"Settings.one":                           "environments/{EnvironmentId}/settings[][] settings[]0 The only row.",
		"Environments.by_id":                     "environments/{Id}[Id][] environments/{id}[404]0 One environment by its id.",
		"Environments.list":                      "environments[][]environments environments[]0 All environments.",
		"Limits.by_environment":                  "environments/{EnvironmentId}/limits[EnvironmentId][EnvironmentId] limits[404]0 The row of one environment.",
		"Limits.all":                             "{Environments by_environment [Id]  []} All limits.",
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s\ngot  %s\nwant %s", name, got[name], text)
		}
		delete(got, name)
	}
	for name, text := range got {
		t.Errorf("%s: %s", name, text)
	}
	clauses := tables[slices.IndexFunc(tables, func(t *catalog.Table) bool { return t.Name == "Clauses" })]
	if d := clauses.Derived; d.Where["kind"] != "LONG" || clauses.Group != "slow" || d.InElement("text.clauses[].number") != "number" || d.InElement("id") != "" {
		t.Errorf("%+v in group %q", d, clauses.Group)
	}
}

func TestParametersAreKeys(t *testing.T) {
	t.Parallel()
	const odd = "paths: [{name: by_kind, doc: d, list: 'revisions?all={Kind}&of={LanguageId}'}, {name: one, doc: d, get: 'revisions/{Id}?all={Kind}'}]\n"
	text := strings.Replace(revisions[:strings.Index(revisions, "collection")]+revisions[strings.Index(revisions, "columns"):], "columns", odd+"columns", 1)
	tables, err := load(agreements, languages, text)
	if err != nil {
		t.Fatal(err)
	}
	list, one := tables[2].Path("by_kind"), tables[2].Path("one")
	if fmt.Sprintf("%v %v %s %s %v", list.Keys, list.Supplies, list.Items, list.Endpoint, list.Missing) != "[Kind LanguageId] [Kind LanguageId] revisions revisions []" {
		t.Errorf("%+v", list)
	}
	if fmt.Sprintf("%v %v %s", one.Keys, one.Supplies, one.Endpoint) != "[Id Kind] [Kind] revisions/{id}" {
		t.Errorf("%+v", one)
	}
}
