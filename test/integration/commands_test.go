//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// TestCommands sends SHOW, DESCRIBE, SUMMARIZE and EXPLAIN.
func TestCommands(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{})
	tables := [][]string{{"BillOfMaterialsProducts", "VIEW", "Products of environments, one row for each."}}
	groups := [][]string{{"Id", "UUID", "NO", "PRI", "Identifier of the group."}, {"Name", "VARCHAR", "NO", "NULL", "Name; unique among the groups of a population and of the environment."}}
	cases := []struct {
		sql   string
		want  [][]string // the first rows
		count int
	}{
		{"SHOW TABLES FROM Information", tables, 8},
		{"show tables in pingone.Information;", tables, 8},
		{"SHOW TABLES FROM sys", [][]string{{"sys_accesspaths", "VIEW", "How tables are read: what each way needs, and what the API filters by itself."}}, 12},
		{"SHOW SCHEMAS", [][]string{{"Information"}, {"AllEnvironments"}, {"Administrators"}}, 6},
		{"SHOW PROCEDURES", nil, 0}, // an anonymous caller may call none
		{"DESCRIBE Groups", groups, 16},
		{"DESC Customers.Groups", groups, 16},
		{"SHOW COLUMNS FROM CData.Customers.Groups", groups, 16},
		{"DESCRIBE TABLE sys_catalogs", [][]string{{"CatalogName", "VARCHAR", "YES", "NULL", "Name of the connection."}}, 1},
		{"DESCRIBE SELECT count(*), Name AS n, 1.5 AS x FROM Groups GROUP BY Name", [][]string{{"count", "BIGINT", "YES", "NULL", "NULL"}, {"n", "VARCHAR", "YES", "NULL", "NULL"}, {"x", "DECIMAL(2,1)", "YES", "NULL", "NULL"}}, 3},
		{"SUMMARIZE SELECT * FROM (VALUES (1, 'a'), (3, NULL), (5, 'b')) AS v(n, t)", [][]string{
			{"n", "INTEGER", "1", "5", "3", "3.0", "2.0", "2", "3", "4", "3", "0"}, {"t", "VARCHAR", "a", "b", "2", "NULL", "NULL", "NULL", "NULL", "NULL", "3", "33.33"},
		}, 2},
		{"SUMMARIZE SELECT Id FROM Users WHERE false", [][]string{{"Id", "UUID", "NULL", "NULL", "0", "NULL", "NULL", "NULL", "NULL", "NULL", "0", "NULL"}}, 1},
		{"EXPLAIN SELECT Name FROM Groups WHERE Id = '00000000-0000-4000-8000-000000000001'", [][]string{
			{"Scan Administrators.Groups by path by_id"},
			{"  One row is read by its key."},
			{"  columns: Id, Name"},
			{"  GET environments/" + s.EnvironmentID("Administrators") + "/groups/00000000-0000-4000-8000-000000000001"},
			{"  estimate: calls 1, rows 1"},
		}, 5},
		{"EXPLAIN SELECT TableName FROM sys_tables WHERE SchemaName = 'Customers'", [][]string{{"Scan sys.sys_tables by path one schema"}, {"  The rows of one SchemaName are listed."}, {"  columns: SchemaName, TableName"}}, 4},
		{"EXPLAIN SELECT 1", [][]string{{"Engine (duckdb): SELECT 1"}}, 1},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			rows := s.Query(t, c.sql)
			assert.Len(t, rows, c.count)
			assert.Equal(t, c.want, rows[:min(len(rows), len(c.want))])
		})
	}
	t.Run("SHOW ALL TABLES", func(t *testing.T) {
		t.Parallel()
		assert.Greater(t, len(s.Query(t, "SHOW ALL TABLES")), len(s.Query(t, "SHOW TABLES")))
	})
	t.Run("EXPLAIN (FORMAT JSON)", func(t *testing.T) {
		t.Parallel()
		var plan struct{ Scans []struct{ Table string } }
		require.NoError(t, json.Unmarshal([]byte(s.Query(t, "EXPLAIN (FORMAT JSON) SELECT Name FROM Groups")[0][0]), &plan))
		assert.Equal(t, "Groups", plan.Scans[0].Table)
	})
	t.Run("a parameter", func(t *testing.T) {
		t.Parallel()
		rows := s.Query(t, "SUMMARIZE SELECT Name FROM Groups WHERE Name = ?", testkit.Parameter{Value: predicate.StringValue("All Staff")})
		assert.Equal(t, []string{"Name", "VARCHAR", "All Staff", "All Staff"}, rows[0][:4])
	})
	t.Run("a table of the directory", func(t *testing.T) {
		t.Parallel()
		rows := s.Query(t, "SUMMARIZE Populations")
		assert.Len(t, rows, len(s.Query(t, "DESCRIBE Populations")))
		assert.Equal(t, s.Query(t, "SELECT min(Name), max(Name) FROM Populations")[0], rows[1][2:4])
	})
}

func TestCommandsThatFail(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{})
	cases := []struct {
		sql  string
		code gwerr.Code
		at   int
	}{
		{"SHOW TABLES FROM Nowhere", gwerr.UnknownSchema, 17},
		{"SHOW search_path", gwerr.Syntax, 5},
		{"DESCRIBE Grops", gwerr.UnknownTable, 9},
		{"DESCRIBE Customers.Grops", gwerr.UnknownTable, 9},
		{"SUMMARIZE SELECT Nme FROM Groups", gwerr.UnknownColumn, 17},
		{"EXPLAIN SELECT nope FROM Users", gwerr.UnknownColumn, 15},
		{"EXPLAIN CALL Reset('secret')", gwerr.NotImplemented, 0},
		{"SELECT * FROM (DESCRIBE Groups)", gwerr.NotImplemented, 0},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			_, err := s.TryQuery(testkit.Context(t), c.sql)
			assert.True(t, gwerr.Is(err, c.code), "%v", err)
			assert.Equal(t, c.at, gwerr.From(err).Position, "%v", err)
		})
	}
}
