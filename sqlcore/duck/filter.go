//go:build duckdb_arrow

package duck

import (
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// tableFilter translates a condition that the engine puts at the scan of a
// column. optional is true for a condition that a filter above repeats.
func (t translator) tableFilter(f *planFilter, c *catalog.Column, depth int) (e predicate.Expr, optional, ok bool) {
	if f == nil || depth > maxPlanDepth {
		return nil, false, false
	}
	switch f.Type {
	case "CONSTANT_COMPARISON":
		op, known := comparisons[f.Comparison]
		v, valid := constant(f.Constant, c.Type)
		return predicate.Cmp{Column: c.Name, Op: op, Value: v}, false, known && valid
	case "IS_NULL":
		return predicate.IsNull{Column: c.Name}, false, true
	case "IS_NOT_NULL":
		return predicate.Not{Arg: predicate.IsNull{Column: c.Name}}, false, true
	case "IN_FILTER":
		values := make([]predicate.Value, len(f.Values))
		for i, x := range f.Values {
			if values[i], ok = constant(x, c.Type); !ok {
				return nil, false, false
			}
		}
		return predicate.In{Column: c.Name, Values: values}, false, len(values) > 0
	case "OPTIONAL_FILTER":
		e, _, ok = t.tableFilter(f.Child, c, depth+1)
		return e, true, ok
	case "CONJUNCTION_AND", "CONJUNCTION_OR":
		return t.tableFilters(f, c, depth)
	case "EXPRESSION_FILTER":
		only := translator{column: func(int) *catalog.Column { return c }, notes: t.notes}
		e, ok = only.keeps(f.Expr, depth+1)
		return e, false, ok
	}
	return nil, false, false
}

func (t translator) tableFilters(f *planFilter, c *catalog.Column, depth int) (e predicate.Expr, optional, ok bool) {
	args := make([]predicate.Expr, len(f.Children))
	for i, x := range f.Children {
		var opt bool
		if args[i], opt, ok = t.tableFilter(x, c, depth+1); !ok {
			return nil, false, false
		}
		optional = optional || opt
	}
	if f.Type == "CONJUNCTION_OR" {
		return anyOf(args), optional, len(args) > 0
	}
	return prefixes(predicate.AllOf(args...)), optional, true
}

// prefixes turns the range from a text to just before the next one, which is
// what the engine makes of LIKE 'text%', back into a prefix match. The two keep
// the same rows.
func prefixes(e predicate.Expr) predicate.Expr {
	parts := append([]predicate.Expr(nil), predicate.Conjuncts(e)...)
	for i, a := range parts {
		low, ok := a.(predicate.Cmp)
		if !ok || low.Op != predicate.Ge || low.Value.Kind != predicate.String {
			continue
		}
		for j, b := range parts {
			high, ok := b.(predicate.Cmp)
			if !ok || high.Op != predicate.Lt || high.Column != low.Column || !follows(low.Value.Str, high.Value.Str) {
				continue
			}
			parts[i] = predicate.Match{Column: low.Column, Kind: predicate.Prefix, Text: low.Value.Str}
			parts = append(parts[:j], parts[j+1:]...)
			return prefixes(predicate.AllOf(parts...))
		}
	}
	return predicate.AllOf(parts...)
}

// follows reports whether high is the least text above all that begin with
// low: low with its last character replaced by the next one.
func follows(low, high string) bool {
	a, n := utf8.DecodeLastRuneInString(low)
	b, m := utf8.DecodeLastRuneInString(high)
	if low == "" || high == "" || a == utf8.RuneError || b == utf8.RuneError {
		return false
	}
	next := a + 1
	if next == 0xD800 { // the surrogates are no characters
		next = 0xE000
	}
	return low[:len(low)-n] == high[:len(high)-m] && b == next
}
