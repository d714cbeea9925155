//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
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

var answered = regexp.MustCompile(`"status":(\d{3})|HTTP/1\.1 (\d{3})`)

// inBatch sends a batch that goes on behind failed requests, and gives the statuses of
// its answers and all of them.
func inBatch(t *testing.T, root, contentType, body string) ([]string, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, root+"$batch", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Prefer", "continue-on-error")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var statuses []string
	for _, m := range answered.FindAllStringSubmatch(string(raw), -1) {
		statuses = append(statuses, m[1]+m[2])
	}
	return statuses, string(raw)
}

// Entities that a batch has made are referred to by the ids of their requests in bodies,
// too: bound to others, and as the other end of links.
//
// Source: OData 4.01 Part 1, section 11.7.4.
func TestBatchReferencesInBodies(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	const populations = "SELECT count(*) FROM Users u JOIN Populations p ON u.PopulationId = p.Id WHERE "
	const members = "SELECT count(*) FROM UserGroupAssociations a JOIN Users u ON u.Id = a.UserId JOIN Groups g ON g.Id = a.GroupId WHERE "
	statuses, raw := inBatch(t, root, "application/json", `{"requests":[
		{"id":"p","method":"POST","url":"Populations","body":{"Name":"Night"}},
		{"id":"u","method":"POST","url":"Users","dependsOn":["p"],"body":{"Username":"zoe","Population@odata.bind":"$p"}},
		{"id":"v","method":"POST","url":"Users","dependsOn":["p"],"body":{"Username":"yann","Population":{"@id":"$p"}}},
		{"id":"g","method":"POST","url":"Groups","headers":{"Prefer":"return=minimal"},"body":{"Name":"Choir"}},
		{"id":"1","method":"POST","url":"$g/Users/$ref","dependsOn":["g","u"],"body":{"@odata.id":"$u"}},
		{"id":"2","method":"POST","url":"UserGroupAssociations","dependsOn":["g","v"],"body":{"User@odata.bind":"$v","Group@odata.bind":"$g"}},
		{"id":"3","method":"GET","url":"$g/Users/$count","dependsOn":["1","2"]},
		{"id":"4","method":"DELETE","url":"$g/Users/$ref?$id=$v","dependsOn":["3"]},
		{"id":"5","method":"GET","url":"$p"},
		{"id":"6","method":"PATCH","url":"$v","body":{"Population@odata.bind":"$5"}}]}`)
	assert.Equal(t, []string{"201", "201", "201", "204", "204", "201", "200", "204", "200", "204"}, statuses, raw)
	assert.Contains(t, raw, `"body":"2"`)
	assert.Equal(t, "2", s.Query(t, populations+"p.Name = 'Night' AND u.Username IN ('zoe', 'yann')")[0][0])
	assert.Equal(t, "1", s.Query(t, members+"g.Name = 'Choir' AND u.Username = 'zoe'")[0][0])
	assert.Equal(t, "0", s.Query(t, members+"u.Username = 'yann'")[0][0])

	part := func(id, request, body string) string {
		return "--b\r\nContent-Type: application/http\r\nContent-ID: " + id + "\r\n\r\n" + request + " HTTP/1.1\r\nContent-Type: application/json\r\n\r\n" + body + "\r\n"
	}
	statuses, raw = inBatch(t, root, "multipart/mixed; boundary=b", part("1", "POST Populations", `{"Name":"Day"}`)+
		part("2", "POST Users", `{"Username":"xena","Population@odata.bind":"$1"}`)+
		part("3", "GET Populations?$filter=Name%20eq%20'Night'", "")+
		part("4", "PUT $2/Population/$ref", `{"@odata.id":"$3"}`)+"--b--\r\n")
	assert.Equal(t, []string{"201", "201", "200", "400"}, statuses, "a set is no entity: %s", raw)
	assert.Equal(t, "1", s.Query(t, populations+"p.Name = 'Day' AND u.Username = 'xena'")[0][0])
}

// What stands for no entity of the kind is refused, and nothing is changed.
func TestWrongBatchReferencesInBodies(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	for bind, want := range map[string]string{
		"$nobody":         `No request before this one has the id \"nobody\".`,
		"$failed":         `No request before this one has the id \"failed\".`,
		"$u":              `No request before this one has the id \"u\".`,
		"$g":              "none of an entity of Populations",
		"$g/Name":         "none of an entity of Populations",
		"$metadata":       "none of an entity of Populations",
		"$all":            "none of an entity of Populations",
		"Populations($g)": "none of an entity of Populations",
	} {
		_, raw := inBatch(t, root, "application/json", `{"requests":[
			{"id":"g","method":"GET","url":"Groups(`+s.Query(t, "SELECT Id FROM Groups LIMIT 1")[0][0]+`)"},
			{"id":"failed","method":"GET","url":"Populations(00000000-0000-4000-8000-000000000000)"},
			{"id":"u","method":"POST","url":"Users","body":{"Username":"zoe","Population@odata.bind":"`+bind+`"}}]}`)
		assert.Contains(t, raw, `{"id":"u","status":400,`, bind)
		assert.Contains(t, raw, want, bind)
		assert.Contains(t, raw, `"target":"Population@odata.bind"`, bind)
	}
	assert.Equal(t, "0", s.Query(t, "SELECT count(*) FROM Users WHERE Username = 'zoe'")[0][0])
}
