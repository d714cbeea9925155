package predicate

import "fmt"

// shownValues is the longest list that Brief shows whole.
const shownValues = 5

// Brief prints a condition for people: of a long list, one value and the number of
// the others.
func Brief(e Expr) string {
	return Rewrite(e, func(e Expr) Expr {
		if in, ok := e.(In); ok && len(in.Values) > shownValues {
			return sample{in}
		}
		return e
	}).String()
}

// sample is a list that prints its first value alone.
type sample struct{ In }

// String implements Expr.
func (s sample) String() string {
	return fmt.Sprintf("%s IN (%s, and %d more)", s.Column, s.Values[0], len(s.Values)-1)
}
