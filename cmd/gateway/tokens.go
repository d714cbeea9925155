package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
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
	http   *http.Client
}

func newTokenKeeper(ctx context.Context, c *config.Config, sink observe.Sink) (*tokenKeeper, error) {
	k := &tokenKeeper{config: c, sink: sink, http: &http.Client{Timeout: 30 * time.Second}}
	if err := k.openRing(); err != nil {
		return nil, err
	}
	if err := k.openRedis(ctx); err != nil {
		return nil, err
	}
	if err := k.openStore(); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	b := limiter.Config{Replicas: max(1, c.Replicas), Sink: sink}
	if d, ok := c.Connections[c.DefaultConnection]; ok {
		b.RateShare, b.MaxInFlight = d.RateShare, max(64, d.MaxParallel)
	}
	if k.redis != nil {
		b.Shared = limiter.NewRedis(k.redis, k.ring)
	}
	var err error
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
	// The oldest key names what is stored, so that names outlive a rotation.
	k.secret = keys[len(keys)-1].Secret
	var err error
	k.ring, err = seal.NewRing(keys, k.secret)
	return err
}

func (k *tokenKeeper) openRedis(ctx context.Context) (err error) {
	c := k.config.Redis
	if c.URL.IsZero() {
		return nil
	}
	k.redis, err = redisconn.New(ctx, redisconn.Config{URL: c.URL.Reveal(), Prefix: c.Prefix, Required: c.Required, Sink: k.sink})
	return err
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
	return err
}

// derive gives 32 bytes for one purpose, the same on all replicas that share
// the sealing keys.
func (k *tokenKeeper) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.secret, nil, "pingone-gateway "+purpose, 32)
}

// connect makes the token source of a connection; it is closed by the caller.
func (k *tokenKeeper) connect(ctx context.Context, c *config.Connection) (*connect.Connection, func() error, error) {
	tools := connect.Tools{HTTP: k.http, Store: k.store, Ring: k.ring, Sink: k.sink}
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

// connectCaller makes the token source of a caller who is passed through.
func (k *tokenKeeper) connectCaller(c *config.Connection, u *auth.Upstream) (*connect.Connection, error) {
	p := properties(c)
	p.OAuthRefreshToken, p.OAuthAccessToken, p.OAuthClientKeyID = tokens.Secret{}, tokens.Secret{}, ""
	if token, ok := u.AccessToken(); ok {
		p.AuthScheme, p.OAuthAccessToken = config.SchemeToken, token
	} else {
		p.AuthScheme, p.TokenEndpointAuthMethod = config.SchemeOAuthClient, string(oauth.SecretBasic)
		p.OAuthClientID, p.OAuthClientSecret, _ = u.Client()
	}
	return connect.New(p, connect.Tools{HTTP: k.http, Store: k.store, Ring: k.ring, Sink: k.sink})
}

// properties are a connection's, as far as they concern tokens.
func properties(c *config.Connection) connect.Properties {
	p := connect.Properties{
		AuthScheme: c.AuthScheme, Region: c.Region, WorkerAppEnvironmentID: c.WorkerAppEnvironmentID,
		AuthorizationServerURL: c.AuthorizationServerURL, OAuthClientID: c.OAuthClientID, OAuthClientSecret: c.OAuthClientSecret,
		OAuthClientKeyID: c.OAuthPrivateKeyID, TokenEndpointAuthMethod: c.TokenEndpointAuthMethod, InitiateOAuth: c.InitiateOAuth,
		OAuthAccessToken: c.OAuthAccessToken, OAuthRefreshToken: c.OAuthRefreshToken, OAuthExpiresIn: c.OAuthExpiresIn,
		CallbackURL: c.CallbackURL,
	}
	if c.TokenEndpointAuthMethod == string(oauth.PrivateKeyJWT) {
		p.OAuthClientSecret = c.OAuthPrivateKey
	}
	if c.OAuthTokenTimestamp > 0 {
		p.OAuthTokenTimestamp = time.UnixMilli(c.OAuthTokenTimestamp)
	}
	return p
}

// verifier proves the credentials of callers who are passed through: an
// application's by getting a token with them, a token by using it.
type verifier struct{ app *app }

// Verify implements passthrough.Verifier.
func (v verifier) Verify(ctx context.Context, u *auth.Upstream) (passthrough.Identity, error) {
	cfg := v.app.config.Connections[v.app.config.DefaultConnection]
	c, err := v.app.keeper.connectCaller(cfg, u)
	if err != nil {
		return passthrough.Identity{}, err
	}
	defer func() { _ = c.Close() }()
	t, err := c.Source.Token(ctx)
	if err != nil {
		return passthrough.Identity{}, rejectedUpstream(err)
	}
	if id, _, ok := u.Client(); ok {
		return passthrough.Identity{Name: id, Until: t.Expiry}, nil
	}
	name, until, err := v.useToken(ctx, cfg, u)
	return passthrough.Identity{Name: name, Until: until}, rejectedUpstream(err)
}

// useToken asks PingOne something small with the caller's token. Only then is
// what the token says about itself believed.
func (v verifier) useToken(ctx context.Context, cfg *config.Connection, u *auth.Upstream) (name string, until time.Time, err error) {
	conn, err := v.app.pool.callerConnection(ctx, cfg, u)
	if err != nil {
		return "", time.Time{}, err
	}
	if _, err := conn.Provider.Names(ctx); err != nil {
		return "", time.Time{}, err
	}
	token, _ := u.AccessToken()
	return claimsOf(token)
}

// claimsOf reads the name and the end of a PingOne token (a JWT) that PingOne
// itself has just accepted.
func claimsOf(token tokens.Secret) (string, time.Time, error) {
	parsed, err := jwt.ParseSigned(token.Reveal(), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "token", time.Time{}, nil // an opaque token says nothing
	}
	var c struct {
		Subject  string          `json:"sub"`
		ClientID string          `json:"client_id"`
		Expiry   jwt.NumericDate `json:"exp"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil {
		return "", time.Time{}, auth.Rejected(err)
	}
	name := c.ClientID
	if c.Subject != "" {
		name = c.Subject
	}
	return name, c.Expiry.Time(), nil
}

// rejectedUpstream makes PingOne's no the caller's.
func rejectedUpstream(err error) error {
	if gwerr.Is(err, gwerr.UpstreamAuth) {
		return auth.Rejected(err)
	}
	return err
}

// certificates reads a PEM text, or the file of that name.
func certificates(textOrFile string) ([]byte, error) {
	if textOrFile == "" {
		return nil, nil
	}
	raw := []byte(textOrFile)
	if !strings.Contains(textOrFile, "-----BEGIN") {
		var err error
		if raw, err = os.ReadFile(textOrFile); err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, "The file of SSLServerCert can't be read.", "Check its path and permissions.").On("SSLServerCert")
		}
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, gwerr.New(gwerr.Config, "SSLServerCert holds no PEM certificate.", "").On("SSLServerCert")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "SSLServerCert holds no valid certificate.", "").On("SSLServerCert")
	}
	return raw, nil
}
