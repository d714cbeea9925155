package main

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

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/tokens/oauth"
)

// maxSkew is how far this clock may differ from PingOne's. Signed assertions
// and the ends of tokens bear no more.
const maxSkew = time.Minute

// plainClient reaches a connection's hosts as its configuration says: by its
// proxy, trusting its authorities.
func plainClient(c *config.Connection) (*http.Client, error) {
	proxy, err := proxyOf(c)
	if err != nil {
		return nil, err
	}
	pem, err := certificates(c.SSLServerCert)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if len(pem) > 0 {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig.RootCAs = roots
	}
	if proxy != "" {
		f := (&httpproxy.Config{HTTPProxy: proxy, HTTPSProxy: proxy, NoProxy: strings.Join(c.ProxyExceptions, ",")}).ProxyFunc()
		t.Proxy = func(r *http.Request) (*url.URL, error) { return f(r.URL) }
	}
	return &http.Client{Transport: t, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// hosts are the addresses that a connection needs: the API's and the
// authorization server's.
func hosts(c *config.Connection) (api, authorization string, err error) {
	api = c.APIURL
	if api == "" {
		if api, _, err = pingone.Endpoints(c.Region); err != nil {
			return "", "", err
		}
	}
	if c.AuthScheme == config.SchemeToken {
		return api, "", nil
	}
	e, err := oauth.NewEndpoints(c.Region, c.WorkerAppEnvironmentID, c.AuthorizationServerURL)
	return api, e.Issuer, err
}

// reach asks an address, whatever it answers, and returns how far the clock
// there is ahead of this one; ok is false where it tells no time.
func reach(ctx context.Context, client *http.Client, address string) (ahead time.Duration, ok bool, err error) {
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
	message, mend := host+" can't be reached.", "Check the network, firewalls and ProxyServer."
	switch {
	case errors.As(err, &name):
		message, mend = "There is no host "+host+", or names can't be resolved here.", "Check Region, ApiUrl and AuthorizationServerURL, and the name servers."
	case errors.As(err, &authority):
		message, mend = host+" shows a certificate of an authority that is not trusted.", "Give the authority in SSLServerCert, such as that of a proxy that opens TLS."
	case errors.As(err, &other):
		message, mend = host+" shows a certificate for another host.", "Check ApiUrl and AuthorizationServerURL."
	}
	return gwerr.Wrap(gwerr.UpstreamFailed, err, message, mend)
}

// clock compares this clock with PingOne's.
func (a *app) clock(ctx context.Context, name string) error {
	c := a.config.Connections[name]
	client, err := plainClient(c)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	api, _, err := hosts(c)
	if err != nil {
		return err
	}
	ahead, ok, err := reach(ctx, client, api)
	if err != nil || !ok {
		return err
	}
	return skew(ahead)
}

func skew(ahead time.Duration) error {
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

// checkPolicy compares the policy with what a connection has.
func (a *app) checkPolicy(ctx context.Context, name string) error {
	c, ok := a.pool.get(name)
	if !ok || a.policy == nil {
		return nil
	}
	problems, err := a.policy.Check(ctx, name, c.Provider)
	if err != nil || len(problems) == 0 {
		return err
	}
	return gwerr.New(gwerr.Config, "The policy does not fit the connection: "+strings.ReplaceAll(problems.Error(), "\n", "; "),
		"Correct the lines of auth.policy_file, or leave them if the names are yet to come.")
}
