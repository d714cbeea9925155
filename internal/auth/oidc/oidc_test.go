package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/oidc"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/tokens"
)

func TestGoodTokens(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	ec := ecKey(t)
	p.publish("e0", ec.Public())
	at := start.Add(time.Minute)
	m := p.method(t, &at, nil)
	for name, token := range map[string]string{
		"access token":         p.token(t, nil),
		"plain JWT":            sign(t, jose.RS256, rsaKeys()[0], "k0", "JWT", p.claims(nil)),
		"no type":              sign(t, jose.PS256, rsaKeys()[0], "k0", "", p.claims(nil)),
		"no key id":            sign(t, jose.RS256, rsaKeys()[0], "", "", p.claims(nil)),
		"elliptic curve":       sign(t, jose.ES256, ec, "e0", "application/at+jwt", p.claims(nil)),
		"several audiences":    p.token(t, map[string]any{"aud": []string{"other", "https://data.example.com"}}),
		"expired within skew":  p.token(t, map[string]any{"exp": at.Add(-30 * time.Second).Unix()}),
		"not yet, within skew": p.token(t, map[string]any{"nbf": at.Add(30 * time.Second).Unix(), "iat": at.Add(30 * time.Second).Unix()}),
	} {
		who, err := m.Authenticate(t.Context(), bearer(token))
		if err != nil || who.Name != "anna" || who.Kind != auth.Token || who.ID != p.issuer+" u-1" {
			t.Errorf("%s: %+v, %v (%v)", name, who, err, errors.Unwrap(err))
		}
	}
	if p.fetched() != 1 {
		t.Errorf("keys were fetched %d times", p.fetched())
	}
	c := bearer(p.token(t, nil))
	c.Scheme = auth.Password
	if _, err := m.Authenticate(t.Context(), c); err != nil {
		t.Errorf("as password: %v", err)
	}
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start.Add(time.Minute)
	m := p.method(t, &at, func(c *oidc.Config) {
		c.Issuers[0].Scopes = []string{"gateway.read"}
	})
	good := map[string]any{"scope": "openid gateway.read"}
	if _, err := m.Authenticate(t.Context(), bearer(p.token(t, good))); err != nil {
		t.Fatal(err)
	}
	with := func(k string, v any) map[string]any {
		return map[string]any{"scope": "openid gateway.read", k: v}
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKeys()[0].PublicKey)})
	own := jose.JSONWebKey{Key: rsaKeys()[1].Public(), KeyID: "k0"}
	rejected := map[string]string{
		"expired":                  p.token(t, with("exp", at.Add(-2*time.Minute).Unix())),
		"no expiry":                p.token(t, with("exp", nil)),
		"not yet":                  p.token(t, with("nbf", at.Add(2*time.Minute).Unix())),
		"other audience":           p.token(t, with("aud", "https://other.example.com")),
		"no audience":              p.token(t, with("aud", nil)),
		"bound to a key":           p.token(t, with("cnf", map[string]string{"jkt": "x"})),
		"no scope":                 p.token(t, nil),
		"other scope":              p.token(t, map[string]any{"scope": "gateway.readable"}),
		"other key":                sign(t, jose.RS256, rsaKeys()[1], "k0", "", p.claims(good)),
		"key in the token":         signEmbedded(t, own, p.claims(good)),
		"unknown key id":           sign(t, jose.RS256, rsaKeys()[0], "nope", "", p.claims(good)),
		"algorithm not listed":     sign(t, jose.RS512, rsaKeys()[0], "k0", "", p.claims(good)),
		"another kind of JWT":      sign(t, jose.RS256, rsaKeys()[0], "k0", "logout+jwt", p.claims(good)),
		"signature of another":     swapSignature(p.token(t, good), p.token(t, with("sub", "u-2"))),
		"names nobody":             p.token(t, map[string]any{"scope": "gateway.read", "sub": nil, "preferred_username": nil}),
		"claims changed in flight": tamper(t, p.token(t, good), "u-1", "u-9"),
	}
	for name, token := range rejected {
		who, err := m.Authenticate(t.Context(), bearer(token))
		if !gwerr.Is(err, gwerr.Unauthenticated) {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
	notMine := map[string]string{
		"no algorithm":           unsigned(t, p.claims(good)),
		"shared secret":          sign(t, jose.HS256, []byte("0123456789abcdef0123456789abcdef"), "k0", "", p.claims(good)),
		"public key as a secret": sign(t, jose.HS256, public, "k0", "", p.claims(good)),
		"other issuer":           p.token(t, with("iss", "https://evil.example.com")),
		"issuer with a slash":    p.token(t, with("iss", p.issuer+"/")),
		"no issuer":              p.token(t, with("iss", nil)),
		"no token":               "hello",
		"three parts of nothing": "..",
		"very long":              "a.b." + strings.Repeat("c", 1<<15),
	}
	for name, token := range notMine {
		if who, err := m.Authenticate(t.Context(), bearer(token)); !errors.Is(err, auth.ErrNotMine) {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
}

// signEmbedded makes a token that carries the key it is signed with.
func signEmbedded(t *testing.T, public jose.JSONWebKey, claims any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKeys()[1]},
		(&jose.SignerOptions{EmbedJWK: true}).WithHeader("jku", "https://evil.example.com/jwks").WithHeader("kid", public.KeyID))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unsigned(t *testing.T, claims any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(`{"alg":"none","kid":"k0"}`)) + "." + e.EncodeToString(text) + "."
}

func swapSignature(a, b string) string {
	return a[:strings.LastIndexByte(a, '.')] + b[strings.LastIndexByte(b, '.'):]
}

func tamper(t *testing.T, token, old, with string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), old, with, 1)))
	return strings.Join(parts, ".")
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start.Add(time.Minute)
	m := p.method(t, &at, nil)
	try := func(kid string, key int) error {
		token := sign(t, jose.RS256, rsaKeys()[key], kid, "", p.claims(map[string]any{"exp": at.Add(time.Hour).Unix()}))
		_, err := m.Authenticate(t.Context(), bearer(token))
		return err
	}
	if err := try("k0", 0); err != nil {
		t.Fatal(err)
	}
	p.rotate("k1", rsaKeys()[1].Public())
	if err := try("k1", 1); !gwerr.Is(err, gwerr.Unauthenticated) || p.fetched() != 1 {
		t.Errorf("within 30 s of a fetch: %v after %d fetches", err, p.fetched())
	}
	at = at.Add(30 * time.Second)
	if err := try("k1", 1); err != nil || p.fetched() != 2 {
		t.Errorf("after the rotation: %v after %d fetches", err, p.fetched())
	}
	if err := try("k0", 0); !gwerr.Is(err, gwerr.Unauthenticated) {
		t.Errorf("the old key still works: %v", err)
	}
	for i := range 200 {
		_ = try(fmt.Sprint("made-up-", i), 1)
	}
	if p.fetched() != 2 {
		t.Errorf("made-up key ids caused %d fetches", p.fetched()-2)
	}
}

func TestKeysAreRefreshedAndOutliveFailures(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start
	m := p.method(t, &at, nil)
	try := func() error {
		_, err := m.Authenticate(t.Context(), bearer(p.token(t, map[string]any{"exp": at.Add(time.Hour).Unix()})))
		return err
	}
	steps := []struct {
		name    string
		after   time.Duration
		down    bool
		fetches int
		want    gwerr.Code
	}{
		{"first", 0, false, 1, ""},
		{"fresh", 59 * time.Minute, true, 1, ""},
		{"old, provider down", time.Minute, true, 2, ""},
		{"not asked at once again", time.Second, true, 2, ""},
		{"asked again", time.Minute, true, 3, ""},
		{"too old to trust", 24 * time.Hour, true, 4, gwerr.UpstreamFailed},
		{"back", time.Minute, false, 5, ""},
	}
	for _, s := range steps {
		at = at.Add(s.after)
		p.set(s.down)
		err := try()
		if (s.want == "") != (err == nil) || s.want != "" && !gwerr.Is(err, s.want) || p.fetched() != s.fetches {
			t.Errorf("%s: %v after %d fetches, want %q after %d", s.name, err, p.fetched(), s.want, s.fetches)
		}
	}
}

func TestProviderDownAtFirst(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	p.set(true)
	at := start
	m := p.method(t, &at, nil)
	for range 5 {
		_, err := m.Authenticate(t.Context(), bearer(p.token(t, nil)))
		if !gwerr.Is(err, gwerr.UpstreamFailed) || gwerr.From(err).RetryAfter == 0 {
			t.Errorf("got %v", err)
		}
	}
	if p.fetched() != 1 || m.Warm(t.Context()) == nil {
		t.Errorf("%d fetches", p.fetched())
	}
	at = at.Add(time.Minute)
	p.set(false)
	if err := m.Warm(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Authenticate(ctx, bearer(p.token(t, nil))); err != nil {
		t.Errorf("keys are there, but %v", err)
	}
}

func TestOddKeysDoNotSpoilTheOthers(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p.publish("small", small.Public())
	p.mu.Lock()
	p.keys = append(p.keys,
		map[string]string{"kty": "QUANTUM", "kid": "q"},
		map[string]string{"kty": "oct", "kid": "shared", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"},
		jose.JSONWebKey{Key: rsaKeys()[2].Public(), KeyID: "enc", Use: "enc"})
	p.mu.Unlock()
	at := start
	m := p.method(t, &at, nil)
	if _, err := m.Authenticate(t.Context(), bearer(p.token(t, nil))); err != nil {
		t.Errorf("the good key: %v", err)
	}
	for name, token := range map[string]string{
		"small":          sign(t, jose.RS256, small, "small", "", p.claims(nil)),
		"for encryption": sign(t, jose.RS256, rsaKeys()[2], "enc", "", p.claims(nil)),
	} {
		if _, err := m.Authenticate(t.Context(), bearer(token)); !gwerr.Is(err, gwerr.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEntraTenants(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	p.issuer = p.URL + "/{tenantid}/v2.0"
	at := start
	m := p.method(t, &at, func(c *oidc.Config) { c.Issuers[0].Tenants = []string{"tenant-1", "tenant-2"} })
	token := func(iss, tid string) string {
		return p.token(t, map[string]any{"iss": strings.ReplaceAll(p.issuer, "{tenantid}", iss), "tid": tid})
	}
	for _, tenant := range []string{"tenant-1", "tenant-2"} {
		if _, err := m.Authenticate(t.Context(), bearer(token(tenant, tenant))); err != nil {
			t.Errorf("%s: %v (%v)", tenant, err, errors.Unwrap(err))
		}
	}
	for name, bad := range map[string]string{
		"other tenant": token("tenant-3", "tenant-3"), "tenant and issuer differ": token("tenant-3", "tenant-1"),
		"the placeholder itself": token("{tenantid}", "{tenantid}"), "no tenant": token("", ""),
	} {
		if who, err := m.Authenticate(t.Context(), bearer(bad)); !errors.Is(err, auth.ErrNotMine) {
			t.Errorf("%s: %v, %v", name, who, err)
		}
	}
}

func TestClaimsBecomeRolesAndAttributes(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start
	m := p.method(t, &at, func(c *oidc.Config) {
		c.Issuers[0].Roles = []oidc.RoleMapping{
			{Claim: "groups", Values: map[string][]string{"Help Desk": {"helpdesk"}, "Admins": {"admin", "helpdesk"}, "*": {"staff"}}},
			{Claim: "resource_access.gateway.roles", Values: map[string][]string{"audit": {"auditor"}}},
			{Claim: `https://example\.com/level`, Values: map[string][]string{"3": {"level3"}}},
			{Claim: "https://example.com/flag", Values: map[string][]string{"true": {"flagged"}}},
			{Claim: "scope", Values: map[string][]string{"data.read": {"reader"}}},
			{Claim: "absent.claim", Values: map[string][]string{"*": {"root"}}},
		}
		c.Issuers[0].Attributes = map[string]string{"department": "resource_access.department", "email": "absent"}
	})
	who, err := m.Authenticate(t.Context(), bearer(p.token(t, map[string]any{
		"groups":                     []any{"Help Desk", "Other", 7},
		"resource_access":            map[string]any{"gateway": map[string]any{"roles": []string{"audit"}}, "department": "IT"},
		"https://example.com/level":  3,
		"https://example.com/flag":   true,
		"scope":                      "openid data.read",
		"email":                      "anna@example.com",
		"ratio":                      1.5,
		"big":                        int64(9007199254740993),
		"populations":                []string{"p1", "p2"},
		"resource_access.department": "not this",
	})))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"auditor", "flagged", "helpdesk", "level3", "reader", "staff"}; !slices.Equal(who.Roles, want) {
		t.Errorf("roles %v, want %v", who.Roles, want)
	}
	want := map[string]auth.Attribute{
		"name": auth.Text("anna"), "sub": auth.Text("u-1"), "department": auth.Text("not this"),
		"populations": auth.Text("p1", "p2"), "ratio": {predicate.FloatValue(1.5)},
		"big": {predicate.IntValue(9007199254740993)}, "email": nil, "resource_access": nil,
	}
	for name, v := range want {
		if !slices.Equal(who.Attributes[name], v) {
			t.Errorf("caller.%s is %v, want %v", name, who.Attributes[name], v)
		}
	}
}

func TestScopesMustAllBeThere(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start
	m := p.method(t, &at, func(c *oidc.Config) { c.Issuers[0].Scopes = []string{"read", "list"} })
	for _, c := range []struct {
		name   string
		claims map[string]any
		ok     bool
	}{
		{"all", map[string]any{"scope": "openid list read"}, true},
		{"Entra ID", map[string]any{"scp": "read list"}, true},
		{"as a list", map[string]any{"scope": []string{"read", "list"}}, true},
		{"one is missing", map[string]any{"scope": "read"}, false},
		{"one contains the other", map[string]any{"scope": "read list.all"}, false},
		{"none", nil, false},
	} {
		_, err := m.Authenticate(t.Context(), bearer(p.token(t, c.claims)))
		if (err == nil) != c.ok || !c.ok && !gwerr.Is(err, gwerr.Unauthenticated) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestDirectRoles(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start
	m := p.method(t, &at, func(c *oidc.Config) { c.Issuers[0].Roles = []oidc.RoleMapping{{Claim: "groups", Direct: true}} })
	who, err := m.Authenticate(t.Context(), bearer(p.token(t, map[string]any{"groups": []string{"b", "a"}})))
	if err != nil || !slices.Equal(who.Roles, []string{"a", "b"}) {
		t.Errorf("got %v, %v", who.Roles, err)
	}
}

func TestUnverifiedAddressIsNoAttribute(t *testing.T) {
	t.Parallel()
	p := newIDP(t)
	at := start
	m := p.method(t, &at, nil)
	for verified, want := range map[bool]int{true: 1, false: 0} {
		who, err := m.Authenticate(t.Context(), bearer(p.token(t, map[string]any{"email": "boss@example.com", "email_verified": verified})))
		if err != nil || len(who.Attributes["email"]) != want {
			t.Errorf("verified %v: %v, %v", verified, who.Attributes["email"], err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const good = "https://auth.pingone.eu/env/as"
	aud := []string{"a"}
	cases := []struct {
		name string
		in   []oidc.Issuer
		want string
	}{
		{"no issuer", nil, "without an issuer"},
		{"plain http", []oidc.Issuer{{URL: "http://auth.example.com", Audiences: aud}}, "https://"},
		{"no address", []oidc.Issuer{{URL: "auth", Audiences: aud}}, "not an address"},
		{"no audience", []oidc.Issuer{{URL: good}}, "no audience"},
		{"empty audience", []oidc.Issuer{{URL: good, Audiences: []string{""}}}, "no audience"},
		{"any tenant", []oidc.Issuer{{URL: "https://login.microsoftonline.com/{tenantid}/v2.0", Audiences: aud}}, "tenants"},
		{"keys over http", []oidc.Issuer{{URL: good, Audiences: aud, JWKSURL: "http://example.com/jwks"}}, "https://"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := oidc.New(oidc.Config{Issuers: c.in}); !gwerr.Is(err, gwerr.Config) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// FuzzToken: no text makes the method fail otherwise than by refusing it, and
// none is let in but what was signed.
func FuzzToken(f *testing.F) {
	issuer := "https://issuer.example.com"
	claims := map[string]any{"iss": issuer, "aud": "a", "sub": "s", "exp": start.Add(time.Hour).Unix()}
	good := sign(f, jose.RS256, rsaKeys()[0], "k0", "", claims)
	f.Add(good)
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	m, err := oidc.New(oidc.Config{Issuers: []oidc.Issuer{{URL: issuer, Audiences: []string{"a"}, JWKSURL: "http://127.0.0.1:1/jwks"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		who, err := m.Authenticate(t.Context(), auth.Credentials{Scheme: auth.Bearer, Secret: tokens.NewSecret(token)})
		if err == nil {
			t.Fatalf("%q is let in as %v without a key", token, who)
		}
		if !errors.Is(err, auth.ErrNotMine) && !gwerr.Is(err, gwerr.Unauthenticated) && !gwerr.Is(err, gwerr.UpstreamFailed) {
			t.Fatalf("%q: %v", token, err)
		}
	})
}
