//go:build duckdb_arrow

package access

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
)

// rowsOf are the rows of an answer in JSON, as texts.
func rowsOf(t *testing.T, a answer) (out []string) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	var got struct{ Rows [][]any }
	require.NoError(t, json.Unmarshal([]byte(a.body), &got), a.body)
	for _, r := range got.Rows {
		var cells []string
		for _, c := range r {
			text, ok := c.(string)
			if !ok {
				raw, err := json.Marshal(c)
				require.NoError(t, err)
				text = string(raw)
			}
			cells = append(cells, text)
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

// System tables show a caller what its grants show: the schemas, tables and
// columns, and of the ways to read them those that test its own values.
func TestSystemTablesKeepToTheGrants(t *testing.T) {
	t.Parallel()
	engine := testkit.OpenEngine(t)
	w := newWorld(t, engine, 5, 20, partialPolicy)
	cases := []struct {
		sql  string
		want []string
	}{
		{"SELECT schema_name FROM information_schema.schemata", []string{"AllEnvironments", "Administrators", "Customers", "information_schema", "sys"}},
		{"SHOW SCHEMAS", []string{"AllEnvironments", "Administrators", "Customers"}},
		{"SELECT SchemaName, TableName FROM sys_tables ORDER BY 1, 2", []string{"Administrators Groups", "AllEnvironments Groups", "AllEnvironments Users", "Customers Users"}},
		{"SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema NOT IN ('information_schema', 'sys') ORDER BY 1", []string{"Groups", "Users"}},
		{"SELECT SchemaName FROM sys_tables WHERE IsUpdateable", nil},
		{"SELECT table_name FROM information_schema.tables WHERE is_insertable_into = 'YES'", nil},
		{"SELECT column_name FROM information_schema.columns WHERE is_updatable = 'YES'", nil},
		{"SELECT ColumnName FROM sys_tablecolumns WHERE ColumnName IN ('Nickname', 'Email') ORDER BY SchemaName", []string{"Email", "Email"}},
		// Users points to Populations, and both to Information.Environments.
		{"SELECT constraint_name FROM information_schema.table_constraints WHERE constraint_type = 'FOREIGN KEY'", nil},
		{"SELECT ColumnName FROM sys_foreignkeys", nil},
		{"SELECT constraint_name FROM information_schema.key_column_usage ORDER BY constraint_schema, constraint_name", []string{
			"pk_Groups", "pk_Groups", "pk_Groups", "pk_Users", "pk_Users", "pk_Users",
		}},
		{"SELECT ProcedureName FROM sys_procedures", nil},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			got := w.ask(t, "/sql", c.sql)
			assert.Equal(t, c.want, rowsOf(t, got))
			assert.NotContains(t, got.body, "Zürich")
		})
	}
	t.Run("access paths", func(t *testing.T) {
		t.Parallel()
		got := w.ask(t, "/sql", "SELECT * FROM sys_accesspaths").body
		assert.Contains(t, got, "Username:eq", "a column in sight")
		assert.NotContains(t, got, "Nickname", "a hidden one")
		assert.NotContains(t, got, "Email:", "a masked one, of which no condition is sent")
	})
	for _, sql := range []string{"DESCRIBE Customers.Users", "SUMMARIZE Customers.Users", "SUMMARIZE AllEnvironments.Users"} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			rows := rowsOf(t, w.ask(t, "/sql", sql))
			assert.NotContains(t, strings.Join(rows, "\n"), "Nickname")
			found := false
			for _, r := range rows {
				if strings.HasPrefix(r, "Email ") {
					found = true
					assert.NotContains(t, r, "@")
				}
			}
			assert.True(t, found)
		})
	}
	for _, sql := range []string{"DESCRIBE Administrators.Users", "SUMMARIZE Customers.Populations", "SHOW TABLES FROM Information", "EXPLAIN SELECT Nickname FROM Customers.Users"} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			got := w.ask(t, "/sql", sql)
			assert.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, got.status, got.body)
		})
	}
	t.Run("plan", func(t *testing.T) {
		t.Parallel()
		plan := strings.Join(rowsOf(t, w.ask(t, "/sql", "EXPLAIN SELECT Username FROM Customers.Users WHERE Username = 'x'")), "\n")
		assert.Contains(t, plan, "Your roles restrict a table")
		assert.NotContains(t, plan, "Contractor")
		assert.NotContains(t, plan, "GET ")
	})
}

const writerPolicy = `version: 1
roles:
  restricted:
    grants:
      - connections: ["*"]
        schemas: [Administrators]
        tables: [Groups, Populations]
      - connections: ["*"]
        schemas: [Administrators]
        tables: [Groups]
        access: write
`

// What may be changed is what the caller may change.
func TestSystemTablesKnowWhoMayWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.OpenEngine(t), 6, 20, writerPolicy)
	assert.Equal(t, []string{"Administrators Groups", "AllEnvironments Groups"}, rowsOf(t, w.ask(t, "/sql", "SELECT SchemaName, TableName FROM sys_tables WHERE IsUpdateable ORDER BY 1")))
	for _, schema := range []string{"Administrators", "AllEnvironments"} {
		assert.Equal(t, []string{"Groups YES", "Populations NO"}, rowsOf(t, w.ask(t, "/sql",
			"SELECT table_name, is_insertable_into FROM information_schema.tables WHERE table_schema = '"+schema+"' ORDER BY 1")))
	}
	assert.Equal(t, []string{"Administrators PopulationId Id", "AllEnvironments EnvironmentId EnvironmentId", "AllEnvironments PopulationId Id"}, rowsOf(t, w.ask(t, "/sql",
		"SELECT ReferencedSchemaName, ColumnName, ReferencedColumnName FROM sys_foreignkeys WHERE ForeignKeyName = 'fk_Groups_PopulationId' AND ReferencedTableName = 'Populations' ORDER BY 1, 2")))
}
