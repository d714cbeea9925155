//go:build duckdb_arrow

package duck_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestWindowsRunInOneThread: in several, DuckDB 1.5.5 now and then accesses index 0
// within a vector of size 0, and has to end.
func TestWindowsRunInOneThread(t *testing.T) {
	t.Parallel()
	e, lib := open(t, func(c *duck.Config) { c.Threads = 3 }), newLibrary()
	for sql, want := range map[string]bool{
		"SELECT Name, count(*) OVER () FROM Members WHERE length(Name) > 3 ORDER BY Name LIMIT 3":                                          true,
		"WITH x AS (SELECT Name, row_number() OVER (PARTITION BY BranchId ORDER BY Age) AS n FROM Members) SELECT Name FROM x WHERE n = 1": true,
		"SELECT DISTINCT BranchId, max(Age) FROM Members GROUP BY BranchId":                                                                false,
		"SELECT m.Name, b.City FROM Members m JOIN Branches b ON b.Id = m.BranchId ORDER BY m.Age":                                         false,
	} {
		assert.Equal(t, want, bound(t, e, lib, sql).Single, sql)
	}
	for single, want := range map[bool]string{true: "1", false: "3"} {
		got, err := run(context.Background(), e, query.Job{SQL: "SELECT current_setting('threads')::VARCHAR", Single: single})
		require.NoError(t, err)
		assert.Equal(t, []string{want}, got)
	}
}
