//go:build duckdb_arrow

package walks

import (
	"encoding/json"
	"flag"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var long = flag.Bool("long", false, "read every table of the demo, at the pace of PingOne's limits")

// TestEveryTableOfTheDemo reads the first rows of every table in each kind of
// schema as the demo's users do, and tells how long that takes: most of it is the
// limit of 600 calls a minute for configuration, which the gateway keeps to.
func TestEveryTableOfTheDemo(t *testing.T) {
	t.Parallel()
	if !*long {
		t.Skip("takes two minutes; run it with -long")
	}
	p := startDemo(t)
	base, admin := strings.TrimSuffix(p.page, "/"), p.admin
	read := func(method, address, body string, into any) {
		status, _, text := ask(t, method, base+address, body, "Content-Type", "application/json")
		require.Equal(t, http.StatusOK, status, "%s: %s", address, text)
		require.NoError(t, json.Unmarshal([]byte(text), into))
	}
	began, tables := time.Now(), 0
	for _, schema := range []string{"Information", "Administrators", "AllEnvironments"} {
		var service struct{ Value []struct{ Name, Kind string } }
		read(http.MethodGet, "/odata/pingone/"+schema+"/", "", &service)
		for _, set := range service.Value {
			if set.Kind != "" && set.Kind != "EntitySet" {
				continue
			}
			tables++
			var feed struct{ Value []any }
			read(http.MethodGet, "/odata/pingone/"+schema+"/"+set.Name+"?$top=3", "", &feed)
			var answer struct{ Rows []any }
			read(http.MethodPost, "/sql", `{"query":"SELECT * FROM \"`+schema+`\".\"`+set.Name+`\" LIMIT 3"}`, &answer)
			assert.NotEmpty(t, feed.Value, "%s.%s over OData", schema, set.Name)
			assert.Len(t, answer.Rows, len(feed.Value), "%s.%s in SQL", schema, set.Name)
		}
		t.Logf("%s, %v after the start", schema, time.Since(began).Round(time.Second))
	}
	assert.Greater(t, tables, 180)
	_, _, metrics := ask(t, http.MethodGet, admin+"/metrics", "")
	calls := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^pingone_gateway_upstream_calls_total\{.*group="(\w+)".* (\d+)$`).FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		calls[m[1]] += n
	}
	assert.NotEmpty(t, calls)
	t.Logf("%d tables, calls by rate limit: %v", tables, calls)
	p.stop(t)
}
