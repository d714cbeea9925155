package sqltext

import (
	"strings"
	"unicode"
)

// isBracketed tells the identifier [x] from a list or a subscript, at a '['.
//
// A bracket right after a value is a subscript. Elsewhere it is a name if a
// dot stands on either side, if a table or a new name is expected, or if it holds
// nothing but letters, digits and inner spaces that are no value: [Username] is a
// column, and [NULL] a list.
func (l *lexer) isBracketed() bool {
	end := bracketEnd(l.text, l.pos)
	if end < 0 {
		return false
	}
	inner := l.text[l.pos+1 : end]
	after := end + 1
	for after < len(l.text) && l.text[after] == ' ' {
		after++
	}
	if l.lastIs(".") {
		return true
	}
	touching := len(l.out) > 0 && l.out[len(l.out)-1].End == l.pos
	if touching && l.afterValue() {
		return false
	}
	if l.lastIs("array") || strings.ContainsAny(inner, "'\"(,") {
		return false
	}
	if after < len(l.text) && l.text[after] == '.' {
		return true
	}
	if l.expectsTable() {
		return true
	}
	return plainName(inner)
}

// bracketEnd finds the closing bracket, passing doubled ones; -1 if another
// bracket opens before it or none follows.
func bracketEnd(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '[', '\n':
			return -1
		case ']':
			if i+1 < len(text) && text[i+1] == ']' {
				i++
				continue
			}
			if i == start+1 {
				return -1
			}
			return i
		}
	}
	return -1
}

func (l *lexer) lastIs(text string) bool {
	return len(l.out) > 0 && l.out[len(l.out)-1].Is(text)
}

// afterName reports whether the last token is a name.
func (l *lexer) afterName() bool { return len(l.out) > 0 && l.out[len(l.out)-1].IsName() }

// afterValue reports whether the last token can end a value.
func (l *lexer) afterValue() bool { return len(l.out) > 0 && l.out[len(l.out)-1].EndsValue() }

// afterSubscript reports whether the last token opens a subscript.
func (l *lexer) afterSubscript() bool {
	n := len(l.out)
	return n > 1 && l.out[n-1].Is("[") && l.out[n-2].EndsValue()
}

// EndsValue reports whether a token can end a value.
func (t Token) EndsValue() bool {
	switch t.Kind {
	case Word:
		return !keywords[strings.ToLower(t.Text)]
	case Symbol:
		return t.Text == ")" || t.Text == "]" || t.Text == "}"
	default:
		return true
	}
}

func (l *lexer) expectsTable() bool {
	return len(l.out) > 0 && l.out[len(l.out)-1].IsAny("from", "join", "as", "into", "update")
}

func plainName(s string) bool {
	for i, r := range s {
		switch {
		case unicode.IsLetter(r), r == '_':
		case i > 0 && (unicode.IsDigit(r) || r == '$' || r == '#'):
		case i > 0 && r == ' ' && i < len(s)-1:
		default:
			return false
		}
	}
	lower := " " + strings.ToLower(s) + " "
	switch lower {
	case " null ", " true ", " false ":
		return false
	}
	if strings.HasPrefix(lower, " not ") || strings.HasPrefix(lower, " case ") && strings.HasSuffix(lower, " end ") {
		return false
	}
	return !strings.Contains(lower, " for ") && !strings.Contains(lower, " and ") && !strings.Contains(lower, " or ")
}

// keywords are words after which no value ends, so that a bracket opens a list
// or a name there.
var keywords = Set(`all and any as asc between by case cross desc distinct else except exists
	fetch first following for from full group having ilike in inner intersect into interval is join
	lateral left like limit natural not offset on or order outer over partition preceding qualify
	returning right select set similar some then top union using values when where window with`)
