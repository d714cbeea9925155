package uri

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isHex(b byte) bool {
	return isDigit(b) || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// isNameStart and isNamePart follow odataIdentifier: letters and `_`, then
// also digits, marks, connectors and format characters.
func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.In(r, unicode.L, unicode.Nl)
}

func isNamePart(r rune) bool {
	if r < utf8.RuneSelf {
		return isNameStart(r) || '0' <= r && r <= '9'
	}
	return unicode.In(r, unicode.L, unicode.Nl, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Cf)
}

// nameEnd returns the end of the identifier that starts at i, or i if there
// is none.
func nameEnd(s string, i int) int {
	start := i
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size <= 1 || !isNamePart(r) || i == start && !isNameStart(r) {
			break
		}
		i += size
	}
	return i
}

// continuesName reports whether an identifier character is at i: a literal
// or an operator that would end at i then has not ended.
func continuesName(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return isNamePart(r)
}

// guidEnd returns the end of the guid that starts at i, or i.
func guidEnd(s string, i int) int {
	const length = 36
	if i+length > len(s) {
		return i
	}
	for k := range length {
		b := s[i+k]
		switch k {
		case 8, 13, 18, 23:
			if b != '-' {
				return i
			}
		default:
			if !isHex(b) {
				return i
			}
		}
	}
	if continuesName(s, i+length) {
		return i
	}
	return i + length
}

// quoteEnd returns the position after the single-quoted string that starts
// at i, and whether it is closed. Two quotes stand for one.
func quoteEnd(s string, i int) (end int, closed bool) {
	for i++; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return i + 1, true
	}
	return i, false
}

// jsonStringEnd returns the position after the double-quoted string that
// starts at i, and whether it is closed.
func jsonStringEnd(s string, i int) (end int, closed bool) {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1, true
		}
	}
	return len(s), false
}

func unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.Contains(s, "''") {
		s = strings.ReplaceAll(s, "''", "'")
	}
	return s
}

func upperASCII(s string) string {
	for i := range len(s) {
		if 'a' <= s[i] && s[i] <= 'z' {
			return strings.ToUpper(s)
		}
	}
	return s
}

// balancedEnd returns the position of the bracket that closes the one at i,
// with quotes and other brackets respected, or -1.
func balancedEnd(s string, i int) int {
	var open []byte
	for ; i < len(s); i++ {
		switch c := s[i]; c {
		case '(':
			open = append(open, ')')
		case '[':
			open = append(open, ']')
		case '{':
			open = append(open, '}')
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != c {
				return -1
			}
			open = open[:len(open)-1]
			if len(open) == 0 {
				return i
			}
		case '\'', '"':
			end, closed := quoteEnd(s, i)
			if c == '"' {
				end, closed = jsonStringEnd(s, i)
			}
			if !closed {
				return -1
			}
			i = end - 1
		}
	}
	return -1
}
