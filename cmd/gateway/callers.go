package main

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/audit"
	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/internal/auth/certificate"
	"github.com/pingone-gateway/gateway/internal/auth/oidc"
	"github.com/pingone-gateway/gateway/internal/auth/passthrough"
	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/tracing"
)

// callers knows who may call.
type callers struct {
	authenticator auth.Authenticator
	http          *auth.HTTP
	keys          *apikey.Method
	crossOrigin   *http.CrossOriginProtection
}

// newCallers builds the authenticator that the configuration describes.
func newCallers(_ context.Context, a *app) (*callers, error) {
	c := a.config.Auth
	out := &callers{}
	cfg := auth.Config{Sink: a.sink, Damper: auth.NewDamper(auth.DamperConfig{Free: c.MaxFailures})}
	if c.Has(config.AuthNone) {
		cfg.Anonymous = auth.NewAnonymous(c.AnonymousRoles...)
	}
	var err error
	if cfg.Methods, err = out.methods(a); err != nil {
		return nil, err
	}
	if out.authenticator, err = auth.New(cfg); err != nil {
		return nil, err
	}
	if out.crossOrigin, err = crossOrigin(a.config.CORSOrigins, a.config.PublicURL); err != nil {
		return nil, err
	}
	out.http, err = auth.NewHTTP(auth.HTTPConfig{
		Bearer:                 c.Has(config.AuthOIDC) || c.Has(config.AuthPassThrough),
		BearerAuthorizationURI: c.BearerAuthorizationURI, KeyParameter: c.KeyParameter, ClientIP: server.ClientIP,
	})
	return out, err
}

// methods are the ways to be recognised, in the order in which they are tried.
func (o *callers) methods(a *app) ([]auth.Method, error) {
	c := a.config.Auth
	var out []auth.Method
	add := func(mode string, make func() (auth.Method, error)) error {
		if !c.Has(mode) {
			return nil
		}
		m, err := make()
		out = append(out, m)
		return err
	}
	err := errors.Join(
		add(config.AuthKeys, func() (auth.Method, error) {
			keys, err := apikey.New(apikey.Config{Path: c.KeysFile, Failed: func(err error) {
				a.sink.Observe(context.Background(), observe.Reloaded{What: "keys", Err: err})
			}, Ends: func(next time.Time) { a.sink.Observe(context.Background(), observe.KeysEnd{Next: next}) }})
			if err == nil {
				o.keys = keys
				a.background(keys.Run)
			}
			return keys, err
		}),
		add(config.AuthOIDC, func() (auth.Method, error) { return oidcMethod(c) }),
		add(config.AuthPassThrough, func() (auth.Method, error) { return passThrough(a) }),
		add(config.AuthCertificate, func() (auth.Method, error) { return certificateMethod(c) }),
	)
	return out, err
}

func certificateMethod(c config.Auth) (auth.Method, error) {
	var subjects []certificate.Subject
	for name, s := range c.Certificates {
		attributes := map[string][]string{}
		for _, pair := range s.Attributes {
			k, v := cutPair(pair)
			attributes[k] = append(attributes[k], v)
		}
		subjects = append(subjects, certificate.Subject{
			Subject: s.Subject, DNSName: s.DNSName, Email: s.Email, URI: s.URI,
			Name: name, Roles: s.Roles, Attributes: attributes,
		})
	}
	return certificate.New(subjects)
}

func oidcMethod(a config.Auth) (*oidc.Method, error) {
	c := oidc.Config{}
	for _, i := range a.OIDC {
		issuer := oidc.Issuer{
			URL: i.Issuer, Audiences: i.Audiences, JWKSURL: i.JWKSURL, Tenants: i.Tenants, Scopes: i.RequiredScopes,
			Attributes: map[string]string{},
		}
		if i.NameClaim != "" {
			issuer.NameClaims = []string{i.NameClaim}
		}
		if i.RolesClaim != "" {
			issuer.Roles = []oidc.RoleMapping{roleMapping(i)}
		}
		for _, pair := range i.Attributes {
			name, claim := cutPair(pair)
			issuer.Attributes[name] = claim
		}
		c.Issuers = append(c.Issuers, issuer)
	}
	return oidc.New(c)
}

// roleMapping takes values of the roles claim as roles, or as the
// configuration translates them.
func roleMapping(i *config.Issuer) oidc.RoleMapping {
	m := oidc.RoleMapping{Claim: i.RolesClaim, Direct: len(i.RoleValues) == 0, Values: map[string][]string{}}
	for _, pair := range i.RoleValues {
		at := strings.LastIndexByte(pair, '=') // values may hold one, as names in directories do
		value, role := strings.TrimSpace(pair[:at]), strings.TrimSpace(pair[at+1:])
		m.Values[value] = append(m.Values[value], role)
	}
	return m
}

// cutPair takes apart name=value, which the configuration has checked.
func cutPair(pair string) (name, value string) {
	name, value, _ = strings.Cut(pair, "=")
	return strings.TrimSpace(name), strings.TrimSpace(value)
}

func passThrough(a *app) (*passthrough.Method, error) {
	key, err := a.vault.Derive("caller pool v1")
	if err != nil {
		return nil, err
	}
	return passthrough.New(passthrough.Config{
		Clients: true, Tokens: true, PoolKey: key, Roles: a.config.Auth.PassThroughRoles, Verifier: a.pool.Verifier(), Sink: a.sink,
	})
}

// crossOrigin refuses what pages of other origins make a browser send: it
// would add the credentials that it remembers.
func crossOrigin(origins []string, publicURL string) (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	if publicURL != "" {
		scheme, rest, _ := strings.Cut(publicURL, "://")
		host, _, _ := strings.Cut(rest, "/")
		origins = append([]string{scheme + "://" + host}, origins...)
	}
	for _, o := range origins {
		if err := p.AddTrustedOrigin(o); err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, "An origin can't be read.", "Write it as https://reports.example.org.").On("cors_origins")
		}
	}
	return p, nil
}

// guard authenticates requests and keeps the caller's address for the trail.
func (a *app) guard(next http.Handler) http.Handler {
	authenticate := a.callers.http.Middleware(a.callers.authenticator, a.refuse)
	reading := a.service.Bodies(next, func(w http.ResponseWriter, r *http.Request, err error) {
		a.refused(r, observe.RequestOf(r.Context()).FrontEnd(), err)
		a.fail(w, r, err)
	})
	inner := authenticate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reading.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), remoteKey{}, server.ClientIP(r))))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.callers.crossOrigin.Check(asSent(r)); err != nil {
			err = gwerr.Wrap(gwerr.Forbidden, err, "The request comes from a page of another origin.", "Add the page's origin to cors_origins.")
			a.refused(r, observe.RequestOf(r.Context()).FrontEnd(), err)
			a.fail(w, r, err)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// asSent gives a request the method that it counts as for pages of other
// origins: a statement is one wherever it stands.
func asSent(r *http.Request) *http.Request {
	if observe.RequestOf(r.Context()).FrontEnd() != "sql" || r.Method == http.MethodOptions {
		return r
	}
	statement := *r
	statement.Method = http.MethodPost
	return &statement
}

// refuse answers a request whose caller is not let in, and records it, but for
// the first request of clients that wait to be asked for credentials.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, err error) {
	asked := r.Header.Get("Authorization") != "" || r.Header.Get("X-API-Key") != "" || r.TLS != nil && len(r.TLS.PeerCertificates) > 0
	if a.trail != nil && asked {
		if kept := a.recordRefused(r, audit.Record{Action: "sign_in", FrontEnd: observe.RequestOf(r.Context()).FrontEnd(), Err: err}); kept != nil {
			err = kept
		}
	}
	a.fail(w, r, err)
}

// refused records a request that ends before anybody knows its caller. It is
// refused also where no record can be kept. Its query may hold a key.
func (a *app) refused(r *http.Request, frontEnd string, err error) {
	if a.trail == nil {
		return
	}
	record := audit.Record{Action: "query", FrontEnd: frontEnd, Err: err}
	if frontEnd == "odata" {
		record.Language, record.Statement = audit.OData, r.URL.EscapedPath()
	}
	_ = a.recordRefused(r, record)
}

func (a *app) recordRefused(r *http.Request, record audit.Record) error {
	record.Remote, record.Started = addressOf(server.ClientIP(r)), time.Now()
	record.RequestID, record.TraceID = observe.RequestID(r.Context()), tracing.ID(r.Context())
	return a.trail.Record(r.Context(), record)
}

type remoteKey struct{}

// remoteOf is the address of the caller that the context carries.
func remoteOf(ctx context.Context) string {
	a, _ := ctx.Value(remoteKey{}).(netip.Addr)
	return addressOf(a)
}

func addressOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
