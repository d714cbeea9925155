package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/internal/procedures"
	declaredprocedures "github.com/pingone-gateway/gateway/pingone/procedures"
	"github.com/pingone-gateway/gateway/pingone/tables"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

// TestMigrationNamesEveryProperty compares docs/migration.md with the declared
// connection properties.
func TestMigrationNamesEveryProperty(t *testing.T) {
	t.Parallel()
	_, table, _ := strings.Cut(migration(t), "## Connection properties")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, o := range config.Options() {
		if o.Property != "" {
			assert.Contains(t, table, "`"+o.Property+"`", "a property without a word on it")
		}
	}
}

// connectorTable is a table of the commercial connector, and what is promised
// of it here.
type connectorTable struct {
	Table  string   `yaml:"table"`
	Pushed []string `yaml:"pushed"`
	Writes []string `yaml:"writes"`
	Lacks  []string `yaml:"lacks"`
}

// changes names what can be done to rows of a table.
func changes(t *catalog.Table) (out []string) {
	w := t.Writes
	if w == nil {
		return nil
	}
	for i, there := range []bool{w.Insert != nil, w.Update != nil || len(w.Parts) > 0, w.Delete != nil} {
		if there {
			out = append(out, []string{"insert", "update", "delete"}[i])
		}
	}
	return out
}

// TestConnectorsTablesAreThere holds the declared tables against the list of the
// commercial connector's.
func TestConnectorsTablesAreThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "connector.yaml"))
	require.NoError(t, err)
	var connectors []connectorTable
	require.NoError(t, yaml.Unmarshal(text, &connectors))
	declared, err := tables.All()
	require.NoError(t, err)
	page := migration(t)
	listed := map[string]bool{}
	for _, c := range connectors {
		listed[c.Table] = true
		at := slices.IndexFunc(declared, func(d *catalog.Table) bool { return d.Name == c.Table })
		if !assert.GreaterOrEqual(t, at, 0, "%s is not declared", c.Table) {
			continue
		}
		d := declared[at]
		assert.True(t, slices.ContainsFunc(d.Paths, func(p catalog.Path) bool { return p.Parent != nil || len(p.Keys) == 0 }), "%s needs a key", c.Table)
		for _, column := range c.Pushed {
			assert.True(t, slices.ContainsFunc(d.Paths, func(p catalog.Path) bool { return answers(&p, column) }), "%s of %s is not pushed", column, c.Table)
		}
		assert.Equal(t, c.Writes, changes(d), "changes of %s", c.Table)
		for _, column := range c.Lacks {
			assert.Nil(t, d.Column(column), "%s has %s", c.Table, column)
		}
		assert.Contains(t, page, "\n| `"+c.Table+"` |", "a table of the connector without a row")
	}
	for _, d := range declared {
		assert.Contains(t, page, "`"+d.Name+"`", "a table without a word on it")
	}
	_, rows, _ := strings.Cut(page, "\n## Tables\n")
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(rows, -1) {
		assert.True(t, listed[m[1]], "%s is not a table of the connector", m[1])
	}
}

// connectorViews are the views by which the commercial connector describes
// itself, after its public documentation.
var connectorViews = []string{
	"sys_catalogs", "sys_schemas", "sys_tables", "sys_tablecolumns", "sys_keycolumns", "sys_primarykeys", "sys_foreignkeys",
	"sys_procedures", "sys_procedureparameters", "sys_indexes", "sys_connection_props",
}

// connectorColumns are the documented columns of sys_tablecolumns.
var connectorColumns = []string{
	"CatalogName", "SchemaName", "TableName", "ColumnName", "DataTypeName", "DataType", "Length", "NumericPrecision", "NumericScale",
	"IsNullable", "Description", "Ordinal", "IsAutoIncrement", "IsGeneratedColumn", "IsReadOnly", "IsKey", "IsHidden",
}

// connectorProcedures are its procedures.
var connectorProcedures = []string{"GetOAuthAccessToken", "GetOAuthAuthorizationURL", "RefreshOAuthAccessToken", "RevokeUserScopeConsents"}

// TestConnectorsViewsAndProceduresAreThere does the same for what is not a table of
// the directory, and lets the page promise nothing.
func TestConnectorsViewsAndProceduresAreThere(t *testing.T) {
	t.Parallel()
	s, err := (&system.Catalog{System: system.Schemas()}).Schema(t.Context(), "sys")
	require.NoError(t, err)
	for _, name := range append(connectorViews, "sys_accesspaths") {
		view, ok := s.Table(name)
		if assert.True(t, ok, name) && name == "sys_tablecolumns" {
			for i, column := range connectorColumns {
				assert.Equal(t, column, view.Columns[i].Name)
			}
		}
	}
	declared, err := declaredprocedures.All()
	require.NoError(t, err)
	there := map[string]bool{}
	for _, p := range declared {
		there[p.Signature.Name] = true
	}
	for _, p := range procedures.OAuth(nil) {
		there[p.Name] = true
	}
	for _, name := range connectorProcedures {
		assert.True(t, there[name], name)
	}
	assert.NotContains(t, migration(t), "planned")
}

// answers reports whether a path answers a condition on the column.
func answers(p *catalog.Path, column string) bool {
	_, filtered := p.Filters[column]
	return filtered || slices.Contains(p.Keys, column) || p.Variant != nil && p.Variant.Column == column
}

func migration(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "migration.md"))
	require.NoError(t, err)
	return string(text)
}
