//go:build duckdb_arrow

package integration

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// changedIn are the calls that changed something since the last reset: the
// environment's name, the method and the rest of the address.
func changedIn(s *testkit.Stack) []string {
	names := map[string]string{}
	for _, e := range []string{sim.EnvironmentAdministrators, sim.EnvironmentCustomers} {
		names[s.EnvironmentID(e)] = e
	}
	var out []string
	for _, r := range s.Requests() {
		rest, ok := strings.CutPrefix(r.Path, "/v1/environments/")
		if id, what, _ := strings.Cut(rest, "/"); ok && r.Method != http.MethodGet {
			out = append(out, names[id]+": "+r.Method+" "+idForm.ReplaceAllString(what, "{id}"))
		}
	}
	slices.Sort(out)
	return out
}

// Each row of a change in AllEnvironments is changed in its own environment.
func TestChangesEverywhere(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	home, customers := s.EnvironmentID(sim.EnvironmentAdministrators), s.EnvironmentID(sim.EnvironmentCustomers)
	steps := []struct {
		name, sql string
		want      [][]string // the answer
		calls     []string
		code      gwerr.Code // of a refusal
		says      string
	}{
		{
			name: "new rows", sql: "INSERT INTO AllEnvironments.Groups (Name, EnvironmentId) VALUES ('Here', '" + home + "'), ('There', '" + customers + "') RETURNING Name, EnvironmentName, EnvironmentId",
			want: [][]string{{"Here", "Administrators", home}, {"There", "Customers", customers}}, calls: []string{"Administrators: POST groups", "Customers: POST groups"},
		},
		{
			name: "values of rows here and there", sql: "UPDATE AllEnvironments.Groups SET Description = Name || ' in ' || EnvironmentName WHERE Name IN ('Here', 'There') RETURNING Description",
			want: [][]string{{"Here in Administrators"}, {"There in Customers"}}, calls: []string{"Administrators: PUT groups/{id}", "Customers: PUT groups/{id}"},
		},
		{
			name: "of one environment", sql: "UPDATE AllEnvironments.Groups SET Description = NULL WHERE EnvironmentName = 'Customers' AND Name IN ('Here', 'There') RETURNING Name, EnvironmentId",
			want: [][]string{{"There", customers}}, calls: []string{"Customers: PUT groups/{id}"},
		},
		{name: "without an environment", sql: "INSERT INTO AllEnvironments.Groups (Name) VALUES ('x')", code: gwerr.BadRequest, says: "needs a value for EnvironmentId"},
		{name: "with none", sql: "INSERT INTO AllEnvironments.Groups (Name, EnvironmentId) VALUES ('x', NULL)", code: gwerr.InvalidValue, says: "EnvironmentId of Groups can't be null"},
		{name: "with another", sql: "INSERT INTO AllEnvironments.Groups (Name, EnvironmentId) VALUES ('y', '" + home + "'), ('x', '00000000-0000-4000-8000-000000000000')", code: gwerr.UnknownSchema, says: "Nothing was changed, because of row 2 of 2"},
		{name: "to another environment", sql: "UPDATE AllEnvironments.Groups SET EnvironmentId = '" + home + "' WHERE Name = 'There'", code: gwerr.BadRequest, says: "is given once"},
		{name: "a value too long in one of two", sql: "UPDATE AllEnvironments.Users SET Username = lpad('x', 129, 'x') WHERE Username LIKE 'a%'", code: gwerr.InvalidValue, says: "128"},
		{
			name: "rows that go", sql: "DELETE FROM AllEnvironments.Groups WHERE Name IN ('Here', 'There') RETURNING Name, EnvironmentName",
			want: [][]string{{"Here", "Administrators"}, {"There", "Customers"}}, calls: []string{"Administrators: DELETE groups/{id}", "Customers: DELETE groups/{id}"},
		},
	}
	for _, c := range steps { // each builds on those before
		s.ResetRequests()
		got, err := s.TryQuery(testkit.Context(t), c.sql)
		assert.Equal(t, c.calls, changedIn(s), c.name)
		if c.says != "" {
			require.Error(t, err, c.name)
			assert.Equal(t, c.code, gwerr.From(err).Code, "%s: %v", c.name, err)
			assert.Contains(t, err.Error(), c.says, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.ElementsMatch(t, c.want, got, c.name)
	}
}

// Source: OData 4.01 Part 1, section 11.4.
func TestODataChangesEverywhere(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	root := s.Serve(t, testkit.WebOptions{}).URL + "/odata/pingone/AllEnvironments/"
	customers := s.EnvironmentID(sim.EnvironmentCustomers)
	resp, got := sent(t, "POST", root+"Groups", `{"Name":"There","EnvironmentId":"`+customers+`"}`)
	require.Equal(t, http.StatusCreated, resp.StatusCode, got)
	assert.Equal(t, []any{"There", "Customers"}, []any{got["Name"], got["EnvironmentName"]})
	group := resp.Header.Get("Location")
	assert.Contains(t, group, root+"Groups(")
	assert.Contains(t, group, "EnvironmentId="+customers)
	resp, got = sent(t, "PATCH", group, `{"Description":"Far"}`, "Prefer", "return=representation")
	require.Equal(t, http.StatusOK, resp.StatusCode, got)
	assert.Equal(t, "Far", got["Description"])
	resp, _ = sent(t, "DELETE", group, "")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
	resp, got = sent(t, "POST", root+"Groups", `{"Name":"There"}`)
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode, got)
	assert.Equal(t, []string{"Customers: DELETE groups/{id}", "Customers: POST groups", "Customers: PUT groups/{id}"}, changedIn(s))
}

// atHome is a policy that lets rows be changed in one environment alone.
type atHome struct{ bounded }

func (atHome) MayWrite(_ string, schema catalog.SchemaName, _ string, _ *auth.Principal) error {
	if schema.Name == sim.EnvironmentAdministrators {
		return nil
	}
	return gwerr.New(gwerr.ReadOnly, "Not there.", "")
}

// A change that would be about an environment which the caller may not write is
// refused, not done in part.
func TestChangesEverywhereByRoles(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, Service: func(c *service.Config) { c.Policy = atHome{} }})
	for sql, calls := range map[string]int{
		"UPDATE AllEnvironments.Groups SET Description = 'x' WHERE EnvironmentName = 'Administrators' AND Name = 'Sales'":            1,
		"UPDATE AllEnvironments.Groups SET Description = 'x' WHERE Name IN (SELECT Name FROM AllEnvironments.Groups)":                0,
		"INSERT INTO AllEnvironments.Groups (Name, EnvironmentId) VALUES ('x', '" + s.EnvironmentID(sim.EnvironmentCustomers) + "')": 0,
	} {
		s.ResetRequests()
		_, err := s.TryQuery(testkit.Context(t), sql)
		assert.Len(t, changedIn(s), calls, sql)
		if calls == 0 {
			require.Error(t, err, sql)
			assert.Equal(t, gwerr.ReadOnly, gwerr.From(err).Code, "%v", err)
			assert.Contains(t, err.Error(), "Not there.")
		} else {
			require.NoError(t, err, sql)
		}
	}
}
