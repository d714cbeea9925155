package tokens

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/pingone-gateway/gateway/tokens/seal"
)

// entry is a token with its place in the chain of tokens of one identity.
type entry struct {
	Token
	// generation grows with every token of the chain; it tells an older token
	// from a newer one whatever the hosts' clocks say.
	generation int64
}

// next is the generation that follows e, in microseconds of the clock unless
// the clock stands back.
func (e entry) next(now time.Time) int64 { return max(e.generation+1, now.UnixMicro()) }

// record is what a store keeps, sealed.
type record struct {
	Access     string `json:"a"`
	Refresh    string `json:"r,omitempty"`
	Scope      string `json:"s,omitempty"`
	MintedAt   int64  `json:"m"`           // Unix milliseconds
	Expiry     int64  `json:"e,omitempty"` // Unix milliseconds, 0 = never
	Generation int64  `json:"g"`
	// Unsettled marks a refresh token that somebody may be redeeming just now,
	// or that was put back from a memory which may be behind: a random id of
	// the moment. See Cached.settled.
	Unsettled string `json:"u,omitempty"`
}

func (r record) entry() entry {
	e := entry{generation: r.Generation, Token: Token{
		Value: NewSecret(r.Access), Refresh: NewSecret(r.Refresh), Scope: r.Scope,
		MintedAt: time.UnixMilli(r.MintedAt),
	}}
	if r.Expiry != 0 {
		e.Expiry = time.UnixMilli(r.Expiry)
	}
	return e
}

func recordOf(e entry, unsettled string) record {
	r := record{
		Access: e.Value.Reveal(), Refresh: e.Refresh.Reveal(), Scope: e.Scope,
		MintedAt: e.MintedAt.UnixMilli(), Generation: e.generation, Unsettled: unsettled,
	}
	if !e.Expiry.IsZero() {
		r.Expiry = e.Expiry.UnixMilli()
	}
	return r
}

// sealRecord and openRecord turn records into what a store keeps and back.
func sealRecord(ring *seal.Ring, name string, r record) ([]byte, error) {
	plain, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return ring.Seal(name, plain), nil
}

// openRecord also says whether the value should be sealed anew because its
// key is no longer the ring's first. Errors are those of seal.Ring.Open.
func openRecord(ring *seal.Ring, name string, value []byte) (r record, outdated bool, err error) {
	plain, keyID, err := ring.Open(name, value)
	if err != nil {
		return record{}, false, err
	}
	if err := json.Unmarshal(plain, &r); err != nil {
		return record{}, false, errors.Join(seal.ErrCorrupt, err)
	}
	return r, keyID != ring.Current(), nil
}
