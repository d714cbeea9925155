package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
)

// cursor is a place in a listing, with all that the listing depends on, so that
// a link needs nothing else. It travels sealed: PingOne's cursors are opaque.
type cursor struct {
	Scope    string `json:"s"` // path of the listing
	Filter   string `json:"f,omitempty"`
	Expand   string `json:"e,omitempty"`
	Order    string `json:"r,omitempty"`
	Index    uint32 `json:"i"` // before this row, or offset
	Backward bool   `json:"b,omitempty"`

	// What the switches add.
	Offset bool   `json:"o,omitempty"` // Index is an offset into the result
	Hop    int    `json:"h,omitempty"` // what empty pages have to do with it
	Loop   int    `json:"l,omitempty"` // 1 or 2: one of two pages that lead to each other
	Other  uint32 `json:"p,omitempty"` // Index of the other one
	Made   int64  `json:"m,omitempty"` // Unix milliseconds
	Call   int64  `json:"n,omitempty"` // number of the call that made it
	Token  string `json:"t,omitempty"` // hash of its access token
}

// maxCursor bounds what a cursor unpacks to.
const maxCursor = 64 << 10

// macSize is the length of the seal in bytes.
const macSize = 12

// longCursor is the length in bytes from which a cursor is packed: it then holds
// a long filter, and addresses have limits.
const longCursor = 400

// seal writes a cursor as URL-safe text, with what it is bound to.
func (s *Server) seal(c *call, at cursor) string {
	at.Made, at.Call, at.Token = 0, 0, ""
	if c.mood.of("cursor-ttl").on {
		at.Made = c.now.UnixMilli()
	}
	if c.mood.of("cursor-calls").on {
		at.Call = c.number
	}
	if c.mood.of("cursor-token").on {
		at.Token = c.tokenHash()
	}
	body, err := json.Marshal(at)
	if err != nil {
		panic(err) // strings and numbers: cannot fail
	}
	if len(body) >= longCursor {
		var packed bytes.Buffer
		_ = flate.StatelessDeflate(&packed, body, true, nil) // a Buffer takes everything
		body = packed.Bytes()
	}
	return base64.RawURLEncoding.EncodeToString(append(s.mac(body), body...))
}

// unseal reads a cursor and refuses one that was altered, made for another
// listing, or is no longer good.
func (s *Server) unseal(text string, by *call) (cursor, error) {
	var c cursor
	invalid := refusedCursor("The cursor is not valid.")
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
	if json.Unmarshal(body, &c) != nil || c.Scope != by.request.URL.Path {
		return c, invalid
	}
	ttl, calls := by.mood.of("cursor-ttl"), by.mood.of("cursor-calls")
	switch {
	case ttl.on && c.Made > 0 && by.now.Sub(time.UnixMilli(c.Made)) >= ttl.span, calls.on && c.Call > 0 && by.number-c.Call > int64(calls.most):
		return c, refusedCursor("The cursor has expired.")
	case by.mood.of("cursor-token").on && c.Token != "" && c.Token != by.tokenHash():
		return c, refusedCursor("The cursor belongs to another access token.")
	}
	return c, nil
}

// tokenHash tells access tokens apart.
func (c *call) tokenHash() string {
	sum := sha256.Sum256([]byte(c.request.Header.Get("Authorization")))
	return hex.EncodeToString(sum[:6])
}

func (s *Server) mac(packed []byte) []byte {
	h := hmac.New(sha256.New, s.cursorKey)
	_, _ = h.Write(packed) // never fails
	return h.Sum(nil)[:macSize]
}
