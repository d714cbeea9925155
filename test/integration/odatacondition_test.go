//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// If-Match and If-None-Match are about the entity that links belong to and actions are
// bound to; what has no tag fits no tag. A condition that isn't met changes nothing.
//
// Source: OData 4.01 Part 1, sections 8.2.4, 8.2.5, 11.4.6 and 11.5.5.1.
func TestConditionsOfLinksAndActions(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, Service: func(c *service.Config) { c.Policy = callers{may: []string{"UnlockUserAccount"}} }})
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	one := func(sql string) string { return s.Query(t, sql)[0][0] }
	id := one("SELECT Id FROM Users WHERE Username = 'ada.admin'")
	user, group := "Users("+id+")", "Groups("+one("INSERT INTO Groups (Name) VALUES ('Choir')")+")"
	population := "Populations(" + one("SELECT PopulationId FROM Users WHERE Id = '"+id+"'") + ")"
	tag := func(address string) string {
		resp, _ := sent(t, "GET", root+address, "")
		require.NotEmpty(t, resp.Header.Get("ETag"))
		return resp.Header.Get("ETag")
	}
	const old = `W/"2001-01-01T00:00:00.000Z"`
	cases := []struct {
		method, address, body string
		owner                 string // "" where nothing has a tag
		status                int
	}{
		{"POST", group + "/Users/$ref", `{"@odata.id":"` + user + `"}`, group, http.StatusNoContent},
		{"DELETE", group + "/Users/$ref?$id=" + user, "", group, http.StatusNoContent},
		{"POST", user + "/Groups/$ref", `{"@odata.id":"` + group + `"}`, user, http.StatusNoContent},
		{"DELETE", user + "/" + group + "/$ref", "", user, http.StatusNoContent},
		{"PUT", user + "/Population/$ref", `{"@odata.id":"` + population + `"}`, user, http.StatusNoContent},
		{"POST", population + "/Users/$ref", `{"@odata.id":"` + user + `"}`, population, http.StatusNoContent},
		{"PATCH", user + "/Title", `{"value":"Dr"}`, user, http.StatusNoContent},
		{"POST", user + "/PingOne.UnlockUserAccount", "", user, http.StatusOK},
		{"POST", "Users/" + id + "/UnlockUserAccount", "{}", user, http.StatusOK},
		{"POST", "Groups", `{"Name":"Band"}`, "", http.StatusCreated},
		{"POST", user + "/UserGroupAssociations", `{"GroupId":"` + group[7:43] + `"}`, "", http.StatusCreated},
	}
	for _, c := range cases {
		s.ResetRequests()
		resp, got := sent(t, c.method, root+c.address, c.body, "If-Match", old)
		assert.Equal(t, http.StatusPreconditionFailed, resp.StatusCode, "%s %s: %v", c.method, c.address, got)
		assert.Empty(t, written(s), "%s %s", c.method, c.address)
		met := "*"
		if c.owner != "" {
			resp, got = sent(t, c.method, root+c.address, c.body, "If-None-Match", old+", "+tag(c.owner))
			assert.Equal(t, http.StatusPreconditionFailed, resp.StatusCode, "%s %s: %v", c.method, c.address, got)
			assert.Empty(t, written(s), "%s %s", c.method, c.address)
			met = old + ", " + tag(c.owner)
		}
		resp, got = sent(t, c.method, root+c.address, c.body, "If-Match", met)
		assert.Equal(t, c.status, resp.StatusCode, "%s %s: %v", c.method, c.address, got)
	}
	resp, _ := sent(t, "POST", root+"Users(00000000-0000-4000-8000-000000000000)/UnlockUserAccount", "", "If-Match", "*")
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
}

// What an answer with full metadata holds can be sent back, and a reference may be null.
//
// Source: OData JSON Format 4.01, sections 4.6 and 8.5; Part 1, section 11.4.3.1.
func TestBodiesAsAnswersHaveThem(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, Service: func(c *service.Config) { c.Policy = callers{may: []string{"UnlockUserAccount"}} }})
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	one := func(sql string) string { return s.Query(t, sql)[0][0] }
	user := "Users(" + one("SELECT Id FROM Users WHERE Username = 'ada.admin'") + ")"

	resp, got := sent(t, "POST", root+"Groups", "\ufeff"+`{"Name":"Duo","Population":null,"Users":[],"UserGroupAssociations@odata.bind":[],"#PingOne.Nothing":{"target":"x"}}`, "Content-Type", "application/json;charset=UTF-8")
	require.Equal(t, http.StatusCreated, resp.StatusCode, got)
	assert.Nil(t, got["PopulationId"])
	resp, _ = sent(t, "DELETE", resp.Header.Get("Location"), "", "Prefer", "return=representation")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	assert.Empty(t, resp.Header.Get("Preference-Applied"), "a deleted entity is not shown")

	_, full := sent(t, "GET", root+user+"?$format=application/json;odata.metadata=full", "")
	require.Contains(t, full, "#PingOne.UnlockUserAccount")
	body := `{"Title":"Dr","#PingOne.UnlockUserAccount":{"title":"x","target":"y"},"Population@odata.navigationLink":"x","Groups@odata.context":"x"}`
	resp, got = sent(t, "PATCH", root+user, body)
	assert.Equal(t, http.StatusNoContent, resp.StatusCode, "%v", got)
	assert.Equal(t, "Dr", one("SELECT Title FROM Users WHERE Username = 'ada.admin'"))

	for _, c := range []struct {
		method, address, body, target string
		status                        int
	}{
		{"PATCH", user, `{"Population":null}`, "PopulationId", http.StatusBadRequest}, // each user has one
		{"PATCH", user, `{"Population@odata.bind":null}`, "PopulationId", http.StatusBadRequest},
		{"PATCH", user, `{"Groups":[]}`, "Groups", http.StatusNotImplemented}, // it would take all of them away
		{"POST", "Groups", `{"Name":"Trio","Users":null}`, "Users", http.StatusNotImplemented},
	} {
		resp, got := sent(t, c.method, root+c.address, c.body)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", c.body, got)
		failure, _ := got["error"].(map[string]any)
		assert.Equal(t, c.target, failure["target"], "%s: %v", c.body, got)
	}
}

// An entity that was read is written back as it is, with what can't be changed in it.
//
// Source: OData 4.01 Part 1, section 11.4.3.
func TestEntitiesAreWrittenBack(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	population := s.Query(t, "SELECT Id FROM Populations LIMIT 1")[0][0]
	resp, got := sent(t, "POST", root+"Groups", `{"Name":"Duo","Description":"Two <voices>","PopulationId":"`+population+`"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode, got)
	group := resp.Header.Get("Location")
	for _, set := range []string{"Groups", "Languages", "Gateways", "IdentityProviders", "OIDCApplications", "NotificationPolicies", "RiskPolicySets"} {
		_, list := sent(t, "GET", root+set+"?$top=1&$format=application/json;odata.metadata=full", "")
		rows := list["value"].([]any)
		require.Len(t, rows, 1, set)
		row := rows[0].(map[string]any)
		if set == "Groups" {
			_, row = sent(t, "GET", group+"?$format=application/json;odata.metadata=full", "")
		}
		body, err := json.Marshal(row)
		require.NoError(t, err)
		resp, got := sent(t, "PUT", row["@odata.id"].(string), string(body))
		assert.Equal(t, http.StatusNoContent, resp.StatusCode, "%s: %v", set, got)
		_, now := sent(t, "GET", row["@odata.id"].(string)+"?$format=application/json;odata.metadata=full", "")
		for name := range row {
			if strings.ContainsAny(name, "@#") || name == "UpdatedAt" || name == "CheckSum" {
				continue
			}
			assert.Equal(t, row[name], now[name], "%s: %s", set, name)
		}
	}
	for name, c := range map[string]struct {
		method, body string
		status       int
		target       any
	}{
		"in small letters or not":     {"PATCH", `{"Description":"a","PopulationId":"` + strings.ToUpper(population) + `"}`, http.StatusNoContent, nil},
		"another one":                 {"PATCH", `{"Description":"b","PopulationId":"00000000-0000-4000-8000-000000000000"}`, http.StatusBadRequest, "PopulationId"},
		"none":                        {"PUT", `{"Name":"Duo","PopulationId":null}`, http.StatusBadRequest, "PopulationId"},
		"nothing but what can't be":   {"PATCH", `{"PopulationId":"` + population + `"}`, http.StatusNoContent, nil},
		"of another type":             {"PATCH", `{"Description":"b","PopulationId":7}`, http.StatusBadRequest, "PopulationId"},
		"by its address, another one": {"PATCH", `{"Description":"b","Population@odata.bind":"Populations(00000000-0000-4000-8000-000000000000)"}`, http.StatusBadRequest, "PopulationId"},
	} {
		resp, got := sent(t, c.method, group, c.body)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", name, got)
		failure, _ := got["error"].(map[string]any)
		assert.Equal(t, c.target, failure["target"], "%s: %v", name, got)
	}
	_, got = sent(t, "GET", group, "")
	assert.Equal(t, []any{"Duo", "a", population}, []any{got["Name"], got["Description"], got["PopulationId"]})
}

// A bare value is text in UTF-8: characters of other sets would become question marks.
func TestBareValues(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	user := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/Users(" + s.Query(t, "SELECT Id FROM Users WHERE Username = 'ada.admin'")[0][0] + ")/"
	for _, c := range []struct {
		property, kind, body string
		status               int
		then                 any
	}{
		{"Title", "text/plain", "Dr é", http.StatusNoContent, "Dr é"},
		{"Title", "text/plain;charset=UTF-8", "Dr ü", http.StatusNoContent, "Dr ü"},
		{"Title", "text/plain;charset=iso-8859-1", "Dr \xe9", http.StatusUnsupportedMediaType, "Dr ü"},
		{"Title", "text/plain;charset=iso-8859-1", "Mx", http.StatusUnsupportedMediaType, "Dr ü"},
		{"Title", "text/plain", "Dr \xe9", http.StatusBadRequest, "Dr ü"},
		{"Title", "application/json", `{"value":"Mx"}`, http.StatusUnsupportedMediaType, "Dr ü"},
		{"preferences", "application/json", `{"a":1}`, http.StatusNoContent, `{"a":1}`},
		{"IsEnabled", "text/plain", "false", http.StatusNoContent, false},
	} {
		resp, got := sent(t, "PUT", user+c.property+"/$value", c.body, "Content-Type", c.kind)
		assert.Equal(t, c.status, resp.StatusCode, "%s %q: %v", c.kind, c.body, got)
		_, got = sent(t, "GET", user+c.property, "")
		assert.Equal(t, c.then, got["value"], "%s %q", c.kind, c.body)
	}
}

// What has a property of its own within an object that another property holds goes into
// the object that is sent with it, and the rest of that stays.
func TestPartsAreWrittenIntoTheirObject(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	policy := root + "NotificationPolicies(" + s.Query(t, "SELECT Id FROM NotificationPolicies ORDER BY Id LIMIT 1")[0][0] + ")"
	const waits = `{"enabled":true,"periods":[{"duration":20,"timeUnit":"MINUTES"}],"resendLimit":3}`
	whole, err := json.Marshal(`{"email":` + waits + `,"sms":` + waits + `,"voice":` + waits + `,"whatsApp":` + waits + `}`)
	require.NoError(t, err)
	resp, got := sent(t, "PATCH", policy, `{"EmailCooldownEnabled":false,"CooldownConfiguration":`+string(whole)+`,"VoiceCooldownEnabled":true}`)
	require.Equal(t, http.StatusNoContent, resp.StatusCode, "%v", got)
	_, got = sent(t, "GET", policy, "")
	var now, want any
	require.NoError(t, json.Unmarshal([]byte(got["CooldownConfiguration"].(string)), &now))
	require.NoError(t, json.Unmarshal([]byte(`{"email":`+strings.Replace(waits, "true", "false", 1)+`,"sms":`+waits+`,"voice":`+waits+`,"whatsApp":`+waits+`}`), &want))
	assert.Equal(t, want, now)
	assert.Equal(t, []any{false, true}, []any{got["EmailCooldownEnabled"], got["SMSCooldownEnabled"]})
}
