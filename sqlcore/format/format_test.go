package format_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/format"
)

var utcMillis = &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}

// sample has a column of each type that a result can have: its values in Arrow's
// JSON, and what a sheet shows of them.
var sample = []struct {
	name   string
	typ    arrow.DataType
	values string
	sheet  []string
	typed  []excelize.CellType // 0 for a number
}{
	{"Text", arrow.BinaryTypes.String, `["=1+1", "<a> & \"ü\"\r\n_x0041_\u0001", ""]`, []string{"=1+1", "<a> & \"ü\"\r\n_x0041_\u0001", ""}, texts},
	{"On", arrow.FixedWidthTypes.Boolean, `[true, false, null]`, []string{"1", "0", ""}, []excelize.CellType{excelize.CellTypeBool, excelize.CellTypeBool}},
	{"N", arrow.PrimitiveTypes.Int32, `[-7, 2147483647, null]`, []string{"-7", "2147483647", ""}, nil},
	{"Long", arrow.PrimitiveTypes.Int64, `[999999999999999, 9007199254740993, null]`, []string{"999999999999999", "9007199254740993", ""}, []excelize.CellType{0, excelize.CellTypeInlineString}},
	{"Float", arrow.PrimitiveTypes.Float64, `[0.1, 1e300, 1.7976931348623157e308]`, []string{"0.1", "1e+300", "1.7976931348623157e+308"}, []excelize.CellType{0, 0, excelize.CellTypeInlineString}},
	{"Price", &arrow.Decimal128Type{Precision: 30, Scale: 2}, `["12.50", "1234567890123456.00", null]`, []string{"12.50", "1234567890123456.00", ""}, []excelize.CellType{0, excelize.CellTypeInlineString}},
	{"At", utcMillis, `["2023-11-14T22:13:20.123Z", "0001-01-01T00:00:00Z", null]`, []string{"45244.92592734", "0001-01-01T00:00:00.000Z", ""}, []excelize.CellType{0, excelize.CellTypeInlineString}},
	{"Day", arrow.FixedWidthTypes.Date32, `["2024-02-29", "1900-02-28", null]`, []string{"45351", "1900-02-28", ""}, []excelize.CellType{0, excelize.CellTypeInlineString}},
	{"Time", arrow.FixedWidthTypes.Time64us, `["12:00:00", "06:00:00", null]`, []string{"0.5", "0.25", ""}, nil},
	{"Tags", arrow.ListOf(arrow.BinaryTypes.String), `[["a", null], [], null]`, []string{`["a",null]`, "[]", ""}, texts},
	{"Pair", arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32, Nullable: true}), `[{"a": 1}, {"a": null}, null]`, []string{`{"a":1}`, `{"a":null}`, ""}, texts},
	{"Span", arrow.FixedWidthTypes.MonthDayNanoInterval, `[{"months": 1, "days": 2, "nanoseconds": 3}, null, null]`, []string{`{"months":1,"days":2,"nanoseconds":3}`, "", ""}, texts[:1]},
	{"text", arrow.BinaryTypes.LargeString, `["other case", "b", null]`, []string{"other case", "b", ""}, texts},
}

var texts = []excelize.CellType{excelize.CellTypeInlineString, excelize.CellTypeInlineString}

func sampleBatch(t *testing.T) arrow.RecordBatch {
	t.Helper()
	var fields []arrow.Field
	var columns []arrow.Array
	for _, c := range sample {
		a, _, err := array.FromJSON(memory.DefaultAllocator, c.typ, strings.NewReader(c.values))
		require.NoError(t, err, c.name)
		fields, columns = append(fields, arrow.Field{Name: c.name, Type: c.typ, Nullable: true}), append(columns, a)
	}
	return array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, 3)
}

// written gives a file of the batches, whole unless it is broken off.
func written(t *testing.T, k format.Kind, whole bool, batches ...arrow.RecordBatch) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := k.New(&out, format.Options{Schema: batches[0].Schema(), Style: cell.Style{Infinity: "Infinity"}})
	require.NoError(t, err)
	for _, b := range batches {
		require.NoError(t, w.Write(b))
	}
	if whole {
		require.NoError(t, w.Close())
	}
	return out.Bytes()
}

func openXLSX(t *testing.T, raw []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestXLSXHasEveryType(t *testing.T) {
	t.Parallel()
	f := openXLSX(t, written(t, format.XLSX, true, sampleBatch(t), sampleBatch(t)))
	rows, err := f.GetRows("Rows", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Len(t, rows, 7)
	assert.Equal(t, "text_2", rows[0][12], "a table's columns differ in more than case")
	for i, c := range sample {
		t.Run(c.name, func(t *testing.T) {
			for row, want := range c.sheet {
				at, err := excelize.CoordinatesToCellName(i+1, row+5)
				require.NoError(t, err)
				got, err := f.GetCellValue("Rows", at, excelize.Options{RawCellValue: true})
				require.NoError(t, err)
				if c.name == "At" && row == 0 {
					got = got[:len(want)]
				}
				assert.Equal(t, want, got, at)
				if row < len(c.typed) {
					typed, err := f.GetCellType("Rows", at)
					require.NoError(t, err)
					assert.Equal(t, c.typed[row], typed, at)
				}
			}
		})
	}
	shown, err := f.GetCellValue("Rows", "G2")
	require.NoError(t, err)
	assert.Equal(t, "2023-11-14 22:13:20", shown, "an instant is shown as one")
}

func TestXLSXIsATableWithAFrozenHead(t *testing.T) {
	t.Parallel()
	f := openXLSX(t, written(t, format.XLSX, true, sampleBatch(t)))
	tables, err := f.GetTables("Rows")
	require.NoError(t, err)
	require.Len(t, tables, 1)
	assert.Equal(t, "A1:M4", tables[0].Range)
	panes, err := f.GetPanes("Rows")
	require.NoError(t, err)
	assert.True(t, panes.Freeze)
	assert.Equal(t, 1, panes.YSplit)
}

// A result without rows is a table with an empty one; a result without columns a
// sheet with nothing.
func TestXLSXOfNothing(t *testing.T) {
	t.Parallel()
	some := sampleBatch(t)
	f := openXLSX(t, written(t, format.XLSX, true, some.NewSlice(0, 0)))
	tables, err := f.GetTables("Rows")
	require.NoError(t, err)
	assert.Equal(t, "A1:M2", tables[0].Range)
	f = openXLSX(t, written(t, format.XLSX, true, array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 0)))
	tables, err = f.GetTables("Rows")
	require.NoError(t, err)
	assert.Empty(t, tables)
}

// many is a batch of one column with n rows of a text.
func many(t *testing.T, n int, text string) arrow.RecordBatch {
	t.Helper()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for range n {
		b.Append(text)
	}
	return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "A", Type: arrow.BinaryTypes.String, Nullable: true}}, nil), []arrow.Array{b.NewArray()}, int64(n))
}

func TestXLSXKeepsToExcelsLimits(t *testing.T) {
	t.Parallel()
	wide := make([]arrow.Field, 16_385)
	for i := range wide {
		wide[i] = arrow.Field{Type: arrow.BinaryTypes.String}
	}
	_, err := format.XLSX.New(io.Discard, format.Options{Schema: arrow.NewSchema(wide, nil)})
	assert.True(t, gwerr.Is(err, gwerr.LimitExceeded), "%v", err)
	w, err := format.XLSX.New(io.Discard, format.Options{Schema: arrow.NewSchema(wide[:16_384], nil)})
	require.NoError(t, err)
	require.NoError(t, w.Close())

	for name, c := range map[string]struct {
		batch arrow.RecordBatch
		says  string // "" for well
	}{
		"as many rows as a sheet holds":  {many(t, 1_048_575, "x"), ""},
		"one row more":                   {many(t, 1_048_576, "x"), "more than 1048575 rows"},
		"as long a text as a cell holds": {many(t, 1, strings.Repeat("ü", 32_767)), ""},
		"a longer one":                   {many(t, 1, strings.Repeat("x", 32_768)), "The column A has a text of 32768 characters in row 2"},
		"of characters that count twice": {many(t, 1, strings.Repeat("😀", 16_384)), "a text of 32768 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := format.XLSX.New(io.Discard, format.Options{Schema: c.batch.Schema()})
			require.NoError(t, err)
			if err = w.Write(c.batch); c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			assert.True(t, gwerr.Is(err, gwerr.LimitExceeded), "%v", err)
		})
	}
}

func TestParquetHasEveryType(t *testing.T) {
	t.Parallel()
	in := sampleBatch(t)
	r, err := file.NewParquetReader(bytes.NewReader(written(t, format.Parquet, true, in, in)))
	require.NoError(t, err)
	files, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	require.NoError(t, err)
	table, err := files.ReadTable(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 6, table.NumRows())
	assert.Equal(t, "text_2", table.Schema().Field(12).Name)
	for i, c := range sample {
		t.Run(c.name, func(t *testing.T) {
			want, got := cell.Of(in.Column(i), cell.Style{}), cell.Of(table.Column(i).Data().Chunk(0), cell.Style{})
			for row := range 3 {
				if !assert.Equal(t, want.Null(row), got.Null(row), "row %d", row) || want.Null(row) {
					continue
				}
				assert.Equal(t, want.Text(row), got.Text(row))
			}
		})
	}
}

func TestParquetOfNothing(t *testing.T) {
	t.Parallel()
	r, err := file.NewParquetReader(bytes.NewReader(written(t, format.Parquet, true, sampleBatch(t).NewSlice(0, 0))))
	require.NoError(t, err)
	assert.Zero(t, r.NumRows())
	assert.Equal(t, 13, r.MetaData().Schema.NumColumns())
}

// A row group is written when it has enough rows, and no later than that.
func TestParquetWritesRowGroupByRowGroup(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	batch := many(t, 50_000, strings.Repeat("x", 20))
	w, err := format.Parquet.New(&out, format.Options{Schema: batch.Schema()})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, w.Write(batch))
	}
	before := out.Len()
	require.NoError(t, w.Write(batch))
	assert.Greater(t, out.Len(), before, "the first row group")
	require.NoError(t, w.Close())
	r, err := file.NewParquetReader(bytes.NewReader(out.Bytes()))
	require.NoError(t, err)
	assert.Equal(t, 2, r.NumRowGroups())
	assert.EqualValues(t, 200_000, r.NumRows())
}

// What was not closed is not a file, wherever it was broken off.
func TestABrokenFileCantBeOpened(t *testing.T) {
	t.Parallel()
	batch := many(t, 50_000, "some text")
	for name, c := range map[string]struct {
		kind format.Kind
		open func(raw []byte) error
	}{
		"xlsx": {format.XLSX, func(raw []byte) error {
			_, err := excelize.OpenReader(bytes.NewReader(raw))
			return err
		}},
		"parquet": {format.Parquet, func(raw []byte) error {
			_, err := file.NewParquetReader(bytes.NewReader(raw))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, c.open(written(t, c.kind, true, batch, batch)))
			require.Error(t, c.open(written(t, c.kind, false, batch, batch, batch, batch)))
		})
	}
}

// A batch that can't be written must not end a Parquet file, as pqarrow does.
func TestAParquetFileIsNotEndedByAnError(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	batch := many(t, 10, "x")
	w, err := format.Parquet.New(&out, format.Options{Schema: batch.Schema()})
	require.NoError(t, err)
	require.NoError(t, w.Write(batch))
	// An array that says it has more values than there are.
	short := array.NewData(arrow.BinaryTypes.String, 10, []*memory.Buffer{nil, batch.Column(0).Data().Buffers()[1], memory.NewBufferBytes(nil)}, nil, 0, 0)
	func() {
		defer func() { _ = recover() }() // as a server does
		err = w.Write(array.NewRecordBatch(batch.Schema(), []arrow.Array{array.MakeFromData(short)}, 10))
	}()
	_, err = file.NewParquetReader(bytes.NewReader(out.Bytes()))
	require.Error(t, err)
}

// Readers of CSV skip empty lines, so a null that stands alone is quoted.
func TestCSVKeepsRowsOfOneNull(t *testing.T) {
	t.Parallel()
	a, _, err := array.FromJSON(memory.DefaultAllocator, arrow.BinaryTypes.String, strings.NewReader(`["a", null, "", "b"]`))
	require.NoError(t, err)
	batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "Email", Type: a.DataType(), Nullable: true}}, nil), []arrow.Array{a}, 4)
	assert.Equal(t, "Email\r\na\r\n\"\"\r\n\"\"\r\nb\r\n", string(written(t, format.CSV, true, batch)))
}

// Line breaks of any kind, and the difference between no text and an empty one, are
// those of the rows.
func TestCSVKeepsTextsAsTheyAre(t *testing.T) {
	t.Parallel()
	a, _, err := array.FromJSON(memory.DefaultAllocator, arrow.BinaryTypes.String, strings.NewReader(`["a\nb", "a\rb", "a\r\nb", "=1+1", "a \"b\", c", " a", "\\.", "a ", "", null]`))
	require.NoError(t, err)
	fields := []arrow.Field{{Name: "Te,xt", Type: a.DataType(), Nullable: true}, {Name: "Again", Type: a.DataType(), Nullable: true}}
	batch := array.NewRecordBatch(arrow.NewSchema(fields, nil), []arrow.Array{a, a}, int64(a.Len()))
	want := []string{`"Te,xt",Again`}
	for _, field := range []string{"\"a\nb\"", "\"a\rb\"", "\"a\r\nb\"", "=1+1", `"a ""b"", c"`, `" a"`, `"\."`, "a ", `""`, ""} {
		want = append(want, field+","+field)
	}
	assert.Equal(t, strings.Join(want, "\r\n")+"\r\n", string(written(t, format.CSV, true, batch)))
}

func TestCSVAndArrow(t *testing.T) {
	t.Parallel()
	in := sampleBatch(t)
	rows, err := csv.NewReader(bytes.NewReader(written(t, format.CSV, true, in))).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 4)
	assert.Equal(t, "2023-11-14T22:13:20.123Z", rows[1][6])
	r, err := ipc.NewReader(bytes.NewReader(written(t, format.Arrow, true, in)))
	require.NoError(t, err)
	require.True(t, r.Next())
	assert.EqualValues(t, 3, r.RecordBatch().NumRows())
}
