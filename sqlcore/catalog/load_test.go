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

func TestLoadNamesEveryFault(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, from, to, want string }{
		{"unknown key", "doc: Cars.", "doc: Cars.\ncolour: red", `a.yaml:5: unknown key "colour" of a table`},
		{"key twice", "entity: Car", "entity: Car\nentity: Car2", `a.yaml`},
		{"missing key", "entity: Car\n", "", `"entity" is missing`},
		{"no example", "examples: [SELECT 1]\n", "", "a.yaml:1: table Cars needs an example query"},
		{"unknown schema", "schema: environment", "schema: moon", `a.yaml:3: "schema" must be one of environment, information`},
		{"unknown type", "type: string", "type: text", `a.yaml:9: unknown type "text"`},
		{"flag is no flag", "required: true", "required: perhaps", `a.yaml:7: "required" must be true or false`},
		{"number is no number", "page: 50", "page: many", `a.yaml:17: "page" must be a whole number`},
		{"list is no list", "join: [and]", "join: and", `a.yaml:19: "join" must be a list`},
		{"unknown operator", "[eq, sw]", "[eq, like]", `a.yaml:21: unknown operator`},
		{"filter on no column", "Colour: {operators", "Color: {operators", `filters names "Color", which is no column of Cars`},
		{"filter on what can't be compared", "Colour, type: string", "Colour, type: json", `column Colour of the type json can't be filtered`},
		{"filter without operators", "{operators: [eq, sw], unconfirmed: [co]}", "{exact: true}", "has no operators"},
		{"filter of a single row", "    get: cars/{Id}\n", "    get: cars/{Id}\n    join: [or]\n", `a.yaml:14: "join" does nothing in path one, which is a get`},
		{"joins nothing", "    filters:\n      Colour: {operators: [eq, sw], unconfirmed: [co]}\n", "", "path list joins filters but has none"},
		{"largest page below the page", "page: 50", "page: 50\n    page_max: 20", "page_max of path list is less than its page"},
		{"unknown joining word", "join: [and]", "join: [xor]", `"join" must hold`},
		{"reference to no table", "references: {table: Cars}", "references: {table: Boats}", `a.yaml:8: there is no table "Boats"`},
		{"address names no column", "get: cars/{Id}", "get: cars/{Number}", `an address or condition of path one names "Number"`},
		{"get without keys", "get: cars/{Id}", "get: cars", "a.yaml:11: path one is a get whose address names no column"},
		{"get and list", "list: cars", "list: cars\n    get: car", "exactly one of get, list and parent"},
		{"no key column", "key: true, ", "", "needs a key column"},
		{"column twice", "name: Colour", "name: Id", "column Id stands twice"},
		{"link without references", "entity: Car\n", "entity: Car\nmany_to_many: {from: Cars, to: Boats, names: [A, B]}\n", "Cars needs two references, to Cars and to Boats"},
		{"link with one name", "entity: Car\n", "entity: Car\nmany_to_many: {from: Cars, to: Boats, names: [A]}\n", "the names of two navigation properties"},
		{"no mapping", "table: Cars", "- table", "a.yaml"},
		{"a value that is sent back in part", "Colour, type: string, write: insert", "Colour, type: json, write: insert, without: [key]", "would lose the rest"},
		{"an insert without an address", "doc: Cars.", "doc: Cars.\nwrites: {insert: {}}", `a.yaml:5: the table has no collection whose address a call could take`},
		{"a call of no kind", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: GET cars}}", `"call" begins with POST, PUT, PATCH or DELETE, not "GET"`},
		{"a call that names no column", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: 'POST cars/{Number}'}}", `an address under writes names "Number", which is no column of Cars`},
		{"a body of no column", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: POST cars, body: {Number: n}}}", `a body under writes names "Number"`},
		{"a part of nothing", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: POST cars}, parts: [{call: PUT cars}]}", `a part under writes of Cars needs "columns"`},
		{"a part that updates what is given once", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: POST cars}, parts: [{call: PUT cars, columns: [Colour]}]}", `so its "write" must be both or update`},
		{"a condition on no column", "doc: Cars.", "doc: Cars.\nwrites: {insert: {call: POST cars}, only: {Number: '1'}}", `only names "Number"`},
		{"a column that no call writes", "doc: Cars.", "doc: Cars.\nwrites: {delete: {call: 'DELETE cars/{Id}'}}", "column Colour is written by an insert, which the table has not"},
		{"two shorthands", "doc: Cars.", "doc: Cars.\ncollection: cars\none: car", "a table has at most one of collection, one, from"},
		{"whose without an address", "doc: Cars.", "doc: Cars.\nof: Cars", `a.yaml:5: "of" says whose rows`},
		{"a text without members", "name: Colour,", "name: Colour, without: [paint],", "a.yaml:9: only a json column can be shown without some members, not Colour"},
		{"a text of names", "name: Colour,", "name: Colour, names: true,", "a.yaml:9: the names of members make a list"},
		{"a position in no array", "name: Colour,", "name: Colour, position: true,", `a.yaml:9: Colour can say where an element stands only in a table with "unnest"`},
		{"hidden by no column", "name: Colour,", "name: Colour, unless: {column: Paint, text: red},", `unless names "Paint", which is no column of Cars`},
		{"hidden by a key", "name: Colour,", "name: Colour, unless: {column: Id, text: red},", "column Id of Cars must be a string or json"},
		{"required and hidden", "name: Colour,", "name: Colour, required: true, unless: {column: Colour, text: red},", "Colour is null at times, so it can't be required"},
		{"child of nobody", "doc: Cars.", "doc: Cars.\ncollection: owners/{OwnerId}/cars", `names OwnerId; say with "of" which table's rows these are`},
		{"child without a key", "doc: Cars.", "doc: Cars.\ncollection: cars\nof: Cars", "the address names no key of Cars"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(good, c.from, c.to, 1)
			if text == good {
				t.Fatal("the case changes nothing")
			}
			_, err := load(text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoadReportsAllFaultsOfAllFiles(t *testing.T) {
	t.Parallel()
	_, err := load(strings.Replace(good, "type: string", "type: text", 1), strings.Replace(good, "page: 50", "page: -1", 1))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"a.yaml:9", "b.yaml:17", "declared twice"} {
		if !strings.Contains(err.Error(), want) {
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
		{"shown by no key", "  - {name: two, doc: d, get: 'c/{Id}', shown: OwnerId}\n", "", `a.yaml:23: path two says which values of "OwnerId" are shown, which is no key of its address that refers to another table`},
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
		{"lookup by no column", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Owner, by: Id, column: Colour}}}\n", "", `lookup names "Owner", which is no column of Cars`},
		{"lookup by a number", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Wheels, by: Id, column: Colour}}}\n", "", "column Wheels of Cars must be a string or guid"},
		{"lookup of a number", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Cars, key: Id, by: Id, column: Wheels}}}\n", "", "column Wheels of Cars must be a string or guid"},
		{"lookup that can't be read", "  - {name: p, doc: d, list: 'c/{Id}', lookup: {Colour: {table: Owners, key: Id, by: Colour, column: Colour}}}\n", "", "table Owners can't be read by Colour"},
		{"derived", "", derived + "from: Cars\nwhere: {Colour: RED}\n", ""},
		{"derived from nothing", "", derived + "from: Boats\nwhere: {Colour: RED}\n", `e.yaml:1: there is no table "Boats"`},
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
