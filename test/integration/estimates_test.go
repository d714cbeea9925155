//go:build duckdb_arrow

package integration

import (
	"testing"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// EXPLAIN knows how many calls the reading of each table takes, within a tenth or
// two in each environment.
func TestEveryTableIsExplained(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it counts calls, one query after the other")
	}
	c := newScriptOf(t, 300)
	for schema, within := range map[string]int{"Information": 2, sim.EnvironmentAdministrators: 2, "AllEnvironments": 6} {
		for _, row := range c.stack.Query(t, "SELECT table_name FROM information_schema.tables WHERE table_schema = '"+schema+"'") {
			sql := "SELECT * FROM " + schema + "." + row[0]
			made, explained := c.count(t, sql), c.estimate(t, sql)
			if off := max(made-explained, explained-made); off > within && off*10 > made {
				t.Errorf("%s: %d calls, explained as %d", sql, made, explained)
			}
		}
	}
}
