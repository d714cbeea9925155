package predicate

import "time"

// Span gives the times that a column can have for e to hold, in milliseconds:
// from the first on, and before the last. The zero time stands for an open end.
// It may be wider than e allows.
func Span(e Expr, column string) (from, to time.Time) {
	for _, c := range Conjuncts(e) {
		f, t := spanOf(c, column)
		if f.After(from) {
			from = f
		}
		if to.IsZero() || !t.IsZero() && t.Before(to) {
			to = t
		}
	}
	return from, to
}

// IsSpan reports whether a conjunct says no more than what Span tells of it.
func IsSpan(e Expr, column string) bool {
	c, ok := e.(Cmp)
	return ok && c.Column == column && c.Op != Ne && c.Value.Kind == Time
}

func spanOf(e Expr, column string) (from, to time.Time) {
	switch e := e.(type) {
	case Cmp:
		if IsSpan(e, column) {
			return spanOfCmp(e)
		}
	case In:
		if e.Column != column {
			return from, to
		}
		args := make([]Expr, len(e.Values))
		for i, v := range e.Values {
			args[i] = Cmp{Column: column, Op: Eq, Value: v}
		}
		return hull(args, column)
	case Or:
		return hull(e.Args, column)
	}
	return from, to
}

// spanOfCmp knows that columns hold whole milliseconds.
func spanOfCmp(e Cmp) (from, to time.Time) {
	at := e.Value.Time
	next := at.Truncate(time.Millisecond).Add(time.Millisecond)
	switch e.Op {
	case Eq:
		return CeilMillis(at), next
	case Ge:
		return CeilMillis(at), to
	case Gt:
		return next, to
	case Le:
		return from, next
	default:
		return from, CeilMillis(at)
	}
}

// hull is the span of conditions of which one must hold.
func hull(args []Expr, column string) (from, to time.Time) {
	for i, a := range args {
		f, t := Span(a, column)
		if i == 0 || f.Before(from) {
			from = f
		}
		if i == 0 || !to.IsZero() && (t.IsZero() || t.After(to)) {
			to = t
		}
	}
	return from, to
}
