//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// everywhereRow is an entity of AllEnvironments with what the tests expand.
type everywhereRow struct {
	ID          string `json:"Id"`
	Environment string `json:"EnvironmentId"`
	Username    string
	Population  struct{ Name string }
	Groups      []struct{ Name string }
	Assignments []struct {
		Environment string `json:"EnvironmentId"`
	} `json:"UserAdminRoleAssignments"`
}

func everywhereRows(t *testing.T, w *testkit.Web, address string) (out []everywhereRow) {
	t.Helper()
	body := mustGet(t, w, "/odata/pingone/AllEnvironments/"+address, http.StatusOK)
	var page struct{ Value []everywhereRow }
	require.NoError(t, json.Unmarshal(body, &page), address)
	return page.Value
}

// Navigation properties lead to rows of the same environment.
func TestNavigationInAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}})
	w := s.Serve(t, testkit.WebOptions{})
	want, inPopulation := map[string]string{}, map[string]int{}
	for _, environment := range []string{sim.EnvironmentAdministrators, sim.EnvironmentCustomers, sim.EnvironmentPartners} {
		id := s.EnvironmentID(environment)
		for _, row := range s.Query(t, fmt.Sprintf(`SELECT u.Id, p.Name, (SELECT string_agg(m.GroupName, '|' ORDER BY m.GroupName) FROM "%[1]s".UserGroupAssociations m WHERE m.UserId = u.Id)
			FROM "%[1]s".Users u JOIN "%[1]s".Populations p ON p.Id = u.PopulationId`, id)) {
			want[id+" "+row[0]] = row[1] + ": " + strings.TrimSuffix(row[2], "NULL")
			inPopulation[row[1]]++
		}
	}
	said := func(rows []everywhereRow) map[string]string {
		out := map[string]string{}
		for _, u := range rows {
			var groups []string
			for _, g := range u.Groups {
				groups = append(groups, g.Name)
			}
			out[u.Environment+" "+u.ID] = u.Population.Name + ": " + strings.Join(groups, "|")
		}
		return out
	}
	const expand = "&$expand=Population($select=Name),Groups($select=Name;$orderby=Name)"
	all := everywhereRows(t, w, "Users?$select=Id,EnvironmentId,Username"+expand)
	assert.Equal(t, want, said(all))
	for name, n := range inPopulation {
		rows := everywhereRows(t, w, "Users?$select=Id,EnvironmentId&$filter=Population/Name eq '"+name+"'"+expand)
		assert.Len(t, rows, n, name)
		for _, u := range rows {
			assert.Equal(t, name, u.Population.Name)
		}
	}
	sorted := everywhereRows(t, w, "Users?$select=Id,EnvironmentId&$orderby=Population/Name desc"+expand)
	assert.Len(t, sorted, len(want))
	assert.True(t, slices.IsSortedFunc(sorted, func(a, b everywhereRow) int { return strings.Compare(b.Population.Name, a.Population.Name) }))
	members := everywhereRows(t, w, "Users?$select=Id,EnvironmentId&$filter=Groups/any(g:g/Name eq 'Sales')"+expand)
	assert.NotEmpty(t, members)
	for _, u := range members {
		assert.Contains(t, said([]everywhereRow{u})[u.Environment+" "+u.ID], "Sales")
	}
	u := members[0]
	at := fmt.Sprintf("Users(Id=%s,EnvironmentId=%s)", u.ID, u.Environment)
	assert.Len(t, everywhereRows(t, w, at+"/Groups"), len(u.Groups))
	assert.Contains(t, string(mustGet(t, w, "/odata/pingone/AllEnvironments/"+at+"/Population/Name/$value", http.StatusOK)), u.Population.Name)
	mustGet(t, w, "/odata/pingone/AllEnvironments/"+strings.Replace(at, u.Environment, s.EnvironmentID(sim.EnvironmentPartners), 1)+"/Population", http.StatusNotFound)

	// Roles have the same ids in all environments.
	roles := map[string]bool{}
	for _, r := range everywhereRows(t, w, "AdminRoles?$select=Id,EnvironmentId&$expand=UserAdminRoleAssignments($select=EnvironmentId)") {
		for _, a := range r.Assignments {
			assert.Equal(t, r.Environment, a.Environment)
			roles[a.Environment] = true
		}
	}
	assert.Greater(t, len(roles), 1, "assignments of several environments")
	_, constraint, _ := strings.Cut(string(mustGet(t, w, "/odata/pingone/AllEnvironments/$metadata", http.StatusOK)), `"$ReferentialConstraint":{"PopulationId":`)
	assert.Equal(t, `"Id","EnvironmentId":"EnvironmentId"`, constraint[:strings.IndexByte(constraint, '}')])
}

// Actions are bound to users of all environments, whose key says which one it is.
func TestActionsInAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}, Service: func(c *service.Config) {
		c.Policy = callers{may: []string{"LockUserAccount", "UnlockUserAccount"}}
	}})
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/AllEnvironments/"
	customers := s.EnvironmentID(sim.EnvironmentCustomers)
	user := s.Query(t, "SELECT Id FROM Customers.Users WHERE AccountStatus = 'OK' ORDER BY Id LIMIT 1")[0][0]
	for _, c := range []struct {
		name, address, body string
		status              int
		locked              string // what the user's status is then
	}{
		{"of another environment", "Users(Id=" + user + ",EnvironmentId=" + s.EnvironmentID(sim.EnvironmentPartners) + ")/PingOne.LockUserAccount", "", http.StatusNotFound, "OK"},
		{"an input that the address gives", "Users(Id=" + user + ",EnvironmentId=" + customers + ")/PingOne.LockUserAccount", `{"EnvironmentId":"` + customers + `"}`, http.StatusBadRequest, "OK"},
		{"bound", "Users(Id=" + user + ",EnvironmentId=" + customers + ")/PingOne.LockUserAccount", "", http.StatusOK, "LOCKED"},
		{"by import", "UnlockUserAccount", `{"EnvironmentId":"` + customers + `","UserId":"` + user + `"}`, http.StatusOK, "OK"},
	} {
		s.ResetRequests()
		resp, answer := sent(t, http.MethodPost, root+c.address, c.body)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", c.name, answer)
		assert.Equal(t, [][]string{{c.locked}}, s.Query(t, "SELECT AccountStatus FROM Customers.Users WHERE Id = '"+user+"'"), c.name)
	}
}

// Hidden columns are those of the rows' own environments, and only those are asked.
func TestHiddenColumnsInAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}})
	for _, c := range []struct{ name, hidden, joined, path string }{
		{
			"one value", "SELECT u.Username, u.PasswordStatus FROM AllEnvironments.Users u WHERE u.Username LIKE 'a%' ORDER BY u.EnvironmentName, u.Username LIMIT 4",
			"SELECT u.Username, p.Status FROM AllEnvironments.Users u JOIN AllEnvironments.UserPasswords p ON p.UserId = u.Id AND p.EnvironmentId = u.EnvironmentId WHERE u.Username LIKE 'a%' ORDER BY u.EnvironmentName, u.Username LIMIT 4",
			"/password",
		},
		{
			"a number, with a star", "SELECT TotalUsersCount AS n, * FROM AllEnvironments.Groups WHERE Name = 'Sales' ORDER BY EnvironmentName",
			"SELECT t.TotalUsersCount AS n, g.* FROM AllEnvironments.Groups g JOIN AllEnvironments.GroupTotals t ON t.GroupId = g.Id AND t.EnvironmentId = g.EnvironmentId WHERE g.Name = 'Sales' ORDER BY g.EnvironmentName",
			"/groups/",
		},
		{
			"a list", "SELECT Username, MemberOfGroupNames FROM AllEnvironments.Users WHERE Username = 'ada.admin' ORDER BY EnvironmentId",
			"SELECT Username, list(a.GroupName ORDER BY a.GroupId) FROM AllEnvironments.Users u JOIN AllEnvironments.UserGroupAssociations a ON a.UserId = u.Id AND a.EnvironmentId = u.EnvironmentId WHERE Username = 'ada.admin' GROUP BY Username, u.EnvironmentId ORDER BY u.EnvironmentId",
			"/memberOfGroups",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := s.Query(t, c.joined)
			require.NotEmpty(t, want)
			s.ResetRequests()
			assert.Equal(t, want, s.Query(t, c.hidden))
			single := 0
			for _, r := range s.Requests() {
				if strings.Contains(r.Path, c.path) {
					single++
				}
			}
			assert.Equal(t, len(want), single, "a call for each row")
		})
	}
}

// A join within an environment asks each for what it has itself.
func TestJoinsWithinEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}})
	const of = " FROM AllEnvironments.Groups g JOIN AllEnvironments.UserGroupAssociations m ON m.GroupId = g.Id AND m.EnvironmentId = g.EnvironmentId WHERE g.Name = 'Sales'"
	s.ResetRequests()
	rows := s.Query(t, "SELECT m.UserId"+of)
	members := 0
	for _, r := range s.Requests() {
		if strings.HasSuffix(r.Path, "/users") {
			members++
		}
	}
	groups := s.Query(t, "SELECT Id FROM AllEnvironments.Groups WHERE Name = 'Sales'")
	require.NotEmpty(t, rows)
	require.Greater(t, len(groups), 1)
	assert.Equal(t, len(groups), members, "a call for each group")
	n := 0
	for _, environment := range []string{sim.EnvironmentAdministrators, sim.EnvironmentCustomers, sim.EnvironmentPartners} {
		n += len(s.Query(t, fmt.Sprintf(`SELECT m.UserId FROM "%[1]s".Groups g JOIN "%[1]s".UserGroupAssociations m ON m.GroupId = g.Id WHERE g.Name = 'Sales'`, s.EnvironmentID(environment))))
	}
	assert.Len(t, rows, n)
}

// Links in AllEnvironments are changed within an environment.
func TestODataLinksEverywhere(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/AllEnvironments/"
	home, customers := s.EnvironmentID(sim.EnvironmentAdministrators), s.EnvironmentID(sim.EnvironmentCustomers)
	key := func(set, environment, sql string) string {
		return fmt.Sprintf("%s(Id=%s,EnvironmentId=%s)", set, s.Query(t, sql)[0][0], environment)
	}
	user := key("Users", customers, "SELECT Id FROM Customers.Users ORDER BY Id LIMIT 1")
	group := key("Groups", customers, "INSERT INTO Customers.Groups (Name) VALUES ('Choir')")
	elsewhere := key("Groups", home, "SELECT Id FROM Groups LIMIT 1")
	population := key("Populations", customers, "SELECT p.Id FROM Customers.Populations p WHERE p.Id NOT IN (SELECT PopulationId FROM Customers.Users ORDER BY Id LIMIT 1) LIMIT 1")
	ref := func(address string) string { return `{"@odata.id":"` + address + `"}` }
	for _, c := range []struct {
		name, method, address, body string
		status                      int
		calls                       []string
	}{
		{"a member", "POST", group + "/Users/$ref", ref(user), 204, []string{"Customers: POST users/{id}/memberOfGroups"}},
		{"of another environment", "POST", elsewhere + "/Users/$ref", ref(user), 400, nil},
		{"by its key", "DELETE", group + "/Users(" + strings.TrimPrefix(user, "Users(") + "/$ref", "", 204, []string{"Customers: DELETE users/{id}/memberOfGroups/{id}"}},
		{"a reference", "PUT", user + "/Population/$ref", ref(population), 204, []string{"Customers: PUT users/{id}/population"}},
		{"a row of a collection", "POST", user + "/UserGroupAssociations", `{"GroupId":"` + idForm.FindString(group) + `"}`, 201, []string{"Customers: POST users/{id}/memberOfGroups"}},
		{"bound", "PATCH", user, `{"Population@odata.bind":"` + population + `"}`, 204, nil},
		{"bound elsewhere", "PATCH", user, `{"Population@odata.bind":"` + strings.Replace(population, customers, home, 1) + `"}`, 400, nil},
	} {
		s.ResetRequests()
		resp, got := sent(t, c.method, root+c.address, c.body)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %v", c.name, got)
		if c.calls != nil || c.status >= 400 {
			assert.Equal(t, c.calls, changedIn(s), c.name)
		}
	}
}
