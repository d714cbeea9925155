//go:build duckdb_arrow

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign makes a certificate, signed by the authority, or by itself if that has
// none yet.
func (a *authority) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return made, key
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// server writes a certificate for loopback into the folder.
func (a *authority) server(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	c, k := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "gateway"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return write(t, dir, "tls.crt", "CERTIFICATE", c.Raw), write(t, dir, "tls.key", "PRIVATE KEY", pkcs8(t, k))
}

// client is an HTTP client that shows a certificate with the URI; "" shows
// none.
func (a *authority) client(t *testing.T, trusts *authority, uri string) *http.Client {
	t.Helper()
	cfg := &tls.Config{RootCAs: trusts.pool(), MinVersion: tls.VersionTLS12}
	if uri != "" {
		u, err := url.Parse(uri)
		require.NoError(t, err)
		c, k := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "client"}, URIs: []*url.URL{u}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		cfg.Certificates = []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: k}}
	}
	transport := &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func pkcs8(t *testing.T, k *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return der
}

func write(t *testing.T, dir, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return path
}

func TestClientCertificatesAreCallers(t *testing.T) {
	t.Parallel()
	ca, stranger, dir := newAuthority(t), newAuthority(t), t.TempDir()
	cert, key := ca.server(t, dir)
	set := map[string]string{
		"auth.mode": "certificates", "listen.tls.cert_file": cert, "listen.tls.key_file": key, "hsts": "1h",
		"listen.tls.client_ca_file": write(t, dir, "ca.crt", "CERTIFICATE", ca.cert.Raw), "listen.tls.client_auth": "optional",
		"auth.certificates.etl.uri": "spiffe://example.org/etl", "auth.certificates.etl.roles": "staff",
		"auth.policy_file": file(t, "policy.yaml", seesUsernames),
	}
	g := start(t, sim.Options{}, set)
	query := func(g *running, c *http.Client) (*http.Response, error) {
		return c.Post(g.base+"/sql", "application/sql", strings.NewReader("SELECT * FROM Users LIMIT 1"))
	}
	for name, c := range map[string]struct {
		client *http.Client
		status int
	}{
		"known":   {ca.client(t, ca, "spiffe://example.org/etl"), http.StatusOK},
		"unknown": {ca.client(t, ca, "spiffe://example.org/etl2"), http.StatusUnauthorized},
		"none":    {ca.client(t, ca, ""), http.StatusUnauthorized},
	} {
		resp, err := query(g, c.client)
		require.NoError(t, err, name)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		assert.Equal(t, c.status, resp.StatusCode, "%s: %s", name, body)
		assert.Equal(t, "max-age=3600", strings.Split(resp.Header.Get("Strict-Transport-Security"), ";")[0], name)
	}
	_, err := query(g, stranger.client(t, ca, "spiffe://example.org/etl"))
	require.Error(t, err, "another authority's certificate ends the handshake")
	_, err = query(g, http.DefaultClient)
	require.Error(t, err, "a client must know the server's authority")
	assert.Equal(t, http.StatusBadRequest, ask(t, http.DefaultClient, nobody, http.MethodGet, strings.Replace(g.base, "https", "http", 1)+"/", "").status, "plain HTTP")

	set["listen.tls.client_auth"], set["auth.mode"] = "require", "certificates"
	required := start(t, sim.Options{}, set)
	_, err = query(required, ca.client(t, ca, ""))
	require.Error(t, err, "required: no handshake without a certificate")

	before := g.serial(t, ca)
	ca.server(t, dir)
	g.reload(t.Context(), &configFlags{path: os.DevNull})
	assert.NotEqual(t, before, g.serial(t, ca), "a new certificate is served after a reload")
}

// serial is that of the certificate which the listener shows.
func (r *running) serial(t *testing.T, ca *authority) string {
	t.Helper()
	conn, err := tls.Dial("tcp", r.server.PublicAddr(), &tls.Config{RootCAs: ca.pool(), MinVersion: tls.VersionTLS12})
	require.NoError(t, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

func TestOnlyAllowedNetworksAndProxiesCount(t *testing.T) {
	t.Parallel()
	forwarded := func(address string) credentials {
		return func(r *http.Request) { r.Header.Set("X-Forwarded-For", address) }
	}
	s, address := simulator(t, sim.Options{})
	alone := startOver(t, settings(t, s, address, map[string]string{"auth.mode": "none", "allow_ips": "192.0.2.0/24"}))
	assert.Equal(t, http.StatusForbidden, alone.sql(t, nobody, "SELECT 1").status)
	assert.Equal(t, http.StatusForbidden, alone.sql(t, forwarded("192.0.2.7"), "SELECT 1").status, "nobody is trusted")
	behind := startOver(t, settings(t, s, address, map[string]string{"auth.mode": "none", "allow_ips": "192.0.2.0/24", "trusted_proxies": "127.0.0.0/8"}))
	assert.Equal(t, http.StatusOK, behind.sql(t, forwarded("192.0.2.7"), "SELECT 1").status)
	assert.Equal(t, http.StatusForbidden, behind.sql(t, forwarded("192.0.2.7, 203.0.113.9"), "SELECT 1").status, "the client wrote the first one")
	assert.Equal(t, http.StatusForbidden, behind.sql(t, nobody, "SELECT 1").status)
	assert.Equal(t, "192.0.2.7", behind.audited(t, 1)[0]["remote"])
}

func TestPagesOfOtherOriginsStayOutside(t *testing.T) {
	t.Parallel()
	s, address := simulator(t, sim.Options{})
	header := func(name, value string) credentials { return func(r *http.Request) { r.Header.Set(name, value) } }
	const reports = "https://reports.example.org"
	closed := startOver(t, settings(t, s, address, map[string]string{"auth.mode": "none"}))
	open := startOver(t, settings(t, s, address, map[string]string{"auth.mode": "none", "cors_origins": reports}))

	got := closed.get(t, header("Origin", reports), "/odata/pingone/")
	assert.Equal(t, http.StatusOK, got.status)
	assert.Empty(t, got.header.Get("Access-Control-Allow-Origin"), "CORS is off")
	assert.Equal(t, reports, open.get(t, header("Origin", reports), "/odata/pingone/").header.Get("Access-Control-Allow-Origin"))
	assert.Empty(t, open.get(t, header("Origin", "https://evil.example"), "/odata/pingone/").header.Get("Access-Control-Allow-Origin"))

	assert.Equal(t, http.StatusForbidden, closed.sql(t, header("Origin", reports), "SELECT 1").status, "a page makes the browser send")
	assert.Equal(t, http.StatusForbidden, closed.sql(t, header("Sec-Fetch-Site", "cross-site"), "SELECT 1").status)
	assert.Equal(t, http.StatusOK, open.sql(t, header("Origin", reports), "SELECT 1").status)
	assert.Equal(t, http.StatusOK, closed.sql(t, header("Sec-Fetch-Site", "same-origin"), "SELECT 1").status)

	host := func(name string) credentials { return func(r *http.Request) { r.Host = name } }
	assert.Equal(t, http.StatusBadRequest, closed.get(t, host("rebound.example:8080"), "/odata/pingone/").status, "DNS rebinding")
	assert.Equal(t, http.StatusOK, closed.get(t, host("localhost:8080"), "/odata/pingone/").status)
	for _, name := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy"} {
		assert.NotEmpty(t, got.header.Get(name), name)
	}
}

// TestNothingIsSmuggled sends requests of whose end two readers might think
// otherwise, over the wire. Each must get one refusal, and the connection must
// end with it: what follows is never taken for a request.
func TestNothingIsSmuggled(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	const next = "GET /odata/pingone/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	const head = "Host: 127.0.0.1\r\nContent-Type: application/sql\r\n"
	cases := map[string]string{
		"two lengths":               "POST /sql HTTP/1.1\r\n" + head + "Content-Length: 8\r\nContent-Length: 9\r\n\r\nSELECT 1" + next,
		"length twice in one line":  "POST /sql HTTP/1.1\r\n" + head + "Content-Length: 8, 9\r\n\r\nSELECT 1" + next,
		"negative length":           "POST /sql HTTP/1.1\r\n" + head + "Content-Length: -8\r\n\r\nSELECT 1" + next,
		"length with a sign":        "POST /sql HTTP/1.1\r\n" + head + "Content-Length: +8\r\n\r\nSELECT 1" + next,
		"unknown coding":            "POST /sql HTTP/1.1\r\n" + head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + next,
		"two codings":               "POST /sql HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + next,
		"name before colon":         "POST /sql HTTP/1.1\r\n" + head + "Content-Length : 8\r\n\r\nSELECT 1" + next,
		"bad chunk":                 "POST /sql HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nSELECT 1\r\n0\r\n\r\n" + next,
		"no host":                   "POST /sql HTTP/1.1\r\nContent-Length: 8\r\n\r\nSELECT 1" + next,
		"two hosts":                 "POST /sql HTTP/1.1\r\n" + head + "Host: evil.example\r\nContent-Length: 8\r\n\r\nSELECT 1" + next,
		"body with GET":             "GET /odata/pingone/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + next,
		"underscore in a name":      "GET /odata/pingone/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX_Forwarded_For: 192.0.2.1\r\nConnection: close\r\n\r\n",
		"control character in path": "GET /odata/pingone/%00 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
	}
	for name, raw := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := g.raw(t, raw)
			require.NotEmpty(t, answers)
			for _, status := range answers {
				assert.GreaterOrEqual(t, status, "400", "%v", answers)
			}
			assert.Len(t, answers, 1)
		})
	}
	t.Run("both framings", func(t *testing.T) {
		// net/http follows the coding, as RFC 9112 says, and the connection ends.
		answers := g.raw(t, "POST /sql HTTP/1.1\r\n"+head+"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nSELECT 1\r\n0\r\n\r\n"+next)
		assert.Len(t, answers, 1, "%v", answers)
	})
	t.Run("huge header", func(t *testing.T) {
		assert.Equal(t, []string{"431"}, g.raw(t, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "+strings.Repeat("a", 64<<10)+"\r\n\r\n"))
	})
	t.Run("what is right works", func(t *testing.T) {
		assert.Equal(t, []string{"200", "200"}, g.raw(t, next+strings.Replace(next, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)))
	})
}

// raw sends bytes and returns the statuses of the answers.
func (r *running) raw(t *testing.T, text string) []string {
	t.Helper()
	conn, err := net.Dial("tcp", r.server.PublicAddr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	go func() { _, _ = io.WriteString(conn, text) }() // a refusal may come before the end
	all, _ := io.ReadAll(conn)                        // a reset ends the reading as well
	var out []string
	for part := range strings.SplitSeq(string(all), "HTTP/1.1 ") {
		if len(part) >= 3 {
			out = append(out, part[:3])
		}
	}
	return out
}
