//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// A batch makes an entity, changes what it has made, and reads it; the audit trail
// has each of them.
func TestBatchChanges(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, MaxAffected: 5, Service: func(c *service.Config) { c.Audit = tr.begin }})
	web := s.Serve(t, testkit.WebOptions{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+"/odata/pingone/Administrators/$batch", strings.NewReader(`{"requests": [
		{"id": "new", "method": "POST", "url": "Groups", "atomicityGroup": "g1", "body": {"Name": "Night shift"}},
		{"id": "changed", "method": "PATCH", "url": "$new", "atomicityGroup": "g2", "dependsOn": ["new"], "body": {"Description": "After ten"}},
		{"id": "read", "method": "GET", "url": "$new?$select=Name,Description", "dependsOn": ["changed"]},
		{"id": "gone", "method": "DELETE", "url": "$new", "dependsOn": ["read"]},
		{"id": "again", "method": "GET", "url": "$new", "dependsOn": ["gone"]}
	]}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var got struct {
		Responses []struct {
			ID     string
			Status int
			Body   map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(raw, &got), string(raw))
	require.Len(t, got.Responses, 5, string(raw))
	var statuses []int
	for _, g := range got.Responses {
		statuses = append(statuses, g.Status)
	}
	assert.Equal(t, []int{201, 204, 200, 204, 404}, statuses, string(raw))
	assert.Equal(t, []any{"Night shift", "After ten"}, []any{got.Responses[2].Body["Name"], got.Responses[2].Body["Description"]})
	web.Stop()
	var actions []string
	for _, record := range tr.take() {
		actions = append(actions, record.Action)
	}
	assert.Equal(t, []string{"write", "write", "query", "write", "query"}, actions)
}
