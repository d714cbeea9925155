package encode_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/odata/encode"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// batch makes a record batch from rows of JSON, one array a row.
func batch(t testing.TB, columns []encode.Column, rows ...string) arrow.RecordBatch {
	t.Helper()
	table := &catalog.Table{}
	at := make([]int, len(columns))
	for i, c := range columns {
		table.Columns = append(table.Columns, catalog.Column{Name: c.Name, Type: c.Type})
		at[i] = i
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.ArrowSchema(at))
	t.Cleanup(b.Release)
	for _, row := range rows {
		var cells []json.RawMessage
		if err := json.Unmarshal([]byte(row), &cells); err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		for i, c := range cells {
			if err := b.Field(i).UnmarshalJSON([]byte("[" + string(c) + "]")); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
		}
	}
	out := b.NewRecordBatch()
	t.Cleanup(out.Release)
	return out
}

func columns() []encode.Column {
	return []encode.Column{
		{Name: "Id", Type: catalog.GUID},
		{Name: "Title", Type: catalog.String},
		{Name: "Pages", Type: catalog.Int32},
		{Name: "Loans", Type: catalog.Int64},
		{Name: "Price", Type: catalog.Float64},
		{Name: "InStock", Type: catalog.Bool},
		{Name: "BoughtAt", Type: catalog.Timestamp},
		{Name: "Tags", Type: catalog.StringList},
		{Name: "Extra", Type: catalog.JSON},
	}
}

const (
	fullRow  = `["0a0b0c0d-0000-0000-0000-000000000001","T",7,9007199254740993,1.5,true,"2024-02-29T12:30:01.050Z",["a","b"],"{\"x\":1}"]`
	emptyRow = `["0a0b0c0d-0000-0000-0000-000000000002",null,null,null,null,null,null,null,null]`
)

func entity() encode.Entity {
	return encode.Entity{
		Columns: columns(), Key: []int{0}, KeyNames: []string{"Id"}, Set: "https://h/o/Books",
		Type: "Library.Book", Navigations: []string{"Shelf"},
	}
}

func appendRow(t *testing.T, e encode.Entity, o encode.Options, b arrow.RecordBatch, row int) string {
	t.Helper()
	if o.Prefix == "" {
		o.Prefix = "@odata."
	}
	w := encode.NewRows(e, o)
	if err := w.Bind(b); err != nil {
		t.Fatal(err)
	}
	out, err := w.Append(nil, row, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(out) {
		t.Fatalf("not JSON: %s", out)
	}
	return string(out)
}

func TestRows(t *testing.T) {
	t.Parallel()
	hidden := entity()
	hidden.Columns = columns()
	hidden.Columns[0].Hidden = true
	cases := []struct {
		name    string
		entity  encode.Entity
		options encode.Options
		row     int
		want    string
	}{
		{"every type", entity(), encode.Options{}, 0, `{"Id":"0a0b0c0d-0000-0000-0000-000000000001","Title":"T","Pages":7,` +
			`"Loans":9007199254740993,"Price":1.5,"InStock":true,"BoughtAt":"2024-02-29T12:30:01.050Z","Tags":["a","b"],"Extra":"{\"x\":1}"}`},
		{"nulls are written, collections are empty", entity(), encode.Options{}, 1, `{"Id":"0a0b0c0d-0000-0000-0000-000000000002",` +
			`"Title":null,"Pages":null,"Loans":null,"Price":null,"InStock":null,"BoughtAt":null,"Tags":[],"Extra":null}`},
		{"omit-values=nulls", entity(), encode.Options{OmitNulls: true}, 1, `{"Id":"0a0b0c0d-0000-0000-0000-000000000002","Tags":[]}`},
		{
			"the id stands in where the key isn't selected", hidden,
			encode.Options{OmitNulls: true},
			1,
			`{"@odata.id":"https://h/o/Books(0a0b0c0d-0000-0000-0000-000000000002)","Tags":[]}`,
		},
		{
			"version 4.01", hidden,
			encode.Options{OmitNulls: true, Prefix: "@"},
			1,
			`{"@id":"https://h/o/Books(0a0b0c0d-0000-0000-0000-000000000002)","Tags":[]}`,
		},
		{"no metadata, no id", hidden, encode.Options{OmitNulls: true, Metadata: encode.None}, 1, `{"Tags":[]}`},
		{
			"full metadata", entity(),
			encode.Options{OmitNulls: true, Metadata: encode.Full},
			1,
			`{"@odata.type":"#Library.Book","@odata.id":"https://h/o/Books(0a0b0c0d-0000-0000-0000-000000000002)",` +
				`"@odata.editLink":"https://h/o/Books(0a0b0c0d-0000-0000-0000-000000000002)",` +
				`"Id@odata.type":"#Guid","Id":"0a0b0c0d-0000-0000-0000-000000000002",` +
				`"Tags@odata.type":"#Collection(String)","Tags":[],` +
				`"Shelf@odata.navigationLink":"https://h/o/Books(0a0b0c0d-0000-0000-0000-000000000002)/Shelf"}`,
		},
	}
	b := batch(t, columns(), fullRow, emptyRow)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := appendRow(t, c.entity, c.options, b, c.row); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestIEEE754WritesInt64AsString(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{{Name: "A", Type: catalog.Int64}, {Name: "B", Type: catalog.Int32}}
	b := batch(t, cols, `[9007199254740993,1]`)
	if got := appendRow(t, encode.Entity{Columns: cols}, encode.Options{IEEE754: true}, b, 0); got != `{"A":"9007199254740993","B":1}` {
		t.Errorf("got %s", got)
	}
}

func TestCompositeAndStringKeysAreEncoded(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{
		{Name: "A", Type: catalog.String, Hidden: true},
		{Name: "B", Type: catalog.Int32, Hidden: true},
	}
	e := encode.Entity{Columns: cols, Key: []int{0, 1}, KeyNames: []string{"A", "B"}, Set: "/S", Type: "N.T"}
	b := batch(t, cols, `["O'Neil/é \"x\"",-5]`)
	want := `{"@odata.id":"/S(A='O''Neil%2F%C3%A9%20%22x%22',B=-5)"}`
	if got := appendRow(t, e, encode.Options{}, b, 0); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		typ   catalog.Type
		value predicate.Value
		want  string
	}{
		{"guid", catalog.GUID, predicate.UUIDValue("0A0B0C0D-0000-0000-0000-000000000001"), "0a0b0c0d-0000-0000-0000-000000000001"},
		{"string", catalog.String, predicate.StringValue("a'b"), "'a''b'"},
		{"number", catalog.Int32, predicate.IntValue(-3), "-3"},
		{"percent", catalog.String, predicate.StringValue("100%"), "'100%25'"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := encode.Key(c.typ, c.value); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestInstantsAgreeWithTime(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{{Name: "T", Type: catalog.Timestamp}}
	w := encode.NewRows(encode.Entity{Columns: cols}, encode.Options{})
	b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"})
	defer b.Release()
	var want []string
	// Steps of about 40 days from the year 1 to 9999 meet every month and leap rule.
	start := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for ms := start; ms < 253402300800000; ms += 40*86400000 - 12345677 {
		b.Append(arrow.Timestamp(ms))
		at := time.UnixMilli(ms).UTC()
		want = append(want, `{"T":"`+at.Format("2006-01-02T15:04:05.000Z")+`"}`)
	}
	a := b.NewArray()
	defer a.Release()
	rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "T", Type: a.DataType()}}, nil), []arrow.Array{a}, int64(a.Len()))
	defer rec.Release()
	if err := w.Bind(rec); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		got, err := w.Append(nil, i, nil, nil)
		if err != nil || string(got) != want[i] {
			t.Fatalf("got %s, want %s (%v)", got, want[i], err)
		}
	}
}

func TestInstantsOfOtherUnits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		unit  arrow.TimeUnit
		value arrow.Timestamp
		want  string
	}{
		{"seconds", arrow.Second, 1, "1970-01-01T00:00:01.000Z"},
		{"microseconds", arrow.Microsecond, 1_500_999, "1970-01-01T00:00:01.500Z"},
		{"microseconds before 1970 are cut downwards", arrow.Microsecond, -1, "1969-12-31T23:59:59.999Z"},
		{"nanoseconds", arrow.Nanosecond, 2_000_000_000, "1970-01-01T00:00:02.000Z"},
		{"beyond the year 9999", arrow.Second, 253402300800, "10000-01-01T00:00:00.000Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := array.NewTimestampBuilder(memory.DefaultAllocator, &arrow.TimestampType{Unit: c.unit})
			defer b.Release()
			b.Append(c.value)
			a := b.NewArray()
			defer a.Release()
			rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "T", Type: a.DataType()}}, nil), []arrow.Array{a}, 1)
			defer rec.Release()
			got, null, err := encode.AppendRaw(nil, catalog.Timestamp, rec)
			if err != nil || null || string(got) != c.want {
				t.Errorf("got %s, %v, %v; want %s", got, null, err, c.want)
			}
		})
	}
}

func TestFloats(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{{Name: "F", Type: catalog.Float64}}
	cases := []struct {
		name string
		in   float64
		want string
	}{
		{"zero", 0, `0`},
		{"fraction", 0.1, `0.1`},
		{"large", 1e20, `100000000000000000000`},
		{"huge", 1e300, `1e+300`},
		{"tiny", 1e-9, `1e-09`},
		{"not a number", math.NaN(), `"NaN"`},
		{"infinite", math.Inf(1), `"INF"`},
		{"negative infinite", math.Inf(-1), `"-INF"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := array.NewFloat64Builder(memory.DefaultAllocator)
			defer b.Release()
			b.Append(c.in)
			a := b.NewArray()
			defer a.Release()
			rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "F", Type: a.DataType()}}, nil), []arrow.Array{a}, 1)
			defer rec.Release()
			if got := appendRow(t, encode.Entity{Columns: cols}, encode.Options{}, rec, 0); got != `{"F":`+c.want+`}` {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestFeedFrame(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		options encode.Options
		count   int64
		next    string
		want    string
	}{
		{"empty", encode.Options{Prefix: "@odata."}, -1, "", `{"@odata.context":"c","value":[]}`},
		{"count and next link", encode.Options{Prefix: "@odata."}, 3, "n", `{"@odata.context":"c","@odata.count":3,"value":[],"@odata.nextLink":"n"}`},
		{"count as string", encode.Options{Prefix: "@odata.", IEEE754: true}, 3, "", `{"@odata.context":"c","@odata.count":"3","value":[]}`},
		{"version 4.01", encode.Options{Prefix: "@"}, 0, "n", `{"@context":"c","@count":0,"value":[],"@nextLink":"n"}`},
		{"without metadata", encode.Options{Prefix: "@odata.", Metadata: encode.None}, 0, "", `{"@odata.count":0,"value":[]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := encode.AppendFeedHead(nil, c.options, "c", c.count)
			if got := string(encode.AppendFeedTail(got, c.options, -1, c.next, "")); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestPropertyRawAndKeyText(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name              string
		typ               catalog.Type
		cell              string
		json, raw, keyTxt string
		null              bool
	}{
		{"string", catalog.String, `"a\"b"`, `"a\"b"`, `a"b`, `a"b`, false},
		{"number", catalog.Int64, `12`, `12`, `12`, `12`, false},
		{"bool", catalog.Bool, `true`, `true`, `true`, `true`, false},
		{"float", catalog.Float64, `0.5`, `0.5`, `0.5`, `0.5`, false},
		{"guid", catalog.GUID, `"0a0b0c0d-0000-0000-0000-000000000001"`, `"0a0b0c0d-0000-0000-0000-000000000001"`, `0a0b0c0d-0000-0000-0000-000000000001`, `0a0b0c0d-0000-0000-0000-000000000001`, false},
		{"instant", catalog.Timestamp, `"2024-01-02T03:04:05Z"`, `"2024-01-02T03:04:05.000Z"`, `2024-01-02T03:04:05.000Z`, `2024-01-02T03:04:05.000Z`, false},
		{"null", catalog.String, `null`, `[]`, ``, ``, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := batch(t, []encode.Column{{Name: "P", Type: c.typ}}, `[`+c.cell+`]`)
			got, err := encode.AppendProperty(nil, encode.Options{Prefix: "@odata."}, "c", -1, c.typ, b.Column(0))
			if want := `{"@odata.context":"c","value":` + c.json + `}`; err != nil || string(got) != want {
				t.Errorf("property: got %s, %v; want %s", got, err, want)
			}
			raw, null, err := encode.AppendRaw(nil, c.typ, b)
			if err != nil || null != c.null || string(raw) != c.raw {
				t.Errorf("raw: got %s, %v, %v", raw, null, err)
			}
			key, null, err := encode.KeyText(c.typ, b, 0, 0)
			if err != nil || null != c.null || key != c.keyTxt {
				t.Errorf("key: got %s, %v, %v", key, null, err)
			}
		})
	}
}

func TestInlineFollowsTheProperties(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{{Name: "A", Type: catalog.String}}
	b := batch(t, cols, `["x"]`, `[null]`)
	w := encode.NewRows(encode.Entity{Columns: cols}, encode.Options{OmitNulls: true})
	if err := w.Bind(b); err != nil {
		t.Fatal(err)
	}
	inline := func(dst []byte, _ int, _ *encode.Rows) ([]byte, error) { return append(dst, `,"Nav":[]`...), nil }
	for row, want := range []string{`{"A":"x","Nav":[]}`, `{"Nav":[]}`} {
		got, err := w.Append(nil, row, nil, inline)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
}

func TestUnexpectedBatchIsAnError(t *testing.T) {
	t.Parallel()
	b := batch(t, []encode.Column{{Name: "A", Type: catalog.String}}, `["x"]`)
	for _, typ := range []catalog.Type{catalog.Bool, catalog.Int32, catalog.Float64, catalog.Timestamp, catalog.StringList} {
		w := encode.NewRows(encode.Entity{Columns: []encode.Column{{Name: "A", Type: typ}}}, encode.Options{})
		if err := w.Bind(b); err == nil {
			t.Errorf("a string passes for %s", typ)
		}
	}
	w := encode.NewRows(encode.Entity{Columns: columns()}, encode.Options{})
	if err := w.Bind(b); err == nil {
		t.Error("one column passes for nine")
	}
}

// A writer begins with the memory of another one, and nothing else of it.
func TestReleasedWritersServeAgain(t *testing.T) {
	t.Parallel()
	b := batch(t, columns(), fullRow, emptyRow)
	one := batch(t, []encode.Column{{Name: "A", Type: catalog.String}}, `["x"]`)
	for range 50 {
		for row, full := range []bool{true, false} {
			want := appendRow(t, entity(), encode.Options{}, b, row)
			w := encode.NewRows(entity(), encode.Options{Prefix: "@odata."})
			short := encode.NewRows(encode.Entity{Columns: []encode.Column{{Name: "A", Type: catalog.String}}}, encode.Options{Prefix: "@", OmitNulls: full})
			if err := errors.Join(w.Bind(b), short.Bind(one)); err != nil {
				t.Fatal(err)
			}
			got, err := w.Append(nil, row, nil, nil)
			if err != nil || string(got) != want {
				t.Fatalf("got %s, %v; want %s", got, err, want)
			}
			got, err = short.Append(nil, 0, nil, nil)
			if err != nil || string(got) != `{"A":"x"}` {
				t.Fatalf("got %s, %v", got, err)
			}
			w.Release()
			short.Release()
		}
	}
}

func BenchmarkRows(b *testing.B) {
	rows := make([]string, 1000)
	for i := range rows {
		rows[i] = strings.Replace(fullRow, `"T"`, `"Sørensen, Anna-Karin of 12 Long Street"`, 1)
	}
	rec := batch(b, columns(), rows...)
	for _, metadata := range []encode.Metadata{encode.Minimal, encode.Full} {
		b.Run(metadata.String(), func(b *testing.B) {
			w := encode.NewRows(entity(), encode.Options{Prefix: "@odata.", Metadata: metadata})
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Bind(rec); err != nil {
					b.Fatal(err)
				}
				buf = buf[:0]
				for i := range rows {
					buf, _ = w.Append(buf, i, nil, nil)
					buf = append(buf, ',')
				}
				b.SetBytes(int64(len(buf)))
			}
		})
	}
}

// What no column of a table is tells its type, and rows may lack it.
func TestComputedColumns(t *testing.T) {
	t.Parallel()
	cols := []encode.Column{
		{Name: "Pages", Type: catalog.Int32, Dynamic: true},
		{Name: "Day", Type: catalog.String, Edm: "Edm.Date", Dynamic: true, Absent: 4},
		{Name: "Price", Type: catalog.Float64, Dynamic: true},
		{Name: "no", Type: catalog.Bool, Hidden: true},
	}
	b := batch(t, cols, `[7,"2024-02-29",1.5,false]`, `[null,null,null,true]`, `[null,null,null,null]`)
	for _, c := range []struct {
		row     int
		options encode.Options
		want    string
	}{
		{0, encode.Options{}, `{"Pages@odata.type":"#Int32","Pages":7,"Day@odata.type":"#Date","Day":"2024-02-29","Price":1.5}`},
		{0, encode.Options{Metadata: encode.None}, `{"Pages":7,"Day":"2024-02-29","Price":1.5}`},
		{1, encode.Options{}, `{"Pages@odata.type":"#Int32","Pages":null,"Price":null}`},
		{2, encode.Options{OmitNulls: true}, `{}`},
		{2, encode.Options{Metadata: encode.None}, `{"Pages":null,"Day":null,"Price":null}`},
	} {
		if got := appendRow(t, encode.Entity{Columns: cols}, c.options, b, c.row); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestCountBehindTheRows(t *testing.T) {
	t.Parallel()
	got := encode.AppendFeedHead(nil, encode.Options{Prefix: "@odata."}, "c", -1)
	if got = encode.AppendFeedTail(got, encode.Options{Prefix: "@odata."}, 0, "n", ""); string(got) != `{"@odata.context":"c","value":[],"@odata.count":0,"@odata.nextLink":"n"}` {
		t.Errorf("%s", got)
	}
}

// A source may use a batch's memory again as soon as the batch has been released.
func TestKeysOutliveTheirBatch(t *testing.T) {
	t.Parallel()
	bytes := []byte("abcdef")
	data := array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{
		nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes([]int32{0, 6})), memory.NewBufferBytes(bytes),
	}, nil, 0, 0)
	b := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "A", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{array.NewStringData(data)}, 1)
	text, _, err := encode.KeyText(catalog.String, b, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	clear(bytes)
	if text != "abcdef" {
		t.Errorf("got %q", text)
	}
}
