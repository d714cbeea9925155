package sqlhttp

import (
	"encoding/json"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/go-faster/jx"
)

// cell writes the value of one column in a row as JSON.
type cell func(w *jx.Writer, row int)

func cellsOf(rec arrow.RecordBatch) []cell {
	out := make([]cell, rec.NumCols())
	for i := range out {
		out[i] = nullable(rec.Column(i))
	}
	return out
}

// nullable writes null where the column has none.
func nullable(col arrow.Array) cell {
	write := cellOf(col)
	return func(w *jx.Writer, row int) {
		if col.IsNull(row) {
			w.Null()
			return
		}
		write(w, row)
	}
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
		return dateCell(a)
	case *array.Null:
		return func(w *jx.Writer, _ int) { w.Null() }
	case *array.List:
		return listCell(a)
	case *array.Struct:
		return structCell(a)
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

func listCell(a *array.List) cell {
	values := a.ListValues()
	inner := nullable(values)
	return func(w *jx.Writer, row int) {
		from, to := a.ValueOffsets(row)
		w.RawStr("[")
		for i := from; i < to; i++ {
			if i > from {
				w.RawStr(",")
			}
			inner(w, int(i))
		}
		w.RawStr("]")
	}
}

func structCell(a *array.Struct) cell {
	fields := a.DataType().(*arrow.StructType).Fields()
	names, cells := make([]string, len(fields)), make([]cell, len(fields))
	for i, f := range fields {
		name := jx.Writer{}
		name.Str(f.Name)
		names[i], cells[i] = string(name.Buf)+":", nullable(a.Field(i))
	}
	return func(w *jx.Writer, row int) {
		w.RawStr("{")
		for i, c := range cells {
			if i > 0 {
				w.RawStr(",")
			}
			w.RawStr(names[i])
			c(w, row)
		}
		w.RawStr("}")
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
