package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// sourceProblems are mistakes in the file, the environment, the flags and connection
// strings, each with all that is said of it.
var sourceProblems = []struct {
	name, yaml string
	env        []string
	flags      map[string]string
	says       string
}{
	{"no YAML", "log: {level: info\n", nil, nil, "gateway.yaml:1: "},
	{"a value for a section", "log: info\n", nil, nil, "gateway.yaml:1: log: expects keys, not a value. Write keys under it, each with its value."},
	{"a list for a section", "log:\n  - level\n", nil, nil, "gateway.yaml:2: log: expects keys, not a value. Write keys under it, each with its value."},
	{"a value for all", "log\n", nil, nil, "gateway.yaml:1: expects keys, not a value. Write keys under it, each with its value."},
	{"a value for an issuer", "auth:\n  oidc:\n    work: here\n", nil, nil, "gateway.yaml:3: auth.oidc.work: expects keys, not a value. Write keys under it, each with its value."},
	{"a value for issuers", "auth:\n  oidc: here\n", nil, nil, "gateway.yaml:2: auth.oidc: expects names, not a value. Write a name and its properties under it."},
	{"a value for connections", "connections: here\n", nil, nil, "gateway.yaml:1: connections: expects names, not a value. Write a name and its properties under it."},
	{"a name with a space", "connections:\n  a b: {region: EU}\n", nil, nil, `gateway.yaml:2: connections: "a b" can't be a name. Use letters, digits, - and _, and start with a letter.`},
	{"a name that begins with a digit", "connections:\n  1a: {region: EU}\n", nil, nil, `gateway.yaml:2: connections: "1a" can't be a name. Use letters, digits, - and _, and start with a letter.`},
	{"a name of 64 letters", "connections:\n  " + strings.Repeat("a", 64) + ": {}\n", nil, nil, `gateway.yaml:2: connections: "` + strings.Repeat("a", 60) + `…" can't be a name. Use letters, digits, - and _, and start with a letter.`},
	{"a list for a connection", "connections:\n  a: [EU]\n", nil, nil, "gateway.yaml:2: connections.a: expects properties. Write properties under it, or one connection string."},
	{"two spellings of a property", "connections:\n  a:\n    region: EU\n    Region: CA\n", nil, nil, "gateway.yaml:4: connections.a.region: is given twice, first as region. Keep one of them."},
	{"a secret and its file", "redis:\n  password: a\n  password_file: /secret\n", nil, nil, "gateway.yaml:3: redis.password: is given twice, first at gateway.yaml:2. Keep one of them."},
	{"a short form and its long one", "auth:\n  mode: keys\nlog: {level: {a: b}}\n", nil, nil, "gateway.yaml:3: log.level: expects a text. Write one value."},
	{"a list of lists", "allow_ips:\n  - ::1\n  - [::1]\n", nil, nil, "gateway.yaml:3: allow_ips: a list entry is not a plain value. Write plain values."},
	{"a list for one value", "limits:\n  queries: [1]\n", nil, nil, "gateway.yaml:2: limits.queries: expects a number. Write one value."},
	{"no path of a secret", "redis:\n  password_file:\n", nil, nil, "gateway.yaml:2: redis.password_file: expects a path. Write the path of a file."},
	{"a list of paths of a secret", "redis:\n  password_file: [/secret]\n", nil, nil, "gateway.yaml:2: redis.password_file: expects a path. Write the path of a file."},
	{"a secret's file that is not there", "redis:\n  password_file: /none\n", nil, nil, "gateway.yaml:2: redis.password_file: the file can't be read: open /none: file does not exist. Check the path and that the service's user may read it."},
	{"a file for what is no secret", "redis:\n  prefix_file: /secret\n", nil, nil, "gateway.yaml:2: redis.prefix_file: unknown key. Known here: url, url_file, password, password_file, tls_ca_file, prefix, timeout, required."},
	{"a key that is none", "metrics:\n  zzz: 1\n", nil, nil, "gateway.yaml:2: metrics.zzz: unknown key. Known here: native_histograms, exemplars."},
	{"a key of an issuer that is none", "auth:\n  oidc:\n    work: {audience: a}\n", nil, nil, "gateway.yaml:3: auth.oidc.work.audience: unknown key. Did you mean auth.oidc.work.audiences?"},
	{"a property that is none", "connections:\n  a:\n    regoin: EU\n", nil, nil, "gateway.yaml:3: connections.a.regoin: unknown connection property. Did you mean Region?"},
	{"a property of the connector alone", "connections:\n  a:\n    FirewallType: SOCKS\n", nil, nil, "gateway.yaml:3: connections.a.FirewallType: this property of the connector has no counterpart here. Use ProxyServer for an HTTP proxy; SOCKS and tunnels are the network's business."},
	{"a view without a query", "connections:\n  a:\n    views: {Staff: ''}\n", nil, nil, "gateway.yaml:3: connections.a.user_defined_views: the view Staff has no query. Write Name: SELECT …, one below the other."},
	{"a connection string that is none", "connections:\n  a: EU\n", nil, nil, "gateway.yaml:2: connections.a: in the connection string, a property without = starts at character 1. Write Name=value pairs with semicolons between them."},
	{"the tail of a secret", "connections:\n  a: ProxyPassword=x;y=z\n", nil, nil, "gateway.yaml:2: connections.a: unknown property after a secret in the connection string. Put values that hold a semicolon in quotes."},
	{"a file for a property that is no secret", "connections:\n  a: {ProxyUserFile: /secret}\n", nil, nil, "gateway.yaml:2: connections.a.ProxyUserFile: unknown connection property. Did you mean ProxyUser?"},
	{"a property after a secret's file", "connections:\n  a: OAuthClientSecretFile=/secret;Zzz=z\n", nil, nil, "gateway.yaml:2: connections.a.Zzz: unknown connection property. See docs/configuration.md for the properties."},
	{"a value that is none", "limits:\n  queries: many\n", nil, nil, "gateway.yaml:2: limits.queries: must be a whole number."},
	{"a variable that is none", "", []string{"GATEWAY_LOG_LEVLE=info"}, nil, "GATEWAY_LOG_LEVLE: unknown environment variable. Did you mean GATEWAY_LOG_LEVEL?"},
	{"a variable like no other", "", []string{"GATEWAY_QQQQQQQQQQQ=1"}, nil, "GATEWAY_QQQQQQQQQQQ: unknown environment variable. See docs/configuration.md for the variables."},
	{"a variable of a name alone", "", []string{"GATEWAY_CONNECTIONS__REGION=EU"}, nil, "GATEWAY_CONNECTIONS__REGION: unknown environment variable. Did you mean GATEWAY_CONNECTION_FILE?"},
	{"a file for a variable that is no secret", "", []string{"GATEWAY_LOG_LEVEL_FILE=/secret"}, nil, "GATEWAY_LOG_LEVEL_FILE: unknown environment variable. Did you mean GATEWAY_LOG_LEVEL?"},
	{"a variable and its file", "", []string{"GATEWAY_ADMIN_TOKEN=x", "GATEWAY_ADMIN_TOKEN_FILE=/secret"}, nil, "GATEWAY_ADMIN_TOKEN_FILE: admin.token: is given both as text and as a file. Keep one of them."},
	{"a connection's file that is not there", "", []string{"GATEWAY_CONNECTION_FILE=/none"}, nil, "GATEWAY_CONNECTION_FILE: connections: the file can't be read: open /none: file does not exist. Check the path and that the service's user may read it."},
	{"a flag that is none", "", nil, map[string]string{"log.levle": "info"}, "log.levle: unknown key. Did you mean log.level?"},
	{"a value of a flag that is none", "", nil, map[string]string{"limits.queries": "many"}, "--set limits.queries: limits.queries: must be a whole number."},
}

func TestProblemsOfTheSources(t *testing.T) {
	t.Parallel()
	for _, c := range sourceProblems {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Sources{
				File: "gateway.yaml", Env: c.env, Flags: c.flags,
				ReadFile: files(map[string]string{"gateway.yaml": c.yaml, "/secret": "x"}),
			})
			var all config.Problems
			require.ErrorAs(t, err, &all)
			require.Len(t, all, 1, "%v", all)
			if strings.HasSuffix(c.says, ": ") { // what the parser of YAML says is its own business
				assert.Contains(t, all[0].String(), c.says)
				return
			}
			assert.Equal(t, c.says, all[0].String())
		})
	}
}

// TestEveryProblemOfTheSourcesIsTried: each message of the reader stands in a case above.
func TestEveryProblemOfTheSourcesIsTried(t *testing.T) {
	t.Parallel()
	verb := regexp.MustCompile(`%[a-z]`)
	var found []string
	for _, file := range []string{"file.go", "env.go", "load.go"} {
		found = append(found, messages(t, file, map[string]int{"problem": 3})...)
	}
	require.Greater(t, len(found), 15)
	for _, message := range found {
		if message == "%v." || message == "%s." || strings.HasPrefix(message, "the configuration file") {
			continue // others' words, and TestMissingFile
		}
		parts := verb.Split(message, -1)
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern := regexp.MustCompile(": " + strings.Join(parts, ".*") + "( [A-Z].*)?$")
		tried := false
		for _, c := range sourceProblems {
			tried = tried || pattern.MatchString(c.says)
		}
		assert.True(t, tried, "no case has the problem %q", message)
	}
}

// TestNearestKeys: what an unknown key leads to.
func TestNearestKeys(t *testing.T) {
	t.Parallel()
	for path, hint := range map[string]string{
		"listen.adress":               "Did you mean listen.address?",
		"lisen.address":               "Did you mean listen.address?", // the first that ends so
		"admin.prof":                  "Did you mean admin.pprof?",
		"redis.pasword_file":          "Did you mean redis.password_file?",
		"listen.tls.certfile":         "Did you mean listen.tls.cert_file?",
		"conections":                  "Did you mean connections?",
		"logs":                        "Did you mean log?",
		"connections.a.worker_app":    "Did you mean connections.a.worker_app_environment_id?",
		"connections.a.redirect.more": "See docs/configuration.md for the keys.",
		"auth.certificates.a.dns":     "Did you mean auth.certificates.a.dns_name?",
		"auth.certificates.a.zzzz":    "Known here: subject, dns_name, email, uri, roles, attributes.",
		"limits.zzz":                  "See docs/configuration.md for the keys.",
		strings.Repeat("x", 99):       "See docs/configuration.md for the keys.",
	} {
		var all config.Problems
		require.ErrorAs(t, config.Default().Set(path, "x"), &all, path)
		assert.Equal(t, hint, all[0].Hint, path)
		assert.LessOrEqual(t, len(all[0].Path), 63, path)
	}
}

func TestConnectionsThatAreNone(t *testing.T) {
	t.Parallel()
	c := config.Default()
	for _, name := range []string{"north", "south"} {
		require.NoError(t, c.Set("connections."+name+".region", "EU"))
	}
	for name, hint := range map[string]string{"nroth": "Did you mean north?", "elsewhere": "There is north, south."} {
		err := c.NoConnection(name)
		assert.Equal(t, gwerr.NotFound, err.Code)
		assert.Equal(t, `There is no connection named "`+name+`".`, err.Message)
		assert.Equal(t, hint, err.Hint)
	}
}

// TestRealFiles reads the file and a secret from the disk.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		at := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(at, []byte(text), 0o600))
		return at
	}
	secret := write("secret", " hush\n")
	file := write("gateway.yaml", minimal+"admin: {token_file: "+secret+"}\n")
	for name, sources := range map[string]config.Sources{
		"named":              {File: file},
		"by the environment": {Env: []string{"GATEWAY_CONFIG=" + file}},
		"the name wins":      {File: file, Env: []string{"GATEWAY_CONFIG=/none"}},
		"the last variable":  {Env: []string{"GATEWAY_CONFIG=/none", "GATEWAY_CONFIG=" + file}},
	} {
		c, err := config.Load(sources)
		require.NoError(t, err, name)
		assert.Equal(t, file, c.File, name)
		assert.Equal(t, "hush", c.Admin.Token.Reveal(), name)
	}
	none, err := config.Load(config.Sources{})
	require.Error(t, err, "nothing is configured")
	assert.Empty(t, none.File)

	large := write("large.yaml", "# "+strings.Repeat("x", 4<<20))
	_, err = config.Load(config.Sources{File: large})
	require.ErrorContains(t, err, large+" is larger than 4MiB")
	_, err = config.Load(config.Sources{File: folder})
	require.ErrorContains(t, err, "the configuration file can't be read")
}

// TestCompleted: the program may fill in what nobody has said, before all is checked
// and unless something is wrong already.
func TestCompleted(t *testing.T) {
	t.Parallel()
	sources := func(yaml string, complete func(*config.Config) error) config.Sources {
		return config.Sources{File: "gateway.yaml", ReadFile: files(map[string]string{"gateway.yaml": yaml}), Complete: complete}
	}
	without := strings.Replace(minimal, "    oauth_client_id: client\n", "", 1)
	_, err := config.Load(sources(without, nil))
	require.ErrorContains(t, err, "oauth_client_id: is missing")
	c, err := config.Load(sources(without, func(c *config.Config) error { return c.Set("connections.pingone.oauth_client_id", "made") }))
	require.NoError(t, err)
	assert.Equal(t, "made", c.Connections["pingone"].OAuthClientID)

	refused := errors.New("no sign-in")
	_, err = config.Load(sources(minimal, func(*config.Config) error { return refused }))
	require.ErrorIs(t, err, refused)
	_, err = config.Load(sources("limits: {queries: many}\n", func(*config.Config) error { return refused }))
	require.NotErrorIs(t, err, refused)
	assert.ErrorContains(t, err, "whole number")
}

// TestWhatFollowsFromOthers: the default connection and the store of tokens.
func TestWhatFollowsFromOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env               []string
		connection, store string
	}{
		"nothing":               {nil, "pingone", "memory"},
		"one connection":        {[]string{"GATEWAY_CONNECTIONS_EU_REGION=EU"}, "eu", "memory"},
		"two connections":       {[]string{"GATEWAY_CONNECTIONS_EU_REGION=EU", "GATEWAY_CONNECTIONS_CA_REGION=CA"}, "pingone", "memory"},
		"a default that is set": {[]string{"GATEWAY_CONNECTIONS_EU_REGION=EU", "GATEWAY_DEFAULT_CONNECTION=ca"}, "ca", "memory"},
		"a default and a string for it": {
			[]string{"GATEWAY_CONNECTION=Region=EU", "GATEWAY_DEFAULT_CONNECTION=ca"}, "ca", "memory",
		},
		"Redis":                      {[]string{"GATEWAY_REDIS_URL=redis://h"}, "pingone", "redis"},
		"memory in spite of a Redis": {[]string{"GATEWAY_REDIS_URL=redis://h", "GATEWAY_TOKENS_STORE=memory"}, "pingone", "memory"},
	} {
		got, _ := config.Load(config.Sources{Env: c.env}) // none of them is valid
		require.NotNil(t, got, name)
		assert.Equal(t, c.connection, got.DefaultConnection, name)
		assert.Equal(t, c.store, got.Tokens.Store, name)
	}
	c, _ := config.Load(config.Sources{
		File: "gateway.yaml", Env: []string{"GATEWAY_CONNECTION=Region=EU"},
		ReadFile: files(map[string]string{"gateway.yaml": "default_connection: north\n"}),
	})
	assert.Equal(t, []string{"north"}, c.ConnectionNames(), "the file says which connection the variable describes")
}

// TestDumpTellsOrigins: each value that is not a default says where it is from.
func TestDumpTellsOrigins(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{
		File: "gateway.yaml", Env: []string{"GATEWAY_LOG_LEVEL=warn"}, Flags: map[string]string{"limits.queries": "3"},
		ReadFile: files(map[string]string{"gateway.yaml": minimal}),
	})
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, c.Dump(&b))
	lines := strings.Split(b.String(), "\n")
	for _, want := range []string{
		`  level: "warn" # from GATEWAY_LOG_LEVEL`, "  queries: 3 # from --set limits.queries", `    region: "EU" # from gateway.yaml:6`,
		`    oauth_client_secret: "***" # from gateway.yaml:9`, `  format: "json"`,
	} {
		assert.True(t, slices.Contains(lines, want), "no line %q in\n%s", want, b.String())
	}
}
