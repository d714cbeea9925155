package config_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// addresses are what URL options are tried with: whether each is an address at all,
// of which scheme and on which host, and what is wrong with it.
var addresses = []struct {
	text                    string
	here                    bool // on this host
	scheme                  string
	query, userinfo, broken bool
}{
	{text: "https://h.example/v1", scheme: "https"},
	{text: "http://h.example/v1", scheme: "http"},
	{text: "http://127.0.0.1:8090/v1", scheme: "http", here: true},
	{text: "http://[::1]:8090/v1", scheme: "http", here: true},
	{text: "http://localhost/v1", scheme: "http", here: true},
	{text: "http://127.0.0.1.nip.example/v1", scheme: "http"},
	{text: "http://localhost.example/v1", scheme: "http"},
	{text: "https://u:planted@h.example/v1", scheme: "https", userinfo: true},
	{text: "https://planted@h.example/v1", scheme: "https", userinfo: true},
	{text: "https://h.example/v1?x=1", scheme: "https", query: true},
	{text: "https://h.example/v1#x", scheme: "https", query: true},
	{text: "ftp://h.example/v1", broken: true},
	{text: "https:///v1", broken: true},
	{text: "https:h.example/v1", broken: true},
	{text: "HTTPS://h.example/v1", scheme: "https"},
}

// TestAddressesOfEveryOption tries every address with every option that is one, and
// knows the rule of each: with TLS or without, with a query or without.
func TestAddressesOfEveryOption(t *testing.T) {
	t.Parallel()
	const anywhere, secure, upstream = "", "Use https.", "Use https. For a simulator in a closed network set AllowPlainHTTP."
	for path, http := range map[string]string{
		"public_url": anywhere, "tracing.endpoint": anywhere, "auth.oidc.a.issuer": secure, "auth.oidc.a.jwks_url": secure,
		n + "authorization_server_url": upstream, n + "api_url": upstream, n + "davinci_api_url": upstream,
	} {
		for _, a := range addresses {
			c := valid(t)
			for p, v := range map[string]string{"auth.oidc.a.issuer": "https://i.example", "auth.oidc.a.audiences": "x", n + "authorization_server_url": "https://as.example"} {
				require.NoError(t, c.Set(p, v))
			}
			require.NoError(t, c.Set(path, a.text), "%s: %s", path, a.text)
			hint := ""
			switch {
			case a.userinfo:
				hint = "Take the user and password out of it."
			case a.broken:
				hint = "Write it as "
			case a.query:
				hint = "Take out what follows the path."
			case a.scheme == "http" && !a.here:
				hint = http
			}
			all := c.Validate()
			if hint == "" {
				assert.Empty(t, all, "%s: %s", path, a.text)
				continue
			}
			require.Len(t, all, 1, "%s: %s: %v", path, a.text, all)
			assert.Equal(t, path, all[0].Path)
			assert.True(t, strings.HasPrefix(all[0].Hint, hint) && (hint != secure || all[0].Hint == secure), "%s: %s: %s", path, a.text, all[0])
			assert.NotContains(t, all[0].String(), "planted")
			if hint == upstream {
				require.NoError(t, c.Set(n+"allow_plain_http", "true"))
				assert.Empty(t, c.Validate(), "%s: %s, allowed", path, a.text)
			}
		}
	}
}

// TestRandomSealingKeys makes lists of keys, some wrong, and tells by itself which.
func TestRandomSealingKeys(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 11))
	encodings := []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}
	for range 300 {
		var items, want []string
		seen := map[string]bool{}
		for i := range 1 + r.IntN(4) {
			id := string(rune('a' + r.IntN(3)))
			raw := make([]byte, 30+r.IntN(5))
			for k := range raw {
				raw[k] = byte(r.IntN(256))
			}
			text := encodings[r.IntN(len(encodings))].EncodeToString(raw)
			switch r.IntN(8) {
			case 0:
				items = append(items, text)
				want = append(want, fmt.Sprintf("key %d has no id.", i+1))
				continue
			case 1:
				items = append(items, ":"+text)
				want = append(want, fmt.Sprintf("key %d has no id.", i+1))
				continue
			}
			items = append(items, id+":"+text)
			switch {
			case seen[id]:
				want = append(want, "two keys have the id "+id+".")
			case len(raw) < 32:
				want = append(want, fmt.Sprintf("key %d is not the base64 of 32 bytes.", i+1))
			}
			seen[id] = true
		}
		for _, path := range []string{"tokens.encryption_keys", "odata.link_keys"} {
			c := valid(t)
			require.NoError(t, c.Set(path, strings.Join(items, ",")))
			var got []string
			for _, p := range c.Validate() {
				assert.Equal(t, path, p.Path)
				got = append(got, p.Message)
				for _, item := range items {
					if _, text, ok := strings.Cut(item, ":"); ok {
						assert.NotContains(t, p.String(), text)
					}
				}
			}
			assert.Equal(t, want, got, "%v", items)
		}
	}
}

// TestListeners: each has an address of its own, of a form that can be listened on.
func TestListeners(t *testing.T) {
	t.Parallel()
	const hint = " Write host:port, or :port for all addresses."
	for address, says := range map[string]string{
		"127.0.0.1:0": "", "127.0.0.1:65535": "", "[::1]:80": "", "localhost:80": "", "unix:/run/gateway": "",
		"127.0.0.1":                            `"127.0.0.1" is not an address to listen on.` + hint,
		"127.0.0.1:":                           `"127.0.0.1:" is not an address to listen on.` + hint,
		"::1:80":                               `"::1:80" is not an address to listen on.` + hint,
		"localhost:http":                       `"http" is not a port. Use a port from 0 to 65535.`,
		"localhost:65536":                      `"65536" is not a port. Use a port from 0 to 65535.`,
		"localhost:-1":                         `"-1" is not a port. Use a port from 0 to 65535.`,
		"unix:run/gateway":                     "needs an absolute path. Write unix:/run/gateway/socket.",
		"unix:":                                "needs an absolute path. Write unix:/run/gateway/socket.",
		"localhost:" + strings.Repeat("9", 99): `"` + strings.Repeat("9", 60) + `…" is not a port. Use a port from 0 to 65535.`,
	} {
		for _, path := range []string{"listen.address", "admin.address", "postgres.address"} {
			c := valid(t)
			require.NoError(t, c.Set(path, address))
			all := slices.DeleteFunc(c.Validate(), func(p config.Problem) bool { return p.Path == "auth.mode" }) // not on this host
			if says == "" {
				assert.Empty(t, all, "%s: %s", path, address)
				continue
			}
			require.Len(t, all, 1, "%s: %s: %v", path, address, all)
			assert.Equal(t, path+": "+says, all[0].String())
		}
	}
	for _, c := range []struct{ listen, admin, postgres, says string }{
		{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", ""},
		{"127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:3", "admin.address: is the same as listen.address."},
		{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1", "postgres.address: is the same as that of another listener."},
		{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:2", "postgres.address: is the same as that of another listener."},
		{"127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", ""}, // each gets a port of its own
		{"127.0.0.1:1", "off", "off", ""},
	} {
		cfg := valid(t)
		for path, v := range map[string]string{"listen.address": c.listen, "admin.address": c.admin, "postgres.address": c.postgres} {
			require.NoError(t, cfg.Set(path, v))
		}
		all := cfg.Validate()
		if c.says == "" {
			assert.Empty(t, all, "%+v", c)
			continue
		}
		require.Len(t, all, 1, "%+v", c)
		assert.True(t, strings.HasPrefix(all[0].String(), c.says), "%s", all[0])
	}
}

// TestEveryWayToSignIn gives a connection of each scheme each set of credentials: it
// asks for what is missing, by the words of the documentation, and for nothing else.
func TestEveryWayToSignIn(t *testing.T) {
	t.Parallel()
	properties := []string{"oauth_client_id", "oauth_client_secret", "oauth_private_key", "oauth_access_token", "oauth_refresh_token"}
	for _, scheme := range []string{"OAuthClient", "OAuth", "OAuthDevice", "Token", "PassThrough"} {
		for _, method := range []string{"CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT", "PRIVATE_KEY_JWT", "NONE"} {
			for _, initiate := range []string{"OFF", "REFRESH", "GETANDREFRESH"} {
				c := valid(t)
				for p, v := range map[string]string{"auth.mode": "passthrough", n + "auth_scheme": scheme, n + "token_endpoint_auth_method": method, n + "initiate_oauth": initiate} {
					require.NoError(t, c.Set(p, v))
				}
				for given := range 1 << len(properties) {
					has := map[string]bool{}
					for i, p := range properties {
						has[p] = given>>i&1 == 1
						require.NoError(t, c.Set(n+p, map[bool]string{true: "x"}[has[p]]))
					}
					var want []string
					need := func(p string, when bool) {
						if when && !slices.Contains(want, n+p) {
							want = append(want, n+p)
						}
					}
					token, flows := scheme == "Token", scheme != "Token" && scheme != "PassThrough"
					need("oauth_access_token", token && !has["oauth_access_token"])
					need("oauth_client_id", flows && !has["oauth_client_id"])
					need("oauth_private_key", flows && method == "PRIVATE_KEY_JWT" && !has["oauth_private_key"])
					need("oauth_client_secret", scheme == "OAuthClient" && strings.HasPrefix(method, "CLIENT_SECRET") && !has["oauth_client_secret"])
					need("token_endpoint_auth_method", scheme == "OAuthClient" && method == "NONE")
					need("initiate_oauth", flows && initiate == "OFF" && !has["oauth_access_token"])
					need("initiate_oauth", flows && initiate == "REFRESH" && !has["oauth_access_token"] && !has["oauth_refresh_token"])
					slices.Sort(want)
					var got []string
					for _, p := range c.Validate() {
						got = append(got, p.Path)
					}
					assert.Equal(t, want, got, "%s %s %s %v", scheme, method, initiate, has)
				}
			}
		}
	}
}

// TestPlannedOptions: what is accepted and does nothing is warned of where somebody
// asks for it, not where it says what is so anyway.
func TestPlannedOptions(t *testing.T) {
	t.Parallel()
	planned := 0
	for _, o := range config.Options() {
		if !o.Planned {
			continue
		}
		planned++
		at := path(o)
		other, _ := sample(o)
		for value, warns := range map[string]bool{o.Default: false, other: true} {
			if value == "" {
				continue
			}
			c, _ := config.Load(config.Sources{Flags: map[string]string{at: value, "listen.address": "127.0.0.1:1"}})
			about := slices.DeleteFunc(slices.Clone(c.Warnings), func(p config.Problem) bool { return p.Path != at })
			require.Len(t, about, map[bool]int{true: 1}[warns], "%s=%s", at, value)
			if warns {
				assert.Equal(t, "--set "+at+": "+at+": this option is not in effect yet. It can be left out.", about[0].String())
			}
		}
	}
	assert.Positive(t, planned)
}

// TestForeignProperties warns of each property of the connector that has no effect,
// and refuses each that would change what the connection means.
func TestForeignProperties(t *testing.T) {
	t.Parallel()
	load := func(property string) (*config.Config, error) {
		return load(minimal + "    " + property + ": x\n")
	}
	for _, property := range []string{"UseConnectionPooling", "Pool Max Size", "pool_wait_time", "ConnectionLifeTime", "ConnectOnOpen", "SupportEnhancedSQL", "rtk", "Other", "LogModules", "MaxLogFileSize", "max-log-file-count", "CacheMetadata"} {
		c, err := load(property)
		require.NoError(t, err, property)
		require.Len(t, c.Warnings, 1, property)
		assert.Equal(t, "gateway.yaml:10: connections.pingone."+property+": this property has no effect here. It can be left out.", c.Warnings[0].String())
	}
	for _, property := range []string{"FirewallServer", "firewall_port", "ProxyAutoDetect", "ProxyAuthScheme", "ProxySSLType", "AutoCache", "CacheProvider", "CacheDriver", "CacheConnection", "CacheLocation", "CacheTolerance", "offline", "Location", "OAuthGrantType", "SCOPE"} {
		_, err := load(property)
		var all config.Problems
		require.ErrorAs(t, err, &all, property)
		require.Len(t, all, 1, property)
		assert.True(t, strings.HasPrefix(all[0].String(), "gateway.yaml:10: connections.pingone."+property+": this property of the connector has no counterpart here. "), "%s", all[0])
		assert.NotEmpty(t, all[0].Hint, property)
	}
	for _, property := range []string{"Poo", "Firewal", "Caches", "Locations2", "OtherThing"} {
		_, err := load(property)
		require.ErrorContains(t, err, "connections.pingone."+property+": unknown connection property.", property)
	}
}

// TestErrorsAreOneKind: whatever is wrong, the error is of the configuration's kind,
// holds every problem in the order of the addresses, and reads as they do.
func TestErrorsAreOneKind(t *testing.T) {
	t.Parallel()
	for number, c := range map[int]*config.Config{1: valid(t), 2: valid(t), 3: valid(t)} {
		for i, path := range []string{"redis.required", "audit.required", "auth.certificates.a.roles"}[:number] {
			require.NoError(t, c.Set(path, []string{"true", "true", "r"}[i]))
		}
		all := c.Validate()
		require.Len(t, all, number)
		assert.True(t, slices.IsSortedFunc(all, func(a, b config.Problem) int { return strings.Compare(a.Path, b.Path) }), "%v", all)
		err := all.Err()
		assert.True(t, gwerr.Is(err, gwerr.Config))
		var inside config.Problems
		require.ErrorAs(t, err, &inside)
		assert.Equal(t, all, inside)
		for _, p := range all {
			assert.Contains(t, err.Error(), p.String())
		}
	}
	require.NoError(t, config.Problems(nil).Err())
	for text, p := range map[string]config.Problem{
		"is wrong.":               {Message: "is wrong."},
		"a.b: is wrong.":          {Path: "a.b", Message: "is wrong."},
		"f:1: is wrong. Do this.": {Where: "f:1", Message: "is wrong.", Hint: "Do this."},
		"f:1: a.b: is wrong.":     {Where: "f:1", Path: "a.b", Message: "is wrong."},
	} {
		assert.Equal(t, text, p.String())
	}
}
