package pingone

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// The functions here read where the values of JSON text begin and end, and no more
// of them: most bytes of a page belong to members that no column wants. Of such a
// member they find no fault but that it doesn't end. What a column wants is read,
// and checked, by jx.

// maxNesting bounds the levels of what is left out, as jx bounds those that it reads.
const maxNesting = 10_000

// eachMember reads a member's value at a place of the text, and gives the place
// behind it.
type eachMember func(b, name []byte, at int) (int, error)

// traverseObject reads the object at a place and gives the place behind it.
func traverseObject(b []byte, at int, each eachMember) (int, error) {
	at, last, err := open(b, at, '{', '}')
	for err == nil && !last {
		name, end, plain := plainText(b, at)
		if !plain {
			if end, err = textEnd(b, at); err != nil {
				break
			}
			if name = b[at+1 : end-1]; bytes.IndexByte(name, '\\') >= 0 {
				if name, err = jx.DecodeBytes(b[at:end]).StrBytes(); err != nil {
					break
				}
			}
		}
		if at = behindSpace(b, end); at >= len(b) || b[at] != ':' {
			return 0, unexpected(b, at)
		}
		if at, err = each(b, name, behindSpace(b, at+1)); err == nil {
			at, last, err = next(b, at, '}')
		}
	}
	return at, err
}

// traverseArray reads the array at a place and gives the place behind it.
func traverseArray(b []byte, at int, each func(b []byte, at int) (int, error)) (int, error) {
	at, last, err := open(b, at, '[', ']')
	for err == nil && !last {
		if at, err = each(b, at); err == nil {
			at, last, err = next(b, at, ']')
		}
	}
	return at, err
}

// open gives the place of the first item between brackets, or behind them where
// there is none.
func open(b []byte, at int, begin, end byte) (int, bool, error) {
	if at >= len(b) || b[at] != begin {
		return 0, false, unexpected(b, at)
	}
	at = behindSpace(b, at+1)
	if at < len(b) && b[at] == end {
		return at + 1, true, nil
	}
	return at, false, nil
}

// next gives the place of the next item, or behind the bracket that ends them.
func next(b []byte, at int, end byte) (int, bool, error) {
	at = behindSpace(b, at)
	switch {
	case at < len(b) && b[at] == ',':
		return behindSpace(b, at+1), false, nil
	case at < len(b) && b[at] == end:
		return at + 1, true, nil
	default:
		return 0, false, unexpected(b, at)
	}
}

// behindValue gives the place behind the value at a place.
func behindValue(b []byte, at int) (int, error) {
	depth := 0
	for at < len(b) {
		switch c := b[at]; {
		case c == '"':
			end, err := textEnd(b, at)
			if err != nil {
				return 0, err
			}
			at = end
		case c == '{', c == '[':
			if depth++; depth > maxNesting {
				return 0, unexpected(b, at)
			}
			at++
		case depth == 0:
			return wordEnd(b, at)
		case c == '}', c == ']':
			depth--
			at++
		default:
			at++
		}
		if depth == 0 {
			return at, nil
		}
	}
	return 0, io.ErrUnexpectedEOF
}

// ones and highs are the lowest and the highest bit of each of eight bytes.
const ones, highs = 0x0101010101010101, 0x8080808080808080

// plainText gives a text of ASCII characters without escapes, as nearly all are, and
// the place behind it; ok is false for any other value.
func plainText(b []byte, at int) (text []byte, end int, ok bool) {
	if !is(b, at, '"') {
		return nil, 0, false
	}
	end = at + 1
	for end+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[end:])
		quote, slash := w^'"'*ones, w^'\\'*ones
		// The lowest of these bits is that of the first byte that is not plain: below
		// the space, beyond ASCII, a quote or a backslash.
		if odd := (w | (w - ' '*ones) | (quote-ones)&^quote | (slash-ones)&^slash) & highs; odd != 0 {
			end += bits.TrailingZeros64(odd) / 8
			break
		}
		end += 8
	}
	for end < len(b) && b[end] >= ' ' && b[end] < utf8.RuneSelf && b[end] != '"' && b[end] != '\\' {
		end++
	}
	if !is(b, end, '"') {
		return nil, 0, false
	}
	return b[at+1 : end], end + 1, true
}

// textEnd gives the place behind the text at a place.
func textEnd(b []byte, at int) (int, error) {
	if at >= len(b) || b[at] != '"' {
		return 0, unexpected(b, at)
	}
	for end := at; ; {
		n := bytes.IndexByte(b[end+1:], '"')
		if n < 0 {
			return 0, io.ErrUnexpectedEOF
		}
		end += n + 1
		escapes := 0
		for b[end-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end + 1, nil
		}
	}
}

// wordEnd gives the place behind the number, or the name of a value, at a place.
func wordEnd(b []byte, at int) (int, error) {
	end := at
	for end < len(b) && b[end] != ',' && b[end] != '}' && b[end] != ']' && !isSpace(b[end]) {
		end++
	}
	switch word := b[at:end]; string(word) {
	case "true", "false", "null":
		return end, nil
	default:
		if len(word) > 0 && (word[0] == '-' || word[0] >= '0' && word[0] <= '9') {
			return end, nil
		}
		return 0, unexpected(b, at)
	}
}

func behindSpace(b []byte, at int) int {
	for at < len(b) && isSpace(b[at]) {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// unexpected is the error of a place where something else should stand. The text
// there may be a person's.
func unexpected(b []byte, at int) error {
	if at >= len(b) {
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("the JSON text is not valid at byte %d", at)
}
