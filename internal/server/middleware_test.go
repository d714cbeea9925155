package server_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	var inside string
	s, _ := build(t, func(_ http.ResponseWriter, r *http.Request) { inside = observe.RequestID(r.Context()) }, nil)
	for _, c := range []struct {
		name, sent string
		kept       bool
	}{
		{"plain", "abc-123_X.9", true},
		{"none", "", false},
		{"short", "abc", false},
		{"long", strings.Repeat("a", 65), false},
		{"forged line", "abcdefgh\nlevel=error", false},
		{"markup", "<script>alert</script>", false},
		{"not ASCII", "ünïcödé-id", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := get(s, "/odata/x", "X-Request-Id", c.sent)
			got := w.Header().Get("X-Request-Id")
			assert.Equal(t, inside, got)
			assert.Equal(t, c.kept, got == c.sent)
			assert.GreaterOrEqual(t, len(got), 8)
		})
	}
}

func TestAccessIsObserved(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		h    http.HandlerFunc
		path string
		want observe.RequestFinished
	}{
		{"rows and route", func(w http.ResponseWriter, r *http.Request) {
			observe.RequestOf(r.Context()).SetRoute("entity_set")
			observe.RequestOf(r.Context()).SetCaller("ada")
			observe.NoteCodes.Observe(r.Context(), observe.RequestFailed{Code: "busy"})
			observe.RequestOf(r.Context()).AddRows(2)
			observe.RequestOf(r.Context()).AddRows(3)
			_, _ = io.WriteString(w, "12345")
		}, "/odata/x", observe.RequestFinished{FrontEnd: "odata", Route: "entity_set", Caller: "ada", Code: "busy", Status: 200, Rows: 5, Bytes: 5}},
		{"pattern as route", text("1"), "/odata/alice@example.com", observe.RequestFinished{FrontEnd: "odata", Route: "/odata/*", Status: 200, Bytes: 1}},
		{"status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "/odata/x", observe.RequestFinished{FrontEnd: "odata", Route: "/odata/*", Status: 204}},
		{"unknown address", nil, "/alice@example.com", observe.RequestFinished{FrontEnd: "docs", Route: "unknown", Status: 404, Bytes: -1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := c.h
			if h == nil {
				h = text("")
			}
			s, sink := build(t, h, nil)
			get(s, c.path)
			got := all[observe.RequestFinished](sink)
			require.Len(t, got, 1)
			got[0].Duration, c.want.Method = 0, http.MethodGet
			if c.want.Bytes < 0 {
				c.want.Bytes = got[0].Bytes
			}
			assert.Equal(t, c.want, got[0])
			sum := 0
			for _, f := range all[observe.InFlight](sink) {
				sum += f.Delta
			}
			assert.Zero(t, sum, "what begins ends")
		})
	}
}

func TestPanics(t *testing.T) {
	t.Parallel()
	var none map[string]int
	cases := []struct {
		name    string
		h       http.HandlerFunc
		aborts  bool
		status  int
		panics  string // text observed; "" for none
		counted int
	}{
		{"before the answer", func(http.ResponseWriter, *http.Request) { none["x"] = 1 }, false, 500, "assignment to entry in nil map", 500},
		{"with data in the value", func(http.ResponseWriter, *http.Request) { panic("alice@example.com") }, false, 500, "value of type string", 500},
		{"in the middle", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "["); panic(errors.New("x")) }, true, 200, "value of type *errors.errorString", 500},
		{"a front end breaks off", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "[")
			panic(http.ErrAbortHandler)
		}, true, 200, "", 500},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, sink := build(t, c.h, nil)
			w := httptest.NewRecorder()
			serve := func() { s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/odata/x", nil)) }
			if c.aborts {
				assert.PanicsWithError(t, http.ErrAbortHandler.Error(), serve)
			} else {
				serve()
				assert.Contains(t, w.Body.String(), `"InternalError"`, "in OData's form")
				assert.NotContains(t, w.Body.String(), "alice")
			}
			assert.Equal(t, c.status, w.Code)
			seen := all[observe.PanicRecovered](sink)
			if c.panics == "" {
				assert.Empty(t, seen)
			} else if assert.Len(t, seen, 1) {
				assert.Contains(t, seen[0].Value, c.panics)
				assert.Contains(t, seen[0].Stack, "middleware_test.go")
			}
			assert.Equal(t, c.counted, all[observe.RequestFinished](sink)[0].Status)
		})
	}
}

// TestBrokenAnswersLookBroken reads the bytes on the wire: neither the chunked
// coding nor the gzip stream may end well.
func TestBrokenAnswersLookBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		encoding string
		breaks   bool
	}{{"plain, complete", "identity", false}, {"plain, broken", "identity", true}, {"gzip, complete", "gzip", false}, {"gzip, broken", "gzip", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := build(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, "["+strings.Repeat(`{"a":"some text that is long enough"},`, 500))
				assert.NoError(t, http.NewResponseController(w).Flush())
				_, _ = io.WriteString(w, "{}]")
				if c.breaks {
					panic(http.ErrAbortHandler)
				}
			}, nil)
			stop := run(t, s)
			conn, err := net.Dial("tcp", s.PublicAddr())
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			_, err = io.WriteString(conn, "GET /odata/x HTTP/1.1\r\nHost: x\r\nAccept-Encoding: "+c.encoding+"\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			raw, err := io.ReadAll(conn)
			if !c.breaks {
				require.NoError(t, err)
			}
			assert.Equal(t, !c.breaks, strings.HasSuffix(string(raw), "0\r\n\r\n"), "the last chunk")
			resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(raw))), nil)
			require.NoError(t, err)
			defer func() { _ = resp.Body.Close() }()
			body := io.Reader(resp.Body)
			if c.encoding == "gzip" {
				require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
				// Only the gzip layer, so that its own end is what counts.
				all, _ := io.ReadAll(resp.Body)
				z, err := gzip.NewReader(strings.NewReader(string(all)))
				require.NoError(t, err)
				body = z
			}
			got, err := io.ReadAll(body)
			assert.Equal(t, c.breaks, err != nil, "%v", err)
			assert.Equal(t, !c.breaks, strings.HasSuffix(string(got), "{}]"))
			require.NoError(t, stop())
		})
	}
}

// TestRowsLeaveAsTheyCome flushes a row and reads it through gzip while the
// front end still waits.
func TestRowsLeaveAsTheyCome(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s, _ := build(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, "first\n"+strings.Repeat(" ", 2000)+"\n")
		_ = http.NewResponseController(w).Flush()
		<-release
	}, nil)
	stop := run(t, s)
	req, _ := http.NewRequest(http.MethodGet, "http://"+s.PublicAddr()+"/odata/x", nil)
	resp, err := http.DefaultTransport.RoundTrip(req) // asks for gzip itself
	require.NoError(t, err)
	assert.True(t, resp.Uncompressed)
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "first\n", line)
	close(release)
	_ = resp.Body.Close()
	require.NoError(t, stop())
}

func TestWhatIsCompressed(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"application/json;odata.metadata=minimal": true, "application/xml": true, "text/csv": true, "application/x-ndjson": true,
		"application/vnd.apache.arrow.stream": false, "application/vnd.apache.parquet": false,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			s, _ := build(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", contentType)
				_, _ = io.WriteString(w, strings.Repeat("a", 5000))
			}, nil)
			w := get(s, "/odata/x", "Accept-Encoding", "gzip, zstd")
			assert.Equal(t, want, w.Header().Get("Content-Encoding") == "gzip")
			assert.Contains(t, w.Header().Values("Vary"), "Accept-Encoding")
			assert.Empty(t, get(s, "/odata/x").Header().Get("Content-Encoding"), "only for those who ask")
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	read := func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}
	s, sink := build(t, read, func(c *server.Config) {
		c.Limits = server.Limits{RequestBytes: 100, URLBytes: 200}
	})
	post := func(body io.Reader) int {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/odata/x", body))
		return w.Code
	}
	assert.Equal(t, 200, post(strings.NewReader(strings.Repeat("a", 100))))
	assert.Equal(t, 413, post(strings.NewReader(strings.Repeat("a", 101))), "refused by its length")
	assert.Equal(t, 413, post(io.MultiReader(strings.NewReader(strings.Repeat("a", 101)))), "refused while it is read")
	assert.Equal(t, 200, get(s, "/odata/"+strings.Repeat("x", 193)).Code)
	w := get(s, "/odata/"+strings.Repeat("x", 194))
	assert.Equal(t, 413, w.Code)
	assert.Equal(t, "4.0", w.Header().Get("OData-Version"))
	failed := all[observe.RequestFailed](sink)
	require.Len(t, failed, 2)
	assert.Equal(t, "too_large", failed[0].Code)
}

// TestSlowBodies lets clients send a part of a body and then nothing. Whatever
// becomes of the request, its connection ends.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	const half = "Host: x\r\nContent-Length: 10\r\n\r\n12345"
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	got := make(chan error, 1)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		raw     string
		status  string
	}{
		"read whole": {func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			got <- err
			w.WriteHeader(http.StatusBadRequest)
		}, "POST /odata/x HTTP/1.1\r\n" + half, "400"},
		"answered unread": {text("ok"), "POST /odata/x HTTP/1.1\r\n" + half, "200"},
		"flushed unread": {func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
		}, "POST /odata/x HTTP/1.1\r\n" + half, "200"},
		"refused by the guard":    {refuse, "POST /odata/x HTTP/1.1\r\n" + half, "401"},
		"no such address":         {refuse, "POST /elsewhere HTTP/1.1\r\n" + half, "404"},
		"refused by its framing":  {refuse, "GET /odata/x HTTP/1.1\r\n" + half, "400"},
		"refused by its size":     {refuse, "POST /odata/x HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n12345", "413"},
		"chunks without an end":   {refuse, "POST /odata/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", "401"},
		"waits to be told so":     {refuse, "POST /odata/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n", "401"},
		"what follows is no body": {refuse, "POST /odata/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := build(t, c.handler, func(c *server.Config) {
				c.Limits.BodyTime = 10 * time.Millisecond
			})
			run(t, s)
			conn, err := net.Dial("tcp", s.PublicAddr())
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(3*time.Minute)))
			_, err = io.WriteString(conn, c.raw)
			require.NoError(t, err)
			answer, err := io.ReadAll(conn)
			require.NoError(t, err, "the connection stays open: %s", answer)
			assert.Equal(t, 1, strings.Count(string(answer), "HTTP/1.1 "), "%s", answer)
			assert.True(t, strings.HasPrefix(string(answer), "HTTP/1.1 "+c.status), "%s", answer)
		})
	}
	t.Cleanup(func() {
		var timeout net.Error
		assert.True(t, errors.As(<-got, &timeout) && timeout.Timeout())
	})
}

// TestBodyTimeEndsWithTheBody: a long answer and the next request are not cut.
func TestBodyTimeEndsWithTheBody(t *testing.T) {
	t.Parallel()
	passed := make(chan struct{})
	s, _ := build(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		select {
		case <-passed:
		case <-r.Context().Done():
			w.WriteHeader(http.StatusGatewayTimeout)
		}
	}, func(c *server.Config) { c.Limits.BodyTime = 3 * time.Second })
	run(t, s)
	conn, err := net.Dial("tcp", s.PublicAddr())
	require.NoError(t, err)
	defer conn.Close()
	time.AfterFunc(3200*time.Millisecond, func() { close(passed) })
	in := bufio.NewReader(conn)
	for range 2 {
		_, err = io.WriteString(conn, "POST /odata/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345")
		require.NoError(t, err)
		resp, err := http.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		_ = resp.Body.Close()
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	cases := []struct {
		name, peer, public string
		headers            map[string]string
		client, base       string
	}{
		{"direct", "192.0.2.1:5", "", nil, "192.0.2.1", "http://gw.example"},
		{"untrusted peer is not believed", "192.0.2.1:5", "", map[string]string{"X-Forwarded-For": "1.1.1.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/x"}, "192.0.2.1", "http://gw.example"},
		{"trusted peer", "10.1.1.1:5", "", map[string]string{"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "data.example:8443", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/pingone/"}, "192.0.2.7", "https://data.example:8443/pingone"},
		{"the caller's own entry is not believed", "10.1.1.1:5", "", map[string]string{"X-Forwarded-For": "1.1.1.1, 192.0.2.7, 10.2.2.2"}, "192.0.2.7", "http://gw.example"},
		{"Forwarded", "10.1.1.1:5", "", map[string]string{"Forwarded": `for="[2001:db8::1]:80";host=a.example;proto=https, for=10.0.0.9;host=b.example;proto=http`}, "2001:db8::1", "https://a.example"},
		{"obfuscated hop", "10.1.1.1:5", "", map[string]string{"Forwarded": "for=_hidden"}, "invalid IP", "http://gw.example"},
		{"IPv4 in IPv6", "[::ffff:10.1.1.1]:5", "", map[string]string{"X-Forwarded-For": "192.0.2.7"}, "192.0.2.7", "http://gw.example"},
		{"hostile host", "10.1.1.1:5", "", map[string]string{"X-Forwarded-Host": "a.example/path?x", "X-Forwarded-Proto": "javascript", "X-Forwarded-Prefix": "//evil.example"}, "10.1.1.1", "http://gw.example"},
		{"prefix that climbs", "10.1.1.1:5", "", map[string]string{"X-Forwarded-Prefix": "/a/../.."}, "10.1.1.1", "http://gw.example"},
		{"configured base", "10.1.1.1:5", "https://p.example", map[string]string{"X-Forwarded-Host": "a.example"}, "10.1.1.1", "https://p.example"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var client, base string
			s, _ := build(t, func(_ http.ResponseWriter, r *http.Request) {
				client, base = server.ClientIP(r).String(), server.BaseURL(r)
			}, func(cfg *server.Config) {
				cfg.Proxies = httpguard.ProxyConfig{Trusted: trusted, PublicURL: c.public, Forwarded: c.headers["Forwarded"] != ""}
			})
			r := httptest.NewRequest(http.MethodGet, "http://gw.example/odata/x", nil)
			r.RemoteAddr = c.peer
			for k, v := range c.headers {
				r.Header.Set(k, v)
			}
			s.Handler().ServeHTTP(httptest.NewRecorder(), r)
			assert.Equal(t, c.client, client)
			assert.Equal(t, c.base, base)
		})
	}
}

func TestAllowIPs(t *testing.T) {
	t.Parallel()
	s, _ := build(t, text("ok"), func(c *server.Config) {
		c.AllowIPs = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		c.Proxies.Trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}
	})
	for _, c := range []struct {
		peer, forwarded string
		want            int
	}{{"192.0.2.9:1", "", 200}, {"198.51.100.1:1", "", 403}, {"198.51.100.1:1", "192.0.2.9", 403}, {"10.0.0.1:1", "192.0.2.9", 200}, {"10.0.0.1:1", "", 403}} {
		r := httptest.NewRequest(http.MethodGet, "/odata/x", nil)
		r.RemoteAddr = c.peer
		r.Header.Set("X-Forwarded-For", c.forwarded)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		assert.Equal(t, c.want, w.Code, "%+v", c)
	}
}

func TestErrorForms(t *testing.T) {
	t.Parallel()
	s, _ := build(t, text(""), func(c *server.Config) {
		c.Mounts = append(c.Mounts, server.Mount{Pattern: "/sql", FrontEnd: "sql", Handler: text("")})
		c.Limits.URLBytes = 50
	})
	var odata struct {
		Error struct{ Code, Message string }
	}
	require.NoError(t, json.Unmarshal(get(s, "/odata").Body.Bytes(), &odata))
	assert.Equal(t, "NotFound", odata.Error.Code)
	w := get(s, "/sql?query="+strings.Repeat("x", 100), "X-Request-Id", "request-1")
	var sql struct {
		Error struct{ Code, Message, Hint, RequestID string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &sql))
	assert.Equal(t, "too_large", sql.Error.Code)
	assert.Equal(t, "request-1", sql.Error.RequestID)
	assert.Contains(t, sql.Error.Hint, "POST")
	head := httptest.NewRecorder()
	s.Handler().ServeHTTP(head, httptest.NewRequest(http.MethodHead, "/nothing", nil))
	assert.Equal(t, 404, head.Code)
	assert.Zero(t, head.Body.Len())
}

func TestGuardAndOpenMounts(t *testing.T) {
	t.Parallel()
	s, _ := build(t, text("data"), func(c *server.Config) {
		c.Guard = func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
		}
		c.Mounts = append(c.Mounts, server.Mount{Pattern: "/oauth/callback", FrontEnd: "oauth", Handler: text("open"), Open: true})
	})
	assert.Equal(t, 401, get(s, "/odata/x").Code)
	assert.Equal(t, 200, get(s, "/oauth/callback").Code)
	h := get(s, "/odata/x").Header()
	assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	assert.Equal(t, "no-store", h.Get("Cache-Control"))
}
