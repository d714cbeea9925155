package catalog_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

func TestUnion(t *testing.T) {
	t.Parallel()
	column := func(name string, typ catalog.Type, required bool) catalog.Column {
		return catalog.Column{Name: name, Type: typ, Required: required, Key: name == "Id", Access: catalog.Writable, References: &catalog.Reference{Table: "X"}}
	}
	schema := func(s *catalog.Schema, tables map[string][]catalog.Column) *catalog.Schema {
		for name, columns := range tables {
			s.Tables = append(s.Tables, &catalog.Table{
				Name: name, Schema: s, Scope: catalog.PerEnvironment, Columns: columns, Writes: &catalog.Writes{Insert: &catalog.Write{}},
			})
		}
		return s
	}
	one := schema(&catalog.Schema{Name: "One", ID: "1", Notes: []string{"something is missing"}}, map[string][]catalog.Column{
		"Cars": {column("Id", catalog.GUID, true), column("EnvironmentId", catalog.GUID, true), column("Colour", catalog.String, true), column("Age", catalog.Int32, false)},
	})
	two := schema(&catalog.Schema{Name: "2", ID: "2", Label: "One"}, map[string][]catalog.Column{
		"cars": {column("Id", catalog.GUID, true), column("Colour", catalog.String, false), column("Age", catalog.Bool, false), column("Wheels", catalog.Int32, true)},
	})
	two.Tables[0].Columns[1].References = nil
	three := schema(&catalog.Schema{Name: "Three", ID: "3"}, map[string][]catalog.Column{"Boats": {column("Id", catalog.GUID, true)}})
	u := catalog.Union(catalog.AllEnvironments, []*catalog.Schema{one, two, three})
	cars, ok := u.Table("Cars")
	if !ok || len(u.Tables) != 2 || len(cars.Members) != 2 || u.Notes[0] != "One: something is missing" {
		t.Fatalf("%+v", u)
	}
	var got []string
	for _, c := range cars.Columns {
		access := map[string]catalog.Access{"EnvironmentId": catalog.OnInsert, "EnvironmentName": catalog.ReadOnly}
		if want, ok := access[c.Name]; (c.References != nil) != (c.Name != "Colour" && c.Name != "EnvironmentName") || ok && c.Access != want || !ok && c.Access != catalog.Writable || c.Needed != (c.Name == "EnvironmentId") {
			t.Errorf("%+v", c)
		}
		got = append(got, fmt.Sprintf("%s %s %v %v", c.Name, c.Type, c.Key, c.Required))
	}
	want := "Id guid true true, EnvironmentId guid true true, Colour string false false, Age json false false, Wheels int32 false false, EnvironmentName string false true"
	if strings.Join(got, ", ") != want {
		t.Errorf("columns %s\nwant %s", strings.Join(got, ", "), want)
	}
	boats, _ := u.Table("Boats")
	if n := len(boats.Columns); n != 3 || boats.Columns[1].Name != "EnvironmentId" {
		t.Errorf("Boats have %+v", boats.Columns)
	}
	if name, same := cars.Members[1].Everywhere(catalog.EnvironmentName); name != "One" || !same {
		t.Errorf("an environment that shares its name is called %q", name)
	}
}

// TestWhatAUnionHasOfItsTables: what the first one says of itself; a new row needs its
// environment where rows are added.
func TestWhatAUnionHasOfItsTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		writes *catalog.Writes
		want   catalog.Access
	}{
		"nothing is written": {nil, catalog.ReadOnly},
		"no row is added":    {&catalog.Writes{Update: &catalog.Write{}}, catalog.ReadOnly},
		"rows are added":     {&catalog.Writes{Insert: &catalog.Write{}}, catalog.OnInsert},
	} {
		s := &catalog.Schema{Name: "One", ID: "1"}
		cars := &catalog.Table{
			Name: "Cars", Entity: "Car", Doc: "Cars.", Scope: catalog.PerEnvironment, Schema: s, Paths: []catalog.Path{{Name: "list"}}, Group: "slow",
			Permission: "cars:read", Examples: []string{"SELECT 1"}, Writes: c.writes, ManyToMany: &catalog.ManyToMany{From: "A"}, Hidden: []catalog.Hidden{{Name: "Owner"}},
			Columns: []catalog.Column{{Name: "EnvironmentId", Type: catalog.GUID, Doc: "Where.", References: &catalog.Reference{Table: "Environments"}}, {Name: "Id", Type: catalog.GUID, Key: true}},
		}
		s.Tables = []*catalog.Table{cars}
		out := catalog.Union("All", []*catalog.Schema{s})
		got := *out.Tables[0]
		if out.Name != "All" || got.Schema != out || len(got.Members) != 1 || got.Members[0] != cars {
			t.Errorf("%s: %+v", name, out)
		}
		own := got.Columns[0]
		if own.Access != c.want || own.Needed != (c.want == catalog.OnInsert) || !own.Key || own.Doc != "Where." || own.References == nil || len(got.Columns) != 3 || got.Columns[2].Doc != "Name of the environment." {
			t.Errorf("%s: %+v", name, got.Columns)
		}
		got.Schema, got.Members, got.Columns = cars.Schema, nil, cars.Columns
		if !reflect.DeepEqual(got, *cars) {
			t.Errorf("%s: %+v, want %+v", name, got, *cars)
		}
	}
}
