package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
)

// maxBody bounds a request body, in bytes; maxProfile is the documented size of
// a user.
const (
	maxBody    = 256 << 10
	maxProfile = 16 << 10
)

// body reads the members of a JSON object. The first problem stays in err.
type body struct {
	members map[string]json.RawMessage
	path    string // of this object, with a final dot
	size    int
	err     error
}

// readBody reads the JSON object of a call, which must have one of the media types.
func (c *call) readBody(types ...string) (*body, error) {
	b := &body{}
	var err error
	if b.size, err = c.decode(&b.members, types...); err != nil {
		return nil, err
	}
	return b, nil
}

// decode reads the JSON object of a call into a map and gives its size in bytes.
func (c *call) decode(into any, types ...string) (size int, err error) {
	got := c.request.Header.Get("Content-Type")
	name, _, err := mime.ParseMediaType(got)
	if err != nil || !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, name) }) {
		return 0, unsupportedMedia(got)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.request.Body, maxBody))
	if err != nil {
		return 0, invalidRequest(detail{Code: "SIZE_LIMIT_EXCEEDED", Message: "The body is too large or was cut."})
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(into); err != nil || d.More() || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return 0, invalidRequest(detail{Code: "INVALID_VALUE", Message: "The body must be one JSON object."})
	}
	return len(raw), nil
}

func (b *body) fail(err *apiError) {
	if b.err == nil {
		b.err = err
	}
}

// problem is the first problem as an error.
func (b *body) problem() error {
	if b.err == nil {
		return nil
	}
	return b.err
}

// has reports whether a member is there, null included.
func (b *body) has(name string) bool {
	_, ok := b.members[name]
	return ok
}

// value decodes a member; null and absence leave it as it is.
func (b *body) value(name string, into any, want string) {
	raw, ok := b.members[name]
	if !ok || string(raw) == "null" {
		return
	}
	if json.Unmarshal(raw, into) != nil {
		b.fail(invalidValue(b.path+name, "must be "+want))
	}
}

// text reads a string of 1 to most characters; null and absence give "".
func (b *body) text(name string, most int) string {
	var v *string
	b.value(name, &v, "a string")
	if v == nil {
		return ""
	}
	if *v == "" {
		b.fail(invalidData(detail{Code: "EMPTY_VALUE", Target: b.path + name, Message: "must not be empty"}))
	}
	if n := utf8.RuneCountInString(*v); n > most {
		b.fail(invalidData(detail{
			Code: "SIZE_LIMIT_EXCEEDED", Target: b.path + name, Message: "must have at most " + strconv.Itoa(most) + " characters",
			InnerError: &innerError{RangeMaximumValue: &most},
		}))
	}
	return *v
}

// id reads the member id, a UUID.
func (b *body) id() string {
	const name = "id"
	v := b.text(name, 64)
	if v == "" {
		return ""
	}
	id, ok := data.ParseID(v)
	if !ok {
		b.fail(invalidValue(b.path+name, "must be a UUID"))
	}
	return id.String()
}

// bool reads true or false, or gives def.
func (b *body) bool(name string, def bool) bool {
	b.value(name, &def, "true or false")
	return def
}

// child reads an object; null and absence give one without members.
func (b *body) child(name string) *body {
	out := &body{path: b.path + name + "."}
	b.value(name, &out.members, "an object")
	return out
}

// refer reads the id in {"name": {"id": …}}.
func (b *body) refer(name string) string {
	inner := b.child(name)
	id := inner.id()
	if inner.err != nil {
		b.fail(asAPIError(inner.err))
	}
	return id
}

// oneOf refuses text beyond a set; empty text passes.
func (b *body) oneOf(name, v string, allowed ...string) {
	if v != "" && !slices.Contains(allowed, v) {
		b.fail(invalidData(detail{
			Code: "INVALID_VALUE", Target: b.path + name, Message: "is not an allowed value",
			InnerError: &innerError{AllowedValues: allowed},
		}))
	}
}

// constraint refuses what contradicts the state of the directory.
func constraint(target, message string) *apiError {
	return invalidData(detail{Code: "CONSTRAINT_VIOLATION", Target: target, Message: message})
}
