package oauth_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// TestRedirectsGetNoCredentials: an authorization server, or what stands in for
// it, sends requests on, with every status, proof and grant.
func TestRedirectsGetNoCredentials(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Add(1)
		reply(200, good)(w, r)
	}))
	t.Cleanup(func() {
		other.Close()
		if elsewhere.Load() != 0 {
			t.Errorf("%d requests went elsewhere", elsewhere.Load())
		}
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	proofs := map[string]oauth.Credentials{
		"basic": {}, "post": {Method: oauth.SecretPost}, "secret JWT": {Method: oauth.SecretJWT},
		"key": {Method: oauth.PrivateKeyJWT, Secret: pemOf(t, key)}, "none": {Method: oauth.NoSecret},
	}
	grants := map[string]func(context.Context, *oauth.Client) error{
		"client": func(ctx context.Context, c *oauth.Client) error { _, err := c.ClientCredentials(ctx); return err },
		"refresh": func(ctx context.Context, c *oauth.Client) error {
			_, err := c.Refresh(ctx, tokens.NewSecret("refresh-token"))
			return err
		},
		"code": func(ctx context.Context, c *oauth.Client) error {
			_, err := c.Exchange(ctx, "code", "verifier", "http://127.0.0.1/cb")
			return err
		},
		"revoke": func(ctx context.Context, c *oauth.Client) error {
			return c.Revoke(ctx, tokens.NewSecret("refresh-token"))
		},
		"device": func(ctx context.Context, c *oauth.Client) error { _, err := c.StartDevice(ctx); return err },
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{other.URL + "/as/token", strings.Replace(other.URL, "http:", "", 1), "/env/as/elsewhere"} {
			asked := 0
			e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				http.Redirect(w, r, to, status)
			})
			for proof, credentials := range proofs {
				for grant, ask := range grants {
					asked = 0
					if err := ask(t.Context(), client(t, e, credentials)); !gwerr.Is(err, gwerr.UpstreamFailed) || asked != 1 {
						t.Errorf("%d to %s, %s, %s: %d requests, %v", status, to, proof, grant, asked, err)
					}
				}
			}
		}
	}
	// A client that follows redirects lends its transport alone.
	e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	c, err := oauth.NewClient(e, oauth.Credentials{ClientID: "app", Secret: tokens.NewSecret(secret)}, &http.Client{Transport: http.DefaultTransport})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ClientCredentials(t.Context()); !gwerr.Is(err, gwerr.UpstreamFailed) {
		t.Errorf("with a client of its own: %v", err)
	}
}

// TestHostileAnswers are too large, once inflated, or too deep, or hold what must
// not be shown.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	_, _ = z.Write([]byte(good))
	_ = z.Close()
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	for name, answer := range map[string]http.HandlerFunc{
		"a bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		},
		"deep":            reply(200, `{"access_token":`+deep+`}`),
		"a deep error":    reply(400, `{"error":`+deep+`}`),
		"repeats secrets": reply(400, `{"error":"`+secret+`","error_description":"refresh-token `+secret+`"}`),
		"repeats headers": func(w http.ResponseWriter, r *http.Request) {
			reply(401, `{"error":"invalid_client","error_description":"`+r.Header.Get("Authorization")+`"}`)(w, r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, endpoint(t, answer), oauth.Credentials{}).Refresh(t.Context(), tokens.NewSecret("refresh-token"))
			if err == nil {
				t.Fatal("taken")
			}
			for _, part := range []string{secret, url.QueryEscape(secret), "refresh-token", "Basic "} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("the error shows %q: %v", part, err)
				}
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// TestReturnPathsStayHere: what follows a sign-in is a path of this host, however
// it is written.
func TestReturnPathsStayHere(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\/evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example",
		"\t//evil.example", " //evil.example", "https:evil.example", "https:/evil.example", "HTTPS://evil.example", "javascript:alert(1)", "JavaScript://%0aalert(1)",
		"data:text/html,x", "evil.example", "@evil.example", "http://127.0.0.1@evil.example", "?x=//evil.example", "#//evil.example", "", "/%zz", "/" + strings.Repeat("x", 2000),
	} {
		base, browser, done := web(t)
		state := begin(t, base, browser, "?return_to="+url.QueryEscape(to))
		if status, page := fetch(t, browser, base+"/oauth/callback?code=the+code&state="+state); status != 204 {
			t.Fatalf("%q: %d %s", to, status, page)
		}
		if got := <-done; got.ReturnTo != "/" {
			t.Errorf("%q leads to %q", to, got.ReturnTo)
		}
	}
}

// TestAnswersOfOtherSignIns gives a browser's sign-in what belongs to another
// one: of its own, of another replica, of another use of the same keys.
func TestAnswersOfOtherSignIns(t *testing.T) {
	t.Parallel()
	base, browser, done := web(t)
	older := begin(t, base, browser, "")
	newer := begin(t, base, browser, "")
	elsewhere, stranger, _ := web(t) // has other keys
	foreign := begin(t, elsewhere, stranger, "")
	if older == newer || older == foreign {
		t.Error("states repeat")
	}
	for name, query := range map[string]string{
		"an older sign-in of this browser": "code=the+code&state=" + older,
		"another gateway's":                "code=the+code&state=" + foreign,
		"half of one":                      "code=the+code&state=" + newer[:len(newer)/2],
		"with padding":                     "code=the+code&state=" + newer + "==",
		"one of them first":                "code=the+code&state=" + foreign + "&state=" + newer,
	} {
		// Each attempt costs the cookie, as it must.
		fresh := newBrowser(t)
		u, _ := url.Parse(base)
		fresh.Jar.SetCookies(u, browser.Jar.Cookies(u))
		if status, page := fetch(t, fresh, base+"/oauth/callback?"+query); status != 400 {
			t.Errorf("%s: %d %s", name, status, page)
		}
		if left := fresh.Jar.Cookies(u); len(left) != 0 {
			t.Errorf("%s: the cookie stays: %v", name, left)
		}
	}
	select {
	case <-done:
		t.Error("a login was accepted")
	default:
	}
	if status, _ := fetch(t, browser, base+"/oauth/callback?code=the+code&state="+newer); status != 204 {
		t.Errorf("the right one: %d", status)
	}
	if (<-done).Nonce == "" {
		t.Error("no nonce")
	}
}

// TestStatesAreNoTokens: the ring that seals states seals stored tokens too; one
// never passes for the other.
func TestStatesAreNoTokens(t *testing.T) {
	t.Parallel()
	ring := seal.NewEphemeralRing()
	record := ring.Seal(ring.Name("issuer", "client"), []byte(`{"v":"verifier","b":"","e":9999999999}`))
	l := &oauth.WebLogin{Client: client(t, signIn(t), oauth.Credentials{}), CallbackURL: "http://127.0.0.1/cb", Ring: ring, Done: func(http.ResponseWriter, *http.Request, oauth.LoginResult) {
		t.Error("a stored record was taken for a state")
	}}
	r := httptest.NewRequest(http.MethodGet, "/cb?code=the+code&state="+base64.RawURLEncoding.EncodeToString(record), nil)
	r.AddCookie(&http.Cookie{Name: "gateway-login", Value: ""})
	w := httptest.NewRecorder()
	l.Callback(w, r)
	if w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
