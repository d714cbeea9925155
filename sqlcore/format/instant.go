package format

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// micros is the form of TIMESTAMPTZ columns in Arrow and Parquet. Sources count
// milliseconds, the engine microseconds; consumers that append one file to
// another need one of them, and only microseconds lose nothing.
var micros = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

func inMillis(t arrow.DataType) bool {
	at, ok := t.(*arrow.TimestampType)
	return ok && at.Unit == arrow.Millisecond && at.TimeZone != ""
}

// oneUnit gives the schema with all instants in microseconds.
func oneUnit(in *arrow.Schema) *arrow.Schema {
	fields := in.Fields()
	for i, f := range fields {
		if inMillis(f.Type) {
			fields[i].Type = micros
		}
	}
	return arrow.NewSchema(fields, nil)
}

// converted gives the batch in a schema of oneUnit; the caller releases it.
func converted(batch arrow.RecordBatch, schema *arrow.Schema) arrow.RecordBatch {
	columns := make([]arrow.Array, schema.NumFields())
	for i := range columns {
		columns[i] = inOneUnit(batch.Column(i))
		defer columns[i].Release()
	}
	return array.NewRecordBatch(schema, columns, batch.NumRows())
}

// inOneUnit gives a column in its type of oneUnit; the caller releases it.
func inOneUnit(column arrow.Array) arrow.Array {
	a, ok := column.(*array.Timestamp)
	if !ok || !inMillis(a.DataType()) {
		column.Retain()
		return column
	}
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
