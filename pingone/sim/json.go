package sim

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// Rows are written by appending to a buffer: lists of a million users leave
// without one intermediate object each.

const hexDigits = "0123456789abcdef"

// appendString adds a JSON string (RFC 8259 section 7).
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, `\ufffd`...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// object writes the members of a JSON object; those without a value are left out.
type object struct {
	dst   []byte
	start int
}

// open starts an object.
func open(dst []byte) object {
	dst = append(dst, '{')
	return object{dst, len(dst)}
}

// key starts a member with a key of the API's own, which needs no escapes.
func (o *object) key(k string) {
	if len(o.dst) > o.start {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(o.dst, '"')
	o.dst = append(o.dst, k...)
	o.dst = append(o.dst, '"', ':')
}

// foreignKey starts a member with any key.
func (o *object) foreignKey(k string) {
	if len(o.dst) > o.start {
		o.dst = append(o.dst, ',')
	}
	o.dst = append(appendString(o.dst, k), ':')
}

func (o *object) text(k, v string) {
	if v != "" {
		o.key(k)
		o.dst = appendString(o.dst, v)
	}
}

func (o *object) bool(k string, v bool) {
	o.key(k)
	o.dst = strconv.AppendBool(o.dst, v)
}

func (o *object) int(k string, v int) {
	o.key(k)
	o.dst = strconv.AppendInt(o.dst, int64(v), 10)
}

// id adds the member id.
func (o *object) id(id data.ID) {
	o.key("id")
	o.dst = append(o.dst, '"')
	o.dst = id.Append(o.dst)
	o.dst = append(o.dst, '"')
}

// ref adds {"id": …} under a key.
func (o *object) ref(k string, id data.ID) {
	inner := o.child(k)
	inner.id(id)
	o.end(inner)
}

// time adds an instant given in Unix milliseconds; 0 has none.
func (o *object) time(k string, ms int64) {
	if ms == 0 {
		return
	}
	o.key(k)
	o.dst = append(o.dst, '"')
	o.dst = time.UnixMilli(ms).UTC().AppendFormat(o.dst, "2006-01-02T15:04:05.000Z")
	o.dst = append(o.dst, '"')
}

func appendTexts(dst []byte, vs []string) []byte {
	dst = append(dst, '[')
	for i, v := range vs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, v)
	}
	return append(dst, ']')
}

// link adds {"href": …} under a key; the address is given in parts, which hold
// nothing that JSON escapes.
func (o *object) link(k string, parts ...string) {
	o.key(k)
	o.dst = append(o.dst, `{"href":"`...)
	for _, p := range parts {
		o.dst = append(o.dst, p...)
	}
	o.dst = append(o.dst, `"}`...)
}

// child starts an object under a key; end closes it again.
func (o *object) child(k string) object {
	o.key(k)
	return open(o.dst)
}

func (o *object) end(child object) { o.dst = child.close() }

// close ends the object.
func (o *object) close() []byte { return append(o.dst, '}') }
