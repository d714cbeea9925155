package httpguard

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// TLSConfig configures encryption of a listener.
type TLSConfig struct {
	// CertFile and KeyFile are PEM files: the certificate with its chain, and
	// its key.
	CertFile, KeyFile string
	// ClientCAFile is a PEM file of the authorities of client certificates; ""
	// for none. A certificate that is shown must be theirs.
	ClientCAFile string
	// ClientRequired refuses clients without a certificate; otherwise it is
	// one way among others to authenticate.
	ClientRequired bool
	// MinVersion is tls.VersionTLS12 or tls.VersionTLS13; 0 for 1.2.
	MinVersion uint16
	// Every is the time between looks at the files (30 s).
	Every time.Duration
	// Failed is told when changed files can't be used; those read before stay
	// in force. nil ignores it.
	Failed func(error)
}

// TLS keeps a listener's certificates and reads them again when they change,
// so that renewing one needs no restart.
type TLS struct {
	cfg     TLSConfig
	current atomic.Pointer[tls.Config]
	seen    string // owned by New and then Run
}

// NewTLS reads the files. The error is gwerr.Config.
func NewTLS(cfg TLSConfig) (*TLS, error) {
	switch {
	case cfg.MinVersion == 0:
		cfg.MinVersion = tls.VersionTLS12
	case cfg.MinVersion < tls.VersionTLS12:
		return nil, gwerr.New(gwerr.Config, "TLS versions before 1.2 are not possible.", "")
	}
	if cfg.ClientRequired && cfg.ClientCAFile == "" {
		return nil, gwerr.New(gwerr.Config, "Client certificates are required, but no authority of them is named.", "")
	}
	cfg.Every = cmp.Or(cfg.Every, 30*time.Second)
	if cfg.Failed == nil {
		cfg.Failed = func(error) {}
	}
	t := &TLS{cfg: cfg}
	t.seen = t.fingerprint()
	if err := t.Reload(); err != nil {
		return nil, err
	}
	return t, nil
}

// Reload reads the files again. On an error those read before stay in force.
func (t *TLS) Reload() error {
	cert, err := tls.LoadX509KeyPair(t.cfg.CertFile, t.cfg.KeyFile)
	if err != nil {
		return gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The certificate %s with its key can't be used.", t.cfg.CertFile), "Check that both files are PEM and belong together.")
	}
	next := &tls.Config{MinVersion: t.cfg.MinVersion, Certificates: []tls.Certificate{cert}}
	if t.cfg.ClientCAFile != "" {
		text, err := os.ReadFile(t.cfg.ClientCAFile)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(text) {
			return gwerr.Wrap(gwerr.Config, err, fmt.Sprintf("The authorities in %s can't be used.", t.cfg.ClientCAFile), "The file must hold PEM certificates.")
		}
		next.ClientCAs, next.ClientAuth = pool, tls.VerifyClientCertIfGiven
		if t.cfg.ClientRequired {
			next.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	t.current.Store(next)
	return nil
}

// Config is for the listener of HTTP; it follows reloads.
func (t *TLS) Config() *tls.Config { return t.For("h2", "http/1.1") }

// For is Config for a listener of other protocols, by their names in ALPN.
func (t *TLS) For(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: t.cfg.MinVersion,
		NextProtos: protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c := t.current.Load().Clone()
			c.NextProtos = protocols
			return c, nil
		},
		// Servers demand a certificate at start; handshakes take the one above.
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return &t.current.Load().Certificates[0], nil
		},
	}
}

// Run looks at the files from time to time and reads them when they have
// changed, until the context ends.
func (t *TLS) Run(ctx context.Context) {
	ticker := time.NewTicker(t.cfg.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := t.fingerprint()
			if now == t.seen {
				continue
			}
			if err := t.Reload(); err != nil {
				// Renewal may have replaced one file of two: look again.
				t.cfg.Failed(err)
				continue
			}
			t.seen = now
		}
	}
}

// fingerprint changes when a file does.
func (t *TLS) fingerprint() string {
	var out string
	for _, path := range []string{t.cfg.CertFile, t.cfg.KeyFile, t.cfg.ClientCAFile} {
		if info, err := os.Stat(path); err == nil {
			out += fmt.Sprintf("%d %d;", info.Size(), info.ModTime().UnixNano())
		}
	}
	return out
}
