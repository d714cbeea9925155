// Package mask replaces a column's values by what a caller may see of them:
// nothing, a keyed hash, or the first character and the shape.
//
// A masked array has the column's own type, so that front ends describe a
// masked column as they describe any other. Where a type has no form that
// hides enough, the values are null.
package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Apply returns arr, a column of type t, under the mask m; key keys the hash.
// The caller owns both arrays. Null stays null. An array that is not in the
// form of t gives nulls, never its values.
func Apply(m catalog.Mask, key []byte, arr arrow.Array, t catalog.Type) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, t.Arrow())
	defer b.Release()
	b.Reserve(arr.Len())
	h := &hasher{mac: hmac.New(sha256.New, key)}
	for i := range arr.Len() {
		if arr.IsNull(i) || !appendMasked(b, m, h, arr, i, t) {
			b.AppendNull()
		}
	}
	return b.NewArray()
}

// appendMasked appends the masked value i; it returns false for null.
func appendMasked(b array.Builder, m catalog.Mask, h *hasher, arr arrow.Array, i int, t catalog.Type) bool {
	switch m {
	case catalog.MaskHash:
		return appendHash(b, h, arr, i, t)
	case catalog.MaskPartial:
		return appendPartial(b, arr, i, t)
	default:
		return false
	}
}

// appendHash hashes text and whole numbers. Other types have too few values:
// equal hashes would tell which is which.
func appendHash(b array.Builder, h *hasher, arr arrow.Array, i int, t catalog.Type) bool {
	switch a := arr.(type) {
	case *array.String:
		return appendText(b, h.text(a.Value(i), t))
	case *array.Int32:
		return into(b, func(b *array.Int32Builder) {
			b.Append(int32(h.number(int64(a.Value(i))) >> 22)) // #nosec G115 -- 31 bits
		})
	case *array.Int64:
		return into(b, func(b *array.Int64Builder) { b.Append(h.number(a.Value(i))) })
	case *array.List:
		return appendList(b, a, i, func(s string) string { return h.text(s, catalog.String) })
	default:
		return false
	}
}

func appendPartial(b array.Builder, arr arrow.Array, i int, t catalog.Type) bool {
	switch a := arr.(type) {
	case *array.String:
		switch t {
		case catalog.String:
			return appendText(b, partial(a.Value(i)))
		case catalog.GUID:
			return appendText(b, partialGUID(a.Value(i)))
		default:
			return false
		}
	case *array.Timestamp:
		at := time.UnixMilli(int64(a.Value(i))).UTC()
		year := time.Date(at.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		return into(b, func(b *array.TimestampBuilder) { b.Append(arrow.Timestamp(year.UnixMilli())) })
	case *array.List:
		return appendList(b, a, i, partial)
	default:
		return false
	}
}

// into appends to a builder of the form that fits; it returns false for
// another, which is one of a column of another type.
func into[B array.Builder](b array.Builder, add func(B)) bool {
	fits, ok := b.(B)
	if ok {
		add(fits)
	}
	return ok
}

func appendText(b array.Builder, s string) bool {
	return into(b, func(b *array.StringBuilder) { b.Append(s) })
}

func appendList(b array.Builder, a *array.List, i int, masked func(string) string) bool {
	values, ok := a.ListValues().(*array.String)
	return ok && into(b, func(b *array.ListBuilder) {
		b.Append(true)
		from, to := a.ValueOffsets(i)
		for j := int(from); j < int(to); j++ {
			if values.IsNull(j) || !appendText(b.ValueBuilder(), masked(values.Value(j))) {
				b.ValueBuilder().AppendNull()
			}
		}
	})
}

// hasher makes keyed hashes. The same value gives the same hash in every
// column, so that masked keys still join.
type hasher struct {
	mac hash.Hash
	sum []byte
}

func (h *hasher) hash(s string) []byte {
	h.mac.Reset()
	_, _ = io.WriteString(h.mac, s)
	h.sum = h.mac.Sum(h.sum[:0])
	return h.sum
}

// text gives 32 hexadecimal digits, for a GUID in the form of a version 8
// UUID (RFC 9562 section 5.8), for JSON in quotes.
func (h *hasher) text(s string, t catalog.Type) string {
	if t != catalog.GUID {
		x := hex.EncodeToString(h.hash(s)[:16])
		if t == catalog.JSON {
			return `"` + x + `"`
		}
		return x
	}
	u := h.hash(strings.ToLower(s))[:16]
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	x := hex.EncodeToString(u)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}

// number gives 53 bits, which every client holds exactly.
func (h *hasher) number(v int64) int64 {
	var in [8]byte
	binary.BigEndian.PutUint64(in[:], uint64(v)) // #nosec G115 -- bits, not a quantity
	h.mac.Reset()
	_, _ = h.mac.Write(in[:])
	h.sum = h.mac.Sum(h.sum[:0])
	return int64(binary.BigEndian.Uint64(h.sum) >> 11) // #nosec G115 -- 53 bits
}

// maxShape bounds the characters of a partial mask: beyond, not even the
// length shows.
const maxShape = 64

// partial keeps the first character and the shape: letters become x, digits 0,
// and ASCII punctuation stays. Of fewer than three characters nothing is kept.
func partial(s string) string {
	var b strings.Builder
	n := 0
	short := len(s) < 12 && len([]rune(s)) < 3
	for _, r := range s {
		if n == maxShape {
			break
		}
		switch {
		case n == 0 && !short:
			b.WriteRune(r)
		case unicode.IsDigit(r):
			b.WriteByte('0')
		case unicode.IsUpper(r):
			b.WriteByte('X')
		case r < unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsControl(r):
			b.WriteRune(r)
		default:
			b.WriteByte('x')
		}
		n++
	}
	return b.String()
}

// partialGUID keeps the first digit, in a text that is still a GUID.
func partialGUID(s string) string {
	const zero = "00000000-0000-0000-0000-000000000000"
	if len(s) != len(zero) {
		return zero
	}
	return s[:1] + zero[1:]
}
