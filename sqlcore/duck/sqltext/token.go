package sqltext

import "strings"

// Kind is the kind of a token.
type Kind uint8

// The kinds of token.
const (
	Word      Kind = iota // an unquoted identifier or keyword
	Quoted                // "identifier"
	Bracketed             // [identifier], or `identifier`
	String                // 'text', E'text', $$text$$ and their like
	Number
	Param // ?, ?1, $1, $name, :name, @name
	Symbol
)

// Token is a piece of SQL text between white space and comments.
type Token struct {
	Kind Kind
	// Start and End are byte offsets in the text.
	Start, End int
	// Text is the token as written.
	Text string
	// Depth is the number of open parentheses, brackets and braces around it.
	Depth int
}

// Name gives the identifier that a Word, Quoted or Bracketed token spells, and
// "" for other tokens.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return t.Text
	case Quoted:
		return strings.ReplaceAll(t.Text[1:len(t.Text)-1], `""`, `"`)
	case Bracketed:
		if t.Text[0] == '`' {
			return strings.ReplaceAll(t.Text[1:len(t.Text)-1], "``", "`")
		}
		return strings.ReplaceAll(t.Text[1:len(t.Text)-1], `]]`, `]`)
	default:
		return ""
	}
}

// Set is the words of a text, with white space between them, as a set.
func Set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// IsName reports whether the token spells an identifier.
func (t Token) IsName() bool { return t.Kind <= Bracketed }

// Is reports whether the token is the keyword or symbol, letter case ignored.
func (t Token) Is(text string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && Same(t.Text, text)
}

// Same reports whether the engine takes two names for the same: it ignores the
// case of ASCII letters, and of no others, so that ſ is not s.
func Same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || !isLetter(x)) {
			return false
		}
	}
	return true
}

// Quote writes a name as a quoted identifier.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal writes a text as a string literal. The text must hold no zero byte:
// the engine's text ends there.
func Literal(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }

// Unquote gives the text of a literal in single or dollar quotes; ok is false
// for others, such as those with escapes.
func Unquote(literal string) (text string, ok bool) {
	switch {
	case strings.HasPrefix(literal, "'"):
		return strings.ReplaceAll(literal[1:len(literal)-1], "''", "'"), true
	case strings.HasPrefix(literal, "$"):
		tag := strings.IndexByte(literal[1:], '$') + 2
		return literal[tag : len(literal)-tag], true
	case strings.HasPrefix(literal, "n'"), strings.HasPrefix(literal, "N'"):
		return Unquote(literal[1:])
	}
	return "", false
}
