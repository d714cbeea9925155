package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// verifier proves the credentials of callers who are passed through: an
// application's by getting a token with them, a token by using it.
type verifier struct{ app *app }

// Verify implements passthrough.Verifier.
func (v verifier) Verify(ctx context.Context, u *auth.Upstream) (passthrough.Identity, error) {
	cfg := v.app.config.Connections[v.app.config.DefaultConnection]
	if token, ok := u.AccessToken(); ok {
		return v.useToken(ctx, cfg, u, token)
	}
	// A client id does not tell its environment: each one is asked, which are
	// few and of the configuration.
	var refused error
	for _, environment := range v.environments(cfg) {
		id, err := v.getToken(ctx, at(cfg, environment), u)
		if err == nil {
			v.app.pool.homes.Add(u.PoolKey(), environment)
			return id, nil
		}
		if !gwerr.Is(err, gwerr.UpstreamAuth) {
			return passthrough.Identity{}, err
		}
		refused = err
	}
	return passthrough.Identity{}, auth.Rejected(refused)
}

// environments are those whose applications may sign in.
func (v verifier) environments(cfg *config.Connection) []string {
	if list := v.app.config.Auth.PassThroughEnvironments; len(list) > 0 {
		return list
	}
	return []string{cfg.WorkerAppEnvironmentID}
}

// getToken asks the authorization server itself: a token that somebody else
// left in a cache would prove nothing.
func (v verifier) getToken(ctx context.Context, cfg *config.Connection, u *auth.Upstream) (passthrough.Identity, error) {
	c, err := v.app.keeper.connectCaller(cfg, u)
	if err != nil {
		return passthrough.Identity{}, err
	}
	defer func() { _ = c.Close() }() // it holds nothing but memory
	t, err := c.Client.ClientCredentials(ctx)
	if err != nil {
		return passthrough.Identity{}, err
	}
	id, _, _ := u.Client()
	return passthrough.Identity{Name: id, Until: t.Expiry}, nil
}

// useToken asks PingOne something small with the caller's token. Only then is
// what the token says about itself believed.
func (v verifier) useToken(ctx context.Context, cfg *config.Connection, u *auth.Upstream, token tokens.Secret) (passthrough.Identity, error) {
	conn, err := v.app.pool.callerConnection(ctx, cfg, u)
	if err != nil {
		return passthrough.Identity{}, err
	}
	if _, err := conn.Provider.Names(ctx); err != nil {
		return passthrough.Identity{}, rejectedUpstream(err)
	}
	c, err := claimsOf(token)
	if err != nil {
		return passthrough.Identity{}, auth.Rejected(err)
	}
	// PingOne takes tokens of every organization; only those of ours may in.
	if !slices.ContainsFunc(v.allowed(), func(id string) bool { return strings.EqualFold(id, c.Environment) }) {
		return passthrough.Identity{}, auth.Rejected(errors.New("the token is of another environment"))
	}
	return passthrough.Identity{Name: c.name(), Until: c.Expiry.Time()}, nil
}

// allowed are the environments whose tokens are taken: those configured, or
// those of the connections.
func (v verifier) allowed() []string {
	if list := v.app.config.Auth.PassThroughEnvironments; len(list) > 0 {
		return list
	}
	var out []string
	for _, c := range v.app.config.Connections {
		if c.WorkerAppEnvironmentID != "" {
			out = append(out, c.WorkerAppEnvironmentID)
		}
	}
	return out
}

// tokenClaims are what a PingOne access token says of its owner.
type tokenClaims struct {
	Subject     string          `json:"sub"`
	ClientID    string          `json:"client_id"`
	Environment string          `json:"env"`
	Expiry      jwt.NumericDate `json:"exp"`
}

func (c tokenClaims) name() string {
	if c.Subject != "" {
		return c.Subject
	}
	return c.ClientID
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

// rejectedUpstream makes PingOne's no the caller's.
func rejectedUpstream(err error) error {
	if gwerr.Is(err, gwerr.UpstreamAuth) {
		return auth.Rejected(err)
	}
	return err
}
