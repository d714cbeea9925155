package server

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync/atomic"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// certificates is a certificate that can be replaced under a running listener.
type certificates struct {
	files   TLS
	current atomic.Pointer[tls.Config]
}

func loadCertificates(files TLS) (*certificates, error) {
	c := &certificates{files: files}
	return c, c.reload()
}

// config returns what the listener uses; it asks for the current one at each
// handshake.
func (c *certificates) config() *tls.Config {
	base := c.current.Load().Clone()
	base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current.Load(), nil }
	return base
}

func (c *certificates) notAfter() time.Time { return c.current.Load().Certificates[0].Leaf.NotAfter }

// reload reads the files. Errors are gwerr.Config and leave the old state.
func (c *certificates) reload() error {
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		return gwerr.Wrap(gwerr.Config, err, "The listener's certificate or key can't be read: "+err.Error()+".",
			"Check listen.tls.cert_file and key_file: both PEM, and of the same pair.")
	}
	made := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if c.files.MinVersion == "1.3" {
		made.MinVersion = tls.VersionTLS13
	}
	if c.files.ClientCAFile != "" {
		pem, err := os.ReadFile(c.files.ClientCAFile)
		if err != nil {
			return gwerr.Wrap(gwerr.Config, err, "The authorities of client certificates can't be read: "+err.Error()+".", "Check listen.tls.client_ca_file.")
		}
		made.ClientCAs, made.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if !made.ClientCAs.AppendCertsFromPEM(pem) {
			return gwerr.New(gwerr.Config, "The file of client authorities holds no certificate.", "Check listen.tls.client_ca_file: PEM is needed.")
		}
	}
	c.current.Store(made)
	return nil
}
