package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

const secret = "p@ss/+ word:ü-and-long-enough-to-sign"

// endpoint is an authorization server whose answers the test writes.
func endpoint(t *testing.T, answer http.HandlerFunc) oauth.Endpoints {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	e, err := oauth.NewEndpoints("", "env", s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func client(t *testing.T, e oauth.Endpoints, c oauth.Credentials) *oauth.Client {
	t.Helper()
	if c.ClientID == "" {
		c.ClientID = "app:1"
	}
	if c.Secret.IsZero() && c.Method != oauth.NoSecret {
		c.Secret = tokens.NewSecret(secret)
	}
	got, err := oauth.NewClient(e, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

const good = `{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt","scope":"openid","id_token":"it"}`

func TestEndpoints(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, region, env, server, issuer string }{
		{"default region", "", "e", "", "https://auth.pingone.com/e/as"},
		{"US is NA", "us", "e", "", "https://auth.pingone.com/e/as"},
		{"Australia", "AU", "e", "", "https://auth.pingone.com.au/e/as"},
		{"legacy Asia", "AP", "e", "", "https://auth.pingone.asia/e/as"},
		{"custom domain", "EU", "e", "https://login.example.com", "https://login.example.com/as"},
		{"custom domain with slash", "", "e", "https://login.example.com/", "https://login.example.com/as"},
		{"custom domain with as", "", "", "https://login.example.com/as", "https://login.example.com/as"},
		{"PingOne's host", "", "e", "https://auth.pingone.eu", "https://auth.pingone.eu/e/as"},
		{"host and environment", "", "e", "https://auth.example.com/e", "https://auth.example.com/e/as"},
		{"loopback", "", "e", "http://127.0.0.1:8090", "http://127.0.0.1:8090/e/as"},
		{"loopback with path", "", "e", "http://localhost:8090/e/as/", "http://localhost:8090/e/as"},
	}
	for _, c := range cases {
		e, err := oauth.NewEndpoints(c.region, c.env, c.server)
		if err != nil || e.Issuer != c.issuer || e.Token != c.issuer+"/token" || e.Device != c.issuer+"/device_authorization" {
			t.Errorf("%s: %+v, %v", c.name, e, err)
		}
	}
	for name, c := range map[string][3]string{
		"region": {"XX", "e", ""}, "no environment": {"EU", "", ""}, "no scheme": {"", "e", "login.example.com"}, "plain http": {"", "e", "http://login.example.com"},
		"user": {"", "e", "https://u:p@host"}, "query": {"", "e", "https://host?x=1"}, "other scheme": {"", "e", "ftp://host"}, "broken": {"", "e", "https://%zz"},
	} {
		if _, err := oauth.NewEndpoints(c[0], c[1], c[2]); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlainEndpoints(t *testing.T) {
	t.Parallel()
	e, err := oauth.NewPlainEndpoints("", "e", "http://simulator:8090/e/as")
	if err != nil || e.Token != "http://simulator:8090/e/as/token" {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := oauth.NewPlainEndpoints("", "e", "ftp://simulator"); !gwerr.Is(err, gwerr.Config) {
		t.Errorf("another scheme: %v", err)
	}
	if e, err := oauth.NewPlainEndpoints("EU", "e", ""); err != nil || e.Issuer != "https://auth.pingone.eu/e/as" {
		t.Errorf("a region: %+v, %v", e, err)
	}
}

func pemOf(t *testing.T, key any) tokens.Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return tokens.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		cred oauth.Credentials
		key  any // verifies an assertion
		alg  jose.SignatureAlgorithm
	}{
		{"basic by default", oauth.Credentials{}, nil, ""},
		{"post", oauth.Credentials{Method: "client_secret_post"}, nil, ""},
		{"none", oauth.Credentials{Method: oauth.NoSecret}, nil, ""},
		{"secret JWT", oauth.Credentials{Method: oauth.SecretJWT}, []byte(secret), jose.HS256},
		{"RSA key", oauth.Credentials{Method: oauth.PrivateKeyJWT, Secret: pemOf(t, rsaKey), KeyID: "kid"}, rsaKey.Public(), jose.RS256},
		{"EC key", oauth.Credentials{Method: oauth.PrivateKeyJWT, Secret: pemOf(t, ecKey)}, ecKey.Public(), jose.ES256},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var form url.Values
			var user, password string
			var basic bool
			e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
				user, password, basic = r.BasicAuth()
				_ = r.ParseForm()
				form = r.PostForm
				reply(200, good)(w, r)
			})
			got, err := client(t, e, c.cred).ClientCredentials(t.Context(), "a", "b")
			if err != nil || got.Value.Reveal() != "at" || form.Get("grant_type") != "client_credentials" || form.Get("scope") != "a b" {
				t.Fatalf("%v, %v", form, err)
			}
			switch {
			case c.cred.Method == "":
				if !basic || user != "app%3A1" || password != url.QueryEscape(secret) || form.Has("client_secret") || form.Has("client_id") {
					t.Errorf("header %q %q, form %v", user, password, form)
				}
				return
			case basic || form.Get("client_id") != "app:1":
				t.Errorf("basic %v, form %v", basic, form)
			}
			if (form.Get("client_secret") == secret) != (c.name == "post") {
				t.Errorf("form %v", form)
			}
			if c.key != nil {
				verify(t, form, e.Token, c.key, c.alg, c.cred.KeyID)
			} else if form.Has("client_assertion") {
				t.Error("an assertion was sent")
			}
		})
	}
}

func verify(t *testing.T, form url.Values, audience string, key any, alg jose.SignatureAlgorithm, id string) {
	t.Helper()
	parsed, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{alg})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := parsed.Claims(key, &claims); err != nil {
		t.Fatal(err)
	}
	err = claims.Validate(jwt.Expected{Issuer: "app:1", Subject: "app:1", AnyAudience: jwt.Audience{audience}, Time: time.Now()})
	if err != nil || claims.ID == "" || claims.Expiry.Time().After(time.Now().Add(2*time.Minute)) || parsed.Headers[0].KeyID != id {
		t.Errorf("claims %+v, header %+v, %v", claims, parsed.Headers[0], err)
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]oauth.Credentials{
		"no id":         {Secret: tokens.NewSecret("x")},
		"no secret":     {ClientID: "x"},
		"no PEM":        {ClientID: "x", Secret: tokens.NewSecret("hush"), Method: oauth.PrivateKeyJWT},
		"no key in PEM": {ClientID: "x", Secret: tokens.NewSecret("-----BEGIN X-----\naGk=\n-----END X-----\n"), Method: oauth.PrivateKeyJWT},
		"method":        {ClientID: "x", Secret: tokens.NewSecret("hush"), Method: "MAGIC"},
	} {
		_, err := oauth.NewClient(oauth.Endpoints{}, c, nil)
		if !gwerr.Is(err, gwerr.Config) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := client(t, endpoint(t, reply(200, good)), oauth.Credentials{Secret: tokens.NewSecret("short"), Method: oauth.SecretJWT})
	if _, err := c.ClientCredentials(t.Context()); err != nil && !gwerr.Is(err, gwerr.Config) {
		t.Errorf("a short secret: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(good))
	}
	cases := []struct {
		name    string
		answer  http.HandlerFunc
		code    gwerr.Code
		says    string
		unknown bool // the outcome
		spent   bool
	}{
		{"good", reply(200, good), "", "", false, false},
		{"expiry as text", reply(200, `{"access_token":"at","expires_in":"3600"}`), "", "", false, false},
		{"no token", reply(200, `{}`), gwerr.UpstreamFailed, "no access token", true, false},
		{"no JSON", reply(200, `<html>`), gwerr.UpstreamFailed, "no access token", true, false},
		{"other type", reply(200, `{"access_token":"at","token_type":"mac"}`), gwerr.UpstreamFailed, "bearer", false, false},
		{"cut short", cut, gwerr.UpstreamFailed, "cut short", true, false},
		{"too long", reply(200, strings.Repeat(" ", 2<<20)), gwerr.UpstreamFailed, "too long", true, false},
		{"invalid client", reply(401, `{"error":"invalid_client","error_description":"secret `+secret+`"}`), gwerr.UpstreamAuth, "OAuthClientSecret", false, false},
		{"401 without words", reply(401, ``), gwerr.UpstreamAuth, "OAuthClientSecret", false, false},
		{"invalid grant", reply(400, `{"error":"invalid_grant"}`), gwerr.UpstreamAuth, "Sign in again", false, true},
		{"unauthorized client", reply(400, `{"error":"unauthorized_client"}`), gwerr.UpstreamAuth, "refresh_token", false, false},
		{"unknown error", reply(400, `{"error":"%s%n"}`), gwerr.UpstreamAuth, "status 400", false, false},
		{"not found", reply(404, ``), gwerr.UpstreamAuth, "status 404", false, false},
		{"busy", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "7"); reply(429, "")(w, r) }, gwerr.UpstreamLimited, "", false, false},
		{"broken", reply(503, ``), gwerr.UpstreamFailed, "status 503", false, false},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, gwerr.UpstreamFailed, "redirect", false, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := client(t, endpoint(t, c.answer), oauth.Credentials{}).Refresh(t.Context(), tokens.NewSecret("old"))
			if c.code == "" {
				if life := got.Expiry.Sub(got.MintedAt); err != nil || got.Value.Reveal() != "at" || life != time.Hour {
					t.Errorf("life %v, %v", life, err)
				}
				return
			}
			if !gwerr.Is(err, c.code) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "%") {
				t.Errorf("got %v", err)
			}
			if errors.Is(err, tokens.ErrOutcomeUnknown) != c.unknown || errors.Is(err, tokens.ErrSpent) != c.spent {
				t.Errorf("outcome unknown %v, spent %v", errors.Is(err, tokens.ErrOutcomeUnknown), errors.Is(err, tokens.ErrSpent))
			}
			if c.name == "busy" && gwerr.From(err).RetryAfter != 7*time.Second {
				t.Errorf("wait %v", gwerr.From(err).RetryAfter)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	e, _ := oauth.NewEndpoints("", "env", s.URL)
	s.Close()
	_, err := client(t, e, oauth.Credentials{}).ClientCredentials(t.Context())
	if !gwerr.Is(err, gwerr.UpstreamFailed) || errors.Is(err, tokens.ErrOutcomeUnknown) {
		t.Errorf("nobody listens: %v", err)
	}
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	e = endpoint(t, func(_ http.ResponseWriter, r *http.Request) { _ = r.ParseForm(); cancel(); <-release })
	t.Cleanup(func() { close(release) })
	_, err = client(t, e, oauth.Credentials{}).ClientCredentials(ctx)
	if !gwerr.Is(err, gwerr.UpstreamFailed) || !errors.Is(err, tokens.ErrOutcomeUnknown) {
		t.Errorf("no answer: %v", err)
	}
}

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()
	e, _ := oauth.NewEndpoints("EU", "env", "")
	a, err := client(t, e, oauth.Credentials{}).NewAttempt(oauth.AuthorizeRequest{RedirectURL: "http://localhost:33333", Scopes: []string{"openid", "profile"}, Nonce: "n"})
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(a.URL)
	sum := sha256.Sum256([]byte(a.Verifier))
	want := url.Values{
		"response_type": {"code"}, "client_id": {"app:1"}, "redirect_uri": {"http://localhost:33333"}, "scope": {"openid profile"}, "nonce": {"n"},
		"state": {a.State}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if u.Host != "auth.pingone.eu" || u.Path != "/env/as/authorize" || u.RawQuery != want.Encode() || len(a.State) < 32 {
		t.Errorf("got %s", a.URL)
	}
	if strings.Contains(a.URL, a.Verifier) {
		t.Error("the verifier is in the address")
	}
	for _, bad := range []string{"short", strings.Repeat("ä", 50), strings.Repeat("x", 129)} {
		if _, err := client(t, e, oauth.Credentials{}).NewAttempt(oauth.AuthorizeRequest{Verifier: bad}); !gwerr.Is(err, gwerr.BadParameter) {
			t.Errorf("verifier %q: %v", bad, err)
		}
	}
}

func TestDeviceFlow(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		life    string   // of the code, in seconds
		answers []string // of the token endpoint, in order
		code    gwerr.Code
		asks    int
	}{
		{"signed in", "3600", []string{`{"error":"authorization_pending"}`, `{"error":"authorization_pending"}`, good}, "", 3},
		{"refused", "3600", []string{`{"error":"authorization_pending"}`, `{"error":"access_denied"}`}, gwerr.UpstreamAuth, 2},
		{"expired", "3600", []string{`{"error":"expired_token"}`}, gwerr.UpstreamAuth, 1},
		{"never", "0.5", []string{`{"error":"authorization_pending"}`}, gwerr.UpstreamAuth, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				if strings.HasSuffix(r.URL.Path, "/device_authorization") {
					reply(200, `{"device_code":"dc","user_code":"ABCD","verification_uri":"https://x/activate","expires_in":`+c.life+`,"interval":0.05}`)(w, r)
					return
				}
				if r.PostForm.Get("device_code") != "dc" {
					t.Errorf("form %v", r.PostForm)
				}
				body := c.answers[min(asked, len(c.answers)-1)]
				asked++
				reply(map[bool]int{true: 200, false: 400}[body == good], body)(w, r)
			})
			var told []string
			flow := oauth.LoginFlow{Client: client(t, e, oauth.Credentials{}), Tell: func(line string) { told = append(told, line) }}
			got, err := flow.RunDevice(t.Context())
			if c.code == "" && (err != nil || got.Refresh.Reveal() != "rt") || c.code != "" && !gwerr.Is(err, c.code) {
				t.Errorf("got %v", err)
			}
			if c.asks >= 0 && asked != c.asks {
				t.Errorf("asked %d times", asked)
			}
			if len(told) == 0 || !strings.Contains(told[0], "ABCD") {
				t.Errorf("told %v", told)
			}
		})
	}
}

// slow_down lengthens the pace by five seconds (RFC 8628 section 3.5).
func TestDeviceSlowDown(t *testing.T) {
	t.Parallel()
	asked := 0
	e := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/device_authorization") {
			reply(200, `{"device_code":"dc","user_code":"ABCD","verification_uri":"https://x","expires_in":4,"interval":0.01}`)(w, r)
			return
		}
		asked++
		reply(400, `{"error":"slow_down"}`)(w, r)
	})
	c := client(t, e, oauth.Credentials{})
	d, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PollDevice(t.Context(), d); !gwerr.Is(err, gwerr.UpstreamAuth) || asked != 1 {
		t.Errorf("asked %d times within the code's four seconds, %v", asked, err)
	}
}

func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, good)
	f.Add(400, `{"error":"invalid_grant"}`)
	f.Add(200, `{"access_token":"x","expires_in":1e300}`)
	var status int
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reply(status, body)(w, r) }))
	defer s.Close()
	e, _ := oauth.NewEndpoints("", "env", s.URL)
	c, err := oauth.NewClient(e, oauth.Credentials{ClientID: "x", Method: oauth.NoSecret}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, st int, b string) {
		if st < 200 || st > 599 || st == 204 || st == 304 {
			return
		}
		status, body = st, b
		got, err := c.ClientCredentials(context.Background())
		if err == nil && (got.IsZero() || !got.Expiry.IsZero() && !got.Expiry.After(got.MintedAt)) {
			t.Errorf("%d %q gives a token without value or life", st, b)
		}
		if err == nil && !json.Valid([]byte(b)) {
			t.Errorf("%q is taken for JSON", b)
		}
		if err != nil && gwerr.From(err).Code == gwerr.Internal {
			t.Error(fmt.Errorf("unclassified: %w", err))
		}
	})
}
