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
	mu    sync.Mutex
	token Token
}

// get returns the token held, or a new one where there is none that is valid.
func (k *credential) get(ctx context.Context, cfg *Config) (Token, error) {
	now := cfg.Clock.Now()
	if t := k.held(now); t != nil {
		return t, nil
	}
	t, err := cfg.Authorizer.Token(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token != nil && k.token.Valid(now) {
		return k.token, nil // another call was faster
	}
	k.token = t
	return t, nil
}

// held is the token held, nil where there is none that is valid.
func (k *credential) held(now time.Time) Token {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token == nil || !k.token.Valid(now) {
		return nil
	}
	return k.token
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

// refusedToken stands for a token that was given up.
type refusedToken struct{ Token }

// Valid implements Token.
func (refusedToken) Valid(time.Time) bool { return false }
