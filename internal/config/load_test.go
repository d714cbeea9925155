package config_test

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/tokens"
)

const environmentID = "7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11"

// minimal is the least configuration that is valid.
const minimal = `
auth: none
listen: {address: 127.0.0.1:8080}
connections:
  pingone:
    region: EU
    worker_app_environment_id: ` + environmentID + `
    oauth_client_id: client
    oauth_client_secret: hunter2-hunter2
`

// files is a file system of named texts.
func files(texts map[string]string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if t, ok := texts[path]; ok {
			return []byte(t), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
}

func load(yaml string, env ...string) (*config.Config, error) {
	return config.Load(config.Sources{
		File: "gateway.yaml", Env: env,
		ReadFile: files(map[string]string{"gateway.yaml": yaml, "/secret": "from-file\n", "/empty": ""}),
	})
}

func TestLoadMinimal(t *testing.T) {
	t.Parallel()
	c, err := load(minimal)
	require.NoError(t, err)
	n := c.Connections["pingone"]
	require.NotNil(t, n)
	assert.Equal(t, "EU", n.Region)
	assert.Equal(t, "hunter2-hunter2", n.OAuthClientSecret.Reveal())
	assert.Equal(t, config.SchemeOAuthClient, n.AuthScheme)
	assert.Equal(t, time.Minute, n.Timeout)
	assert.True(t, n.Readonly, "writes are off by default")
	assert.Equal(t, "pingone", c.DefaultConnection)
	assert.Equal(t, []string{config.AuthNone}, c.Auth.Modes)
	assert.Equal(t, "memory", c.Tokens.Store)
	assert.Empty(t, c.Warnings)
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{
		File:     "gateway.yaml",
		Env:      []string{"GATEWAY_LIMITS_QUERIES=7", "GATEWAY_LOG_LEVEL=debug", "GATEWAY_LIMITS_QUEUE=", "GATEWAY_CONNECTIONS_PINGONE_REGION=ap"},
		Flags:    map[string]string{"log.level": "error"},
		ReadFile: files(map[string]string{"gateway.yaml": minimal + "limits: {queries: 5, queue: 9}\nlog: {level: warn}\n"}),
	})
	require.NoError(t, err)
	assert.Equal(t, 7, c.Limits.Queries, "the environment beats the file")
	assert.Equal(t, 9, c.Limits.Queue, "an empty variable counts as not set")
	assert.Equal(t, "error", c.Log.Level, "a flag beats the environment")
	assert.Equal(t, "AP", c.Connections["pingone"].Region)
	assert.Equal(t, "GATEWAY_LIMITS_QUERIES", c.Origin("limits.queries"))
	assert.Equal(t, "--set log.level", c.Origin("log.level"))
	assert.Equal(t, "gateway.yaml:10", c.Origin("limits.queue"))
	assert.Equal(t, "default", c.Origin("limits.rows"))
}

func TestConnectionFromEnvironmentAlone(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Sources{Env: []string{
		"GATEWAY_AUTH_MODE=none", "GATEWAY_LISTEN_ADDRESS=127.0.0.1:0",
		`GATEWAY_CONNECTION=AuthScheme=OAuthClient;Region=us;WorkerAppEnvironmentId=` + environmentID + `;OAuthClientId=id;OAuthClientSecret="a;b""c"; Pagesise=5`,
	}})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "Did you mean Pagesize?")

	c, err := config.Load(config.Sources{Env: []string{
		"GATEWAY_AUTH_MODE=none", "GATEWAY_LISTEN_ADDRESS=127.0.0.1:0",
		`GATEWAY_CONNECTION=authscheme=OAuthClient;Region=us;WorkerAppEnvironmentId=` + environmentID + `;OAuthClientId=id;OAuthClientSecret="a;b""c";PoolMaxSize=5;SchemaTTL=10m`,
	}})
	require.NoError(t, err)
	n := c.Connections["pingone"]
	assert.Equal(t, "NA", n.Region, "US is a synonym of NA")
	assert.Equal(t, `a;b"c`, n.OAuthClientSecret.Reveal())
	assert.Equal(t, 10*time.Minute, n.SchemaTTL)
	require.Len(t, c.Warnings, 1)
	assert.Contains(t, c.Warnings[0].String(), "PoolMaxSize")
}

func TestConnectionStringInTheFile(t *testing.T) {
	t.Parallel()
	c, err := load("auth: none\nlisten: {address: 'localhost:1'}\nconnections:\n  eu: \"Region=EU;WorkerAppEnvironmentId=" + environmentID + ";OAuthClientId=x;OAuthClientSecretFile=/secret\"\n")
	require.NoError(t, err)
	assert.Equal(t, "from-file", c.Connections["eu"].OAuthClientSecret.Reveal())
	assert.Equal(t, "eu", c.DefaultConnection, "the only connection is the default one")
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	c, err := load(strings.Replace(minimal, "oauth_client_secret: hunter2-hunter2", "OAuthClientSecretFile: /secret", 1),
		"GATEWAY_ADMIN_TOKEN_FILE=/secret", "GATEWAY_CONNECTIONS_PINGONE_PROXY_PASSWORD_FILE=/secret", "GATEWAY_CONNECTIONS_PINGONE_PROXY_USER=u")
	require.NoError(t, err)
	assert.Equal(t, "from-file", c.Connections["pingone"].OAuthClientSecret.Reveal())
	assert.Equal(t, "from-file", c.Admin.Token.Reveal())
	assert.Equal(t, "from-file", c.Connections["pingone"].ProxyPassword.Reveal())
}

func TestListsAndSections(t *testing.T) {
	t.Parallel()
	c, err := load(`
auth:
  mode: [keys, OIDC]
  keys_file: /keys
  oidc:
    workforce: {issuer: "https://idp.example.org/", audiences: [a, b]}
trusted_proxies: [10.1.2.3/8, "::1"]
connections:
  one: {region: CA, worker_app_environment_id: `+environmentID+`, oauth_client_id: x, oauth_client_secret: y, tables: "Users, Groups"}
  two: {region: SG, worker_app_environment_id: `+environmentID+`, oauth_client_id: x, oauth_client_secret: y}
default_connection: two
`, "GATEWAY_AUTH_OIDC_WORKFORCE_NAME_CLAIM=email", "GATEWAY_ALLOW_IPS=192.0.2.1,2001:db8::/32")
	require.NoError(t, err)
	assert.Equal(t, []string{"keys", "oidc"}, c.Auth.Modes)
	assert.Equal(t, "https://idp.example.org/", c.Auth.OIDC["workforce"].Issuer)
	assert.Equal(t, "email", c.Auth.OIDC["workforce"].NameClaim)
	assert.Equal(t, "groups", c.Auth.OIDC["workforce"].RolesClaim)
	assert.Equal(t, "[10.0.0.0/8 ::1/128]", fmt.Sprint(c.TrustedProxies))
	assert.Len(t, c.AllowIPs, 2)
	assert.Equal(t, []string{"Users", "Groups"}, c.Connections["one"].Tables)
	assert.Equal(t, []string{"one", "two"}, c.ConnectionNames())
}

func TestProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, yaml string
		env        []string
		want       []string // in the message, each
	}{
		{"misspelt section", minimal + "limit: {queries: 3}\n", nil, []string{"gateway.yaml:10", "limit", "Did you mean limits?"}},
		{"misspelt key", minimal + "limits: {querys: 3}\n", nil, []string{"limits.querys", "Did you mean limits.queries?"}},
		{"key of another section", minimal + "engine: {sample_ratio: 3}\n", nil, []string{"engine.sample_ratio", "tracing.sample_ratio"}},
		{"misspelt property", strings.Replace(minimal, "region", "regoin", 1), nil, []string{"gateway.yaml:6", "connections.pingone.regoin", "Did you mean Region?"}},
		{"misspelt value", strings.Replace(minimal, "EU", "Europe", 1), nil, []string{"connections.pingone.region", "NA, CA, EU, AU, SG, AP"}},
		{"close value", minimal + "log: {level: wran}\n", nil, []string{"log.level", "did you mean warn?"}},
		{"not a number", minimal + "limits: {queries: many}\n", nil, []string{"gateway.yaml:10", "limits.queries", "whole number"}},
		{"out of range", minimal + "tracing: {sample_ratio: 2}\n", nil, []string{"tracing.sample_ratio", "use 0 to 1"}},
		{"below the least", minimal + "limits: {queries: 0}\n", nil, []string{"limits.queries", "use 1 or more"}},
		{"duration without unit", minimal + "listen2: x\nlimits: {query_time: 30}\n", nil, []string{"limits.query_time", "30s", "listen2"}},
		{"bad size", minimal + "limits: {request_size: huge}\n", nil, []string{"limits.request_size", "512MiB"}},
		{"bad network", minimal + "allow_ips: [10.0.0.300]\n", nil, []string{"allow_ips", "10.0.0.300"}},
		{"list for a value", minimal + "log: {level: [info]}\n", nil, []string{"log.level", "expects a text"}},
		{"value for a section", minimal + "log: info\n", nil, []string{"log", "expects keys"}},
		{"twice", minimal + "redis:\n  password: a\n  password_file: /secret\n", nil, []string{"redis.password", "given twice"}},
		{"property twice", strings.Replace(minimal, "region: EU", "region: EU\n    Region: CA", 1), nil, []string{"given twice", "region"}},
		{"no such secret file", minimal + "redis: {password_file: /none}\n", nil, []string{"redis.password_file", "can't be read"}},
		{"yaml", minimal + "log: {level: info\n", nil, []string{"gateway.yaml:"}},
		{"two documents", minimal + "---\nlog: {level: info}\n", nil, []string{"a second document"}},
		{"misspelt variable", minimal, []string{"GATEWAY_LOG_LEVLE=info"}, []string{"GATEWAY_LOG_LEVLE", "Did you mean GATEWAY_LOG_LEVEL?"}},
		{"misspelt variable of a connection", minimal, []string{"GATEWAY_CONNECTIONS_PINGONE_REGOIN=EU"}, []string{"GATEWAY_CONNECTIONS_PINGONE_REGION"}},
		{"text and file in the environment", minimal, []string{"GATEWAY_ADMIN_TOKEN=x", "GATEWAY_ADMIN_TOKEN_FILE=/secret"}, []string{"admin.token", "both as text and as a file"}},
		{"refused property", minimal, []string{"GATEWAY_CONNECTION=AutoCache=true"}, []string{"AutoCache", "answers are always current"}},
		{"broken connection string", minimal, []string{"GATEWAY_CONNECTION=Region=EU;nonsense"}, []string{"GATEWAY_CONNECTION", "character 11"}},
		{"open quote", minimal, []string{`GATEWAY_CONNECTION=OAuthClientSecret="abc`}, []string{"OAuthClientSecret", "closing quote"}},
		{"bad name", "connections: {'a b': {region: EU}}\n", nil, []string{`"a b"`, "letters, digits"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(c.yaml, c.env...)
			require.Error(t, err)
			assert.True(t, gwerr.Is(err, gwerr.Config))
			for _, w := range c.want {
				assert.Contains(t, err.Error(), w)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load("lisen: 3\nlog: {level: loud}\nlimits: {queue: -1}\n", "GATEWAY_NONSENSE=1")
	var all config.Problems
	require.ErrorAs(t, err, &all)
	assert.Len(t, all, 4)
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Sources{Env: []string{"GATEWAY_CONFIG=/no/such"}, ReadFile: files(nil)})
	require.Error(t, err)
	assert.Contains(t, err.Error(), "/no/such: the configuration file can't be read")
}

func TestKubernetesServiceLinksAreNotOurs(t *testing.T) {
	t.Parallel()
	_, err := load(minimal, "GATEWAY_PORT=tcp://10.0.0.1:8080", "GATEWAY_SERVICE_HOST=10.0.0.1",
		"GATEWAY_SERVICE_PORT_HTTP=8080", "GATEWAY_KEY=x", "GATEWAY_PORT_8080_TCP_ADDR=10.0.0.1", "GATEWAY_PINGONE_PORT_80_TCP=x")
	assert.NoError(t, err)
}

// TestSecretsNeverShow plants one secret in every secret option and in a few
// broken places, and looks for it in everything that can be printed.
func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	const planted = "s3cr3t-planted"
	broken := []string{
		"redis: {url: [" + planted + "]}\n",
		"redis: {url: {x: " + planted + "}}\n",
		"redis:\n  url: '" + planted + "\n",
		"redis:\n url: " + planted + "\n\tx: " + planted + "\n",
		"connections: {a: 'OAuthClientSecret=a;" + planted + "'}\n",
		"connections: {a: 'OAuthClientSecret=a;" + planted + "=b'}\n",
		"connections: {a: 'OAuthClientSecret=\"a\"" + planted + "'}\n",
		"tokens: {encryption_keys: [" + planted + "], store: redis}\n" + minimal,
		"redis: {url: 'ftp://" + planted + "'}\n" + minimal,
		"tracing: {headers: [" + planted + "]}\n" + minimal,
	}
	for i, y := range broken {
		c, err := load(y)
		require.Error(t, err, "case %d", i)
		assert.NotContains(t, err.Error(), planted, "case %d", i)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", *c, *c, *c), planted, "case %d", i)
	}
	c := config.Default()
	require.NoError(t, c.Set("connections.x.region", "EU"))
	for _, o := range config.Options() {
		if o.Secret {
			require.NoError(t, c.Set(strings.Replace(o.Path, "*", "x", 1), planted), o.Path)
		}
	}
	var dump strings.Builder
	require.NoError(t, c.Dump(&dump))
	assert.NotContains(t, dump.String(), planted)
	assert.Contains(t, dump.String(), "***")
}

func TestSet(t *testing.T) {
	t.Parallel()
	c := config.Default()
	require.NoError(t, c.Set("connections.demo.api_url", "http://127.0.0.1:8090/v1/"))
	assert.Equal(t, "http://127.0.0.1:8090/v1", c.Connections["demo"].APIURL)
	require.ErrorContains(t, c.Set("connections.demo.api_ur", "x"), "Did you mean connections.demo.api_url?")
	assert.ErrorContains(t, c.Set("limits.queries", "x"), "whole number")
}

func FuzzYAML(f *testing.F) {
	f.Add(minimal)
	f.Add("a: &x [1]\nb: *x\n<<: {c: 1}")
	f.Add("connections: {a: 'x=y;z'}")
	f.Fuzz(func(_ *testing.T, text string) { _, _ = load(text) })
}

// TestLinksOfAnyHostAreWarnedOf: callers who sign in follow next links with their
// credentials.
func TestLinksOfAnyHostAreWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags map[string]string
		warns bool
	}{
		"nothing said":         {nil, true},
		"public address":       {map[string]string{"public_url": "https://data.example.org"}, false},
		"names of the service": {map[string]string{"listen.allowed_hosts": "data.example.org"}, false},
		"this machine alone":   {map[string]string{"auth.mode": "none"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			warned(t, c.flags, c.warns, "public_url", "Host header")
		})
	}
}

// warned holds the warnings of the flags against one that says so, or none.
func warned(t *testing.T, flags map[string]string, warns bool, says ...string) {
	t.Helper()
	all := map[string]string{"auth.mode": "keys", "auth.keys_file": "/keys.json"}
	maps.Copy(all, flags)
	got, err := config.Load(config.Sources{File: "gateway.yaml", Flags: all, ReadFile: files(map[string]string{"gateway.yaml": minimal})})
	require.NoError(t, err)
	if !warns {
		assert.Empty(t, got.Warnings)
		return
	}
	require.Len(t, got.Warnings, 1)
	for _, text := range says {
		assert.Contains(t, got.Warnings[0].String(), text)
	}
}

func TestPlainHTTPIsWarnedOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags map[string]string
		warns bool
	}{
		"all interfaces":        {map[string]string{"listen.address": ":8080"}, true},
		"an address of another": {map[string]string{"listen.address": "10.1.2.3:8080"}, true},
		"plain public address":  {map[string]string{"listen.address": ":8080", "public_url": "http://data.example.org"}, true},
		"with a certificate":    {map[string]string{"listen.address": ":8080", "listen.tls.cert_file": "/c", "listen.tls.key_file": "/k"}, false},
		"behind https":          {map[string]string{"listen.address": ":8080", "public_url": "https://data.example.org"}, false},
		"published here alone":  {map[string]string{"listen.address": ":8080", "public_url": "http://127.0.0.1:8080"}, false},
		"behind known proxies":  {map[string]string{"listen.address": ":8080", "trusted_proxies": "10.0.0.0/8"}, false},
		"this machine alone":    {map[string]string{"listen.address": "127.0.0.1:8080"}, false},
		"a socket":              {map[string]string{"listen.address": "unix:/run/gateway"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.flags["listen.allowed_hosts"] = "data.example.org" // no other warning
			warned(t, c.flags, c.warns, "listen.address", "plain http")
		})
	}
}

func TestPropertiesOfAConnection(t *testing.T) {
	t.Parallel()
	c := &config.Connection{Name: "main", Region: "EU", OAuthClientSecret: tokens.NewSecret("hush")}
	values := map[string]config.PropertyInForce{}
	for _, p := range c.Properties() {
		values[p.Property] = p
	}
	if v := values["Region"]; v.Value != "EU" || v.Category != "Authentication" {
		t.Errorf("Region is %q of %q", v.Value, v.Category)
	}
	if v := values["OAuthClientSecret"]; v.Value != "***" || !v.Secret {
		t.Errorf("the secret is %q", v.Value)
	}
	if v := values["ProxyPassword"]; v.Value != "" {
		t.Errorf("a secret that is not set is %q", v.Value)
	}
}
