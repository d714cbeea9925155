package policy

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a piece of a condition; at is its byte offset.
type token struct {
	text string
	kind tokenKind
	at   int
}

type tokenKind uint8

const (
	word tokenKind = iota
	quotedName
	quotedText
	number
	sign
)

// is reports whether the token is the keyword.
func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

// name returns the identifier that the token is, or "".
func (t token) name() string {
	switch t.kind {
	case word:
		return t.text
	case quotedName:
		return strings.ReplaceAll(t.text[1:len(t.text)-1], `""`, `"`)
	default:
		return ""
	}
}

// tokenize cuts a condition into tokens. It refuses what could make the
// condition end early or mean more than it shows: comments, semicolons,
// parameters, dollar quotes and escape strings.
func tokenize(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size <= 1 {
			return nil, fmt.Errorf("character %d is not valid UTF-8", i+1)
		}
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' {
			i++
			continue
		}
		t, err := next(s, i, r, size)
		if err != nil {
			return nil, err
		}
		if t.kind == quotedText && len(out) > 0 {
			if p := out[len(out)-1]; p.kind == word && p.at+len(p.text) == t.at {
				return nil, fmt.Errorf("%s'…' at character %d: write the text in plain single quotes", p.text, p.at+1)
			}
		}
		out = append(out, t)
		i += len(t.text)
	}
	return out, nil
}

func next(s string, i int, r rune, size int) (token, error) {
	switch {
	case r == '\'':
		return quoted(s, i, '\'', quotedText)
	case r == '"':
		return quoted(s, i, '"', quotedName)
	case r == '_' || unicode.IsLetter(r):
		return token{s[i : i+run(s[i:], isWord)], word, i}, nil
	case r >= '0' && r <= '9':
		return token{s[i : i+run(s[i:], isNumber)], number, i}, nil
	case strings.HasPrefix(s[i:], "--"), strings.HasPrefix(s[i:], "/*"):
		return token{}, fmt.Errorf("character %d begins a comment; put comments outside of the condition", i+1)
	case strings.ContainsRune(";$?#\\`@{}", r), unicode.IsControl(r):
		return token{}, fmt.Errorf("%q at character %d has no place in a condition", r, i+1)
	default:
		return token{s[i : i+size], sign, i}, nil
	}
}

// quoted reads a text in quotes, in which a doubled quote stands for one.
func quoted(s string, i int, quote byte, kind tokenKind) (token, error) {
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == 0:
			return token{}, fmt.Errorf("character %d is a NUL", j+1)
		case s[j] != quote:
		case j+1 < len(s) && s[j+1] == quote:
			j++
		default:
			return token{s[i : j+1], kind, i}, nil
		}
	}
	return token{}, fmt.Errorf("the quote at character %d is not closed", i+1)
}

func run(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isNumber(r rune) bool { return r == '.' || unicode.IsDigit(r) || r == 'e' || r == 'E' }
