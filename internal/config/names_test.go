package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
)

// TestNamesOfAnySource: a name of a connection, an issuer or a certificate is held
// to the same rule wherever it comes from.
func TestNamesOfAnySource(t *testing.T) {
	t.Parallel()
	const rule = "can't be a name. Use letters, digits, - and _, and start with a letter."
	for name, c := range map[string]struct {
		yaml  string
		env   []string
		flags map[string]string
		says  string
	}{
		"a flag with a space":         {"", nil, map[string]string{"connections.a b.region": "EU"}, `--set connections.a b.region: connections: "a b" ` + rule},
		"a flag without a name":       {"", nil, map[string]string{"connections..region": "EU"}, `--set connections..region: connections: "" ` + rule},
		"a flag with the star":        {"", nil, map[string]string{"auth.oidc.*.issuer": "https://a.example"}, `--set auth.oidc.*.issuer: auth.oidc: "*" ` + rule},
		"a variable with a digit":     {"", []string{"GATEWAY_CONNECTIONS_1A_REGION=EU"}, nil, `GATEWAY_CONNECTIONS_1A_REGION: connections: "1a" ` + rule},
		"a variable with a line":      {"", []string{"GATEWAY_CONNECTIONS_A\nB_REGION=EU"}, nil, "GATEWAY_CONNECTIONS_A\nB_REGION: connections: \"a\\nb\" " + rule},
		"a string for the default":    {"default_connection: a b\n", []string{"GATEWAY_CONNECTION=Region=EU"}, nil, `GATEWAY_CONNECTION: connections: "a b" ` + rule},
		"a certificate in the file":   {"auth: {certificates: {a/b: {uri: x}}}\n", nil, nil, `gateway.yaml:1: auth.certificates: "a/b" ` + rule},
		"a dotted key in the file":    {"connections.1.region: EU\n", nil, nil, `gateway.yaml:1: connections: "1" ` + rule},
		"a string in the file for it": {"connections: {a b: Region=EU}\n", nil, nil, `gateway.yaml:1: connections: "a b" ` + rule},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(config.Sources{
				File: "gateway.yaml", Env: c.env, Flags: c.flags, ReadFile: files(map[string]string{"gateway.yaml": c.yaml}),
			})
			var all config.Problems
			require.ErrorAs(t, err, &all)
			require.Len(t, all, 1, "%v", all)
			assert.Equal(t, c.says, all[0].String())
			assert.Empty(t, got.ConnectionNames())
			assert.Empty(t, got.Auth.OIDC)
			assert.Empty(t, got.Auth.Certificates)
		})
	}
}

// TestFilesOfSecretsByAnySource: a secret is read from a file that the file, the
// environment or a flag names, alone or in a list.
func TestFilesOfSecretsByAnySource(t *testing.T) {
	t.Parallel()
	read := files(map[string]string{"/s": " planted\n"})
	for _, o := range config.Options() {
		if !o.Secret {
			continue
		}
		at := path(o)
		env := strings.Replace(o.Env(), "<NAME>", strings.ToUpper(nameOf), 1) + "_FILE"
		for where, s := range map[string]config.Sources{
			env:                     {Env: []string{env + "=/s"}, ReadFile: read},
			"--set " + at + "_file": {Flags: map[string]string{at + "_file": "/s"}, ReadFile: read},
		} {
			c, _ := config.Load(s)
			assert.Equal(t, where, c.Origin(at))
			assert.Equal(t, "***", effective(c)[at].Value, where)
		}
		_, err := config.Load(config.Sources{Flags: map[string]string{at + "_file": "/none"}, ReadFile: read})
		require.ErrorContains(t, err, "--set "+at+"_file: "+at+"_file: the file can't be read: open /none: file does not exist.")
	}
}

// TestGivenTwice: a value that stands in the file twice is never taken silently,
// however it is written.
func TestGivenTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ yaml, says string }{
		"on two lines":                 {"redis:\n  password: a\n  password_file: /secret\n", "gateway.yaml:3: redis.password: is given twice, first at gateway.yaml:2."},
		"on one line":                  {"redis: {password: a, password_file: /secret}\n", "gateway.yaml:1: redis.password: is given twice, first at gateway.yaml:1."},
		"a file before a list":         {"tokens:\n  encryption_keys_file: /secret\n  encryption_keys: [a]\n", "gateway.yaml:3: tokens.encryption_keys: is given twice, first at gateway.yaml:2."},
		"a list before a file":         {"tokens:\n  encryption_keys: [a]\n  encryption_keys_file: /secret\n", "gateway.yaml:3: tokens.encryption_keys: is given twice, first at gateway.yaml:2."},
		"spellings on one line":        {"connections: {a: {region: EU, Region: CA}}\n", "gateway.yaml:1: connections.a.region: is given twice, first as region."},
		"a secret and its file":        {"connections: {a: {proxy_password: x, ProxyPasswordFile: /secret}}\n", "gateway.yaml:1: connections.a.proxy_password: is given twice, first as proxy_password."},
		"views under both names":       {"connections:\n  a:\n    views: {B: SELECT 1}\n    user_defined_views: {C: SELECT 2}\n", "gateway.yaml:4: connections.a.user_defined_views: is given twice, first as views."},
		"a dotted key and a section":   {"log.level: info\nlog: {level: warn}\n", "gateway.yaml:2: log.level: is given twice, first at gateway.yaml:1."},
		"a dotted key of a connection": {"connections.a.region: EU\nconnections: {a: {Region: CA}}\n", "gateway.yaml:2: connections.a.region: is given twice, first as connections.a.region."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(c.yaml)
			var all config.Problems
			require.ErrorAs(t, err, &all)
			require.Len(t, all, 1, "%v", all)
			assert.Equal(t, c.says+" Keep one of them.", all[0].String())
		})
	}
}

// TestOrderOfVariables: of the variables that are set twice the last counts, and
// single properties win over those of a connection string, from a file too.
func TestOrderOfVariables(t *testing.T) {
	t.Parallel()
	read := files(map[string]string{"/string": "Region=EU;ProxyUser=a;OAuthClientId=file"})
	for name, c := range map[string]struct {
		env                  []string
		region, user, client string
	}{
		"one variable twice":             {[]string{"GATEWAY_CONNECTIONS_PINGONE_REGION=SG", "GATEWAY_CONNECTIONS_PINGONE_REGION=CA"}, "CA", "", ""},
		"a string and a property":        {[]string{"GATEWAY_CONNECTIONS_PINGONE_REGION=SG", "GATEWAY_CONNECTION=Region=EU;ProxyUser=b"}, "SG", "b", ""},
		"a string's file and a property": {[]string{"GATEWAY_CONNECTIONS_PINGONE_REGION=SG", "GATEWAY_CONNECTION_FILE=/string"}, "SG", "a", "file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := config.Load(config.Sources{Env: c.env, ReadFile: read})
			n := got.Connections["pingone"]
			require.NotNil(t, n)
			assert.Equal(t, []string{c.region, c.user, c.client}, []string{n.Region, n.ProxyUser, n.OAuthClientID})
		})
	}
	_, err := config.Load(config.Sources{Env: []string{"GATEWAY_CONNECTION=Region=EU", "GATEWAY_CONNECTION_FILE=/string"}, ReadFile: read})
	assert.ErrorContains(t, err, "GATEWAY_CONNECTION_FILE: connections: is given both as text and as a file. Keep one of them.")
}

// TestItemsWithCommas: an item of a list may hold a comma, as the names of groups
// in a directory do, whatever the source.
func TestItemsWithCommas(t *testing.T) {
	t.Parallel()
	const group = "CN=Desk,OU=Groups=helpdesk"
	for text, want := range map[string][]string{
		`"` + group + `"`:            {group},
		`a=b, "` + group + `" , c=d`: {"a=b", group, "c=d"},
		`"a ""b"", c=d"`:             {`a "b", c=d`},
		"a=b\n\"" + group + "\"\n":   {"a=b", group},
		`x"y=z,a=b`:                  {`x"y=z`, "a=b"},
		`"",a=b`:                     {"a=b"},
	} {
		for name, s := range map[string]config.Sources{
			"a variable": {Env: []string{"GATEWAY_AUTH_OIDC_A_ROLE_VALUES=" + text}},
			"a flag":     {Flags: map[string]string{"auth.oidc.a.role_values": text}},
			"a text":     {File: "gateway.yaml", ReadFile: files(map[string]string{"gateway.yaml": fmt.Sprintf("auth: {oidc: {a: {role_values: %q}}}\n", text)})},
		} {
			c, _ := config.Load(s)
			assert.Equal(t, want, c.Auth.OIDC["a"].RoleValues, "%s by %s", text, name)
		}
	}
	c, _ := load("auth: {oidc: {a: {role_values: ['" + group + "', 'x=y']}}}\n")
	assert.Equal(t, []string{group, "x=y"}, c.Auth.OIDC["a"].RoleValues, "a list in the file is taken as it is")
	for _, text := range []string{`"a`, `"a"b`, `x,"a"b`} {
		assert.ErrorContains(t, config.Default().Set("auth.oidc.a.role_values", text), "an item of the list ")
	}
}

// TestPasswordsInAddresses: what is shown in the dump and in the tables about the
// service holds no password.
func TestPasswordsInAddresses(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct{ value, says string }{
		n + "proxy_server":              {"http://u:planted@proxy.example", n + "proxy_server: holds credentials. Give them as proxy_user and proxy_password."},
		n + "callback_url":              {"http://u:planted@localhost:33333", n + "callback_url: holds credentials. Take the user and password out of it."},
		"auth.bearer_authorization_uri": {"https://u:planted@login.example", "auth.bearer_authorization_uri: holds credentials. Take the user and password out of it."},
		"audit.syslog":                  {"tls://u:planted@h:6514", "audit.syslog: holds credentials. Take the user and password out of it."},
		"public_url":                    {"https://u:planted@h", "public_url: holds credentials. Take the user and password out of it."},
		"tracing.endpoint":              {"https://u:planted@h", "tracing.endpoint: holds credentials. Take the user and password out of it."},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			cfg := valid(t)
			require.NoError(t, cfg.Set("tokens.encryption_keys", key("1")))
			require.NoError(t, cfg.Set(path, c.value))
			all := cfg.Validate()
			require.Len(t, all, 1, "%v", all)
			assert.Equal(t, c.says, all[0].String())
		})
	}
}
