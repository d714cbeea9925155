package procedure_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/procedure"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// wash is a declared procedure with an input of each type that calls send as it is.
func wash() procedure.Procedure {
	columns := []catalog.Column{
		{Name: "CarId", Type: catalog.GUID, Needed: true, Doc: "Car."},
		{Name: "Soap", Type: catalog.String, Values: []string{"GREEN", "BLUE"}},
		{Name: "Wax", Type: catalog.Bool},
		{Name: "Parts", Type: catalog.StringList},
		{Name: "Plan", Type: catalog.JSON},
		{Name: "At", Type: catalog.Timestamp},
		{Name: "Share", Type: catalog.Float64},
		{Name: "Times", Type: catalog.Int32},
		{Name: "Clean", Type: catalog.Bool, Doc: "Whether it is."},
	}
	d := &catalog.Procedure{Signature: &catalog.Table{Name: "WashCar", Doc: "Washes.", Columns: columns}, Call: &catalog.Write{}}
	for i := range columns[:8] {
		d.Inputs = append(d.Inputs, catalog.Input{Column: &columns[i]})
	}
	d.Inputs[1].Default, d.Inputs[2].Right = "GREEN", true
	d.Outputs = []catalog.Output{{Column: &columns[8]}}
	return procedure.Of(d)
}

const car = "B4A6BC99-9A3E-4071-86C0-60C53141A91D"

// A declaration says what a call takes and gives.
func TestDeclaredProcedures(t *testing.T) {
	t.Parallel()
	p := wash()
	assert.Equal(t, "WashCar Washes. true true", p.Name+" "+p.Doc+" "+map[bool]string{true: "true"}[p.InEnvironment]+" "+map[bool]string{true: "true"}[p.Writes])
	assert.Equal(t, procedure.Input{Name: "CarId", Type: catalog.GUID, Required: true, Doc: "Car."}, p.Inputs[0])
	assert.Equal(t, procedure.Input{Name: "Soap", Type: catalog.String, Default: "GREEN", Values: []string{"GREEN", "BLUE"}}, p.Inputs[1])
	assert.True(t, p.Inputs[2].Right)
	assert.Equal(t, []procedure.Output{{Name: "Clean", Type: catalog.Bool, Doc: "Whether it is."}}, p.Outputs)
	assert.False(t, procedure.Of(&catalog.Procedure{Signature: &catalog.Table{Name: "Refresh"}}).Writes, "it makes no call")
}

// Inputs are sent as JSON of their type.
func TestInputsAsJSON(t *testing.T) {
	t.Parallel()
	p := wash()
	for _, c := range []struct{ input, value, want string }{ // want is "" where it is refused
		{"CarId", "'" + car + "'", `"b4a6bc99-9a3e-4071-86c0-60c53141a91d"`},
		{"Soap", "'blue'", `"BLUE"`},
		{"Soap", "'red'", ""},
		{"Wax", "TRUE", "true"},
		{"Parts", "'door, roof ,'", `["door","roof",""]`},
		{"Parts", `' ["door", "a, \"b\""]'`, `["door","a, \"b\""]`},
		{"Parts", `'["door", 1]'`, ""},
		{"Parts", `'["door", null]'`, ""},
		{"Parts", `'["door"'`, ""},
		{"Parts", `'[]'`, `[]`},
		{"Plan", `'{"a": [1, null]}'`, `{"a": [1, null]}`},
		{"Plan", `'{"a"'`, ""},
		{"At", "'2026-03-01 09:00:00.5+01:00'", `"2026-03-01T08:00:00.500Z"`},
		{"Share", "-0.25", "-0.25"},
		{"Share", "'NaN'", ""},
		{"Share", "'-Infinity'", ""},
		{"Times", "3", "3"},
		{"Times", "NULL", "null"},
	} {
		sql := "CALL WashCar(" + c.input + " => " + c.value + ")"
		if c.input != "CarId" {
			sql = "CALL WashCar('" + car + "', " + c.input + " => " + c.value + ")"
		}
		call, err := procedure.Parse(sql)
		require.NoError(t, err, sql)
		in, err := p.Bind(call, procedure.Parameters{})
		if c.want == "" {
			require.True(t, gwerr.Is(err, gwerr.TypeMismatch), "%s: %v", sql, err)
			assert.Equal(t, c.input, gwerr.From(err).Target, sql)
			continue
		}
		require.NoError(t, err, sql)
		got := in.JSON(c.input)
		assert.Equal(t, c.want == "null", got == nil, sql)
		assert.Equal(t, c.want != "null", in.Given(c.input), sql)
		if got != nil {
			assert.JSONEq(t, c.want, string(got), sql)
		}
		assert.Nil(t, in.JSON("Nothing"))
	}
}

// Answers become cells of their columns, and what does not fit is null.
func TestCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw  string
		of   catalog.Type
		want any
	}{
		{`true`, catalog.Bool, true},
		{`"true"`, catalog.Bool, nil},
		{`7`, catalog.Int32, int64(7)},
		{`9007199254740993`, catalog.Int64, int64(9007199254740993)},
		{`7.5`, catalog.Int64, nil},
		{`0.5`, catalog.Float64, 0.5},
		{`"2026-03-01T08:00:00.5Z"`, catalog.Timestamp, time.Date(2026, 3, 1, 8, 0, 0, 500_000_000, time.UTC)},
		{`"tomorrow"`, catalog.Timestamp, nil},
		{`["a","b"]`, catalog.StringList, []string{"a", "b"}},
		{`[1,2]`, catalog.Int32List, []int64{1, 2}},
		{`{"a":1}`, catalog.JSON, `{"a":1}`},
		{`"x"`, catalog.String, "x"},
		{`"b4a6"`, catalog.GUID, "b4a6"},
		{`7`, catalog.String, nil},
	} {
		assert.Equal(t, c.want, procedure.Cell(json.RawMessage(c.raw), c.of), "%s as %s", c.raw, c.of)
	}
	assert.Nil(t, procedure.Cell(nil, catalog.String))
}

// In the schema of all environments a call names its environment first.
func TestProceduresOfSchemas(t *testing.T) {
	t.Parallel()
	p, own := wash(), procedure.Procedure{Name: "GetToken"}
	assert.Same(t, &p, p.In("Main", "id"))
	assert.Nil(t, p.In("Information", ""), "no environment")
	assert.Nil(t, own.In("Main", "id"))
	assert.Nil(t, own.In(catalog.AllEnvironments, ""))
	assert.Same(t, &own, own.In("Information", ""))
	everywhere := p.In("allenvironments", "")
	require.NotNil(t, everywhere)
	assert.Equal(t, procedure.Input{Name: "EnvironmentId", Type: catalog.GUID, Required: true, Doc: "Environment."}, everywhere.Inputs[0])
	assert.Equal(t, p.Inputs, everywhere.Inputs[1:])
	assert.Len(t, p.Inputs, 8, "the procedure stays as it is")
}

// A call made of values, as OData's actions are, is the one that SQL writes.
func TestCallsOfValues(t *testing.T) {
	t.Parallel()
	p, id, parts := wash(), car, `["door"]`
	call := procedure.NewCall("Main", "WashCar", map[string]*string{"Parts": &parts, "CarId": &id, "Wax": nil})
	assert.Equal(t, "Main.WashCar", call.Schema+"."+call.Name)
	in, err := p.Bind(call, procedure.Parameters{})
	require.NoError(t, err)
	written, err := procedure.Parse("CALL Main.WashCar(CarId => :car, Parts => 'door')")
	require.NoError(t, err)
	same, err := p.Bind(written, procedure.Parameters{Named: map[string]query.Parameter{"car": {Value: predicate.UUIDValue(car)}}})
	require.NoError(t, err)
	for _, input := range p.Inputs {
		assert.Equal(t, string(same.JSON(input.Name)), string(in.JSON(input.Name)), input.Name)
	}
	_, err = p.Bind(procedure.NewCall("", "WashCar", nil), procedure.Parameters{})
	require.ErrorContains(t, err, "needs a value for CarId")
	assert.Equal(t, gwerr.NoPosition, gwerr.From(err).Position, "there is no text to point into")
}
