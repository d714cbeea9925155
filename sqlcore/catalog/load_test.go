package catalog_test

import (
	"fmt"
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
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: OwnerId, type: guid, from: owner.id, doc: Owner., references: {table: Cars}}
  - {name: Colour, type: string, write: insert, doc: Colour., values: [RED]}
paths:
  - name: one
    doc: One.
    get: cars/{Id}
    keys: [Id]
    endpoint: cars/{id}
    group: things
    missing: [404]
  - name: list
    doc: All.
    list: cars
    items: cars
    endpoint: cars
    group: things
    page: 50
    count: exact
    join: [and]
    filters:
      Colour: {operators: [eq, sw], unconfirmed: [co]}
`

func load(text ...string) ([]*catalog.Table, error) {
	files := fstest.MapFS{}
	for i, t := range text {
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
	if !list.CountExact || !list.Count || !list.And || list.Or || list.Page != 50 {
		t.Errorf("path %+v", list)
	}
}

func TestLoadNamesEveryFault(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, from, to, want string }{
		{"unknown key", "doc: Cars.", "doc: Cars.\ncolour: red", `a.yaml:5: unknown key "colour" of a table`},
		{"key twice", "entity: Car", "entity: Car\nentity: Car2", `a.yaml`},
		{"missing key", "entity: Car\n", "", `"entity" is missing`},
		{"unknown schema", "schema: environment", "schema: moon", `a.yaml:3: "schema" must be one of environment, information`},
		{"unknown type", "type: string", "type: text", `a.yaml:8: unknown type "text"`},
		{"flag is no flag", "required: true", "required: perhaps", `a.yaml:6: "required" must be true or false`},
		{"number is no number", "page: 50", "page: many", `a.yaml:23: "page" must be a whole number`},
		{"list is no list", "keys: [Id]", "keys: Id", `a.yaml:13: "keys" must be a list`},
		{"unknown operator", "[eq, sw]", "[eq, like]", `a.yaml:27: unknown operator`},
		{"filter on no column", "Colour: {operators", "Color: {operators", `filters names "Color", which is no column of Cars`},
		{"filter without operators", "{operators: [eq, sw], unconfirmed: [co]}", "{exact: true}", "has no operators"},
		{"unknown joining word", "join: [and]", "join: [xor]", `"join" must hold`},
		{"reference to no table", "references: {table: Cars}", "references: {table: Boats}", `a.yaml:7: there is no table "Boats"`},
		{"template names no column", "get: cars/{Id}", "get: cars/{Number}", `a template names "Number"`},
		{"get without keys", "    keys: [Id]\n", "", "a.yaml:10: path one is a get without keys, which would read no row; name the keys"},
		{"key not used", "get: cars/{Id}", "get: cars", "needs the key Id but does not use it"},
		{"list without items", "    items: cars\n", "", "needs items if and only if it is a list"},
		{"get and list", "list: cars", "list: cars\n    get: car", "exactly one of get, list and parent"},
		{"no key column", "key: true, ", "", "needs a key column"},
		{"column twice", "name: Colour", "name: Id", "column Id stands twice"},
		{"link without references", "entity: Car\n", "entity: Car\nmany_to_many: {from: Cars, to: Boats, names: [A, B]}\n", "the key of Cars must be two references"},
		{"link with one name", "entity: Car\n", "entity: Car\nmany_to_many: {from: Cars, to: Boats, names: [A]}\n", "the names of two navigation properties"},
		{"no mapping", "table: Cars", "- table", "a.yaml"},
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
	for _, want := range []string{"a.yaml:8", "b.yaml:23", "declared twice"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestLinksBetweenTables(t *testing.T) {
	t.Parallel()
	owner := strings.NewReplacer("Cars", "Owners", "Car\n", "Owner\n", "cars", "owners", "OwnerId", "CarId", "owner.id", "car.id").Replace(good)
	const parts = "table: Parts\nentity: Part\ndoc: d\ncolumns: [{name: Id, type: guid, key: true, required: true, doc: d}]\npaths: [{name: p, doc: d, %s, endpoint: e, group: g}]\n"
	keyed := fmt.Sprintf(parts, "list: 'p/{Id}', items: p, keys: [Id]")
	odd := strings.NewReplacer("Parts", "Odd", "Part\n", "Strange\n").Replace(fmt.Sprintf(parts, "get: 'p/{Id}', keys: [Id]"))
	cases := []struct{ name, add, want string }{
		{"parent's path", "  - {name: all, doc: d, parent: {table: Owners, column: Id, key: Id, path: two}}\n", `the parent's path "two"`},
		{"parent's column", "  - {name: all, doc: d, parent: {table: Owners, column: Number, key: Id, path: one}}\n", `table Owners has no column "Number"`},
		{"good parent", "  - {name: all, doc: d, parent: {table: Owners, column: Id, key: Id, path: one}}\n", ""},
		{"parent gives too little", "  - {name: two, doc: d, get: 'c/{Id}/{OwnerId}', keys: [Id, OwnerId], endpoint: e, group: g}\n  - {name: all, doc: d, parent: {table: Owners, column: Id, key: Id, path: two}}\n", `a.yaml:30: the parent gives Id alone, but its path two needs OwnerId too; name a path whose only key is Id`},
		{"parent of no list", "  - {name: all, doc: d, parent: {table: Parts, column: Id, key: Id, path: one}}\n", `a.yaml:29: the parent's table Parts can't be listed; give it a list path without keys`},
		{"parent of gets alone", "  - {name: all, doc: d, parent: {table: Odd, column: Id, key: Id, path: one}}\n", `a.yaml:29: the parent's table Odd can't be listed`},
		{"keys that are shown", "  - {name: two, doc: d, get: 'c/{Id}', keys: [Id], shown: {table: Owners, column: Id, key: Id}, endpoint: e, group: g}\n", ""},
		{"shown by no key", "  - {name: two, doc: d, get: 'c/{Id}', keys: [Id], shown: {table: Owners, column: Id, key: OwnerId}, endpoint: e, group: g}\n", `a.yaml:29: path two says which values of "OwnerId" are shown, which is not one of its keys`},
		{"shown by no column", "  - {name: two, doc: d, get: 'c/{Id}', keys: [Id], shown: {table: Owners, column: Number, key: Id}, endpoint: e, group: g}\n", `table Owners has no column "Number"`},
		{"shown by no list", "  - {name: two, doc: d, get: 'c/{Id}', keys: [Id], shown: {table: Parts, column: Id, key: Id}, endpoint: e, group: g}\n", `the table of shown keys Parts can't be listed`},
		{"hidden columns", "hidden:\n  - {name: Owner, table: Owners, key: Id, column: Colour}\n  - {name: Owned, table: Owners, key: CarId, column: Id, list: true}\n", ""},
		{"hidden column of no table", "hidden:\n  - {name: Owner, table: Boats, key: Id, column: Colour}\n", `a.yaml:30: there is no table "Boats"`},
		{"hidden column twice", "hidden:\n  - {name: Wheels, table: Owners, key: Id, column: Colour}\n", `a.yaml:30: column Wheels stands twice`},
		{"list of numbers", "hidden:\n  - {name: Owner, table: Cars, key: Id, column: Wheels, list: true}\n", `a.yaml:30: a list needs a column of the type string or guid, not Wheels`},
		{"partition without and", "  - {name: p, doc: d, list: c, items: c, endpoint: e, group: g, partition: {column: Colour, table: Owners, key: Id, size: Id}}\n", "needs a filter on Colour that joins by and"},
		{"supplies no key", "  - {name: p, doc: d, list: c, items: c, endpoint: e, group: g, supplies: [Colour]}\n", "supplies Colour, which is not one of its keys"},
		{"supplies a number", "  - {name: p, doc: d, list: 'c/{Wheels}', items: c, endpoint: e, group: g, keys: [Wheels], supplies: [Wheels]}\n", "column Wheels must be a string or guid"},
		{"lookup in no table", "  - {name: p, doc: d, list: 'c/{Id}', items: c, keys: [Id], endpoint: e, group: g, lookup: {Colour: {table: Boats, key: Id, by: Id, column: Name}}}\n", `there is no table "Boats"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wheels := "  - {name: Wheels, type: int32, doc: Wheels.}\npaths:\n"
			_, err := load(strings.Replace(good, "paths:\n", wheels, 1)+c.add, owner, keyed, odd)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
