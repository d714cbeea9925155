package pgwire

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

// encoder appends the value of a row that isn't null, without its length.
type encoder func(dst []byte, row int) []byte

// epoch is PostgreSQL's: times count from the year 2000.
const (
	epochMicros = 946_684_800_000_000
	epochDays   = 10957
)

// encoderOf writes the values of an array as a type, in text or binary. The error
// is gwerr.NotImplemented where the values have no such form.
func encoderOf(k kind, inBinary bool, a arrow.Array) (encoder, error) {
	switch {
	case k.element != 0:
		return lists(k, inBinary, a)
	case inBinary && !sameInBoth[k.oid]:
		if e := binaryOf(k.oid, a); e != nil {
			return e, nil
		}
		return nil, gwerr.Newf(gwerr.NotImplemented, "Values of type %s can't be sent in binary.", a.DataType()).WithHint("Cast them to text.")
	default:
		return asText(k.oid, a), nil
	}
}

// sameInBoth are the types whose binary form is their text.
var sameInBoth = map[uint32]bool{pgtype.TextOID: true, pgtype.VarcharOID: true, pgtype.NameOID: true, pgtype.JSONOID: true, pgtype.BPCharOID: true, pgtype.UnknownOID: true, oidNodeTree: true}

func asText(oid uint32, a arrow.Array) encoder {
	if value := cell.Integers(a); oid == oidRegproc && value != nil {
		return func(dst []byte, row int) []byte { return append(dst, pgcatalog.Procedure(value(row))...) }
	}
	if e := textOf(oid, a); e != nil {
		return e
	}
	c := cell.Of(a, cell.Style{Infinity: "Infinity"})
	if oid == pgtype.JSONOID || oid == pgtype.JSONBOID {
		if _, isText := a.(*array.String); !isText {
			return func(dst []byte, row int) []byte { return c.AppendJSON(dst, row) }
		}
	}
	return func(dst []byte, row int) []byte { return append(dst, c.Text(row)...) }
}

// textOf writes what PostgreSQL spells in its own way; nil for the rest.
func textOf(oid uint32, a arrow.Array) encoder {
	switch a := a.(type) {
	case *array.String:
		return func(dst []byte, row int) []byte { return append(dst, a.Value(row)...) }
	case *array.Boolean:
		return func(dst []byte, row int) []byte {
			if a.Value(row) {
				return append(dst, 't')
			}
			return append(dst, 'f')
		}
	case *array.Float64:
		return func(dst []byte, row int) []byte { return appendFloat(dst, a.Value(row), 64) }
	case *array.Float32:
		return func(dst []byte, row int) []byte { return appendFloat(dst, float64(a.Value(row)), 32) }
	case *array.Timestamp:
		micros, zone := microsOf(a), oid == pgtype.TimestamptzOID
		return func(dst []byte, row int) []byte { return appendInstant(dst, micros(row), zone) }
	case *array.Time64:
		return func(dst []byte, row int) []byte {
			t := time.UnixMicro(int64(a.Value(row)) / perMicro(a.DataType().(*arrow.Time64Type).Unit)).UTC()
			return t.AppendFormat(dst, "15:04:05.999999")
		}
	case *array.MonthDayNanoInterval:
		return func(dst []byte, row int) []byte { return appendInterval(dst, a.Value(row)) }
	case *array.Binary:
		return func(dst []byte, row int) []byte { return hex.AppendEncode(append(dst, '\\', 'x'), a.Value(row)) }
	}
	return nil
}

func perMicro(u arrow.TimeUnit) int64 {
	if u == arrow.Nanosecond {
		return 1000
	}
	return 1
}

// microsOf reads instants in microseconds since 1970; the largest and smallest
// values are infinity.
func microsOf(a *array.Timestamp) func(row int) int64 {
	t := a.DataType().(*arrow.TimestampType)
	scale := int64(1e6)
	switch t.Unit {
	case arrow.Millisecond:
		scale = 1000
	case arrow.Microsecond:
		scale = 1
	case arrow.Nanosecond:
		return func(row int) int64 { return floorDiv(int64(a.Value(row)), 1000) }
	case arrow.Second:
	}
	return func(row int) int64 {
		v := int64(a.Value(row))
		if v == math.MaxInt64 || v == -math.MaxInt64 {
			return v
		}
		return v * scale
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// appendInstant writes 2024-03-01 09:12:42.01, with +00 if it has a zone.
func appendInstant(dst []byte, micros int64, zone bool) []byte {
	switch micros {
	case math.MaxInt64:
		return append(dst, "infinity"...)
	case -math.MaxInt64:
		return append(dst, "-infinity"...)
	}
	t := time.UnixMicro(micros).UTC()
	before := t.Year() <= 0
	if before {
		t = t.AddDate(1-2*t.Year(), 0, 0)
	}
	dst = t.AppendFormat(dst, "2006-01-02 15:04:05.999999")
	if zone {
		dst = append(dst, "+00"...)
	}
	if before {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendFloat writes the shortest digits that read back the same, with an
// exponent where C's %g has one.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	}
	most := 1e15
	if bits == 32 {
		most = 1e6
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= most) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

func appendInterval(dst []byte, v arrow.MonthDayNanoInterval) []byte {
	begun := len(dst)
	part := func(n int64, one string) {
		if n == 0 {
			return
		}
		if len(dst) > begun {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, n, 10), ' ')
		dst = append(dst, one...)
		if n != 1 {
			dst = append(dst, 's')
		}
	}
	part(int64(v.Months/12), "year")
	part(int64(v.Months%12), "mon")
	part(int64(v.Days), "day")
	micros := v.Nanoseconds / 1000
	if micros == 0 && len(dst) > begun {
		return dst
	}
	if len(dst) > begun {
		dst = append(dst, ' ')
	}
	if micros < 0 {
		dst, micros = append(dst, '-'), -micros
	}
	hours := micros / 3_600_000_000
	if hours < 10 {
		dst = append(dst, '0')
	}
	dst = append(strconv.AppendInt(dst, hours, 10), ':')
	return time.UnixMicro(micros%3_600_000_000).UTC().AppendFormat(dst, "04:05.999999")
}

// lists writes the elements of an array type.
func lists(k kind, inBinary bool, a arrow.Array) (encoder, error) {
	list, ok := a.(*array.List)
	if !ok {
		return nil, gwerr.Newf(gwerr.Internal, "An array arrived as %s.", a.DataType())
	}
	items := list.ListValues()
	item, err := encoderOf(kindOf(k.element), inBinary, items)
	if err != nil {
		return nil, err
	}
	if inBinary {
		return func(dst []byte, row int) []byte { return appendBinaryList(dst, k, list, items, item, row) }, nil
	}
	var scratch []byte
	return func(dst []byte, row int) []byte {
		start, end := list.ValueOffsets(row)
		separator := byte(',')
		if vector(k.oid) {
			separator = ' '
		} else {
			dst = append(dst, '{')
		}
		for i := start; i < end; i++ {
			if i > start {
				dst = append(dst, separator)
			}
			if items.IsNull(int(i)) {
				dst = append(dst, "NULL"...)
				continue
			}
			scratch = item(scratch[:0], int(i))
			dst = appendItem(dst, string(scratch))
		}
		if vector(k.oid) {
			return dst
		}
		return append(dst, '}')
	}, nil
}

// appendItem writes an element of an array's text, in quotes where it needs
// them (section 8.15.6).
func appendItem(dst []byte, s string) []byte {
	if s != "" && !strings.EqualFold(s, "null") && !strings.ContainsAny(s, "{},\"\\ \t\n\r\v\f") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

func appendBinaryList(dst []byte, k kind, list *array.List, items arrow.Array, item encoder, row int) []byte {
	start, end := list.ValueOffsets(row)
	nulls := uint32(0)
	for i := start; i < end; i++ {
		if items.IsNull(int(i)) {
			nulls = 1
		}
	}
	if start == end {
		return append32(append32(append32(dst, 0), 0), k.element)
	}
	dst = append32(append32(append32(dst, 1), nulls), k.element)
	first := uint32(1)
	if vector(k.oid) {
		first = 0
	}
	dst = append32(append32(dst, uint32(end-start)), first)
	for i := start; i < end; i++ {
		if items.IsNull(int(i)) {
			dst = append32(dst, math.MaxUint32)
			continue
		}
		dst = appendSized(dst, item, int(i))
	}
	return dst
}

// appendSized writes a value behind its length.
func appendSized(dst []byte, e encoder, row int) []byte {
	at := len(dst)
	dst = e(append32(dst, 0), row)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func append32(dst []byte, n uint32) []byte { return binary.BigEndian.AppendUint32(dst, n) }
