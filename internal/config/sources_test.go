package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// sample is a value of an option that is not its default, and how it is shown.
func sample(o config.Option) (text, shown string) {
	for _, v := range o.Values {
		if v != o.Default && !strings.Contains(","+o.Default+",", ","+v+",") && v != "none" {
			return v, v
		}
	}
	if o.Secret {
		return "s3cr3t", "***"
	}
	text, ok := map[string]string{
		"text": "sample", "address or off": "127.0.0.1:4711", "URL": "https://sample.example", "duration": "11s", "seconds": "11",
		"size": "11MiB", "size or auto": "111MiB", "number or auto": "11", "list": "one,two", "list of addresses": "192.0.2.0/24",
	}[o.Kind]
	switch {
	case ok:
		return text, text
	case o.Kind == "true or false":
		text = fmt.Sprint(o.Default != "true")
	case o.Max != nil && *o.Max <= 1:
		text = "0.5"
	case o.Max != nil && *o.Max < 13:
		text = fmt.Sprint(*o.Max)
	default:
		text = "13"
	}
	return text, text
}

// nameOf is the name that stands for the star of an option in these tests.
const nameOf = "sample"

func path(o config.Option) string { return strings.Replace(o.Path, "*", nameOf, 1) }

// yamlOf writes one option as a file does.
func yamlOf(path, value string) string {
	var b strings.Builder
	for i, key := range strings.Split(path, ".") {
		if i > 0 {
			b.WriteString("\n" + strings.Repeat("  ", i))
		}
		b.WriteString(key + ":")
	}
	return b.String() + " " + value + "\n"
}

// effective is every option with its value; of the sections with names those of the
// sample.
func effective(c *config.Config) map[string]config.Effective {
	out := map[string]config.Effective{}
	for _, e := range c.Effective() {
		out[e.Path] = e
	}
	return out
}

// TestEverySourceSetsEveryOption sets each option by the file, the environment, the
// command line and, for connections, by a connection string: it has the value, tells
// where that came from, and no other option changes.
func TestEverySourceSetsEveryOption(t *testing.T) {
	t.Parallel()
	for _, o := range config.Options() {
		text, shown := sample(o)
		at := path(o)
		env := strings.Replace(o.Env(), "<NAME>", strings.ToUpper(nameOf), 1)
		sources := map[string]config.Sources{
			"gateway.yaml:" + fmt.Sprint(1+strings.Count(at, ".")): {
				File: "gateway.yaml", ReadFile: files(map[string]string{"gateway.yaml": yamlOf(at, "'"+text+"'")}),
			},
			env:           {Env: []string{env + "=" + text}},
			"--set " + at: {Flags: map[string]string{at: text}},
		}
		if o.Property != "" {
			sources["GATEWAY_CONNECTION"] = config.Sources{Env: []string{"GATEWAY_CONNECTION=" + o.Property + "='" + text + "'", "GATEWAY_DEFAULT_CONNECTION=" + nameOf}}
		}
		if o.Secret {
			sources[env+"_FILE"] = config.Sources{Env: []string{env + "_FILE=/s"}, ReadFile: files(map[string]string{"/s": text})}
		}
		for where, source := range sources {
			c, _ := config.Load(source) // most of these are not valid as a whole
			require.NotNil(t, c)
			got := effective(c)
			assert.Equal(t, shown, got[at].Value, "%s by %s", at, where)
			assert.Equal(t, where, got[at].Origin, at)
			defaults := config.Default()
			if strings.Contains(o.Path, "*") {
				section, _, _ := strings.Cut(o.Path, ".*")
				other := map[string]string{"connections": ".region", "auth.oidc": ".issuer", "auth.certificates": ".uri"}[section]
				require.NoError(t, defaults.Set(section+"."+nameOf+other, ""+map[string]string{"connections": "NA"}[section]))
			}
			for other, want := range effective(defaults) {
				if other == at || other == "default_connection" || other == "tokens.store" {
					continue // the two that follow from others
				}
				assert.Equal(t, want.Value, got[other].Value, "%s changed with %s by %s", other, at, where)
			}
		}
	}
}

// TestValues reads texts of every kind, as an option of that kind takes them.
func TestValues(t *testing.T) {
	t.Parallel()
	for path, texts := range map[string]map[string]string{
		"listen.address":                         {"x:1": "x:1", " y:2 ": "y:2"},
		"admin.address":                          {"off": "off", "OFF": "off", ":9": ":9"},
		"public_url":                             {"https://a.example/": "https://a.example", "https://a.example//": "https://a.example", "": ""},
		"auth.oidc.a.issuer":                     {"https://a.example/": "https://a.example/"}, // issuers are compared whole
		"connections.a.readonly":                 {"true": "true", "YES": "true", "on": "true", "1": "true", "False": "false", "no": "false", "off": "false", "0": "false"},
		"limits.queries":                         {"7": "7", "1_000": "1000"},
		"connections.a.max_rows":                 {"-1": "-1", "9007199254740993": "9007199254740993"},
		"tracing.sample_ratio":                   {"0.25": "0.25", "1": "1", "0": "0"},
		"listen.idle_timeout":                    {"90s": "1m30s", "1h": "1h", "60m": "1h", "1500ms": "1.5s"},
		"connections.a.timeout":                  {"90": "90", "1.5": "1.5", "2m": "120", "0": "0"},
		"limits.request_size":                    {"1048576": "1MiB", "1MiB": "1MiB", "1mib": "1MiB", "1Mi": "1MiB", "1 MiB": "1MiB", "1.5KiB": "1536", "2KB": "2000", "3B": "3", "1GiB": "1GiB"},
		"engine.memory":                          {"auto": "auto", "": "auto", "AUTO": "auto", "512MiB": "512MiB"},
		"engine.threads":                         {"auto": "auto", "3": "3"},
		"connections.a.tables":                   {"A, B": "A,B", "A\nB": "A,B", ",A,,": "A", "": ""},
		"allow_ips":                              {"10.1.2.3/8": "10.0.0.0/8", "::1": "::1/128", "192.0.2.1,2001:db8::/32": "192.0.2.1/32,2001:db8::/32"},
		"connections.a.region":                   {"eu": "EU", "us": "NA", "Ap": "AP"},
		"auth.mode":                              {"keys,OIDC": "keys,oidc", "None": "none"},
		"connections.a.proxy_password":           {"x": "***", "": ""},
		"tokens.encryption_keys":                 {"a:b, c:d": "***", "": ""},
		"connections.a.oauth_expires_in":         {"3600": "3600"},
		"connections.a.push_unconfirmed":         {"on": "true"},
		"connections.a.authorization_server_url": {"https://auth.example/env/as/": "https://auth.example/env/as"},
	} {
		for text, want := range texts {
			c := config.Default()
			require.NoError(t, c.Set(path, text), "%s: %q", path, text)
			assert.Equal(t, want, effective(c)[path].Value, "%s: %q", path, text)
			assert.Equal(t, "program", c.Origin(path))
		}
	}
}

// TestValuesThatAreNone: what is wrong with a text, and what would be right.
func TestValuesThatAreNone(t *testing.T) {
	t.Parallel()
	for path, texts := range map[string]map[string]string{
		"public_url":               {"a.example": "must be an absolute URL, such as https://example.org.", "https://": "must be an absolute URL, such as https://example.org."},
		"connections.a.readonly":   {"perhaps": "must be true or false.", "": "must be true or false.", "2": "must be true or false."},
		"limits.queries":           {"many": "must be a whole number.", "1.5": "must be a whole number.", "0": "0 is out of range; use 1 or more.", "": "must be a whole number."},
		"tracing.sample_ratio":     {"half": "must be a number.", "NaN": "must be a number.", "1.01": "1.01 is out of range; use 0 to 1.", "-0.1": "-0.1 is out of range; use 0 to 1."},
		"listen.idle_timeout":      {"30": "must be a duration with its unit, such as 30s, 5m or 1h.", "soon": "must be a duration with its unit, such as 30s, 5m or 1h.", "0s": "0s is out of range; use 0.001 or more."},
		"connections.a.timeout":    {"soon": "must be a number of seconds, or a duration such as 5m.", "-1": "-1 is out of range; use 0 or more.", "1e30": "must be a number of seconds, or a duration such as 5m."},
		"limits.request_size":      {"huge": "must be a size, such as 512MiB or 2GiB.", "-1KiB": "must be a size, such as 512MiB or 2GiB.", "1e30GiB": "must be a size, such as 512MiB or 2GiB.", "MiB": "must be a size, such as 512MiB or 2GiB."},
		"engine.memory":            {"half": "must be a size, such as 512MiB or 2GiB, or auto."},
		"engine.threads":           {"all": "must be a whole number, or auto."},
		"allow_ips":                {"10.0.0.300": `"10.0.0.300" is neither an address nor a network such as 10.0.0.0/8.`, "::1,x": `"x" is neither an address nor a network such as 10.0.0.0/8.`},
		"connections.a.region":     {"Europe": `"Europe" is not a value of it; use NA, CA, EU, AU, SG, AP.`},
		"log.level":                {"wran": `"wran" is not a value of it; did you mean warn?.`, strings.Repeat("x", 99): `"` + strings.Repeat("x", 60) + `…" is not a value of it; use debug, info, warn, error.`},
		"auth.mode":                {"keys,oicd": `"oicd" is not a value of it; did you mean oidc?.`},
		"connections.a.rate_share": {"0": "0 is out of range; use 0.01 to 1."},
	} {
		for text, want := range texts {
			err := config.Default().Set(path, text)
			require.Error(t, err, "%s: %q", path, text)
			assert.True(t, gwerr.Is(err, gwerr.Config))
			assert.Equal(t, "The configuration has a problem. program: "+path+": "+want, err.Error(), "%q", text)
		}
	}
}

// TestConnectionStrings: names and values, quoted or not, and what is wrong with
// others. A value is never shown.
func TestConnectionStrings(t *testing.T) {
	t.Parallel()
	read := func(text string) (*config.Connection, error) {
		c, err := config.Load(config.Sources{Env: []string{"GATEWAY_CONNECTION=" + text, "GATEWAY_AUTH_MODE=none", "GATEWAY_LISTEN_ADDRESS=127.0.0.1:1"}})
		return c.Connections["pingone"], err
	}
	for text, want := range map[string]string{
		"ProxyUser=a":                    "a",
		"ProxyUser=a;":                   "a",
		"ProxyUser=a; ":                  "a",
		"ProxyUser=a;\t":                 "a",
		"ProxyUser=a;\r\n":               "a",
		" \r\n\t ProxyUser=a":            "a",
		";;ProxyUser = a ;;":             "a",
		"proxy_user=a":                   "a",
		"PROXY USER=a":                   "a",
		"Proxy-User=a":                   "a",
		"ProxyUser='a;b'":                "a;b",
		`ProxyUser="a'b"`:                "a'b",
		`ProxyUser="a""b"`:               `a"b`,
		"ProxyUser='it''s' ;Region=EU":   "it's",
		"ProxyUser=' a '":                "a",
		"ProxyUser=a=b":                  "a=b",
		"ProxyUser=":                     "",
		"ProxyUser=''":                   "",
		"ProxyUser=a\n;Region=EU":        "a",
		"ProxyUser=a;ProxyUser=b":        "b",
		"Region=EU;ProxyUser=a;Region=x": "a",
	} {
		n, _ := read(text)
		require.NotNil(t, n, text)
		assert.Equal(t, want, n.ProxyUser, text)
	}
	for text, want := range map[string]string{
		"ProxyUser":                         "a property without = starts at character 1.",
		"ProxyUser;Region=EU":               "a property without = starts at character 1.",
		"Region=EU;ProxyUser":               "a property without = starts at character 11.",
		"Label=Größe;ProxyUser":             "a property without = starts at character 13.",
		"Größe=1;=x":                        "the property before = at character 9 has no name.",
		"=x":                                "the property before = at character 1 has no name.",
		"ProxyPassword='planted":            "the value of ProxyPassword has no closing quote.",
		"ProxyPassword='planted'planted":    "the value of ProxyPassword goes on after its closing quote; double a quote that belongs to it.",
		"ProxyPassword=a;planted=b":         "unknown property after a secret in the connection string. Put values that hold a semicolon in quotes.",
		"ProxyPassword=a;Regoin=EU":         "connections.pingone.Regoin: unknown connection property. Did you mean Region?",
		"Regoin=EU":                         "connections.pingone.Regoin: unknown connection property. Did you mean Region?",
		"Quite Another=EU":                  "unknown connection property. See docs/configuration.md for the properties.",
		"FirewallType=SOCKS":                "this property of the connector has no counterpart here. Use ProxyServer for an HTTP proxy; SOCKS and tunnels are the network's business.",
		"OAuthClientSecretFile=/none":       "connections.pingone.oauth_client_secret_file: the file can't be read",
		"Region=Mars;OAuthClientId=planted": `"Mars" is not a value of it; use NA, CA, EU, AU, SG, AP.`,
	} {
		_, err := read(text)
		require.ErrorContains(t, err, want, text)
		if text != "Region=Mars;OAuthClientId=planted" {
			assert.NotContains(t, err.Error(), "planted", text)
		}
	}
}

// FuzzConnectionString writes a value in quotes and reads it back, and reads any
// text without a panic.
func FuzzConnectionString(f *testing.F) {
	for _, seed := range []string{"a", "a;b", `a"b`, "it's", " a ", "", "=", ";", "ä\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\x00") {
			return // no environment variable holds one
		}
		quoted := `OAuthClientSecret="` + strings.ReplaceAll(value, `"`, `""`) + `";Region=EU`
		c, _ := config.Load(config.Sources{Env: []string{"GATEWAY_CONNECTION=" + quoted}})
		n := c.Connections["pingone"]
		if n == nil || n.Region != "EU" || n.OAuthClientSecret.Reveal() != strings.TrimSpace(value) {
			t.Fatalf("%q is read as %+v", value, n)
		}
		_, _ = config.Load(config.Sources{Env: []string{"GATEWAY_CONNECTION=" + value}})
	})
}

// TestNamesInVariables: a variable names the connection that there is, and the
// longest property that fits.
func TestNamesInVariables(t *testing.T) {
	t.Parallel()
	const named = "connections: {prod-eu: {region: EU}, Prod_Proxy: {region: CA}, prod: {region: NA}}\n"
	for variable, want := range map[string]string{
		"GATEWAY_CONNECTIONS_PROD_EU_REGION=SG":         "connections.prod-eu.region",
		"GATEWAY_CONNECTIONS_PRODEU_REGION=SG":          "connections.prod-eu.region",
		"GATEWAY_CONNECTIONS_PROD_PROXY_REGION=SG":      "connections.Prod_Proxy.region",
		"GATEWAY_CONNECTIONS_PROD_PROXY_USER=SG":        "connections.prod.proxy_user",
		"GATEWAY_CONNECTIONS_PROD_PROXY_PROXY_USER=SG":  "connections.Prod_Proxy.proxy_user",
		"GATEWAY_CONNECTIONS_NEW_REGION=SG":             "connections.new.region",
		"GATEWAY_AUTH_OIDC_WORK_FORCE_NAME_CLAIM=email": "auth.oidc.work_force.name_claim",
	} {
		name, value, _ := strings.Cut(variable, "=")
		c, _ := load(named, variable)
		assert.Equal(t, name, c.Origin(want), variable)
		assert.Equal(t, value, effective(c)[want].Value, variable)
	}
}
