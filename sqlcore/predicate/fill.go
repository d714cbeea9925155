package predicate

import "slices"

// Filled returns e with the values of the parameters in their places.
func Filled(e Expr, values []Value) Expr {
	value := func(v Value) Value {
		if v.Kind == Param {
			return values[v.Int-1]
		}
		return v
	}
	return Rewrite(e, func(e Expr) Expr {
		switch e := e.(type) {
		case Cmp:
			e.Value = value(e.Value)
			return e
		case In:
			in := In{Column: e.Column, Values: make([]Value, 0, len(e.Values))}
			for _, v := range e.Values {
				if v = value(v); !slices.Contains(in.Values, v) {
					in.Values = append(in.Values, v)
				}
			}
			return in
		}
		return e
	})
}
