//go:build duckdb_arrow

package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// Hidden columns are what joins of their tables give, at the price of the rows
// in the result.
func TestHiddenColumns(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 700}})
	const lists = "(SELECT list(%s ORDER BY GroupId) FROM UserGroupAssociations a WHERE a.UserId = u.Id)"
	members := func(column string) string { return fmt.Sprintf("coalesce("+lists+", [])", column) }
	s.Query(t, "SELECT count(*) FROM Users")
	for _, c := range []struct {
		name, hidden, joined string
		calls                int // that ask for single users' passwords or groups' totals; 0: not checked
	}{
		{
			"the first of an order", "SELECT Username, PasswordStatus FROM Users ORDER BY Username LIMIT 3",
			"SELECT u.Username, p.Status FROM Users u JOIN UserPasswords p ON p.UserId = u.Id ORDER BY 1 LIMIT 3", 3,
		},
		{
			"after all conditions", "SELECT u.Username AS n, u.PasswordStatus AS s FROM Users u JOIN Populations p ON p.Id = u.PopulationId WHERE p.Name = 'Interns' AND u.Title IS NOT NULL ORDER BY n LIMIT 2",
			"SELECT u.Username, w.Status FROM Users u JOIN Populations p ON p.Id = u.PopulationId JOIN UserPasswords w ON w.UserId = u.Id WHERE p.Name = 'Interns' AND u.Title IS NOT NULL ORDER BY 1 LIMIT 2", 2,
		},
		{
			"lists", "SELECT Username, memberofgroupids, MemberOfGroupNames FROM Users WHERE Username LIKE 'ad%' ORDER BY Username",
			"SELECT Username, " + members("GroupId") + ", " + members("GroupName") + " FROM Users u WHERE Username LIKE 'ad%' ORDER BY Username", 0,
		},
		{
			"numbers", "SELECT Name, TotalUsersCount, Groups.TotalChildGroupsCount FROM Groups ORDER BY 1 LIMIT 5",
			"SELECT g.Name, t.TotalUsersCount, t.TotalChildGroupsCount FROM Groups g JOIN GroupTotals t ON t.GroupId = g.Id ORDER BY 1 LIMIT 5", 5,
		},
		{
			"behind a star", "SELECT p.*, 1, u.PasswordStatus, Username FROM Populations p JOIN Users u ON u.PopulationId = p.Id ORDER BY Username LIMIT 2",
			"SELECT p.*, 1, w.Status, Username FROM Populations p JOIN Users u ON u.PopulationId = p.Id JOIN UserPasswords w ON w.UserId = u.Id ORDER BY Username LIMIT 2", 2,
		},
		{"no rows", "SELECT PasswordStatus FROM Users WHERE Username = 'nobody'", "SELECT 'x' WHERE FALSE", 0},
		{
			"its own name elsewhere", "WITH w AS (SELECT UserId, Status AS PasswordStatus FROM UserPasswords WHERE UserId IN (SELECT Id FROM Users WHERE Username = 'ada.admin')) SELECT PasswordStatus FROM w",
			"SELECT Status FROM UserPasswords WHERE UserId IN (SELECT Id FROM Users WHERE Username = 'ada.admin')", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := s.Query(t, c.joined)
			s.ResetRequests()
			got := s.Query(t, c.hidden)
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			single := 0
			for _, r := range s.Requests() {
				if strings.HasSuffix(r.Path, "/password") || strings.Contains(r.Query, "totalMemberCounts") {
					single++
				}
			}
			if c.calls > 0 && single != c.calls {
				t.Errorf("%d calls for single rows, want %d", single, c.calls)
			}
		})
	}
	for _, sql := range []string{
		"SELECT Username FROM Users WHERE PasswordStatus = 'OK'",
		"SELECT PasswordStatus, count(*) FROM Users GROUP BY PasswordStatus",
		"SELECT DISTINCT PasswordStatus FROM Users",
		"SELECT Username, PasswordStatus FROM Users ORDER BY PasswordStatus",
		"SELECT Username, PasswordStatus AS p FROM Users ORDER BY p",
		"SELECT Username, PasswordStatus AS p FROM Users WHERE p = 'OK'",
		"SELECT Username, PasswordStatus FROM Users ORDER BY 2",
		"SELECT Username, PasswordStatus FROM Users ORDER BY ALL",
		"SELECT upper(PasswordStatus) FROM Users",
		"SELECT *, PasswordStatus, * FROM Users",
		"SELECT Username FROM Users UNION ALL SELECT PasswordStatus FROM Users",
		"SELECT s FROM (SELECT PasswordStatus AS s FROM Users) x",
	} {
		_, err := s.TryQuery(testkit.Context(t), sql)
		if !gwerr.Is(err, gwerr.UnknownColumn) || !strings.Contains(gwerr.From(err).Hint, "Join UserPasswords by its UserId") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
