//go:build duckdb_arrow

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestEveryRefusalIsRecorded: whatever a request is refused for, there is one
// record of it, in OData as in SQL.
func TestEveryRefusalIsRecorded(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	key, busy := newKey(t, keys, "reporting", "staff"), newKey(t, keys, "busy", "staff", "slow")
	g := start(t, sim.Options{}, map[string]string{
		"auth.mode": "keys", "auth.keys_file": keys, "limits.request_size": "2KiB", "limits.url_size": "1KiB",
		"auth.policy_file": file(t, "policy.yaml", seesUsernames+slowRole),
	})
	const users, query = "/odata/pingone/Administrators/Users", "/odata/pingone/Administrators/Users/$query"
	long := strings.Repeat("x", 3000)
	header := func(name, value string) credentials {
		return func(r *http.Request) { bearerToken(key)(r); r.Header.Set(name, value) }
	}
	mine := bearerToken(key)
	g.get(t, bearerToken(busy), users) // its only request
	cases := map[string]struct {
		who                credentials
		method, path, body string
		status             int
		outcome            string
	}{
		"odata syntax":            {mine, "GET", users + "?$filter=Username%20eq", "", 400, "syntax"},
		"odata broken escape":     {mine, "GET", users + "?$filter=%zz", "", 400, "syntax"},
		"odata unknown set":       {mine, "GET", "/odata/pingone/Administrators/Nothing", "", 404, "unknown_table"},
		"odata unknown schema":    {mine, "GET", "/odata/pingone/Nothing/Users", "", 404, "unknown_schema"},
		"odata unknown property":  {mine, "GET", users + "?$select=Nothing", "", 400, "unknown_column"},
		"odata hidden column":     {mine, "GET", users + "?$select=Email", "", 400, "unknown_column"},
		"odata no connection":     {mine, "GET", "/odata/nothing/Administrators/Users", "", 404, "not_found"},
		"odata nothing named":     {mine, "GET", "/odata/", "", 404, "not_found"},
		"odata method":            {mine, "DELETE", users, "", 405, "method_not_allowed"},
		"odata version":           {header("OData-MaxVersion", "2.0"), "GET", users, "", 406, "not_acceptable"},
		"odata media":             {mine, "POST", query, "{}", 415, "unsupported_media_type"},
		"odata size":              {mine, "POST", query, long, 413, "too_large"},
		"odata address":           {mine, "GET", users + "?$filter=" + long, "", 413, "too_large"},
		"odata rate":              {bearerToken(busy), "GET", users, "", 429, "too_many_requests"},
		"odata credentials":       {bearerToken("wrong"), "GET", users, "", 401, "unauthenticated"},
		"odata foreign page":      {header("Sec-Fetch-Site", "cross-site"), "POST", query, "$top=1", 403, "forbidden"},
		"odata NUL in the path":   {mine, "GET", users + "%00", "", 400, "bad_request"},
		"odata NUL in the query":  {mine, "GET", users + "?$filter=Username%20eq%20'%00'", "", 400, "bad_request"},
		"odata NUL in the body":   {mine, "POST", query, "$filter=Username eq '%00'", 400, "syntax"},
		"odata NUL as it is":      {mine, "POST", query, "$filter=Username eq '\x00'", 400, "syntax"},
		"sql NUL in the query":    {mine, "GET", "/sql?query=SELECT%201%00", "", 400, "bad_request"},
		"sql syntax":              {mine, "POST", "/sql", "SELECT FROM", 400, "syntax"},
		"sql unknown table":       {mine, "POST", "/sql", "SELECT 1 FROM Nothing", 404, "unknown_table"},
		"sql hidden column":       {mine, "POST", "/sql", "SELECT Email FROM Users", 400, "unknown_column"},
		"sql no connection":       {mine, "GET", "/sql?connection=nothing&query=SELECT%201", "", 404, "not_found"},
		"sql method":              {mine, "DELETE", "/sql", "", 405, "method_not_allowed"},
		"sql no statement":        {mine, "POST", "/sql", "", 400, "bad_request"},
		"sql size":                {mine, "POST", "/sql", long, 413, "too_large"},
		"sql address":             {mine, "GET", "/sql?query=" + long, "", 413, "too_large"},
		"sql rate":                {bearerToken(busy), "POST", "/sql", "SELECT 1", 429, "too_many_requests"},
		"sql credentials":         {bearerToken("wrong"), "POST", "/sql", "SELECT 1", 401, "unauthenticated"},
		"sql foreign page":        {header("Sec-Fetch-Site", "cross-site"), "POST", "/sql", "SELECT 1", 403, "forbidden"},
		"mcp size":                {mine, "POST", "/mcp", long, 413, "too_large"},
		"mcp credentials":         {bearerToken("wrong"), "POST", "/mcp", "{}", 401, "unauthenticated"},
		"mcp foreign page":        {header("Sec-Fetch-Site", "cross-site"), "POST", "/mcp", "{}", 403, "forbidden"},
		"sql foreign page by GET": {header("Sec-Fetch-Site", "cross-site"), "GET", "/sql?query=SELECT%201", "", 403, "forbidden"},
	}
	for name, c := range cases {
		id := "case-" + strings.ReplaceAll(name, " ", "-")
		got := g.send(t, func(r *http.Request) {
			c.who(r)
			r.Header.Set("X-Request-Id", id)
			if strings.HasPrefix(c.path, query) && c.status != http.StatusUnsupportedMediaType {
				r.Header.Set("Content-Type", "text/plain")
			}
		}, c.method, c.path, c.body)
		assert.Equal(t, c.status, got.status, "%s: %s", name, got.body)
	}
	found := map[string][]map[string]any{}
	for _, l := range g.audited(t, len(cases)+1) {
		id, _ := l["request_id"].(string)
		found[id] = append(found[id], l)
	}
	for name, c := range cases {
		records := found["case-"+strings.ReplaceAll(name, " ", "-")]
		if assert.Len(t, records, 1, name) {
			frontEnd, _, _ := strings.Cut(name, " ")
			assert.Equal(t, c.outcome, records[0]["outcome"], name)
			assert.Equal(t, frontEnd, records[0]["front_end"], name)
			assert.Equal(t, "127.0.0.1", records[0]["remote"], name)
			assert.Contains(t, []any{nil, frontEnd}, records[0]["language"], name)
			assert.NotContains(t, fmt.Sprint(records[0]["statement"]), long[:100], name)
		}
	}
}

func TestAddressesOfFeedsThatLackSomething(t *testing.T) {
	t.Parallel()
	g := start(t, sim.Options{}, map[string]string{"auth.mode": "none"})
	for path, says := range map[string]string{
		"/odata":                              "The address lacks the name of a connection. Feeds are at /odata/connection/environment/. There is pingone.",
		"/odata/Administrators/Users":         "There is no connection named \"Administrators\". There is pingone.",
		"/odata/pingon/Administrators/Users":  "There is no connection named \"pingon\". Did you mean pingone?",
		"/odata/pingone/Administrator/Users":  "There is no schema Administrator that you may see. Did you mean Administrators?",
		"/odata/pingone/Nowhere/Users":        "There is no schema Nowhere that you may see. You may see Information, Administrators",
		"/odata/pingone/Administrators/Usres": "There is no entity set Usres. (at character 1) Did you mean Users?",
	} {
		got := g.get(t, func(r *http.Request) { r.Header.Set("X-Request-Id", "request-7") }, path)
		assert.Equal(t, http.StatusNotFound, got.status, path)
		var body struct {
			Error struct {
				Message string
				Inner   struct{ RequestID string } `json:"innererror"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &body), got.body)
		assert.Contains(t, body.Error.Message, says)
		assert.Equal(t, "request-7", body.Error.Inner.RequestID, path)
	}
	assert.Contains(t, g.get(t, nobody, "/odata/pingone").body, `"Administrators"`, "the client follows to the list of schemas")
}

const slowRole = `
  slow:
    limits: {requests_per_second: 0.001}
`
