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
	switch e := e.(type) {
	case And:
		return And{Args: filled(e.Args, values)}
	case Or:
		return Or{Args: filled(e.Args, values)}
	case Not:
		return Not{Arg: Filled(e.Arg, values)}
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
	default:
		return e
	}
}

func filled(args []Expr, values []Value) []Expr {
	out := make([]Expr, len(args))
	for i, a := range args {
		out[i] = Filled(a, values)
	}
	return out
}
