//go:build duckdb_arrow

package integration

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
)

var idForm = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// changeStack is a small directory that may be written.
func changeStack(t *testing.T) *testkit.Stack {
	t.Helper()
	return testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, MaxAffected: 30})
}

// written are the calls that changed something, method and address, with ids as
// {id}.
func written(s *testkit.Stack) []string {
	var out []string
	for _, r := range s.Requests() {
		if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1/") {
			out = append(out, r.Method+" "+idForm.ReplaceAllString(strings.TrimPrefix(r.Path, "/v1/environments/"+s.EnvironmentID(sim.EnvironmentAdministrators)+"/"), "{id}"))
		}
	}
	return out
}

// Each kind of change, what it answers and the calls that it makes.
func TestChanges(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	population := s.Query(t, "SELECT Id FROM Populations ORDER BY Name LIMIT 1")[0][0]
	steps := []struct {
		name, sql string
		want      [][]string // the answer; nil for one row of any values
		calls     []string
		check     string // a query
		then      [][]string
	}{
		{
			name:  "a user",
			sql:   "INSERT INTO Users (Username, FirstName, LastName, Email, PopulationId, EmployeeType) VALUES ('zoe', 'Zoe', 'Ng', 'zoe@example.org', '" + population + "', 'Contractor')",
			calls: []string{"POST users"},
			check: "SELECT FirstName, LastName, Email, EmployeeType, IsEnabled FROM Users WHERE Username = 'zoe'", then: [][]string{{"Zoe", "Ng", "zoe@example.org", "Contractor", "true"}},
		},
		{
			name:  "a user who may not sign on, with values asked back",
			sql:   "INSERT INTO [CData].[Administrators].Users (Username, IsEnabled, PopulationId) SELECT 'y' || 'ann', false, Id FROM Populations ORDER BY Name LIMIT 1 RETURNING Username, Email, IsEnabled",
			want:  [][]string{{"yann", "NULL", "false"}},
			calls: []string{"POST users", "PUT users/{id}/enabled"},
			check: "SELECT IsEnabled FROM Users WHERE Username = 'yann'", then: [][]string{{"false"}},
		},
		{
			name:  "a user of whom nothing is said but by null",
			sql:   "INSERT INTO Users (Username, IsEnabled, MFAEnabled, PopulationId, Title) SELECT 'xaver', NULL, NULL, Id, NULL FROM Populations ORDER BY Name LIMIT 1 RETURNING Username, IsEnabled",
			want:  [][]string{{"xaver", "true"}},
			calls: []string{"POST users"},
			check: "SELECT IsEnabled, Title FROM Users WHERE Username = 'xaver'", then: [][]string{{"true", "NULL"}},
		},
		{
			name:  "values of one call",
			sql:   "UPDATE Users AS u SET FirstName = upper(u.FirstName), Email = NULL WHERE u.Username = 'zoe' RETURNING FirstName, Email",
			want:  [][]string{{"ZOE", "NULL"}},
			calls: []string{"PATCH users/{id}"},
			check: "SELECT FirstName, LastName, Email FROM Users WHERE Username = 'zoe'", then: [][]string{{"ZOE", "Ng", "NULL"}},
		},
		{
			name:  "values of several calls, in their order",
			sql:   "UPDATE Users SET IsEnabled = false, AccountStatus = 'LOCKED', MFAEnabled = true, Title = 'Dr' WHERE Username = 'zoe'",
			calls: []string{"PATCH users/{id}", "PUT users/{id}/mfaEnabled", "POST users/{id}", "PUT users/{id}/enabled"},
			check: "SELECT IsEnabled, AccountStatus, MFAEnabled, Title FROM Users WHERE Username = 'zoe'", then: [][]string{{"false", "LOCKED", "true", "Dr"}},
		},
		{
			name:  "nobody",
			sql:   "UPDATE Users SET Title = 'x' WHERE Username = 'nobody'",
			want:  [][]string{},
			check: "SELECT count(*) FROM Users WHERE Title = 'x'", then: [][]string{{"0"}},
		},
		{
			name:  "a group",
			sql:   `INSERT INTO Groups (Name, Description, CustomData) VALUES ('Night shift', 'After ten', '{"floor": 3}')`,
			calls: []string{"POST groups"},
			check: "SELECT Description, CustomData FROM Groups WHERE Name = 'Night shift'", then: [][]string{{"After ten", `{"floor":3}`}},
		},
		{
			name:  "a group as a whole: what isn't named stays",
			sql:   "UPDATE Groups SET Name = 'Late shift' WHERE Name = 'Night shift'",
			calls: []string{"PUT groups/{id}"},
			check: "SELECT Description, CustomData FROM Groups WHERE Name = 'Late shift'", then: [][]string{{"After ten", `{"floor":3}`}},
		},
		{
			name:  "memberships from a query",
			sql:   "INSERT INTO UserGroupAssociations (UserId, GroupId) SELECT u.Id, g.Id FROM Users u, Groups g WHERE u.Username IN ('zoe', 'yann') AND g.Name = 'Late shift' RETURNING GroupName",
			want:  [][]string{{"Late shift"}, {"Late shift"}},
			calls: []string{"POST users/{id}/memberOfGroups", "POST users/{id}/memberOfGroups"},
			check: "SELECT u.Username FROM UserGroupAssociations m JOIN Users u ON u.Id = m.UserId JOIN Groups g ON g.Id = m.GroupId WHERE g.Name = 'Late shift' ORDER BY 1", then: [][]string{{"yann"}, {"zoe"}},
		},
		{
			name:  "a membership",
			sql:   "DELETE FROM UserGroupAssociations WHERE GroupName = 'Late shift' AND UserId IN (SELECT Id FROM Users WHERE Username = 'zoe')",
			calls: []string{"DELETE users/{id}/memberOfGroups/{id}"},
			check: "SELECT count(*) FROM UserGroupAssociations m JOIN Groups g ON g.Id = m.GroupId WHERE g.Name = 'Late shift'", then: [][]string{{"1"}},
		},
		{
			name:  "users, with what they were",
			sql:   "DELETE FROM Users WHERE Username IN ('zoe', 'yann') RETURNING Username, Title",
			calls: []string{"DELETE users/{id}", "DELETE users/{id}"},
			want:  [][]string{{"yann", "NULL"}, {"zoe", "Dr"}},
			check: "SELECT count(*) FROM Users WHERE Username IN ('zoe', 'yann')", then: [][]string{{"0"}},
		},
	}
	for _, c := range steps { // each builds on those before
		s.ResetRequests()
		got := s.Query(t, c.sql)
		assert.Equal(t, c.calls, written(s), c.name)
		switch {
		case c.want != nil:
			assert.ElementsMatch(t, c.want, got, c.name)
		default:
			assert.Len(t, got, 1, c.name)
		}
		if c.check != "" {
			assert.Equal(t, c.then, s.Query(t, c.check), c.name)
		}
	}
}

// What is refused is refused before anything is written.
func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	cases := []struct {
		name, sql string
		code      gwerr.Code
		at        string // where the position points; "" for none
		says      string
	}{
		{"no condition", "DELETE FROM Users", gwerr.BadRequest, "DELETE", "every row"},
		{"no condition either", "UPDATE Users SET Title = 'x'", gwerr.BadRequest, "UPDATE", "every row"},
		{"a column of PingOne's", "UPDATE Users SET CreatedAt = now() WHERE true", gwerr.BadRequest, "CreatedAt", "PingOne sets it"},
		{"a column that is given once", "UPDATE Groups SET PopulationId = NULL WHERE Name = 'x'", gwerr.BadRequest, "PopulationId", "once"},
		{"a column that is changed alone", "INSERT INTO Users (Username, AccountStatus) VALUES ('a', 'OK')", gwerr.BadRequest, "AccountStatus", "not given to a new row"},
		{"a column that isn't there", "UPDATE Users SET Nonsense = 1 WHERE true", gwerr.UnknownColumn, "Nonsense", "no column Nonsense in Users"},
		{"a table that isn't there", "DELETE FROM Nonsense WHERE true", gwerr.UnknownTable, "Nonsense", "no table"},
		{"a value too few", "INSERT INTO Users (FirstName) VALUES ('x')", gwerr.BadRequest, "", "Username"},
		{"a value too long", "INSERT INTO Users (Username) VALUES ('" + strings.Repeat("x", 129) + "')", gwerr.InvalidValue, "", "128"},
		{"a null", "UPDATE Users SET Username = NULL WHERE Username LIKE 'a%'", gwerr.InvalidValue, "", "null"},
		{"a value outside the list", "UPDATE Users SET AccountStatus = 'GONE' WHERE Username LIKE '%a%'", gwerr.InvalidValue, "", "LOCKED or OK"},
		{"too many rows", "UPDATE Users SET Title = 'x' WHERE true", gwerr.LimitExceeded, "", "would change 40 rows; 30 are allowed"},
		{"a table that is only read", "DELETE FROM Licenses WHERE true", gwerr.UnknownTable, "Licenses", ""},
		{"no such change", "INSERT INTO Information.Licenses (Name) VALUES ('x')", gwerr.MethodNotAllowed, "", "no way"},
		{"an inherited membership", "DELETE FROM UserGroupAssociations WHERE Type = 'INDIRECT'", gwerr.InvalidValue, "", "DIRECT"},
		{"a slip in an expression", "UPDATE Users SET Title = nosuch(1) WHERE true", gwerr.UnknownFunction, "nosuch", ""},
		{"a slip in the condition", "DELETE FROM Users WHERE Nonsense = 1", gwerr.UnknownColumn, "Nonsense", ""},
		{"a value twice", "UPDATE Users SET Title = 'a', Title = 'b' WHERE true", gwerr.BadRequest, "Title = 'b'", "two values"},
		{"a value without a column", "INSERT INTO Groups (Name) VALUES ('a', 'b')", gwerr.BadRequest, "VALUES", "2 values for 1 columns"},
		{"a column without a value", "INSERT INTO Groups (Name, Description) SELECT 'a'", gwerr.BadRequest, "SELECT", ""},
		{"no number", "UPDATE Agreements SET ReconsentAfter = 'NaN'::DOUBLE WHERE true", gwerr.InvalidValue, "", "ReconsentAfter"},
		{"a number without end", "UPDATE Agreements SET ReconsentAfter = '-Infinity'::DOUBLE WHERE true", gwerr.InvalidValue, "", "ReconsentAfter"},
		{"a time without end", "INSERT INTO AgreementLanguageRevisions (AgreementId, AgreementLanguageId, ContentType, EffectiveAt, RequireReconsent, Text) SELECT AgreementId, Id, 'text/plain', 'infinity', true, 'x' FROM AgreementLanguages", gwerr.InvalidValue, "", "EffectiveAt"},
		{"a time too far", "INSERT INTO AgreementLanguageRevisions (AgreementId, AgreementLanguageId, ContentType, EffectiveAt, RequireReconsent, Text) SELECT AgreementId, Id, 'text/plain', '12026-01-01 00:00:00+00', true, 'x' FROM AgreementLanguages", gwerr.InvalidValue, "", "EffectiveAt"},
		{"a list with a null", "UPDATE Webhooks SET ActionTypes = ['USER.CREATED', NULL] WHERE true", gwerr.InvalidValue, "", "ActionTypes"},
		{"an upsert", "INSERT INTO Users (Username) VALUES ('x') ON CONFLICT DO NOTHING", gwerr.Syntax, "ON CONFLICT", "ON"},
		{"a default", "INSERT INTO Users (Username) VALUES (DEFAULT)", gwerr.Syntax, "DEFAULT", "DEFAULT"},
		{"two statements", "DELETE FROM Users WHERE false; DELETE FROM Users WHERE true", gwerr.Syntax, "; DELETE", "one statement"},
	}
	for _, c := range cases {
		s.ResetRequests()
		_, err := s.TryQuery(testkit.Context(t), c.sql)
		require.Error(t, err, c.name)
		e := gwerr.From(err)
		assert.Equal(t, c.code, e.Code, "%s: %v", c.name, err)
		assert.Contains(t, e.Message, c.says, c.name)
		if c.at != "" {
			assert.Equal(t, strings.LastIndex(c.sql, c.at), e.Position, "%s: %v", c.name, err)
		}
		assert.Empty(t, written(s), c.name)
	}
}

// A change shows its calls and makes none.
func TestExplainedChange(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	s.ResetRequests()
	plan, err := s.Explain(testkit.Context(t), "UPDATE Groups SET Description = 'x' WHERE Name = 'Sales'")
	require.NoError(t, err)
	e, ok := plan.(*exec.Explanation)
	require.True(t, ok)
	require.Len(t, e.Changes, 2)
	assert.Equal(t, "GET", e.Changes[0].Method)
	assert.Equal(t, "PUT", e.Changes[1].Method)
	assert.Equal(t, "environments/{EnvironmentId}/groups/{Id}", e.Changes[1].Address)
	assert.Empty(t, written(s))
}

// A failure says what was done before it, and what comes after is not tried.
func TestChangeFailsHalfway(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, sql string
		fault     sim.Fault
		code      gwerr.Code
		says      []string
		calls     int
	}{
		{
			"the second row", "UPDATE Users SET Title = 'x' WHERE Username IN (SELECT Username FROM Users ORDER BY Username LIMIT 3)",
			sim.Fault{Match: "PATCH /v1/**", Do: "status", Status: 400, After: 1},
			gwerr.InvalidValue,
			[]string{"1 of 3 rows were changed.", "Row 2:", "The one after it was not tried."},
			2,
		},
		{
			"the second call of a row", "UPDATE Users SET Title = 'x', IsEnabled = false WHERE Username IN (SELECT Username FROM Users ORDER BY Username LIMIT 1)",
			sim.Fault{Match: "PUT /v1/**", Do: "status", Status: 403},
			gwerr.UpstreamForbidden,
			[]string{"0 of 1 rows were changed.", "PATCH users/{id}] was done."},
			2,
		},
		{
			"a new row whose answer is lost", "INSERT INTO Users (Username) VALUES ('lost')",
			sim.Fault{Match: "POST /v1/**", Do: "reset", Times: -1},
			gwerr.OutcomeUnknown,
			[]string{"may be there or not"},
			1,
		},
		{
			"a new row that ends in a defect of PingOne's", "INSERT INTO Users (Username) VALUES ('lost')",
			sim.Fault{Match: "POST /v1/**", Do: "status", Status: 503, Times: -1},
			gwerr.OutcomeUnknown,
			[]string{"may be there or not"},
			1,
		},
		{
			"a row that may be changed", "UPDATE Users SET Title = 'x' WHERE Username IN (SELECT Username FROM Users ORDER BY Username LIMIT 3)",
			sim.Fault{Match: "PATCH /v1/**", Do: "cut", After: 1, Times: -1},
			gwerr.OutcomeUnknown,
			[]string{"1 of 3 rows are known to be changed.", "Row 2:", "it may be changed or not", "The one after it was not tried."},
			6,
		},
		{
			"what PingOne does not do", "INSERT INTO Users (Username) VALUES ('new')",
			sim.Fault{Match: "POST /v1/**", Do: "status", Status: 405},
			gwerr.NotImplemented,
			[]string{"PingOne does not support the change of Users in this way."},
			1,
		},
		{
			"a name that is taken", "INSERT INTO Users (Username) SELECT Username FROM Users ORDER BY Username LIMIT 1",
			sim.Fault{},
			gwerr.Conflict,
			[]string{"refused the change of Users: Username must be unique, and another row has this value (UNIQUENESS_VIOLATION)."},
			1,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := changeStack(t)
			s.Query(t, "SELECT count(*) FROM Users") // what is known before
			if c.fault.Do != "" {
				require.NoError(t, s.SetFaults(c.fault))
			}
			s.ResetRequests()
			_, err := s.TryQuery(testkit.Context(t), c.sql)
			require.Error(t, err)
			assert.Equal(t, c.code, gwerr.From(err).Code, err)
			for _, text := range c.says {
				assert.Contains(t, err.Error(), text)
			}
			assert.Len(t, written(s), c.calls)
		})
	}
}

// A client that goes away stops what was not begun.
func TestChangeStopsWithItsClient(t *testing.T) {
	t.Parallel()
	s := changeStack(t)
	ctx, cancel := context.WithCancel(testkit.Context(t))
	cancel()
	_, err := s.TryQuery(ctx, "UPDATE Users SET Title = 'x' WHERE Username = 'a'")
	require.Error(t, err)
	assert.Empty(t, written(s))
}
