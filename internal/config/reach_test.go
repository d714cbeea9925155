package config_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

func TestRedisAddressHoldsWhatStandsBesideIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url, password string
		timeout             time.Duration
		want                string
	}{
		{"no Redis", "", "p", time.Second, ""},
		{"as it is", "redis://h:6379/0", "", 0, "redis://h:6379/0"},
		{"a password", "redis://h:6379", "p/w", 0, "redis://:p%2Fw@h:6379"},
		{"a user and a password", "rediss://u@h", "pw", 0, "rediss://u:pw@h"},
		{"its own password stays", "redis://u:own@h", "pw", 0, "redis://u:own@h"},
		{"a time limit", "redis://h/1", "", time.Second, "redis://h/1?read_timeout=1s&write_timeout=1s"},
		{"a time limit behind others", "redis://h?db=1", "", time.Second, "redis://h?db=1&read_timeout=1s&write_timeout=1s"},
		{"its own time limit stays", "redis://h?read_timeout=2s", "", time.Second, "redis://h?read_timeout=2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := config.Redis{URL: tokens.NewSecret(c.url), Password: tokens.NewSecret(c.password), Timeout: c.timeout}
			assert.Equal(t, c.want, r.Address().Reveal())
		})
	}
}

func TestProxyHasPortAndCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   config.Connection
		want string
	}{
		{"none", config.Connection{ProxyPort: 3128}, ""},
		{"a host", config.Connection{ProxyServer: "proxy.example.com"}, "http://proxy.example.com"},
		{"a port", config.Connection{ProxyServer: "proxy.example.com:80", ProxyPort: 3128}, "http://proxy.example.com:3128"},
		{"credentials", config.Connection{ProxyServer: "https://p", ProxyUser: "u", ProxyPassword: tokens.NewSecret("a@b")}, "https://u:a%40b@p"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.in.Proxy()
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
	_, err := (&config.Connection{ProxyServer: "http://a b"}).Proxy()
	assert.True(t, gwerr.Is(err, gwerr.Config), err)
}

func TestAuthoritiesAreTextOrFile(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	for name, cert := range map[string]string{"text": string(text), "file": file} {
		got, err := (&config.Connection{SSLServerCert: cert}).Authorities()
		require.NoError(t, err, name)
		assert.Equal(t, text, got, name)
	}
	got, err := (&config.Connection{}).Authorities()
	require.NoError(t, err)
	assert.Nil(t, got)
	for name, cert := range map[string]string{
		"no such file": file + ".old", "no PEM": "-----BEGIN", "no certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		_, err := (&config.Connection{SSLServerCert: cert}).Authorities()
		assert.True(t, gwerr.Is(err, gwerr.Config), "%s: %v", name, err)
	}
}
