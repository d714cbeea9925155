package pgwire

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// binaryOf writes a type's binary form; nil where that is the text.
func binaryOf(oid uint32, a arrow.Array) encoder {
	switch oid {
	case oidBool:
		if b, ok := a.(*array.Boolean); ok {
			return func(dst []byte, row int) []byte {
				if b.Value(row) {
					return append(dst, 1)
				}
				return append(dst, 0)
			}
		}
	case oidJSONB: // its version comes first
		text := asText(oid, a)
		return func(dst []byte, row int) []byte { return text(append(dst, 1), row) }
	case oidChar: // one byte, or a zero for none
		if s, ok := a.(*array.String); ok {
			return func(dst []byte, row int) []byte { return append(dst, (s.Value(row) + "\x00")[0]) }
		}
	case oidInt2, oidInt4, oidInt8, oidOid, oidXid, oidRegproc:
		return binaryInteger(oid, a)
	case oidFloat4:
		if f, ok := a.(*array.Float32); ok {
			return func(dst []byte, row int) []byte { return append32(dst, math.Float32bits(f.Value(row))) }
		}
		if f, ok := a.(*array.Float64); ok {
			return func(dst []byte, row int) []byte { return append32(dst, math.Float32bits(float32(f.Value(row)))) }
		}
	case oidFloat8:
		if f, ok := a.(*array.Float64); ok {
			return func(dst []byte, row int) []byte {
				return binary.BigEndian.AppendUint64(dst, math.Float64bits(f.Value(row)))
			}
		}
	case oidUUID:
		if s, ok := a.(*array.String); ok {
			return func(dst []byte, row int) []byte {
				id, _ := uuid.Parse(s.Value(row)) // of a column of that type
				return append(dst, id[:]...)
			}
		}
	case oidNumeric:
		c := cell.Of(a, cell.Style{Infinity: "Infinity"})
		return func(dst []byte, row int) []byte { return appendNumeric(dst, c.Text(row)) }
	case oidBytea:
		if b, ok := a.(*array.Binary); ok {
			return func(dst []byte, row int) []byte { return append(dst, b.Value(row)...) }
		}
	default:
		return binaryTime(a)
	}
	return nil
}

// binaryTime writes dates and times.
func binaryTime(a arrow.Array) encoder {
	switch a := a.(type) {
	case *array.Timestamp:
		micros := microsOf(a)
		return func(dst []byte, row int) []byte {
			v := micros(row)
			switch v {
			case math.MaxInt64:
			case -math.MaxInt64:
				v = math.MinInt64
			default:
				v -= epochMicros
			}
			return binary.BigEndian.AppendUint64(dst, uint64(v))
		}
	case *array.Date32:
		return func(dst []byte, row int) []byte {
			v := int32(a.Value(row))
			switch v {
			case math.MaxInt32:
			case -math.MaxInt32:
				v = math.MinInt32
			default:
				v -= epochDays
			}
			return append32(dst, uint32(v))
		}
	case *array.Time64:
		per := perMicro(a.DataType().(*arrow.Time64Type).Unit)
		return func(dst []byte, row int) []byte {
			return binary.BigEndian.AppendUint64(dst, uint64(int64(a.Value(row))/per))
		}
	case *array.MonthDayNanoInterval:
		return func(dst []byte, row int) []byte {
			v := a.Value(row)
			dst = binary.BigEndian.AppendUint64(dst, uint64(v.Nanoseconds/1000))
			return append32(append32(dst, uint32(v.Days)), uint32(v.Months))
		}
	}
	return nil
}

func binaryInteger(oid uint32, a arrow.Array) encoder {
	value := cell.Integers(a)
	if value == nil {
		return nil
	}
	switch oid {
	case oidInt2:
		return func(dst []byte, row int) []byte { return binary.BigEndian.AppendUint16(dst, uint16(value(row))) }
	case oidInt8:
		return func(dst []byte, row int) []byte { return binary.BigEndian.AppendUint64(dst, uint64(value(row))) }
	default:
		return func(dst []byte, row int) []byte { return append32(dst, uint32(value(row))) }
	}
}

// appendNumeric writes a decimal number: digits to the base of 10,000, the
// weight of the first one, the sign and the number of decimal places
// (src/backend/utils/adt/numeric.c, numeric_send).
func appendNumeric(dst []byte, text string) []byte {
	sign := uint16(0)
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		text, sign = rest, 0x4000
	}
	whole, fraction, _ := strings.Cut(text, ".")
	scale := len(fraction)
	whole = strings.Repeat("0", (4-len(whole)%4)%4) + whole
	fraction += strings.Repeat("0", (4-len(fraction)%4)%4)
	weight, all := len(whole)/4-1, whole+fraction
	for strings.HasPrefix(all, "0000") {
		all, weight = all[4:], weight-1
	}
	for strings.HasSuffix(all, "0000") {
		all = all[:len(all)-4]
	}
	if all == "" {
		weight = 0
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(all)/4))
	dst = binary.BigEndian.AppendUint16(dst, uint16(int16(weight)))
	dst = binary.BigEndian.AppendUint16(dst, sign)
	dst = binary.BigEndian.AppendUint16(dst, uint16(scale))
	for ; all != ""; all = all[4:] {
		n := uint16(0)
		for _, c := range []byte(all[:4]) {
			n = n*10 + uint16(c-'0')
		}
		dst = binary.BigEndian.AppendUint16(dst, n)
	}
	return dst
}
