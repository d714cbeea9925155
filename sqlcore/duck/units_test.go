//go:build duckdb_arrow

package duck

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func TestNumbersThatJSONLacks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"a":1}`:                            `{"a":1}`,
		`{"a":NaN,"b":-NaN}`:                 `{"a":"NaN","b":"-NaN"}`,
		`[Infinity,-Infinity,-1]`:            `["Infinity","-Infinity",-1]`,
		`{"NaN":"-Infinity \" NaN","b":NaN}`: `{"NaN":"-Infinity \" NaN","b":"NaN"}`,
		`{"a":"\\","b":Infinity}`:            `{"a":"\\","b":"Infinity"}`,
	} {
		assert.Equal(t, want, string(validJSON([]byte(in))))
	}
}

// TestPrefixes: the range that the engine makes of a prefix becomes one again, and
// no other range does.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	cmp := func(column string, op predicate.Op, text string) predicate.Expr {
		return predicate.Cmp{Column: column, Op: op, Value: predicate.StringValue(text)}
	}
	prefix := func(text string) predicate.Expr {
		return predicate.Match{Column: "a", Kind: predicate.Prefix, Text: text}
	}
	other := cmp("b", predicate.Eq, "x")
	for name, c := range map[string]struct {
		in   []predicate.Expr
		want predicate.Expr
	}{
		"a letter":               {[]predicate.Expr{cmp("a", predicate.Ge, "ab"), cmp("a", predicate.Lt, "ac")}, prefix("ab")},
		"the end before":         {[]predicate.Expr{cmp("a", predicate.Lt, "ac"), other, cmp("a", predicate.Ge, "ab")}, predicate.AllOf(other, prefix("ab"))},
		"a letter of two bytes":  {[]predicate.Expr{cmp("a", predicate.Ge, "é"), cmp("a", predicate.Lt, "ê")}, prefix("é")},
		"below the surrogates":   {[]predicate.Expr{cmp("a", predicate.Ge, "\uD7FF"), cmp("a", predicate.Lt, "\uE000")}, prefix("\uD7FF")},
		"more than the next":     {[]predicate.Expr{cmp("a", predicate.Ge, "ab"), cmp("a", predicate.Lt, "ad")}, nil},
		"of other columns":       {[]predicate.Expr{cmp("a", predicate.Ge, "ab"), cmp("b", predicate.Lt, "ac")}, nil},
		"without the first":      {[]predicate.Expr{cmp("a", predicate.Gt, "ab"), cmp("a", predicate.Lt, "ac")}, nil},
		"with the last":          {[]predicate.Expr{cmp("a", predicate.Ge, "ab"), cmp("a", predicate.Le, "ac")}, nil},
		"of texts of other ends": {[]predicate.Expr{cmp("a", predicate.Ge, "ab"), cmp("a", predicate.Lt, "bc")}, nil},
		"an empty text":          {[]predicate.Expr{cmp("a", predicate.Ge, ""), cmp("a", predicate.Lt, "a")}, nil},
		"no UTF-8":               {[]predicate.Expr{cmp("a", predicate.Ge, "a\xff"), cmp("a", predicate.Lt, "b")}, nil},
	} {
		want := c.want
		if want == nil {
			want = predicate.AllOf(c.in...)
		}
		assert.Equal(t, want, prefixes(predicate.AllOf(c.in...)), name)
	}
}

func TestLikePatterns(t *testing.T) {
	t.Parallel()
	match := func(kind predicate.MatchKind, text string) predicate.Expr {
		return predicate.Match{Column: "a", Kind: kind, Text: text}
	}
	for name, c := range map[string]struct {
		pattern, escape string
		want            predicate.Expr
	}{
		"a text":                    {"ab", "", predicate.Cmp{Column: "a", Op: predicate.Eq, Value: predicate.StringValue("ab")}},
		"a beginning":               {"ab%", "", match(predicate.Prefix, "ab")},
		"an end":                    {"%ab", "", match(predicate.Suffix, "ab")},
		"a part":                    {"%ü%", "", match(predicate.Contains, "ü")},
		"anything":                  {"%", "", match(predicate.Suffix, "")},
		"a wildcard between":        {"a%b", "", nil},
		"two wildcards at the end":  {"a%%", "", nil},
		"a character":               {"a_", "", nil},
		"an escaped one":            {"a!_%", "!", match(predicate.Prefix, "a_")},
		"an escaped escape":         {"%a!!", "!", match(predicate.Suffix, "a!")},
		"an escaped wildcard first": {"!%a", "!", predicate.Cmp{Column: "a", Op: predicate.Eq, Value: predicate.StringValue("%a")}},
		"nothing behind the escape": {"a!", "!", nil},
		"an escape of two letters":  {"a", "ab", nil},
	} {
		got, ok := like("a", c.pattern, c.escape)
		assert.Equal(t, c.want != nil, ok, name)
		if ok {
			assert.Equal(t, c.want, got, name)
		}
	}
}

func TestMessagesOfTheEngine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text     string
		code     gwerr.Code
		says     string
		position int
	}{
		"a conversion":          {"Conversion Error: Could not convert string 'Ann' to INT32", gwerr.TypeMismatch, "Could not convert string … to INTEGER.", -1},
		"an apostrophe":         {"Conversion Error: Type VARCHAR with value 'don't' can't be cast to the destination type VARCHAR[]", gwerr.TypeMismatch, "Type VARCHAR with value … cannot be cast to the destination type VARCHAR[].", -1},
		"no JSON":               {"Invalid Input Error: Malformed JSON at byte 1 of input: invalid literal.  Input: \"not\"", gwerr.BadRequest, "Malformed JSON at byte … of input: invalid literal.", -1},
		"no FROM":               {"Binder Error: Referenced column \"Nme\" was not found because the FROM clause is missing", gwerr.UnknownColumn, "There is no column Nme here.", -1},
		"a range":               {"Out of Range Error: Overflow in addition of INT64 (9223372036854775807 + 1)!", gwerr.TypeMismatch, "Overflow in addition of BIGINT (… + …).", -1},
		"several lines":         {"Parser Error: syntax error at or near \"x\"\nLINE 1: x", gwerr.Syntax, "Syntax error at or near ….", -1},
		"an inner name":         {"Catalog Error: Table q_0123abc.Town.Users is gone", gwerr.BadRequest, "Table Town.Users is gone.", -1},
		"an unknown column":     {"Binder Error: Referenced column \"Nme\" not found in FROM clause", gwerr.UnknownColumn, "There is no column Nme here.", -1},
		"a column of a table":   {"Binder Error: Table \"m\" does not have a column named \"Nme\"", gwerr.UnknownColumn, "There is no column Nme here.", -1},
		"an unknown table":      {"Binder Error: Referenced table \"x\" not found!", gwerr.UnknownColumn, "There is no table x after FROM.", -1},
		"an unknown function":   {"Binder Error: No function matches the given name and argument types 'lower(INTEGER)'. You might need to add explicit type casts.", gwerr.UnknownFunction, "No function matches the given name and argument types 'lower(INTEGER)'.", -1},
		"types that don't meet": {"Binder Error: Cannot compare values of type UUID and type INTEGER", gwerr.TypeMismatch, "Cannot compare values of type UUID and type INTEGER.", -1},
		"another of the binder": {"Binder Error: column must appear in the GROUP BY clause", gwerr.BadRequest, "Column must appear in the GROUP BY clause.", -1},
		"memory":                {"Out of Memory Error: failed to allocate 32 MiB", gwerr.OutOfMemory, "The query needs more memory than the engine may use.", -1},
		"files":                 {"IO Error: max_temp_directory_size of 4 GiB reached", gwerr.OutOfMemory, "The query needs more memory than the engine may use.", -1},
		"a missing part":        {"Not implemented Error: Unimplemented type", gwerr.NotImplemented, "Unimplemented type.", -1},
		"nothing":               {"Invalid Input Error: ", gwerr.BadRequest, "The engine refuses the query.", -1},
		"what nobody knows":     {"INTERNAL Error: Attempted to access index 3 within vector of size 3", gwerr.Internal, "The engine failed unexpectedly.", -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := translate(&wire.Failure{Text: c.text})
			g := gwerr.From(err)
			assert.Equal(t, c.code, g.Code)
			assert.Equal(t, c.says, g.Message)
			assert.Equal(t, c.position, g.Position)
		})
	}
	require.NoError(t, translate(nil))
	own := gwerr.New(gwerr.Busy, "Later.", "")
	assert.Same(t, own, translate(own))
	assert.True(t, gwerr.Is(translate(context.Canceled), gwerr.Canceled))
	told := gwerr.From(translate(&wire.Failure{Code: "limit_exceeded", Text: "Much.", Hint: "Less.", Cause: "secret"}))
	assert.Equal(t, []string{"limit_exceeded", "Much.", "Less."}, []string{string(told.Code), told.Message, told.Hint})
	assert.NotContains(t, told.Error(), "secret")
	require.ErrorContains(t, errors.Unwrap(told), "secret")
	assert.NotContains(t, errors.Unwrap(translate(&wire.Failure{Text: "Conversion Error: Could not convert 'Ann' to INT32"})).Error(), "Ann", "for the log")
}

func TestByteOffset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		chars, want int
	}{{"abc", 0, 0}, {"abc", 2, 2}, {"aüc", 2, 3}, {"😀x", 1, 4}, {"ü", 1, 2}, {"ü", 9, 2}, {"x", -1, -1}} {
		assert.Equal(t, c.want, byteOffset(c.text, c.chars), "%+v", c)
	}
}

// TestOpenableParameters finds those beside which a comparison may stand.
func TestOpenableParameters(t *testing.T) {
	t.Parallel()
	text, number := Parameter{Value: predicate.StringValue("x")}, Parameter{Value: predicate.IntValue(1)}
	for name, c := range map[string]struct {
		sql    string
		values []Parameter
		open   int
	}{
		"equal":                 {"a = ?", []Parameter{text}, 1},
		"not equal":             {"a <> ? AND b != ?", []Parameter{text, text}, 2},
		"before the column":     {"? < a", []Parameter{number}, 0}, // the first token of a text has none before it
		"behind WHERE":          {"WHERE ? <= a", []Parameter{number}, 1},
		"between":               {"a BETWEEN ? AND ?", []Parameter{number, number}, 2},
		"joined by AND":         {"a = b AND ? AND c", []Parameter{text}, 0},
		"a list":                {"a IN (?, 'x', -1, ?)", []Parameter{text, text}, 2},
		"a list of expressions": {"a IN (?, f(b), ?)", []Parameter{text, text}, 1},
		"part of an expression": {"a > ? + 1", []Parameter{number}, 0},
		"a call's argument":     {"f(?) = 1", []Parameter{number}, 0},
		"a limit":               {"LIMIT ?", []Parameter{number}, 0},
		"a pattern":             {"a LIKE ?", []Parameter{text}, 0},
		"a null":                {"a = ?", []Parameter{{Null: true}}, 0},
		"a list of values":      {"a = ?", []Parameter{{List: []Parameter{text}}}, 0},
		"a truth":               {"a = ?", []Parameter{{Value: predicate.BoolValue(true)}}, 0},
		"an empty text":         {"a = ?", []Parameter{{Value: predicate.StringValue("")}}, 0},
	} {
		tokens, err := sqltext.Lex(c.sql)
		require.NoError(t, err)
		asked, values, err := parameters(tokens, c.values, nil)
		require.NoError(t, err, name)
		assert.Len(t, openable(asked, values), c.open, name)
	}
}

// TestCarriedValues: a parameter keeps the value that its literal would have, or is
// left to the engine.
func TestCarriedValues(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	text := predicate.StringValue
	for name, c := range map[string]struct {
		to   catalog.Type
		v    predicate.Value
		want *predicate.Value
	}{
		"a text":                    {catalog.String, text("x"), ptr(text("x"))},
		"no text":                   {catalog.String, text(""), nil},
		"a zero byte":               {catalog.String, text("a\x00"), nil},
		"no UTF-8":                  {catalog.String, text("\xff"), nil},
		"a number as text":          {catalog.String, predicate.IntValue(1), nil},
		"an id":                     {catalog.GUID, text("3A1F0C7E-0000-4000-8000-000000000001"), ptr(predicate.UUIDValue("3a1f0c7e-0000-4000-8000-000000000001"))},
		"an id in braces":           {catalog.GUID, text("{3a1f0c7e-0000-4000-8000-000000000001}"), nil},
		"no id":                     {catalog.GUID, text("x"), nil},
		"a day":                     {catalog.Timestamp, text("2024-02-29"), ptr(predicate.TimeValue(day))},
		"a time of day":             {catalog.Timestamp, text("2024-02-29 00:00:00"), ptr(predicate.TimeValue(day))},
		"a zone":                    {catalog.Timestamp, text("2024-02-29T02:00:00+02:00"), ptr(predicate.TimeValue(day))},
		"a fraction that is finer":  {catalog.Timestamp, text("2024-02-29T00:00:00.1234567Z"), nil},
		"a year of five digits":     {catalog.Timestamp, predicate.TimeValue(day.AddDate(9000, 0, 0)), nil},
		"a time":                    {catalog.Timestamp, predicate.TimeValue(day.Add(1500 * time.Nanosecond)), ptr(predicate.TimeValue(day.Add(time.Microsecond)))},
		"a small number":            {catalog.Int32, predicate.IntValue(math.MinInt32), ptr(predicate.IntValue(math.MinInt32))},
		"one too large":             {catalog.Int32, predicate.IntValue(math.MaxInt32 + 1), nil},
		"a large number":            {catalog.Int64, predicate.IntValue(math.MaxInt64), ptr(predicate.IntValue(math.MaxInt64))},
		"the least":                 {catalog.Int64, predicate.IntValue(math.MinInt64), nil},
		"a whole number":            {catalog.Float64, predicate.IntValue(3), ptr(predicate.FloatValue(3))},
		"one that a float can't be": {catalog.Float64, predicate.IntValue(1 << 53), nil},
		"a fraction":                {catalog.Float64, predicate.FloatValue(.5), ptr(predicate.FloatValue(.5))},
		"a fraction for a number":   {catalog.Int32, predicate.FloatValue(3), nil},
		"none":                      {catalog.Float64, predicate.FloatValue(math.NaN()), nil},
		"infinity":                  {catalog.Float64, predicate.FloatValue(math.Inf(-1)), nil},
		"a truth":                   {catalog.Bool, predicate.BoolValue(true), nil},
		"JSON":                      {catalog.JSON, text("{}"), nil},
	} {
		got, ok := valueFor(c.to, c.v)
		assert.Equal(t, c.want != nil, ok, name)
		if ok && c.want != nil {
			assert.Equal(t, *c.want, got, name)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestPlansThatAreRead decodes members of every kind, and refuses others.
func TestPlansThatAreRead(t *testing.T) {
	t.Parallel()
	r, err := decodePlan([]byte(`{"error":false,"more":[{"x":1}],"plans":[{"type":"LOGICAL_GET","children":null,"function_data":{"schema":"Town","table":"Members"},
		"projection_ids":[0,18446744073709551615],"column_indexes":[{"index":1,"has_index":true},{"index":18446744073709551615}],
		"table_filters":{"filters":[{"key":1,"value":{"filter_type":"IN_FILTER","values":[{"type":{"id":"DECIMAL","type_info":{"scale":2}},"is_null":false,"value":[1]}, null]}}]},
		"expressions":[[1],{"class":"x","expression_class":"BOUND_REF","return_type":{"id":"UUID"},"case_checks":[{"when_expr":{"index":3}}],"try_cast":true,"parameter_data":{"value":{"type":{"id":"VARCHAR"}}}}],
		"grouping_sets":[[0],[]],"orders":[{"type":"ASCENDING","expression":{"name":"n"}}],"limit_val":{"type":"CONSTANT_VALUE","constant_integer":7}}]}`))
	require.NoError(t, err)
	require.Len(t, r.Plans, 1)
	op := r.Plans[0]
	assert.Equal(t, "LOGICAL_GET Town Members", strings.Join([]string{op.Type, op.FunctionData.Schema, op.FunctionData.Table}, " "))
	assert.Nil(t, op.Children)
	positions, err := indexes(op.ProjectionIDs)
	require.NoError(t, err)
	assert.Equal(t, []int{0, noColumn}, positions)
	require.Len(t, op.ColumnIndexes, 2)
	assert.Equal(t, "1", op.ColumnIndexes[0].Index.String())
	values := op.TableFilters.Filters[0].Value.Values
	require.Len(t, values, 2)
	assert.Equal(t, 2, values[0].Type.Info.Scale)
	assert.Equal(t, "[1]", values[0].Value.String())
	assert.Nil(t, values[1])
	require.Len(t, op.Expressions, 2)
	assert.Nil(t, op.Expressions[0], "a row of VALUES")
	e := op.Expressions[1]
	assert.True(t, e.TryCast)
	assert.Equal(t, []string{"BOUND_REF", "UUID", "3", "VARCHAR"}, []string{e.Class, e.ReturnType.ID, e.Checks[0].When.Index.String(), e.Parameter.Value.Type.ID})
	assert.Len(t, op.GroupingSets, 2)
	assert.Equal(t, "n", op.Orders[0].Expression.Name)
	assert.Equal(t, "7", op.Limit.Value.String())

	for _, text := range []string{
		"", "null", "[]", "{", `{"error":1}`, `{"error_type":7}`, `{"plans":{}}`, `{"plans":["x"]}`, `{"plans":[{"type":["x"]}]}`, `{"plans":[{"limit_val":3}]}`,
		`{"plans":[{"projection_ids":["1"]}]}`, `{"plans":[{"expressions":[{"try_cast":"yes"}]}]}`, `{"plans":[{"expressions":[{"return_type":{"type_info":{"scale":"2"}}}]}]}`,
	} {
		_, err := decodePlan([]byte(text))
		assert.ErrorIs(t, err, errPlan, text)
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"0": 0, "17": 17, "1048576": 1 << 20, "18446744073709551615": noColumn, "9223372036854775808": noColumn} {
		got, err := index(json.Number(text))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", "-1", "1.5", "1048577", "x", "18446744073709551616"} {
		_, err := index(json.Number(text))
		assert.ErrorIs(t, err, errPlan, text)
	}
}
