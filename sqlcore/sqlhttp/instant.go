package sqlhttp

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// micros is the form of TIMESTAMPTZ columns in Arrow answers. Sources count
// milliseconds, the engine microseconds; consumers that append one answer to
// another need one of them, and only microseconds lose nothing.
var micros = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

func inMillis(f arrow.Field) bool {
	t, ok := f.Type.(*arrow.TimestampType)
	return ok && t.Unit == arrow.Millisecond && t.TimeZone != ""
}

// oneUnit gives the schema with all instants in microseconds.
func oneUnit(in *arrow.Schema) *arrow.Schema {
	fields := in.Fields()
	for i, f := range fields {
		if inMillis(f) {
			fields[i].Type = micros
		}
	}
	return arrow.NewSchema(fields, nil)
}

// converted gives the record in the schema of oneUnit; the caller releases it.
func converted(rec arrow.RecordBatch, schema *arrow.Schema) arrow.RecordBatch {
	columns := make([]arrow.Array, rec.NumCols())
	for i, f := range rec.Schema().Fields() {
		columns[i] = rec.Column(i)
		if inMillis(f) {
			columns[i] = inMicros(rec.Column(i).(*array.Timestamp))
			defer columns[i].Release()
		}
	}
	return array.NewRecordBatch(schema, columns, rec.NumRows())
}

func inMicros(a *array.Timestamp) arrow.Array {
	b := array.NewTimestampBuilder(memory.DefaultAllocator, micros)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range a.Len() {
		if a.IsNull(i) {
			b.AppendNull()
			continue
		}
		b.Append(a.Value(i) * 1000)
	}
	return b.NewArray()
}
