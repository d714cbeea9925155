//go:build duckdb_arrow

package reliability

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit/redistest"
)

// TestStopDuringAFeed stops a gateway while a client reads a feed: within the
// grace time the feed is completed, beyond it is broken off so that the client
// notices.
func TestStopDuringAFeed(t *testing.T) {
	t.Parallel()
	const users = 6000
	requests := map[string]func(base string) *http.Request{
		"OData": func(base string) *http.Request {
			r, _ := http.NewRequest(http.MethodGet, base+"/odata/pingone/Administrators/Users?$select=Id", nil)
			return r
		},
		"SQL": func(base string) *http.Request {
			return sqlRequest(t, base, "SELECT Id FROM Users", "application/json")
		},
	}
	for grace, complete := range map[string]bool{"3m": true, "100ms": false} {
		// What is to be broken off takes half a minute more than that, on any machine.
		s := startSimulator(t, "--users", strconv.Itoa(users), "--latency", map[bool]string{true: "100ms", false: "1s"}[complete])
		for name, request := range requests {
			t.Run(name+", grace time "+grace, func(t *testing.T) {
				t.Parallel()
				g := newGateway(t, "gateway", s, settings{
					"listen.drain_delay": "0s", "listen.grace_time": grace, "log.level": "info",
					"connections.pingone.max_parallel": "1",
				}).run()
				resp, err := http.DefaultClient.Do(request(g.url))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = resp.Body.Close() }()
				start := make([]byte, 1)
				if _, err := io.ReadFull(resp.Body, start); err != nil {
					t.Fatal(err)
				}
				g.signal(syscall.SIGTERM)
				began := time.Now()
				rest, err := io.ReadAll(resp.Body)
				rows := strings.Count(string(rest), "-4") // no precise count: ids are version 4 UUIDs
				t.Logf("%d bytes more, error: %v, after %.1f s", len(rest), err, time.Since(began).Seconds())
				switch {
				case complete && (err != nil || rows < users):
					t.Errorf("the feed was not completed: %d rows, %v", rows, err)
				case !complete && !errors.Is(err, io.ErrUnexpectedEOF):
					t.Errorf("the feed ended as if it were whole: %d rows, %v", rows, err)
				}
				if err := g.wait(); err != nil {
					t.Errorf("the gateway ended with %v", err)
				}
				if cut := g.said(`"cutting"`) > 0; cut == complete {
					t.Errorf("the log says that requests were cut: %v", cut)
				}
			})
		}
	}
}

// TestStartWithoutRedis starts a gateway whose Redis is away: it works, says
// what is missing, and takes Redis into use when it is there.
func TestStartWithoutRedis(t *testing.T) {
	t.Parallel()
	s := startSimulator(t, "--users", "200")
	list := questions(t, s)
	r := redistest.Start(t)
	r.Kill()
	common := settings{"redis.url": redistest.Patient(r.URL(), time.Minute), "tokens.encryption_keys": sealingKey()}
	g := newGateway(t, "gateway", s, common).run()
	for i := range list {
		if complaint, err := list[i].ask(http.DefaultClient, g.url); err != nil || complaint != "" {
			t.Errorf("%s: %v %s", list[i].name, err, complaint)
		}
	}
	if _, detail := g.readyz(); !strings.Contains(detail, "Redis can't be used") || !strings.Contains(detail, "Check redis.url") {
		t.Errorf("/readyz?verbose does not speak of Redis: %s", detail)
	}
	if g.metric("pingone_gateway_token_store_up") != 0 {
		t.Error("the metric says that the store works")
	}
	required := newGateway(t, "required", s, settings{"redis.required": "true", "redis.url": common["redis.url"], "tokens.encryption_keys": common["tokens.encryption_keys"]})
	required.start()
	if err := required.wait(); err == nil || required.said("cannot be reached") == 0 {
		t.Errorf("a gateway that requires Redis starts without it: %v", err)
	}
	r.Run()
	start := time.Now()
	eventually(t, "Redis is taken into use", func() bool { return g.metric("pingone_gateway_token_store_up") == 1 })
	t.Logf("Redis is used %.1f s after its start", time.Since(start).Seconds())
	required.run()
	r.Kill()
	start = time.Now()
	eventually(t, "a gateway that requires Redis is not ready without it", func() bool {
		status, detail := required.readyz()
		return status == http.StatusServiceUnavailable && strings.Contains(detail, "Redis can't be used")
	})
	t.Logf("a gateway that requires Redis is not ready %.1f s after its end", time.Since(start).Seconds())
	r.Run()
	start = time.Now()
	eventually(t, "it is ready again", required.ready)
	t.Logf("it is ready again %.1f s after its start", time.Since(start).Seconds())
}

// TestWrongCredentials: a gateway that PingOne rejects never says that it is
// ready, and says what to do.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	s := startSimulator(t, "--users", "50")
	g := newGateway(t, "gateway", s, settings{"connections.pingone.oauth_client_secret": "not-the-secret"})
	g.start()
	eventually(t, "the check has run", func() bool {
		status, detail := g.readyz()
		return status == http.StatusServiceUnavailable && strings.Contains(detail, `"hint"`)
	})
	_, detail := g.readyz()
	t.Log(detail)
	if strings.Contains(detail, "not-the-secret") {
		t.Error("the secret is shown")
	}
	resp, err := http.Get(g.admin + "/healthz")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("it is not alive: %v", err)
	} else {
		_ = resp.Body.Close()
	}
	resp, err = http.Get(g.url + "/odata/pingone/Administrators/Users?$top=1")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode < 500 || strings.Contains(string(raw), "not-the-secret") {
		t.Errorf("%s: %s", resp.Status, raw)
	}
	degraded := newGateway(t, "degraded", s, settings{"connections.pingone.oauth_client_secret": "not-the-secret", "readiness.degraded": "true"})
	degraded.run()
}

// TestReload changes keys, the log level and the certificate of a running
// gateway and lets it take them over with SIGHUP. A mistake changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	s := startSimulator(t, "--users", "50")
	dir := t.TempDir()
	keys, cert, key, file := filepath.Join(dir, "keys.yaml"), filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "gateway.yaml")
	first := createKey(t, keys, "first")
	writeCertificate(t, cert, key, 1)
	write(t, file, "log:\n  level: info\n")
	g := newGateway(t, "gateway", s, settings{
		"auth.mode": "keys", "auth.keys_file": keys, "listen.tls.cert_file": cert, "listen.tls.key_file": key,
	})
	g.args = append(g.args, "--config", file)
	g.url = strings.Replace(g.url, "http:", "https:", 1)
	g.run()
	if status, serial := g.sign(t, first); status != http.StatusOK || serial != 1 {
		t.Fatalf("status %d, certificate %d", status, serial)
	}
	if resp, err := http.Get(strings.Replace(g.url, "https:", "http:", 1)); err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("plain HTTP is answered on the TLS listener")
		}
	}
	second := createKey(t, keys, "second")
	writeCertificate(t, cert, key, 2)
	write(t, file, "log:\n  level: warn\n")
	g.signal(syscall.SIGHUP)
	eventually(t, "key and certificate are taken over", func() bool {
		status, serial := g.sign(t, second)
		return status == http.StatusOK && serial == 2
	})
	eventually(t, "the level is taken over", func() bool { return g.level(t) == "warn" })

	write(t, cert, "no certificate")
	write(t, file, "log:\n  level: loud\n")
	g.signal(syscall.SIGHUP)
	eventually(t, "the mistakes are counted", func() bool {
		return g.metric("pingone_gateway_service_reloads_total", `outcome="failed"`) >= 2
	})
	if status, serial := g.sign(t, second); status != http.StatusOK || serial != 2 || g.level(t) != "warn" {
		t.Errorf("a mistake changed something: status %d, certificate %d, level %s", status, serial, g.level(t))
	}
}

// sign asks with an API key and returns the status and the certificate's
// serial number.
func (g *gateway) sign(t *testing.T, key string) (status int, serial int64) {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	req, err := http.NewRequest(http.MethodGet, g.url+"/odata/pingone/Administrators/Users?$top=1&$select=Id", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", key)
	resp, err := c.Do(req)
	if err != nil {
		t.Log(err)
		return 0, 0
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, resp.TLS.PeerCertificates[0].SerialNumber.Int64()
}

// level asks for the log level in force.
func (g *gateway) level(t *testing.T) string {
	t.Helper()
	resp, err := http.Get(g.admin + "/loglevel")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	for _, l := range []string{"debug", "info", "warn", "error"} {
		if strings.Contains(string(raw), `"`+l+`"`) {
			return l
		}
	}
	return string(raw)
}

// createKey makes an API key with the program's own command.
func createKey(t *testing.T, file, name string) string {
	t.Helper()
	out, err := exec.Command(binary, "keys", "create", name, "--file", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(out)) {
		if strings.HasPrefix(word, "pgw_") {
			return word
		}
	}
	t.Fatalf("no key in %q", out)
	return ""
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes a certificate for loopback that signs itself.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}
