package procedure_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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

// everything has an input of each type.
var everything = procedure.Procedure{
	Name: "Everything",
	Inputs: []procedure.Input{
		{Name: "Text", Type: catalog.String, Required: true},
		{Name: "Flag", Type: catalog.Bool, Default: "true"},
		{Name: "Small", Type: catalog.Int32},
		{Name: "Large", Type: catalog.Int64},
		{Name: "Share", Type: catalog.Float64},
		{Name: "At", Type: catalog.Timestamp},
		{Name: "Id", Type: catalog.GUID},
		{Name: "Mode", Type: catalog.String, Values: []string{"APP", "WEB"}, Default: "APP"},
	},
}

func TestIs(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]bool{
		"EXECUTE x": true, "exec x": true, "CALL x()": true, " \n-- why\n/* what */ call x()": true, "/* a /* nested */ comment */ EXEC x": true, "\u00a0EXEC x": true, "\uFEFFEXEC x": true,
		"EXECUTE": true, "call 'unclosed": true, "EXEC[x]": true,
		"SELECT 'EXEC x'": false, "": false, "/* EXEC x": false, "executed": false, "calls x": false, "-- EXEC x": false, "/* CALL */ SELECT 1": false,
		"WITH x AS (SELECT 1) SELECT 1": false, "exec_1": false,
	} {
		assert.Equal(t, want, procedure.Is(sql), "%q", sql)
	}
}

func TestCallsReadAlike(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"EXECUTE Everything @Text = 'it''s', @Small = -5",
		"EXEC Everything @Text='it''s', @Small=-5;",
		"EXEC Everything 'it''s', DEFAULT, -5",
		"execute Everything @small = -5, @TEXT = N'it''s'",
		"CALL Everything(Text => 'it''s', Small => -5)",
		"CALL Everything(Text := 'it''s', Small := - 5)",
		"CALL Everything('it''s', default, -5)",
		"CALL Everything('it''s', Small => -5);",
		"CALL [Everything](\"Text\" => $$it's$$, [Small] = -5)",
		"CALL Everything($tag$it's$tag$, Small => -5) -- done",
	} {
		c, err := procedure.Parse(sql)
		require.NoError(t, err, sql)
		in, err := everything.Bind(c, procedure.Parameters{})
		require.NoError(t, err, sql)
		assert.Equal(t, "it's", in.Text("Text"), sql)
		assert.Equal(t, int64(-5), in.Int("Small"), sql)
		assert.True(t, in.Bool("Flag"), "%s: the default", sql)
		assert.False(t, in.Given("Large"), sql)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string][3]string{
		"EXEC X":                  {"", "", "X"},
		"CALL Administrators.X()": {"", "Administrators", "X"},
		"EXEC [CData].[Partner Portal Zürich].X": {"CData", "Partner Portal Zürich", "X"},
		`CALL "a""b".x()`:                        {"", `a"b`, "x"},
	} {
		c, err := procedure.Parse(sql)
		require.NoError(t, err, sql)
		assert.Equal(t, want, [3]string{c.Connection, c.Schema, c.Name}, sql)
	}
}

func TestWrongCallsSayWhere(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql      string
		position int
	}{
		{"EXEC", 4},
		{"EXEC 'x'", 5},
		{"CALL x", 6},
		{"CALL x(1", 8},
		{"CALL x(1,)", 9},
		{"CALL x(1 2)", 9},
		{"CALL x(=> 2)", 7},
		{"CALL x(a =>)", 11},
		{"CALL x(- 'a')", 9},
		{"CALL x(1) y", 10},
		{"CALL x(1); SELECT 1", 9},
		{"EXEC x @a", 7},
		{"EXEC x @a = b", 12},
		{"EXEC x @a = E'b'", 12},
		{"CALL a.b.c.d()", 5},
		{"CALL x('unclosed)", 7},
		{"CALL x((1))", 7},
		{"CALL x(now())", 7},
	}
	for _, c := range cases {
		_, err := procedure.Parse(c.sql)
		if c.sql == "EXEC x @a" { // a parameter as a value is no mistake of form
			require.NoError(t, err)
			continue
		}
		e := gwerr.From(err)
		require.Error(t, err, c.sql)
		assert.Equal(t, gwerr.Syntax, e.Code, c.sql)
		assert.Equal(t, c.position, e.Position, "%s: %s", c.sql, e.Message)
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	text := func(s string) query.Parameter { return query.Parameter{Value: predicate.StringValue(s)} }
	parameters := procedure.Parameters{
		Positional: []query.Parameter{text("one"), {Value: predicate.IntValue(2)}},
		Named:      map[string]query.Parameter{"t": text("named"), "n": {Null: true}, "b": {Value: predicate.BoolValue(false)}},
	}
	none := procedure.Parameters{Named: parameters.Named}
	cases := []struct {
		name, sql  string
		parameters procedure.Parameters
		code       gwerr.Code // "" for none
		says       string
	}{
		{"question marks", "CALL x(?, Small => ?)", parameters, "", ""},
		{"numbered", "CALL x($1, Small => $2)", parameters, "", ""},
		{"named", "CALL x(:t, @b)", none, "", ""},
		{"named like an input", "EXEC x @Text = @t", none, "", ""},
		{"null for an optional one", "CALL x('a', Large => @n)", none, "", ""},
		{"null for a required one", "CALL x(NULL)", none, gwerr.BadParameter, "needs a value for Text"},
		{"parameter null for a required one", "CALL x(@n)", none, gwerr.BadParameter, "needs a value for Text"},
		{"required one missing", "CALL x()", none, gwerr.BadParameter, "needs a value for Text"},
		{"unknown input", "CALL x('a', Nothing => 1)", none, gwerr.BadParameter, "no input named Nothing"},
		{"given twice", "CALL x('a', Text => 'b')", none, gwerr.BadParameter, "given twice"},
		{"too many", "CALL x('a',null,null,null,null,null,null,null,9)", none, gwerr.BadParameter, "8 values at most"},
		{"unnamed after named", "CALL x(Text => 'a', 1)", none, gwerr.Syntax, "need names too"},
		{"parameter missing", "CALL x(?)", none, gwerr.BadParameter, "Parameter 1"},
		{"named parameter missing", "CALL x(:nope)", none, gwerr.BadParameter, ":nope"},
		{"parameter too many", "CALL x(?)", parameters, gwerr.BadParameter, "2 parameters are given"},
		{"no truth value", "CALL x('a', 'maybe')", none, gwerr.TypeMismatch, "TRUE or FALSE"},
		{"number too large", "CALL x('a', Small => 3000000000)", none, gwerr.TypeMismatch, "whole number"},
		{"no whole number", "CALL x('a', Large => 1.5)", none, gwerr.TypeMismatch, "whole number"},
		{"no number", "CALL x('a', Share => 'b')", none, gwerr.TypeMismatch, "a number"},
		{"no time", "CALL x('a', At => 'yesterday')", none, gwerr.TypeMismatch, "a time"},
		{"no UUID", "CALL x('a', Id => 'b')", none, gwerr.TypeMismatch, "a UUID"},
		{"none of the values", "CALL x('a', Mode => 'DESKTOP')", none, gwerr.TypeMismatch, "one of APP, WEB"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call, err := procedure.Parse(c.sql)
			require.NoError(t, err)
			_, err = everything.Bind(call, c.parameters)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			assert.Equal(t, c.code, gwerr.From(err).Code)
			assert.Contains(t, err.Error(), c.says)
		})
	}
}

func TestValuesHaveTheirTypes(t *testing.T) {
	t.Parallel()
	call, err := procedure.Parse(`CALL x('a', FALSE, 7, 9000000000, 0.25, '2026-03-01 08:00:00Z', 'B4A6BC99-9A3E-4071-86C0-60C53141A91D', 'web')`)
	require.NoError(t, err)
	in, err := everything.Bind(call, procedure.Parameters{})
	require.NoError(t, err)
	assert.False(t, in.Bool("Flag"))
	assert.Equal(t, int64(9_000_000_000), in.Int("Large"))
	assert.Equal(t, time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), in.Time("At"))
	assert.Equal(t, "b4a6bc99-9a3e-4071-86c0-60c53141a91d", in.Text("id"), "names of inputs have no case")
	assert.Equal(t, "WEB", in.Text("Mode"), "declared spelling")
	assert.Empty(t, in.Text("Undeclared"))
}

// TestSecretsStayInside checks that neither calls nor inputs nor errors print
// what was given.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-value"
	call, err := procedure.Parse("CALL x('" + secret + "')")
	require.NoError(t, err)
	in, err := everything.Bind(call, procedure.Parameters{})
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", call, call, *call, in, in, in, in)
	assert.NotContains(t, printed, secret)
	for _, input := range []string{"Flag", "Small", "Large", "Share", "At", "Id", "Mode"} {
		call, err := procedure.Parse("CALL x('a', " + input + " => '" + secret + "')")
		require.NoError(t, err)
		_, err = everything.Bind(call, procedure.Parameters{})
		require.Error(t, err, input)
		for ; err != nil; err = errors.Unwrap(err) {
			assert.NotContains(t, err.Error(), secret, input)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	set := procedure.Set{{Name: "RefreshSchema"}, {Name: "GetToken"}}
	p, err := set.Find(&procedure.Call{Name: "refreshSCHEMA"})
	require.NoError(t, err)
	assert.Equal(t, "RefreshSchema", p.Name)
	_, err = set.Find(&procedure.Call{Name: "Nope", Position: 5})
	e := gwerr.From(err)
	assert.Equal(t, gwerr.UnknownFunction, e.Code)
	assert.Equal(t, 5, e.Position)
	assert.Contains(t, e.Hint, "GetToken, RefreshSchema")
	_, err = procedure.Set(nil).Find(&procedure.Call{Name: strings.Repeat("x", 1000)})
	assert.Less(t, len(err.Error()), 200)
}

func TestRows(t *testing.T) {
	t.Parallel()
	p := procedure.Procedure{Name: "Out", Outputs: []procedure.Output{
		{Name: "S", Type: catalog.String},
		{Name: "B", Type: catalog.Bool},
		{Name: "I", Type: catalog.Int32},
		{Name: "L", Type: catalog.Int64},
		{Name: "F", Type: catalog.Float64},
		{Name: "T", Type: catalog.Timestamp},
		{Name: "M", Type: catalog.StringList},
	}}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	rows, err := p.Rows([]procedure.Row{
		{"a", true, int64(1), int64(2), 0.5, at, []string{"x", "y"}},
		{nil, nil, nil, nil, nil, nil, nil},
	})
	require.NoError(t, err)
	defer rows.Close()
	b, err := rows.Next(context.Background())
	require.NoError(t, err)
	defer b.Record.Release()
	require.EqualValues(t, 2, b.Record.NumRows())
	got := make([]string, b.Record.NumCols())
	for i, col := range b.Record.Columns() {
		got[i] = col.ValueStr(0)
		if i > 0 {
			assert.True(t, col.IsNull(1), rows.Schema().Field(i).Name)
		}
	}
	assert.Equal(t, []string{"true", "a", "true", "1", "2", "0.5", "2026-03-01T08:00:00Z", `["x","y"]`}, got)
	assert.Equal(t, len(p.Columns()), rows.Schema().NumFields())
	_, err = rows.Next(context.Background())
	require.ErrorIs(t, err, io.EOF)

	for _, wrong := range []procedure.Row{{}, {1, nil, nil, nil, nil, nil, nil}, {"a", "b", nil, nil, nil, nil, nil}} {
		_, err := p.Rows([]procedure.Row{wrong})
		assert.True(t, gwerr.Is(err, gwerr.Internal), "%v", wrong)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"EXEC x @a = 1", "CALL a.b(c => 'd', $1)", "call x(((", "EXECUTE [x] -- ", "CALL x($$a$$)", "exec x -,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		call, err := procedure.Parse(sql)
		if err != nil {
			if e := gwerr.From(err); e.Position > len(sql) {
				t.Errorf("%q: position %d", sql, e.Position)
			}
			return
		}
		if procedure.Is(sql) && call.Name == "" {
			t.Errorf("%q: a call of nothing", sql)
		}
		_, _ = everything.Bind(call, procedure.Parameters{})
	})
}
