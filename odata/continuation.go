package odata

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/reading"
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
	// InRows says that the rows tell it, so that the engine gives them.
	InRows bool
	// Tracked says that the last page has a delta link.
	Tracked bool
	// Place is where the reading goes on.
	Place reading.Place
}

const (
	tokenVersion = 5
	macBytes     = 16

	inRowsFlag, trackedFlag = 1, 2
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
	p := c.Place
	flags := int64(0)
	if c.InRows {
		flags |= inRowsFlag
	}
	if c.Tracked {
		flags |= trackedFlag
	}
	for _, n := range []int64{c.Page, c.Remaining, c.Count, flags, p.Position, p.Behind, int64(len(p.Keys))} {
		body = binary.AppendVarint(body, n)
	}
	for _, k := range p.Keys {
		body = binary.LittleEndian.AppendUint64(body, k)
	}
	for _, text := range []string{p.ID, p.Path, p.Cursor} {
		body = append(binary.AppendVarint(body, int64(len(text))), text...)
	}
	return s.sign(body, scope)
}

// sign makes a token of a body.
func (s signer) sign(body []byte, scope string) string {
	return base64.RawURLEncoding.EncodeToString(append(body, mac(s.keys[0], body, scope)...))
}

// signed gives the body of a token, nil if it is damaged; ok is false where it was not
// signed for the scope.
func (s signer) signed(token, scope string) (body []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < macBytes+1 {
		return nil, false
	}
	body, sum := raw[:len(raw)-macBytes], raw[len(raw)-macBytes:]
	return body, slices.ContainsFunc(s.keys, func(key []byte) bool { return hmac.Equal(sum, mac(key, body, scope)) })
}

// open checks and reads a token. The error is gwerr.BadContinuation.
func (s signer) open(token, scope string, now time.Time) (continuation, error) {
	body, ok := s.signed(token, scope)
	switch {
	case body == nil:
		return continuation{}, badContinuation("The next link is damaged.")
	case !ok:
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

// parseContinuation reads what seal has written: the body is signed, so what is
// wrong with it can only be an error of ours.
func parseContinuation(body []byte) (c continuation, ok bool) {
	r := &tokenReader{rest: body}
	c.Issued = time.UnixMicro(r.number()).UTC()
	c.Page, c.Remaining, c.Count = r.number(), r.number(), r.number()
	flags := r.number()
	c.InRows, c.Tracked = flags&inRowsFlag != 0, flags&trackedFlag != 0
	c.Place.Position, c.Place.Behind = r.number(), r.number()
	for n := r.number(); n > 0 && !r.failed; n-- {
		if b := r.take(8); b != nil {
			c.Place.Keys = append(c.Place.Keys, binary.LittleEndian.Uint64(b))
		}
	}
	c.Place.ID, c.Place.Path, c.Place.Cursor = r.text(), r.text(), r.text()
	return c, !r.failed
}

// tokenReader reads a token's body. After a failure it gives zero values.
type tokenReader struct {
	rest   []byte
	failed bool
}

func (r *tokenReader) number() int64 {
	n, size := binary.Varint(r.rest)
	if r.failed = r.failed || size <= 0; r.failed {
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// take gives the next n bytes, nil if there are fewer.
func (r *tokenReader) take(n int64) []byte {
	if r.failed = r.failed || n < 0 || n > int64(len(r.rest)); r.failed {
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *tokenReader) text() string { return string(r.take(r.number())) }

func mac(key, body []byte, scope string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(binary.AppendUvarint(nil, uint64(len(body))))
	h.Write(body)
	h.Write([]byte(scope))
	return h.Sum(nil)[:macBytes]
}

func badContinuation(message string) error {
	return gwerr.New(gwerr.BadContinuation, message, "Read the feed again from its beginning.").On("$skiptoken")
}
