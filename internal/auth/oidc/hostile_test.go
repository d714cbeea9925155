package oidc_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/oidc"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// signRaw signs a payload that is what it is, with header members of one's own.
func signRaw(t *testing.T, payload string, header map[string]any) string {
	t.Helper()
	o := &jose.SignerOptions{}
	for k, v := range header {
		o = o.WithHeader(jose.HeaderKey(k), v)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKeys()[0]}, o)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// text is a claims set as JSON, with more text before its end.
func (p *idp) text(t *testing.T, changes map[string]any, more string) string {
	t.Helper()
	raw, err := json.Marshal(p.claims(changes))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw[:len(raw)-1]) + more + "}"
}

// TestForgedTokens signs with the right key what must not be taken, and leads
// the search for keys astray.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	a, b := newIDP(t), newIDP(t)
	a.publish("only-ec", ecKey(t).Public())
	b.rotate("k0", rsaKeys()[1].Public()) // the key id of the other one
	at := start.Add(time.Minute)
	m := a.method(t, &at, func(c *oidc.Config) {
		c.Issuers = append(c.Issuers, oidc.Issuer{URL: b.issuer, Audiences: []string{"https://b.example.com"}})
	})
	kid := map[string]any{"kid": "k0"}
	if _, err := m.Authenticate(t.Context(), bearer(signRaw(t, a.text(t, nil, ""), kid))); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Authenticate(t.Context(), bearer(sign(t, jose.RS256, rsaKeys()[1], "k0", "", b.claims(map[string]any{"aud": "https://b.example.com"})))); err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("[", 4000) + strings.Repeat("]", 4000)
	compact := signRaw(t, a.text(t, nil, ""), kid)
	parts := strings.Split(compact, ".")
	tokens := map[string]string{
		"one issuer's key, the other's name":      sign(t, jose.RS256, rsaKeys()[0], "k0", "", b.claims(map[string]any{"aud": "https://b.example.com"})),
		"one issuer's audience at the other":      sign(t, jose.RS256, rsaKeys()[1], "k0", "", b.claims(nil)),
		"issuer twice, the good one last":         signRaw(t, strings.Replace(a.text(t, nil, ""), "{", `{"iss":"https://evil.example",`, 1), kid),
		"issuer twice, the good one first":        signRaw(t, a.text(t, nil, `,"iss":"`+b.issuer+`"`), kid),
		"audience twice":                          signRaw(t, a.text(t, map[string]any{"aud": "https://other.example"}, `,"aud":"https://data.example.com"`), kid),
		"expiry twice":                            signRaw(t, a.text(t, map[string]any{"exp": at.Add(-time.Hour).Unix()}, fmt.Sprintf(`,"exp":%d`, at.Add(time.Hour).Unix())), kid),
		"expiry as text":                          signRaw(t, a.text(t, map[string]any{"exp": "9999999999"}, ""), kid),
		"expiry in another case":                  signRaw(t, a.text(t, map[string]any{"exp": nil}, `,"Exp":9999999999`), kid),
		"expiry before the beginning":             signRaw(t, a.text(t, map[string]any{"exp": -1}, ""), kid),
		"issued tomorrow":                         signRaw(t, a.text(t, map[string]any{"iat": at.Add(24 * time.Hour).Unix()}, ""), kid),
		"audience is an object":                   signRaw(t, a.text(t, map[string]any{"aud": map[string]string{"a": "https://data.example.com"}}, ""), kid),
		"audience with more around it":            signRaw(t, a.text(t, map[string]any{"aud": "https://data.example.com.evil.example"}, ""), kid),
		"audience in a list in a list":            signRaw(t, a.text(t, map[string]any{"aud": [][]string{{"https://data.example.com"}}}, ""), kid),
		"subject is a number, and no name":        signRaw(t, a.text(t, map[string]any{"sub": 7, "preferred_username": nil}, ""), kid),
		"an extension that must be understood":    signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "k0", "crit": []string{"exp"}, "exp": 1}),
		"the other key's id":                      signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "only-ec"}),
		"key id that is a path":                   signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "../../dev/null"}),
		"key id that is a condition":              signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "' OR '1'='1"}),
		"key id in another case":                  signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "K0"}),
		"key id with NUL":                         signRaw(t, a.text(t, nil, ""), map[string]any{"kid": "k0\x00"}),
		"claims that are no object":               signRaw(t, `["`+a.issuer+`"]`, kid),
		"claims of another depth":                 signRaw(t, `{"claims":`+a.text(t, nil, "")+`}`, kid),
		"a token in a token":                      signRaw(t, compact, map[string]any{"kid": "k0", "cty": "JWT"}),
		"header changed, algorithm none":          base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"k0"}`)) + "." + parts[1] + "." + parts[2],
		"header changed, algorithm in other case": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"nOnE","kid":"k0"}`)) + "." + parts[1] + ".",
		"header changed, algorithm of secrets":    base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"k0"}`)) + "." + parts[1] + "." + parts[2],
		"header changed, two algorithms":          base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","alg":"RS256","kid":"k0"}`)) + "." + parts[1] + ".",
		"without a signature":                     parts[0] + "." + parts[1] + ".",
		"bytes behind the signature":              compact + "AAAA",
		"signature of nothing":                    parts[0] + ".." + parts[2],
		"encrypted":                               parts[0] + "." + parts[1] + "." + parts[2] + ".." + parts[2],
		"as JSON":                                 `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"very deep":                               signRaw(t, a.text(t, map[string]any{"aud": nil}, `,"aud":`+deep), kid),
		"very long":                               signRaw(t, a.text(t, map[string]any{"junk": strings.Repeat("j", 16<<10)}, ""), kid),
	}
	for name, token := range tokens {
		who, err := m.Authenticate(t.Context(), bearer(token))
		if !gwerr.Is(err, gwerr.Unauthenticated) && !errors.Is(err, auth.ErrNotMine) {
			t.Errorf("%s: %v, %v", name, who, err)
		}
		if err != nil && strings.Contains(err.Error(), token[:20]) {
			t.Errorf("%s: the error shows the token", name)
		}
	}
	// What is odd but signed for us gives no more than it says.
	who, err := m.Authenticate(t.Context(), bearer(signRaw(t, a.text(t, map[string]any{"junk": json.RawMessage(deep[:200] + deep[len(deep)-200:])}, ""), kid)))
	if err != nil || who.Name != "anna" || who.Attributes["junk"] != nil {
		t.Errorf("nested claims: %+v, %v", who, err)
	}
}

// TestHostileProviders: whoever stands in for the provider's addresses can keep
// callers out, and nothing else.
func TestHostileProviders(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	own := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKeys()[2].Public(), KeyID: "evil", Use: "sig"}}}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_ = json.NewEncoder(w).Encode(own)
	}))
	t.Cleanup(other.Close)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write([]byte(`{"keys":[`))
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	_ = z.Close()
	serve := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
	}
	for name, c := range map[string]struct {
		discovery func(issuer string) string // "" for a good one
		keys      http.HandlerFunc
	}{
		"keys are elsewhere by a redirect": {nil, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }},
		"keys are at plain http":           {func(i string) string { return `{"issuer":"` + i + `","jwks_uri":"http://keys.example/"}` }, nil},
		"keys are in a file":               {func(i string) string { return `{"issuer":"` + i + `","jwks_uri":"file:///etc/passwd"}` }, nil},
		"the document is another issuer's": {func(string) string { return `{"issuer":"https://evil.example","jwks_uri":"` + other.URL + `"}` }, nil},
		"a bomb of keys": {nil, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}},
		"endless keys": {nil, serve(`{"keys":[` + strings.Repeat(`{"kty":"oct","k":"AA"},`, 100_000) + `{}]}`)},
		"deep keys":    {nil, serve(`{"keys":` + strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000) + `}`)},
		"no keys":      {nil, serve(`{"keys":[]}`)},
		"no JSON":      {nil, serve(`<html>`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mux := http.NewServeMux()
			s := httptest.NewServer(mux)
			t.Cleanup(s.Close)
			document := `{"issuer":"` + s.URL + `","jwks_uri":"` + s.URL + `/jwks"}`
			if c.discovery != nil {
				document = c.discovery(s.URL)
			}
			mux.HandleFunc("/.well-known/openid-configuration", serve(document))
			if c.keys != nil {
				mux.HandleFunc("/jwks", c.keys)
			}
			at := start
			m, err := oidc.New(oidc.Config{Issuers: []oidc.Issuer{{URL: s.URL, Audiences: []string{"https://data.example.com"}}}, Now: func() time.Time { return at }})
			if err != nil {
				t.Fatal(err)
			}
			p := &idp{issuer: s.URL}
			token := sign(t, jose.RS256, rsaKeys()[2], "evil", "", p.claims(nil))
			if who, err := m.Authenticate(t.Context(), bearer(token)); !gwerr.Is(err, gwerr.UpstreamFailed) {
				t.Errorf("%v, %v", who, err)
			}
		})
	}
	t.Cleanup(func() {
		if elsewhere.Load() != 0 {
			t.Error("the keys of another host were fetched")
		}
	})
}
