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

// An update of nothing, or of what updates ignore, is one that succeeds: nothing is
// written, but the entity must be there and be the one that the client has read.
//
// Source: OData 4.01 Part 1, sections 11.4.3 and 8.2.4 (If-Match).
func TestODataUpdatesOfNothing(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 5}})
	web := s.Serve(t, testkit.WebOptions{})
	root := web.URL + "/odata/pingone/Administrators/"
	group := root + "Groups(" + s.Query(t, "SELECT Id FROM Groups WHERE Name = 'Sales'")[0][0] + ")"
	resp, before := sent(t, http.MethodGet, group, "")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	tag := resp.Header.Get("ETag")
	require.NotEmpty(t, tag)
	nobody := root + "Groups(00000000-0000-4000-8000-000000000000)"
	for _, c := range []struct {
		name, method, address, body string
		header                      []string
		status                      int
	}{
		{"no members", "PATCH", group, `{}`, nil, http.StatusNoContent},
		{"what PingOne sets", "PATCH", group, `{"CreatedAt": "2020-01-01T00:00:00Z", "Id": "00000000-0000-0000-0000-000000000000"}`, nil, http.StatusNoContent},
		{"control information", "PATCH", group, `{"@odata.type": "#PingOne.Group", "@odata.context": "x"}`, nil, http.StatusNoContent},
		{"with its tag", "PATCH", group, `{}`, []string{"If-Match", tag}, http.StatusNoContent},
		{"with another's tag", "PATCH", group, `{}`, []string{"If-Match", `W/"another"`}, http.StatusPreconditionFailed},
		{"nobody", "PATCH", nobody, `{}`, nil, http.StatusNotFound},
		{"nobody, to be shown", "PATCH", nobody, `{}`, []string{"Prefer", "return=representation"}, http.StatusNotFound},
		{"no body", "PATCH", group, ``, nil, http.StatusUnsupportedMediaType},
		{"no object", "PATCH", group, `null`, nil, http.StatusBadRequest},
		{"a set", "PATCH", root + "Groups", `{}`, nil, http.StatusMethodNotAllowed},
		{"rows that nobody changes", "PATCH", root + "Schemas(57de9478-0000-4383-ab62-4e086c741dff)", `{}`, nil, http.StatusMethodNotAllowed},
		{"a new entity without what it needs", "POST", root + "Groups", `{}`, nil, http.StatusBadRequest},
		{"a whole entity without what it needs", "PUT", group, `{}`, nil, http.StatusBadRequest},
		{"a whole entity without its name", "PUT", group, `{"Description": null}`, nil, http.StatusBadRequest},
		{"the key alone", "PUT", group + "/Id", `{"value": "00000000-0000-0000-0000-000000000000"}`, nil, http.StatusMethodNotAllowed},
	} {
		s.ResetRequests()
		resp, got := sent(t, c.method, c.address, c.body, c.header...)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", c.name, got)
		assert.Empty(t, written(s), c.name)
		if c.status == http.StatusNoContent {
			assert.Equal(t, group, resp.Header.Get("OData-EntityId"), c.name)
			assert.NotEmpty(t, s.Requests(), "%s: the entity must be there", c.name)
		}
	}
	s.ResetRequests()
	resp, got := sent(t, http.MethodPatch, group+"?$select=Name", `{}`, "Prefer", "return=representation")
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "return=representation", resp.Header.Get("Preference-Applied"))
	assert.Equal(t, before["Name"], got["Name"])
	assert.Equal(t, tag, resp.Header.Get("ETag"))
	assert.Empty(t, written(s))
	_, after := sent(t, http.MethodGet, group, "")
	assert.Equal(t, before, after)
}
