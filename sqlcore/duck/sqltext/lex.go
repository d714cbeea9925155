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
	// A token takes several times its text: bounds are held while it is read.
	l := &lexer{text: text, out: make([]Token, 0, min(len(text)/5+8, tokensAhead))}
	b := newBounds()
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
		if err := b.check(l.out, len(l.out)-2); err != nil { // what follows a token counts
			return nil, err
		}
	}
	if len(l.open) > 0 {
		return nil, syntaxAt(len(text), "The query ends where "+string(l.open[len(l.open)-1])+" is missing.")
	}
	return l.out, b.check(l.out, len(l.out)-1)
}

// tokensAhead bounds the tokens for which there is room before they are met.
const tokensAhead = 4096

func checkText(text string) error {
	if len(text) > MaxBytes {
		return gwerr.New(gwerr.TooLarge, "The query is longer than 1 MiB.", "Shorten it, for instance by a join in place of a long list.")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return syntaxAt(i, "The query holds a zero byte.")
	}
	if !utf8.ValidString(text) {
		at := 0
		for r, size := utf8.DecodeRuneInString(text); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRuneInString(text[at:]) {
			at += size
		}
		return syntaxAt(at, "The query is not valid UTF-8.")
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
	case c == '`':
		return l.quoted(Bracketed, l.pos, '`', false)
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

// number reads a number as the engine does: what follows at once is a token of
// its own, as in 1WHEN.
func (l *lexer) number() {
	i := l.pos
	if l.text[i] == '0' && i+2 < len(l.text) && l.text[i+1]|0x20 == 'x' && isHex(l.text[i+2]) {
		l.emit(Number, l.pos, digitsEnd(l.text, i+2, isHex))
		return
	}
	i = digitsEnd(l.text, i, isDigit)
	if i < len(l.text) && l.text[i] == '.' {
		i = digitsEnd(l.text, i+1, isDigit)
	}
	if i < len(l.text) && l.text[i]|0x20 == 'e' {
		power := i + 1
		if power < len(l.text) && (l.text[power] == '+' || l.text[power] == '-') {
			power++
		}
		if end := digitsEnd(l.text, power, isDigit); end > power {
			i = end
		}
	}
	l.emit(Number, l.pos, i)
}

// digitsEnd returns the end of the digits at i, between which single
// underscores may stand.
func digitsEnd(text string, i int, digit func(byte) bool) int {
	for start := i; i < len(text); i++ {
		between := i > start && text[i] == '_' && i+1 < len(text) && digit(text[i+1])
		if !digit(text[i]) && !between {
			break
		}
	}
	return i
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

// closes gives the bracket that closes another.
var closes = [...]byte{'(': ')', '[': ']', '{': '}'}

// symbol reads one character and keeps count of brackets.
func (l *lexer) symbol(c byte) error {
	start := l.pos
	switch c {
	case '(', '[', '{':
		if len(l.open) >= MaxDepth {
			return gwerr.New(gwerr.TooLarge, "The query nests more than 100 levels deep.", "Simplify it.").At(start)
		}
		l.emit(Symbol, start, start+1)
		l.open = append(l.open, closes[c])
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

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

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
