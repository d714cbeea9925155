package sqlhttp

import (
	"encoding/json"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/go-faster/jx"
)

// cell writes the value of one column in a row as JSON.
type cell func(w *jx.Writer, row int)

func cellsOf(rec arrow.RecordBatch) []cell {
	out := make([]cell, rec.NumCols())
	for i := range out {
		col := rec.Column(i)
		write := cellOf(col)
		out[i] = func(w *jx.Writer, row int) {
			if col.IsNull(row) {
				w.Null()
				return
			}
			write(w, row)
		}
	}
	return out
}

// cellOf knows the types that results are mostly made of, and leaves the rest
// to Arrow's own JSON form.
func cellOf(col arrow.Array) cell {
	switch a := col.(type) {
	case *array.String:
		return func(w *jx.Writer, row int) { w.Str(a.Value(row)) }
	case *array.Boolean:
		return func(w *jx.Writer, row int) { w.Bool(a.Value(row)) }
	case *array.Int32:
		return func(w *jx.Writer, row int) { w.Int32(a.Value(row)) }
	case *array.Int64:
		return func(w *jx.Writer, row int) { w.Int64(a.Value(row)) }
	case *array.Float64:
		return func(w *jx.Writer, row int) { number(w, a.Value(row)) }
	case *array.Float32:
		return func(w *jx.Writer, row int) { number(w, float64(a.Value(row))) }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(w *jx.Writer, row int) { w.RawStr(a.Value(row).ToString(scale)) }
	case *array.Timestamp:
		return timestampCell(a)
	case *array.Date32:
		return func(w *jx.Writer, row int) { w.Str(a.Value(row).ToTime().Format(time.DateOnly)) }
	case *array.Null:
		return func(w *jx.Writer, _ int) { w.Null() }
	case *array.List:
		return listCell(a)
	default:
		return otherCell(col)
	}
}

// number writes NaN and the infinities as strings: JSON has no such numbers.
func number(w *jx.Writer, f float64) {
	switch {
	case math.IsNaN(f):
		w.Str("NaN")
	case math.IsInf(f, 1):
		w.Str("Infinity")
	case math.IsInf(f, -1):
		w.Str("-Infinity")
	default:
		w.Float64(f)
	}
}

// timestampCell writes ISO 8601, with Z where the type has a zone.
func timestampCell(a *array.Timestamp) cell {
	t := a.DataType().(*arrow.TimestampType)
	layout := "2006-01-02T15:04:05.999999999"
	if t.TimeZone != "" {
		layout += "Z07:00"
	}
	if t.Unit == arrow.Millisecond {
		layout = "2006-01-02T15:04:05.000Z07:00"
	}
	return func(w *jx.Writer, row int) { w.Str(a.Value(row).ToTime(t.Unit).UTC().Format(layout)) }
}

func listCell(a *array.List) cell {
	values := a.ListValues()
	inner := cellOf(values)
	return func(w *jx.Writer, row int) {
		from, to := a.ValueOffsets(row)
		w.RawStr("[")
		for i := from; i < to; i++ {
			if i > from {
				w.RawStr(",")
			}
			if values.IsNull(int(i)) {
				w.Null()
				continue
			}
			inner(w, int(i))
		}
		w.RawStr("]")
	}
}

func otherCell(col arrow.Array) cell {
	return func(w *jx.Writer, row int) {
		raw, err := json.Marshal(col.GetOneForMarshal(row))
		if err != nil {
			// Arrow's own values always marshal; text is the way out if not.
			w.Str(col.ValueStr(row))
			return
		}
		w.Raw(raw)
	}
}
