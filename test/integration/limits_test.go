package integration_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestLimitsSpareCalls: a table that is asked for once per user is asked for the users
// alone whom a LIMIT leaves, and for no more of them once a join has enough rows.
func TestLimitsSpareCalls(t *testing.T) {
	t.Parallel()
	const users, page = 1000, 200
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: users}})
	s.Query(t, "SELECT Id FROM Users LIMIT 1") // its attributes are read now
	newest := s.Query(t, "SELECT Username FROM Users ORDER BY CreatedAt DESC, Username LIMIT 8 OFFSET 2")
	titled := s.Query(t, "SELECT Username FROM Users ORDER BY Title DESC NULLS LAST, Username LIMIT 12")
	for name, c := range map[string]struct {
		sql   string
		rows  int
		same  [][]string
		calls int // at most
	}{
		"any users": {
			"SELECT u.Username, p.Status FROM (SELECT * FROM Users LIMIT 10) u JOIN UserPasswords p ON p.UserId = u.Id", 10, nil, 1 + 10,
		},
		"of a list of ids": {
			"SELECT UserId FROM UserPasswords WHERE UserId IN (SELECT Id FROM Users LIMIT 5 OFFSET 5)", 5, nil, 1 + 10,
		},
		"users of a condition that is tested here": {
			"SELECT u.Username, p.Status FROM (SELECT * FROM Users WHERE EmployeeType = 'Contractor' LIMIT 10) u JOIN UserPasswords p ON p.UserId = u.Id", 10, nil, users/page + 2 + page,
		},
		"the newest users": {
			"WITH u AS (SELECT * FROM Users ORDER BY CreatedAt DESC, Username LIMIT 8 OFFSET 2) SELECT u.Username FROM u LEFT JOIN UserPasswords p ON p.UserId = u.Id ORDER BY u.CreatedAt DESC, 1",
			8, newest, 2*users/page + 20,
		},
		"the first by a value that not all have": {
			"SELECT u.Username FROM (SELECT * FROM Users ORDER BY Title DESC NULLS LAST, Username LIMIT 12) u LEFT JOIN UserPasswords p ON p.UserId = u.Id ORDER BY u.Title DESC NULLS LAST, 1",
			12, titled, users,
		},
		"a left join": {
			"SELECT u.Username, p.Status FROM Users u LEFT JOIN UserPasswords p ON p.UserId = u.Id LIMIT 10", 10, nil, 1 + 10,
		},
		"the newest users, with what not all have": {
			"SELECT u.Username FROM Users u LEFT JOIN UserPasswords p ON p.UserId = u.Id ORDER BY u.CreatedAt DESC, u.Username LIMIT 8 OFFSET 2", 8, newest, 2*users/page + 20,
		},
		"a join of which few rows are wanted": {
			"SELECT u.Username, p.Status FROM UserPasswords p JOIN Users u ON p.UserId = u.Id LIMIT 3", 3, nil, users / 2,
		},
		"the other way round": {
			"SELECT u.Username, p.Status FROM Users u JOIN UserPasswords p ON p.UserId = u.Id LIMIT 3", 3, nil, users / 2,
		},
		"a join of three": {
			"SELECT u.Username, p.Status, o.Name FROM Users u JOIN Populations o ON o.Id = u.PopulationId JOIN UserPasswords p ON p.UserId = u.Id LIMIT 3", 3, nil, users / 2,
		},
	} {
		s.ResetRequests()
		rows := s.Query(t, c.sql)
		require.Len(t, rows, c.rows, name)
		if c.same != nil {
			assert.Equal(t, c.same, rows, name)
		}
		assert.LessOrEqual(t, s.Calls(), c.calls, name)
	}
}
