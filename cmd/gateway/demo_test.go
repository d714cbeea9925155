//go:build duckdb_arrow

package main

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheDemoForOtherMachines prints an address and a key by which it answers, and
// nothing is left of the key.
func TestTheDemoForOtherMachines(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	ctx, stop := context.WithCancel(t.Context())
	said, done := &buffer{}, make(chan error, 1)
	f := simulateFlags{listen: "127.0.0.1:0", users: 20, tokenLife: time.Hour, rateLimit: "off"}
	go func() {
		done <- f.share(ctx, said, map[string]string{"listen.address": "0.0.0.0:0", "admin.address": "127.0.0.1:0", "postgres.address": "off", "engine.memory": "512MiB"})
	}()
	printed := regexp.MustCompile(`(?s)In a browser +http://([^/]+)/.*Key +(\S+) .*curl -s -u demo:(\S+) .*Stop with`)
	var found []string
	require.Eventually(t, func() bool { found = printed.FindStringSubmatch(said.String()); return found != nil }, patience, 10*time.Millisecond)
	assert.NotContains(t, found[1], "0.0.0.0", "an address that others can reach")
	assert.Equal(t, found[2], found[3])
	feed := "http://" + found[1] + "/odata/pingone/Administrators/Users?$top=1"
	assert.Equal(t, http.StatusUnauthorized, ask(t, http.DefaultClient, nobody, http.MethodGet, feed, "").status)
	assert.Equal(t, http.StatusOK, ask(t, http.DefaultClient, basic("anybody", found[2]), http.MethodGet, feed, "").status)
	stop()
	require.NoError(t, <-done)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestAddressesFromElsewhere(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "127.0.0.1:8080", fromElsewhere("127.0.0.1:8080"))
	assert.Equal(t, "[::1]:8080", fromElsewhere("[::1]:8080"))
	for _, all := range []string{"0.0.0.0:8080", "[::]:8080"} {
		assert.Regexp(t, `^\d+\.\d+\.\d+\.\d+:8080$`, fromElsewhere(all))
		assert.NotContains(t, fromElsewhere(all), "0.0.0.0")
	}
}
