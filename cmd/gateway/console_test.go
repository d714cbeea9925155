//go:build duckdb_arrow

package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// A browser gets pages: the same sign-in as for the data, and what the caller's role
// shows.
func TestPagesForPeople(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "anna", "staff")
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "keys", "auth.keys_file": keys, "auth.policy_file": file(t, "policy.yaml", seesUsernames),
	})
	const users = "/odata/pingone/Administrators/Users"
	stranger := g.get(t, fromABrowser(nobody), users)
	assert.Equal(t, http.StatusUnauthorized, stranger.status)
	assert.Contains(t, stranger.body, "<dt>User name</dt><dd>anything</dd><dt>Password</dt><dd>your key</dd>")
	assert.Contains(t, stranger.header.Get("WWW-Authenticate"), "Basic realm=")

	page := g.get(t, fromABrowser(basic("anything", key)), users)
	assert.Equal(t, http.StatusOK, page.status, page.body)
	assert.Contains(t, page.body, "ada.admin")
	assert.NotContains(t, page.body, "Email")
	assert.Equal(t, http.StatusBadRequest, g.get(t, fromABrowser(basic("anything", key)), users+"?$select=Email").status)
}
