package config_test

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

const n = "connections.pingone."

// validation is a configuration that differs from a valid one, and what is wrong
// with it.
type validation struct {
	name string
	set  map[string]string
	says string // the only problem; "" for none
}

var validations = []validation{
	{"as it is", nil, ""},
	{
		"no authentication",
		map[string]string{"auth.mode": ""},
		`auth.mode: is missing: the service does not start without authentication. Set it to keys, oidc or passthrough; or to none with a loopback listen.address such as 127.0.0.1:8080.`,
	},
	{
		"none beside keys",
		map[string]string{"auth.mode": "none,keys", "auth.keys_file": "/k"},
		`auth.mode: none can't stand beside other modes. Take none out of the list.`,
	},
	{
		"none on all addresses",
		map[string]string{"listen.address": ":8080"},
		`auth.mode: none is only allowed on a loopback address; this one is :8080. Set listen.address to 127.0.0.1:8080, or choose keys, oidc or passthrough.`,
	},
	{"none on IPv6 loopback", map[string]string{"listen.address": "[::1]:8080"}, ""},
	{
		"none on a name",
		map[string]string{"listen.address": "gateway.internal:8080"},
		`auth.mode: none is only allowed on a loopback address; this one is gateway.internal:8080. Set listen.address to 127.0.0.1:8080, or choose keys, oidc or passthrough.`,
	},
	{
		"keys without file",
		map[string]string{"auth.mode": "keys"},
		"auth.keys_file: is needed for auth.mode keys. Make one with `gateway keys`, and name it here.",
	},
	{"keys on all addresses", map[string]string{"auth.mode": "keys", "auth.keys_file": "/k", "listen.address": ":8080"}, ""},
	{
		"oidc without issuer",
		map[string]string{"auth.mode": "oidc"},
		`auth.oidc: is needed for auth.mode oidc. Add an issuer with its audiences.`,
	},
	{
		"issuer without audience",
		map[string]string{"auth.oidc.a.issuer": "https://a.example"},
		`auth.oidc.a.audiences: is missing: tokens made for other services would be accepted. Name the audience that your tokens carry for this gateway.`,
	},
	{
		"issuer without TLS",
		map[string]string{"auth.oidc.a.issuer": "http://a.example", "auth.oidc.a.audiences": "x"},
		`auth.oidc.a.issuer: is not protected: keys could be replaced on the way. Use https.`,
	},
	{"issuer on loopback", map[string]string{"auth.oidc.a.issuer": "http://127.0.0.1:8090/x/as", "auth.oidc.a.audiences": "x"}, ""},
	{
		"address without port",
		map[string]string{"admin.address": "127.0.0.1"},
		`admin.address: "127.0.0.1" is not an address to listen on. Write host:port, or :port for all addresses.`,
	},
	{
		"port out of range",
		map[string]string{"admin.address": ":70000"},
		`admin.address: "70000" is not a port. Use a port from 0 to 65535.`,
	},
	{"admin off", map[string]string{"admin.address": "off"}, ""},
	{
		"same address twice",
		map[string]string{"admin.address": "127.0.0.1:8080"},
		`admin.address: is the same as listen.address. Give the admin listener a port of its own.`,
	},
	{
		"PostgreSQL on the port of others",
		map[string]string{"postgres.address": "127.0.0.1:8080"},
		"postgres.address: is the same as that of another listener. Give it a port of its own, such as :5433.",
	},
	{
		"PostgreSQL on the port of administrators",
		map[string]string{"postgres.address": "127.0.0.1:9999", "admin.address": "127.0.0.1:9999"},
		"postgres.address: is the same as that of another listener. Give it a port of its own, such as :5433.",
	},
	{"PostgreSQL on a socket", map[string]string{"postgres.address": "unix:/run/gateway/.s.PGSQL.5433", "listen.address": "unix:/run/gateway/http"}, ""},
	{
		"a socket without a path",
		map[string]string{"postgres.address": "unix:gateway"},
		"postgres.address: needs an absolute path. Write unix:/run/gateway/socket.",
	},
	{"PostgreSQL on a port of its own", map[string]string{"postgres.address": "127.0.0.1:5433"}, ""},
	{
		"none, and PostgreSQL on all addresses",
		map[string]string{"postgres.address": ":5433"},
		"auth.mode: none is only allowed on a loopback address; that of PostgreSQL's protocol is :5433. Set postgres.address to 127.0.0.1:5433, or choose keys, oidc or passthrough.",
	},
	{
		"PostgreSQL without a certificate",
		map[string]string{"auth.mode": "keys", "auth.keys_file": "/k", "postgres.address": ":5433"},
		"postgres.require_tls: lets nobody in at :5433: there is no certificate for TLS. Give listen.tls.cert_file and key_file, or set it to false where a proxy or the network protects passwords.",
	},
	{
		"PostgreSQL without TLS",
		map[string]string{"auth.mode": "keys", "auth.keys_file": "/k", "postgres.address": ":5433", "postgres.require_tls": "false"},
		"",
	},
	{
		"half of TLS",
		map[string]string{"listen.tls.cert_file": "/c"},
		`listen.tls: is half configured. Give both cert_file and key_file, or neither.`,
	},
	{
		"client authorities without TLS",
		map[string]string{"listen.tls.client_ca_file": "/c"},
		`listen.tls.client_ca_file: has no effect without TLS. Give listen.tls.cert_file and key_file as well.`,
	},
	{
		"public URL with a query",
		map[string]string{"public_url": "https://a.example/x?y=1"},
		`public_url: has a query or fragment. Take out what follows the path.`,
	},
	{
		"public URL of another scheme",
		map[string]string{"public_url": "ftp://a.example"},
		`public_url: is not such an address. Write it as http:// or https://host.`,
	},
	{
		"PingOne without TLS",
		map[string]string{"connections.pingone.authorization_server_url": "http://simulator:8090/e/as", "connections.pingone.api_url": "http://127.0.0.1:8090/v1"},
		`connections.pingone.authorization_server_url: is not encrypted: secrets and tokens would travel in clear. Use https. For a simulator in a closed network set AllowPlainHTTP.`,
	},
	{
		"API without TLS",
		map[string]string{"connections.pingone.authorization_server_url": "https://a.example/e/as", "connections.pingone.api_url": "http://simulator:8090/v1"},
		`connections.pingone.api_url: is not encrypted: secrets and tokens would travel in clear. Use https. For a simulator in a closed network set AllowPlainHTTP.`,
	},
	{"PingOne without TLS, allowed", map[string]string{"connections.pingone.authorization_server_url": "http://simulator:8090/e/as", "connections.pingone.api_url": "http://simulator:8090/v1", "connections.pingone.allow_plain_http": "true"}, ""},
	{
		"page larger than the largest",
		map[string]string{"odata.page_size": "2000000"},
		`odata.page_size: is larger than odata.max_page_size. Raise odata.max_page_size or lower it.`,
	},
	{
		"several tenants, none named",
		map[string]string{"auth.oidc.a.issuer": "https://a.example/{tenantid}/v2.0", "auth.oidc.a.audiences": "x"},
		`auth.oidc.a.tenants: is missing: every tenant of the provider would be. List the tenants that are let in.`,
	},
	{"several tenants", map[string]string{"auth.oidc.a.issuer": "https://a.example/{tenantid}/v2.0", "auth.oidc.a.audiences": "x", "auth.oidc.a.tenants": "t"}, ""},
	{
		"role without value",
		map[string]string{"auth.oidc.a.issuer": "https://a.example", "auth.oidc.a.audiences": "x", "auth.oidc.a.role_values": "staff"},
		`auth.oidc.a.role_values: "staff" has no name or no value. Write each entry as name=value.`,
	},
	{
		"certificates without authority",
		map[string]string{"auth.mode": "certificates"},
		`auth.mode: certificates needs both an authority and a list of callers. Set listen.tls.client_ca_file, and list the callers under auth.certificates.`,
	},
	{
		"certificate without anything to compare",
		map[string]string{"auth.certificates.etl.roles": "x"},
		`auth.certificates.etl: names nothing to compare. Give subject, dns_name, email or uri.`,
	},
	{"certificate", map[string]string{"auth.certificates.etl.dns_name": "etl.example.org", "auth.certificates.etl.attributes": "a=b"}, ""},
	{
		"attribute without name",
		map[string]string{"auth.certificates.etl.uri": "u:x", "auth.certificates.etl.attributes": "=b"},
		`auth.certificates.etl.attributes: "=b" has no name or no value. Write each entry as name=value.`,
	},
	{
		"name key too short",
		map[string]string{"tokens.name_key": "c2hvcnQ="},
		"tokens.name_key: is not the base64 of 32 bytes. `openssl rand -base64 32` makes one.",
	},
	{"limits of PingOne", map[string]string{"limits.pingone": "rlgDirAccessRps=100,rlgConfigRpm=600"}, ""},
	{
		"limit of no group",
		map[string]string{"limits.pingone": "directory=100"},
		`limits.pingone: "directory" is not a group of PingOne's: their names end in Rps or Rpm. Write group=calls, such as rlgDirAccessRps=100.`,
	},
	{
		"limit without number",
		map[string]string{"limits.pingone": "rlgDirAccessRps=many"},
		`limits.pingone: rlgDirAccessRps has no number of calls. Write group=calls, such as rlgDirAccessRps=100.`,
	},
	{
		"limit of nothing",
		map[string]string{"limits.pingone": "rlgDirAccessRps=0"},
		`limits.pingone: rlgDirAccessRps has no number of calls. Write group=calls, such as rlgDirAccessRps=100.`,
	},
	{
		"trail in two places",
		map[string]string{"audit.file": "stdout", "audit.syslog": "udp://h:514"},
		`audit.syslog: can't stand beside audit.file. Keep one of them.`,
	},
	{
		"trail required but absent",
		map[string]string{"audit.required": "true"},
		`audit.required: is true, but there is no trail. Set audit.file or audit.syslog.`,
	},
	{"trail required", map[string]string{"audit.required": "true", "audit.file": "/a"}, ""},
	{
		"syslog without port",
		map[string]string{"audit.syslog": "tls://h"},
		`audit.syslog: has no port. Write tls://host:port.`,
	},
	{"syslog on a socket", map[string]string{"audit.syslog": "unixgram:///dev/log"}, ""},
	{
		"syslog on a socket without path",
		map[string]string{"audit.syslog": "unixgram://h"},
		`audit.syslog: has no path. Write unixgram:///dev/log.`,
	},
	{
		"syslog of another scheme",
		map[string]string{"audit.syslog": "https://h:1"},
		`audit.syslog: is not a syslog receiver. Write tls://host:6514, tcp://, udp:// or unixgram:///dev/log.`,
	},
	{"Redis behind Sentinel", map[string]string{"redis.url": "redis+sentinel://u:p@a:1,b:2/0?master_name=main"}, ""},
	{"Redis Cluster with TLS", map[string]string{"redis.url": "rediss+cluster://a:1,b:2"}, ""},
	{
		"Redis required but absent",
		map[string]string{"redis.required": "true"},
		`redis.required: is true, but there is no Redis. Set redis.url.`,
	},
	{
		"Redis of another scheme",
		map[string]string{"redis.url": "http://redis"},
		`redis.url: is not the address of a Redis. Write redis://host:6379/0, or rediss:// for TLS; redis+sentinel:// and redis+cluster:// take several hosts.`,
	},
	{
		"store with an address and a password",
		map[string]string{"tokens.store": "redis://u:planted@h:6379", "redis.url": "redis://r:6379", "tokens.encryption_keys": key("1")},
		`tokens.store: holds an address of Redis. Write redis, and give the address as redis.url.`,
	},
	{
		"store in Redis but no Redis",
		map[string]string{"tokens.store": "redis", "tokens.encryption_keys": key("1")},
		`tokens.store: is redis, but there is no Redis. Set redis.url.`,
	},
	{
		"store in Redis without a key",
		map[string]string{"tokens.store": "redis", "redis.url": "redis://r:6379"},
		"tokens.encryption_keys: is missing: tokens are not stored in redis unsealed. Make a key with `gateway keys seal`.",
	},
	{"store in Redis", map[string]string{"tokens.store": "redis", "redis.url": "redis://r:6379", "tokens.encryption_keys": key("1") + "," + key("2")}, ""},
	{
		"file store with a relative path",
		map[string]string{"tokens.store": "file://x", "tokens.encryption_keys": key("1")},
		`tokens.store: needs an absolute path. Write file:///path/to/folder.`,
	},
	{
		"unknown store",
		map[string]string{"tokens.store": "s3://x"},
		`tokens.store: is not a known kind of store. Write redis, memory or file:///path.`,
	},
	{
		"key too short",
		map[string]string{"tokens.encryption_keys": "1:YWJj"},
		"tokens.encryption_keys: key 1 is not the base64 of 32 bytes. `gateway keys seal` makes one.",
	},
	{
		"key without id",
		map[string]string{"odata.link_keys": "YWJj"},
		"odata.link_keys: key 1 has no id. Write id:base64; `gateway keys seal` makes one.",
	},
	{
		"two keys of one id",
		map[string]string{"odata.link_keys": key("1") + "," + key("1")},
		`odata.link_keys: two keys have the id 1. Give every key an id of its own.`,
	},
	{
		"tiny engine",
		map[string]string{"engine.memory": "1MiB"},
		`engine.memory: is too small for the engine. Use 96MiB or more, or auto.`,
	},
	{
		"one engine process",
		map[string]string{"engine.workers": "1"},
		`engine.workers: is too small: a query may need a second process while it reads its rows. Use 2 or more, or auto.`,
	},
	{
		"tiny engine process",
		map[string]string{"engine.worker_memory": "1MiB"},
		`engine.worker_memory: does not fit. Use 64MiB or more, and no more than engine.memory, or auto.`,
	},
	{
		"engine process above all",
		map[string]string{"engine.memory": "128MiB", "engine.worker_memory": "256MiB"},
		`engine.worker_memory: does not fit. Use 64MiB or more, and no more than engine.memory, or auto.`,
	},
	{
		"no time for the engine",
		map[string]string{"engine.time": "0s"},
		`engine.time: must be positive. Use a time such as 1m.`,
	},
	{
		"negative threads",
		map[string]string{"engine.threads": "-1"},
		`engine.threads: can't be negative. Use a number, or auto.`,
	},
	{
		"tiny requests",
		map[string]string{"limits.request_size": "10"},
		`limits.request_size: is too small for any request. Use 1KiB or more.`,
	},
	{
		"trace collector by gRPC",
		map[string]string{"tracing.endpoint": "grpc://x:4317"},
		`tracing.endpoint: is not such an address. Write it as http:// or https://host.`,
	},
	{
		"header without =",
		map[string]string{"tracing.headers": "abc"},
		`tracing.headers: an entry has no name or no =. Write name=value.`,
	},
	{
		"default connection missing",
		map[string]string{"default_connection": "other"},
		`default_connection: there is no connection other. Name one of pingone.`,
	},
	{
		"environment is not a UUID",
		map[string]string{n + "worker_app_environment_id": "Administrators"},
		`connections.pingone.worker_app_environment_id: is not a UUID. Copy the environment id from the worker application's configuration in PingOne.`,
	},
	{
		"no environment",
		map[string]string{n + "worker_app_environment_id": ""},
		`connections.pingone.worker_app_environment_id: is missing. Copy the environment id from the worker application's configuration in PingOne.`,
	},
	{"authorization server instead of environment", map[string]string{n + "worker_app_environment_id": "", n + "authorization_server_url": "https://auth.example/as"}, ""},
	{
		"API without version",
		map[string]string{n + "api_url": "https://api.example", n + "authorization_server_url": "https://auth.example/as"},
		`connections.pingone.api_url: does not end in /v1. Add /v1 to it.`,
	},
	{
		"API elsewhere, credentials to the region",
		map[string]string{n + "api_url": "https://api.example/v1"},
		`connections.pingone.authorization_server_url: is missing, though api_url is given: credentials would go to the region's own server. Give the authorization server that belongs to api_url.`,
	},
	{"API elsewhere, with a given token", map[string]string{n + "api_url": "https://api.example/v1", n + "auth_scheme": "Token", n + "oauth_access_token": "x"}, ""},
	{
		"API with credentials",
		map[string]string{n + "api_url": "https://u:p@api.example/v1", n + "authorization_server_url": "https://auth.example/as"},
		`connections.pingone.api_url: holds credentials. Take the user and password out of it.`,
	},
	{
		"no client id",
		map[string]string{n + "oauth_client_id": ""},
		`connections.pingone.oauth_client_id: is missing. Copy the client id from the application's configuration in PingOne.`,
	},
	{
		"no client secret",
		map[string]string{n + "oauth_client_secret": ""},
		`connections.pingone.oauth_client_secret: is missing. Give it as oauth_client_secret_file, or in the environment.`,
	},
	{
		"no private key",
		map[string]string{n + "token_endpoint_auth_method": "private_key_jwt"},
		`connections.pingone.oauth_private_key: is needed for PRIVATE_KEY_JWT. Give the private key in PEM, best as oauth_private_key_file.`,
	},
	{
		"public client with client credentials",
		map[string]string{n + "token_endpoint_auth_method": "NONE"},
		`connections.pingone.token_endpoint_auth_method: NONE does not go with client credentials. Use CLIENT_SECRET_BASIC, or the method set in PingOne.`,
	},
	{"public client with a sign-in", map[string]string{n + "token_endpoint_auth_method": "NONE", n + "auth_scheme": "oauth", n + "oauth_client_secret": ""}, ""},
	{
		"given token missing",
		map[string]string{n + "auth_scheme": "Token"},
		`connections.pingone.oauth_access_token: is needed for AuthScheme Token.`,
	},
	{
		"no flow and no token",
		map[string]string{n + "initiate_oauth": "OFF"},
		`connections.pingone.initiate_oauth: is OFF, but there is no access token. Use GETANDREFRESH, or give oauth_access_token.`,
	},
	{
		"refresh of nothing",
		map[string]string{n + "initiate_oauth": "REFRESH"},
		`connections.pingone.initiate_oauth: is REFRESH, but there is no token to start from. Use GETANDREFRESH, or give oauth_refresh_token.`,
	},
	{
		"pass-through without its mode",
		map[string]string{n + "auth_scheme": "PassThrough"},
		`connections.pingone.auth_scheme: PassThrough needs callers that sign in with their own credentials. Add passthrough to auth.mode.`,
	},
	{
		"proxy password without user",
		map[string]string{n + "proxy_password": "x"},
		`connections.pingone.proxy_user: is missing, though there is a proxy_password.`,
	},
	{
		"settings in a folder, unsealed",
		map[string]string{n + "oauth_settings_location": "/PATH/TO/OAuthSettings.txt"},
		`tokens.encryption_keys: is missing: tokens are not stored in file unsealed. Make a key with ` + "`gateway keys seal`.",
	},
	{
		"settings in an unknown store",
		map[string]string{n + "oauth_settings_location": "s3://x"},
		`connections.pingone.oauth_settings_location: is not a known kind of store. Write redis, memory or file:///path.`,
	},
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range validations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := valid(t)
			for path, v := range c.set {
				require.NoError(t, cfg.Set(path, v))
			}
			got := cfg.Validate()
			if c.says == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1, "%v", got)
			assert.Equal(t, c.says, got[0].String())
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
		"127.0.0.1:80": true, "127.9.9.9:0": true, "[::1]:80": true, "localhost:80": true, "[::ffff:127.0.0.1]:80": true,
		"": false, "192.168.1.2:80": false, "gateway.local:80": false, "localhost.example.com:80": false, ":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "127.0.0.1": false, "127.0.0.1.nip.example:80": false,
	} {
		assert.Equal(t, want, config.IsLoopback(address), address)
	}
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

// TestEveryRuleIsTried: each message of Validate stands in a case above.
func TestEveryRuleIsTried(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	rules := messages(t, "validate*.go", map[string]int{"add": 2, "when": 3})
	require.Greater(t, len(rules), 50)
	for _, message := range rules {
		if message == "%v." {
			continue // another function's
		}
		parts := verb.Split(message, -1)
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern := regexp.MustCompile("^[a-z0-9_.]+: " + strings.Join(parts, ".*") + "( [A-Z`].*)?$")
		tried := slices.ContainsFunc(validations, func(c validation) bool { return pattern.MatchString(c.says) }) ||
			pattern.MatchString("connections: there is no connection.") // which TestNoConnection has
		assert.True(t, tried, "no case has the problem %q", message)
	}
}

// messages are the constant texts that calls of some methods have at a position,
// in files of this package.
func messages(t *testing.T, files string, methods map[string]int) []string {
	t.Helper()
	names, err := filepath.Glob(files)
	require.NoError(t, err)
	var out []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at, known := methods[method.Sel.Name]
			if !known || len(call.Args) <= at {
				return true
			}
			if text, ok := call.Args[at].(*ast.BasicLit); ok {
				message, err := strconv.Unquote(text.Value)
				require.NoError(t, err)
				out = append(out, message)
			}
			return true
		})
	}
	return out
}
