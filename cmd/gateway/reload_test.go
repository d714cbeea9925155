//go:build duckdb_arrow

package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

const seesUsernames = `
version: 1
roles:
  staff:
    grants: [{connections: ["*"], schemas: ["*"], tables: [Users], columns: [Id, Username]}]
`

// reloading is a gateway whose configuration is a file, and the flags to read
// it again.
func reloading(t *testing.T, set map[string]string, text string) (*running, *configFlags) {
	t.Helper()
	s, address := simulator(t, sim.Options{})
	flags := settings(t, s, address, set)
	delete(flags, "log.level")
	f := &configFlags{path: file(t, "gateway.yaml", text)}
	for _, k := range slices.Sorted(maps.Keys(flags)) {
		if flags[k] != "" {
			f.set = append(f.set, k+"="+flags[k])
		}
	}
	cfg, err := f.load()
	require.NoError(t, err)
	r := startWith(t, cfg)
	r.sim, r.simAt = s, address
	return r, f
}

func TestReloadTakesOverPolicyKeysAndLogLevel(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	first, second := newKey(t, keys, "first", "staff"), newKey(t, keys, "second", "staff")
	policy := file(t, "policy.yaml", seesUsernames)
	g, f := reloading(t, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": policy}, "log: {level: warn}\n")
	assert.Len(t, g.sql(t, bearerToken(first), "SELECT * FROM Users LIMIT 1").rows(t)[0], 2)
	assert.Equal(t, "warn", g.app.log.Level())

	require.NoError(t, os.WriteFile(policy, []byte("version: 1\nroles:\n  staff:\n    grants: [{connections: ['*'], schemas: ['*'], tables: [Users], columns: [Id]}]\n"), 0o600))
	require.NoError(t, os.WriteFile(f.path, []byte("log: {level: debug}\n"), 0o600))
	_, err := (&apikey.File{Path: keys}).Revoke(t.Context(), "second")
	require.NoError(t, err)
	g.reload(t.Context(), f)

	assert.Equal(t, "debug", g.app.log.Level())
	assert.Len(t, g.sql(t, bearerToken(first), "SELECT * FROM Users LIMIT 1").rows(t)[0], 1)
	assert.Equal(t, http.StatusUnauthorized, g.sql(t, bearerToken(second), "SELECT 1").status)
}

func TestAWrongReloadChangesNothing(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "first", "staff")
	policy := file(t, "policy.yaml", seesUsernames)
	g, f := reloading(t, map[string]string{"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": policy}, "log: {level: warn}\n")
	for path, text := range map[string]string{policy: "roles: nonsense", f.path: "log: {level: shouting}\n", keys: "{"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	g.reload(t.Context(), f)
	assert.Len(t, g.sql(t, bearerToken(key), "SELECT * FROM Users LIMIT 1").rows(t)[0], 2)
	assert.Equal(t, "warn", g.app.log.Level())
	for _, what := range []string{"configuration", "policy", "keys"} {
		assert.Contains(t, g.logged.String(), `"what":"`+what+`"`, "the log says what failed")
	}
}

// TestReloadTakesOverClientSecrets rotates the application's secret while a
// query of the old connection is under way.
func TestReloadTakesOverClientSecrets(t *testing.T) {
	t.Parallel()
	secret := file(t, "secret", "not-the-secret-yet")
	g, f := reloading(t, map[string]string{"auth.mode": "none", "connections.pingone.oauth_client_secret": ""},
		fmt.Sprintf("connections: {pingone: {oauth_client_secret_file: %s}}\n", secret))
	assert.Equal(t, "upstream_auth", g.sql(t, nobody, "SELECT count(*) FROM Users").code(t))
	require.NoError(t, os.WriteFile(secret, []byte(sim.AppWorker.Secret+"\n"), 0o600))
	g.reload(t.Context(), f)
	assert.EqualValues(t, 120, g.sql(t, nobody, "SELECT count(*) FROM Users").rows(t)[0][0])
	before, _ := g.pool.Get("pingone")
	g.reload(context.Background(), f)
	after, _ := g.pool.Get("pingone")
	assert.Same(t, before, after, "what has not changed stays")
	assert.NotContains(t, g.logged.String(), sim.AppWorker.Secret)
}
