package connections

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/reach"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/store"
	"github.com/pingone-gateway/gateway/tokens/vault"
)

// Tokens makes the token sources of connections.
type Tokens struct {
	Vault *vault.Vault
	// RedisRequired refuses a connection whose own Redis can't be reached.
	RedisRequired bool
	Sink          observe.Sink

	mu      sync.Mutex
	clients map[string]*http.Client // by connection
}

// Of makes the token source of a connection, which stop ends. Errors are
// gwerr.Config.
func (k *Tokens) Of(ctx context.Context, c *config.Connection) (t *connect.Tokens, stop func() error, err error) {
	client, err := k.client(c)
	if err != nil {
		return nil, nil, err
	}
	tools := connect.Tools{HTTP: client, Store: k.Vault.Store, Ring: k.Vault.Ring, Sink: k.Sink}
	closeStore := func() error { return nil }
	if !c.OAuthSettingsLocation.IsZero() {
		l, err := connect.OpenLocation(ctx, c.OAuthSettingsLocation, k.RedisRequired, k.Sink)
		if err != nil {
			return nil, nil, err
		}
		tools.Store, closeStore = l.Store, l.Close
	}
	if t, err = connect.New(properties(c), tools); err != nil {
		return nil, nil, errors.Join(err, closeStore())
	}
	return t, func() error { return errors.Join(t.Close(), closeStore()) }, nil
}

// ofCaller makes the token source of a caller who is passed through, in a
// store of its own. Nothing of a caller goes into the shared store, and
// nothing there serves a caller: tokens are found by client id, which is no
// secret, so that any password would do.
func (k *Tokens) ofCaller(c *config.Connection, u *auth.Upstream) (*connect.Tokens, error) {
	p := properties(c)
	p.OAuthRefreshToken, p.OAuthAccessToken, p.OAuthClientKeyID = tokens.Secret{}, tokens.Secret{}, ""
	if token, ok := u.AccessToken(); ok {
		p.AuthScheme, p.OAuthAccessToken = config.SchemeToken, token
	} else {
		p.AuthScheme, p.TokenEndpointAuthMethod = config.SchemeOAuthClient, string(oauth.SecretBasic)
		p.OAuthClientID, p.OAuthClientSecret, _ = u.Client()
	}
	client, err := k.client(c)
	if err != nil {
		return nil, err
	}
	return connect.New(p, connect.Tools{HTTP: client, Store: store.NewMemory(), Ring: k.Vault.Ring, Sink: k.Sink})
}

// client is the HTTP client of a connection's token requests.
func (k *Tokens) client(c *config.Connection) (*http.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if have, ok := k.clients[c.Name]; ok {
		return have, nil
	}
	made, err := HTTPClient(c)
	if err != nil {
		return nil, err
	}
	if k.clients == nil {
		k.clients = map[string]*http.Client{}
	}
	k.clients[c.Name] = made
	return made, nil
}

// Close frees idle connections to authorization servers.
func (k *Tokens) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.clients {
		c.CloseIdleConnections()
	}
}

// HTTPClient reaches a connection's hosts as its configuration says: by its
// proxy, trusting its authorities.
func HTTPClient(c *config.Connection) (*http.Client, error) {
	proxy, err := c.Proxy()
	if err != nil {
		return nil, err
	}
	authorities, err := c.Authorities()
	if err != nil {
		return nil, err
	}
	return reach.Client(proxy, c.ProxyExceptions, authorities), nil
}

// properties are a connection's, as far as they concern tokens.
func properties(c *config.Connection) connect.Properties {
	p := connect.Properties{
		AuthScheme: c.AuthScheme, Region: c.Region, WorkerAppEnvironmentID: c.WorkerAppEnvironmentID,
		AuthorizationServerURL: c.AuthorizationServerURL, OAuthClientID: c.OAuthClientID, OAuthClientSecret: c.OAuthClientSecret,
		OAuthClientKeyID: c.OAuthPrivateKeyID, TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, InitiateOAuth: c.InitiateOAuth,
		OAuthAccessToken: c.OAuthAccessToken, OAuthRefreshToken: c.OAuthRefreshToken, OAuthExpiresIn: c.OAuthExpiresIn,
		CallbackURL: c.CallbackURL, AllowPlainHTTP: c.AllowPlainHTTP,
	}
	if c.TokenEndpointAuthMethod == string(oauth.PrivateKeyJWT) {
		p.OAuthClientSecret = c.OAuthPrivateKey
	}
	if c.OAuthTokenTimestamp > 0 {
		p.OAuthTokenTimestamp = time.UnixMilli(c.OAuthTokenTimestamp)
	}
	return p
}
