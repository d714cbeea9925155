//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// sent sends a request with a JSON body and reads the answer.
func sent(t *testing.T, method, address, body string, header ...string) (*http.Response, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var out map[string]any
	if len(raw) > 0 {
		require.NoError(t, json.Unmarshal(raw, &out), string(raw))
	}
	return resp, out
}

// Entities are made, changed, replaced and deleted over HTTP, by the calls that
// SQL makes.
//
// Source: OData 4.01 Part 1, section 11.4.
func TestODataChanges(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, MaxAffected: 5})
	web := s.Serve(t, testkit.WebOptions{})
	root := web.URL + "/odata/pingone/Administrators/"
	send := func(method, address, body string, header ...string) (*http.Response, map[string]any) {
		t.Helper()
		return sent(t, method, address, body, header...)
	}

	resp, made := send("POST", root+"Groups?$select=Name,Description,CustomData", `{"@odata.type": "#PingOne.Group", "Name": "Night shift", "Description": null, "CustomData": "{\"floor\":3}"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode, made)
	assert.Equal(t, "Night shift", made["Name"])
	assert.JSONEq(t, `{"floor":3}`, made["CustomData"].(string))
	group := resp.Header.Get("Location")
	require.True(t, strings.HasPrefix(group, root+"Groups("), group)
	assert.Equal(t, "4.0", resp.Header.Get("OData-Version"))

	s.ResetRequests()
	resp, _ = send("PATCH", group, `{"Description": "After ten", "Id": "00000000-0000-0000-0000-000000000000", "CreatedAt": "2020-01-01T00:00:00Z"}`)
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	assert.Equal(t, group, resp.Header.Get("OData-EntityId"))
	assert.Equal(t, []string{"PUT groups/{id}"}, written(s), "keys and what PingOne sets are left out")

	resp, got := send("PATCH", group, `{"Name": "Late shift"}`, "Prefer", "return=representation")
	require.Equal(t, http.StatusOK, resp.StatusCode, got)
	assert.Equal(t, "return=representation", resp.Header.Get("Preference-Applied"))
	assert.Equal(t, []any{"Late shift", "After ten"}, []any{got["Name"], got["Description"]})

	resp, got = send("PUT", group, `{"Name": "Late shift"}`, "Prefer", "return=representation")
	require.Equal(t, http.StatusOK, resp.StatusCode, got)
	assert.Nil(t, got["Description"], "a PUT clears what it leaves out")

	resp, _ = send("POST", root+"Users", `{"Username": "zoe", "IsEnabled": false}`, "Prefer", "return=minimal")
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	user := resp.Header.Get("Location")
	assert.Equal(t, user, resp.Header.Get("OData-EntityId"))
	_, got = send("GET", user, "")
	assert.Equal(t, []any{"zoe", false}, []any{got["Username"], got["IsEnabled"]})

	ids := func(address string) string {
		return strings.TrimSuffix(address[strings.LastIndexByte(address, '(')+1:], ")")
	}
	resp, got = send("POST", root+"UserGroupAssociations", `{"UserId": "`+strings.ToUpper(ids(user))+`", "GroupId": "`+ids(group)+`"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode, got)
	assert.Equal(t, "Late shift", got["GroupName"])
	resp, _ = send("DELETE", resp.Header.Get("Location"), "")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	resp, _ = send("DELETE", user, "")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)

	refused := []struct {
		name, method, address, body string
		status                      int
		target                      string
	}{
		{"gone", "DELETE", user, "", http.StatusNotFound, ""},
		{"gone as well", "PATCH", user, `{"Title": "x"}`, http.StatusNotFound, ""},
		{"no such property", "POST", root + "Users", `{"Username": "x", "Nonsense": 1}`, http.StatusBadRequest, "Nonsense"},
		{"no text", "POST", root + "Users", `{"Username": 7}`, http.StatusBadRequest, "Username"},
		{"no guid", "POST", root + "Users", `{"Username": "x", "PopulationId": "p"}`, http.StatusBadRequest, "PopulationId"},
		{"no truth value", "POST", root + "Users", `{"Username": "x", "IsEnabled": "true"}`, http.StatusBadRequest, "IsEnabled"},
		{"no JSON text", "POST", root + "Groups", `{"Name": "x", "CustomData": "{"}`, http.StatusBadRequest, "CustomData"},
		{"a value too few", "POST", root + "Users", `{"Title": "x"}`, http.StatusBadRequest, "Username"},
		{"a condition", "POST", root + "Groups?$filter=true", `{"Name": "x"}`, http.StatusBadRequest, "$filter"},
		{"a condition, and no entity wanted", "POST", root + "Groups?$top=1", `{"Name": "x"}`, http.StatusBadRequest, "$top"},
		{"a property to show that there isn't", "POST", root + "Groups?$select=Nonsense", `{"Name": "x"}`, http.StatusBadRequest, "$select"},
		{"another type", "POST", root + "Groups", `{"@odata.type": "#PingOne.User", "Name": "x"}`, http.StatusBadRequest, "@odata.type"},
		{"another type, in short", "PATCH", group, `{"@type": "PingOne.User", "Description": "x"}`, http.StatusBadRequest, "@type"},
		{"a name twice", "PATCH", group, `{"Description": "a", "Description": "b"}`, http.StatusBadRequest, "Description"},
		{"two objects", "PATCH", group, `{"Description": "a"} {"Description": "b"}`, http.StatusBadRequest, ""},
		{"half a character", "PATCH", group, `{"Description": "\ud83d"}`, http.StatusBadRequest, "Description"},
		{"no UTF-8", "PATCH", group, "{\"Description\": \"a\xff\"}", http.StatusBadRequest, ""},
		{"a list with a null", "POST", root + "AlertChannels", `{"ChannelType": "EMAIL", "Addresses": ["a@example.com", null]}`, http.StatusBadRequest, "Addresses"},
		{"a fraction", "PATCH", root + "MFASettings(" + s.EnvironmentID(sim.EnvironmentAdministrators) + ")", `{"MaxAllowedDevices": 1.5}`, http.StatusBadRequest, "MaxAllowedDevices"},
		{"no object", "PATCH", group, `[]`, http.StatusBadRequest, ""},
		{"related entities", "POST", root + "Users", `{"Username": "x", "Population": {"Name": "y"}}`, http.StatusNotImplemented, "Population"},
		{"an entity by POST", "POST", group, `{"Name": "x"}`, http.StatusMethodNotAllowed, ""},
		{"a set by DELETE", "DELETE", root + "Users", "", http.StatusMethodNotAllowed, ""},
		{"the service by POST", "POST", root, `{}`, http.StatusMethodNotAllowed, ""},
		{"a table that is only read", "DELETE", root + "Schemas(57de9478-0000-4383-ab62-4e086c741dff)", "", http.StatusMethodNotAllowed, ""},
		{"what is given once", "PATCH", group, `{"PopulationId": "00000000-0000-4000-8000-000000000000"}`, http.StatusBadRequest, "PopulationId"},
		{"a taken name", "POST", root + "Users", `{"Username": "ada.admin"}`, http.StatusConflict, "Username"},
	}
	resp, _ = send("PATCH", group, `{"Description": "\\ufffd \ufffd �"}`) // said three times, none by halves
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	for _, c := range refused {
		s.ResetRequests()
		resp, got := send(c.method, c.address, c.body)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", c.name, got)
		if c.status != http.StatusConflict {
			assert.Empty(t, written(s), c.name)
		}
		assert.Equal(t, c.status == http.StatusMethodNotAllowed, resp.Header.Get("Allow") != "", c.name)
		if c.target != "" {
			failure, _ := got["error"].(map[string]any)
			assert.Equal(t, c.target, failure["target"], "%s: %v", c.name, got)
		}
	}
	for _, version := range []string{"3.0", "9.0", "x"} {
		s.ResetRequests()
		resp, got := send("PATCH", group, `{"Description": "x"}`, "OData-Version", version)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode, "%v", got)
		assert.Empty(t, written(s), version)
	}
	_, got = send("POST", root+"Users", `{"Title": "x"}`)
	assert.Contains(t, fmt.Sprint(got), "A new entity of Users needs a value for")
	assert.NotContains(t, fmt.Sprint(got), "INSERT")
	_, got = send("PATCH", group, `{"description": "x"}`)
	assert.Contains(t, fmt.Sprint(got), "Groups has no property description. Did you mean Description?")
	resp, _ = send("PATCH", group, `{"Name": "x"}`, "Content-Type", "text/plain")
	assert.Equal(t, http.StatusUnsupportedMediaType, resp.StatusCode)

	metadata, err := http.Get(root + "$metadata")
	require.NoError(t, err)
	defer metadata.Body.Close()
	text, err := io.ReadAll(metadata.Body)
	require.NoError(t, err)
	assert.Contains(t, string(text), `Property="Insertable" Bool="true"`)
	assert.Contains(t, string(text), `Property="Insertable" Bool="false"`)
}

// Once a change is made, its answer is no error, even where the entity can't be shown.
//
// Source: OData 4.01 Part 1, sections 9.1.4 and 8.2.8.7.
func TestChangeThatCantBeShown(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}})
	web := s.Serve(t, testkit.WebOptions{})
	groups := web.URL + "/odata/pingone/Administrators/Groups"
	unseen := sim.Fault{Match: "GET /v1/environments/*/groups/**", Do: "status", Status: http.StatusForbidden, Times: -1}
	require.NoError(t, s.SetFaults(unseen))

	resp, got := sent(t, "POST", groups, `{"Name": "Unseen"}`)
	assert.Equal(t, http.StatusNoContent, resp.StatusCode, "%v", got)
	assert.True(t, strings.HasPrefix(resp.Header.Get("Location"), groups+"("), resp.Header)
	assert.Equal(t, resp.Header.Get("Location"), resp.Header.Get("OData-EntityId"))

	unseen.After = 2 // what is changed is read before, and by its writer
	require.NoError(t, s.SetFaults(unseen))
	resp, got = sent(t, "PATCH", resp.Header.Get("Location"), `{"Description": "x"}`, "Prefer", "return=representation")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode, "%v", got)
	assert.Empty(t, resp.Header.Get("Preference-Applied"))
	require.NoError(t, s.SetFaults())
	_, got = sent(t, "GET", resp.Header.Get("OData-EntityId"), "")
	assert.Equal(t, "x", got["Description"])
}
