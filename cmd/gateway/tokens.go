package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/connect"
	"github.com/pingone-gateway/gateway/tokens/limiter"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/redisconn"
	"github.com/pingone-gateway/gateway/tokens/seal"
	"github.com/pingone-gateway/gateway/tokens/store"
)

// tokenKeeper holds what all token sources share: Redis, the store, the ring
// of keys and the rate budget.
type tokenKeeper struct {
	config *config.Config
	sink   observe.Sink
	redis  *redisconn.Conn
	store  store.Store
	ring   *seal.Ring
	secret []byte
	budget *limiter.Budget

	mu      sync.Mutex
	clients map[string]*http.Client // by connection
}

func newTokenKeeper(ctx context.Context, c *config.Config, sink observe.Sink) (*tokenKeeper, error) {
	k := &tokenKeeper{config: c, sink: sink, clients: map[string]*http.Client{}}
	if err := k.openRing(); err != nil {
		return nil, err
	}
	if err := k.openRedis(ctx); err != nil {
		return nil, err
	}
	if err := k.openStore(); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	limits, err := c.Limits.PingOneRates()
	if err != nil {
		return nil, errors.Join(gwerr.Wrap(gwerr.Config, err, "limits.pingone can't be read.", "").On("limits.pingone"), k.Close())
	}
	b := limiter.Config{Replicas: max(1, c.Replicas), Limits: limits, Sink: sink}
	if d, ok := c.Connections[c.DefaultConnection]; ok {
		b.RateShare, b.MaxInFlight = d.RateShare, max(64, d.MaxParallel)
	}
	if k.redis != nil {
		b.Shared = limiter.NewRedis(k.redis, k.ring)
	}
	if k.budget, err = limiter.New(b); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// openRing makes the ring of sealing keys; without configured keys a random
// one that lives as long as the process.
func (k *tokenKeeper) openRing() error {
	var keys []seal.Key
	for _, text := range k.config.Tokens.EncryptionKeys {
		key, err := seal.ParseKey(text.Reveal())
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		key := seal.GenerateKey("process")
		keys = append(keys, key)
	}
	// The oldest key names what is stored, so that names outlive the first
	// rotation; the name key outlives them all.
	k.secret = keys[len(keys)-1].Secret
	if name := k.config.Tokens.NameKey; !name.IsZero() {
		var err error
		if k.secret, err = seal.ParseSecret(name.Reveal()); err != nil {
			return err
		}
	}
	var err error
	k.ring, err = seal.NewRing(keys, k.secret)
	return err
}

func (k *tokenKeeper) openRedis(ctx context.Context) (err error) {
	c := k.config.Redis
	if c.URL.IsZero() {
		return nil
	}
	k.redis, err = redisconn.New(ctx, redisconn.Config{URL: c.Address().Reveal(), Prefix: c.Prefix, Required: c.Required, Sink: k.sink})
	if err != nil {
		return err
	}
	// Changes are told by themselves; a gauge needs the state before the first.
	k.sink.Observe(ctx, observe.StoreState{Store: "redis", Up: k.redis.State().Up})
	return nil
}

func (k *tokenKeeper) openStore() (err error) {
	address := k.config.Tokens.Store
	switch {
	case address == "" && k.redis != nil, strings.HasPrefix(address, "redis"):
		if k.redis == nil {
			return gwerr.New(gwerr.Config, "Tokens are to be kept in Redis, but no Redis is configured.", "Set redis.url.").On("tokens.store")
		}
		k.store = store.NewRedis(k.redis)
	case strings.HasPrefix(address, "file://"):
		k.store, err = store.NewFile(strings.TrimPrefix(address, "file://"))
	default:
		k.store = store.NewMemory()
	}
	return err
}

// Close ends the budget, the store and Redis.
func (k *tokenKeeper) Close() error {
	var err error
	if k.budget != nil {
		err = k.budget.Close()
	}
	if k.store != nil {
		err = errors.Join(err, k.store.Close())
	}
	if k.redis != nil {
		err = errors.Join(err, k.redis.Close())
	}
	for _, c := range k.clients {
		c.CloseIdleConnections()
	}
	return err
}

// derive gives 32 bytes for one purpose, the same on all replicas that share
// the sealing keys.
func (k *tokenKeeper) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.secret, nil, "pingone-gateway "+purpose, 32)
}

// client is the HTTP client of a connection's token requests.
func (k *tokenKeeper) client(c *config.Connection) (*http.Client, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if have, ok := k.clients[c.Name]; ok {
		return have, nil
	}
	made, err := clientOf(c)
	if err == nil {
		k.clients[c.Name] = made
	}
	return made, err
}

// connect makes the token source of a connection; it is closed by the caller.
func (k *tokenKeeper) connect(ctx context.Context, c *config.Connection) (*connect.Tokens, func() error, error) {
	client, err := k.client(c)
	if err != nil {
		return nil, nil, err
	}
	tools := connect.Tools{HTTP: client, Store: k.store, Ring: k.ring, Sink: k.sink}
	closeStore := func() error { return nil }
	if !c.OAuthSettingsLocation.IsZero() {
		l, err := connect.OpenLocation(ctx, c.OAuthSettingsLocation, k.config.Redis.Required, k.sink)
		if err != nil {
			return nil, nil, err
		}
		tools.Store, closeStore = l.Store, l.Close
	}
	t, err := connect.New(properties(c), tools)
	if err != nil {
		return nil, nil, errors.Join(err, closeStore())
	}
	return t, func() error { return errors.Join(t.Close(), closeStore()) }, nil
}

// connectCaller makes the token source of a caller who is passed through, in
// a store of its own. Nothing of a caller goes into the shared store, and
// nothing there serves a caller: tokens are found by client id, which is no
// secret, so that any password would do.
func (k *tokenKeeper) connectCaller(c *config.Connection, u *auth.Upstream) (*connect.Tokens, error) {
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
	return connect.New(p, connect.Tools{HTTP: client, Store: store.NewMemory(), Ring: k.ring, Sink: k.sink})
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
