package tokens

import (
	"context"
	"time"
)

// Token is an access token and what is known of it.
type Token struct {
	// Value is the access token.
	Value Secret
	// Refresh is the refresh token that came with it. A Source leaves it
	// empty: it stays with the source that redeems it.
	Refresh Secret
	// IDToken is the OpenID Connect ID token of a login, if one came.
	IDToken Secret
	// Scope is the granted scope, space separated, if the server said it.
	Scope string
	// MintedAt is when the token was asked for, by this host's clock.
	MintedAt time.Time
	// Expiry is when the token ends; zero means never.
	Expiry time.Time
}

// IsZero reports whether there is no access token.
func (t Token) IsZero() bool { return t.Value.IsZero() }

// usable reports whether the token can be used at now, a margin before its
// end kept back.
func (t Token) usable(now time.Time) bool {
	return !t.IsZero() && (t.Expiry.IsZero() || now.Before(t.Expiry.Add(-t.margin())))
}

// margin is how long before its expiry a token is no longer handed out: a
// tenth of its life, at most 30 s, so that it does not end on the way.
func (t Token) margin() time.Duration {
	return max(0, min(30*time.Second, t.Expiry.Sub(t.MintedAt)/10))
}

// public is the token without what only its owner may see.
func (t Token) public() Token {
	t.Refresh, t.IDToken = Secret{}, Secret{}
	return t
}

// Source gives access tokens for one identity. Its methods are safe for
// concurrent use.
type Source interface {
	// Token returns a token that can be used now. It is cheap while the
	// current one lasts. Errors are gwerr errors: UpstreamAuth when the
	// credential was rejected, UpstreamFailed when the authorization server
	// cannot be reached, Busy when another process is refreshing and the
	// caller should come back.
	Token(ctx context.Context) (Token, error)
	// Invalidate says that the API answered 401 to t. It drops t only if it
	// is still the current token, so that a burst of 401s costs one new token.
	Invalidate(ctx context.Context, t Token)
}

// Fetcher asks an authorization server for tokens: one grant. Implementations
// stand in package oauth.
type Fetcher interface {
	// Fetch gets a new token. previous is the newest one known, zero if there
	// is none; a grant that redeems refresh tokens takes it from there.
	Fetch(ctx context.Context, previous Token) (Token, error)
	// Grant is the OAuth grant type, for metrics.
	Grant() string
	// SingleUse reports that Fetch consumes a credential which must not be
	// presented twice, such as a rotating refresh token.
	SingleUse() bool
}
