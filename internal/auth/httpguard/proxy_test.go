package httpguard_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func networks(t testing.TB, texts ...string) []netip.Prefix {
	t.Helper()
	var out []netip.Prefix
	for _, text := range texts {
		if !strings.Contains(text, "/") {
			a := netip.MustParseAddr(text)
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		out = append(out, netip.MustParsePrefix(text).Masked())
	}
	return out
}

func proxies(t testing.TB, cfg httpguard.ProxyConfig) *httpguard.Proxies {
	t.Helper()
	p, err := httpguard.NewProxies(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestResolve(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		connection string
		forwarded  bool
		public     string
		header     map[string]string
		client     string
		base       string
	}{
		{name: "direct", connection: "203.0.113.9", client: "203.0.113.9", base: "http://gw:8080"},
		{
			name: "strangers are not believed", connection: "203.0.113.9",
			header: map[string]string{"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/x", "Forwarded": "for=1.1.1.1;host=evil.example"},
			client: "203.0.113.9", base: "http://gw:8080",
		},
		{
			name: "one proxy", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "Data.Example.com", "X-Forwarded-Prefix": "/pingone/"},
			client: "203.0.113.9", base: "https://data.example.com/pingone",
		},
		{
			name: "what the client put in front is ignored", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "10.0.0.7, 1.1.1.1, 203.0.113.9", "X-Forwarded-Host": "evil.example, data.example.com", "X-Forwarded-Proto": "http, https"},
			client: "203.0.113.9", base: "https://data.example.com",
		},
		{
			name: "two proxies", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "1.1.1.1, 203.0.113.9, 10.0.0.2", "X-Forwarded-Proto": "https"},
			client: "203.0.113.9", base: "https://gw:8080",
		},
		{
			name: "proxies alone", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "10.0.0.3, 10.0.0.2"},
			client: "10.0.0.3", base: "http://gw:8080",
		},
		{
			name: "no address", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "1.1.1.1, unix:", "X-Forwarded-Proto": "https"},
			client: "invalid IP", base: "https://gw:8080",
		},
		{
			name: "without the client", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "data.example.com:8443"},
			client: "10.0.0.1", base: "https://data.example.com:8443",
		},
		{
			name: "address with port", connection: "10.0.0.1", header: map[string]string{"X-Forwarded-For": "203.0.113.9:4711"},
			client: "203.0.113.9", base: "http://gw:8080",
		},
		{
			name: "nonsense", connection: "10.0.0.1",
			header: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a/b?c", "X-Forwarded-Prefix": "//evil.example/.."},
			client: "203.0.113.9", base: "http://gw:8080",
		},
		{
			name: "the header that is not configured", connection: "10.0.0.1",
			header: map[string]string{"Forwarded": "for=1.1.1.1;host=evil.example;proto=https"},
			client: "10.0.0.1", base: "http://gw:8080",
		},
		{
			name: "RFC 7239", connection: "10.0.0.1", forwarded: true,
			header: map[string]string{"Forwarded": `for=1.1.1.1;host=evil.example, For="[2001:db8::9]:47";Proto=HTTPS;Host="data.example.com", for=10.0.0.2`, "X-Forwarded-Host": "evil.example"},
			client: "2001:db8::9", base: "https://data.example.com",
		},
		{
			name: "RFC 7239, hidden", connection: "10.0.0.1", forwarded: true,
			header: map[string]string{"Forwarded": `for=1.1.1.1, for=_hidden;proto=https`},
			client: "invalid IP", base: "https://gw:8080",
		},
		{
			name: "RFC 7239, without for", connection: "10.0.0.1", forwarded: true,
			header: map[string]string{"Forwarded": `for=1.1.1.1;host=evil.example, proto=https`},
			client: "10.0.0.1", base: "https://gw:8080",
		},
		{
			name: "public address", connection: "10.0.0.1", public: "https://data.example.com/p/",
			header: map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example"},
			client: "203.0.113.9", base: "https://data.example.com/p",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := proxies(t, httpguard.ProxyConfig{Trusted: networks(t, "10.0.0.0/8"), Forwarded: c.forwarded, PublicURL: c.public})
			h := http.Header{}
			for k, v := range c.header {
				h.Set(k, v)
			}
			o := p.Resolve(netip.MustParseAddr(c.connection), "gw:8080", false, h)
			if o.Client.String() != c.client || o.BaseURL() != c.base {
				t.Errorf("client %s at %s, want %s at %s", o.Client, o.BaseURL(), c.client, c.base)
			}
		})
	}
}

func TestEncryptedConnections(t *testing.T) {
	t.Parallel()
	o := proxies(t, httpguard.ProxyConfig{}).Resolve(netip.MustParseAddr("::ffff:192.0.2.1"), "[::1]:443", true, nil)
	if o.BaseURL() != "https://[::1]:443" || o.Client.String() != "192.0.2.1" {
		t.Errorf("got %+v", o)
	}
}

// TestHostsInTurns: what is remembered of one request's host is for no other one.
func TestHostsInTurns(t *testing.T) {
	t.Parallel()
	p := proxies(t, httpguard.ProxyConfig{})
	for range 2 {
		for written, want := range map[string]string{"gw": "http://gw", "GW": "http://gw", "gw:80": "http://gw:80", "a/b": "http://", "": "http://", "[::1]": "http://[::1]"} {
			for range 2 {
				if o := p.Resolve(netip.MustParseAddr("192.0.2.1"), written, false, nil); o.BaseURL() != want {
					t.Errorf("%q gives %q, want %q", written, o.BaseURL(), want)
				}
			}
		}
	}
}

func TestNewProxiesRefuses(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"data.example.com", "ftp://x", "https://", "https://a@b", "https://x?y", "https://x/#y", "https://ex ample"} {
		if _, err := httpguard.NewProxies(httpguard.ProxyConfig{PublicURL: u}); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestOriginWithoutMiddleware(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "http://gw/", nil)
	r.RemoteAddr = "192.0.2.1:99"
	r.Header.Set("X-Forwarded-For", "1.1.1.1")
	if o := httpguard.OriginOf(r); o.Client.String() != "192.0.2.1" || o.BaseURL() != "http://gw" {
		t.Errorf("got %+v", o)
	}
}

// FuzzForwarded: no header of a proxy gives an address that isn't one, and
// none of a stranger has an effect.
func FuzzForwarded(f *testing.F) {
	f.Add(`for=192.0.2.43;proto=https;host="a.b"`, "data.example.com", "/p")
	f.Add(`for="[2001:db8::1]:80", for=unknown`, "a:b:c", "/..//")
	f.Add(`for="\"`, "[::1", "/%2e")
	f.Fuzz(func(t *testing.T, forwarded, host, prefix string) {
		h := http.Header{"Forwarded": {forwarded}, "X-Forwarded-For": {forwarded}, "X-Forwarded-Host": {host}, "X-Forwarded-Prefix": {prefix}, "X-Forwarded-Proto": {host}}
		for _, rfc := range []bool{true, false} {
			p := proxies(t, httpguard.ProxyConfig{Trusted: networks(t, "10.0.0.0/8"), Forwarded: rfc})
			o := p.Resolve(netip.MustParseAddr("10.1.1.1"), "gw", false, h)
			if r, err := http.NewRequest(http.MethodGet, o.BaseURL()+"/Users", nil); err != nil || r.URL.Host != o.Host || !strings.HasSuffix(r.URL.Path, "/Users") {
				t.Fatalf("%q %q %q: %q, %v", forwarded, host, prefix, o.BaseURL(), err)
			}
			if s := p.Resolve(netip.MustParseAddr("192.0.2.1"), "gw", false, h); s.BaseURL() != "http://gw" || s.Client.String() != "192.0.2.1" {
				t.Fatalf("a stranger is believed: %+v", s)
			}
		}
	})
}
