//go:build duckdb_arrow

package duck

import (
	"math"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// widened translates a comparison of an integer column with a whole number of
// a wider type, such as Age > 3.0, which some tools write: the engine casts the
// column, yet the comparison is the same without the cast.
func (t translator) widened(comparison string, left, right *planExpr, swapped bool) (predicate.Expr, bool) {
	if left == nil || left.Class != "BOUND_CAST" || left.TryCast || right == nil || right.Class != "BOUND_CONSTANT" {
		return nil, false
	}
	c := t.ref(left.Child)
	if c == nil || c.Type != catalog.Int32 && c.Type != catalog.Int64 {
		return nil, false
	}
	op, known := comparisons[comparison]
	n, whole := wholeNumber(right.Value, c.Type)
	if !known || !whole || left.ReturnType.ID != right.Value.Type.ID {
		return nil, false
	}
	if swapped {
		op = mirrored[op]
	}
	return predicate.Cmp{Column: c.Name, Op: op, Value: predicate.IntValue(n)}, true
}

// wholeNumber reads a constant that is a whole number of a type wider than the
// column's.
func wholeNumber(v *planValue, column catalog.Type) (int64, bool) {
	if v == nil || v.IsNull {
		return 0, false
	}
	switch v.Type.ID {
	case "BIGINT", "DECIMAL":
		var n int64
		scale := 0
		if v.Type.Info != nil {
			scale = v.Type.Info.Scale
		}
		if !wholeOf(v.Value, &n) || scale > 18 {
			return 0, false
		}
		for range scale {
			if n%10 != 0 {
				return 0, false
			}
			n /= 10
		}
		return n, true
	case "DOUBLE":
		// A BIGINT loses digits as a DOUBLE, so that 2^53 + 1 = 2^53 there.
		var f float64
		if column != catalog.Int32 || !floatOf(v.Value, &f) || f != math.Trunc(f) || math.Abs(f) > math.MaxInt32 {
			return 0, false
		}
		return int64(f), true
	}
	return 0, false
}
