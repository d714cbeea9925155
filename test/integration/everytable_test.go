//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// The feed of every table, and its first rows in SQL, have rows in each kind of schema.
func TestEveryTableHasRows(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{}})
	web := s.Serve(t, testkit.WebOptions{})
	began := time.Now()
	for i, schema := range []string{"Information", sim.EnvironmentAdministrators, "AllEnvironments"} {
		root := web.URL + "/odata/pingone/" + schema + "/"
		resp, document := sent(t, http.MethodGet, root, "")
		require.Equal(t, http.StatusOK, resp.StatusCode)
		sets, _ := document["value"].([]any)
		require.Greater(t, len(sets), 5, schema)
		for k, set := range sets {
			if leftOut(k + 4*i) {
				continue
			}
			name, _ := set.(map[string]any)["name"].(string)
			t.Run(schema+"."+name, func(t *testing.T) {
				resp, feed := sent(t, http.MethodGet, root+name+"?$top=3", "")
				require.Equal(t, http.StatusOK, resp.StatusCode, feed)
				rows, _ := feed["value"].([]any)
				assert.NotEmpty(t, rows, "OData")
				query, err := json.Marshal(map[string]string{"query": `SELECT * FROM "` + schema + `"."` + name + `" LIMIT 3`})
				require.NoError(t, err)
				resp, answer := sent(t, http.MethodPost, web.URL+"/sql", string(query))
				require.Equal(t, http.StatusOK, resp.StatusCode, answer)
				found, _ := answer["rows"].([]any)
				assert.Len(t, found, len(rows), "SQL")
			})
		}
		t.Logf("%s: %d tables, %v since the start", schema, len(sets), time.Since(began).Round(time.Second))
	}
}
