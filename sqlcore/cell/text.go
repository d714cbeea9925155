package cell

import (
	"encoding/binary"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// ones and highs are the lowest and the highest bit of each of eight bytes.
const ones, highs = 0x0101010101010101, 0x8080808080808080

// plain marks the ASCII characters that stand for themselves in JSON strings.
var plain = func() (t [utf8.RuneSelf]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return t
}()

// escapes has bits where one of eight characters isn't plain, perhaps more than one for
// each. A byte below the space or equal to the quote is below '!' with its second bit
// turned; that, and a byte equal to the backslash, borrow the highest bit. A byte above
// '~' has it or gets it.
func escapes(w uint64) uint64 {
	return (w | (w + ones) | ((w ^ 2*ones) - '!'*ones) | ((w ^ '\\'*ones) - ones)) & highs
}

// allPlain reports whether all characters are plain.
func allPlain(b []byte) bool {
	for ; len(b) >= 32; b = b[32:] {
		first, second := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		third, fourth := binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
		if escapes(first)|escapes(second)|escapes(third)|escapes(fourth) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf || !plain[c] {
			return false
		}
	}
	return true
}

// AppendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD, and
// the line separators U+2028 and U+2029 are escaped for readers that take JSON
// for JavaScript.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	return append(appendEscaped(dst, s), '"')
}

// appendEscaped appends the inside of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		// Eight characters at once, as long as all are plain.
		for i+8 <= len(s) {
			b := s[i : i+8]
			w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
				uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
			if escapes(w) != 0 {
				break
			}
			i += 8
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if plain[c] {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
		case r == 0x2028 || r == 0x2029:
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hex[r&0xf])
		default:
			i += size
			continue
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
	}
}
