//go:build duckdb_arrow

package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// Links between entities are changed by one call each; what would take several is
// refused.
//
// Source: OData 4.01 Part 1, sections 11.4.2 and 11.4.6; JSON Format, section 8.5.
func TestODataLinks(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/Administrators/"
	one := func(sql string) string { return s.Query(t, sql)[0][0] }
	user := one("SELECT Id FROM Users WHERE Username = 'ada.admin'")
	here := one("SELECT PopulationId FROM Users WHERE Username = 'ada.admin'")
	there := one("SELECT Id FROM Populations WHERE Id <> '" + here + "' LIMIT 1")
	group := one("INSERT INTO Groups (Name) VALUES ('Choir')")
	users, groups := "Users("+user+")", "Groups("+group+")"
	member := "SELECT count(*) FROM UserGroupAssociations WHERE UserId = '" + user + "' AND GroupId = '" + group + "'"
	population := "SELECT PopulationId FROM Users WHERE Id = '" + user + "'"
	ref := func(address string) string { return `{"@odata.id":"` + address + `"}` }
	steps := []struct {
		name, method, address, body string
		status                      int
		calls                       []string
		check, then                 string
	}{
		{"a member", "POST", groups + "/Users/$ref", ref(users), 204, []string{"POST users/{id}/memberOfGroups"}, member, "1"},
		{"a member that goes", "DELETE", groups + "/Users/$ref?$id=" + users, "", 204, []string{"DELETE users/{id}/memberOfGroups/{id}"}, member, "0"},
		{"from the other side, absolute", "POST", users + "/Groups/$ref", ref(root + groups), 204, []string{"POST users/{id}/memberOfGroups"}, member, "1"},
		{"by its key", "DELETE", groups + "/Users(" + user + ")/$ref", "", 204, []string{"DELETE users/{id}/memberOfGroups/{id}"}, member, "0"},
		{"gone already", "DELETE", groups + "/Users(" + user + ")/$ref", "", 404, nil, member, "0"},
		{"a row of the collection", "POST", users + "/UserGroupAssociations", `{"GroupId":"` + group + `"}`, 201, []string{"POST users/{id}/memberOfGroups"}, member, "1"},
		{"a row of another one's", "POST", users + "/UserGroupAssociations", `{"GroupId":"` + group + `","UserId":"` + group + `"}`, 400, nil, member, "1"},
		{"a reference", "PUT", users + "/Population/$ref", ref("Populations(" + there + ")"), 204, []string{"PUT users/{id}/population"}, population, there},
		{"a reference from its other end", "POST", "Populations(" + here + ")/Users/$ref", ref(users), 204, []string{"PUT users/{id}/population"}, population, here},
		{"bound in an update", "PATCH", users, `{"Population@odata.bind":"Populations(` + there + `)"}`, 204, []string{"PUT users/{id}/population"}, population, there},
		{"bound as 4.01 has it", "PATCH", users, `{"Population":{"@id":"Populations(` + here + `)"}}`, 204, []string{"PUT users/{id}/population"}, population, here},
		{"bound in a new entity", "POST", "Users", `{"Username":"zoe","Population@odata.bind":"/odata/pingone/Administrators/Populations(` + there + `)"}`, 201, []string{"POST users"}, "SELECT PopulationId FROM Users WHERE Username = 'zoe'", there},
		{"a reference that must be", "DELETE", users + "/Population/$ref", "", 400, nil, population, here},
		{"to a thing of another kind", "PUT", users + "/Population/$ref", ref(users), 400, nil, population, here},
		{"to nothing", "PUT", users + "/Population/$ref", "{}", 400, nil, population, here},
		{"bound twice", "PATCH", users, `{"PopulationId":"` + here + `","Population@odata.bind":"Populations(` + there + `)"}`, 400, nil, population, here},
		{"a new population with a user", "POST", "Users", `{"Username":"yann","Population":{"Name":"New"}}`, 501, nil, "SELECT count(*) FROM Populations WHERE Name = 'New'", "0"},
		{"memberships with a user", "POST", "Users", `{"Username":"yann","Groups@odata.bind":["` + groups + `"]}`, 501, nil, "SELECT count(*) FROM Users WHERE Username = 'yann'", "0"},
		{"a new member", "POST", groups + "/Users", `{"Username":"yann"}`, 501, nil, "SELECT count(*) FROM Users WHERE Username = 'yann'", "0"},
		{"a member as an entity", "DELETE", groups + "/Users(" + user + ")", "", 501, nil, "SELECT count(*) FROM Users WHERE Id = '" + user + "'", "1"},
		{"a link that several rows may be", "DELETE", users + "/AdminRoles/$ref?$id=" + root + "AdminRoles(" + one("SELECT Id FROM AdminRoles LIMIT 1") + ")", "", 501, nil, member, "1"},
		{"a link by PUT", "PUT", groups + "/Users/$ref", ref(users), 405, nil, member, "1"},
		{"a reference by POST", "POST", users + "/Population/$ref", ref("Populations(" + there + ")"), 405, nil, population, here},
		{"a link read", "GET", groups + "/Users/$ref", "", 200, nil, member, "1"},
		{"what PingOne sets", "POST", "Environments(" + s.EnvironmentID("Customers") + ")/Users", `{"Username":"yann"}`, 404, nil, "SELECT count(*) FROM Users WHERE Username = 'yann'", "0"},
	}
	for _, c := range steps { // each builds on those before
		s.ResetRequests()
		resp, got := sent(t, c.method, root+c.address, c.body)
		require.Equal(t, c.status, resp.StatusCode, "%s: %v", c.name, got)
		assert.Equal(t, c.calls, written(s), c.name)
		assert.Equal(t, c.then, one(c.check), c.name)
		if c.status == http.StatusMethodNotAllowed {
			assert.NotEmpty(t, resp.Header.Get("Allow"), c.name)
		}
		if c.status == http.StatusCreated {
			assert.True(t, strings.HasPrefix(resp.Header.Get("Location"), root), c.name)
		}
	}
}
