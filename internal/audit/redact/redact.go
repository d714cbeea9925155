// Package redact takes the values out of query texts and leaves their shape:
// names, operators and structure stay, literals become question marks. Where a
// text can't be understood, more is taken out, not less.
package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// dialect says what counts as a literal.
type dialect struct {
	// sql has comments, dollar quotes, escape strings and quoted names; OData
	// has strings in double quotes and GUIDs and dates without quotes.
	sql bool
}

// SQL returns the statement without literals and comments.
func SQL(text string) string { return scan(text, dialect{sql: true}) }

func scan(s string, d dialect) string {
	s = strings.ToValidUTF8(s, "?")
	var b strings.Builder
	previous := rune(0) // the rune before, to tell 2 from Users2
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		n, out := size, s[i:i+size]
		switch {
		case d.sql && (strings.HasPrefix(s[i:], "--") || strings.HasPrefix(s[i:], "/*")):
			n, out = comment(s[i:]), " "
		case r == '\'':
			escapes := d.sql && (previous == 'e' || previous == 'E') && endsInWord(b.String(), 1)
			n, out = quoted(s[i:], '\'', escapes), "?"
		case r == '"' && d.sql:
			n = quoted(s[i:], '"', false)
			out = scanControls(s[i : i+n])
			if n == len(s[i:]) && !strings.HasSuffix(out[1:], `"`) {
				out = "?" // never closed: who knows what it holds
			}
		case r == '"':
			n, out = quotedJSON(s[i:]), "?"
		case d.sql && r == '$' && !isWord(previous):
			n, out = dollar(s[i:])
		case isWord(r) && !isWord(previous):
			n, out = word(s[i:], r, d)
		case unicode.IsControl(r):
			out = " "
		}
		b.WriteString(out)
		i += n
		previous, _ = utf8.DecodeLastRuneInString(s[:i])
	}
	return b.String()
}

// endsInWord reports whether the text ends in a word of exactly n bytes.
func endsInWord(s string, n int) bool {
	if len(s) < n {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:len(s)-n])
	return len(s) == n || !isWord(before)
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// comment returns the length of the comment at the beginning of s.
func comment(s string) int {
	if s[1] == '-' {
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return i + 1
		}
		return len(s)
	}
	// Block comments nest in some engines and don't in others: the longer
	// reading loses less.
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// quoted returns the length of the quoted text at the beginning of s, in which
// a doubled quote stands for one and, with escapes, a backslash covers the next
// byte.
func quoted(s string, quote byte, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] != quote:
		case i+1 < len(s) && s[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(s)
}

func quotedJSON(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// dollar reads $1, which stays, or $tag$ text $tag$, which goes.
func dollar(s string) (n int, out string) {
	end := 1
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		if !isWord(r) {
			break
		}
		end += size
	}
	if end == len(s) || s[end] != '$' {
		return end, s[:end]
	}
	tag := s[:end+1]
	if i := strings.Index(s[len(tag):], tag); i >= 0 {
		return len(tag) + i + len(tag), "?"
	}
	return len(s), "?"
}

// word reads a name, which stays, or a number, GUID or date, which goes.
func word(s string, first rune, d dialect) (n int, out string) {
	if !d.sql {
		if n := guid(s); n > 0 {
			return n, "?"
		}
	}
	if !unicode.IsDigit(first) {
		for n < len(s) {
			r, size := utf8.DecodeRuneInString(s[n:])
			if !isWord(r) {
				break
			}
			n += size
		}
		return n, s[:n]
	}
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if !isWord(r) && r != '.' && (d.sql || !strings.ContainsRune(":+-", r)) {
			break
		}
		n += size
	}
	return n, "?"
}

const guidShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

// guid returns the length of the GUID at the beginning of s, or 0.
func guid(s string) int {
	if len(s) < len(guidShape) {
		return 0
	}
	for i := range len(guidShape) {
		hex := strings.IndexByte("0123456789abcdefABCDEF", s[i]) >= 0
		if (guidShape[i] == 'x') != hex || guidShape[i] == '-' && s[i] != '-' {
			return 0
		}
	}
	return len(guidShape)
}
