package pgwire

import (
	"encoding/binary"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/sqlcore/cell"
)

// binaryOf writes a type's binary form; nil where that is the text.
func binaryOf(oid uint32, a arrow.Array) encoder {
	switch oid {
	case pgtype.BoolOID:
		if b, ok := a.(*array.Boolean); ok {
			return func(dst []byte, row int) []byte {
				if b.Value(row) {
					return append(dst, 1)
				}
				return append(dst, 0)
			}
		}
	case pgtype.JSONBOID: // its version comes first
		text := asText(oid, a)
		return func(dst []byte, row int) []byte { return text(append(dst, 1), row) }
	case pgtype.QCharOID: // one byte, or a zero for none
		if s, ok := a.(*array.String); ok {
			return func(dst []byte, row int) []byte { return append(dst, (s.Value(row) + "\x00")[0]) }
		}
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.XIDOID, oidRegproc:
		return binaryInteger(oid, a)
	case pgtype.Float4OID:
		if f, ok := a.(*array.Float32); ok {
			return func(dst []byte, row int) []byte { return append32(dst, math.Float32bits(f.Value(row))) }
		}
		if f, ok := a.(*array.Float64); ok {
			return func(dst []byte, row int) []byte { return append32(dst, math.Float32bits(float32(f.Value(row)))) }
		}
	case pgtype.Float8OID:
		if f, ok := a.(*array.Float64); ok {
			return func(dst []byte, row int) []byte {
				return binary.BigEndian.AppendUint64(dst, math.Float64bits(f.Value(row)))
			}
		}
	case pgtype.UUIDOID:
		if s, ok := a.(*array.String); ok {
			return func(dst []byte, row int) []byte {
				id, _ := uuid.Parse(s.Value(row)) // of a column of that type
				return append(dst, id[:]...)
			}
		}
	case pgtype.NumericOID:
		c := cell.Of(a, cell.Style{Infinity: "Infinity"})
		return func(dst []byte, row int) []byte { return appendNumeric(dst, c.Text(row)) }
	case pgtype.ByteaOID:
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
	case pgtype.Int2OID:
		return func(dst []byte, row int) []byte { return binary.BigEndian.AppendUint16(dst, uint16(value(row))) }
	case pgtype.Int8OID:
		return func(dst []byte, row int) []byte { return binary.BigEndian.AppendUint64(dst, uint64(value(row))) }
	default:
		return func(dst []byte, row int) []byte { return append32(dst, uint32(value(row))) }
	}
}

// appendNumeric writes the text of a decimal number as PostgreSQL sends it
// (src/backend/utils/adt/numeric.c, numeric_send).
func appendNumeric(dst []byte, text string) []byte {
	var n pgtype.Numeric
	_ = n.Scan(text) // a column of that type holds no others
	if out, err := (pgtype.NumericCodec{}).PlanEncode(nil, pgtype.NumericOID, pgtype.BinaryFormatCode, n).Encode(n, dst); err == nil && out != nil {
		return out
	}
	return dst
}
