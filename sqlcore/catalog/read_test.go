package catalog_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// loaded is a table of the files.
func loaded(t *testing.T, files fs.FS, name string) *catalog.Table {
	t.Helper()
	tables, err := catalog.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tables, func(t *catalog.Table) bool { return t.Name == name })
	if i < 0 {
		t.Fatalf("no table %s", name)
	}
	return tables[i]
}

// TestHowPathsTest: which conditions are sent at once, and which one goes first
// where only one can be sent.
func TestHowPathsTest(t *testing.T) {
	t.Parallel()
	const filters = "    join: [and]\n    filters:\n      Colour: {operators: [eq, sw], unconfirmed: [co]}\n      OwnerId: {operators: [eq]}\n"
	for name, c := range map[string]struct {
		join    string
		and, or bool
		prefer  string
	}{
		"all at once":        {"[and]", true, false, "[]"},
		"alternatives":       {"[or]", false, true, "[Colour OwnerId]"},
		"both":               {"[and, or]", true, true, "[]"},
		"one, in this order": {"[]", false, false, "[Colour OwnerId]"},
	} {
		files := garageWith(t, "cars.yaml", filters, strings.Replace(filters, "[and]", c.join, 1))
		path := loaded(t, files, "Cars").Path("list")
		if path.And != c.and || path.Or != c.or || fmt.Sprint(path.Prefer) != c.prefer {
			t.Errorf("%s: and %v, or %v, first %v", name, path.And, path.Or, path.Prefer)
		}
	}
}

// TestParentsGiveKeys: each key of a child's address is a column of the parent, or
// runs over its values.
func TestParentsGiveKeys(t *testing.T) {
	t.Parallel()
	const list = "    list: owners/{OwnerId}/cars\n"
	for name, c := range map[string]struct{ address, columns string }{
		"what it refers to":       {list, "[Id]"},
		"and each of some values": {"    list: owners/{OwnerId}/cars/{Colour}\n    each: [Colour]\n", `[Id ""]`},
		"each of some before":     {"    list: cars/{Colour}/{OwnerId}\n    each: [Colour]\n", `["" Id]`},
	} {
		parent := loaded(t, garageWith(t, "cars.yaml", list, c.address), "Cars").Path("of_owners").Parent
		got := strings.ReplaceAll(strings.ReplaceAll(fmt.Sprintf("%q", parent.Columns), `"Id"`, "Id"), "  ", " ")
		if got != c.columns || parent.Rows != "Cars" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestColumnsOfADerivedTable are like the base's where member and type are the same.
func TestColumnsOfADerivedTable(t *testing.T) {
	t.Parallel()
	const base = `table: Cars
entity: Car
doc: d
examples: [SELECT 1]
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: Kind, type: string, doc: d}
  - {name: Paint, type: string, doc: d}
paths:
  - name: list
    doc: d
    list: cars
    filter: kind eq "RED"
    join: [and]
    filters: {Paint: {operators: [eq]}}
    query: {Paint: expand=paint}
`
	const derived = `table: RedCars
entity: RedCar
doc: d
examples: [SELECT 1]
from: Cars
where: {Kind: RED}
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: Colour, type: string, from: paint, doc: d}
`
	files := func(text string) fs.FS {
		return fstest.MapFS{"a.yaml": {Data: []byte(base)}, "b.yaml": {Data: []byte(text)}}
	}
	path := loaded(t, files(derived), "RedCars").Path("list")
	if path.Filters["Colour"].Attribute != "paint" || path.Query["Colour"] != "expand=paint" || !path.And {
		t.Errorf("%+v", path)
	}
	other := loaded(t, files(strings.Replace(derived, "Colour, type: string", "Colour, type: json", 1)), "RedCars").Path("list")
	if len(other.Filters) > 0 || len(other.Query) > 0 {
		t.Errorf("a column of another type is tested as the base's: %+v", other)
	}
	if other.And != true || other.Filter == "" { // the path's own condition joins the caller's
		t.Errorf("%+v", other)
	}
}

// TestCalls: a call's method, address and body, by what is said of it.
func TestCalls(t *testing.T) {
	t.Parallel()
	const base = `table: Cars
entity: Car
doc: d
examples: [SELECT 1]
collection: environments/{EnvironmentId}/cars
columns:
  - {name: Id, type: guid, key: true, required: true, doc: d}
  - {name: Colour, type: string, write: both, doc: d}
  - {name: Lock, type: string, write: both, doc: d}
writes:
`
	for name, c := range map[string]struct{ writes, insert, update, remove string }{
		"the usual ones": {
			"  insert: {}\n  update: {}\n  delete: {}\n",
			"POST environments/{EnvironmentId}/cars [] cars", "PUT environments/{EnvironmentId}/cars/{Id} [Id] cars/{id} whole", "DELETE environments/{EnvironmentId}/cars/{Id} [Id] cars/{id}",
		},
		"another method": {
			"  insert: {}\n  update: {call: PATCH}\n", "POST environments/{EnvironmentId}/cars [] cars", "PATCH environments/{EnvironmentId}/cars/{Id} [Id] cars/{id}", "",
		},
		"another address": {
			"  insert: {call: 'POST cars/{Id}/make?now=1', type: application/x.car+json}\n  update: {}\n",
			"POST cars/{Id}/make?now=1 [Id] cars/{id}/make application/x.car+json", "PUT environments/{EnvironmentId}/cars/{Id} [Id] cars/{id} whole", "",
		},
		"a body of its own": {
			"  insert: {body: {Colour: paint}}\n  update: {body: {Colour: paint}}\n",
			"POST environments/{EnvironmentId}/cars [] cars map[Colour:paint]", "PUT environments/{EnvironmentId}/cars/{Id} [Id] cars/{id} map[Colour:paint]", "",
		},
		"allowed by a property": {
			"  insert: {allowed_by: AllowCars}\n  update: {}\n", "POST environments/{EnvironmentId}/cars [] cars by AllowCars", "PUT environments/{EnvironmentId}/cars/{Id} [Id] cars/{id} whole", "",
		},
	} {
		w := loaded(t, fstest.MapFS{"a.yaml": {Data: []byte(base + c.writes)}}, "Cars").Writes
		for _, call := range []struct {
			got  *catalog.Write
			want string
		}{{w.Insert, c.insert}, {w.Update, c.update}, {w.Delete, c.remove}} {
			if got := describe(call.got); got != call.want {
				t.Errorf("%s: %s, want %s", name, got, call.want)
			}
		}
	}
	const parts = "  insert: {}\n  parts:\n    - {call: 'PUT cars/{Id}/lock', columns: [Lock], types: {shut: application/x.shut, open: application/x.open}, unless: open}\n    - {call: 'PUT cars/{Id}/paint', columns: [Colour]}\n"
	w := loaded(t, fstest.MapFS{"a.yaml": {Data: []byte(base + parts)}}, "Cars").Writes
	lock, paint := w.Parts[0], w.Parts[1]
	if fmt.Sprintf("%v %s %v %s %v", lock.Values, lock.Types["open"], lock.AfterInsert, lock.Unless, lock.Whole) != "[open shut] application/x.open true open false" {
		t.Errorf("%+v", lock)
	}
	if len(paint.Values) > 0 || paint.AfterInsert || paint.Whole || w.Update != nil {
		t.Errorf("%+v", paint)
	}
}

func describe(w *catalog.Write) string {
	if w == nil {
		return ""
	}
	out := fmt.Sprintf("%s %s %v %s", w.Method, w.Address, w.Keys, w.Endpoint)
	if w.Type != "" {
		out += " " + w.Type
	}
	if w.Body != nil {
		out += fmt.Sprint(" ", w.Body)
	}
	if w.Allowed != "" {
		out += " by " + w.Allowed
	}
	if w.Whole {
		out += " whole"
	}
	return out
}

// TestInputsAreNoResults: what a caller must give is needed, not part of each row.
func TestInputsAreNoResults(t *testing.T) {
	t.Parallel()
	found, err := loadProcedures(washes)
	if err != nil {
		t.Fatal(err)
	}
	wash := found[0]
	if car := wash.Input("CarId").Column; !car.Needed || car.Required {
		t.Errorf("%+v", car)
	}
	if soap := wash.Input("Soap"); soap.Column.Needed || soap.Default != "green" || soap.Right {
		t.Errorf("%+v", soap)
	}
	if !wash.Input("Wax").Right || wash.Input("Shine") != nil || len(wash.Outputs) != 3 || !wash.Outputs[2].Count || wash.Outputs[1].When != "Wax" {
		t.Errorf("%+v", wash.Outputs)
	}
	if e := wash.Each; e.List != "cars/{CarId}/parts" || e.Endpoint != "cars/{id}/parts" || e.Items != "parts" || e.Key != "PartId" {
		t.Errorf("%+v", e)
	}
}

// TestAColumnOfSomeEnvironments may be null in all of them.
func TestAColumnOfSomeEnvironments(t *testing.T) {
	t.Parallel()
	schema := func(name string, columns ...string) *catalog.Schema {
		s := &catalog.Schema{Name: name, ID: name}
		table := &catalog.Table{Name: "Cars", Schema: s, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID, Key: true, Required: true}}}
		for _, c := range columns {
			table.Columns = append(table.Columns, catalog.Column{Name: c, Required: true})
		}
		s.Tables = []*catalog.Table{table}
		return s
	}
	for name, schemas := range map[string][]*catalog.Schema{
		"missing in the first":  {schema("a"), schema("b", "Colour")},
		"missing in the last":   {schema("a", "Colour"), schema("b")},
		"missing in the middle": {schema("a", "Colour"), schema("b"), schema("c", "Colour")},
	} {
		cars, _ := catalog.Union("All", schemas).Table("Cars")
		if cars.Column("Colour").Required || !cars.Column("Id").Required {
			t.Errorf("%s: %+v", name, cars.Columns)
		}
	}
	cars, _ := catalog.Union("All", []*catalog.Schema{schema("a", "Colour"), schema("b", "Colour")}).Table("Cars")
	if !cars.Column("Colour").Required {
		t.Error("a column that all have is never null")
	}
}
