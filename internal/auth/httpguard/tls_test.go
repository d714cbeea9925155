package httpguard_test

import (
	"context"
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
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/httpguard"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// pair is a certificate and its key in files.
type pair struct {
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey
	crt, keyf string
}

// issue makes a certificate for a name, signed by the parent or by itself.
func issue(t *testing.T, dir, name string, serial int64, parent *pair, change ...func(*x509.Certificate)) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"Example"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: parent == nil, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, c := range change {
		c(tmpl)
	}
	p := &pair{key: key, crt: filepath.Join(dir, name+".crt"), keyf: filepath.Join(dir, name+".key")}
	signer, signKey := tmpl, key
	if parent != nil {
		signer, signKey = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, signer, &key.PublicKey, signKey)
	if err != nil {
		t.Fatal(err)
	}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.crt, "CERTIFICATE", der)
	write(t, p.keyf, "EC PRIVATE KEY", keyDER)
	return p
}

func write(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *pair) client(t *testing.T, own *pair) *http.Client {
	t.Helper()
	cfg := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	cfg.RootCAs.AddCert(p.cert)
	if own != nil {
		cfg.Certificates = []tls.Certificate{{Certificate: [][]byte{own.cert.Raw}, PrivateKey: own.key}}
	}
	tr := &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// start serves the subject of the client's certificate.
func start(t *testing.T, l *httpguard.TLS) string {
	t.Helper()
	h, err := auth.NewHTTP(auth.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := h.Credentials(r)
		if err == nil && c.Certificate != nil {
			_, _ = io.WriteString(w, c.Certificate.Subject)
		}
	}))
	ln := tls.NewListener(s.Listener, l.Config())
	s.Listener = ln
	s.Config.ErrorLog = nil
	s.Start()
	t.Cleanup(s.Close)
	return "https://" + ln.Addr().String()
}

func fetch(t *testing.T, c *http.Client, url string) (body string, serial int64, err error) {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp.TLS.PeerCertificates[0].SerialNumber.Int64(), err
}

func TestCertificatesAreReloaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := issue(t, dir, "ca", 1, nil)
	own := issue(t, dir, "server", 2, ca)
	failed := make(chan error, 100)
	l, err := httpguard.NewTLS(httpguard.TLSConfig{CertFile: own.crt, KeyFile: own.keyf, Every: time.Millisecond, Failed: func(err error) {
		select {
		case failed <- err:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	url := start(t, l)
	if _, serial, err := fetch(t, ca.client(t, nil), url); err != nil || serial != 2 {
		t.Fatalf("serial %d, %v", serial, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	if err := os.WriteFile(own.keyf, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !gwerr.Is(err, gwerr.Config) {
		t.Errorf("a broken key is reported as %v", err)
	}
	if _, serial, err := fetch(t, ca.client(t, nil), url); err != nil || serial != 2 {
		t.Errorf("a broken key takes the service down: %v", err)
	}
	cancel()
	<-done
	issue(t, dir, "server", 3, ca)
	if err := l.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, serial, err := fetch(t, ca.client(t, nil), url); err != nil || serial != 3 {
		t.Errorf("serial %d, %v", serial, err)
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := issue(t, dir, "ca", 1, nil)
	own := issue(t, dir, "server", 2, ca)
	etl := issue(t, dir, "etl", 3, ca)
	stranger := issue(t, dir, "stranger", 4, issue(t, dir, "other-ca", 5, nil))
	for _, required := range []bool{false, true} {
		l, err := httpguard.NewTLS(httpguard.TLSConfig{CertFile: own.crt, KeyFile: own.keyf, ClientCAFile: ca.crt, ClientRequired: required})
		if err != nil {
			t.Fatal(err)
		}
		url := start(t, l)
		if body, _, err := fetch(t, ca.client(t, etl), url); err != nil || body != "CN=etl,O=Example" {
			t.Errorf("required %v: %q, %v", required, body, err)
		}
		if body, _, err := fetch(t, ca.client(t, nil), url); (err != nil) != required || body != "" {
			t.Errorf("required %v, without certificate: %q, %v", required, body, err)
		}
		if body, _, err := fetch(t, ca.client(t, stranger), url); err == nil && body != "" {
			t.Errorf("required %v: a stranger is known as %q", required, body)
		}
	}
}

// TestForgedClientCertificates shows certificates that the authority has not
// given for this, or not yet, or no more.
func TestForgedClientCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := issue(t, dir, "ca", 1, nil)
	own := issue(t, dir, "server", 2, ca)
	leaf := issue(t, dir, "leaf", 3, ca)
	twin := issue(t, dir, "ca", 4, nil) // another authority of the same name
	l, err := httpguard.NewTLS(httpguard.TLSConfig{CertFile: own.crt, KeyFile: own.keyf, ClientCAFile: filepath.Join(dir, "authority.crt")})
	if err == nil {
		t.Fatal("an authority that is not there")
	}
	authority := filepath.Join(dir, "authority.crt")
	write(t, authority, "CERTIFICATE", ca.cert.Raw)
	if l, err = httpguard.NewTLS(httpguard.TLSConfig{CertFile: own.crt, KeyFile: own.keyf, ClientCAFile: authority}); err != nil {
		t.Fatal(err)
	}
	url := start(t, l)
	if body, _, err := fetch(t, ca.client(t, leaf), url); err != nil || body == "" {
		t.Fatalf("%q, %v", body, err)
	}
	stolen := *leaf
	stolen.key = twin.key // the certificate without its key
	for name, shown := range map[string]*pair{
		"expired": issue(t, dir, "etl", 10, ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
		"not valid yet": issue(t, dir, "etl", 11, ca, func(c *x509.Certificate) {
			c.NotBefore = time.Now().Add(time.Hour)
			c.NotAfter = c.NotBefore.Add(time.Hour)
		}),
		"for servers alone":    issue(t, dir, "etl", 12, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
		"for code alone":       issue(t, dir, "etl", 13, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }),
		"signed by itself":     issue(t, dir, "leaf", 3, nil),
		"signed by a client's": issue(t, dir, "etl", 14, leaf),
		"of a twin authority":  issue(t, dir, "etl", 15, twin),
		"without its key":      &stolen,
		"with a constraint unknown": issue(t, dir, "etl", 16, ca, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4, 5}, Critical: true, Value: []byte{5, 0}}}
		}),
	} {
		if body, _, err := fetch(t, ca.client(t, shown), url); err == nil && body != "" {
			t.Errorf("%s: known as %q", name, body)
		}
	}
	// Headers name nobody, whatever proxies may have put there.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Client-Cert", "X-Forwarded-Client-Cert", "Ssl-Client-Cert", "X-SSL-Client-S-DN", "Client-Cert"} {
		r.Header.Set(name, "CN=leaf,O=Example")
	}
	resp, err := ca.client(t, nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(resp.Body); len(body) != 0 {
		t.Errorf("a header names %q", body)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := issue(t, dir, "ca", 1, nil)
	l, err := httpguard.NewTLS(httpguard.TLSConfig{CertFile: ca.crt, KeyFile: ca.keyf})
	if err != nil {
		t.Fatal(err)
	}
	c := ca.client(t, nil)
	cfg := c.Transport.(*http.Transport).TLSClientConfig
	cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, _, err := fetch(t, c, start(t, l)); err == nil {
		t.Error("TLS 1.1 is accepted")
	}
}

func TestNewTLSRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := issue(t, dir, "ca", 1, nil)
	other := issue(t, dir, "other", 2, nil)
	for name, cfg := range map[string]httpguard.TLSConfig{
		"old version":       {CertFile: ca.crt, KeyFile: ca.keyf, MinVersion: tls.VersionTLS11},
		"no files":          {CertFile: "none", KeyFile: "none"},
		"key of another":    {CertFile: ca.crt, KeyFile: other.keyf},
		"required, no CA":   {CertFile: ca.crt, KeyFile: ca.keyf, ClientRequired: true},
		"CA without a cert": {CertFile: ca.crt, KeyFile: ca.keyf, ClientCAFile: ca.keyf},
	} {
		if _, err := httpguard.NewTLS(cfg); !gwerr.Is(err, gwerr.Config) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
