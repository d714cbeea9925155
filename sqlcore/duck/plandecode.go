//go:build duckdb_arrow

package duck

import (
	"encoding/json"
	"errors"
	"reflect"

	"github.com/go-faster/jx"
)

// A plan is read in one pass into the fields of the types that begin with plan,
// by the members of objects that their tags name. The rest, which is most of it,
// is passed over.

// decodePlan reads the answer of json_serialize_plan, or of json_serialize_sql
// where that is an error.
func decodePlan(text []byte) (*planReply, error) {
	var r *planReply
	if err := decode(text, &r); err != nil {
		return nil, errors.Join(errPlan, err)
	}
	if r == nil {
		return nil, errPlan
	}
	return r, nil
}

// decode reads JSON into what to points to. What is null stays as it is; what is
// of another kind is errPlan.
func decode(text []byte, to any) error {
	return readValue(jx.DecodeBytes(text), reflect.ValueOf(to).Elem())
}

// planFields are the fields of each type, by the members that they hold.
var planFields = func() map[reflect.Type]map[string]int {
	out := map[reflect.Type]map[string]int{}
	learn(reflect.TypeFor[planReply](), out)
	learn(reflect.TypeFor[planUUID](), out)
	return out
}()

// learn adds a type, and all that it is made of.
func learn(t reflect.Type, to map[reflect.Type]map[string]int) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || to[t] != nil {
		return
	}
	to[t] = map[string]int{}
	for i := range t.NumField() {
		to[t][t.Field(i).Tag.Get("plan")] = i
		learn(t.Field(i).Type, to)
	}
}

func readValue(d *jx.Decoder, v reflect.Value) (err error) {
	next := d.Next()
	if next == jx.Null {
		return d.Null()
	}
	switch to := v.Addr().Interface().(type) {
	case *jx.Raw:
		*to, err = d.Raw()
		return err
	case *json.Number:
		return readNumber(d, to)
	case *string:
		return readText(d, to)
	}
	switch kind := v.Kind(); {
	case kind == reflect.Bool && next == jx.Bool:
		b, err := d.Bool()
		v.SetBool(b)
		return err
	case kind == reflect.Int && next == jx.Number:
		n, err := d.Int64()
		v.SetInt(n)
		return err
	case kind == reflect.Pointer && next == jx.Array:
		return d.Skip() // a row of VALUES in the place of an expression
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return readValue(d, v.Elem())
	case kind == reflect.Slice && next == jx.Array:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return d.Arr(func(d *jx.Decoder) error {
			n := v.Len()
			v.Grow(1)
			v.SetLen(n + 1)
			return readValue(d, v.Index(n))
		})
	case kind == reflect.Struct && next == jx.Object:
		fields := planFields[v.Type()]
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			if i, known := fields[string(key)]; known {
				return readValue(d, v.Field(i))
			}
			return d.Skip()
		})
	}
	return errPlan
}

func readNumber(d *jx.Decoder, to *json.Number) error {
	if d.Next() != jx.Number {
		return errPlan
	}
	n, err := d.Num()
	*to = json.Number(n.String())
	return err
}

func readText(d *jx.Decoder, to *string) error {
	if d.Next() != jx.String {
		return errPlan
	}
	text, err := d.StrBytes()
	if *to = common[string(text)]; *to == "" {
		*to = string(text)
	}
	return err
}

// common are the texts that stand in most expressions of a long plan, so that
// they are there once.
var common = interned(
	"BOUND_AGGREGATE", "BOUND_CASE", "BOUND_CAST", "BOUND_COLUMN_REF", "BOUND_COMPARISON", "BOUND_CONJUNCTION",
	"BOUND_CONSTANT", "BOUND_FUNCTION", "BOUND_OPERATOR", "BOUND_REF", "BOUND_WINDOW", "COMPARE_EQUAL", "COMPARE_IN",
	"OPERATOR_CAST", "VALUE_CONSTANT", "BIGINT", "BOOLEAN", "DOUBLE", "INTEGER", "TIMESTAMP WITH TIME ZONE",
	"UUID", "VARCHAR", "+", "concat", "||",
)
