package sim

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
)

// cursor is a place in a listing, with all that the listing depends on, so that
// a link needs nothing else. It travels sealed: PingOne's cursors are opaque.
type cursor struct {
	Scope    string `json:"s"` // path of the listing
	Filter   string `json:"f,omitempty"`
	Expand   string `json:"e,omitempty"`
	Index    uint32 `json:"i"`
	Backward bool   `json:"b,omitempty"`
}

// maxCursor bounds what a cursor unpacks to.
const maxCursor = 64 << 10

// macSize is the length of the seal in bytes.
const macSize = 12

// longCursor is the length in bytes from which a cursor is packed: it then holds
// a long filter, and addresses have limits.
const longCursor = 400

// seal writes a cursor as URL-safe text.
func (s *Server) seal(c cursor) string {
	body, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers: cannot fail
	}
	if len(body) >= longCursor {
		var packed bytes.Buffer
		z, _ := flate.NewWriter(&packed, flate.DefaultCompression) // the level is valid
		_, _ = z.Write(body)                                       // a Buffer takes everything
		_ = z.Close()
		body = packed.Bytes()
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(body), body...))
}

// unseal reads a cursor and refuses one that was altered or made for another listing.
func (s *Server) unseal(text, scope string) (cursor, error) {
	var c cursor
	invalid := invalidParameter("cursor", "The cursor is not valid.")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= macSize || !hmac.Equal(raw[:macSize], s.mac(raw[macSize:])) {
		return c, invalid
	}
	body := raw[macSize:]
	if body[0] != '{' {
		if body, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxCursor)); err != nil {
			return c, invalid
		}
	}
	if json.Unmarshal(body, &c) != nil || c.Scope != scope {
		return c, invalid
	}
	return c, nil
}

func (s *Server) mac(packed []byte) []byte {
	h := hmac.New(sha256.New, s.cursorKey)
	_, _ = h.Write(packed) // never fails
	return h.Sum(nil)[:macSize]
}
