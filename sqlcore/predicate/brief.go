package predicate

import "fmt"

// shownValues is the longest list that Brief shows whole.
const shownValues = 5

// Brief prints a condition for people: of a long list, one value and the number of
// the others.
func Brief(e Expr) string { return shortened(e).String() }

func shortened(e Expr) Expr {
	all := func(args []Expr) []Expr {
		out := make([]Expr, len(args))
		for i, a := range args {
			out[i] = shortened(a)
		}
		return out
	}
	switch e := e.(type) {
	case And:
		return And{Args: all(e.Args)}
	case Or:
		return Or{Args: all(e.Args)}
	case Not:
		return Not{Arg: shortened(e.Arg)}
	case In:
		if len(e.Values) > shownValues {
			return sample{e}
		}
	}
	return e
}

// sample is a list that prints its first value alone.
type sample struct{ In }

// String implements Expr.
func (s sample) String() string {
	return fmt.Sprintf("%s IN (%s, and %d more)", s.Column, s.Values[0], len(s.Values)-1)
}
