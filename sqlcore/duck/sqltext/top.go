package sqltext

import "github.com/pingone-gateway/gateway/internal/gwerr"

// Top gives the edits that turn SELECT TOP n into LIMIT n. It returns
// gwerr.NotImplemented where that would change the meaning.
func Top(tokens []Token) ([]Edit, error) {
	var edits []Edit
	for i := range tokens {
		first, last, ok := topAt(tokens, i)
		if !ok {
			continue
		}
		after := last + 1
		if tokens[after].Is("percent") || tokens[after].Is("with") {
			return nil, gwerr.New(gwerr.NotImplemented, "TOP with PERCENT or TIES is not offered.", "Use ORDER BY and LIMIT.").At(tokens[after].Start)
		}
		end, err := scopeEnd(tokens, i)
		if err != nil {
			return nil, err
		}
		number := tokens[first+1]
		if number.Is("(") {
			number = tokens[first+2]
		}
		edits = append(edits,
			Edit{Start: tokens[first].Start, End: tokens[last].End},
			Edit{Start: end, End: end, Text: " LIMIT " + number.Text})
	}
	return edits, nil
}

// topAt recognises TOP n or TOP (n) after the SELECT at i, followed by a
// select list; first and last are the positions of its tokens.
func topAt(tokens []Token, i int) (first, last int, ok bool) {
	if !tokens[i].Is("select") {
		return 0, 0, false
	}
	at := func(j int) Token {
		if j < len(tokens) {
			return tokens[j]
		}
		return Token{Kind: Symbol}
	}
	j := i + 1
	if at(j).Is("all") || at(j).Is("distinct") {
		j++
	}
	if !at(j).Is("top") {
		return 0, 0, false
	}
	last = j + 1
	bracketed := at(last).Is("(")
	if bracketed {
		if at(last+2).Text != ")" {
			return 0, 0, false
		}
		if k := at(last + 1).Kind; k != Number && k != Param {
			return 0, 0, false
		}
		last += 2
	} else if k := at(last).Kind; k != Number && k != Param {
		return 0, 0, false
	}
	next := at(last + 1)
	return j, last, beginsList(next, bracketed)
}

// beginsList reports whether a token can begin a select list. After top (n),
// an operator goes on with a call instead.
func beginsList(t Token, afterBracket bool) bool {
	switch {
	case t.IsName():
		return !t.Is("from") && !t.Is("as")
	case t.Is("-"), t.Is("+"):
		return !afterBracket
	default:
		return t.Kind != Symbol || t.Is("*") || t.Is("(") || t.Is("[") || t.Is("{")
	}
}

// scopeEnd finds the end of the SELECT at i, where LIMIT belongs.
func scopeEnd(tokens []Token, i int) (int, error) {
	depth := tokens[i].Depth
	for j := i + 1; j < len(tokens); j++ {
		t := tokens[j]
		if t.Depth < depth {
			return tokens[j-1].End, nil
		}
		if t.Depth != depth || t.Kind != Word {
			continue
		}
		if t.IsAny("union", "except", "intersect", "limit", "offset", "fetch") {
			return 0, gwerr.New(gwerr.NotImplemented, "TOP together with "+t.Text+" is not offered.", "Use LIMIT.").At(tokens[i].Start)
		}
	}
	return tokens[len(tokens)-1].End, nil
}
