package sqlhttp

import (
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/go-faster/jx"
)

// timestampCell writes ISO 8601, with Z where the type has a zone. The same
// instant has the same text whatever unit it came in: three digits of the
// second, as PingOne writes them, and six or nine only if those say more.
func timestampCell(a *array.Timestamp) cell {
	t := a.DataType().(*arrow.TimestampType)
	zone := ""
	if t.TimeZone != "" {
		zone = "Z07:00"
	}
	return func(w *jx.Writer, row int) { w.Str(instant(int64(a.Value(row)), t.Unit, zone)) }
}

func instant(v int64, unit arrow.TimeUnit, zone string) string {
	if text := infinite(v, math.MaxInt64); text != "" {
		return text
	}
	at := arrow.Timestamp(v).ToTime(unit).UTC()
	digits := ".000"
	switch n := at.Nanosecond(); {
	case n%1e3 != 0:
		digits = ".000000000"
	case n%1e6 != 0:
		digits = ".000000"
	}
	return at.Format("2006-01-02T15:04:05" + digits + zone)
}

// infinite gives SQL's name of the values that stand for no time at all.
func infinite(v, most int64) string {
	switch v {
	case most:
		return "infinity"
	case -most:
		return "-infinity"
	default:
		return ""
	}
}

func dateCell(a *array.Date32) cell {
	return func(w *jx.Writer, row int) {
		v := a.Value(row)
		if text := infinite(int64(v), math.MaxInt32); text != "" {
			w.Str(text)
			return
		}
		w.Str(v.ToTime().Format(time.DateOnly))
	}
}

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
