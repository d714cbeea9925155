package config_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

// valid returns a configuration that Validate accepts.
func valid(t *testing.T) *config.Config {
	t.Helper()
	c, err := load(minimal)
	require.NoError(t, err)
	return c
}

func key(id string) string {
	return id + ":" + base64.StdEncoding.EncodeToString(make([]byte, 32))
}

func TestValidate(t *testing.T) {
	t.Parallel()
	const n = "connections.pingone."
	cases := []struct {
		name string
		set  map[string]string
		path string // of the only problem; "" for none
	}{
		{"as it is", nil, ""},
		{"no authentication", map[string]string{"auth.mode": ""}, "auth.mode"},
		{"none beside keys", map[string]string{"auth.mode": "none,keys", "auth.keys_file": "/k"}, "auth.mode"},
		{"none on all addresses", map[string]string{"listen.address": ":8080"}, "auth.mode"},
		{"none on IPv6 loopback", map[string]string{"listen.address": "[::1]:8080"}, ""},
		{"none on a name", map[string]string{"listen.address": "gateway.internal:8080"}, "auth.mode"},
		{"keys without file", map[string]string{"auth.mode": "keys"}, "auth.keys_file"},
		{"keys on all addresses", map[string]string{"auth.mode": "keys", "auth.keys_file": "/k", "listen.address": ":8080"}, ""},
		{"oidc without issuer", map[string]string{"auth.mode": "oidc"}, "auth.oidc"},
		{"issuer without audience", map[string]string{"auth.oidc.a.issuer": "https://a.example"}, "auth.oidc.a.audiences"},
		{"issuer without TLS", map[string]string{"auth.oidc.a.issuer": "http://a.example", "auth.oidc.a.audiences": "x"}, "auth.oidc.a.issuer"},
		{"issuer on loopback", map[string]string{"auth.oidc.a.issuer": "http://127.0.0.1:8090/x/as", "auth.oidc.a.audiences": "x"}, ""},
		{"address without port", map[string]string{"admin.address": "127.0.0.1"}, "admin.address"},
		{"port out of range", map[string]string{"admin.address": ":70000"}, "admin.address"},
		{"admin off", map[string]string{"admin.address": "off"}, ""},
		{"same address twice", map[string]string{"admin.address": "127.0.0.1:8080"}, "admin.address"},
		{"half of TLS", map[string]string{"listen.tls.cert_file": "/c"}, "listen.tls"},
		{"client authorities without TLS", map[string]string{"listen.tls.client_ca_file": "/c"}, "listen.tls.client_ca_file"},
		{"public URL with a query", map[string]string{"public_url": "https://a.example/x?y=1"}, "public_url"},
		{"public URL of another scheme", map[string]string{"public_url": "ftp://a.example"}, "public_url"},
		{"PingOne without TLS", map[string]string{"connections.pingone.authorization_server_url": "http://simulator:8090/e/as", "connections.pingone.api_url": "http://127.0.0.1:8090/v1"}, "connections.pingone.authorization_server_url"},
		{"API without TLS", map[string]string{"connections.pingone.authorization_server_url": "https://a.example/e/as", "connections.pingone.api_url": "http://simulator:8090/v1"}, "connections.pingone.api_url"},
		{"PingOne without TLS, allowed", map[string]string{"connections.pingone.authorization_server_url": "http://simulator:8090/e/as", "connections.pingone.api_url": "http://simulator:8090/v1", "connections.pingone.allow_plain_http": "true"}, ""},
		{"page larger than the largest", map[string]string{"odata.page_size": "2000000"}, "odata.page_size"},
		{"several tenants, none named", map[string]string{"auth.oidc.a.issuer": "https://a.example/{tenantid}/v2.0", "auth.oidc.a.audiences": "x"}, "auth.oidc.a.tenants"},
		{"several tenants", map[string]string{"auth.oidc.a.issuer": "https://a.example/{tenantid}/v2.0", "auth.oidc.a.audiences": "x", "auth.oidc.a.tenants": "t"}, ""},
		{"role without value", map[string]string{"auth.oidc.a.issuer": "https://a.example", "auth.oidc.a.audiences": "x", "auth.oidc.a.role_values": "staff"}, "auth.oidc.a.role_values"},
		{"certificates without authority", map[string]string{"auth.mode": "certificates"}, "auth.mode"},
		{"certificate without anything to compare", map[string]string{"auth.certificates.etl.roles": "x"}, "auth.certificates.etl"},
		{"certificate", map[string]string{"auth.certificates.etl.dns_name": "etl.example.org", "auth.certificates.etl.attributes": "a=b"}, ""},
		{"attribute without name", map[string]string{"auth.certificates.etl.uri": "u:x", "auth.certificates.etl.attributes": "=b"}, "auth.certificates.etl.attributes"},
		{"name key too short", map[string]string{"tokens.name_key": "c2hvcnQ="}, "tokens.name_key"},
		{"limits of PingOne", map[string]string{"limits.pingone": "rlgDirAccessRps=100,rlgConfigRpm=600"}, ""},
		{"limit of no group", map[string]string{"limits.pingone": "directory=100"}, "limits.pingone"},
		{"limit without number", map[string]string{"limits.pingone": "rlgDirAccessRps=many"}, "limits.pingone"},
		{"limit of nothing", map[string]string{"limits.pingone": "rlgDirAccessRps=0"}, "limits.pingone"},
		{"trail in two places", map[string]string{"audit.file": "stdout", "audit.syslog": "udp://h:514"}, "audit.syslog"},
		{"trail required but absent", map[string]string{"audit.required": "true"}, "audit.required"},
		{"trail required", map[string]string{"audit.required": "true", "audit.file": "/a"}, ""},
		{"syslog without port", map[string]string{"audit.syslog": "tls://h"}, "audit.syslog"},
		{"syslog on a socket", map[string]string{"audit.syslog": "unixgram:///dev/log"}, ""},
		{"syslog on a socket without path", map[string]string{"audit.syslog": "unixgram://h"}, "audit.syslog"},
		{"syslog of another scheme", map[string]string{"audit.syslog": "https://h:1"}, "audit.syslog"},
		{"Redis behind Sentinel", map[string]string{"redis.url": "redis+sentinel://u:p@a:1,b:2/0?master_name=main"}, ""},
		{"Redis Cluster with TLS", map[string]string{"redis.url": "rediss+cluster://a:1,b:2"}, ""},
		{"Redis required but absent", map[string]string{"redis.required": "true"}, "redis.required"},
		{"Redis of another scheme", map[string]string{"redis.url": "http://redis"}, "redis.url"},
		{"store in Redis but no Redis", map[string]string{"tokens.store": "redis", "tokens.encryption_keys": key("1")}, "tokens.store"},
		{"store in Redis without a key", map[string]string{"tokens.store": "redis", "redis.url": "redis://r:6379"}, "tokens.encryption_keys"},
		{"store in Redis", map[string]string{"tokens.store": "redis", "redis.url": "redis://r:6379", "tokens.encryption_keys": key("1") + "," + key("2")}, ""},
		{"file store with a relative path", map[string]string{"tokens.store": "file://x", "tokens.encryption_keys": key("1")}, "tokens.store"},
		{"unknown store", map[string]string{"tokens.store": "s3://x"}, "tokens.store"},
		{"key too short", map[string]string{"tokens.encryption_keys": "1:YWJj"}, "tokens.encryption_keys"},
		{"key without id", map[string]string{"odata.link_keys": "YWJj"}, "odata.link_keys"},
		{"two keys of one id", map[string]string{"odata.link_keys": key("1") + "," + key("1")}, "odata.link_keys"},
		{"tiny engine", map[string]string{"engine.memory": "1MiB"}, "engine.memory"},
		{"one engine process", map[string]string{"engine.workers": "1"}, "engine.workers"},
		{"tiny engine process", map[string]string{"engine.worker_memory": "1MiB"}, "engine.worker_memory"},
		{"engine process above all", map[string]string{"engine.memory": "128MiB", "engine.worker_memory": "256MiB"}, "engine.worker_memory"},
		{"no time for the engine", map[string]string{"engine.time": "0s"}, "engine.time"},
		{"negative threads", map[string]string{"engine.threads": "-1"}, "engine.threads"},
		{"tiny requests", map[string]string{"limits.request_size": "10"}, "limits.request_size"},
		{"trace collector by gRPC", map[string]string{"tracing.endpoint": "grpc://x:4317"}, "tracing.endpoint"},
		{"header without =", map[string]string{"tracing.headers": "abc"}, "tracing.headers"},
		{"default connection missing", map[string]string{"default_connection": "other"}, "default_connection"},
		{"environment is no UUID", map[string]string{n + "worker_app_environment_id": "Administrators"}, n + "worker_app_environment_id"},
		{"no environment", map[string]string{n + "worker_app_environment_id": ""}, n + "worker_app_environment_id"},
		{"authorization server instead of environment", map[string]string{n + "worker_app_environment_id": "", n + "authorization_server_url": "https://auth.example/as"}, ""},
		{"API without version", map[string]string{n + "api_url": "https://api.example", n + "authorization_server_url": "https://auth.example/as"}, n + "api_url"},
		{"API elsewhere, credentials to the region", map[string]string{n + "api_url": "https://api.example/v1"}, n + "authorization_server_url"},
		{"API with credentials", map[string]string{n + "api_url": "https://u:p@api.example/v1", n + "authorization_server_url": "https://auth.example/as"}, n + "api_url"},
		{"no client id", map[string]string{n + "oauth_client_id": ""}, n + "oauth_client_id"},
		{"no client secret", map[string]string{n + "oauth_client_secret": ""}, n + "oauth_client_secret"},
		{"no private key", map[string]string{n + "token_endpoint_auth_method": "private_key_jwt"}, n + "oauth_private_key"},
		{"public client with client credentials", map[string]string{n + "token_endpoint_auth_method": "NONE"}, n + "token_endpoint_auth_method"},
		{"public client with a sign-in", map[string]string{n + "token_endpoint_auth_method": "NONE", n + "auth_scheme": "oauth", n + "oauth_client_secret": ""}, ""},
		{"given token missing", map[string]string{n + "auth_scheme": "Token"}, n + "oauth_access_token"},
		{"no flow and no token", map[string]string{n + "initiate_oauth": "OFF"}, n + "initiate_oauth"},
		{"refresh of nothing", map[string]string{n + "initiate_oauth": "REFRESH"}, n + "initiate_oauth"},
		{"pass-through without its mode", map[string]string{n + "auth_scheme": "PassThrough"}, n + "auth_scheme"},
		{"proxy password without user", map[string]string{n + "proxy_password": "x"}, n + "proxy_user"},
		{"settings in an unknown store", map[string]string{n + "oauth_settings_location": "s3://x"}, n + "oauth_settings_location"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := valid(t)
			for path, v := range c.set {
				require.NoError(t, cfg.Set(path, v))
			}
			got := cfg.Validate()
			if c.path == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1, "%v", got)
			assert.Equal(t, c.path, got[0].Path)
			assert.True(t, strings.HasSuffix(got[0].Message, "."), "a sentence: %q", got[0].Message)
		})
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	_, err := load("auth: none\nlisten: {address: 127.0.0.1:1}\n")
	assert.ErrorContains(t, err, "GATEWAY_CONNECTION")
}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:0": true, "[::1]:80": true, "localhost:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "127.0.0.1": false, "127.0.0.1.nip.example:80": false,
	} {
		assert.Equal(t, want, config.IsLoopback(address), address)
	}
}

func TestPingOneRates(t *testing.T) {
	t.Parallel()
	c := valid(t)
	require.NoError(t, c.Set("limits.pingone", "rlgDirAccessRps=100, rlgConfigRpm=600"))
	rates, err := c.Limits.PingOneRates()
	require.NoError(t, err)
	assert.Equal(t, map[string]float64{"rlgDirAccessRps": 100, "rlgConfigRpm": 10}, rates)
}

func TestCertificatesHaveNamesAndOrigins(t *testing.T) {
	t.Parallel()
	c, err := load(minimal+"\n", "GATEWAY_AUTH_CERTIFICATES_ETL_URI=spiffe://example.org/etl", "GATEWAY_AUTH_CERTIFICATES_ETL_ROLES=analyst,staff")
	require.NoError(t, err)
	require.Contains(t, c.Auth.Certificates, "etl")
	assert.Equal(t, []string{"analyst", "staff"}, c.Auth.Certificates["etl"].Roles)
	var out strings.Builder
	require.NoError(t, c.Dump(&out))
	assert.Contains(t, out.String(), "spiffe://example.org/etl")
}
