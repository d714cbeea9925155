package sqltext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// The bounds of a text. Deep nesting would exhaust the stack of the engine's
// parser, which no error can stop.
const (
	MaxBytes = 1 << 20
	MaxDepth = 100
)

// lexer holds the state of one pass over a text.
type lexer struct {
	text string
	pos  int
	out  []Token
	open []byte // the closing brackets that are awaited
}

// Lex splits a text into tokens. Errors are gwerr.TooLarge and gwerr.Syntax.
func Lex(text string) ([]Token, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	l := &lexer{text: text, out: make([]Token, 0, len(text)/5+8)}
	for {
		if err := l.skipSpace(); err != nil {
			return nil, err
		}
		if l.pos >= len(l.text) {
			break
		}
		if err := l.token(); err != nil {
			return nil, err
		}
	}
	if len(l.open) > 0 {
		return nil, syntaxAt(len(text), "The query ends where "+string(l.open[len(l.open)-1])+" is missing.")
	}
	return l.out, checkWords(l.out)
}

// limits bounds the number of some words: each nests a query or an expression
// without a bracket, or makes planning much slower.
var limits = map[string]int{
	"select": 500, "values": 500, "from": 500, "union": 500, "except": 500, "intersect": 500,
	"not": 500, "case": 500, "and": 2000, "or": 2000, "join": 64,
}

func checkWords(tokens []Token) error {
	counts := make(map[string]int, len(limits))
	for _, t := range tokens {
		if t.Kind != Word || len(t.Text) > 9 {
			continue
		}
		word := strings.ToLower(t.Text)
		limit, bounded := limits[word]
		if !bounded {
			continue
		}
		if counts[word]++; counts[word] > limit {
			return gwerr.New(gwerr.TooLarge, "The query repeats "+strings.ToUpper(word)+" too often.",
				"Use IN for long lists, or split the query into several.").At(t.Start)
		}
	}
	return nil
}

func checkText(text string) error {
	if len(text) > MaxBytes {
		return gwerr.New(gwerr.TooLarge, "The query is longer than 1 MiB.", "Shorten it, for instance by a join in place of a long list.")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return syntaxAt(i, "The query holds a zero byte.")
	}
	if !utf8.ValidString(text) {
		return gwerr.New(gwerr.Syntax, "The query is not valid UTF-8.", "")
	}
	return nil
}

func syntaxAt(pos int, message string) error { return gwerr.New(gwerr.Syntax, message, "").At(pos) }

// skipSpace passes white space and comments.
func (l *lexer) skipSpace() error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest) - 1
			}
			l.pos += end + 1
		case strings.HasPrefix(rest, "/*"):
			if err := l.skipComment(); err != nil {
				return err
			}
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\uFEFF' {
				return nil
			}
			l.pos += size
		}
	}
	return nil
}

// skipComment passes a block comment, which may hold others.
func (l *lexer) skipComment() error {
	start, depth := l.pos, 0
	for l.pos < len(l.text) {
		switch rest := l.text[l.pos:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.pos += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			l.pos += 2
			if depth == 0 {
				return nil
			}
		default:
			l.pos++
		}
	}
	return syntaxAt(start, "The comment is not closed.")
}

// token reads one token at pos.
func (l *lexer) token() error {
	c := l.text[l.pos]
	switch {
	case c == '\'':
		return l.quoted(String, l.pos, '\'', false)
	case c == '"':
		return l.quoted(Quoted, l.pos, '"', false)
	case c == '$':
		return l.dollar()
	case isDigit(c), c == '.' && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]) && !l.afterName():
		l.number()
		return nil
	case isNameStart(c):
		return l.word()
	case c == '?', c == ':', c == '@':
		l.paramOrSymbol(c)
		return nil
	case c == '[' && l.isBracketed():
		return l.quoted(Bracketed, l.pos, ']', false)
	}
	return l.symbol(c)
}

func (l *lexer) emit(kind Kind, start, end int) {
	l.out = append(l.out, Token{Kind: kind, Start: start, End: end, Text: l.text[start:end], Depth: len(l.open)})
	l.pos = end
}

// quoted reads up to the closing quote, which is doubled inside, or escaped
// with a backslash where that is allowed.
func (l *lexer) quoted(kind Kind, start int, quote byte, backslash bool) error {
	for i := l.pos + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\\' && backslash:
			i++
		case c == quote && i+1 < len(l.text) && l.text[i+1] == quote:
			i++
		case c == quote:
			if kind != String && i == l.pos+1 {
				return syntaxAt(start, "The quoted name is empty.")
			}
			l.emit(kind, start, i+1)
			return nil
		}
	}
	what := "text"
	if kind != String {
		what = "quoted name"
	}
	return syntaxAt(start, "The "+what+" is not closed.")
}

// dollar reads $1, $name, or a text in dollar quotes.
func (l *lexer) dollar() error {
	start := l.pos
	end := nameEnd(l.text, start+1, false)
	if end < len(l.text) && l.text[end] == '$' && (end == start+1 || !isDigit(l.text[start+1])) {
		tag := l.text[start : end+1]
		closing := strings.Index(l.text[end+1:], tag)
		if closing < 0 {
			return syntaxAt(start, "The text in dollar quotes is not closed.")
		}
		l.emit(String, start, end+1+closing+len(tag))
		return nil
	}
	if end == start+1 {
		return syntaxAt(start, "A parameter needs a number or a name after $.")
	}
	l.emit(Param, start, end)
	return nil
}

func (l *lexer) number() {
	i := l.pos
	for i < len(l.text) {
		c := l.text[i]
		sign := (c == '+' || c == '-') && (l.text[i-1] == 'e' || l.text[i-1] == 'E')
		if !isDigit(c) && c != '.' && c != '_' && !isLetter(c) && !sign {
			break
		}
		i++
	}
	l.emit(Number, l.pos, i)
}

// word reads an identifier, or a text with a prefix such as E'…'.
func (l *lexer) word() error {
	start := l.pos
	end := nameEnd(l.text, start, true)
	if end < len(l.text) && l.text[end] == '\'' {
		switch strings.ToLower(l.text[start:end]) {
		case "e":
			l.pos = end
			return l.quoted(String, start, '\'', true)
		case "b", "x", "n":
			l.pos = end
			return l.quoted(String, start, '\'', false)
		}
	}
	l.emit(Word, start, end)
	return nil
}

// paramOrSymbol reads ?, ?1, :name, @name, or the symbols :: := : @.
func (l *lexer) paramOrSymbol(c byte) {
	start := l.pos
	next := start + 1
	if c == '?' {
		for next < len(l.text) && isDigit(l.text[next]) {
			next++
		}
		l.emit(Param, start, next)
		return
	}
	if c == ':' && next < len(l.text) && (l.text[next] == ':' || l.text[next] == '=') {
		l.emit(Symbol, start, next+1)
		return
	}
	// a[b:c], a[:c], {x:y} and <@ are no parameters.
	inList := len(l.open) > 0 && l.open[len(l.open)-1] != ')' && (l.afterValue() || l.afterSubscript())
	operator := start > 0 && strings.IndexByte("<@&|*%^~!", l.text[start-1]) >= 0
	alias := c == ':' && start > 0 && l.afterName() && l.out[len(l.out)-1].End == start
	if next < len(l.text) && isNameStart(l.text[next]) && !operator && !alias && (c == '@' || !inList) {
		l.emit(Param, start, nameEnd(l.text, next, true))
		return
	}
	l.emit(Symbol, start, next)
}

// symbol reads one character and keeps count of brackets.
func (l *lexer) symbol(c byte) error {
	start := l.pos
	switch c {
	case '(', '[', '{':
		if len(l.open) >= MaxDepth {
			return gwerr.New(gwerr.TooLarge, "The query nests more than 100 levels deep.", "Simplify it.").At(start)
		}
		l.emit(Symbol, start, start+1)
		l.open = append(l.open, map[byte]byte{'(': ')', '[': ']', '{': '}'}[c])
		return nil
	case ')', ']', '}':
		if len(l.open) == 0 || l.open[len(l.open)-1] != c {
			return syntaxAt(start, "There is nothing to close with "+string(c)+".")
		}
		l.open = l.open[:len(l.open)-1]
	}
	_, size := utf8.DecodeRuneInString(l.text[start:])
	l.emit(Symbol, start, start+size)
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isNameStart(c byte) bool { return isLetter(c) || c == '_' || c >= utf8.RuneSelf }

// nameEnd returns the end of the name whose characters start at i.
func nameEnd(text string, i int, dollars bool) int {
	for i < len(text) {
		c := text[i]
		if !isNameStart(c) && !isDigit(c) && (c != '$' || !dollars) {
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if unicode.IsSpace(r) || r == '\uFEFF' {
			break
		}
		i += size
	}
	return i
}
