//go:build duckdb_arrow

package duck

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// planTypes gives the plan's name of each column type.
var planTypes = map[catalog.Type]string{
	catalog.String: "VARCHAR", catalog.Bool: "BOOLEAN", catalog.Int32: "INTEGER", catalog.Int64: "BIGINT",
	catalog.Float64: "DOUBLE", catalog.Timestamp: "TIMESTAMP WITH TIME ZONE", catalog.GUID: "UUID",
	catalog.JSON: "VARCHAR", catalog.StringList: "LIST", catalog.Int32List: "LIST",
}

// operand reads what a column of the type is compared with: a constant, or an
// open parameter.
func operand(e *planExpr, t catalog.Type) (_ predicate.Value, ok bool) {
	switch {
	case e == nil:
		return predicate.Value{}, false
	case e.Class == "BOUND_CONSTANT":
		return constant(e.Value, t)
	case e.Class == "BOUND_PARAMETER":
		n, typ, known := openParameter(e)
		return predicate.Value{Kind: predicate.Param, Int: int64(n)}, known && typ == t
	}
	return predicate.Value{}, false
}

// constant reads a constant that is compared with a column of the type. ok is
// false where the types differ or the value can't be carried exactly.
func constant(v *planValue, t catalog.Type) (_ predicate.Value, ok bool) {
	if v == nil || v.IsNull || v.Type.ID != planTypes[t] {
		return predicate.Value{}, false
	}
	switch t {
	case catalog.String:
		var s string
		ok = textOf(v.Value, &s)
		return predicate.StringValue(s), ok
	case catalog.Bool:
		var b bool
		ok = boolOf(v.Value, &b)
		return predicate.BoolValue(b), ok
	case catalog.Int32, catalog.Int64:
		var i int64
		ok = wholeOf(v.Value, &i)
		return predicate.IntValue(i), ok
	case catalog.Float64:
		var f float64
		ok = floatOf(v.Value, &f) && !math.IsNaN(f) && !math.IsInf(f, 0)
		return predicate.FloatValue(f), ok
	case catalog.Timestamp:
		var micros int64
		// The outermost numbers stand for infinity.
		ok = wholeOf(v.Value, &micros) && micros > -1<<62 && micros < 1<<62
		return predicate.TimeValue(time.UnixMicro(micros)), ok
	case catalog.GUID:
		s, valid := uuidText(v.Value)
		return predicate.UUIDValue(s), valid
	default: // JSON and lists are compared with no constants
		return predicate.Value{}, false
	}
}

// The values of constants, of exactly the kind that their type has.

func textOf(raw jx.Raw, to *string) bool {
	return raw.Type() == jx.String && decode(raw, to) == nil && utf8.ValidString(*to)
}

func boolOf(raw jx.Raw, to *bool) bool {
	return raw.Type() == jx.Bool && decode(raw, to) == nil
}

func wholeOf(raw jx.Raw, to *int64) bool {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	*to = n
	return err == nil
}

func floatOf(raw jx.Raw, to *float64) bool {
	f, err := strconv.ParseFloat(string(raw), 64)
	*to = f
	return err == nil && raw.Type() == jx.Number
}

// uuidText writes a UUID from its two halves; the engine flips the first bit
// so that numbers sort as text does.
func uuidText(raw jx.Raw) (string, bool) {
	var h planUUID
	if decode(raw, &h) != nil {
		return "", false
	}
	upper, err1 := strconv.ParseInt(h.Upper.String(), 10, 64)
	lower, err2 := strconv.ParseUint(h.Lower.String(), 10, 64)
	if err1 != nil || err2 != nil {
		return "", false
	}
	hi := uint64(upper) ^ 1<<63
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lower>>48, lower&0xffffffffffff), true
}

// planUUID is a UUID as a plan has it.
type planUUID struct {
	Upper json.Number `plan:"upper"`
	Lower json.Number `plan:"lower"`
}
