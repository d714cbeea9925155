//go:build duckdb_arrow

package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/plan"
)

// The listings that tell direct memberships from inherited ones hold the members as
// users: these take no calls of their own, and each is there once, whether one listing
// has it or both.
func TestTypedMembershipsHoldTheirUsers(t *testing.T) {
	t.Parallel()
	s := testkit.StartSimulator(t, sim.Options{Users: 3000})
	on := testkit.Start(t, testkit.Options{Simulator: s, MaxAffected: 30})
	off := testkit.Start(t, testkit.Options{Simulator: s, Plan: plan.Options{NoPushDown: true}, Exec: func(c *exec.Config) { c.MaxDriveRows = -1 }})
	of := func(typ, and string) string {
		return on.Query(t, "SELECT GroupId FROM UserGroupAssociations WHERE Type = '"+typ+"' "+and+" GROUP BY 1 HAVING count(*) BETWEEN 100 AND 700 ORDER BY count(*) DESC, 1 LIMIT 1")[0][0]
	}
	inherited := of("INDIRECT", "")
	direct := of("DIRECT", "AND GroupId <> '"+inherited+"'")
	some := "(SELECT UserId, GroupId FROM UserGroupAssociations WHERE Type = 'INDIRECT' AND GroupId = '" + inherited + "' ORDER BY 1 LIMIT 20)"
	on.Query(t, "INSERT INTO UserGroupAssociations (UserId, GroupId) SELECT UserId, GroupId FROM "+some) // they are both now
	groups := strings.NewReplacer("$D", direct, "$I", inherited)
	members := "FROM UserGroupAssociations m %% Users u ON u.Id = m.UserId WHERE m.GroupId "
	for name, c := range map[string]struct {
		alone, with string
	}{
		"of a group":             {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId = '$I'", "SELECT m.Type, u.* " + members + "= '$I'"},
		"with directly added":    {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId = '$D'", "SELECT m.Type, u.Username, u.Email " + members + "= '$D'"},
		"of two groups":          {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId IN ('$I', '$D')", "SELECT m.GroupId, m.Type, u.Username " + members + "IN ('$I', '$D')"},
		"inherited":              {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId IN ('$I', '$D') AND m.Type = 'INDIRECT'", "SELECT m.GroupId, u.Username " + members + "IN ('$I', '$D') AND m.Type = 'INDIRECT'"},
		"not inherited":          {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId IN ('$I', '$D') AND m.Type = 'DIRECT'", "SELECT m.GroupId, m.Type, u.Username " + members + "IN ('$I', '$D') AND m.Type = 'DIRECT'"},
		"with a condition":       {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId = '$I'", "SELECT m.Type, u.Username " + members + "= '$I' AND u.IsEnabled AND u.Username LIKE '%a%'"},
		"with populations above": {"SELECT GroupId, Type FROM UserGroupAssociations m WHERE m.GroupId = '$I'", "SELECT m.Type, u.PopulationId, count(*) " + members + "= '$I' GROUP BY ALL"},
	} {
		t.Run(name, func(t *testing.T) {
			calls := func(sql string) (rows [][]string, n int) {
				on.ResetRequests()
				rows = on.Query(t, groups.Replace(sql))
				return rows, on.Calls()
			}
			_, alone := calls(c.alone)
			for _, join := range []string{"JOIN", "LEFT JOIN"} {
				sql := strings.Replace(c.with, "%%", join, 1)
				got, n := calls(sql)
				assert.LessOrEqual(t, n, alone, sql)
				sameRows(t, off.Query(t, groups.Replace(sql)), got)
			}
		})
	}
}

// The rows of a page wait for each other where each leads to one entity: what they lead
// to is listed once for the page.
func TestExpandListsOnceForAPage(t *testing.T) {
	t.Parallel()
	stack := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	w := stack.Serve(t, testkit.WebOptions{})
	warm(t, w)
	names := map[string]string{}
	for _, u := range stack.Query(t, "SELECT Id, Username FROM Users") {
		names[u[0]] = u[1]
	}
	const members = "UserGroupAssociations?$select=UserId,GroupId"
	// page checks the users of a page, and gives its number of rows, its calls and the next one.
	page := func(path string, headers ...string) (rows, calls int, next string) {
		w.ResetRequests()
		p := readApplied(t, w, path, headers...)
		for _, r := range p.rows {
			require.Equal(t, names[text(r, "UserId")], r["User/Username"], "%v", r)
		}
		return len(p.rows), w.Calls(), strings.TrimPrefix(p.Next, w.URL)
	}
	w.ResetRequests()
	mustGet(t, w, odataRoot+members+"&$top=300", http.StatusOK)
	listing := len(names)/200 + 8 // some may be asked ahead, of groups too
	most := w.Calls() + listing
	rows, calls, _ := page(odataRoot + members + "&$top=300&$expand=User($select=Username;$filter=Username ne 'x')")
	assert.Equal(t, 300, rows)
	assert.LessOrEqual(t, calls, most)
	all := 0
	for next := odataRoot + members + "&$top=2200&$expand=User($select=Username)"; next != ""; all += rows {
		rows, _, next = page(next, "Prefer", "odata.maxpagesize=450")
		assert.LessOrEqual(t, rows, 450)
	}
	assert.Equal(t, 2200, all)
}

// Where PingOne refuses the filter by which members are listed, and the first query that
// meets it wants their users, these are read by their keys: the refused listing is no
// way to them.
func TestLinksThatAreRefusedListNothing(t *testing.T) {
	t.Parallel()
	engine := testkit.OpenEngine(t)
	for _, columns := range []string{"u.Username", "u.Username, m.Type"} {
		s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}, Engine: engine})
		group := s.Query(t, "SELECT GroupId FROM UserGroupAssociations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0][0]
		sql := "SELECT " + columns + " FROM Users u JOIN UserGroupAssociations m ON m.UserId = u.Id WHERE m.GroupId = '" + group + "'"
		want := s.Query(t, sql)
		fresh := testkit.Start(t, testkit.Options{Simulator: s.Simulator, Engine: engine})
		require.NoError(t, s.SetUnkind("refuse-filter=memberOfGroups"))
		sameRows(t, want, fresh.Query(t, sql))
	}
}
