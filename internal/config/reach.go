package config

import (
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

// Address is the address with the password and the time limit that stand
// beside it; empty where there is no Redis.
func (c *Redis) Address() tokens.Secret {
	if c.URL.IsZero() {
		return c.URL
	}
	scheme, rest, _ := strings.Cut(c.URL.Reveal(), "://")
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	at := strings.LastIndexByte(authority, '@')
	if user := authority[:max(0, at)]; !c.Password.IsZero() && !strings.Contains(user, ":") {
		authority = user + url.UserPassword("", c.Password.Reveal()).String() + "@" + authority[at+1:]
	}
	if !strings.Contains(tail, "read_timeout") && c.Timeout > 0 {
		separator := "?"
		if strings.Contains(tail, "?") {
			separator = "&"
		}
		tail += separator + "read_timeout=" + c.Timeout.String() + "&write_timeout=" + c.Timeout.String()
	}
	return tokens.NewSecret(scheme + "://" + authority + tail)
}

// Proxy gives the address of the proxy with its port and credentials; "" if
// there is none. The error is gwerr.Config.
func (c *Connection) Proxy() (string, error) {
	if c.ProxyServer == "" {
		return "", nil
	}
	host := c.ProxyServer
	if !strings.Contains(host, "://") {
		host = "http://" + host
	}
	u, err := url.Parse(host)
	if err != nil {
		return "", gwerr.New(gwerr.Config, "ProxyServer is not an address.", "Write it as proxy.example.com.").On("ProxyServer")
	}
	if c.ProxyPort > 0 {
		u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(c.ProxyPort))
	}
	if c.ProxyUser != "" {
		u.User = url.UserPassword(c.ProxyUser, c.ProxyPassword.Reveal())
	}
	return u.String(), nil
}

// Authorities gives SSLServerCert as PEM: it is one, or names a file. It is nil
// if there are none. The error is gwerr.Config.
func (c *Connection) Authorities() ([]byte, error) {
	textOrFile := c.SSLServerCert
	if textOrFile == "" {
		return nil, nil
	}
	raw := []byte(textOrFile)
	if !strings.Contains(textOrFile, "-----BEGIN") {
		var err error
		if raw, err = os.ReadFile(textOrFile); err != nil {
			return nil, gwerr.Wrap(gwerr.Config, err, "The file of SSLServerCert can't be read.", "Check its path and permissions.").On("SSLServerCert")
		}
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, gwerr.New(gwerr.Config, "SSLServerCert holds no PEM certificate.", "").On("SSLServerCert")
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return nil, gwerr.Wrap(gwerr.Config, err, "SSLServerCert holds no valid certificate.", "").On("SSLServerCert")
	}
	return raw, nil
}
