package connect

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// Properties are the connection properties that concern tokens, by the names
// of the connection string. Letter case of the enumerations is free.
type Properties struct {
	AuthScheme              string // OAuthClient (default), OAuth, OAuthDevice, Token
	Region                  string // NA (default), US, CA, EU, AU, SG, AP
	WorkerAppEnvironmentID  string
	AuthorizationServerURL  string
	OAuthClientID           string
	OAuthClientSecret       tokens.Secret // with PRIVATE_KEY_JWT a key in PEM
	OAuthClientKeyID        string        // kid of that key
	TokenEndpointAuthMethod string        // CLIENT_SECRET_BASIC (default) …
	InitiateOAuth           string        // OFF, REFRESH, GETANDREFRESH (default)
	OAuthAccessToken        tokens.Secret
	OAuthRefreshToken       tokens.Secret
	OAuthExpiresIn          time.Duration // life of OAuthAccessToken, 0 = unknown
	OAuthTokenTimestamp     time.Time     // when OAuthAccessToken was given
	CallbackURL             string        // default http://localhost:33333
	AllowPlainHTTP          bool          // AuthorizationServerURL may be http
	Scopes                  []string
}

// DefaultCallback is the default CallbackURL.
const DefaultCallback = "http://localhost:33333"

// Tools are what connections share.
type Tools struct {
	// HTTP brings proxy and TLS settings; nil means the defaults.
	HTTP *http.Client
	// Store and Ring keep the tokens; both default to memory.
	Store store.Store
	Ring  *seal.Ring
	// Sink receives events. Default: none.
	Sink observe.Sink
}

// Tokens are the tokens of one connection: how it gets, renews and keeps them.
type Tokens struct {
	// Source gives the tokens for calls to PingOne.
	Source tokens.Source
	// Client speaks to the authorization server; nil for a given token.
	Client *oauth.Client

	cached *tokens.Cached
	props  Properties
	scheme string
	ring   *seal.Ring
}

// New makes the connection's token source. Errors are gwerr.Config.
func New(p Properties, tools Tools) (*Tokens, error) {
	p.CallbackURL = cmp.Or(p.CallbackURL, DefaultCallback)
	if tools.Ring == nil {
		tools.Ring = seal.NewEphemeralRing()
		tools.Store = store.NewMemory()
	}
	c := &Tokens{props: p, scheme: strings.ToLower(p.AuthScheme), ring: tools.Ring}
	initiate := strings.ToUpper(p.InitiateOAuth)
	switch initiate {
	case "", "OFF", "REFRESH", "GETANDREFRESH":
	default:
		return nil, gwerr.New(gwerr.Config, fmt.Sprintf("InitiateOAuth %q is not known.", p.InitiateOAuth),
			"Use OFF, REFRESH or GETANDREFRESH.").On("InitiateOAuth")
	}
	switch c.scheme {
	case "", "oauthclient", "oauth", "oauthdevice":
	case "token":
		c.Source = tokens.NewGiven(p.given())
		return c, nil
	default:
		return nil, gwerr.New(gwerr.Config, fmt.Sprintf("AuthScheme %q is not known here.", p.AuthScheme),
			"Use OAuthClient, OAuth, OAuthDevice or Token.").On("AuthScheme")
	}
	if err := c.connect(tools); err != nil {
		return nil, err
	}
	if initiate == "OFF" {
		c.Source = tokens.NewGiven(p.given())
		return c, nil
	}
	var err error
	c.cached, err = tokens.NewCached(tokens.CacheConfig{
		Fetcher: c.fetcher(), Identity: c.identity(), Store: tools.Store, Ring: tools.Ring, Sink: tools.Sink,
	})
	if err != nil {
		return nil, err
	}
	c.Source = c.cached
	return c, nil
}

func (c *Tokens) connect(tools Tools) error {
	p := c.props
	endpoints := oauth.NewEndpoints
	if p.AllowPlainHTTP {
		endpoints = oauth.NewPlainEndpoints
	}
	server, err := endpoints(p.Region, p.WorkerAppEnvironmentID, p.AuthorizationServerURL)
	if err != nil {
		return err
	}
	c.Client, err = oauth.NewClient(server, oauth.Credentials{
		ClientID: p.OAuthClientID, Secret: p.OAuthClientSecret, KeyID: p.OAuthClientKeyID, Method: oauth.Method(p.TokenEndpointAuthMethod),
	}, tools.HTTP)
	return err
}

// forApplication reports whether the tokens are the application's own.
func (c *Tokens) forApplication() bool { return c.scheme == "" || c.scheme == "oauthclient" }

func (c *Tokens) fetcher() tokens.Fetcher {
	if c.forApplication() {
		return oauth.Seeded(oauth.NewClientCredentials(c.Client, c.props.Scopes...), c.props.given())
	}
	seed := c.props.given()
	if seed.Refresh.IsZero() {
		seed = tokens.Token{}
	}
	return oauth.Seeded(oauth.NewRefresh(c.Client, c.props.OAuthRefreshToken), seed)
}

// identity names the chain of tokens. A refresh token from the configuration
// starts a chain of its own, so that a new one is not hidden by the old
// chain's remains.
func (c *Tokens) identity() []string {
	return []string{c.Client.Endpoints().Issuer, c.props.OAuthClientID, strings.Join(c.props.Scopes, " "), c.scheme, c.props.OAuthRefreshToken.Reveal()}
}

// given is the token of the properties.
func (p Properties) given() tokens.Token {
	t := tokens.Token{Value: p.OAuthAccessToken, Refresh: p.OAuthRefreshToken, MintedAt: p.OAuthTokenTimestamp}
	if p.OAuthExpiresIn > 0 && !p.OAuthTokenTimestamp.IsZero() {
		t.Expiry = p.OAuthTokenTimestamp.Add(p.OAuthExpiresIn)
	}
	return t
}

// Adopt stores the token of a login for the connection's Source.
func (c *Tokens) Adopt(ctx context.Context, t tokens.Token) error {
	if c.cached == nil || c.forApplication() {
		return gwerr.New(gwerr.Config, "This connection does not keep logins.",
			"Set AuthScheme to OAuth and InitiateOAuth to GETANDREFRESH.").On("AuthScheme")
	}
	return c.cached.Adopt(ctx, t)
}

// Health tells how the source does; ok is false for a given token.
func (c *Tokens) Health() (h tokens.Health, ok bool) {
	if c.cached == nil {
		return tokens.Health{}, false
	}
	return c.cached.Health(), true
}

// Close ends the source's background work.
func (c *Tokens) Close() error {
	if c.cached == nil {
		return nil
	}
	return c.cached.Close()
}
