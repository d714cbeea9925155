//go:build duckdb_arrow

package tables_test

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func TestMain(m *testing.M) {
	duck.Worker()
	os.Exit(m.Run())
}

// longestExample keeps a page's table readable, in characters.
const longestExample = 40

// examples gives a value of the demo for each column where one says more than the
// type does. Tables whose rows follow the time have none: the pages would change
// every day.
func examples(t *testing.T, now, later *testkit.Stack, table *catalog.Table) map[string]string {
	t.Helper()
	out := exampleValues(t, now, table)
	if !maps.Equal(out, exampleValues(t, later, table)) {
		return nil
	}
	return out
}

func exampleValues(t *testing.T, demo *testkit.Stack, table *catalog.Table) map[string]string {
	t.Helper()
	schema := "Administrators"
	if table.Scope == catalog.Global {
		schema = "Information"
	}
	out := map[string]string{}
	for _, row := range demo.Query(t, "SELECT * FROM "+schema+"."+table.Name+" LIMIT 50") {
		for i := range table.Columns {
			c := &table.Columns[i]
			if telling(c) && out[c.Name] == "" && row[i] != "NULL" && row[i] != "" {
				out[c.Name] = shortened(row[i])
			}
		}
	}
	return out
}

// telling leaves out what looks the same everywhere, and what changes with the time.
func telling(c *catalog.Column) bool {
	return c.Type != catalog.GUID && c.Type != catalog.Bool && c.Type != catalog.Timestamp
}

func shortened(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if letters := []rune(value); len(letters) > longestExample {
		value = string(letters[:longestExample-1]) + "…"
	}
	return "`" + strings.ReplaceAll(strings.ReplaceAll(value, "`", "'"), "|", "\\|") + "`"
}
