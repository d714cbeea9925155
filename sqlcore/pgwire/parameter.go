package pgwire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// parameter reads the value of a parameter of a type; raw is nil for null.
func parameter(oid uint32, inBinary bool, raw []byte) (query.Parameter, error) {
	if raw == nil {
		return query.Parameter{Null: true}, nil
	}
	if element := elements[oid]; element != 0 {
		if inBinary {
			return binaryArray(raw)
		}
		return textArray(element, string(raw))
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
	case oidBool:
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "t", "true", "y", "yes", "on", "1":
			return one(predicate.BoolValue(true))
		case "f", "false", "n", "no", "off", "0":
			return one(predicate.BoolValue(false))
		}
		return query.Parameter{}, badValue(oid, "true or false")
	case oidInt2, oidInt4, oidInt8, oidOid:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, int(sizes[oid])*8)
		if oid == oidOid {
			n, err = strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		}
		if err != nil {
			return query.Parameter{}, badValue(oid, "a whole number in its range")
		}
		return one(predicate.IntValue(n))
	case oidFloat4, oidFloat8, oidNumeric:
		return decimal(oid, strings.TrimSpace(s))
	case oidTimestamptz:
		if t, err := time.Parse("2006-01-02 15:04:05.999999Z07", s); err == nil {
			return one(predicate.TimeValue(t))
		}
	case oidBytea:
		return query.Parameter{}, gwerr.New(gwerr.NotImplemented, "Parameters of type bytea are not offered.", "No column holds such values.")
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
	if size, fixed := sizes[oid]; fixed && oid != oidName && len(raw) != int(size) {
		return query.Parameter{}, state("22P03", gwerr.Newf(gwerr.BadParameter, "A parameter of type %s has %d bytes.", typeName(oid), len(raw)))
	}
	switch oid {
	case oidBool:
		return one(predicate.BoolValue(raw[0] != 0))
	case oidInt2:
		return one(predicate.IntValue(int64(int16(binary.BigEndian.Uint16(raw)))))
	case oidInt4:
		return one(predicate.IntValue(int64(int32(number(raw)))))
	case oidOid:
		return one(predicate.IntValue(int64(number(raw))))
	case oidInt8:
		return one(predicate.IntValue(int64(binary.BigEndian.Uint64(raw))))
	case oidFloat4:
		return one(predicate.FloatValue(float64(math.Float32frombits(number(raw)))))
	case oidFloat8:
		return one(predicate.FloatValue(math.Float64frombits(binary.BigEndian.Uint64(raw))))
	case oidUUID:
		return one(predicate.StringValue(uuid.UUID(raw).String()))
	case oidDate:
		return one(predicate.StringValue(time.Unix((int64(int32(number(raw)))+epochDays)*86400, 0).UTC().Format(time.DateOnly)))
	case oidTimestamp, oidTimestamptz:
		t := time.UnixMicro(int64(binary.BigEndian.Uint64(raw)) + epochMicros).UTC()
		if oid == oidTimestamp {
			return one(predicate.StringValue(t.Format("2006-01-02 15:04:05.999999")))
		}
		return one(predicate.TimeValue(t))
	case oidNumeric:
		return binaryNumeric(raw)
	case oidJSONB:
		if len(raw) > 0 && raw[0] == 1 { // its version
			return one(predicate.StringValue(string(raw[1:])))
		}
	case 0, oidText, oidVarchar, oidBpchar, oidName, oidChar, oidJSON, oidUnknown:
		return one(predicate.StringValue(string(raw)))
	}
	return query.Parameter{}, gwerr.Newf(gwerr.NotImplemented, "Parameters of type %s are not read in binary.", typeName(oid)).WithHint("Send the value as text.")
}

// binaryNumeric is appendNumeric backwards.
func binaryNumeric(raw []byte) (query.Parameter, error) {
	wrong := state("22P03", gwerr.New(gwerr.BadParameter, "A parameter of type numeric can't be read.", ""))
	if len(raw) < 8 || len(raw) != 8+2*int(binary.BigEndian.Uint16(raw)) {
		return query.Parameter{}, wrong
	}
	weight, scale := int(int16(binary.BigEndian.Uint16(raw[2:]))), int(binary.BigEndian.Uint16(raw[6:]))
	var b strings.Builder
	switch binary.BigEndian.Uint16(raw[4:]) {
	case 0x4000:
		b.WriteByte('-')
	case 0:
	default:
		return query.Parameter{}, badValue(oidNumeric, "finite")
	}
	if weight > 20 || weight < -20 || scale > 80 {
		return query.Parameter{}, badValue(oidNumeric, "in the range of numbers here")
	}
	group := func(at int) uint16 {
		if i := 8 + 2*at; at >= 0 && i < len(raw) {
			return binary.BigEndian.Uint16(raw[i:])
		}
		return 0
	}
	b.WriteByte('0')
	for at := 0; at <= weight; at++ {
		fmt.Fprintf(&b, "%04d", group(at))
	}
	if scale > 0 {
		fraction := ""
		for at := weight + 1; len(fraction) < scale; at++ {
			fraction += fmt.Sprintf("%04d", group(at))
		}
		b.WriteString("." + fraction[:scale])
	}
	return decimal(oidNumeric, b.String())
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
	for more := true; more; {
		var text string
		var quoted bool
		if text, quoted, s, more = nextItem(s); !quoted && (text == "" || strings.ContainsAny(text, "{}")) {
			return out, wrong
		}
		p, err := query.Parameter{Null: true}, error(nil)
		if quoted || !strings.EqualFold(text, "null") {
			p, err = textValue(element, text)
		}
		if err != nil {
			return out, err
		}
		if out.List = append(out.List, p); len(out.List) > maxItems {
			return out, tooMany()
		}
	}
	return out, nil
}

// nextItem takes the first element of an array's text; more is true if another
// one follows.
func nextItem(s string) (text string, quoted bool, rest string, more bool) {
	var b strings.Builder
	inside := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"':
			inside, quoted = !inside, true
		case c == ',' && !inside:
			return item(b.String(), quoted), quoted, s[i+1:], true
		default:
			b.WriteByte(c)
		}
	}
	return item(b.String(), quoted), quoted, "", false
}

func item(text string, quoted bool) string {
	if quoted {
		return text
	}
	return strings.TrimSpace(text)
}
