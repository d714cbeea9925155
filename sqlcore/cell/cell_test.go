package cell_test

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// written gives a cell in the style of SQL.
func written(a arrow.Array, row int) string {
	c := cell.Of(a, cell.Style{Infinity: "Infinity"})
	return string(c.AppendNullable(nil, row))
}

// parsed makes an array from Arrow's JSON form.
func parsed(t *testing.T, typ arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(text))
	require.NoError(t, err)
	t.Cleanup(a.Release)
	return a
}

func instants(t testing.TB, unit arrow.TimeUnit, zone string, values ...int64) *array.Timestamp {
	t.Helper()
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: unit, TimeZone: zone})
	defer b.Release()
	for _, v := range values {
		b.Append(arrow.Timestamp(v))
	}
	b.AppendNull()
	a := b.NewTimestampArray()
	t.Cleanup(a.Release)
	return a
}

func TestAnInstantHasOneSpelling(t *testing.T) {
	t.Parallel()
	const second = 1709284362 // 2024-03-01 09:12:42
	cases := []struct {
		name string
		unit arrow.TimeUnit
		zone string
		v    int64
		want string
	}{
		{"seconds", arrow.Second, "UTC", second, `"2024-03-01T09:12:42.000Z"`},
		{"milliseconds", arrow.Millisecond, "UTC", second * 1e3, `"2024-03-01T09:12:42.000Z"`},
		{"microseconds", arrow.Microsecond, "UTC", second * 1e6, `"2024-03-01T09:12:42.000Z"`},
		{"nanoseconds", arrow.Nanosecond, "UTC", second * 1e9, `"2024-03-01T09:12:42.000Z"`},
		{"without a zone", arrow.Microsecond, "", second * 1e6, `"2024-03-01T09:12:42.000"`},
		{"ten milliseconds", arrow.Microsecond, "UTC", second*1e6 + 10_000, `"2024-03-01T09:12:42.010Z"`},
		{"half a millisecond", arrow.Microsecond, "UTC", second*1e6 + 500, `"2024-03-01T09:12:42.000500Z"`},
		{"a nanosecond", arrow.Nanosecond, "", second*1e9 + 1, `"2024-03-01T09:12:42.000000001"`},
		{"before 1970", arrow.Millisecond, "UTC", -1, `"1969-12-31T23:59:59.999Z"`},
		{"never ending", arrow.Microsecond, "UTC", math.MaxInt64, `"infinity"`},
		{"never begun", arrow.Microsecond, "UTC", -math.MaxInt64, `"-infinity"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, written(instants(t, c.unit, c.zone, c.v), 0))
		})
	}
}

func TestInstantsInsideOfValues(t *testing.T) {
	t.Parallel()
	a := instants(t, arrow.Microsecond, "UTC", 1709284362_000_000)
	s, err := array.NewStructArray([]arrow.Array{a}, []string{"at"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	for row, want := range []string{`{"at":"2024-03-01T09:12:42.000Z"}`, `{"at":null}`} {
		assert.Equal(t, want, written(s, row))
	}
}

// TestMembersThatObjectsLack: a member is left out where a mark says so, and, if nulls
// are to be omitted, where it is null.
func TestMembersThatObjectsLack(t *testing.T) {
	t.Parallel()
	column := func(typ arrow.DataType, json string) arrow.Array {
		a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(json))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Release)
		return a
	}
	truth := arrow.FixedWidthTypes.Boolean
	s, err := array.NewStructArray(
		[]arrow.Array{
			column(truth, "[true,false,null,true]"), column(truth, "[false,true,false,true]"),
			column(arrow.BinaryTypes.String, `["a","b",null,null]`), column(truth, "[false,false,false,true]"),
		},
		[]string{"In", "$lacks Name", "Name", "$lacks In"},
	)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	for style, want := range map[cell.Style][]string{
		{Lacks: "$lacks "}:                      {`{"In":true,"Name":"a"}`, `{"In":false}`, `{"In":null,"Name":null}`, `{}`},
		{Lacks: "$lacks ", NoNullMembers: true}: {`{"In":true,"Name":"a"}`, `{"In":false}`, `{}`, `{}`},
		{NoNullMembers: true}: {
			`{"In":true,"$lacks Name":false,"Name":"a","$lacks In":false}`, `{"In":false,"$lacks Name":true,"Name":"b","$lacks In":false}`,
			`{"$lacks Name":false,"$lacks In":false}`, `{"In":true,"$lacks Name":true,"$lacks In":true}`,
		},
	} {
		c := cell.Of(s, style)
		for row, want := range want {
			assert.Equal(t, want, string(c.AppendNullable(nil, row)))
		}
	}
}

func TestEveryTypeHasJSONAndText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		typ        arrow.DataType
		in         string
		json, text string
	}{
		{"text", arrow.BinaryTypes.String, `["a\"b"]`, `"a\"b"`, `a"b`},
		{"large text", arrow.BinaryTypes.LargeString, `["a"]`, `"a"`, "a"},
		{"truth value", arrow.FixedWidthTypes.Boolean, `[true]`, "true", "true"},
		{"whole number", arrow.PrimitiveTypes.Int32, `[-7]`, "-7", "-7"},
		{"large whole number", arrow.PrimitiveTypes.Int64, `[9007199254740993]`, "9007199254740993", "9007199254740993"},
		{"number", arrow.PrimitiveTypes.Float64, `[0.1]`, "0.1", "0.1"},
		{"short number", arrow.PrimitiveTypes.Float32, `[0.5]`, "0.5", "0.5"},
		{"decimal", &arrow.Decimal128Type{Precision: 9, Scale: 2}, `["1.50"]`, "1.50", "1.50"},
		{"date", arrow.FixedWidthTypes.Date32, `["2024-02-29"]`, `"2024-02-29"`, "2024-02-29"},
		{"list", arrow.ListOf(arrow.BinaryTypes.String), `[["a",null]]`, `["a",null]`, `["a",null]`},
		{"empty list", arrow.ListOf(arrow.PrimitiveTypes.Int32), `[[]]`, "[]", "[]"},
		{"another type", arrow.PrimitiveTypes.Uint8, `[200]`, "200", "200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := parsed(t, c.typ, strings.TrimSuffix(c.in, "]")+",null]")
			assert.Equal(t, c.json, written(a, 0))
			assert.Equal(t, "null", written(a, 1))
			column := cell.Of(a, cell.Style{})
			assert.Equal(t, c.text, column.Text(0))
		})
	}
}

func TestNumbersThatJSONHasNot(t *testing.T) {
	t.Parallel()
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues([]float64{math.NaN(), math.Inf(1), math.Inf(-1)}, nil)
	a := b.NewArray()
	defer a.Release()
	for row, want := range []string{"NaN", "Infinity", "-Infinity"} {
		assert.Equal(t, `"`+want+`"`, written(a, row))
		column := cell.Of(a, cell.Style{Infinity: "Infinity"})
		assert.Equal(t, want, column.Text(row))
	}
}

func TestForTakesOnlyTheFormsOfItsType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typ catalog.Type
		as  arrow.DataType
		ok  bool
	}{
		{catalog.GUID, arrow.BinaryTypes.String, true},
		{catalog.Int32, arrow.PrimitiveTypes.Int64, true},
		{catalog.Int64, arrow.PrimitiveTypes.Int32, true},
		{catalog.Int64, arrow.PrimitiveTypes.Float64, false},
		{catalog.String, arrow.PrimitiveTypes.Int32, false},
		{catalog.StringList, arrow.ListOf(arrow.BinaryTypes.String), true},
		{catalog.StringList, arrow.ListOf(arrow.PrimitiveTypes.Int32), false},
		{catalog.Bool, arrow.PrimitiveTypes.Uint8, false},
	} {
		_, err := cell.For(c.typ, parsed(t, c.as, "[null]"), cell.Style{})
		if c.ok {
			assert.NoError(t, err, "%s as %s", c.typ, c.as)
		} else {
			assert.ErrorContains(t, err, c.typ.String(), "%s as %s", c.typ, c.as)
		}
	}
}

func TestOnlyIntegersOf64BitsAreQuoted(t *testing.T) {
	t.Parallel()
	a := parsed(t, arrow.PrimitiveTypes.Int64, "[7]")
	for typ, want := range map[catalog.Type]string{catalog.Int64: `"7"`, catalog.Int32: "7"} {
		c, err := cell.For(typ, a, cell.Style{QuotedIntegers: true})
		require.NoError(t, err)
		assert.Equal(t, want, string(c.AppendJSON(nil, 0)), typ)
	}
}
