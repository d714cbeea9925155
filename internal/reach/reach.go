// Package reach speaks with hosts outside by proxies and through networks, and
// says what keeps it from them.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// maxSkew is how far this clock may differ from PingOne's. Signed assertions
// and the ends of tokens bear no more.
const maxSkew = time.Minute

// Client is a client of a proxy's address, which may be "", that trusts the
// authorities (PEM) besides the system's. It follows no redirect and gives up
// after 30 s. exceptions are hosts that need no proxy.
func Client(proxy string, exceptions []string, authorities []byte) *http.Client {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if len(authorities) > 0 {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM(authorities)
		t.TLSClientConfig.RootCAs = roots
	}
	if proxy != "" {
		f := (&httpproxy.Config{HTTPProxy: proxy, HTTPSProxy: proxy, NoProxy: strings.Join(exceptions, ",")}).ProxyFunc()
		t.Proxy = func(r *http.Request) (*url.URL, error) { return f(r.URL) }
	}
	return &http.Client{Transport: t, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Ask asks an address, whatever it answers, and returns how far the clock
// there is ahead of this one; ok is false where it tells no time. The error
// is gwerr.UpstreamFailed and says what stands between.
func Ask(ctx context.Context, client *http.Client, address string) (ahead time.Duration, ok bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, false, gwerr.Wrap(gwerr.Config, err, "The address can't be read.", "")
	}
	sent := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return 0, false, unreachable(r.URL.Host, err)
	}
	_ = resp.Body.Close() // its status alone counts
	if there, wrong := http.ParseTime(resp.Header.Get("Date")); wrong == nil {
		return there.Sub(sent.Add(time.Since(sent) / 2)), true, nil
	}
	return 0, false, nil // not every server tells the time
}

// unreachable says what stands between here and the host.
func unreachable(host string, err error) error {
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var other x509.HostnameError
	message, hint := host+" can't be reached.", "Check the network, firewalls and ProxyServer."
	switch {
	case errors.As(err, &name):
		message, hint = "There is no host "+host+", or names can't be resolved here.", "Check Region, ApiUrl and AuthorizationServerURL, and the name servers."
	case errors.As(err, &authority):
		message, hint = host+" shows a certificate of an authority that is not trusted.", "Give the authority in SSLServerCert, such as that of a proxy that opens TLS."
	case errors.As(err, &other):
		message, hint = host+" shows a certificate for another host.", "Check ApiUrl and AuthorizationServerURL."
	}
	return gwerr.Wrap(gwerr.UpstreamFailed, err, message, hint)
}

// Skew is an error, gwerr.Config, if PingOne's clock is more than a minute ahead
// of this one or behind it.
func Skew(ahead time.Duration) error {
	if ahead.Abs() <= maxSkew {
		return nil
	}
	than := "behind"
	if ahead < 0 {
		than = "ahead of"
	}
	return gwerr.New(gwerr.Config, fmt.Sprintf("This host's clock is %s %s PingOne's.", ahead.Abs().Round(time.Second), than),
		"Let the host's clock follow a time server (NTP); tokens end too early or too late otherwise.")
}
