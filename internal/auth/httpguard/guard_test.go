package httpguard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func fail(w http.ResponseWriter, _ *http.Request, err error) {
	w.WriteHeader(gwerr.From(err).Kind().HTTP)
	_, _ = io.WriteString(w, err.Error())
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") })

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := httpguard.Headers(24 * time.Hour)(ok)
	data := serve(h, get("http://gw/odata/")).Header()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cache-Control": "no-store", "Content-Security-Policy": httpguard.DataPolicy, "Strict-Transport-Security": "",
	} {
		if got := data.Get(name); got != want {
			t.Errorf("data: %s is %q, want %q", name, got, want)
		}
	}
	if got := serve(h, get("https://gw/docs")).Header().Get("Strict-Transport-Security"); got != "max-age=86400; includeSubDomains" {
		t.Errorf("over https: %q", got)
	}
	for _, policy := range []string{httpguard.PagePolicy, httpguard.DataPolicy} {
		if !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	off, err := httpguard.CORS(nil)
	if err != nil {
		t.Fatal(err)
	}
	on, err := httpguard.CORS([]string{"https://reports.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		with    httpguard.Middleware
		origin  string
		allowed bool
	}{
		{"off", off, "https://reports.example.com", false},
		{"listed", on, "https://reports.example.com", true},
		{"not listed", on, "https://evil.example", false},
		{"listed as a part", on, "https://reports.example.com.evil.example", false},
		{"other scheme", on, "http://reports.example.com", false},
		{"null", on, "null", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := get("http://gw/")
			r.Header.Set("Origin", c.origin)
			h := serve(c.with(ok), r).Header()
			if got := h.Get("Access-Control-Allow-Origin"); (got == c.origin) != c.allowed || !c.allowed && got != "" {
				t.Errorf("allowed origin %q", got)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("cookies are allowed")
			}
		})
	}
	for _, o := range []string{"*", "https://*", "reports.example.com", "https://a/b", "ftp://a", ""} {
		if _, err := httpguard.CORS([]string{o}); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%q: %v", o, err)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	h := httpguard.Limits(httpguard.LimitsConfig{URL: 100, Body: 10, Headers: 5}, fail)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			var tooLarge *http.MaxBytesError
			if !errors.As(err, &tooLarge) {
				t.Errorf("reading: %v", err)
			}
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	many := get("http://gw/")
	for i := range 6 {
		many.Header.Add("X-Many", fmt.Sprint(i))
	}
	unannounced := httptest.NewRequest(http.MethodPost, "http://gw/", io.MultiReader(strings.NewReader(strings.Repeat("x", 11))))
	unannounced.ContentLength = -1
	encoded := func(method, as, body string) *http.Request {
		r := httptest.NewRequest(method, "http://gw/", strings.NewReader(body))
		r.Header["Content-Encoding"] = []string{as}
		return r
	}
	cases := []struct {
		name string
		r    *http.Request
		want int
	}{
		{"compressed", encoded(http.MethodPost, "gzip", "x"), 415},
		{"of two encodings", encoded(http.MethodPost, "identity, br", "x"), 415},
		{"not compressed", encoded(http.MethodPost, "Identity", "x"), 200},
		{"nothing to compress", encoded(http.MethodGet, "gzip", ""), 200},
		{"fits", httptest.NewRequest(http.MethodPost, "http://gw/"+strings.Repeat("a", 99), strings.NewReader("0123456789")), 200},
		{"address", get("http://gw/?" + strings.Repeat("a", 99)), 413},
		{"headers", many, 413},
		{"body", httptest.NewRequest(http.MethodPost, "http://gw/", strings.NewReader("0123456789x")), 413},
		{"body of unknown length", unannounced, 413},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := serve(h, c.r).Code; got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	h := httpguard.Methods(fail, "GET", "POST")(ok)
	for method, want := range map[string]int{"GET": 200, "POST": 200, "TRACE": 405, "CONNECT": 405, "get": 405, "PROPFIND": 405} {
		w := serve(h, httptest.NewRequest(method, "http://gw/", nil))
		if w.Code != want || want == 405 && w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	p := proxies(t, httpguard.ProxyConfig{Trusted: networks(t, "10.0.0.1")})
	h := p.Middleware(httpguard.Networks(networks(t, "192.0.2.0/24", "2001:db8::/32", "198.51.100.7"), fail)(ok))
	cases := []struct {
		name, remote, forwarded string
		want                    int
	}{
		{"inside", "192.0.2.200:1", "", 200},
		{"single address", "198.51.100.7:1", "", 200},
		{"IPv6", "[2001:db8:1::1]:1", "", 200},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:1", "", 200},
		{"outside", "203.0.113.1:1", "", 403},
		{"claims to be inside", "203.0.113.1:1", "192.0.2.1", 403},
		{"inside, behind the proxy", "10.0.0.1:1", "192.0.2.1", 200},
		{"outside, behind the proxy", "10.0.0.1:1", "203.0.113.1", 403},
		{"unreadable behind the proxy", "10.0.0.1:1", "192.0.2.1, nonsense", 403},
		{"no address", "@", "", 403},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := get("http://gw/")
			r.RemoteAddr = c.remote
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := serve(h, r).Code; got != c.want {
				t.Errorf("status %d, want %d", got, c.want)
			}
		})
	}
	if serve(httpguard.Networks(nil, fail)(ok), get("http://gw/")).Code != 200 {
		t.Error("an empty list must let all in")
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	h := httpguard.Hosts([]string{"data.example.com", "*.corp.example", "[::1]"}, fail)(ok)
	for host, want := range map[string]int{
		"data.example.com": 200, "DATA.example.com:8443": 200, "data.example.com.": 200, "a.corp.example": 200, "a.b.corp.example": 200, "[::1]:80": 200, "[::1]": 200,
		"evil.example": 400, "data.example.com.evil.example": 400, "corp.example": 400, "xcorp.example": 400, "": 400, "data.example.com@evil.example": 400,
	} {
		r := get("http://gw/")
		r.Host = host
		if got := serve(h, r).Code; got != want {
			t.Errorf("%q: %d, want %d", host, got, want)
		}
	}
	if serve(httpguard.Hosts(nil, fail)(ok), get("http://anything/")).Code != 200 {
		t.Error("an empty list must let all in")
	}
}

// TestFramingOnTheWire sends raw bytes, as an attacker behind a proxy would.
func TestFramingOnTheWire(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, raw string
		served    int64 // requests that reach the service
		status    string
	}{
		{"plain", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /next HTTP/1.1\r\nHost: a\r\n\r\n", 2, "200"},
		{"both lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", 1, "200"},
		{"chunked, then another", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n", 1, "200"},
		{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!", 0, "400"},
		{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nhi", 0, "400"},
		{"odd coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 0, "501"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 0, "400"},
		{"space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\nhi", 0, "400"},
		{"body with GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n..", 0, "400"},
		{"chunked GET", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, "400"},
		{"underscore", "GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 10.0.0.1\r\n\r\n", 0, "400"},
		{"trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Role\r\n\r\n0\r\nX-Role: admin\r\n\r\n", 0, "400"},
		{"NUL in the path", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 0, "400"},
		{"NUL in the query", "GET /a?b=c%00d HTTP/1.1\r\nHost: a\r\n\r\n", 0, "400"},
		{"no NUL in the query", "GET /a?b=c%2500d HTTP/1.1\r\nHost: a\r\n\r\n", 1, "200"},
		{"line feed in the path", "GET /a%0d%0ab HTTP/1.1\r\nHost: a\r\n\r\n", 0, "400"},
		{"HTTP/1.0 kept alive", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /next HTTP/1.0\r\nHost: a\r\n\r\n", 1, "200"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var served atomic.Int64
			s := httptest.NewServer(httpguard.Framing(fail)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				served.Add(1)
				_, _ = io.Copy(io.Discard, r.Body)
			})))
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, c.raw); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(bufio.NewReader(conn))
			if !strings.HasPrefix(string(answer), "HTTP/1.1 "+c.status) && !strings.HasPrefix(string(answer), "HTTP/1.0 "+c.status) || served.Load() != c.served {
				t.Errorf("served %d, want %d; answer %q", served.Load(), c.served, answer)
			}
		})
	}
}

func TestRecover(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		handler  http.HandlerFunc
		status   int // 0 for a broken connection
		reported bool
	}{
		{"before the answer", func(http.ResponseWriter, *http.Request) { panic("secret detail") }, 500, true},
		{"in the middle", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"value":[`)
			w.(http.Flusher).Flush()
			panic("secret detail")
		}, 0, true},
		{"after the header", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic(errors.New("x")) }, 0, true},
		{"broken on purpose", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, false},
		{"broken on purpose, wrapped", func(http.ResponseWriter, *http.Request) { panic(fmt.Errorf("cut: %w", http.ErrAbortHandler)) }, 0, false},
		{"no panic", ok, 200, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reported := make(chan string, 1)
			s := httptest.NewServer(httpguard.Recover(func(_ context.Context, v any) { reported <- fmt.Sprint(v) }, fail)(c.handler))
			defer s.Close()
			resp, err := s.Client().Get(s.URL)
			var body []byte
			if err == nil {
				body, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			switch {
			case c.status == 0 && err == nil:
				t.Errorf("the answer looks complete: %q", body)
			case c.status != 0 && (err != nil || resp.StatusCode != c.status || strings.Contains(string(body), "secret")):
				t.Errorf("got %v, %v, %q", resp, err, body)
			}
			if (len(reported) == 1) != c.reported {
				t.Errorf("reported: %v, want %v", len(reported) == 1, c.reported)
			}
		})
	}
}
