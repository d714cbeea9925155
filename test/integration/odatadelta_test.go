//go:build duckdb_arrow

package integration

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestDeltaOfActivities: a delta link gives what PingOne's activities name since, as it
// is by now, without reading the directory.
func TestDeltaOfActivities(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}, MaxAffected: 5})
	root := s.Serve(t, testkit.WebOptions{}).URL + odataRoot
	delta := func(address string) (link string, found, gone map[string]any) {
		t.Helper()
		resp, got := sent(t, http.MethodGet, address, "", "Prefer", "odata.track-changes")
		require.Equal(t, http.StatusOK, resp.StatusCode, got)
		found, gone = map[string]any{}, map[string]any{}
		items, _ := got["value"].([]any)
		for _, item := range items {
			e, _ := item.(map[string]any)
			if id, removed := e["id"].(string); removed {
				gone[id] = e["reason"]
			} else if id, there := e["@odata.id"].(string); there {
				found[id] = e["Title"]
			}
		}
		link, _ = got["@odata.deltaLink"].(string)
		require.NotEmpty(t, link)
		return link, found, gone
	}
	made := func(body string) string {
		t.Helper()
		resp, got := sent(t, http.MethodPost, root+"Users", body)
		require.Equal(t, http.StatusCreated, resp.StatusCode, got)
		return resp.Header.Get("Location")
	}
	changed := func(method, address, body string) {
		t.Helper()
		resp, got := sent(t, method, address, body)
		require.Equal(t, http.StatusNoContent, resp.StatusCode, got)
	}
	former := made(`{"Username": "former"}`)
	link, all, _ := delta(root + "Users?$select=Title")
	staff, _, _ := delta(root + "Users?$select=Title&$filter=Title%20eq%20'Staff'")
	require.Contains(t, all, former)

	zoe := made(`{"Username": "zoe", "Title": "Staff"}`)
	var ada string
	for ada = range all {
		if ada != former {
			break
		}
	}
	changed(http.MethodPatch, ada, `{"Title": "Changed"}`)
	changed(http.MethodDelete, former, "")
	s.ResetRequests()
	link, found, gone := delta(link)
	assert.Equal(t, "Staff", found[zoe])
	assert.Equal(t, "Changed", found[ada])
	assert.Equal(t, "deleted", gone[former])
	assert.NotContains(t, found, former)
	assert.Less(t, s.Calls(), 3000/200, "calls")

	changed(http.MethodPatch, zoe, `{"Title": "Guest"}`)
	_, found, gone = delta(staff)
	assert.Empty(t, found)
	assert.Equal(t, "changed", gone[zoe])
	assert.Equal(t, "changed", gone[ada])
	_, found, _ = delta(link)
	assert.Equal(t, "Guest", found[zoe], "from one delta to the next")

	groups, _, _ := delta(root + "Groups?$select=Name")
	resp, got := sent(t, http.MethodPost, root+"Groups", `{"Name": "Night shift"}`, "Prefer", "track-changes")
	require.Equal(t, http.StatusCreated, resp.StatusCode, got)
	assert.Empty(t, resp.Header.Get("Preference-Applied"), "of a change")
	_, found, _ = delta(groups)
	assert.Contains(t, found, resp.Header.Get("Location"))
}
