//go:build duckdb_arrow

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/tokens/seal"
)

// checked runs "gateway check" and returns what it prints.
func checked(t *testing.T, set map[string]string) (string, error) {
	t.Helper()
	s, address := simulator(t, sim.Options{})
	cfg, err := config.Load(config.Sources{File: os.DevNull, Flags: settings(t, s, address, set)})
	require.NoError(t, err)
	a, err := newApp(t.Context(), cfg, &buffer{})
	require.NoError(t, err)
	defer func() { assert.NoError(t, a.Close(context.Background())) }()
	var out bytes.Buffer
	err = a.probe.Report(t.Context(), &out)
	return out.String(), err
}

func TestCheckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		set    map[string]string
		failed string // the step that fails; "" for none
		hint   string
	}{
		"all is well":       {nil, "", ""},
		"wrong secret":      {map[string]string{"connections.pingone.oauth_client_secret": "wrong-secret-4711"}, "access token", "secret"},
		"nobody there":      {map[string]string{"connections.pingone.api_url": "http://127.0.0.1:1/v1"}, "API reachable", "Check the network"},
		"no such host":      {map[string]string{"connections.pingone.api_url": "https://no-such-host.invalid/v1"}, "API reachable", "Check Region"},
		"no role":           {map[string]string{"connections.pingone.oauth_client_id": sim.AppNoRoles.ID, "connections.pingone.oauth_client_secret": sim.AppNoRoles.Secret}, "access token", "role"},
		"Redis is down":     {map[string]string{"redis.url": "redis://127.0.0.1:1", "tokens.encryption_keys": seal.GenerateKey("1").Reveal()}, "reachable", "redis.url"},
		"policy of a typo":  {map[string]string{"auth.policy_file": file(t, "p.yaml", strings.Replace(seesUsernames, "Username", "Usernam", 1))}, "policy", "auth.policy_file"},
		"policy that fits":  {map[string]string{"auth.policy_file": file(t, "p.yaml", seesUsernames)}, "", ""},
		"views that fit":    {map[string]string{"connections.pingone.user_defined_views": `{"Staff": "SELECT TOP 5 Id FROM CData.Administrators.Users"}`}, "", ""},
		"a view of a typo":  {map[string]string{"connections.pingone.user_defined_views": `{"Staff": "SELECT Idd FROM Users"}`}, "view Staff", "Id"},
		"proxy nobody runs": {map[string]string{"connections.pingone.proxy_server": "127.0.0.1", "connections.pingone.proxy_port": "1", "connections.pingone.api_url": "https://pingone.invalid/v1"}, "API reachable", "ProxyServer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := map[string]string{"auth.mode": "none"}
			for k, v := range c.set {
				set[k] = v
			}
			out, err := checked(t, set)
			assert.NotContains(t, out, "wrong-secret-4711")
			if c.failed == "" {
				require.NoError(t, err, out)
				assert.Contains(t, out, "environment Administrators")
				assert.Contains(t, out, "All is well.")
				return
			}
			require.Error(t, err, out)
			assert.Equal(t, 2, exitCode(err))
			at := strings.Index(out, "FAILED")
			require.GreaterOrEqual(t, at, 0, out)
			assert.Contains(t, out[at:], c.failed)
			assert.Contains(t, strings.ToLower(out[at:]), strings.ToLower(c.hint), out)
		})
	}
}

func TestKeysThatAreThere(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	create := func(flags ...string) (string, string, error) {
		c := keysCommand()
		var out, said bytes.Buffer
		c.SetOut(&out)
		c.SetErr(&said)
		c.SilenceErrors, c.SilenceUsage = true, true
		c.SetArgs(append([]string{"create", "demo", "--file", keys}, flags...))
		err := c.ExecuteContext(t.Context())
		return out.String(), said.String(), err
	}
	made, _, err := create("--if-missing")
	require.NoError(t, err)
	assert.NotEmpty(t, made)
	again, said, err := create("--if-missing")
	require.NoError(t, err, "a second start of the demo's containers")
	assert.Empty(t, again)
	assert.Contains(t, said, "There is a key named demo")
	_, _, err = create()
	require.ErrorContains(t, err, "There is an active key")
}

func TestTheVersionIsAFlagToo(t *testing.T) {
	t.Parallel()
	said := func(arg string) string {
		c := root()
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetArgs([]string{arg})
		require.NoError(t, c.ExecuteContext(t.Context()))
		return out.String()
	}
	assert.Equal(t, said("version"), said("--version"))
	assert.Contains(t, said("--version"), "gateway ")
}

func TestSealingKeysForTheConfiguration(t *testing.T) {
	t.Parallel()
	made := func(args ...string) seal.Key {
		c := keysCommand()
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetArgs(append([]string{"seal"}, args...))
		require.NoError(t, c.ExecuteContext(t.Context()))
		key, err := seal.ParseKey(strings.TrimSpace(out.String()))
		require.NoError(t, err)
		assert.Len(t, key.Secret, 32)
		return key
	}
	assert.Equal(t, "autumn", made("--id", "autumn").ID)
	first, second := made(), made()
	assert.NotEqual(t, first.ID, second.ID, "two keys of one moment")
}

// TestLinksOutliveTheirKey follows a feed's next link at gateways that have its key
// in the first place, behind the next one, and no more.
func TestLinksOutliveTheirKey(t *testing.T) {
	t.Parallel()
	s, address := simulator(t, sim.Options{})
	a, b := seal.GenerateKey("a").Reveal(), seal.GenerateKey("b").Reveal()
	signed := func(keys string) *running {
		return startOver(t, settings(t, s, address, map[string]string{"auth.mode": "none", "odata.link_keys": keys}))
	}
	first := signed(a)
	var page struct {
		Next string `json:"@odata.nextLink"`
	}
	answer := first.get(t, func(r *http.Request) { r.Header.Set("Prefer", "odata.maxpagesize=50") }, "/odata/pingone/Administrators/Users?$select=Username")
	require.NoError(t, json.Unmarshal([]byte(answer.body), &page), answer.body)
	link, ours := strings.CutPrefix(page.Next, first.base)
	require.True(t, ours, page.Next)
	for keys, status := range map[string]int{a: http.StatusOK, b + "," + a: http.StatusOK, a + "," + b: http.StatusOK, b: http.StatusGone} {
		got := signed(keys).get(t, nobody, link)
		assert.Equal(t, status, got.status, got.body)
	}
}

func TestReadinessShowsTheSameSteps(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	newKey(t, keys, "someone")
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": file(t, "p.yaml", strings.Replace(seesUsernames, "Username", "Usernam", 1)),
	})
	require.Eventually(t, func() bool {
		return ask(t, http.DefaultClient, nobody, http.MethodGet, g.admin+"/readyz", "").status == http.StatusOK
	}, patience, 20*time.Millisecond, "a policy that does not fit decides nothing")
	body := ask(t, http.DefaultClient, nobody, http.MethodGet, g.admin+"/readyz?verbose", "").body
	assert.Contains(t, body, `"clock:pingone"`)
	assert.Contains(t, body, `"policy:pingone"`)
	assert.Contains(t, body, "does not fit the connection")
}
