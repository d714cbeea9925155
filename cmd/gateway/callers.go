package main

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/auth/oidc"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/server"
)

// callers knows who may call.
type callers struct {
	authenticator auth.Authenticator
	http          *auth.HTTP
	keys          *apikey.Method
}

// newCallers builds the authenticator that the configuration describes.
func newCallers(ctx context.Context, a *app) (*callers, error) {
	c := a.config.Auth
	out := &callers{}
	cfg := auth.Config{Sink: a.sink, Damper: auth.NewDamper(auth.DamperConfig{Free: c.MaxFailures})}
	if c.Has(config.AuthNone) {
		if err := auth.CheckOpen(a.config.Listen.Address); err != nil {
			return nil, err
		}
		cfg.Anonymous = anonymous()
	}
	if c.Has(config.AuthKeys) {
		keys, err := apikey.New(apikey.Config{Path: c.KeysFile})
		if err != nil {
			return nil, err
		}
		out.keys = keys
		cfg.Methods = append(cfg.Methods, keys)
		a.background(keys.Run)
	}
	if c.Has(config.AuthOIDC) {
		m, err := oidcMethod(a.config)
		if err != nil {
			return nil, err
		}
		cfg.Methods = append(cfg.Methods, m)
	}
	if c.Has(config.AuthPassThrough) {
		m, err := passThrough(a)
		if err != nil {
			return nil, err
		}
		cfg.Methods = append(cfg.Methods, m)
	}
	var err error
	if out.authenticator, err = auth.New(cfg); err != nil {
		return nil, err
	}
	out.http, err = auth.NewHTTP(auth.HTTPConfig{Bearer: c.Has(config.AuthOIDC) || c.Has(config.AuthPassThrough), ClientIP: server.ClientIP})
	return out, err
}

func oidcMethod(cfg *config.Config) (*oidc.Method, error) {
	c := oidc.Config{}
	for _, i := range cfg.Auth.OIDC {
		issuer := oidc.Issuer{URL: i.Issuer, Audiences: i.Audiences, JWKSURL: i.JWKSURL}
		if i.NameClaim != "" {
			issuer.NameClaims = []string{i.NameClaim}
		}
		if i.RolesClaim != "" {
			issuer.Roles = []oidc.RoleMapping{{Claim: i.RolesClaim}}
		}
		if len(i.RequiredScopes) > 0 {
			issuer.Required = map[string][]string{"scope": i.RequiredScopes}
		}
		c.Issuers = append(c.Issuers, issuer)
	}
	return oidc.New(c)
}

func passThrough(a *app) (*passthrough.Method, error) {
	key, err := a.keeper.derive("caller pool v1")
	if err != nil {
		return nil, err
	}
	return passthrough.New(passthrough.Config{
		Clients: true, Tokens: true, PoolKey: key, Roles: []string{"passthrough"},
		Verifier: verifier{a},
	})
}

// guard authenticates requests and keeps the caller's address for the trail.
func (c *callers) guard(fail func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	authenticate := c.http.Middleware(c.authenticator, fail)
	return func(next http.Handler) http.Handler {
		return authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := context.WithValue(r.Context(), remoteKey{}, server.ClientIP(r))
			next.ServeHTTP(w, r.WithContext(ctx))
		}))
	}
}

type remoteKey struct{}

// remoteOf is the address of the caller that the context carries.
func remoteOf(ctx context.Context) string {
	if a, ok := ctx.Value(remoteKey{}).(netip.Addr); ok && a.IsValid() {
		return a.String()
	}
	return ""
}
