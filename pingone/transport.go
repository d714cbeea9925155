package pingone

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// newHTTPClient returns a client that follows no redirect: the API has none,
// and following one would hand the access token to another host.
func newHTTPClient(cfg Config, rt http.RoundTripper) *http.Client {
	if cfg.Wrap != nil {
		rt = cfg.Wrap(rt)
	}
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newTransport keeps as many connections as calls may be in flight. Those of
// HTTP/2 are asked for a sign of life, so that one which swallows everything
// fails its calls soon and not at their timeout.
func newTransport(cfg Config) (*http.Transport, error) {
	roots, err := trusted(cfg.CAPEM)
	if err != nil {
		return nil, err
	}
	proxy, err := proxyFunc(cfg)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: cfg.SilentFor / 2, PingTimeout: cfg.SilentFor / 2},
		MaxIdleConns:          2 * cfg.MaxParallel,
		MaxIdleConnsPerHost:   cfg.MaxParallel,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // exchange asks for it, and inflates
		ReadBufferSize:        64 << 10,
	}, nil
}

// trusted returns the system's certificates and the given ones; nil, which
// means the system's, if none are given.
func trusted(pem []byte) (*x509.CertPool, error) {
	if len(pem) == 0 {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, gwerr.New(gwerr.Config, "SSLServerCert holds no certificate.", "Give certificates in PEM form.").On("SSLServerCert")
	}
	return pool, nil
}

func proxyFunc(cfg Config) (func(*http.Request) (*url.URL, error), error) {
	if cfg.ProxyURL == "" {
		return http.ProxyFromEnvironment, nil
	}
	if u, err := url.Parse(cfg.ProxyURL); err != nil || u.Host == "" {
		return nil, gwerr.New(gwerr.Config, "The proxy's address is not valid.", "Give it as http://host:port.").On("ProxyServer")
	}
	f := (&httpproxy.Config{HTTPProxy: cfg.ProxyURL, HTTPSProxy: cfg.ProxyURL, NoProxy: cfg.NoProxy}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return f(r.URL) }, nil
}
