package service

import (
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// read is what a request reads, with all that decides whether another one may go
// on with its rows.
type read struct {
	database Database
	caller   string
	query    query.Query
}

func someRead() read {
	s := &catalog.Schema{Name: "Main", ID: "1"}
	people := &catalog.Table{
		Name: "People", Schema: s, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID}, {Name: "Name"}},
		Restriction: &catalog.Restriction{
			Where: predicate.Cmp{Column: "Name", Op: predicate.Eq, Value: predicate.StringValue("x")}, FilterSQL: "length(Name) > 1",
			Masks: map[string]catalog.Mask{"Name": catalog.MaskHash, "Id": catalog.MaskPartial}, HashKey: []byte("key"),
		},
	}
	return read{
		database: Database{Name: "main", Executor: &exec.Executor{}}, caller: "api_key:a",
		query: query.Query{
			SQL: "SELECT 1", Columns: []query.Column{{Name: "Id", Type: catalog.GUID}},
			Parameters: []predicate.Value{predicate.IntValue(1)},
			Plain:      &query.Plain{Project: []int{0}, FilterSQL: "Name > 'a'"},
			Accesses:   []query.Access{{Table: people, Columns: []int{0, 1}, Where: predicate.True}},
			Late:       []query.Late{{Table: &catalog.Table{Name: "Teams", Schema: s}, Key: "Id", Column: "Name"}},
		},
	}
}

func (r *read) scope() string { return scopeOf(&r.database, r.caller, &r.query) }

func (r *read) table() *catalog.Table { return r.query.Accesses[0].Table }

// TestOnlyTheSameRowsWithTheSameRightsGoOn: a request goes on with the rows of
// another one only where nothing differs that decides on them.
func TestOnlyTheSameRowsWithTheSameRightsGoOn(t *testing.T) {
	t.Parallel()
	base := someRead()
	executor := base.database.Executor
	for name, change := range map[string]func(*read){
		"another connection":        func(r *read) { r.database.Name = "other" },
		"a connection opened anew":  func(r *read) { r.database.Executor = &exec.Executor{} },
		"another caller":            func(r *read) { r.caller = "api_key:b" },
		"another statement":         func(r *read) { r.query.SQL = "SELECT 2" },
		"another value":             func(r *read) { r.query.Parameters[0] = predicate.IntValue(2) },
		"a value as a text":         func(r *read) { r.query.Parameters[0] = predicate.StringValue("1") },
		"another column":            func(r *read) { r.query.Columns[0].Name = "Name" },
		"another type":              func(r *read) { r.query.Columns[0].Type = catalog.String },
		"another order of columns":  func(r *read) { r.query.Plain.Project = []int{1} },
		"another filter":            func(r *read) { r.query.Plain.FilterSQL = "Name > 'b'" },
		"a limit":                   func(r *read) { r.query.Plain.Limit = 5 },
		"an offset":                 func(r *read) { r.query.Plain.Offset = 5 },
		"no rows":                   func(r *read) { r.query.Plain.Empty = true },
		"no filter":                 func(r *read) { r.query.Plain = nil },
		"another table":             func(r *read) { r.table().Name = "Teams" },
		"another schema":            func(r *read) { r.table().Schema = &catalog.Schema{Name: "Main", ID: "2"} },
		"another name of it":        func(r *read) { r.table().Schema = &catalog.Schema{Name: "Other", ID: "1"} },
		"another condition":         func(r *read) { r.query.Accesses[0].Where = predicate.IsNull{Column: "Name"} },
		"fewer columns read":        func(r *read) { r.query.Accesses[0].Columns = []int{0} },
		"a column of another type":  func(r *read) { r.table().Columns[1].Type = catalog.JSON },
		"no restriction":            func(r *read) { r.table().Restriction = nil },
		"another row filter":        func(r *read) { r.table().Restriction.Where = predicate.False },
		"another row filter in SQL": func(r *read) { r.table().Restriction.FilterSQL = "" },
		"one mask less":             func(r *read) { delete(r.table().Restriction.Masks, "Id") },
		"another mask":              func(r *read) { r.table().Restriction.Masks["Id"] = catalog.MaskHash },
		"another key of masks":      func(r *read) { r.table().Restriction.HashKey = []byte("other") },
		"another column read late":  func(r *read) { r.query.Late[0].Column = "Motto" },
		"a key of that read late":   func(r *read) { r.query.Late[0].Key = "Name" },
		"a place of that read late": func(r *read) { r.query.Late[0].At = 1 },
		"a list read late":          func(r *read) { r.query.Late[0].List = true },
		"a filter of the late rows": func(r *read) {
			r.query.Late[0].Table.Restriction = &catalog.Restriction{Where: predicate.False}
		},
		"nothing read late": func(r *read) { r.query.Late = nil },
		"one table more":    func(r *read) { r.query.Accesses = append(r.query.Accesses, r.query.Accesses[0]) },
	} {
		other := someRead()
		other.database.Executor = executor
		if base.scope() != other.scope() {
			t.Fatal("the same read has two scopes")
		}
		if change(&other); base.scope() == other.scope() {
			t.Errorf("%s: goes on with the same rows", name)
		}
	}
}

// TestTextsCantPassForOthers: what stands in one part of a scope is no other part.
func TestTextsCantPassForOthers(t *testing.T) {
	t.Parallel()
	one, two := someRead(), someRead()
	two.database.Executor = one.database.Executor
	one.database.Name, one.caller = `a" "b`, "c"
	two.database.Name, two.caller = "a", `b" "c`
	if one.scope() == two.scope() {
		t.Error("a caller passes for a part of a connection's name")
	}
}

func TestTheTighterBound(t *testing.T) {
	t.Parallel()
	bounds := []int64{0, 1, 7, 1 << 40}
	for _, a := range bounds {
		for _, b := range bounds {
			got := tighter(a, b)
			if got != tighter(b, a) || got == 0 && (a != 0 || b != 0) || a != 0 && got > a || b != 0 && got > b || got != a && got != b {
				t.Errorf("of %d and %d the tighter is %d", a, b, got)
			}
		}
	}
	if tighter(time.Second, 0) != time.Second || tighter(time.Minute, time.Second) != time.Second {
		t.Error("times are bounds, too")
	}
}

// TestShapesOfCalls: the trail gets the names of inputs, never a value.
func TestShapesOfCalls(t *testing.T) {
	t.Parallel()
	p := &procedure.Procedure{Name: "GetIt", Inputs: []procedure.Input{{Name: "Code"}, {Name: "State"}}}
	for statement, want := range map[string]string{
		"CALL GetIt()":                                        "CALL GetIt()",
		"CALL GetIt('sec-ret')":                               "CALL GetIt(Code => ?)",
		"CALL getit('sec-ret', 'sec-ret')":                    "CALL GetIt(Code => ?, State => ?)",
		"CALL GetIt(state => 'sec-ret')":                      "CALL GetIt(State => ?)",
		"CALL GetIt('sec-ret', 'sec-ret', 'sec-ret')":         "CALL GetIt(Code => ?, State => ?, ?)",
		`CALL GetIt("sec-ret" => 1)`:                          "CALL GetIt(?)",
		"EXEC GetIt @Code = 'sec-ret', @State = 'sec-ret'":    "CALL GetIt(Code => ?, State => ?)",
		"EXECUTE GetIt @sec_ret = 1, @Code = :p":              "CALL GetIt(?, Code => ?)",
		"CALL main.Information.GetIt(Code => ?, State => $1)": "CALL GetIt(Code => ?, State => ?)",
	} {
		c, err := procedure.Parse(statement)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		if got := shape(p, c); got != want || strings.Contains(got, "sec-ret") {
			t.Errorf("%s: %s, want %s", statement, got, want)
		}
	}
}
