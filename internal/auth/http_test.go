package auth_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

const authorize = "https://login.microsoftonline.com/tenant/oauth2/authorize"

func adapter(t testing.TB, cfg auth.HTTPConfig) *auth.HTTP {
	t.Helper()
	h, err := auth.NewHTTP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestCredentials(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		header       http.Header
		query        string
		scheme       auth.Scheme
		user, secret string
		err          gwerr.Code
	}{
		{name: "nothing"},
		{name: "basic", header: http.Header{"Authorization": {"Basic " + b64("anna:pass:word")}}, scheme: auth.Basic, user: "anna", secret: "pass:word"},
		{name: "basic without padding", header: http.Header{"Authorization": {"Basic " + strings.TrimRight(b64("anna:p"), "=")}}, scheme: auth.Basic, user: "anna", secret: "p"},
		{name: "scheme in any case", header: http.Header{"Authorization": {"bAsIc  " + b64("a:b")}}, scheme: auth.Basic, user: "a", secret: "b"},
		{name: "basic in UTF-8", header: http.Header{"Authorization": {"Basic " + b64("zoë:ß")}}, scheme: auth.Basic, user: "zoë", secret: "ß"},
		{name: "bearer", header: http.Header{"Authorization": {"Bearer a.b.c"}}, scheme: auth.Bearer, secret: "a.b.c"},
		{name: "empty bearer", header: http.Header{"Authorization": {"Bearer"}}, scheme: auth.Bearer},
		{name: "empty bearer with space", header: http.Header{"Authorization": {"Bearer "}}, scheme: auth.Bearer},
		{name: "key header", header: http.Header{"X-Api-Key": {"k"}}, scheme: auth.APIKey, secret: "k"},
		{name: "key parameter", query: "$top=1&api%6Bey=a%2Bb", scheme: auth.APIKey, secret: "a+b"},
		{name: "not base64", header: http.Header{"Authorization": {"Basic !!"}}, err: gwerr.Unauthenticated},
		{name: "no colon", header: http.Header{"Authorization": {"Basic " + b64("anna")}}, err: gwerr.Unauthenticated},
		{name: "NUL", header: http.Header{"Authorization": {"Basic " + b64("anna:a\x00b")}}, err: gwerr.Unauthenticated},
		{name: "not UTF-8", header: http.Header{"Authorization": {"Basic " + b64("anna:\xff")}}, err: gwerr.Unauthenticated},
		{name: "two tokens", header: http.Header{"Authorization": {"Bearer a b"}}, err: gwerr.Unauthenticated},
		{name: "unknown scheme", header: http.Header{"Authorization": {"Negotiate abc"}}, err: gwerr.Unauthenticated},
		{name: "empty header", header: http.Header{"Authorization": {""}}, err: gwerr.Unauthenticated},
		{name: "too long", header: http.Header{"Authorization": {"Bearer " + strings.Repeat("a", 1<<15)}}, err: gwerr.Unauthenticated},
		{name: "two headers", header: http.Header{"Authorization": {"Bearer a", "Bearer b"}}, err: gwerr.BadRequest},
		{name: "key and bearer", header: http.Header{"Authorization": {"Bearer a"}, "X-Api-Key": {"b"}}, err: gwerr.BadRequest},
		{name: "two parameters", query: "apikey=a&apikey=b", err: gwerr.BadRequest},
	}
	h := adapter(t, auth.HTTPConfig{KeyParameter: "apikey"})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/odata/?"+c.query, nil)
			r.RemoteAddr = "192.0.2.1:1234"
			for k, v := range c.header {
				r.Header[k] = v
			}
			got, _, err := h.Credentials(r)
			if c.err != "" {
				if !gwerr.Is(err, c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil || got.Scheme != c.scheme || got.User != c.user || got.Secret.Reveal() != c.secret || got.Remote != home {
				t.Errorf("got %+v %q, %v", got, got.Secret.Reveal(), err)
			}
		})
	}
}

func TestKeyParameterLeavesTheRequest(t *testing.T) {
	t.Parallel()
	h := adapter(t, auth.HTTPConfig{KeyParameter: "apikey"})
	r := httptest.NewRequest(http.MethodGet, "/Users?$filter=a%20eq%20'x;y'&apikey=SECRET&$top=1", nil)
	_, without, err := h.Credentials(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := without.URL.RawQuery; got != "$filter=a%20eq%20'x;y'&$top=1" || strings.Contains(without.RequestURI, "SECRET") {
		t.Errorf("query %q, request %q", got, without.RequestURI)
	}
	if !strings.Contains(r.URL.RawQuery, "SECRET") {
		t.Error("the caller's request was changed")
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	basicOnly := `Basic realm="PingOne Gateway", charset="UTF-8"`
	cases := []struct {
		name string
		cfg  auth.HTTPConfig
		want []string
	}{
		{"basic", auth.HTTPConfig{}, []string{basicOnly}},
		{"power query", auth.HTTPConfig{BearerAuthorizationURI: authorize}, []string{"Bearer authorization_uri=" + authorize, basicOnly}},
		{"bearer", auth.HTTPConfig{Bearer: true, Realm: "R"}, []string{`Bearer realm="R"`, `Basic realm="R", charset="UTF-8"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			adapter(t, c.cfg).Challenge(w)
			if got := w.Header().Values("WWW-Authenticate"); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, cfg := range []auth.HTTPConfig{{Realm: `a"b`}, {Realm: "a\r\nX: y"}, {BearerAuthorizationURI: "http://x/y"}, {BearerAuthorizationURI: "https://x/y, z"}} {
		if _, err := auth.NewHTTP(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// TestPowerQuerySignIn is what Power Query does for "Organizational account":
// a first request with an empty Bearer, which must be answered 401 with the
// address to sign in at, not redirected.
func TestPowerQuerySignIn(t *testing.T) {
	t.Parallel()
	a, err := auth.New(auth.Config{Methods: []auth.Method{&method{user: "anna", password: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	h := adapter(t, auth.HTTPConfig{BearerAuthorizationURI: authorize})
	fail := func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(gwerr.From(err).Kind().HTTP)
	}
	served := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(auth.FromContext(r.Context()).Name))
	})
	s := httptest.NewServer(h.Middleware(a, fail)(served))
	defer s.Close()
	for _, c := range []struct {
		name, header string
		status       int
	}{
		{"empty bearer", "Bearer", 401}, {"nothing", "", 401}, {"wrong", "Basic " + b64("anna:x"), 401}, {"right", "Basic " + b64("anna:a"), 200},
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.header != "" {
			req.Header.Set("Authorization", c.header)
		}
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		challenged := slices.Contains(resp.Header.Values("WWW-Authenticate"), "Bearer authorization_uri="+authorize)
		if resp.StatusCode != c.status || challenged != (c.status == 401) {
			t.Errorf("%s: %d, %q", c.name, resp.StatusCode, resp.Header.Values("WWW-Authenticate"))
		}
	}
}

func TestClientIPIsAsked(t *testing.T) {
	t.Parallel()
	behind := netip.MustParseAddr("198.51.100.7")
	h := adapter(t, auth.HTTPConfig{ClientIP: func(*http.Request) netip.Addr { return behind }})
	c, _, err := h.Credentials(httptest.NewRequest(http.MethodGet, "/", nil))
	if err != nil || c.Remote != behind {
		t.Errorf("got %v, %v", c.Remote, err)
	}
}

// FuzzAuthorization: whatever the header is, the adapter refuses it or finds
// credentials that a client could have meant.
func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{"Basic YTpi", "Bearer x", "Bearer", "basic :", "Basic\tYTpi", "  Bearer  a", "Digest username=\"a\""} {
		f.Add(s)
	}
	h := adapter(f, auth.HTTPConfig{})
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{header}
		c, _, err := h.Credentials(r)
		if err != nil {
			if !gwerr.Is(err, gwerr.Unauthenticated) || strings.Contains(err.Error(), header) && len(header) > 12 {
				t.Fatalf("%q: %v", header, err)
			}
			return
		}
		switch c.Scheme {
		case auth.Bearer:
			if c.User != "" || strings.ContainsAny(c.Secret.Reveal(), " ,\t") {
				t.Fatalf("%q: %+v", header, c)
			}
		case auth.Basic:
			again, _, err := h.Credentials(&http.Request{URL: r.URL, RemoteAddr: r.RemoteAddr, Header: http.Header{"Authorization": {"Basic " + b64(c.User+":"+c.Secret.Reveal())}}})
			if err != nil || again.User != c.User || !again.Secret.Equal(c.Secret) || strings.Contains(c.User, ":") {
				t.Fatalf("%q: %+v, %v", header, again, err)
			}
		default:
			t.Fatalf("%q: scheme %q", header, c.Scheme)
		}
	})
}
