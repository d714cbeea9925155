//go:build duckdb_arrow

package integration

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// TestSystemTables asks system tables as any other: by conditions, joins and
// aggregates, with parameters, by full names and without a schema.
func TestSystemTables(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Service: func(c *service.Config) {
		c.System = []*system.Schema{system.NewSchema("pg_catalog", true, system.Table{
			Name: "pg_namespace", Columns: []catalog.Column{{Name: "oid", Type: catalog.Int64}, {Name: "nspname", Type: catalog.String}, {Name: "places", Type: catalog.Int32List}},
			Each: func(_ context.Context, _ *system.Catalog, s *catalog.Schema) ([]system.Row, error) {
				return []system.Row{{int64(len(s.Name)), s.Name, []int64{int64(len(s.Name)), 7}}}, nil
			},
		})}
	}})
	cases := []struct {
		name, sql string
		want      [][]string
	}{
		{
			"schemas of all kinds", "SELECT schema_name FROM information_schema.schemata",
			[][]string{{"Information"}, {"AllEnvironments"}, {"Administrators"}, {"Customers"}, {"Old Shop"}, {"Partner Portal Zürich"}, {"information_schema"}, {"sys"}, {"pg_catalog"}},
		},
		{
			"as many tables in each environment", "SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM sys_tables WHERE SchemaName <> 'Information' GROUP BY SchemaName)",
			[][]string{{"1"}},
		},
		{
			"columns in order", "SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'Customers' AND table_name = 'Groups' ORDER BY ordinal_position LIMIT 2",
			[][]string{{"Id", "uuid", "NO"}, {"Name", "character varying", "NO"}},
		},
		{
			"the names of all environments in theirs", "SELECT ordinal_position > 1 FROM information_schema.columns WHERE table_schema = 'AllEnvironments' AND table_name = 'Users' AND column_name = 'EnvironmentName'",
			[][]string{{"true"}},
		},
		{
			"full names of columns, and a join", `SELECT information_schema.columns.column_name FROM information_schema.columns
				JOIN information_schema.key_column_usage k ON k.table_name = information_schema.columns.table_name AND k.column_name = "information_schema".columns.column_name
				WHERE k.constraint_name = 'pk_Users' AND k.table_schema = 'Customers' AND information_schema.columns.table_schema = 'Customers'`,
			[][]string{{"Id"}},
		},
		{
			"foreign keys with their targets", `SELECT f.column_name, p.table_schema, p.table_name, p.column_name
				FROM information_schema.referential_constraints r
				JOIN information_schema.key_column_usage f ON f.constraint_name = r.constraint_name AND f.constraint_schema = r.constraint_schema
				JOIN information_schema.key_column_usage p ON p.constraint_name = r.unique_constraint_name AND p.constraint_schema = r.unique_constraint_schema
				WHERE f.table_schema = 'Customers' AND f.table_name = 'Users' AND f.column_name IN ('PopulationId', 'EnvironmentId') ORDER BY 1 DESC`,
			[][]string{{"PopulationId", "Customers", "Populations", "Id"}, {"EnvironmentId", "Information", "Environments", "Id"}},
		},
		{
			"the connector's alias", "SELECT CatalogName, SchemaName FROM CData.sys.sys_tables WHERE TableName = 'Licenses'",
			[][]string{{"CData", "Information"}},
		},
		{
			"a list", "SELECT PathName FROM sys_accesspaths WHERE SchemaName = 'Customers' AND TableName = 'Groups' AND len(RequiredKeys) = 1 AND RequiredKeys[1] = 'Id'",
			[][]string{{"by_id"}},
		},
		{
			"beside rows of the directory", "SELECT g.Name, c.table_name FROM Information.Environments g JOIN information_schema.tables c ON c.table_schema = g.Name AND c.table_name = 'Users' ORDER BY 1 LIMIT 1",
			[][]string{{"Administrators", "Users"}},
		},
		{"an added table without its schema", "SELECT oid, nspname FROM pg_namespace WHERE oid > 17 ORDER BY nspname DESC", [][]string{{"18", "information_schema"}, {"22", "Partner Portal Zürich"}}},
		{"an added table in full", "SELECT pg_catalog.pg_namespace.oid FROM pg_catalog.pg_namespace WHERE pg_catalog.pg_namespace.nspname = 'sys'", [][]string{{"3"}}},
		{"a list of numbers", "SELECT places FROM pg_namespace WHERE nspname = 'sys'", [][]string{{"[3,7]"}}},
		{"a list of numbers in the engine", "SELECT places[1] + 1, len(places) FROM pg_namespace WHERE 3 = ANY(places)", [][]string{{"4", "2"}}},
		{"none", "SELECT * FROM sys_indexes", nil},
		{"a number of rows", "SELECT count(*) FROM sys_catalogs", [][]string{{"1"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, s.Query(t, c.sql))
		})
	}
	t.Run("parameters", func(t *testing.T) {
		t.Parallel()
		rows := s.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? AND table_name LIKE ?", testkit.Parameter{Value: predicate.StringValue("Information")}, testkit.Parameter{Value: predicate.StringValue("Lic%")})
		assert.Equal(t, [][]string{{"LicenseActiveIdentityCounts"}, {"Licenses"}}, rows)
	})
}

func TestSystemTablesThatAreNotThere(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{})
	cases := []struct {
		sql  string
		code gwerr.Code
	}{
		{"SELECT * FROM tables", gwerr.UnknownTable},
		{"SELECT * FROM information_schema.engines", gwerr.UnknownTable},
		{"SELECT * FROM information_schema.duckdb_tables", gwerr.UnknownTable},
		{"SELECT * FROM pg_catalog.pg_class", gwerr.UnknownSchema},
		{"SELECT * FROM pg_class", gwerr.UnknownTable},
		{"SELECT * FROM duckdb_columns", gwerr.UnknownTable},
		{"SELECT * FROM duckdb_columns()", gwerr.UnknownFunction},
		{`SELECT * FROM "gateway.information_schema".tables`, gwerr.UnknownSchema},
		{"SELECT * FROM main.sys_tables", gwerr.UnknownSchema},
		{"DELETE FROM information_schema.tables WHERE table_name = 'Users'", gwerr.ReadOnly},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			_, err := s.TryQuery(testkit.Context(t), c.sql)
			assert.True(t, gwerr.Is(err, c.code), "%v", err)
		})
	}
}

// TestSystemTablesCost reads no more than the list of environments and the
// schemas that the statement is about.
func TestSystemTablesCost(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Client: func(c *pingone.Config) { c.SchemaTTL = time.Hour }})
	schema := 0
	for i, c := range []struct {
		sql  string
		more func() int
	}{
		{"SELECT * FROM information_schema.schemata", func() int { return 1 }},
		{"SELECT * FROM sys_schemas", func() int { return 0 }},
		{"SELECT * FROM information_schema.tables WHERE table_schema = 'Information'", func() int { return 0 }},
		{"SELECT * FROM information_schema.columns WHERE table_schema = 'Customers'", func() int { schema = s.Calls(); return schema }},
		{"SELECT * FROM sys_tablecolumns WHERE SchemaName IN ('Customers', 'Information')", func() int { return 0 }},
		{"SELECT * FROM sys_tablecolumns", func() int { return 3 * schema }},
		{"SELECT * FROM sys_accesspaths", func() int { return 0 }},
	} {
		s.ResetRequests()
		s.Query(t, c.sql)
		assert.Equal(t, c.more(), s.Calls(), "%d %s", i, c.sql)
	}
	assert.Positive(t, schema)
	assert.LessOrEqual(t, schema, 2, "the schema of users and its attributes")
	plan, err := s.Explain(testkit.Context(t), "SELECT * FROM information_schema.columns WHERE table_schema = 'Customers'")
	require.NoError(t, err)
	explained, ok := plan.(*exec.Explanation)
	require.True(t, ok)
	assert.Empty(t, explained.Scans[0].Calls)
	assert.Zero(t, explained.Scans[0].EstimatedCalls)
}

// TestSystemTablesAreTheDeclarations holds what an environment and Information
// show against the declared tables: each table, each column and its type.
func TestSystemTablesAreTheDeclarations(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{})
	declared, err := tables.All()
	require.NoError(t, err)
	var listed, columns, keys [][]string
	var users int
	for _, d := range declared {
		schema := map[catalog.Scope]string{catalog.Global: "Information", catalog.PerEnvironment: "Customers"}[d.Scope]
		kind := "VIEW"
		if d.Writes != nil {
			kind = "BASE TABLE"
		}
		listed = append(listed, []string{schema, d.Name, kind, d.Doc})
		if d.Name == "Users" {
			users = len(d.Columns)
		}
		place := 0
		for i := range d.Columns {
			c := &d.Columns[i]
			columns = append(columns, []string{schema, d.Name, c.Name, c.Type.SQL(), c.Doc, fmt.Sprint(!c.Required && !c.Key)})
			if c.Key {
				place++
				keys = append(keys, []string{schema, d.Name, c.Name, fmt.Sprint(place)})
			}
		}
	}
	const where = " WHERE table_schema IN ('Information', 'Customers')"
	sameRows(t, listed, s.Query(t, "SELECT table_schema, table_name, table_type, remarks FROM information_schema.tables"+where))
	sameRows(t, keys, s.Query(t, `SELECT k.table_schema, k.table_name, k.column_name, k.ordinal_position FROM information_schema.key_column_usage k
		JOIN information_schema.table_constraints c USING (constraint_schema, constraint_name)
		WHERE c.constraint_type = 'PRIMARY KEY' AND k.table_schema IN ('Information', 'Customers')`))
	all := s.Query(t, "SELECT SchemaName, TableName, ColumnName, DataTypeName, Description, IsNullable FROM sys_tablecolumns WHERE SchemaName IN ('Information', 'Customers') ORDER BY ALL")
	own := s.Query(t, "SELECT SchemaName, TableName, ColumnName, DataTypeName, Description, IsNullable FROM sys_tablecolumns WHERE SchemaName = 'Customers' AND TableName = 'Users' AND Ordinal > "+fmt.Sprint(users))
	assert.NotEmpty(t, own, "attributes of the environment's own stand behind those of all")
	sameRows(t, append(columns, own...), all)
	paths := s.Query(t, "SELECT DISTINCT TableName FROM sys_accesspaths WHERE len(RequiredKeys) = 0 AND SchemaName IN ('Information', 'Customers')")
	assert.Len(t, paths, len(declared), "each table can be read without a key")
}

// TestSystemTablesFollowAllEnvironments shows in each schema what can be asked of
// it.
func TestSystemTablesFollowAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Service: func(c *service.Config) { c.System = []*system.Schema{pgcatalog.Schema()} }})
	for _, schema := range []string{"AllEnvironments", "Customers", "Partner Portal Zürich"} {
		columns := s.Query(t, "SELECT column_name FROM information_schema.columns WHERE table_schema = ? AND table_name = 'Groups' ORDER BY ordinal_position", testkit.Parameter{Value: predicate.StringValue(schema)})
		described := s.Query(t, `DESCRIBE "`+schema+`".Groups`)
		require.Len(t, described, len(columns))
		for i := range columns {
			assert.Equal(t, columns[i][0], described[i][0])
		}
	}
	const changed = "SELECT TableName FROM sys_tables WHERE IsUpdateable AND SchemaName = "
	assert.Equal(t, s.Query(t, changed+"'Customers' ORDER BY 1"), s.Query(t, changed+"'AllEnvironments' ORDER BY 1"))
	// Each reference within an environment is one of two columns over all of them.
	const keys = "SELECT ForeignKeyName, ColumnName, ReferencedSchemaName, ReferencedTableName, ReferencedColumnName FROM sys_foreignkeys WHERE SchemaName = "
	var want [][]string
	for _, k := range s.Query(t, keys+"'Customers'") {
		if k[2] == "Customers" {
			k[2] = "AllEnvironments"
			want = append(want, []string{k[0], "EnvironmentId", k[2], k[3], "EnvironmentId"})
		}
		want = append(want, k)
	}
	sameRows(t, want, s.Query(t, keys+"'AllEnvironments'"))
	columns := s.Query(t, `SELECT c.conname, len(c.conkey), len(c.confkey), len(c.conpfeqop), r.relname, i.relname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
		JOIN pg_catalog.pg_class r ON r.oid = c.confrelid JOIN pg_catalog.pg_class i ON i.oid = c.conindid
		WHERE n.nspname = 'AllEnvironments' AND c.contype = 'f' AND conname IN ('fk_Users_PopulationId', 'fk_Users_EnvironmentId') ORDER BY 1 DESC`)
	assert.Equal(t, [][]string{{"fk_Users_PopulationId", "2", "2", "2", "Populations", "pk_Populations"}, {"fk_Users_EnvironmentId", "1", "1", "1", "Environments", "pk_Environments"}}, columns)
}

// sameRows compares rows in whatever order, and names those that differ.
func sameRows(t *testing.T, want, got [][]string) {
	t.Helper()
	require.NotEmpty(t, want)
	count := map[string]int{}
	for _, r := range want {
		count[strings.Join(r, " | ")]++
	}
	for _, r := range got {
		count[strings.Join(r, " | ")]--
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n == 0 })
	assert.Empty(t, count, "1 is missing, -1 too much")
}
