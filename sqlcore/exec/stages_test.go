package exec

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mixed has a column of each shape that tables have, with nulls.
const mixed = `[
	{"name":"a","n":1,"ok":true,"tags":["x","y"]},
	{"name":null,"n":2,"ok":null,"tags":null},
	{"name":"ccc","n":null,"ok":false,"tags":[]},
	{"name":"","n":4,"ok":true,"tags":["z",null]},
	{"name":"e","n":5,"ok":false,"tags":["w"]}
]`

func mixedRecord(t *testing.T, mem memory.Allocator) arrow.RecordBatch {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "ok", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
	}, nil)
	rec, _, err := array.RecordFromJSON(mem, schema, strings.NewReader(mixed))
	require.NoError(t, err)
	return rec
}

func TestKeepRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mask string
		rows []int
	}{
		"all":         {"11111", []int{0, 1, 2, 3, 4}},
		"none":        {"00000", nil},
		"first":       {"10000", []int{0}},
		"last":        {"00001", []int{4}},
		"one run":     {"01110", []int{1, 2, 3}},
		"two runs":    {"11011", []int{0, 1, 3, 4}},
		"every other": {"10101", []int{0, 2, 4}},
		"inner ones":  {"01010", []int{1, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
			defer mem.AssertSize(t, 0)
			whole := mixedRecord(t, mem)
			defer whole.Release()
			keep := make([]bool, len(c.mask))
			for i := range c.mask {
				keep[i] = c.mask[i] == '1'
			}
			whole.Retain() // keepRows takes one over
			got, err := keepRows(t.Context(), whole, keep, len(c.rows))
			require.NoError(t, err)
			if len(c.rows) == 0 {
				assert.Nil(t, got)
				return
			}
			defer got.Release()
			require.Equal(t, int64(len(c.rows)), got.NumRows())
			assert.True(t, got.Schema().Equal(whole.Schema()))
			for to, from := range c.rows {
				want, row := whole.NewSlice(int64(from), int64(from+1)), got.NewSlice(int64(to), int64(to+1))
				assert.True(t, array.RecordEqual(want, row), "row %d is %v, want %v", to, row, want)
				want.Release()
				row.Release()
			}
		})
	}
}

func TestKeepRowsOfNoColumns(t *testing.T) {
	t.Parallel()
	for name, keep := range map[string][]bool{
		"one run":  {true, true, false},
		"two runs": {true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 3)
			got, err := keepRows(t.Context(), rec, keep, 2)
			require.NoError(t, err)
			defer got.Release()
			assert.Equal(t, int64(2), got.NumRows())
		})
	}
}

func BenchmarkKeepEveryOtherRow(b *testing.B) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.BinaryTypes.String}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	keep := make([]bool, 1000)
	for i := range keep {
		builder.Field(0).(*array.StringBuilder).Append("a value of usual length")
		keep[i] = i%2 == 0
	}
	rec := builder.NewRecordBatch()
	for b.Loop() {
		rec.Retain()
		got, err := keepRows(b.Context(), rec, keep, len(keep)/2)
		if err != nil {
			b.Fatal(err)
		}
		got.Release()
	}
}
