package predicate

// Rename gives the condition with other names for its columns; ok is false where
// one of them has no other name.
func Rename(e Expr, names map[string]string) (out Expr, ok bool) {
	ok = true
	other := func(column string) string {
		name, found := names[column]
		ok = ok && found
		return name
	}
	all := func(args []Expr) []Expr {
		renamed := make([]Expr, len(args))
		for i, a := range args {
			var found bool
			renamed[i], found = Rename(a, names)
			ok = ok && found
		}
		return renamed
	}
	switch e := e.(type) {
	case And:
		out = And{Args: all(e.Args)}
	case Or:
		out = Or{Args: all(e.Args)}
	case Not:
		e.Arg, ok = Rename(e.Arg, names)
		out = e
	case Cmp:
		e.Column = other(e.Column)
		out = e
	case In:
		e.Column = other(e.Column)
		out = e
	case Match:
		e.Column = other(e.Column)
		out = e
	case IsNull:
		e.Column = other(e.Column)
		out = e
	default:
		out = e
	}
	return out, ok
}
