package cell

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// rare writes the types that no column of the catalog has, but a result of the
// engine may have.
func rare(a arrow.Array, s Style) func(dst []byte, row int) []byte {
	switch a := a.(type) {
	case *array.Float32:
		return func(dst []byte, row int) []byte { return appendFloat(dst, float64(a.Value(row)), s.Infinity) }
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return func(dst []byte, row int) []byte {
			if s.QuotedIntegers {
				return AppendString(dst, a.Value(row).ToString(scale))
			}
			return append(dst, a.Value(row).ToString(scale)...)
		}
	case *array.Date32:
		return func(dst []byte, row int) []byte { return appendDate(dst, a.Value(row)) }
	case *array.Null:
		return func(dst []byte, _ int) []byte { return append(dst, "null"...) }
	case *array.Struct:
		return structs(a, s)
	default:
		return func(dst []byte, row int) []byte { return appendValue(dst, a, row) }
	}
}

func appendDate(dst []byte, d arrow.Date32) []byte {
	if name := infinite(int64(d), math.MaxInt32); name != "" {
		return AppendString(dst, name)
	}
	return append(d.ToTime().AppendFormat(append(dst, '"'), time.DateOnly), '"')
}

// member is one of an object's.
type member struct {
	name   []byte // as JSON, with the colon
	values Column
	lacks  *array.Boolean // true where it is left out; nil if nowhere
}

func structs(a *array.Struct, s Style) func(dst []byte, row int) []byte {
	members := membersOf(a, s)
	return func(dst []byte, row int) []byte {
		dst = append(append(dst, '{'), s.Lead...)
		for i := range members {
			m := &members[i]
			if m.lacks != nil && m.lacks.Value(row) || s.NoNullMembers && m.values.Null(row) {
				continue
			}
			dst = append(m.values.AppendNullable(append(dst, m.name...), row), ',')
		}
		if last := len(dst) - 1; dst[last] == ',' {
			dst[last] = '}'
			return dst
		}
		return append(dst, '}')
	}
}

func membersOf(a *array.Struct, s Style) []member {
	fields := a.DataType().(*arrow.StructType).Fields()
	var out []member
	lacks := map[string]*array.Boolean{}
	for i, f := range fields {
		of, ok := strings.CutPrefix(f.Name, s.Lacks)
		if where, isBool := a.Field(i).(*array.Boolean); ok && s.Lacks != "" && isBool {
			lacks[of] = where
			continue
		}
		out = append(out, member{name: append(AppendString(nil, f.Name), ':'), values: Of(a.Field(i), s)})
	}
	for i := range out {
		name := out[i].name
		out[i].lacks = lacks[unquoted(name[:len(name)-1])]
	}
	return out
}

// appendValue leaves a type to Arrow's own JSON form.
func appendValue(dst []byte, a arrow.Array, row int) []byte {
	raw, err := json.Marshal(a.GetOneForMarshal(row))
	if err != nil {
		// Arrow's own values always marshal; text is the way out if not.
		return AppendString(dst, a.ValueStr(row))
	}
	return append(dst, raw...)
}

// unquoted gives a JSON text without its quotes, and any other value as it is.
func unquoted(value []byte) string {
	var s string
	if value[0] == '"' && json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}
