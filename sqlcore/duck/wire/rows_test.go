package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// batches are rows of every kind that streams have: with nulls, slices, lists,
// dictionaries, and none of columns.
func batches(t testing.TB) map[string][]arrow.RecordBatch {
	t.Helper()
	make := func(dt arrow.DataType, json string) arrow.RecordBatch {
		a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(json))
		require.NoError(t, err)
		s := arrow.NewSchema([]arrow.Field{{Name: "x", Type: dt, Nullable: true}}, nil)
		return array.NewRecordBatch(s, []arrow.Array{a}, int64(a.Len()))
	}
	texts := make(arrow.BinaryTypes.String, `["a", null, "ccc", ""]`)
	enum := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String}
	return map[string][]arrow.RecordBatch{
		"texts":      {texts, texts.NewSlice(1, 3)},
		"numbers":    {make(arrow.PrimitiveTypes.Int64, `[1, null, 3]`)},
		"lists":      {make(arrow.ListOf(arrow.BinaryTypes.String), `[["a", null], null, []]`)},
		"enums":      {make(enum, `["b", "a", null]`), make(enum, `["c"]`)},
		"no columns": {array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 7)},
	}
}

func TestBatchesComeThrough(t *testing.T) {
	t.Parallel()
	for name, list := range batches(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := EncodeSchema(list[0].Schema())
			require.NoError(t, err)
			schema, err := DecodeSchema(body)
			require.NoError(t, err)
			assert.True(t, schema.Equal(list[0].Schema()), "%s", schema)
			var e Encoder
			d := Decoder{Want: schema}
			defer d.Close()
			for _, want := range list {
				body, err := e.Encode(want)
				require.NoError(t, err)
				got, err := d.Decode(append([]byte(nil), body...))
				require.NoError(t, err)
				assert.True(t, array.RecordEqual(want, got), "%v", got)
				assert.Equal(t, want.NumRows(), got.NumRows())
			}
		})
	}
}

// TestCutBatches cuts batches off: none is taken for a whole one.
func TestCutBatches(t *testing.T) {
	t.Parallel()
	for name, list := range batches(t) {
		var e Encoder
		whole, err := e.Encode(list[0])
		require.NoError(t, err)
		for at := range whole {
			var d Decoder
			_, err := d.Decode(whole[:at:at])
			require.Error(t, err, "%s, cut at %d of %d", name, at, len(whole))
			d.Close()
		}
	}
}

// TestForeignBatches sends what no engine sends: it is refused, and takes no
// memory.
func TestForeignBatches(t *testing.T) {
	t.Parallel()
	texts := batches(t)["texts"][0]
	encode := func(rec arrow.RecordBatch, o ...ipc.Option) []byte {
		var out payloads
		w := ipc.NewWriterWithPayloadWriter(&out, append(o, ipc.WithSchema(rec.Schema()))...)
		require.NoError(t, w.Write(rec))
		return out.Bytes()
	}
	cases := map[string]struct {
		want *arrow.Schema
		body []byte
	}{
		"another schema": {batches(t)["numbers"][0].Schema(), encode(texts)},
		"compressed":     {texts.Schema(), encode(texts, ipc.WithZstd())},
		"endless rows of nothing": {arrow.NewSchema(nil, nil), encode(
			array.NewRecordBatch(arrow.NewSchema(nil, nil), nil, 1<<40))},
	}
	offsets := encode(texts)
	at := bytes.Index(offsets, []byte{0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0})
	require.Positive(t, at)
	offsets[at+4] = 200
	cases["an offset out of the buffer"] = struct {
		want *arrow.Schema
		body []byte
	}{texts.Schema(), offsets}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Decoder{Want: c.want}
			defer d.Close()
			_, err := d.Decode(c.body)
			assert.Error(t, err)
		})
	}
}

// FuzzDecoder changes batches: what is taken can be read to its end.
func FuzzDecoder(f *testing.F) {
	for _, list := range batches(f) {
		var e Encoder
		body, err := e.Encode(list[0])
		require.NoError(f, err)
		f.Add(append([]byte(nil), body...))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		schema, err := DecodeSchema(body)
		if err != nil {
			return
		}
		d := Decoder{Want: schema}
		defer d.Close()
		rec, err := d.Decode(body)
		if err != nil {
			return
		}
		defer rec.Release()
		for _, c := range rec.Columns() {
			for i := range c.Len() {
				_ = c.ValueStr(i)
			}
		}
	})
}
