package predicate

// Rewrite returns e with what leaf makes of each of its tests in their places.
// Joined by and, or and not, constants decide what they can.
func Rewrite(e Expr, leaf func(Expr) Expr) Expr {
	all := func(args []Expr) []Expr {
		out := make([]Expr, len(args))
		for i, a := range args {
			out[i] = Rewrite(a, leaf)
		}
		return out
	}
	switch e := e.(type) {
	case And:
		return AllOf(all(e.Args)...)
	case Or:
		return AnyOf(all(e.Args)...)
	case Not:
		arg := Rewrite(e.Arg, leaf)
		if c, ok := arg.(Const); ok {
			return Const{Truth: !c.Truth}
		}
		return Not{Arg: arg}
	case nil:
		return nil
	default:
		return leaf(e)
	}
}

// Rename gives the condition with other names for its columns; ok is false where
// one of them has no other name.
func Rename(e Expr, names map[string]string) (out Expr, ok bool) {
	ok = true
	other := func(column *string) {
		name, found := names[*column]
		*column, ok = name, ok && found
	}
	out = Rewrite(e, func(e Expr) Expr {
		switch e := e.(type) {
		case Cmp:
			other(&e.Column)
			return e
		case In:
			other(&e.Column)
			return e
		case Match:
			other(&e.Column)
			return e
		case IsNull:
			other(&e.Column)
			return e
		}
		return e
	})
	return out, ok
}
