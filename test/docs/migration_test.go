package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/config"
	"github.com/pingone-gateway/gateway/pingone/tables"
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

var tableStatus = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (now|planned) \\|")

// TestMigrationTellsWhichTablesAreThere compares the list with the declared
// tables.
func TestMigrationTellsWhichTablesAreThere(t *testing.T) {
	t.Parallel()
	declared, err := tables.All()
	require.NoError(t, err)
	there := map[string]bool{}
	for _, d := range declared {
		there[d.Name] = true
	}
	text := migration(t)
	listed := tableStatus.FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, listed)
	for _, m := range listed {
		assert.Equal(t, there[m[1]], m[2] == "now", "%s is said to be %q", m[1], m[2])
	}
	for name := range there {
		assert.Contains(t, text, "`"+name+"`", "a table without a word on it")
	}
}

func migration(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "migration.md"))
	require.NoError(t, err)
	return string(text)
}
