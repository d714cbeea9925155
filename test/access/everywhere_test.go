//go:build duckdb_arrow

package access

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

const partialPolicy = `version: 1
roles:
  restricted:
    grants:
      - connections: ["*"]
        schemas: [Administrators]
        tables: [Groups]
      - connections: ["*"]
        schemas: [Customers]
        tables: [Users]
        rows: "EmployeeType = 'Contractor'"
        hide: [Nickname]
        mask: {Email: "null"}
      - connections: ["*"]
        schemas: [AllEnvironments]
        tables: ["*"]
`

// What a caller sees of all environments is what it sees of each: a grant on
// AllEnvironments adds nothing.
func TestAllEnvironmentsKeepToTheGrants(t *testing.T) {
	t.Parallel()
	engine := testkit.OpenEngine(t)
	w := newWorld(t, engine, 3, 400, partialPolicy)
	open := testkit.Start(t, testkit.Options{Simulator: w.Simulator, Engine: engine})
	count := func(sql string) string { return open.Query(t, "SELECT count(*) FROM "+sql)[0][0] }
	contractors, groups := count("Customers.Users WHERE EmployeeType = 'Contractor'"), count("Administrators.Groups")
	if contractors == "0" || contractors == count("Customers.Users") {
		t.Fatal("the directory tests nothing")
	}
	cases := []struct {
		sql    string
		status int
		says   string
	}{
		{"SELECT count(*) FROM AllEnvironments.Users", http.StatusOK, fmt.Sprintf("[%s]", contractors)},
		{"SELECT count(*) FROM AllEnvironments.Users WHERE EmployeeType = 'Contractor' OR EnvironmentName <> 'Nowhere'", http.StatusOK, fmt.Sprintf("[%s]", contractors)},
		{"SELECT DISTINCT EnvironmentName FROM AllEnvironments.Users", http.StatusOK, "\n[\"Customers\"]\n]"},
		{"SELECT count(*) FROM AllEnvironments.Users WHERE Email IS NOT NULL", http.StatusOK, "[0]"},
		{"SELECT count(*) FROM AllEnvironments.Users WHERE EnvironmentName = 'Administrators'", http.StatusOK, "[0]"},
		{"SELECT Nickname FROM AllEnvironments.Users", http.StatusBadRequest, "no column"},
		{"SELECT count(*) FROM AllEnvironments.Groups", http.StatusOK, fmt.Sprintf("[%s]", groups)},
		{"SELECT DISTINCT EnvironmentName FROM AllEnvironments.Groups", http.StatusOK, "\n[\"Administrators\"]\n]"},
		{"SELECT * FROM AllEnvironments.Populations", http.StatusNotFound, "no table"},
	}
	for _, c := range cases {
		got := w.ask(t, "/sql", c.sql)
		assert.Equal(t, c.status, got.status, "%s: %s", c.sql, got.body)
		assert.Contains(t, got.body, c.says, c.sql)
		assert.NotContains(t, got.body, "Zürich", c.sql)
	}
	assert.NotContains(t, w.ask(t, "/odata/pingone/AllEnvironments/$metadata", "").body, "Nickname")
	plan := w.ask(t, "/sql/explain", "SELECT Username FROM AllEnvironments.Users").body
	assert.Contains(t, plan, "Your roles restrict a table")
	assert.False(t, strings.Contains(plan, "Contractor") || strings.Contains(plan, `"calls": [{`), plan)
}
