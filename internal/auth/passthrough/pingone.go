package passthrough

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// PingOne is the Verifier that asks PingOne: an application's credentials are
// proved by getting a token with them, a token by using it.
type PingOne struct {
	// Clients are the environments whose applications may sign in, Tokens those
	// whose tokens are taken.
	Clients, Tokens []string
	// Get asks the authorization server of an environment for a token and
	// returns the token's end. It asks the server itself: a token that somebody
	// else left in a cache would prove nothing.
	Get func(ctx context.Context, environment string, u *auth.Upstream) (until time.Time, err error)
	// Use asks PingOne something small with the caller's token.
	Use func(ctx context.Context, u *auth.Upstream) error
	// Home is told the environment of an application that was let in.
	Home func(u *auth.Upstream, environment string)
}

// Verify implements Verifier.
func (p *PingOne) Verify(ctx context.Context, u *auth.Upstream) (Identity, error) {
	if token, ok := u.AccessToken(); ok {
		return p.useToken(ctx, u, token)
	}
	// A client id does not tell its environment: each one is asked, which are
	// few and of the configuration.
	var refused error
	for _, environment := range p.Clients {
		until, err := p.Get(ctx, environment, u)
		if err == nil {
			p.Home(u, environment)
			id, _, _ := u.Client()
			return Identity{Name: id, Until: until}, nil
		}
		if !gwerr.Is(err, gwerr.UpstreamAuth) {
			return Identity{}, err
		}
		refused = err
	}
	return Identity{}, auth.Rejected(refused)
}

// useToken believes what a token says about itself only after PingOne took it.
func (p *PingOne) useToken(ctx context.Context, u *auth.Upstream, token tokens.Secret) (Identity, error) {
	if err := p.Use(ctx, u); err != nil {
		if gwerr.Is(err, gwerr.UpstreamAuth) {
			err = auth.Rejected(err)
		}
		return Identity{}, err
	}
	c, err := claimsOf(token)
	if err != nil {
		return Identity{}, auth.Rejected(err)
	}
	// PingOne takes tokens of every organization; only those of ours may in.
	if !slices.ContainsFunc(p.Tokens, func(id string) bool { return strings.EqualFold(id, c.Environment) }) {
		return Identity{}, auth.Rejected(errors.New("the token is of another environment"))
	}
	return Identity{Name: cmp.Or(c.Subject, c.ClientID), Until: c.Expiry.Time()}, nil
}

// tokenClaims are what a PingOne access token says of its owner.
type tokenClaims struct {
	Subject     string          `json:"sub"`
	ClientID    string          `json:"client_id"`
	Environment string          `json:"env"`
	Expiry      jwt.NumericDate `json:"exp"`
}

// claimsOf reads a PingOne token (a JWT) that PingOne itself has just
// accepted.
func claimsOf(token tokens.Secret) (c tokenClaims, err error) {
	parsed, err := jwt.ParseSigned(token.Reveal(), []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256})
	if err != nil {
		return c, err
	}
	err = parsed.UnsafeClaimsWithoutVerification(&c)
	if c.Expiry.Time().Before(time.Unix(1, 0)) && err == nil {
		err = errors.New("the token has no end")
	}
	return c, err
}
