package sqltext

// Brackets gives the edits that turn [x] and `x` into "x".
func Brackets(tokens []Token) []Edit {
	var edits []Edit
	for _, t := range tokens {
		if t.Kind == Bracketed {
			edits = append(edits, Edit{t.Start, t.End, Quote(t.Name())})
		}
	}
	return edits
}

// Chain is a dotted name: a, a.b, a.b.c …
type Chain []Token

// Chains gives the dotted names of two and more parts, in order.
func Chains(tokens []Token) []Chain {
	var out []Chain
	for i := 0; i < len(tokens); i++ {
		c := ChainAt(tokens, i)
		if len(c) > 1 {
			out = append(out, c)
		}
		if len(c) > 0 {
			i += 2 * (len(c) - 1)
		}
	}
	return out
}

// ChainAt gives the dotted name that begins with token i; it is empty if that
// is not a name.
func ChainAt(tokens []Token, i int) Chain {
	var c Chain
	if i > 0 && tokens[i-1].Is(".") {
		return nil
	}
	for i < len(tokens) && tokens[i].IsName() {
		c = append(c, tokens[i])
		if i+1 >= len(tokens) || !tokens[i+1].Is(".") {
			break
		}
		i += 2
	}
	return c
}
