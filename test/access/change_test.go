//go:build duckdb_arrow

package access

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

const editorPolicy = `version: 1
roles:
  restricted:
    grants:
      - connections: ["*"]
        schemas: [Administrators]
        tables: ["*"]
        except: [Agreements]
      - connections: ["*"]
        schemas: [Administrators]
        tables: [Users]
        access: write
        rows: "EmployeeType = 'Contractor'"
        hide: [Nickname]
        mask: {Email: hash}
      - connections: ["*"]
        schemas: [Administrators]
        tables: [UserGroupAssociations]
        access: write
`

// A caller writes what the grants with write access give, and nothing that it
// may only read, whatever way it takes.
func TestWritesKeepToTheGrants(t *testing.T) {
	t.Parallel()
	engine := testkit.OpenEngine(t)
	w := newWorld(t, engine, 3, 60, editorPolicy)
	open := testkit.Start(t, testkit.Options{Simulator: w.Simulator, Engine: engine})
	kinds := open.Query(t, "SELECT coalesce(EmployeeType, '') = 'Contractor', count(*) FROM Users GROUP BY ALL ORDER BY 1")
	if len(kinds) != 2 {
		t.Fatalf("%v: the directory tests nothing", kinds)
	}
	cases := []struct {
		name, sql string
		status    int
		says      string
	}{
		{"rows of another kind", "UPDATE Users SET Title = 'taken' WHERE EmployeeType <> 'Contractor'", http.StatusOK, `"rows":[`},
		{"the column that chooses the rows", "UPDATE Users SET EmployeeType = 'Employee' WHERE true", http.StatusForbidden, "choose the rows"},
		{"a masked column", "UPDATE Users SET Email = 'a@example.org' WHERE true", http.StatusForbidden, "mask"},
		{"a hidden column", "UPDATE Users SET Nickname = 'a' WHERE true", http.StatusBadRequest, "no column"},
		{"a hidden column asked back", "UPDATE Users SET Title = 'a' WHERE false RETURNING Nickname", http.StatusBadRequest, "no column"},
		{"a new row, where only some are shown", "INSERT INTO Users (Username, EmployeeType) VALUES ('x', 'Contractor')", http.StatusForbidden, "can't insert"},
		{"a table that is only read", "UPDATE Groups SET Description = 'a' WHERE true", http.StatusForbidden, "do not allow writing to Groups"},
		{"a table that isn't shown", "UPDATE Agreements SET Name = 'a' WHERE true", http.StatusNotFound, "no table"},
		{"another schema", "DELETE FROM Information.Environments WHERE true", http.StatusNotFound, "no schema"},
		{"by way of another table's rows", "DELETE FROM Users WHERE Id IN (SELECT UserId FROM UserGroupAssociations) AND EmployeeType <> 'Contractor'", http.StatusOK, `"rows":[`},
		{"through GET", "", http.StatusMethodNotAllowed, "changed by GET"},
	}
	for _, c := range cases {
		w.ResetRequests()
		target := "/sql"
		if c.sql == "" {
			target = "/sql?query=DELETE%20FROM%20Users%20WHERE%20true"
		}
		got := w.ask(t, target, c.sql)
		assert.Equal(t, c.status, got.status, "%s: %s", c.name, got.body)
		assert.Contains(t, got.body, c.says, c.name)
		for _, r := range w.Requests() {
			assert.False(t, r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1/"), "%s: %s %s", c.name, r.Method, r.Path)
		}
	}
	got := w.ask(t, "/sql", "UPDATE Users SET Title = 'kept' WHERE true RETURNING EmployeeType")
	assert.Equal(t, http.StatusOK, got.status, got.body)
	assert.Equal(t, [][]string{{"Contractor", kinds[1][1]}}, open.Query(t, "SELECT EmployeeType, count(*) FROM Users WHERE Title = 'kept' GROUP BY ALL"))
}
