package server_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/logging"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
	"github.com/pingone-gateway/gateway/internal/testkit/loopback"
	"github.com/pingone-gateway/gateway/tokens"
)

func admin(s *server.Server, method, target, body, peer string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr, r.Host = peer, "127.0.0.1:9090"
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.AdminHandler().ServeHTTP(w, r)
	return w
}

const (
	near = "127.0.0.1:9"
	far  = "10.0.0.9:9"
)

func TestAdmin(t *testing.T) {
	t.Parallel()
	s, sink := build(t, text(""), func(c *server.Config) { c.Admin.Metrics = text("metric 1\n") })
	named, _ := build(t, text(""), func(c *server.Config) { c.Admin.Metrics, c.Admin.AllowHosts = text(""), []string{"*.svc"} })
	held, _ := build(t, text(""), func(c *server.Config) { c.Admin.Metrics, c.Admin.Token = text(""), tokens.NewSecret("right") })
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/readyz?verbose": 401, "/metrics": 401} {
		assert.Equal(t, want, admin(held, "GET", path, "", near).Code, path)
		assert.Equal(t, 200, admin(held, "GET", path, "", far, "Authorization", "Bearer right").Code, path)
	}
	assert.Equal(t, "ok\n", admin(s, "GET", "/healthz", "", far).Body.String())
	assert.Equal(t, "metric 1\n", admin(s, "GET", "/metrics", "", far).Body.String())
	assert.Equal(t, 200, admin(s, "GET", "/readyz", "", far).Code, "without checks it is ready")
	assert.Equal(t, 404, admin(s, "GET", "/debug/pprof/", "", near).Code, "off by default")
	assert.Equal(t, 404, admin(s, "GET", "/loglevel", "", near).Code, "no level to show")
	assert.Equal(t, 405, admin(s, "POST", "/healthz", "", near).Code)
	assert.Equal(t, 404, admin(s, "GET", "/odata/x", "", near).Code, "no data on the admin listener")
	for _, e := range all[observe.RequestFinished](sink) {
		assert.Contains(t, []string{"admin", "odata", "docs"}, e.FrontEnd)
	}
	for host, want := range map[string]int{
		"127.0.0.1:9090": 200, "[::1]:9090": 200, "10.1.2.3": 200, "localhost:9090": 200, "gateway": 200, "gateway.ns.svc:9090": 200,
		"evil.example": 400, "127.0.0.1.evil.example:9090": 400, "svc": 200, "notsvc.": 200, "evil.svc.example.": 400, "": 200,
	} {
		for path, want := range map[string]int{"/metrics": want, "/readyz?verbose": want, "/healthz": 200, "/readyz": 200} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			named.AdminHandler().ServeHTTP(w, r)
			assert.Equal(t, want, w.Code, "%s%s", host, path)
		}
	}
	off, _ := build(t, text(""), func(c *server.Config) { c.Admin = server.Admin{} })
	assert.Nil(t, off.AdminHandler())
}

// The administrator's page is for the holder of the token, by a browser as well, and for
// loopback where there is none.
func TestAdminPage(t *testing.T) {
	t.Parallel()
	newAdmin := func(token string) *server.Server {
		s, _ := build(t, text(""), func(c *server.Config) { c.Admin.Token, c.Admin.Page = tokens.NewSecret(token), text("the page") })
		return s
	}
	basic := func(password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:"+password))
	}
	open, held := newAdmin(""), newAdmin("right")
	for _, c := range []struct {
		name    string
		server  *server.Server
		peer    string
		headers []string
		want    int
	}{
		{"loopback", open, near, nil, 200},
		{"another host", open, far, nil, 403},
		{"a web page", open, near, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"without the token", held, near, nil, 401},
		{"as Bearer token", held, far, []string{"Authorization", "Bearer right"}, 200},
		{"as a password", held, far, []string{"Authorization", basic("right")}, 200},
		{"a wrong password", held, far, []string{"Authorization", basic("wrong")}, 401},
		{"no scheme", held, far, []string{"Authorization", "right"}, 401},
		{"a web page with the browser's password", held, far, []string{"Authorization", basic("right"), "Origin", "https://evil.example"}, 403},
	} {
		for _, path := range []string{"/", "/console/assets/style.css"} {
			w := admin(c.server, "GET", path, "", c.peer, c.headers...)
			assert.Equal(t, c.want, w.Code, "%s: %s", c.name, path)
			assert.Equal(t, c.want == 200, w.Body.String() == "the page", c.name)
			if c.want == 401 {
				assert.Len(t, w.Header().Values("WWW-Authenticate"), 2, "programs and browsers are asked")
			}
		}
	}
	assert.Equal(t, 405, admin(open, "POST", "/", "", near).Code)
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	newAdmin := func(token string) (*server.Server, *logging.Log) {
		l, err := logging.New(logging.Config{Writer: io.Discard})
		require.NoError(t, err)
		s, _ := build(t, text(""), func(c *server.Config) {
			c.Admin.Level, c.Admin.Token, c.Admin.Pprof = l, tokens.NewSecret(token), true
		})
		return s, l
	}
	s, l := newAdmin("")
	for body, want := range map[string]string{`{"level":"debug"}`: "debug", "WARN\n": "warn"} {
		w := admin(s, "POST", "/loglevel", body, near)
		assert.Equal(t, 200, w.Code, w.Body.String())
		assert.JSONEq(t, `{"level":"`+want+`"}`, w.Body.String())
		assert.Equal(t, want, l.Level())
	}
	assert.Equal(t, 200, admin(s, "POST", "/loglevel?level=error", "", near).Code)
	assert.Equal(t, 400, admin(s, "POST", "/loglevel", "loud", near).Code)
	assert.Equal(t, 413, admin(s, "POST", "/loglevel", strings.Repeat("x", 2000), near).Code)
	assert.Equal(t, "error", l.Level())
	assert.Equal(t, 403, admin(s, "POST", "/loglevel", "debug", far).Code)
	assert.Equal(t, 403, admin(s, "GET", "/debug/pprof/", "", far).Code)
	assert.Equal(t, 200, admin(s, "GET", "/debug/pprof/", "", near).Code)

	s, _ = newAdmin("")
	for _, pages := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		assert.Equal(t, 403, admin(s, "POST", "/loglevel", "debug", near, pages...).Code, "a page: %v", pages)
		assert.Equal(t, 403, admin(s, "GET", "/debug/pprof/", "", near, pages...).Code, "a page: %v", pages)
	}
	assert.Equal(t, 200, admin(s, "GET", "/loglevel", "", near, "Sec-Fetch-Site", "none").Code, "typed into a browser")

	s, l = newAdmin("right")
	assert.Equal(t, 401, admin(s, "POST", "/loglevel", "debug", near).Code, "with a token, loopback needs it too")
	assert.Equal(t, 401, admin(s, "POST", "/loglevel", "debug", far, "Authorization", "Bearer wrong").Code)
	assert.Equal(t, 200, admin(s, "POST", "/loglevel", "debug", far, "Authorization", "Bearer right").Code)
	assert.Equal(t, "debug", l.Level())
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	down := gwerr.New(gwerr.UpstreamAuth, "PingOne rejected the gateway's own credentials.", "Check the client secret.")
	type round map[string]error
	cases := []struct {
		name     string
		degraded bool
		checks   []server.Check
		rounds   []round
		ready    []bool // after each round
	}{
		{"no checks", false, nil, []round{{}}, []bool{true}},
		{"a connection works", false, []server.Check{{Name: "connection:a", Need: server.OneOnce}}, []round{{"connection:a": down}, {}}, []bool{false, true}},
		{"a connection that fails later", false, []server.Check{{Name: "connection:a", Need: server.OneOnce}}, []round{{}, {"connection:a": down}}, []bool{true, true}},
		{"one of two connections", false, []server.Check{{Name: "connection:a", Need: server.OneOnce}, {Name: "connection:b", Need: server.OneOnce}}, []round{{"connection:a": down}}, []bool{true}},
		{"degraded start", true, []server.Check{{Name: "connection:a", Need: server.OneOnce}}, []round{{"connection:a": down}}, []bool{true}},
		{"Redis needed", false, []server.Check{{Name: "redis", Need: server.Always}}, []round{{}, {"redis": down}, {}}, []bool{true, false, true}},
		{"Redis only shown", false, []server.Check{{Name: "redis", Need: server.Never}}, []round{{"redis": down}}, []bool{true}},
		{"degraded does not excuse Redis", true, []server.Check{{Name: "redis", Need: server.Always}}, []round{{"redis": down}}, []bool{false}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var now round
			for i := range c.checks {
				name := c.checks[i].Name
				c.checks[i].Run = func(context.Context) error { return now[name] }
			}
			k := server.NewChecks(server.ChecksConfig{Checks: c.checks, Degraded: c.degraded})
			s, sink := build(t, text(""), func(cfg *server.Config) { cfg.Checks = k })
			assert.Equal(t, 503, admin(s, "GET", "/readyz", "", far).Code, "not ready before the first round")
			for i, r := range c.rounds {
				now = r
				k.Round(context.Background(), sink, time.Now)
				w := admin(s, "GET", "/readyz", "", far)
				assert.Equal(t, c.ready[i], w.Code == 200, "round %d: %s", i, w.Body.String())
			}
		})
	}
}

func TestReadyzVerbose(t *testing.T) {
	t.Parallel()
	k := server.NewChecks(server.ChecksConfig{Timeout: time.Nanosecond, Checks: []server.Check{
		{Name: "connection:a", Need: server.OneOnce, Run: func(context.Context) error {
			return gwerr.New(gwerr.UpstreamAuth, "PingOne rejected the credentials.", "Check the client secret.")
		}},
		{Name: "redis", Need: server.Never, Run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		{Name: "engine", Need: server.Always, Run: func(context.Context) error { return nil }},
		{Name: "odd", Need: server.Never, Run: func(context.Context) error { return errors.New("secret detail") }},
	}})
	s, sink := build(t, text(""), func(cfg *server.Config) { cfg.Checks = k })
	assert.Contains(t, admin(s, "GET", "/readyz?verbose", "", far).Body.String(), "has not run yet")
	k.Round(context.Background(), sink, func() time.Time { return time.Unix(0, 0) })
	k.Round(context.Background(), sink, func() time.Time { return time.Unix(0, 0) })
	w := admin(s, "GET", "/readyz?verbose", "", far)
	assert.Equal(t, 503, w.Code)
	assert.JSONEq(t, `{"ready": false, "checks": [
		{"name": "connection:a", "ok": false, "message": "PingOne rejected the credentials.", "hint": "Check the client secret.", "at": "1970-01-01T00:00:00Z"},
		{"name": "redis", "ok": false, "message": "The check took too long.", "hint": "Check the network between the gateway and what the check is about.", "at": "1970-01-01T00:00:00Z"},
		{"name": "engine", "ok": true, "at": "1970-01-01T00:00:00Z"},
		{"name": "odd", "ok": false, "message": "The gateway failed unexpectedly.", "hint": "Report the request id to the administrator; the log has the cause.", "at": "1970-01-01T00:00:00Z"}]}`, w.Body.String())
	assert.Len(t, all[observe.ReadyCheck](sink), 4, "only changes are observed")
}

func TestWhatIsDearIsLookedAtSeldom(t *testing.T) {
	t.Parallel()
	var runs int
	var fails error
	k := server.NewChecks(server.ChecksConfig{Checks: []server.Check{
		{Name: "clock", Need: server.Never, Every: 5 * time.Minute, Run: func(context.Context) error { runs++; return fails }},
	}})
	start := time.Unix(1_000_000, 0)
	for _, c := range []struct {
		name  string
		after time.Duration
		fails error
		runs  int // in all, after the round
		ok    bool
	}{
		{"the first round", 0, nil, 1, true},
		{"its outcome holds", 4 * time.Minute, errors.New("down"), 1, true},
		{"but not longer", 5 * time.Minute, errors.New("down"), 2, false},
		{"a failure does not hold", 5*time.Minute + time.Second, nil, 3, true},
		{"what holds keeps the time of its round", 10 * time.Minute, nil, 3, true},
		{"and ends by it", 10*time.Minute + time.Second, nil, 4, true},
	} {
		fails = c.fails
		k.Round(t.Context(), observe.Discard, func() time.Time { return start.Add(c.after) })
		_, states := k.Ready()
		assert.Equal(t, c.runs, runs, c.name)
		assert.Equal(t, c.ok, states[0].Err == nil, c.name)
	}
}

// TestDrainLetsRequestsFinish stops the server while a request runs.
func TestDrainLetsRequestsFinish(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	delay := make(chan time.Time)
	s, sink := build(t, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "complete")
	}, func(c *server.Config) {
		c.DrainDelay, c.GraceTime = time.Hour, time.Hour
		c.Public.Address = loopback.Address(t) // nobody takes it afterwards
		c.After = func(time.Duration) <-chan time.Time { return delay }
	})
	sink.news = make(chan observe.Event, 100)
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, s.Listen(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	body := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + s.PublicAddr() + "/odata/x")
		if err != nil {
			body <- err.Error()
			return
		}
		all, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		body <- string(all)
	}()
	<-entered
	cancel()
	waitStep(sink, "draining")
	ready, err := http.Get("http://" + s.AdminAddr() + "/readyz")
	require.NoError(t, err)
	_ = ready.Body.Close()
	assert.Equal(t, 503, ready.StatusCode, "load balancers hear of it first")
	other, err := http.Get("http://" + s.PublicAddr() + "/")
	require.NoError(t, err, "connections are still taken during the delay")
	assert.True(t, other.Close, "clients are asked to connect elsewhere")
	_ = other.Body.Close()
	delay <- time.Time{}
	close(release)
	assert.Equal(t, "complete", <-body)
	require.NoError(t, <-done)
	_, err = http.Get("http://" + s.PublicAddr() + "/")
	assert.Error(t, err)
}

func waitStep(sink *events, step string) {
	for e := range sink.news {
		if l, ok := e.(observe.Lifecycle); ok && l.Step == step {
			return
		}
	}
}

// TestDrainCutsVisibly stops the server while a stream would go on for ever.
func TestDrainCutsVisibly(t *testing.T) {
	t.Parallel()
	entered, cause := make(chan struct{}), make(chan error, 1)
	s, sink := build(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "[1,")
		_ = http.NewResponseController(w).Flush()
		close(entered)
		<-r.Context().Done()
		cause <- context.Cause(r.Context())
		panic(http.ErrAbortHandler)
	}, func(c *server.Config) { c.GraceTime = time.Nanosecond })
	stop := run(t, s)
	resp, err := http.Get("http://" + s.PublicAddr() + "/odata/x")
	require.NoError(t, err)
	<-entered
	go func() { _ = stop() }()
	got, err := io.ReadAll(resp.Body)
	assert.Equal(t, "[1,", string(got))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.True(t, gwerr.Is(<-cause, gwerr.Busy))
	require.NoError(t, stop())
	var steps []string
	for _, l := range all[observe.Lifecycle](sink) {
		steps = append(steps, l.Step)
	}
	assert.Equal(t, []string{"listening", "listening", "ready", "draining", "cutting", "stopped"}, steps)
}

// wire is a protocol without HTTP: it greets who connects, until it is closed.
type wire struct {
	sync.Mutex
	l      net.Listener
	steps  []string
	lasts  bool // connections outlive the grace time
	served chan struct{}
}

func (w *wire) Serve(l net.Listener) error {
	w.l = l
	close(w.served)
	for {
		c, err := l.Accept()
		if err != nil {
			return http.ErrServerClosed
		}
		_, _ = io.WriteString(c, "hello")
		_ = c.Close()
	}
}

func (w *wire) note(step string) {
	w.Lock()
	defer w.Unlock()
	w.steps = append(w.steps, step)
}

func (w *wire) Shutdown(context.Context) error {
	w.note("shutdown")
	_ = w.l.Close()
	if w.lasts {
		return context.DeadlineExceeded
	}
	return nil
}

func (w *wire) Close() error {
	w.note("close")
	return nil
}

// TestAnotherProtocol runs a listener that is none of HTTP.
func TestAnotherProtocol(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lasts bool
		want  string // steps of its end
	}{
		"ends in order": {false, "shutdown"},
		"is cut":        {true, "shutdown shutdown close"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &wire{lasts: c.lasts, served: make(chan struct{})}
			s, sink := build(t, text(""), func(cfg *server.Config) {
				cfg.GraceTime = time.Millisecond
				cfg.Further = []server.Endpoint{{Name: "wire", Option: "wire.address", Address: "127.0.0.1:0", Protocol: w}}
			})
			stop := run(t, s)
			<-w.served
			conn, err := net.Dial("tcp", s.Addr("wire"))
			require.NoError(t, err)
			got, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(got))
			require.NoError(t, stop())
			assert.Equal(t, c.want, strings.Join(w.steps, " "))
			assert.Contains(t, all[observe.Lifecycle](sink), observe.Lifecycle{Step: "listening", Detail: "wire " + s.Addr("wire")})
		})
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	first, _ := build(t, text(""), nil)
	stop := run(t, first)
	for _, c := range []struct {
		option string
		change func(*server.Config)
	}{
		{"listen.address", func(c *server.Config) { c.Public.Address = first.PublicAddr() }},
		{"admin.address", func(c *server.Config) { c.Admin.Address = first.AdminAddr() }},
		{"wire.address", func(c *server.Config) {
			c.Further = []server.Endpoint{{Name: "wire", Option: "wire.address", Address: first.PublicAddr()}}
		}},
	} {
		s, _ := build(t, text(""), c.change)
		err := s.Listen(context.Background())
		require.Error(t, err)
		assert.True(t, gwerr.Is(err, gwerr.Config))
		assert.Contains(t, err.Error(), c.option)
	}
	require.NoError(t, stop())
	_, err := server.New(server.Config{})
	require.ErrorContains(t, err, "listen.address")
	_, err = server.New(server.Config{Public: server.Listener{Address: ":0"}, Mounts: []server.Mount{{Pattern: "/x"}}})
	assert.Error(t, err)
}

// writePair makes a self-signed certificate for 127.0.0.1.
func writePair(t *testing.T, dir string, serial int64) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Duration(serial) * time.Hour), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	require.NoError(t, err)
	raw, err := x509.MarshalECPrivateKey(k)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	require.NoError(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600))
	return cert, key
}

func TestTLSAndReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writePair(t, dir, 1)
	s, sink := build(t, text("hi"), func(c *server.Config) {
		c.Public.TLS = &server.TLS{CertFile: cert, KeyFile: key, MinVersion: "1.3"}
	})
	stop := run(t, s)
	serial := func() int64 {
		conn, err := tls.Dial("tcp", s.PublicAddr(), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	assert.EqualValues(t, 1, serial())
	writePair(t, dir, 2)
	require.NoError(t, s.Reload(context.Background()))
	assert.EqualValues(t, 2, serial())
	require.NoError(t, os.WriteFile(key, []byte("broken"), 0o600))
	require.Error(t, s.Reload(context.Background()))
	assert.EqualValues(t, 2, serial(), "a broken file leaves the old certificate")
	_, err := tls.Dial("tcp", s.PublicAddr(), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	require.Error(t, err)
	require.NoError(t, stop())
	assert.Len(t, all[observe.CertificateLoaded](sink), 2)
	outcomes := all[observe.Reloaded](sink)
	require.Len(t, outcomes, 2)
	assert.Error(t, outcomes[1].Err)
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	cert, key := writePair(t, t.TempDir(), 1)
	s, _ := build(t, text("hi"), func(c *server.Config) {
		c.Public.TLS = &server.TLS{CertFile: cert, KeyFile: key, ClientCAFile: cert, ClientRequired: true}
	})
	stop := run(t, s)
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	for _, certs := range [][]tls.Certificate{nil, {pair}} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: certs}}}
		resp, err := client.Get("https://" + s.PublicAddr() + "/odata/x")
		if certs == nil {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		_ = resp.Body.Close()
	}
	require.NoError(t, stop())

	for _, files := range []server.TLS{{CertFile: "none", KeyFile: "none"}, {CertFile: cert, KeyFile: key, ClientCAFile: "none"}, {CertFile: cert, KeyFile: key, ClientCAFile: key}} {
		_, err := server.New(server.Config{Public: server.Listener{Address: ":0", TLS: &files}})
		assert.True(t, gwerr.Is(err, gwerr.Config), "%+v: %v", files, err)
	}
}

const document = "openapi: 3.1.0\n"

func TestDocuments(t *testing.T) {
	t.Parallel()
	s, _ := build(t, text(""), func(c *server.Config) {
		c.OpenAPI = []byte(document)
		c.Home = "/odata/lib/"
		c.Guard = func(http.Handler) http.Handler { return http.NotFoundHandler() }
	})
	w := get(s, "/openapi.yaml")
	assert.Equal(t, document, w.Body.String())
	assert.Contains(t, get(s, "/openapi.json").Body.String(), `"openapi": "3.1.0"`)
	assert.Equal(t, 302, get(s, "/").Code)
	assert.Equal(t, "odata/lib/", get(s, "/").Header().Get("Location"), "below whatever prefix a proxy has")
	assert.Equal(t, "odata/lib/?tables", get(s, "/?tables").Header().Get("Location"))
	bare, _ := build(t, text(""), nil)
	assert.Equal(t, 404, get(bare, "/openapi.yaml").Code)
	assert.Equal(t, "docs", get(bare, "/").Header().Get("Location"))
	broken, _ := build(t, text(""), func(c *server.Config) { c.OpenAPI = []byte("{") })
	assert.Equal(t, 404, get(broken, "/openapi.json").Code)
	assert.True(t, bytes.Equal([]byte("{"), get(broken, "/openapi.yaml").Body.Bytes()))
}
