package odata

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// continuation is the place where a feed goes on: all that a replica needs
// besides the address itself.
type continuation struct {
	// Issued is when the first page was asked for; now() keeps that value.
	Issued time.Time
	// Page is the page size in force.
	Page int64
	// Remaining is what $top leaves, negative without $top.
	Remaining int64
	// Count is the answer to $count=true, negative if it wasn't asked for.
	Count int64
	// Offset rows, or Skip rows behind Cursor, were sent or skipped already.
	Offset, Skip int64
	Cursor       string
}

const (
	tokenVersion = 1
	macBytes     = 16
)

// signer seals continuations. A seal holds for one address and caller.
type signer struct {
	keys     [][]byte // the first one signs, all are accepted
	lifetime time.Duration
}

// seal returns the token of a continuation for the scope.
func (s signer) seal(c continuation, scope string) string {
	body := []byte{tokenVersion}
	body = binary.AppendVarint(body, c.Issued.UnixMicro())
	for _, n := range []int64{c.Page, c.Remaining, c.Count, c.Offset, c.Skip} {
		body = binary.AppendVarint(body, n)
	}
	body = append(body, c.Cursor...)
	return base64.RawURLEncoding.EncodeToString(append(body, mac(s.keys[0], body, scope)...))
}

// open checks and reads a token. The error is gwerr.BadContinuation.
func (s signer) open(token, scope string, now time.Time) (continuation, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < macBytes+1 {
		return continuation{}, badContinuation("The next link is damaged.")
	}
	body, sum := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	if !slices.ContainsFunc(s.keys, func(key []byte) bool { return hmac.Equal(sum, mac(key, body, scope)) }) {
		return continuation{}, badContinuation("The next link was not made for this address and caller.")
	}
	if body[0] != tokenVersion {
		return continuation{}, badContinuation("The next link is of another version of the gateway.")
	}
	c, ok := parseContinuation(body[1:])
	if !ok {
		return continuation{}, badContinuation("The next link is damaged.")
	}
	if now.Sub(c.Issued) > s.lifetime {
		return continuation{}, badContinuation("The next link is too old.")
	}
	return c, nil
}

func parseContinuation(body []byte) (continuation, bool) {
	var n [6]int64
	for i := range n {
		v, size := binary.Varint(body)
		if size <= 0 {
			return continuation{}, false
		}
		n[i], body = v, body[size:]
	}
	return continuation{
		Issued: time.UnixMicro(n[0]).UTC(), Page: n[1], Remaining: n[2], Count: n[3], Offset: n[4], Skip: n[5],
		Cursor: string(body),
	}, true
}

func mac(key, body []byte, scope string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	h.Write([]byte{0})
	h.Write([]byte(scope))
	return h.Sum(nil)[:macBytes]
}

func badContinuation(message string) error {
	return gwerr.New(gwerr.BadContinuation, message, "Read the feed again from its beginning.").On("$skiptoken")
}
