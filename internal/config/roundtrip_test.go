package config_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/tokens"
)

// TestNamesThatMeanSomethingToYAML: a connection may be called what YAML takes for a
// value; it is read, dumped and read again by that name.
func TestNamesThatMeanSomethingToYAML(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"true", "False", "yes", "no", "on", "OFF", "y", "n", "null", "Null", "inf", "nan", "e1", "x-1", "a_b", "connections"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := config.Load(config.Sources{File: "f", ReadFile: files(map[string]string{"f": "connections:\n  " + name + ":\n    region: EU\n"})})
			require.Equal(t, []string{name}, c.ConnectionNames())
			var dump strings.Builder
			require.NoError(t, c.Dump(&dump))
			again, _ := config.Load(config.Sources{File: "f", ReadFile: files(map[string]string{"f": dump.String()})})
			assert.Equal(t, []string{name}, again.ConnectionNames(), "%s", &dump)
			assert.Equal(t, "EU", again.Connections[name].Region)
			byEnv, _ := config.Load(config.Sources{
				File: "f", ReadFile: files(map[string]string{"f": dump.String()}),
				Env: []string{"GATEWAY_CONNECTIONS_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_REGION=SG"},
			})
			assert.Equal(t, []string{name}, byEnv.ConnectionNames())
			assert.Equal(t, "SG", byEnv.Connections[name].Region)
		})
	}
}

// TestQueriesOfViews: a query is taken as it was written, in the file itself and
// dumped from there, or in a file of its own in YAML or JSON.
func TestQueriesOfViews(t *testing.T) {
	t.Parallel()
	for _, query := range oddTexts {
		if strings.TrimSpace(query) != query {
			continue
		}
		quoted, err := json.Marshal(query)
		require.NoError(t, err)
		want := []config.SavedView{{Name: "A", SQL: query}, {Name: "B", SQL: "SELECT 1"}}
		for _, key := range []string{"views", "user_defined_views", "UserDefinedViews"} {
			for _, form := range []string{"{A: %s, B: SELECT 1}", "{A: {query: %s}, B: {Query: SELECT 1}}"} {
				c, err := load(minimal + "    " + key + ": " + fmt.Sprintf(form, quoted) + "\n")
				require.NoError(t, err, query)
				got, err := c.Connections["pingone"].SavedViews()
				require.NoError(t, err, query)
				assert.Equal(t, want, got)
				var dump strings.Builder
				require.NoError(t, c.Dump(&dump))
				again, _ := config.Load(config.Sources{File: "f", ReadFile: files(map[string]string{"f": dump.String()})})
				got, err = again.Connections["pingone"].SavedViews()
				require.NoError(t, err, query)
				assert.Equal(t, want, got, "%s", &dump)
			}
		}
	}
}

// TestAddressesOfProxies takes the address apart again.
func TestAddressesOfProxies(t *testing.T) {
	t.Parallel()
	for server, host := range map[string]string{
		"proxy.example": "proxy.example", "http://proxy.example": "proxy.example", "https://proxy.example:3129": "proxy.example",
		"10.1.2.3": "10.1.2.3", "[2001:db8::1]": "2001:db8::1", "http://[2001:db8::1]:8080": "2001:db8::1",
	} {
		for _, port := range []int{1, 80, 65535} {
			for _, user := range []string{"", "u", "a@b:c/d"} {
				for _, password := range []string{"", "p", "p@:/?#ü"} {
					n := config.Connection{ProxyServer: server, ProxyPort: port, ProxyUser: user, ProxyPassword: tokens.NewSecret(password)}
					text, err := n.Proxy()
					require.NoError(t, err)
					got, err := url.Parse(text)
					require.NoError(t, err, text)
					scheme := "http"
					if strings.HasPrefix(server, "https:") {
						scheme = "https"
					}
					assert.Equal(t, scheme, got.Scheme)
					assert.Equal(t, net.JoinHostPort(host, fmt.Sprint(port)), got.Host, "%s with port %d", server, port)
					if user == "" {
						assert.Nil(t, got.User, text)
						continue
					}
					gotPassword, _ := got.User.Password()
					assert.Equal(t, []string{user, password}, []string{got.User.Username(), gotPassword})
				}
			}
		}
	}
}
