package scim

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is a filter that cannot be parsed.
type Error struct {
	Pos     int    // byte offset in the filter text
	Message string // one sentence without the position
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s (at position %d)", e.Message, e.Pos+1)
}

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenString
	tokenPunct // ( ) [ ]
)

type token struct {
	kind tokenKind
	text string
	pos  int
}

// is reports whether the token is the keyword, in either case.
func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

func (t token) punct(c string) bool { return t.kind == tokenPunct && t.text == c }

type lexer struct {
	src string
	pos int
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && isBlank(l.src[l.pos]) {
		l.pos++
	}
	if l.pos == len(l.src) {
		return token{kind: tokenEnd, pos: l.pos}, nil
	}
	start := l.pos
	switch c := l.src[l.pos]; c {
	case '(', ')', '[', ']':
		l.pos++
		return token{kind: tokenPunct, text: l.src[start:l.pos], pos: start}, nil
	case '"':
		return l.quoted()
	}
	for l.pos < len(l.src) && !isDelimiter(l.src[l.pos]) {
		l.pos++
	}
	return token{kind: tokenWord, text: l.src[start:l.pos], pos: start}, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isDelimiter(c byte) bool {
	return isBlank(c) || c == '(' || c == ')' || c == '[' || c == ']' || c == '"'
}

// quoted reads a JSON string.
func (l *lexer) quoted() (token, error) {
	start := l.pos
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; c {
		case '"':
			l.pos++
			return token{kind: tokenString, text: b.String(), pos: start}, nil
		case '\\':
			if err := l.escape(&b); err != nil {
				return token{}, err
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return token{}, &Error{Pos: start, Message: "The string is not closed."}
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one backslash sequence.
func (l *lexer) escape(b *strings.Builder) error {
	rest := l.src[l.pos+1:]
	if rest == "" {
		return &Error{Pos: l.pos, Message: "The string ends in a backslash."}
	}
	if c, ok := escapes[rest[0]]; ok {
		b.WriteByte(c)
		l.pos += 2
		return nil
	}
	if rest[0] == 'u' && len(rest) >= 5 {
		if n, err := strconv.ParseUint(rest[1:5], 16, 16); err == nil {
			b.WriteRune(decodeUnit(rune(n)))
			l.pos += 6
			return nil
		}
	}
	return &Error{Pos: l.pos, Message: "The escape sequence is not known."}
}

// decodeUnit maps lone surrogates, which are no characters, to U+FFFD.
func decodeUnit(r rune) rune {
	if !utf8.ValidRune(r) {
		return utf8.RuneError
	}
	return r
}
