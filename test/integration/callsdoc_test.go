//go:build duckdb_arrow

package integration

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const benchmarks = "../../docs/benchmarks.md"

// counted are queries whose calls docs/benchmarks.md tells, beside those that a reader
// makes who lists the parents, so many a call, and asks for each of them.
var counted = []struct {
	work, sql, parent string
	page              int
}{
	{"three users by id", "SELECT Username FROM Users WHERE Id IN ('$ADA', '$RITA', '$MEMBER')", "", 0},
	{"one user by username", "SELECT * FROM Users WHERE Username = 'ada.admin'", "", 0},
	{"number of users", "SELECT count(*) FROM Users", "", 0},
	{"ten users", "SELECT * FROM Users LIMIT 10", "", 0},
	{"all users", "SELECT * FROM Users", "", 0},
	{"a user's groups, with their names", "SELECT g.Name FROM Users u JOIN UserGroupAssociations m ON m.UserId = u.Id JOIN Groups g ON g.Id = m.GroupId WHERE u.Username = 'ada.admin'", "", 0},
	{"members of one group", "SELECT UserId FROM UserGroupAssociations WHERE GroupId = '$SALES'", "Users", 200},
	{"members of 50 groups, with the names of both", "SELECT g.Name, u.Username FROM UserGroupAssociations m JOIN Users u ON u.Id = m.UserId JOIN Groups g ON g.Id = m.GroupId WHERE g.Id IN (SELECT Id FROM Groups ORDER BY Name LIMIT 50)", "Users", 200},
	{"all memberships", "SELECT UserId, GroupId FROM UserGroupAssociations", "Users", 200},
	{"all memberships, with the names of both", "SELECT u.Username, g.Name, m.Type FROM UserGroupAssociations m JOIN Users u ON u.Id = m.UserId JOIN Groups g ON g.Id = m.GroupId", "Users", 200},
	{"all role assignments of all users, with names", "SELECT u.Username, r.Name, a.ApplicableToEntityType FROM UserAdminRoleAssignments a JOIN Users u ON u.Id = a.UserId JOIN Information.BuiltInRoles r ON r.Id = a.AdminRoleId", "Users", 200},
	{"applications by protocol in all environments", "SELECT EnvironmentName, Protocol, count(*) FROM AllEnvironments.Applications GROUP BY ALL", "Information.Environments", 1000},
	{"sign-ons of the last week by application", "SELECT a.Name, count(*) FROM Activities v JOIN Applications a ON a.Id = v.ActorClientId WHERE v.ActionType = 'USER.ACCESS_ALLOWED' AND v.RecordedAt >= now() - INTERVAL 7 DAY GROUP BY 1", "Applications", 1000},
}

// The numbers of calls in docs/benchmarks.md are those that are made.
func TestCallsInTheDocumentation(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it counts calls, one query after the other")
	}
	c := newScript(t)
	var out strings.Builder
	out.WriteString("| work | one call per parent | gateway |\n| --- | --: | --: |\n")
	for _, q := range counted {
		naive := "–"
		if q.parent != "" {
			n, err := strconv.Atoi(c.stack.Query(t, "SELECT count(*) FROM "+q.parent)[0][0])
			require.NoError(t, err)
			naive = strconv.Itoa((n+q.page-1)/q.page + n)
		}
		sql := c.ids.Replace(q.sql)
		fmt.Fprintf(&out, "| %s | %s | %d |\n", q.work, naive, c.count(t, sql))
		assert.NotEmpty(t, c.stack.Query(t, sql), q.work)
	}
	const begin, end = "<!-- numbers of calls -->\n\n", "\n<!-- end of the numbers of calls -->"
	raw, err := os.ReadFile(benchmarks)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(raw), begin)
	table, tail, closed := strings.Cut(rest, end)
	require.True(t, ok && closed, "docs/benchmarks.md has no place for the numbers")
	if *update {
		require.NoError(t, os.WriteFile(benchmarks, []byte(head+begin+out.String()+end+tail), 0o644))
		return
	}
	assert.Equal(t, out.String(), table, "run the test with -update and look at the change")
}
