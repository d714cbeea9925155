package oauth

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// Grant types on the wire.
const (
	grantClient  = "client_credentials"
	grantRefresh = "refresh_token"
	grantCode    = "authorization_code"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

// ClientCredentials gets a token for the application itself (RFC 6749 section
// 4.4). Worker applications need no scope.
func (c *Client) ClientCredentials(ctx context.Context, scopes ...string) (tokens.Token, error) {
	return c.token(ctx, withScope(url.Values{"grant_type": {grantClient}}, scopes))
}

// Refresh redeems a refresh token (RFC 6749 section 6). The answer's Refresh
// is the next one if the server rotates, else empty.
func (c *Client) Refresh(ctx context.Context, refresh tokens.Secret) (tokens.Token, error) {
	return c.token(ctx, url.Values{"grant_type": {grantRefresh}, "refresh_token": {refresh.Reveal()}})
}

// Exchange redeems an authorization code with the verifier of its PKCE
// challenge (RFC 7636).
func (c *Client) Exchange(ctx context.Context, code, verifier, redirectURL string) (tokens.Token, error) {
	return c.token(ctx, url.Values{
		"grant_type": {grantCode}, "code": {code}, "code_verifier": {verifier}, "redirect_uri": {redirectURL},
	})
}

// Revoke tells the server that a token is no longer needed (RFC 7009).
func (c *Client) Revoke(ctx context.Context, token tokens.Secret) error {
	status, header, _, err := c.post(ctx, c.endpoints.Revoke, url.Values{"token": {token.Reveal()}})
	if err == nil && status >= 300 {
		err = c.refusal("revocation", status, header, "")
	}
	return err
}

func withScope(form url.Values, scopes []string) url.Values {
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return form
}

// clientFetcher is the client credentials grant.
type clientFetcher struct {
	c      *Client
	scopes []string
}

// NewClientCredentials returns the client credentials grant as a Fetcher.
func NewClientCredentials(c *Client, scopes ...string) tokens.Fetcher {
	return clientFetcher{c, scopes}
}

func (f clientFetcher) Fetch(ctx context.Context, _ tokens.Token) (tokens.Token, error) {
	return f.c.ClientCredentials(ctx, f.scopes...)
}
func (clientFetcher) Grant() string   { return grantClient }
func (clientFetcher) SingleUse() bool { return false }

// refreshFetcher is the refresh token grant.
type refreshFetcher struct {
	c       *Client
	initial tokens.Secret
}

// NewRefresh returns the refresh token grant as a Fetcher. initial starts the
// chain where no token is known yet; it may be empty if a login brings one.
func NewRefresh(c *Client, initial tokens.Secret) tokens.Fetcher { return refreshFetcher{c, initial} }

func (f refreshFetcher) Fetch(ctx context.Context, previous tokens.Token) (tokens.Token, error) {
	refresh := previous.Refresh
	if previous.IsZero() && refresh.IsZero() {
		refresh = f.initial // later it is spent
	}
	if refresh.IsZero() {
		return tokens.Token{}, gwerr.New(gwerr.UpstreamAuth, "Nobody has signed in to this connection.",
			"Run: gateway login, or open /oauth/login, or set OAuthRefreshToken.")
	}
	return f.c.Refresh(ctx, refresh)
}
func (refreshFetcher) Grant() string   { return grantRefresh }
func (refreshFetcher) SingleUse() bool { return true }

// seeded is a Fetcher that starts from a given token.
type seeded struct {
	tokens.Fetcher
	seed tokens.Token
}

// Seeded returns a Fetcher that first hands out seed, while it lasts, and then
// goes on with f.
func Seeded(f tokens.Fetcher, seed tokens.Token) tokens.Fetcher {
	if seed.IsZero() {
		return f
	}
	return seeded{f, seed}
}

func (s seeded) Fetch(ctx context.Context, previous tokens.Token) (tokens.Token, error) {
	if previous.IsZero() && time.Now().Before(s.seed.Expiry) {
		return s.seed, nil
	}
	return s.Fetcher.Fetch(ctx, previous)
}
