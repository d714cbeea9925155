package encode

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Key gives a key value as it stands in an address: a string in quotes, the
// rest bare, percent-encoded.
func Key(t catalog.Type, v predicate.Value) string {
	switch t {
	case catalog.String, catalog.JSON:
		return quotedKey(v.Str)
	default:
		return pathEscape(v.Text())
	}
}

func quotedKey(s string) string {
	return pathEscape("'" + strings.ReplaceAll(s, "'", "''") + "'")
}

// appendKey appends a cell as it stands in an address.
func appendKey(dst []byte, t catalog.Type, c *cell.Column, row int) []byte {
	switch {
	case c.Null(row):
		return append(dst, "null"...)
	case t == catalog.String || t == catalog.JSON:
		return append(dst, quotedKey(c.Text(row))...)
	default:
		return append(dst, pathEscape(c.Text(row))...)
	}
}

// unreserved are the characters that stand for themselves in a path; of the
// sub-delimiters, those that keys are written with are kept.
var unreserved = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'(),=/:@") {
		t[c] = true
	}
	return t
}()

// pathEscape percent-encodes s for a path. A slash in a key is encoded too,
// but one that leads a further segment is not.
func pathEscape(s string) string {
	clean := true
	for i := range len(s) {
		if !unreserved[s[i]] || s[i] == '/' && i > 0 {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	out := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		c := s[i]
		if unreserved[c] && (c != '/' || i == 0) {
			out = append(out, c)
			continue
		}
		out = append(out, '%', upperHex[c>>4], upperHex[c&0xf])
	}
	return string(out)
}

const upperHex = "0123456789ABCDEF"
