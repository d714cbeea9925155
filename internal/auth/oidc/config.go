// Package oidc recognises callers by access tokens of OpenID Connect identity
// providers: signed JWTs whose issuer, audience, time and signature are
// checked here, and whose claims give roles and values for row filters.
//
// It follows RFC 9068 and RFC 8725 in what it refuses: unsigned tokens and
// those signed with a shared secret, algorithms that are not listed, keys that
// the token itself names, and tokens bound to a key that can't be checked.
package oidc

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// tenant is the place of the tenant's id in the issuer of Entra ID.
const tenant = "{tenantid}"

// Issuer configures one identity provider.
type Issuer struct {
	// URL is the issuer, as in the claim iss. For Entra ID it may contain
	// {tenantid}, which the claim tid fills:
	// https://login.microsoftonline.com/{tenantid}/v2.0 or, for version 1
	// tokens, https://sts.windows.net/{tenantid}/.
	URL string
	// Audiences are the values of aud that are meant for the gateway; at least
	// one. Power BI's "Organizational account" asks Entra ID for scheme://host.
	Audiences []string
	// Tenants are the values of tid that are let in; needed with {tenantid}.
	Tenants []string
	// JWKSURL overrides the address of the keys; by default discovery finds it.
	JWKSURL string
	// NameClaims are tried in order for the caller's name; preferred_username,
	// upn, email, client_id, azp, appid and sub if empty.
	NameClaims []string
	// Roles map claims to roles.
	Roles []RoleMapping
	// Attributes add caller.<name> values from claims: name → claim path.
	// Top-level claims are there under their own names without it.
	Attributes map[string]string
	// Scopes must all be in the claim scope, or in Entra ID's scp.
	Scopes []string
}

// RoleMapping gives roles by the values of a claim.
type RoleMapping struct {
	// Claim is a path such as roles, p1_groups or resource_access.gateway.roles;
	// a text claim like scope is taken apart at spaces. A backslash keeps a dot
	// as part of a name.
	Claim string
	// Values maps values to roles; "*" stands for any value.
	Values map[string][]string
	// Direct takes the values themselves as names of roles as well.
	Direct bool
}

// Config configures the method. Zero values take the defaults named.
type Config struct {
	Issuers []Issuer
	// Client fetches keys, without following redirects; a client with a time
	// limit of 10 s if nil.
	Client *http.Client
	// Now is the clock (time.Now).
	Now func() time.Time
}

var (
	// accepted are the algorithms of signatures that tokens may have; those with
	// another known one are refused, and not taken for something else than tokens.
	accepted     = []string{"RS256", "PS256", "ES256"}
	known        = []jose.SignatureAlgorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	defaultNames = []string{"preferred_username", "upn", "email", "client_id", "azp", "appid", "sub"}
)

// New checks the configuration and returns the method; it asks nobody. The
// error is gwerr.Config.
func New(cfg Config) (*Method, error) {
	if len(cfg.Issuers) == 0 {
		return nil, gwerr.New(gwerr.Config, "OIDC is configured without an issuer.", "")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Client == nil {
		cfg.Client = &http.Client{Timeout: 10 * time.Second}
	}
	// A redirect would take the keys from a host that nobody configured.
	strict := *cfg.Client
	strict.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.Client = &strict
	m := &Method{cfg: cfg}
	for _, is := range cfg.Issuers {
		p, err := newIssuer(&cfg, is)
		if err != nil {
			return nil, gwerr.New(gwerr.Config, fmt.Sprintf("OIDC issuer %s: %s.", is.URL, err), "")
		}
		m.issuers = append(m.issuers, p)
	}
	return m, nil
}

// issuer is a checked Issuer with its keys.
type issuer struct {
	Issuer
	keys *keySet
}

func newIssuer(cfg *Config, is Issuer) (*issuer, error) {
	if err := checkURL(strings.ReplaceAll(is.URL, tenant, "tenant")); err != nil {
		return nil, err
	}
	if is.JWKSURL != "" {
		if err := checkURL(is.JWKSURL); err != nil {
			return nil, fmt.Errorf("the address of the keys: %w", err)
		}
	}
	if len(is.Audiences) == 0 || slices.Contains(is.Audiences, "") {
		return nil, fmt.Errorf("no audience is named: tokens for other services would be let in")
	}
	if strings.Contains(is.URL, tenant) && len(is.Tenants) == 0 {
		return nil, fmt.Errorf("%s needs tenants beside it: any tenant's users would be let in", tenant)
	}
	if len(is.NameClaims) == 0 {
		is.NameClaims = defaultNames
	}
	out := &issuer{Issuer: is}
	out.keys = &keySet{cfg: cfg, discover: func(ctx context.Context) (string, error) { return out.jwksURL(ctx, cfg) }}
	return out, nil
}

// checkURL demands https, except for loopback in tests and demos.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q is not an address", s)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1"):
		return nil
	default:
		return fmt.Errorf("%q must begin with https://", s)
	}
}
