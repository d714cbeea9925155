//go:build duckdb_arrow

// Package integration tests the gateway's core over the simulator: real HTTP,
// the real engine, everything but the front ends.
package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

func TestQueries(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	s.Query(t, "SELECT 1") // the catalog is read now, so that calls below are the query's own
	s.Query(t, "SELECT Id FROM Users LIMIT 1")
	group := s.Query(t, "SELECT Id FROM Groups WHERE DirectUsersCount > 3 ORDER BY Name LIMIT 1")[0][0]
	member := s.Query(t, "SELECT UserId FROM UserGroupAssociations WHERE GroupId = '"+group+"' LIMIT 1")[0][0]
	cases := []struct {
		name, sql string
		calls     int // 0: not checked
		filter    string
	}{
		{"the seed query", "SELECT Id, Username FROM [CData].[Administrators].Users WHERE EmployeeType = 'Contractor'", 0, `type eq "Contractor"`},
		{"by name", "SELECT Id FROM Users WHERE Username = 'nobody'", 1, `username eq "nobody"`},
		{"count", "SELECT count(*) FROM Users", 1, ""},
		{"count with an exact filter", "SELECT count(*) FROM Users WHERE IsEnabled", 1, `enabled eq "true"`},
		{"limit", "SELECT Id FROM Users LIMIT 5", 1, ""},
		{"groups of a user", "SELECT GroupName FROM UserGroupAssociations WHERE UserId = '" + member + "'", 1, ""},
		{"password of one user", "SELECT p.Status FROM Users u JOIN UserPasswords p ON p.UserId = u.Id WHERE u.Username = 'ada.admin'", 2, ""},
		{"a hidden column of one user", "SELECT Username, PasswordStatus FROM Users WHERE Username = 'ada.admin'", 2, ""},
		{"totals of one group", "SELECT TotalUsersCount FROM GroupTotals WHERE GroupId = '" + group + "'", 1, ""},
		{"population sizes", "SELECT p.Name, count(*) AS users FROM Administrators.Users u JOIN Administrators.Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2 DESC", 0, ""},
		{"nothing can match", "SELECT Id FROM Users WHERE 1 = 0", 0, ""},
		{"other environment", `SELECT count(*) FROM "Partner Portal Zürich".Users`, 0, ""},
		{"information", "SELECT Name FROM Information.Environments ORDER BY 1", 1, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.ResetRequests()
			rows := s.Query(t, c.sql)
			var log []string
			for _, r := range s.Requests() {
				log = append(log, r.Method+" "+r.Path+"?"+r.Query)
			}
			t.Logf("%d rows, %d calls: %v", len(rows), s.Calls(), rows[:min(3, len(rows))])
			t.Log(strings.Join(log[:min(12, len(log))], "\n"))
			if c.calls > 0 && s.Calls() != c.calls {
				t.Errorf("%d calls, want %d", s.Calls(), c.calls)
			}
		})
	}
	t.Log(fmt.Sprint(group, member))
}

// TestOrganizationsThatAreNotShown asks for organizations and licenses by ids
// that PingOne refuses.
func TestOrganizationsThatAreNotShown(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 10}})
	const nobody = "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"
	known := s.Query(t, "SELECT OrganizationId FROM Information.Environments LIMIT 1")[0][0]
	license := s.Query(t, "SELECT Id FROM Information.Licenses WHERE OrganizationId = '"+known+"' LIMIT 1")[0][0]
	for _, c := range []struct{ name, from, want string }{
		{"an organization", "Organizations WHERE Id = '" + nobody + "'", "0"},
		{"two organizations", "Organizations WHERE Id IN ('" + nobody + "', '" + known + "')", "1"},
		{"licenses", "Licenses WHERE OrganizationId = '" + nobody + "'", "0"},
		{"one license", "Licenses WHERE OrganizationId = '" + nobody + "' AND Id = '" + license + "'", "0"},
		{"one license of two", "Licenses WHERE OrganizationId IN ('" + nobody + "', '" + known + "') AND Id = '" + license + "'", "1"},
		{"joined", "Organizations o JOIN Information.Licenses l ON l.OrganizationId = o.Id WHERE o.Id = '" + nobody + "'", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Query(t, "SELECT count(*) FROM Information."+c.from)[0][0]; got != c.want {
				t.Errorf("%s rows, want %s", got, c.want)
			}
			if got := len(s.Query(t, "SELECT * FROM Information."+c.from)); fmt.Sprint(got) != c.want {
				t.Errorf("%d rows read, want %s", got, c.want)
			}
		})
	}
}
