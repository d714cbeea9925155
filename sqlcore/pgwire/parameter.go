package pgwire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// parameter reads the value of a parameter of a type; raw is nil for null.
func parameter(oid uint32, inBinary bool, raw []byte) (query.Parameter, error) {
	if raw == nil {
		return query.Parameter{Null: true}, nil
	}
	if element := kindOf(oid).element; element != 0 {
		if inBinary {
			return binaryArray(raw)
		}
		return textArray(element, string(raw))
	}
	if oid == pgtype.ByteaOID {
		return query.Parameter{}, gwerr.New(gwerr.NotImplemented, "Parameters of type bytea are not offered.", "No column holds such values.")
	}
	if inBinary {
		return binaryValue(oid, raw)
	}
	return textValue(oid, string(raw))
}

func one(v predicate.Value) (query.Parameter, error) { return query.Parameter{Value: v}, nil }

func badValue(oid uint32, what string) error {
	return state("22P02", gwerr.Newf(gwerr.BadParameter, "The value of a parameter of type %s is not %s.", typeName(oid), what))
}

// typeName is PostgreSQL's name of a type that parameters have.
func typeName(oid uint32) string {
	if name := castName(oid); name != "" {
		return strings.ToLower(name)
	}
	return fmt.Sprintf("%d", oid)
}

// textValue reads a value in text form. What the engine reads itself, such as
// dates, stays text: a literal takes the type of what it stands beside.
func textValue(oid uint32, s string) (query.Parameter, error) {
	switch oid {
	case pgtype.BoolOID:
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "t", "true", "y", "yes", "on", "1":
			return one(predicate.BoolValue(true))
		case "f", "false", "n", "no", "off", "0":
			return one(predicate.BoolValue(false))
		}
		return query.Parameter{}, badValue(oid, "true or false")
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, int(kindOf(oid).size)*8)
		if oid == pgtype.OIDOID {
			n, err = strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		}
		if err != nil {
			return query.Parameter{}, badValue(oid, "a whole number in its range")
		}
		return one(predicate.IntValue(n))
	case pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		return decimal(oid, strings.TrimSpace(s))
	case pgtype.TimestamptzOID:
		if t, err := time.Parse("2006-01-02 15:04:05.999999Z07", s); err == nil {
			return one(predicate.TimeValue(t))
		}
	}
	return one(predicate.StringValue(s))
}

// decimal keeps a number whole where it is one, and exact where that can be.
func decimal(oid uint32, s string) (query.Parameter, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return one(predicate.IntValue(n))
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return query.Parameter{}, badValue(oid, "a number")
	}
	return one(predicate.FloatValue(f))
}

// binaryValue reads a value in binary form.
func binaryValue(oid uint32, raw []byte) (query.Parameter, error) {
	if size := kindOf(oid).size; size > 0 && oid != pgtype.NameOID && len(raw) != int(size) {
		return query.Parameter{}, state("22P03", gwerr.Newf(gwerr.BadParameter, "A parameter of type %s has %d bytes.", typeName(oid), len(raw)))
	}
	switch oid {
	case pgtype.BoolOID:
		return one(predicate.BoolValue(raw[0] != 0))
	case pgtype.Int2OID:
		return one(predicate.IntValue(int64(int16(binary.BigEndian.Uint16(raw)))))
	case pgtype.Int4OID:
		return one(predicate.IntValue(int64(int32(number(raw)))))
	case pgtype.OIDOID:
		return one(predicate.IntValue(int64(number(raw))))
	case pgtype.Int8OID:
		return one(predicate.IntValue(int64(binary.BigEndian.Uint64(raw))))
	case pgtype.Float4OID:
		return one(predicate.FloatValue(float64(math.Float32frombits(number(raw)))))
	case pgtype.Float8OID:
		return one(predicate.FloatValue(math.Float64frombits(binary.BigEndian.Uint64(raw))))
	case pgtype.UUIDOID:
		return one(predicate.StringValue(uuid.UUID(raw).String()))
	case pgtype.DateOID:
		return one(predicate.StringValue(time.Unix((int64(int32(number(raw)))+epochDays)*86400, 0).UTC().Format(time.DateOnly)))
	case pgtype.TimestampOID, pgtype.TimestamptzOID:
		t := time.UnixMicro(int64(binary.BigEndian.Uint64(raw)) + epochMicros).UTC()
		if oid == pgtype.TimestampOID {
			return one(predicate.StringValue(t.Format("2006-01-02 15:04:05.999999")))
		}
		return one(predicate.TimeValue(t))
	case pgtype.TimeOID:
		return one(predicate.StringValue(time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC().Format("15:04:05.999999")))
	case pgtype.IntervalOID: // microseconds, days and months, each with its sign
		return one(predicate.StringValue(fmt.Sprintf("%d months %d days %d microseconds", int32(number(raw[12:])), int32(number(raw[8:])), int64(binary.BigEndian.Uint64(raw)))))
	case pgtype.NumericOID:
		return binaryNumeric(raw)
	case pgtype.JSONBOID:
		if len(raw) > 0 && raw[0] == 1 { // its version
			return one(predicate.StringValue(string(raw[1:])))
		}
	case 0, pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.QCharOID, pgtype.JSONOID, pgtype.UnknownOID:
		return one(predicate.StringValue(string(raw)))
	}
	return query.Parameter{}, gwerr.Newf(gwerr.NotImplemented, "Parameters of type %s are not read in binary.", typeName(oid)).WithHint("Send the value as text.")
}

// A decimal number has no more groups of four digits, and decimal places, than one of
// 64 bits may be written with. Ten bytes can tell of 160,000 digits, which take a second.
const (
	maxGroups = 200
	maxPlaces = 400
)

// binaryNumeric is appendNumeric backwards.
func binaryNumeric(raw []byte) (query.Parameter, error) {
	if len(raw) >= 8 {
		groups, weight, places := binary.BigEndian.Uint16(raw), int16(binary.BigEndian.Uint16(raw[2:])), binary.BigEndian.Uint16(raw[6:])
		if groups > maxGroups || weight > maxGroups || weight < -maxGroups || places > maxPlaces {
			return query.Parameter{}, badValue(pgtype.NumericOID, "in the range of numbers here")
		}
	}
	var n pgtype.Numeric
	if err := (pgtype.NumericCodec{}).PlanScan(nil, pgtype.NumericOID, pgtype.BinaryFormatCode, &n).Scan(raw, &n); err != nil {
		return query.Parameter{}, state("22P03", gwerr.New(gwerr.BadParameter, "A parameter of type numeric can't be read.", ""))
	}
	if n.NaN || n.InfinityModifier != pgtype.Finite {
		return query.Parameter{}, badValue(pgtype.NumericOID, "finite")
	}
	v, _ := n.Value()
	text, _ := v.(string)
	return decimal(pgtype.NumericOID, text)
}

// maxItems bounds the elements of an array.
const maxItems = 25_000

// binaryArray reads an array of one dimension (array_send).
func binaryArray(raw []byte) (query.Parameter, error) {
	wrong := state("22P03", gwerr.New(gwerr.BadParameter, "An array can't be read.", "Send it with one dimension."))
	out := query.Parameter{List: []query.Parameter{}}
	if len(raw) < 12 {
		return out, wrong
	}
	dimensions, element := number(raw), number(raw[8:])
	if dimensions == 0 {
		return out, nil
	}
	if dimensions != 1 || len(raw) < 20 {
		return out, wrong
	}
	n := int(number(raw[12:]))
	if n > maxItems {
		return out, tooMany()
	}
	for raw = raw[20:]; n > 0; n-- {
		if len(raw) < 4 {
			return out, wrong
		}
		size := int32(number(raw))
		raw = raw[4:]
		var value []byte
		if size >= 0 {
			if int(size) > len(raw) {
				return out, wrong
			}
			value, raw = raw[:size:size], raw[size:]
		}
		p, err := parameter(element, true, value)
		if err != nil {
			return out, err
		}
		out.List = append(out.List, p)
	}
	return out, nil
}

func tooMany() error {
	return gwerr.Newf(gwerr.TooLarge, "An array has more than %d elements.", maxItems)
}

// textArray reads {a,"b c",NULL} (section 8.15.6).
func textArray(element uint32, s string) (query.Parameter, error) {
	out := query.Parameter{List: []query.Parameter{}}
	wrong := state("22P02", gwerr.New(gwerr.BadParameter, "An array can't be read.", "Write it as {a,b}, with one dimension."))
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return out, wrong
	}
	if s = s[1 : len(s)-1]; strings.TrimSpace(s) == "" {
		return out, nil
	}
	elements := pgcatalog.Elements(s)
	if len(elements) > maxItems {
		return out, tooMany()
	}
	for _, e := range elements {
		if !e.Quoted && (e.Text == "" || strings.ContainsAny(e.Text, "{}")) {
			return out, wrong
		}
		p, err := query.Parameter{Null: true}, error(nil)
		if !e.Null() {
			p, err = textValue(element, e.Text)
		}
		if err != nil {
			return out, err
		}
		out.List = append(out.List, p)
	}
	return out, nil
}
