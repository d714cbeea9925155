package catalog_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// garage is a set of declarations that uses what there is, and is right. Each
// case below makes it wrong in one place.
var garage = map[string]string{
	"cars.yaml": `table: Cars
entity: Car
doc: Cars.
examples: [SELECT 1]
changed: ChangedAt
size: {path: list}
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: OwnerId, type: guid, from: owner.id, doc: Owner., references: {table: Owners}}
  - {name: Colour, type: string, write: both, needed: true, doc: Colour., values: [RED]}
  - {name: Wheels, type: int32, doc: Wheels.}
  - {name: ChangedAt, type: timestamp, doc: Last change.}
  - {name: Keys, type: json, doc: Keys., without: [code]}
  - {name: Doors, type: list, names: true, doc: Doors.}
hidden:
  - {name: Owner, table: Owners, key: Id, column: Name}
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
      OwnerId: {operators: [eq]}
  - name: by_owner
    doc: Those of one owner.
    list: owners/{OwnerId}/cars
  - name: of_owners
    doc: Those of all owners.
    parent: {table: Owners, path: by_owner, rows: Cars}
  - name: parts
    doc: All, in parts.
    list: cars
    join: [and]
    filters: {OwnerId: {operators: [eq]}, Colour: {operators: [sw]}}
    partition: {column: OwnerId, table: Owners, key: Id, size: Cars, split: Colour, above: 100}
  - name: names
    doc: With names of owners.
    list: cars
    lookup: {Colour: {table: Owners, key: OwnerId, by: Id, column: Name}}
  - name: shown
    doc: Of an owner that is shown.
    get: owners/{OwnerId}/cars/{Id}
    shown: OwnerId
writes:
  insert: {call: POST cars, body: {Colour: paint}}
  update: {call: 'PUT cars/{Id}'}
  delete: {call: 'DELETE cars/{Id}'}
  parts: [{call: 'PUT cars/{Id}/colour', columns: [Colour]}]
  only: {Colour: RED}
`,
	"owners.yaml": `table: Owners
entity: Owner
doc: Owners.
examples: [SELECT 1]
collection: owners
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: Name, type: string, doc: Name.}
  - {name: Cars, type: int64, doc: Number of cars.}
paths: [{name: list, page: 7}]
`,
	"trips.yaml": `table: Trips
entity: Trip
doc: Trips.
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: Key.}
  - {name: Kind, type: string, doc: Kind., values: [WORK, PLAY]}
  - {name: StartedAt, type: timestamp, doc: Start.}
  - {name: Stops, type: json, doc: Stops.}
paths:
  - name: list
    doc: All.
    list: trips/{Kind}
    filter: start ge "{StartedAt.from}" and start lt "{StartedAt.to}"
    range: {column: StartedAt, days: 7, slices: true, days_for: {WORK: 3}}
    each: [Kind]
`,
	"red.yaml": `table: RedCars
entity: RedCar
doc: Red cars.
examples: [SELECT 1]
from: Owners
where: {Name: RED}
unnest: cars
columns:
  - {name: OwnerId, type: guid, from: id, key: true, required: true, doc: Owner.}
  - {name: Number, type: int32, position: true, key: true, required: true, doc: Number.}
  - {name: Plate, type: string, from: 'cars[].plate', doc: Plate.}
paths: [{name: list, filters: {Plate: {attribute: plate, operators: [eq]}}}]
`,
	"towns.yaml": `table: Towns
entity: Town
schema: information
doc: Towns.
examples: [SELECT 1]
collection: towns
columns: [{name: Id, type: guid, key: true, required: true, doc: Key.}]
`,
	"settings.yaml": `table: Settings
entity: Setting
doc: Settings.
examples: [SELECT 1]
one: environments/{EnvironmentId}/settings
columns: [{name: EnvironmentId, type: guid, key: true, required: true, doc: Key.}]
`,
}

// washes are procedures, which are right as well.
const washes = `permission: cars:wash
group: rlgCars
procedures:
  - name: WashCar
    doc: Washes a car.
    call: POST cars/{CarId}/washes/{PartId}
    each: {list: 'cars/{CarId}/parts', items: parts, key: PartId}
    inputs:
      - {name: CarId, type: guid, required: true, doc: Car.}
      - {name: Soap, type: string, default: green, doc: Soap.}
      - {name: Wax, type: bool, right: true, doc: Whether to wax.}
    outputs:
      - {name: Clean, type: bool, refused: Soap, doc: Whether it is.}
      - {name: Shine, type: string, when: Wax, doc: How it shines.}
      - {name: Parts, type: int32, count: true, doc: Number of parts.}
    example: {CarId: SELECT Id FROM Cars LIMIT 1}
`

// garageWith is the garage with texts of one file changed: each in the place of
// the one before it, and "*" is the whole file.
func garageWith(t *testing.T, file string, edits ...string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range garage {
		for i := 0; name == file && i < len(edits); i += 2 {
			from, to := edits[i], edits[i+1]
			if from == "*" {
				from = text
			}
			if !strings.Contains(text, from) {
				t.Fatalf("%s has no %q", file, from)
			}
			text = strings.Replace(text, from, to, 1)
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestTheGarageIsRight(t *testing.T) {
	t.Parallel()
	tables, err := catalog.Load(garageWith(t, ""))
	if err != nil || len(tables) != len(garage) {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	if procedures, err := catalog.LoadProcedures(fstest.MapFS{"wash.yaml": {Data: []byte(washes)}}); err != nil || len(procedures) != 1 {
		t.Fatalf("%d procedures, %v", len(procedures), err)
	}
}

// refusals are what Load says of the garage made wrong in one place: all of it, with
// file and line. A line that ends with … is known by its beginning.
var refusals = []struct {
	name, file string
	edits      []string
	says       []string
}{
	{
		"unknown key of a table", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: Cars.\ncolour: red",
		},
		[]string{
			`cars.yaml:4: unknown key "colour" of a table; use one of …`,
		},
	},
	{
		"unknown key of a column", "cars.yaml",
		[]string{
			"doc: Wheels.", "dok: Wheels.",
		},
		[]string{
			`cars.yaml:11: unknown key "dok" of a column; use one of …`,
			`cars.yaml:11: "doc" is missing`,
		},
	},
	{
		"unknown key of a path", "cars.yaml",
		[]string{
			"page: 50", "pages: 50",
		},
		[]string{
			`cars.yaml:24: unknown key "pages" of a path; use one of …`,
		},
	},
	{
		"unknown key of a filter", "cars.yaml",
		[]string{
			"unconfirmed: [co]", "unsure: [co]",
		},
		[]string{
			`cars.yaml:28: unknown key "unsure" of a filter; use one of …`,
		},
	},
	{
		"unknown key of a size", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {rows: list}",
		},
		[]string{
			`cars.yaml:6: unknown key "rows" of a size; use one of …`,
		},
	},
	{
		"unknown key of writes", "cars.yaml",
		[]string{
			"  only: {Colour: RED}", "  onlly: {Colour: RED}",
		},
		[]string{
			`cars.yaml:55: unknown key "onlly" of a writes; use one of …`,
		},
	},
	{
		"a key twice", "cars.yaml",
		[]string{
			"entity: Car\n", "entity: Car\nentity: Auto\n",
		},
		[]string{
			`cars.yaml:3: not valid YAML: mapping key "entity" already defined at [2:1]`,
		},
	},
	{
		"a key of a column twice", "cars.yaml",
		[]string{
			"{name: Wheels, ", "{name: Wheels, doc: Other., ",
		},
		[]string{
			`cars.yaml:11: not valid YAML: mapping key "doc" already defined at [11:20]`,
		},
	},
	{
		"no YAML", "cars.yaml",
		[]string{
			"entity: Car\n", "entity: [Car\n",
		},
		[]string{
			`cars.yaml:3: not valid YAML: ',' or ']' must be specified`,
		},
	},
	{
		"nothing in the file", "settings.yaml",
		[]string{
			"*", "# nothing\n",
		},
		[]string{
			`settings.yaml:1: the file must hold one document`,
		},
	},
	{
		"two documents", "settings.yaml",
		[]string{
			"columns:", "---\ncolumns:",
		},
		[]string{
			`settings.yaml:7: a second document; the file must hold one YAML document`,
		},
	},
	{
		"a list for a table", "settings.yaml",
		[]string{
			"*", "- table\n",
		},
		[]string{
			`settings.yaml:1: a table must be a mapping`,
			`settings.yaml:1: "table" is missing`,
			`settings.yaml:1: "entity" is missing`,
			`settings.yaml:1: "doc" is missing`,
		},
	},
	{
		"a text for a column", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32, doc: Wheels.}", "Wheels",
		},
		[]string{
			`cars.yaml:11: a column must be a mapping`,
			`cars.yaml:11: "name" is missing`,
			`cars.yaml:11: "doc" is missing`,
			`cars.yaml:11: "type" is missing`,
		},
	},
	{
		"no name", "cars.yaml",
		[]string{
			"table: Cars\n", "",
		},
		[]string{
			`cars.yaml:1: "table" is missing`,
		},
	},
	{
		"an empty doc", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: ''",
		},
		[]string{
			`cars.yaml:1: "doc" is missing`,
		},
	},
	{
		"no doc of a column", "cars.yaml",
		[]string{
			", doc: Wheels.", "",
		},
		[]string{
			`cars.yaml:11: "doc" is missing`,
		},
	},
	{
		"no doc of a path", "cars.yaml",
		[]string{
			"    doc: One.\n", "",
		},
		[]string{
			`cars.yaml:18: "doc" is missing in path one`,
		},
	},
	{
		"a number for a text", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: 7",
		},
		[]string{
			`cars.yaml:3: "doc" must be a text; put it in quotes`,
			`cars.yaml:1: "doc" is missing`,
		},
	},
	{
		"a number in a list of texts", "cars.yaml",
		[]string{
			"examples: [SELECT 1]", "examples: [7]",
		},
		[]string{
			`cars.yaml:4: "examples" must be a text; put it in quotes`,
		},
	},
	{
		"nothing in a list of texts", "cars.yaml",
		[]string{
			"examples: [SELECT 1]", "examples: [SELECT 1, ]\nentity2: x",
		},
		[]string{
			`cars.yaml:5: unknown key "entity2" of a table; use one of …`,
		},
	},
	{
		"an empty entry", "cars.yaml",
		[]string{
			"values: [RED]", "values: [~]",
		},
		[]string{
			`cars.yaml:10: an entry of "values" is empty`,
		},
	},
	{
		"a text for a flag", "cars.yaml",
		[]string{
			"required: true", "required: perhaps",
		},
		[]string{
			`cars.yaml:8: "required" must be true or false`,
		},
	},
	{
		"a text for a number", "cars.yaml",
		[]string{
			"page: 50", "page: many",
		},
		[]string{
			`cars.yaml:24: "page" must be a whole number from 0`,
		},
	},
	{
		"a negative number", "cars.yaml",
		[]string{
			"page: 50", "page: -1",
		},
		[]string{
			`cars.yaml:24: "page" must be a whole number from 0`,
		},
	},
	{
		"a number too large", "cars.yaml",
		[]string{
			"page: 50", "page: 9999999999999999",
		},
		[]string{
			`cars.yaml:24: "page" must be a whole number from 0`,
		},
	},
	{
		"a text for a list", "cars.yaml",
		[]string{
			"join: [and]", "join: and",
		},
		[]string{
			`cars.yaml:26: "join" must be a list`,
		},
	},
	{
		"an unknown schema", "towns.yaml",
		[]string{
			"schema: information", "schema: moon",
		},
		[]string{
			`towns.yaml:3: "schema" must be one of environment, information, not "moon"`,
		},
	},
	{
		"an unknown access", "cars.yaml",
		[]string{
			"write: both", "write: always",
		},
		[]string{
			`cars.yaml:10: "write" must be one of never, both, insert, update, not "always"`,
		},
	},
	{
		"an unknown count", "cars.yaml",
		[]string{
			"count: exact", "count: about",
		},
		[]string{
			`cars.yaml:25: "count" must be one of none, exact, not "about"`,
		},
	},
	{
		"an unknown type", "cars.yaml",
		[]string{
			"type: int32", "type: integer",
		},
		[]string{
			`cars.yaml:11: unknown type "integer"; use one of [string bool int32 int64 float64 timestamp guid json list]`,
		},
	},
	{
		"an unknown operator", "cars.yaml",
		[]string{
			"[eq, sw]", "[eq, like]",
		},
		[]string{
			`cars.yaml:28: unknown operator; use one of eq, sw, ew, co, ge, gt, le, lt`,
		},
	},
	{
		"an unknown joining word", "cars.yaml",
		[]string{
			"join: [and]", "join: [xor]",
		},
		[]string{
			`cars.yaml:26: "join" must hold and, or, or both`,
		},
	},
	{
		"a filter without operators", "cars.yaml",
		[]string{
			"{operators: [eq, sw], unconfirmed: [co]}", "{exact: true}",
		},
		[]string{
			`cars.yaml:28: the filter on Colour has no operators`,
		},
	},
	{
		"a filter twice", "cars.yaml",
		[]string{
			"      OwnerId: {operators: [eq]}", "      OwnerId: {operators: [eq]}\n      Colour: {operators: [eq]}",
		},
		[]string{
			`cars.yaml:30: not valid YAML: mapping key "Colour" already defined at [28:7]`,
		},
	},
	{
		"a filter on no column", "cars.yaml",
		[]string{
			"      Colour: {operators: [eq", "      Color: {operators: [eq",
		},
		[]string{
			`cars.yaml:21: filters names "Color", which is no column of Cars`,
		},
	},
	{
		"a filter on a list", "cars.yaml",
		[]string{
			"      Colour: {operators: [eq", "      Doors: {operators: [eq",
		},
		[]string{
			`cars.yaml:21: column Doors of the type list can't be filtered`,
		},
	},
	{
		"where without from", "settings.yaml",
		[]string{
			"one: ", "where: {Name: x}\none: ",
		},
		[]string{
			`settings.yaml:5: "where" needs "from", the table that it is about`,
		},
	},
	{
		"two shorthands", "settings.yaml",
		[]string{
			"one: ", "collection: settings\none: ",
		},
		[]string{
			`settings.yaml:1: a table has at most one of collection, one, from`,
			`settings.yaml:1: the rows of a collection need one key column of their own; list the paths instead`,
		},
	},
	{
		"of without an address", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: Cars.\nof: Owners",
		},
		[]string{
			`cars.yaml:4: "of" says whose rows the addresses of collection or one belong to; there is none`,
		},
	},
	{
		"whose rows is not said", "owners.yaml",
		[]string{
			"collection: owners", "collection: towns/{TownId}/owners",
		},
		[]string{
			`owners.yaml:1: the address of Owners names TownId; say with "of" which table's rows these are`,
			`owners.yaml:10: path list needs exactly one of get, list and parent`,
			`owners.yaml:10: "doc" is missing in path list`,
		},
	},
	{
		"whose rows, and no key", "owners.yaml",
		[]string{
			"collection: owners", "collection: owners\nof: Cars",
		},
		[]string{
			`owners.yaml:6: the address names no key of Cars; put one in braces, such as {CarId}`,
		},
	},
	{
		"a collection without a key", "owners.yaml",
		[]string{
			"key: true, required: true", "required: true",
		},
		[]string{
			`owners.yaml:1: the rows of a collection need one key column of their own; list the paths instead`,
		},
	},
	{
		"no columns", "settings.yaml",
		[]string{
			"columns: [{name: EnvironmentId, type: guid, key: true, required: true, doc: Key.}]\n", "",
		},
		[]string{
			`settings.yaml:1: table Settings needs columns and paths`,
			`settings.yaml:1: table Settings needs a key column`,
			`settings.yaml:1: path one is a get whose address names no column, which reads one row for an environment; let EnvironmentId alone be the key, or put a key column in braces into the address`,
		},
	},
	{
		"no example", "owners.yaml",
		[]string{
			"examples: [SELECT 1]\n", "",
		},
		[]string{
			`owners.yaml:1: table Owners needs an example query`,
		},
	},
	{
		"declared twice", "settings.yaml",
		[]string{
			"table: Settings", "table: Towns",
		},
		[]string{
			`towns.yaml:1: table Towns is declared twice`,
		},
	},
	{
		"names of a link", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: Cars.\nmany_to_many: {from: Owners, to: Towns, names: [Towns]}",
		},
		[]string{
			`cars.yaml:4: "names" must hold the names of two navigation properties`,
		},
	},
	{
		"a link without its references", "cars.yaml",
		[]string{
			"doc: Cars.", "doc: Cars.\nmany_to_many: {from: Owners, to: Towns, names: [Towns, Owners]}",
		},
		[]string{
			`cars.yaml:4: Cars needs two references, to Owners and to Towns, to link these many to many`,
		},
	},
	{
		"changed names no column", "cars.yaml",
		[]string{
			"changed: ChangedAt", "changed: Changed",
		},
		[]string{
			`cars.yaml:5: changed names "Changed", which is no column of Cars`,
		},
	},
	{
		"changed is no time", "cars.yaml",
		[]string{
			"changed: ChangedAt", "changed: Colour",
		},
		[]string{
			`cars.yaml:5: changed of Cars must name a timestamp column`,
		},
	},
	{
		"a size by a path that counts nothing", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {path: one}",
		},
		[]string{
			`cars.yaml:6: the size of Cars needs a path with an exact count, not "one"`,
		},
	},
	{
		"a size by a path that is not there", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {path: all}",
		},
		[]string{
			`cars.yaml:6: the size of Cars needs a path with an exact count, not "all"`,
		},
	},
	{
		"a size by both", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {path: list, table: Owners, column: Cars}",
		},
		[]string{
			`cars.yaml:6: the size of Cars is either a path or a table and column`,
		},
	},
	{
		"a size by no table", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {table: Persons, column: Cars}",
		},
		[]string{
			`cars.yaml:6: there is no table "Persons"`,
		},
	},
	{
		"a size by no column", "cars.yaml",
		[]string{
			"size: {path: list}", "size: {table: Owners, column: Cats}",
		},
		[]string{
			`cars.yaml:6: table Owners has no column "Cats"`,
		},
	},
	{
		"a hidden column that stands there", "cars.yaml",
		[]string{
			"hidden:\n  - {name: Owner,", "hidden:\n  - {name: Wheels,",
		},
		[]string{
			`cars.yaml:16: column Wheels stands twice`,
		},
	},
	{
		"a hidden column of no table", "cars.yaml",
		[]string{
			"table: Owners, key: Id, column: Name}", "table: Persons, key: Id, column: Name}",
		},
		[]string{
			`cars.yaml:16: there is no table "Persons"`,
		},
	},
	{
		"a hidden column of no column", "cars.yaml",
		[]string{
			"key: Id, column: Name}", "key: Id, column: Nam}",
		},
		[]string{
			`cars.yaml:16: table Owners has no column "Nam"`,
		},
	},
	{
		"a hidden list of numbers", "cars.yaml",
		[]string{
			"key: Id, column: Name}", "key: Id, column: Cars, list: true}",
		},
		[]string{
			`cars.yaml:16: a list needs a column of the type string or guid, not Cars`,
		},
	},
	{
		"a hidden column of two keys", "red.yaml",
		[]string{
			"paths: [", "hidden: [{name: Owner, table: Owners, key: Id, column: Name}]\npaths: [",
		},
		[]string{
			`red.yaml:12: a hidden column needs a table with one key column`,
		},
	},
	{
		"a column twice", "cars.yaml",
		[]string{
			"name: Wheels", "name: Id",
		},
		[]string{
			`cars.yaml:11: column Id stands twice`,
		},
	},
	{
		"a part that is sent back", "cars.yaml",
		[]string{
			"type: json, doc", "type: json, write: both, doc",
		},
		[]string{
			`cars.yaml:13: column Keys does not show the whole value, so that sending it back would lose the rest; take "write" out`,
		},
	},
	{
		"a key that may be null", "cars.yaml",
		[]string{
			"key: true, required: true", "key: true",
		},
		[]string{
			`cars.yaml:8: key column Id must be required`,
		},
	},
	{
		"a reference to no table", "cars.yaml",
		[]string{
			"references: {table: Owners}", "references: {table: Persons}",
		},
		[]string{
			`cars.yaml:9: there is no table "Persons"`,
			`cars.yaml:33: the parent's table Owners gives no value for the key OwnerId of path by_owner; let the column OwnerId refer to a column of Owners`,
		},
	},
	{
		"a reference to no column", "cars.yaml",
		[]string{
			"references: {table: Owners}", "references: {table: Owners, column: Key}",
		},
		[]string{
			`cars.yaml:9: table Owners has no column "Key"`,
			`cars.yaml:33: the parent's table Owners gives no value for the key OwnerId of path by_owner; let the column OwnerId refer to a column of Owners`,
		},
	},
	{
		"a reference out of the schema", "cars.yaml",
		[]string{
			"references: {table: Owners}", "references: {table: Towns}",
		},
		[]string{
			`cars.yaml:9: the reference of OwnerId leaves its schema, so forward and backward must be '-'`,
			`cars.yaml:33: the parent's table Owners gives no value for the key OwnerId of path by_owner; let the column OwnerId refer to a column of Owners`,
		},
	},
	{
		"a text without members", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32,", "{name: Wheels, type: string, without: [hub],",
		},
		[]string{
			`cars.yaml:11: only a json column can be shown without some members, not Wheels`,
		},
	},
	{
		"names of a text", "cars.yaml",
		[]string{
			"type: list, names: true", "type: string, names: true",
		},
		[]string{
			`cars.yaml:14: the names of members make a list; Doors must have that type`,
		},
	},
	{
		"a place in no array", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32,", "{name: Wheels, type: int32, position: true,",
		},
		[]string{
			`cars.yaml:11: Wheels can say where an element stands only in a table with "unnest"; its type is int32 for an array and string for the members of an object`,
		},
	},
	{
		"a place of the wrong type", "red.yaml",
		[]string{
			"type: int32, position: true", "type: int64, position: true",
		},
		[]string{
			`red.yaml:10: Number can say where an element stands only in a table with "unnest"; its type is int32 for an array and string for the members of an object`,
		},
	},
	{
		"hidden by no column", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32,", "{name: Wheels, type: string, unless: {column: Paint, text: red},",
		},
		[]string{
			`cars.yaml:11: unless names "Paint", which is no column of Cars`,
		},
	},
	{
		"hidden by a number", "cars.yaml",
		[]string{
			"{name: Keys, type: json,", "{name: Keys, type: json, unless: {column: Wheels, text: '4'},",
		},
		[]string{
			`cars.yaml:13: column Wheels of Cars must be a string or json to be used so`,
		},
	},
	{
		"required, but null at times", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32,", "{name: Wheels, type: string, required: true, unless: {column: Colour, text: RED},",
		},
		[]string{
			`cars.yaml:11: Wheels is null at times, so it can't be required`,
		},
	},
	{
		"unless without a text", "cars.yaml",
		[]string{
			"{name: Wheels, type: int32,", "{name: Wheels, type: string, unless: {column: Colour},",
		},
		[]string{
			`cars.yaml:11: "text" is missing`,
		},
	},
	{
		"a path twice", "cars.yaml",
		[]string{
			"name: by_owner", "name: one",
		},
		[]string{
			`cars.yaml:30: path one stands twice`,
			`cars.yaml:33: the parent's path "by_owner" must be a path of Cars with keys`,
		},
	},
	{
		"a get of every row", "cars.yaml",
		[]string{
			"get: cars/{Id}", "get: car",
		},
		[]string{
			`cars.yaml:18: path one is a get whose address names no column, which reads one row for an environment; let EnvironmentId alone be the key, or put a key column in braces into the address`,
		},
	},
	{
		"joins without filters", "cars.yaml",
		[]string{
			"    filters: {OwnerId: {operators: [eq]}, Colour: {operators: [sw]}}\n    partition: {column: OwnerId, table: Owners, key: Id, size: Cars, split: Colour, above: 100}\n", "",
		},
		[]string{
			`cars.yaml:36: path parts joins filters but has none`,
		},
	},
	{
		"the largest page below the page", "cars.yaml",
		[]string{
			"page: 50", "page: 50\n    page_max: 20",
		},
		[]string{
			`cars.yaml:21: page_max of path list is less than its page`,
		},
	},
	{
		"get and list", "cars.yaml",
		[]string{
			"    get: cars/{Id}", "    get: cars/{Id}\n    list: cars",
		},
		[]string{
			`cars.yaml:18: path one needs exactly one of get, list and parent`,
		},
	},
	{
		"neither get nor list", "cars.yaml",
		[]string{
			"    get: cars/{Id}\n", "",
		},
		[]string{
			`cars.yaml:18: path one needs exactly one of get, list and parent`,
		},
	},
	{
		"a filter of a get", "cars.yaml",
		[]string{
			"    get: cars/{Id}", "    get: cars/{Id}\n    join: [or]",
		},
		[]string{
			`cars.yaml:21: "join" does nothing in path one, which is a get; take it out`,
		},
	},
	{
		"a page of a parent", "cars.yaml",
		[]string{
			"    parent: {table: Owners,", "    page: 7\n    parent: {table: Owners,",
		},
		[]string{
			`cars.yaml:35: "page" does nothing in path of_owners, which is a parent; take it out`,
		},
	},
	{
		"an address with no column", "cars.yaml",
		[]string{
			"get: cars/{Id}", "get: cars/{Number}",
		},
		[]string{
			`cars.yaml:18: an address or condition of path one names "Number", which is no column of Cars`,
		},
	},
	{
		"a key that is no text", "cars.yaml",
		[]string{
			"list: owners/{OwnerId}/cars", "list: owners/{OwnerId}/{Wheels}/cars",
		},
		[]string{
			`cars.yaml:30: column Wheels of Cars must be a string or guid to be used so`,
			`cars.yaml:33: the parent's table Owners gives no value for the key Wheels of path by_owner; let the column Wheels refer to a column of Owners`,
		},
	},
	{
		"sources of no column", "cars.yaml",
		[]string{
			"    page: 50", "    sources: {Number: nr}\n    page: 50",
		},
		[]string{
			`cars.yaml:21: sources names "Number", which is no column of Cars`,
		},
	},
	{
		"unique of no column", "cars.yaml",
		[]string{
			"    page: 50", "    unique: [Number]\n    page: 50",
		},
		[]string{
			`cars.yaml:21: unique names "Number", which is no column of Cars`,
		},
	},
	{
		"order of no column", "cars.yaml",
		[]string{
			"    page: 50", "    order: {Number: nr}\n    page: 50",
		},
		[]string{
			`cars.yaml:21: order names "Number", which is no column of Cars`,
		},
	},
	{
		"a parameter of no column", "cars.yaml",
		[]string{
			"    page: 50", "    query: {Number: expand=nr}\n    page: 50",
		},
		[]string{
			`cars.yaml:21: query names "Number", which is no column of Cars`,
		},
	},
	{
		"a variant of no column", "cars.yaml",
		[]string{
			"    page: 50", "    variant: {column: Number, filters: [{value: a, filter: b}]}\n    page: 50",
		},
		[]string{
			`cars.yaml:21: variant names "Number", which is no column of Cars`,
		},
	},
	{
		"a variant of a number", "cars.yaml",
		[]string{
			"    page: 50", "    variant: {column: Wheels, filters: [{value: a, filter: b}]}\n    page: 50",
		},
		[]string{
			`cars.yaml:21: column Wheels of Cars must be a string or guid to be used so`,
		},
	},
	{
		"a variant without a filter", "cars.yaml",
		[]string{
			"    page: 50", "    variant: {column: Colour, filters: [{value: a}]}\n    page: 50",
		},
		[]string{
			`cars.yaml:24: "filter" is missing`,
		},
	},
	{
		"each of no key", "trips.yaml",
		[]string{
			"each: [Kind]", "each: [Id]",
		},
		[]string{
			`trips.yaml:11: path list reads each value of "Id", which must be a column in braces in its address that lists its values`,
			`trips.yaml:11: days_for of path list names "WORK", which is no value of a key of "each"`,
		},
	},
	{
		"each of unknown values", "trips.yaml",
		[]string{
			", values: [WORK, PLAY]", "",
		},
		[]string{
			`trips.yaml:11: path list reads each value of "Kind", which must be a column in braces in its address that lists its values`,
			`trips.yaml:11: days_for of path list names "WORK", which is no value of a key of "each"`,
		},
	},
	{
		"bounds without a range", "trips.yaml",
		[]string{
			"    range: {column: StartedAt, days: 7, slices: true, days_for: {WORK: 3}}\n", "",
		},
		[]string{
			`trips.yaml:11: the filter of path list names bounds of time; say with "range" of which column, and how many days are read without a condition`,
		},
	},
	{
		"a range without days", "trips.yaml",
		[]string{
			"days: 7, ", "",
		},
		[]string{
			`trips.yaml:11: the range of path list needs "days", which are read where no condition says from when`,
		},
	},
	{
		"a range of no time", "trips.yaml",
		[]string{
			"type: timestamp", "type: string",
		},
		[]string{
			`trips.yaml:11: column StartedAt of Trips must be a timestamp to be used so`,
		},
	},
	{
		"a range of no column", "trips.yaml",
		[]string{
			"range: {column: StartedAt", "range: {column: Started",
		},
		[]string{
			`trips.yaml:11: range names "Started", which is no column of Trips`,
			`trips.yaml:11: the filter of path list must send the range: {Started.from} for its first moment and, to be cut into slices, {Started.to} for the one after its last`,
		},
	},
	{
		"a range that is not sent", "trips.yaml",
		[]string{
			" and start lt \"{StartedAt.to}\"", "",
		},
		[]string{
			`trips.yaml:11: the filter of path list must send the range: {StartedAt.from} for its first moment and, to be cut into slices, {StartedAt.to} for the one after its last`,
		},
	},
	{
		"slices of whole days", "trips.yaml",
		[]string{
			"slices: true", "slices: true, whole_days: true",
		},
		[]string{
			`trips.yaml:11: the range of path list can't be cut into slices, as it is widened to whole days`,
		},
	},
	{
		"days for no value", "trips.yaml",
		[]string{
			"days_for: {WORK: 3}", "days_for: {REST: 3}",
		},
		[]string{
			`trips.yaml:11: days_for of path list names "REST", which is no value of a key of "each"`,
		},
	},
	{
		"days that are no number", "trips.yaml",
		[]string{
			"days_for: {WORK: 3}", "days_for: {WORK: three}",
		},
		[]string{
			`trips.yaml:15: "days_for" must be a whole number from 0`,
		},
	},
	{
		"a partition without its filter", "cars.yaml",
		[]string{
			"filters: {OwnerId: {operators: [eq]}, Colour: {operators: [sw]}}", "filters: {Colour: {operators: [sw]}}",
		},
		[]string{
			`cars.yaml:36: a partition needs a filter on OwnerId that joins by and`,
		},
	},
	{
		"a partition of an unknown table", "cars.yaml",
		[]string{
			"{column: OwnerId, table: Owners, key: Id, size: Cars", "{column: OwnerId, table: Persons, key: Id, size: Cars",
		},
		[]string{
			`cars.yaml:36: there is no table "Persons"`,
		},
	},
	{
		"a partition by a text", "cars.yaml",
		[]string{
			"key: Id, size: Cars, split: Colour", "key: Id, size: Name, split: Colour",
		},
		[]string{
			`cars.yaml:36: column Name of Owners must be a int64 to be used so`,
		},
	},
	{
		"a partition split by a guid", "cars.yaml",
		[]string{
			"split: Colour", "split: OwnerId",
		},
		[]string{
			`cars.yaml:36: column OwnerId of Cars must be a string to be used so`,
		},
	},
	{
		"a partition by what has no list", "cars.yaml",
		[]string{
			"partition: {column: OwnerId, table: Owners, key: Id, size: Cars", "partition: {column: OwnerId, table: RedCars, key: OwnerId, size: Number",
		},
		[]string{
			`cars.yaml:36: column Number of RedCars must be a int64 to be used so`,
		},
	},
	{
		"a lookup in no table", "cars.yaml",
		[]string{
			"{table: Owners, key: OwnerId, by: Id, column: Name}", "{table: Persons, key: OwnerId, by: Id, column: Name}",
		},
		[]string{
			`cars.yaml:42: there is no table "Persons"`,
		},
	},
	{
		"a lookup by no column", "cars.yaml",
		[]string{
			"key: OwnerId, by: Id, column: Name}", "key: Owner, by: Id, column: Name}",
		},
		[]string{
			`cars.yaml:42: lookup names "Owner", which is no column of Cars`,
		},
	},
	{
		"a lookup by what can't be read", "cars.yaml",
		[]string{
			"key: OwnerId, by: Id, column: Name}", "key: OwnerId, by: Name, column: Name}",
		},
		[]string{
			`cars.yaml:42: table Owners can't be read by Name; give it a get by that key, or a list with a filter on it that joins by or`,
		},
	},
	{
		"a lookup of a number", "cars.yaml",
		[]string{
			"by: Id, column: Name}}", "by: Id, column: Cars}}",
		},
		[]string{
			`cars.yaml:42: column Cars of Owners must be a string or guid to be used so`,
		},
	},
	{
		"shown by what refers to nothing", "cars.yaml",
		[]string{
			"shown: OwnerId", "shown: Id",
		},
		[]string{
			`cars.yaml:46: path shown says which values of "Id" are shown, which is no key of its address that refers to another table`,
		},
	},
	{
		"a parent's path that is none", "cars.yaml",
		[]string{
			"path: by_owner, rows", "path: by_house, rows",
		},
		[]string{
			`cars.yaml:33: the parent's path "by_house" must be a path of Cars with keys`,
		},
	},
	{
		"a parent's path without keys", "cars.yaml",
		[]string{
			"path: by_owner, rows", "path: list, rows",
		},
		[]string{
			`cars.yaml:33: the parent's path "list" must be a path of Cars with keys`,
		},
	},
	{
		"a parent's rows by no column", "cars.yaml",
		[]string{
			"rows: Cars}", "rows: Cats}",
		},
		[]string{
			`cars.yaml:33: table Owners has no column "Cats"`,
		},
	},
	{
		"a parent that gives too little", "cars.yaml",
		[]string{
			"list: owners/{OwnerId}/cars", "list: owners/{OwnerId}/{Colour}/cars",
		},
		[]string{
			`cars.yaml:33: the parent's table Owners gives no value for the key Colour of path by_owner; let the column Colour refer to a column of Owners`,
		},
	},
	{
		"parents of each other", "owners.yaml",
		[]string{
			"paths: [{name: list, page: 7}]", "paths: [{name: list, page: 7}, {name: by_car, doc: d, list: 'cars/{Id}/owners'}, {name: of_cars, doc: d, parent: {table: Cars, path: by_car}}]",
		},
		[]string{
			`cars.yaml:33: Cars and Owners are each other's parents, so that neither can be read first`,
			`owners.yaml:10: Owners and Cars are each other's parents, so that neither can be read first`,
		},
	},
	{
		"a parent that can't be listed", "cars.yaml",
		[]string{
			"{table: Owners, path: by_owner, rows: Cars}", "{table: RedCars, path: one}",
		},
		[]string{
			`cars.yaml:33: the parent's table RedCars gives no value for the key Id of path one; let the column Id refer to a column of RedCars`,
		},
	},
	{
		"derived from no table", "red.yaml",
		[]string{
			"from: Owners", "from: Persons",
		},
		[]string{
			`red.yaml:5: there is no table "Persons"`,
		},
	},
	{
		"derived from what is derived", "red.yaml",
		[]string{
			"from: Owners", "from: RedCars",
		},
		[]string{
			`red.yaml:5: RedCars is itself made from another table; name that one`,
		},
	},
	{
		"derived from another schema", "red.yaml",
		[]string{
			"from: Owners", "from: Towns",
		},
		[]string{
			`red.yaml:5: RedCars and Towns must stand in the same schema`,
			`red.yaml:6: table Towns has no column "Name"`,
		},
	},
	{
		"derived from every row", "red.yaml",
		[]string{
			"where: {Name: RED}\nunnest: cars\n", "",
		},
		[]string{
			`red.yaml:5: say with "where" or "unnest" which rows of Owners become rows of RedCars`,
			`red.yaml:8: Number can say where an element stands only in a table with "unnest"; its type is int32 for an array and string for the members of an object`,
		},
	},
	{
		"derived by no column", "red.yaml",
		[]string{
			"where: {Name: RED}", "where: {Title: RED}",
		},
		[]string{
			`red.yaml:6: table Owners has no column "Title"`,
		},
	},
	{
		"derived by a number", "red.yaml",
		[]string{
			"where: {Name: RED}", "where: {Cars: '1'}",
		},
		[]string{
			`red.yaml:6: a condition needs a column of the type string, not Cars`,
		},
	},
	{
		"a path of the other table's", "red.yaml",
		[]string{
			"paths: [{name: list,", "paths: [{name: list, page: 7,",
		},
		[]string{
			`red.yaml:12: the paths of RedCars are those of Owners; only filters can be added to them`,
		},
	},
	{
		"filters on no path", "red.yaml",
		[]string{
			"paths: [{name: list,", "paths: [{name: all,",
		},
		[]string{
			`red.yaml:12: Owners has no path "all" that reads a list`,
		},
	},
	{
		"an exact filter on an element", "red.yaml",
		[]string{
			"operators: [eq]}", "operators: [eq], exact: true}",
		},
		[]string{
			`red.yaml:12: a filter on Plate keeps rows of Owners with all their elements, so it can't be exact`,
		},
	},
	{
		"derived from more than addresses", "red.yaml",
		[]string{
			"from: Owners\nwhere: {Name: RED}\nunnest: cars\n", "from: Cars\nwhere: {Colour: RED}\nunnest: cars\n",
		},
		[]string{
			`red.yaml:1: path parts of Cars takes more than addresses and filters, which a table made from it can't`,
			`red.yaml:1: path names of Cars takes more than addresses and filters, which a table made from it can't`,
			`red.yaml:1: the parent's path "by_owner" must be a path of RedCars with keys`,
		},
	},
	{
		"derived from a span of time", "red.yaml",
		[]string{
			"from: Owners\nwhere: {Name: RED}\nunnest: cars\n", "from: Trips\nwhere: {Kind: WORK}\nunnest: cars\n",
		},
		[]string{
			`red.yaml:5: no path of Trips can be read for RedCars; give it columns like those whose values their addresses name`,
		},
	},
	{
		"a call of no method", "cars.yaml",
		[]string{
			"POST cars,", "GET cars,",
		},
		[]string{
			`cars.yaml:51: "call" begins with POST, PUT, PATCH or DELETE, not "GET"`,
		},
	},
	{
		"a call without an address", "cars.yaml",
		[]string{
			"{call: POST cars, body: {Colour: paint}}", "{body: {Colour: paint}}",
		},
		[]string{
			`cars.yaml:51: the table has no collection whose address a call could take; write it into "call"`,
		},
	},
	{
		"a call with no column", "cars.yaml",
		[]string{
			"call: 'PUT cars/{Id}'}", "call: 'PUT cars/{Number}'}",
		},
		[]string{
			`cars.yaml:51: an address under writes names "Number", which is no column of Cars`,
		},
	},
	{
		"a row of a list that is not sent whole", "cars.yaml",
		[]string{
			"body: {Colour: paint}", "body: {Colour: paint}, listed: true",
		},
		[]string{
			`cars.yaml:51: "listed" is for a row that is sent back as a whole, of a table whose first path lists all rows`,
		},
	},
	{
		"a body of no column", "cars.yaml",
		[]string{
			"body: {Colour: paint}", "body: {Color: paint}",
		},
		[]string{
			`cars.yaml:51: a body under writes names "Color", which is no column of Cars`,
		},
	},
	{
		"a part without columns", "cars.yaml",
		[]string{
			", columns: [Colour]}", ", columns: []}",
		},
		[]string{
			`cars.yaml:51: a part under writes of Cars needs "columns"`,
		},
	},
	{
		"a part of no column", "cars.yaml",
		[]string{
			"columns: [Colour]}", "columns: [Colours]}",
		},
		[]string{
			`cars.yaml:51: columns of a part names "Colours", which is no column of Cars`,
		},
	},
	{
		"types of two columns", "cars.yaml",
		[]string{
			"columns: [Colour]}", "columns: [Colour, Id], types: {RED: application/x}}",
		},
		[]string{
			`cars.yaml:51: values, types and unless are about one column; give Colour, Id a part for each`,
			`cars.yaml:51: column Id has a part that updates it, so its "write" must be both or update`,
		},
	},
	{
		"only by no column", "cars.yaml",
		[]string{
			"only: {Colour: RED}", "only: {Color: RED}",
		},
		[]string{
			`cars.yaml:51: only names "Color", which is no column of Cars`,
		},
	},
	{
		"needed, but not inserted", "cars.yaml",
		[]string{
			"write: both, needed: true", "write: update, needed: true",
		},
		[]string{
			`cars.yaml:51: column Colour is needed on an insert, so its "write" must be both or insert`,
		},
	},
	{
		"updated by nothing", "cars.yaml",
		[]string{
			"write: both, needed: true", "write: update",
			"  update: {call: 'PUT cars/{Id}'}\n", "",
			"  parts: [{call: 'PUT cars/{Id}/colour', columns: [Colour]}]\n", "",
		},
		[]string{
			`cars.yaml:51: column Colour is written by an update, but neither update nor a part writes it`,
		},
	},
	{
		"inserted alone, without an insert", "cars.yaml",
		[]string{
			"write: both, needed: true", "write: insert",
			"  insert: {call: POST cars, body: {Colour: paint}}\n", "",
			"  parts: [{call: 'PUT cars/{Id}/colour', columns: [Colour]}]\n", "",
		},
		[]string{
			`cars.yaml:51: column Colour is written by an insert, which the table has not`,
		},
	},
	{
		"a key twice in quotes", "cars.yaml",
		[]string{
			"{name: Wheels, ", "{name: Wheels, \"doc\": Other., ",
		},
		[]string{
			`cars.yaml:11: not valid YAML: mapping key "doc" already defined at [11:20]`,
		},
	},
	{
		"a filter twice in quotes", "cars.yaml",
		[]string{
			"      OwnerId: {operators: [eq]}", "      \"OwnerId\": {operators: [eq]}\n      OwnerId: {operators: [eq]}",
		},
		[]string{
			`cars.yaml:30: not valid YAML: mapping key "OwnerId" already defined at [29:7]`,
		},
	},
	{
		"elements without any column", "red.yaml",
		[]string{
			"unnest: cars", "unnest: boats",
			"type: int32, position: true", "type: int32",
		},
		[]string{
			`red.yaml:7: no column of RedCars comes from the elements of boats; write boats[]. before its member`,
		},
	},
	{
		"a range without its column", "red.yaml",
		[]string{
			"from: Owners\nwhere: {Name: RED}\nunnest: cars\n", "from: Trips\nwhere: {Kind: WORK}\n",
			"{name: Number, type: int32, position: true,", "{name: Kind, type: string,",
		},
		[]string{
			`red.yaml:1: rows of Trips are read by a span of time; give RedCars a column from the member of StartedAt, too`,
			`red.yaml:1: path list reads each value of "Kind", which must be a column in braces in its address that lists its values`,
			`red.yaml:1: days_for of path list names "WORK", which is no value of a key of "each"`,
		},
	},
	{
		"parameters of a mapping", "cars.yaml",
		[]string{
			"    page: 50", "    query: [a]\n    page: 50",
		},
		[]string{
			`cars.yaml:24: a query must be a mapping`,
		},
	},
	{
		"a size that is a text", "cars.yaml",
		[]string{
			"size: {path: list}", "size: list",
		},
		[]string{
			`cars.yaml:6: a size must be a mapping`,
		},
	},
	{
		"a partition that lists nothing", "cars.yaml",
		[]string{
			"partition: {column: OwnerId, table: Owners, key: Id, size: Cars, split: Colour, above: 100}", "partition: {column: OwnerId, table: Trips, key: Id, size: Id}",
		},
		[]string{
			`cars.yaml:36: column Id of Trips must be a int64 to be used so`,
			`cars.yaml:36: table Trips can't be listed in one go; give it a list path without keys`,
		},
	},
	{
		"shown in a table that lists nothing", "owners.yaml",
		[]string{
			"collection: owners\n", "",
			"paths: [{name: list, page: 7}]", "paths: [{name: by_id, doc: d, get: 'owners/{Id}'}]",
		},
		[]string{
			`red.yaml:12: Owners has no path "list" that reads a list`,
			`cars.yaml:33: the parent's table Owners can't be listed; give it a list path without keys`,
			`cars.yaml:36: table Owners can't be listed in one go; give it a list path without keys`,
			`cars.yaml:46: table Owners can't be listed in one go; give it a list path without keys`,
		},
	},
	{
		"paths of a text", "cars.yaml",
		[]string{
			"paths:\n  - name: one", "paths: none\nold:\n  - name: one",
		},
		[]string{
			`cars.yaml:18: unknown key "old" of a table; use one of …`,
			`cars.yaml:17: "paths" must be a list`,
		},
	},
	{
		"a path without a name", "cars.yaml",
		[]string{
			"  - name: by_owner\n    doc", "  - doc",
		},
		[]string{
			`cars.yaml:30: "name" is missing`,
		},
	},
	{
		"an entity that is missing", "owners.yaml",
		[]string{
			"entity: Owner\n", "",
		},
		[]string{
			`owners.yaml:1: "entity" is missing`,
		},
	},
}

// procedureRefusals are the same of washes.
var procedureRefusals = []struct {
	name, from, to string
	says           []string
}{
	{
		"unknown key",
		"    doc: Washes", "    doctor: Washes",
		[]string{
			`wash.yaml:5: unknown key "doctor" of a procedure; use one of …`,
			`wash.yaml:4: "doc" is missing`,
		},
	},
	{
		"no permission",
		"permission: cars:wash\n", "",
		[]string{
			`wash.yaml:1: "permission" is missing`,
		},
	},
	{
		"no name",
		"  - name: WashCar\n    doc", "  - doc",
		[]string{
			`wash.yaml:4: "name" is missing`,
		},
	},
	{
		"an unknown type",
		"type: string, default", "type: text, default",
		[]string{
			`wash.yaml:10: unknown type "text"; use one of [string bool int32 int64 float64 timestamp guid json list]`,
		},
	},
	{
		"no such method",
		"call: POST", "call: GET",
		[]string{
			`wash.yaml:4: "call" begins with POST, PUT, PATCH or DELETE, not "GET"`,
		},
	},
	{
		"a default that is never used",
		"required: true, doc: Car.", "required: true, default: x, doc: Car.",
		[]string{
			`wash.yaml:9: the input CarId is required, so its default is never used`,
		},
	},
	{
		"a key that is no input",
		"{name: CarId,", "{name: Car,",
		[]string{
			`wash.yaml:4: the list of WashCar names CarId; make it an input that is required`,
			`wash.yaml:4: the address of WashCar names CarId; make it an input that is required`,
			`wash.yaml:4: the example of WashCar names CarId, which is no input`,
		},
	},
	{
		"a key that may be missing",
		"type: guid, required: true", "type: guid",
		[]string{
			`wash.yaml:4: the list of WashCar names CarId; make it an input that is required`,
			`wash.yaml:4: the address of WashCar names CarId; make it an input that is required`,
		},
	},
	{
		"a key of the list that is missing",
		"'cars/{CarId}/parts'", "'cars/{Car}/parts'",
		[]string{
			`wash.yaml:4: the list of WashCar names Car; make it an input that is required`,
		},
	},
	{
		"each without a call",
		"    call: POST cars/{CarId}/washes/{PartId}\n", "",
		[]string{
			`wash.yaml:6: "each" needs "call", which WashCar has not`,
		},
	},
	{
		"each without its key",
		"washes/{PartId}", "washes",
		[]string{
			`wash.yaml:7: the address of WashCar lacks {PartId}, the items' key`,
		},
	},
	{
		"each without items",
		"items: parts, ", "",
		[]string{
			`wash.yaml:7: "items" is missing`,
		},
	},
	{
		"when without a right",
		"right: true, ", "",
		[]string{
			`wash.yaml:4: output Shine is shown when Wax is true; make it an input of type bool with a right`,
		},
	},
	{
		"refused, but no flag",
		"{name: Clean, type: bool", "{name: Clean, type: string",
		[]string{
			`wash.yaml:4: output Clean says whether Soap was refused; make it a bool, and that an input`,
		},
	},
	{
		"refused, but no input",
		"refused: Soap", "refused: Water",
		[]string{
			`wash.yaml:4: output Clean says whether Water was refused; make it a bool, and that an input`,
		},
	},
	{
		"a count of texts",
		"{name: Parts, type: int32", "{name: Parts, type: string",
		[]string{
			`wash.yaml:4: output Parts counts the calls of "each"; it needs that, and a whole number`,
		},
	},
	{
		"an example of nothing",
		"example: {CarId", "example: {Car",
		[]string{
			`wash.yaml:4: the example of WashCar names Car, which is no input`,
		},
	},
	{
		"no list",
		"procedures:\n  - name: WashCar", "procedures:\n    name: WashCar",
		[]string{
			`wash.yaml:4: "procedures" must be a list`,
		},
	},
}

// compare holds the lines of an error against those wanted.
func compare(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("accepted")
	}
	got := strings.Split(err.Error(), "\n")
	same := len(got) == len(want)
	for i := 0; same && i < len(want); i++ {
		beginning, cut := strings.CutSuffix(want[i], "…")
		same = got[i] == want[i] || cut && strings.HasPrefix(got[i], beginning)
	}
	if !same {
		t.Errorf("got\n%s\nwant\n%s", err, strings.Join(want, "\n"))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := catalog.Load(garageWith(t, c.file, c.edits...))
			compare(t, err, c.says)
		})
	}
}

func TestRefusedProcedures(t *testing.T) {
	t.Parallel()
	load := func(text string) error {
		_, err := catalog.LoadProcedures(fstest.MapFS{"wash.yaml": {Data: []byte(text)}})
		return err
	}
	for _, c := range procedureRefusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(washes, c.from) {
				t.Fatalf("no %q", c.from)
			}
			compare(t, load(strings.Replace(washes, c.from, c.to, 1)), c.says)
		})
	}
	compare(t, load(washes+washes[strings.Index(washes, "  - name"):]), []string{"wash.yaml:17: the procedure WashCar stands twice"})
}

// TestEveryRefusalIsTried: each message of the loader stands in a case above.
func TestEveryRefusalIsTried(t *testing.T) {
	t.Parallel()
	said := []string{"wash.yaml:17: the procedure WashCar stands twice"}
	for _, c := range refusals {
		said = append(said, c.says...)
	}
	for _, c := range procedureRefusals {
		said = append(said, c.says...)
	}
	verb := regexp.MustCompile(`%[a-z]`)
	count := 0
	for _, message := range messages(t) {
		pattern := regexp.MustCompile("^[a-z.]+:[0-9]+: " + strings.Join(strings.Split(verb.ReplaceAllString(regexp.QuoteMeta(message), "\x00"), "\x00"), ".*") + "$")
		if message == "%s" {
			continue // another package's
		}
		count++
		tried := false
		for _, line := range said {
			tried = tried || pattern.MatchString(line)
		}
		if !tried {
			t.Errorf("no case is refused with %q", message)
		}
	}
	if count < 70 {
		t.Errorf("only %d messages were found in the loader", count)
	}
}

// messages are the formats that the loader gives to at and atLine.
func messages(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("load*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || method.Sel.Name != "at" && method.Sel.Name != "atLine" {
				return true
			}
			if format, ok := call.Args[1].(*ast.BasicLit); ok {
				text, err := strconv.Unquote(format.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
			return true
		})
	}
	return out
}
