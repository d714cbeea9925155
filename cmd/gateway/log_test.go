//go:build duckdb_arrow

package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestTheLogSaysWhatStartedAndWhoAsked for an operator who has nothing else.
func TestTheLogSaysWhatStartedAndWhoAsked(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keys, "reporting", "staff")
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "keys", "auth.keys_file": keys})
	assert.Equal(t, http.StatusBadRequest, g.sql(t, bearerToken(key), "SELECT FROM").status)
	line := func(message string) (found map[string]any) {
		require.Eventually(t, func() bool {
			for text := range strings.Lines(g.logged.String()) {
				var l map[string]any
				if json.Unmarshal([]byte(text), &l) == nil && l["msg"] == message {
					found = l
				}
			}
			return found != nil
		}, patience, 10*time.Millisecond, message)
		return found
	}
	started := line("started")
	assert.Equal(t, versionText(), started["version"])
	assert.Equal(t, []any{"keys"}, started["auth"])
	assert.Equal(t, []any{"pingone"}, started["connections"])
	assert.Equal(t, []any{"public 127.0.0.1:0", "admin 127.0.0.1:0"}, started["listeners"])
	assert.Contains(t, started, "config")
	request := line("request")
	for name, want := range map[string]any{"method": "POST", "caller": "reporting", "route": "/sql", "code": "syntax", "status": 400.0, "front_end": "sql"} {
		assert.Equal(t, want, request[name], name)
	}
}
