package pingone

import (
	"context"
	"sync"
	"time"
)

// credential is the token that the calls of one walk share. A cursor may be
// good only with the token that it was given to, so a walk keeps its token
// until that expires or is refused. The zero value is ready; its methods are
// safe for concurrent use.
type credential struct {
	mu      sync.Mutex
	token   Token
	renewed int
}

// get returns the token held, or a new one where there is none that is valid.
func (k *credential) get(ctx context.Context, cfg *Config) (Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token != nil && k.token.Valid(cfg.Clock.Now()) {
		return k.token, nil
	}
	t, err := cfg.Authorizer.Token(ctx)
	if err != nil {
		return nil, err
	}
	if k.token != nil {
		k.renewed++
	}
	k.token = t
	return t, nil
}

// refuse gives up a token to which the API answered 401, unless another call
// did so before.
func (k *credential) refuse(ctx context.Context, t Token) {
	t.Refused(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token == t {
		k.token = refusedToken{}
	}
}

// changed counts the tokens after the first: where it has grown, a cursor that
// was got before may be refused.
func (k *credential) changed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.renewed
}

// refusedToken stands for a token that was given up.
type refusedToken struct{ Token }

// Valid implements Token.
func (refusedToken) Valid(time.Time) bool { return false }
