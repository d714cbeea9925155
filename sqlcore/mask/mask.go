// Package mask hides the values of a column without hiding the column.
package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Apply returns the masked form of a column; the caller releases it. The type
// stays: where it can't hold a hash or a shape, as a number can't, every value
// becomes null.
func Apply(m catalog.Mask, key []byte, a arrow.Array, t catalog.Type) arrow.Array {
	texts, ok := a.(*array.String)
	if m == catalog.MaskNull || !ok || t == catalog.JSON || t == catalog.GUID && m == catalog.MaskPartial {
		return array.MakeArrayOfNull(memory.DefaultAllocator, a.DataType(), a.Len())
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(a.Len())
	for i := range texts.Len() {
		switch {
		case texts.IsNull(i):
			b.AppendNull()
		case m == catalog.MaskPartial:
			b.Append(Partial(texts.Value(i)))
		case t == catalog.GUID:
			b.Append(HashGUID(key, texts.Value(i)))
		default:
			b.Append(Hash(key, texts.Value(i)))
		}
	}
	return b.NewArray()
}

// Hash gives 32 hexadecimal digits of a keyed hash (HMAC-SHA-256): equal texts
// stay equal, and nobody without the key can try texts out.
func Hash(key []byte, s string) string {
	return hex.EncodeToString(sum(key, s)[:16])
}

// HashGUID is Hash in the form of a UUID (version 8, RFC 9562).
func HashGUID(key []byte, s string) string {
	h := sum(key, s)[:16]
	h[6] = h[6]&0x0f | 0x80
	h[8] = h[8]&0x3f | 0x80
	x := hex.EncodeToString(h)
	return strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-")
}

// Partial keeps the first character and, of an e-mail address, the domain's
// ending; everything between becomes three asterisks whatever its length.
func Partial(s string) string {
	if s == "" {
		return ""
	}
	_, n := utf8.DecodeRuneInString(s)
	end := ""
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		if dot := strings.LastIndexByte(s[at:], '.'); dot > 0 {
			end = "@***" + s[at+dot:]
		}
	}
	return s[:n] + "***" + end
}

func sum(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}
