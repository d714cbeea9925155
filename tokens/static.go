package tokens

import (
	"context"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// Given is a Source that hands out one token got elsewhere. It never asks an
// authorization server.
type Given struct {
	token Token
	now   func() time.Time

	mu       sync.Mutex
	rejected bool
}

var _ Source = (*Given)(nil)

// NewGiven returns a source of token t. A zero Expiry means that the token is
// used until PingOne rejects it.
func NewGiven(t Token) *Given { return &Given{token: t.public(), now: time.Now} }

// Token returns the given token, or UpstreamAuth once it expired or PingOne
// rejected it.
func (g *Given) Token(context.Context) (Token, error) {
	g.mu.Lock()
	rejected := g.rejected
	g.mu.Unlock()
	switch {
	case g.token.IsZero():
		return Token{}, gwerr.New(gwerr.UpstreamAuth, "No access token was given.",
			"Set OAuthAccessToken, or set InitiateOAuth to GETANDREFRESH.")
	case rejected:
		return Token{}, gwerr.New(gwerr.UpstreamAuth, "PingOne rejected the given access token.",
			"Set a new OAuthAccessToken, or set InitiateOAuth to GETANDREFRESH.")
	case !g.token.Expiry.IsZero() && !g.now().Before(g.token.Expiry):
		return Token{}, gwerr.New(gwerr.UpstreamAuth, "The given access token has expired.",
			"Set a new OAuthAccessToken, or set InitiateOAuth to GETANDREFRESH.")
	}
	return g.token, nil
}

// Invalidate remembers that PingOne rejected the token.
func (g *Given) Invalidate(_ context.Context, t Token) {
	if t.Value.Equal(g.token.Value) {
		g.mu.Lock()
		g.rejected = true
		g.mu.Unlock()
	}
}
