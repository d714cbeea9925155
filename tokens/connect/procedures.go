package connect

import (
	"context"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

// Grant is what the OAuth procedures return. Its secrets are revealed only to
// write them into the procedure's result.
type Grant struct {
	AccessToken  tokens.Secret
	RefreshToken tokens.Secret
	// ExpiresIn is in seconds, -1 for never.
	ExpiresIn int64
}

// AccessTokenInput are the inputs of GetOAuthAccessToken. For a login,
// Verifier is the authorization code that came to CallbackURL, and State the
// state that came with it.
type AccessTokenInput struct{ AuthMode, CallbackURL, State, Verifier string }

// GetOAuthAccessToken is the procedure of that name: a token for the
// application, or the exchange of the code of a login (AuthMode WEB). The
// token of a login is kept for the connection too.
func (c *Tokens) GetOAuthAccessToken(ctx context.Context, in AccessTokenInput) (Grant, error) {
	if c.Client == nil {
		return Grant{}, noServer()
	}
	if c.forApplication() {
		t, err := c.Client.ClientCredentials(ctx, c.props.Scopes...)
		return grantOf(t), err
	}
	if !strings.EqualFold(in.AuthMode, "WEB") {
		return Grant{}, gwerr.New(gwerr.BadParameter, "The gateway cannot open a browser.",
			"Use AuthMode WEB with the code and state from GetOAuthAuthorizationURL, or run: gateway login.").On("AuthMode")
	}
	if in.Verifier == "" || in.State == "" {
		return Grant{}, gwerr.New(gwerr.BadParameter, "The code or the state is missing.",
			"Give the code of the callback as Verifier, and its state as State.").On("Verifier")
	}
	t, err := c.Client.Exchange(ctx, in.Verifier, c.pkce(in.State), c.callback(in.CallbackURL))
	if err != nil {
		return Grant{}, err
	}
	if c.cached != nil && !t.Refresh.IsZero() {
		if err := c.cached.Adopt(ctx, t); err != nil {
			return Grant{}, err
		}
	}
	return grantOf(t), nil
}

// GetOAuthAuthorizationURL is the procedure of that name. A state is made up
// if it is empty; it comes back with the code.
func (c *Tokens) GetOAuthAuthorizationURL(callbackURL, state string) (string, error) {
	if c.Client == nil {
		return "", noServer()
	}
	if state == "" {
		state = oauth2.GenerateVerifier()
	}
	a, err := c.Client.NewAttempt(oauth.AuthorizeRequest{
		RedirectURL: c.callback(callbackURL), Scopes: c.props.Scopes, State: state, Verifier: c.pkce(state),
	})
	return a.URL, err
}

// RefreshOAuthAccessToken is the procedure of that name: it redeems a refresh
// token of the caller's own. One that the connection keeps must not be given:
// the connection redeems it itself.
func (c *Tokens) RefreshOAuthAccessToken(ctx context.Context, refresh tokens.Secret) (Grant, error) {
	if c.Client == nil {
		return Grant{}, noServer()
	}
	if refresh.IsZero() {
		return Grant{}, gwerr.New(gwerr.BadParameter, "OAuthRefreshToken is missing.", "").On("OAuthRefreshToken")
	}
	t, err := c.Client.Refresh(ctx, refresh)
	if err == nil && t.Refresh.IsZero() {
		t.Refresh = refresh
	}
	return grantOf(t), err
}

// pkce derives the verifier from the state and the ring, so that any replica
// can redeem the code and nobody without the ring can.
func (c *Tokens) pkce(state string) string {
	return c.ring.Name("pkce", "1", state) + c.ring.Name("pkce", "2", state)
}

func (c *Tokens) callback(given string) string {
	if given == "" {
		return c.props.CallbackURL
	}
	return given
}

func grantOf(t tokens.Token) Grant {
	g := Grant{AccessToken: t.Value, RefreshToken: t.Refresh, ExpiresIn: -1}
	if !t.Expiry.IsZero() {
		g.ExpiresIn = int64(time.Until(t.Expiry).Round(time.Second).Seconds())
	}
	return g
}

func noServer() error {
	return gwerr.New(gwerr.BadRequest, "The connection uses a given token and has no authorization server.",
		"Set AuthScheme to OAuth or OAuthClient.").On("AuthScheme")
}
