//go:build duckdb_arrow

package walks

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A platform engineer has the program and a worker application: writes a configuration,
// with a slip in it, makes a key, checks, starts, looks whether all is well, takes the key
// away again and stops.
func TestThePlatformEngineersWalk(t *testing.T) {
	t.Parallel()
	flags, stop := directory(t)
	defer stop()
	folder := t.TempDir()
	keys, file := filepath.Join(folder, "keys.json"), filepath.Join(folder, "gateway.yaml")
	out, _, code := cli(t, "--version")
	assert.Zero(t, code)
	assert.Contains(t, out, "gateway")

	configure := func(listen string) {
		require.NoError(t, os.WriteFile(file, []byte(`
listen:
  `+listen+`: 127.0.0.1:0
  drain_delay: 0s
admin:
  address: 127.0.0.1:0
  token: the-admin-token
auth:
  mode: keys
  keys_file: `+keys+`
`), 0o600))
	}
	with := func(command ...string) []string { return append(append(command, "--config", file), flags...) }
	configure("adress")
	_, errs, code := cli(t, with("config", "check")...)
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "Did you mean listen.address?")
	configure("address")

	out, errs, code = cli(t, "keys", "create", "excel", "--file", keys)
	key := strings.TrimSpace(out)
	require.Zero(t, code, errs)
	assert.Regexp(t, `^pgw_\S+$`, key, "the key alone, to be piped on")
	assert.NotContains(t, errs, key)
	out, errs, code = cli(t, with("config", "check")...)
	require.Zero(t, code, errs)
	assert.Contains(t, out, "is right")
	out, errs, code = cli(t, with("check")...)
	require.Zero(t, code, errs)
	assert.Contains(t, out, "All is well.")

	p := launch(t, with("serve")...)
	base, admin := "http://"+p.find(t, `"detail":"public (127\.0\.0\.1:\d+)"`), "http://"+p.find(t, `"detail":"admin (127\.0\.0\.1:\d+)"`)
	ready(t, admin+"/readyz")
	looksWell(t, admin)
	callersWalk(t, base, key)

	list, _, _ := cli(t, "keys", "list", "--file", keys)
	assert.Contains(t, list, "excel")
	assert.NotContains(t, list, key)
	_, errs, code = cli(t, "keys", "revoke", "excel", "--file", keys)
	require.Zero(t, code, errs)
	eventually(t, "the revoked key is refused", func() bool {
		status, _, _ := ask(t, http.MethodGet, base+"/odata/pingone/", "", "X-API-Key", key)
		return status == http.StatusUnauthorized
	})
	p.stop(t)
}

// looksWell looks at what an operator has: metrics, and the page behind the token.
func looksWell(t *testing.T, admin string) {
	t.Helper()
	status, _, _ := ask(t, http.MethodGet, admin+"/metrics", "")
	assert.Equal(t, http.StatusUnauthorized, status, "the token is for metrics, too")
	_, _, metrics := ask(t, http.MethodGet, admin+"/metrics", "", "Authorization", "Bearer the-admin-token")
	assert.Contains(t, metrics, "pingone_gateway_service_ready 1")
	page := strings.Replace(admin, "http://", "http://anybody:the-admin-token@", 1)
	_, _, body := ask(t, http.MethodGet, page+"/", "", "Accept", "text/html")
	assert.Contains(t, body, "Ready: the gateway takes requests")
	assert.Contains(t, body, `<th scope="row">excel `, "the key, and when it was used")
}

// callersWalk is what a caller meets without a key, with a wrong one and with the key.
func callersWalk(t *testing.T, base, key string) {
	t.Helper()
	feed := base + "/odata/pingone/Administrators/Users?$top=1"
	status, header, _ := ask(t, http.MethodGet, feed, "")
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Contains(t, header.Get("WWW-Authenticate"), "Basic")
	status, _, _ = ask(t, http.MethodGet, feed, "", "X-API-Key", key+"x")
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _, body := ask(t, http.MethodGet, feed, "", "X-API-Key", key)
	assert.Equal(t, http.StatusOK, status, body)
	status, _, body = ask(t, http.MethodGet, strings.Replace(feed, "http://", "http://anybody:"+key+"@", 1), "")
	assert.Equal(t, http.StatusOK, status, body)
	remoteSQL(t, base, key)
}
