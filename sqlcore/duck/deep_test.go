//go:build duckdb_arrow

package duck_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

// TestBindSurvivesDeepQueries sends texts whose trees are as deep as their
// size allows. An overflow of the parser's stack would end the process.
func TestBindSurvivesDeepQueries(t *testing.T) {
	t.Parallel()
	e := open(t)
	const n = 20_000
	cases := []struct{ name, sql string }{
		{"not", "SELECT " + strings.Repeat("NOT ", n) + "TRUE"},
		{"minus", "SELECT " + strings.Repeat("- ", n) + "1"},
		{"bit not", "SELECT " + strings.Repeat("~ ", n) + "1"},
		{"sum", "SELECT 1" + strings.Repeat(" + 1", n)},
		{"concat", "SELECT 'a'" + strings.Repeat(" || 'a'", n)},
		{"power", "SELECT 1" + strings.Repeat(" ^ 1", n)},
		{"compare", "SELECT 1" + strings.Repeat(" = 1", n)},
		{"and", "SELECT Name FROM Members WHERE Age = 1" + strings.Repeat(" AND Age = 1", 1999)},
		{"or", "SELECT Name FROM Members WHERE Age = 1" + strings.Repeat(" OR Name = 'x'", 1999)},
		{"in", "SELECT Name FROM Members WHERE Age IN (1" + strings.Repeat(", 1", n) + ")"},
		{"cast", "SELECT 1" + strings.Repeat("::INT", n)},
		{"subscript", "SELECT Tags" + strings.Repeat("[1]", n) + " FROM Members"},
		{"field", "SELECT m" + strings.Repeat(".a", n) + " FROM Members m"},
		{"method", "SELECT 'a'" + strings.Repeat(".lower()", n)},
		{"is null", "SELECT 1" + strings.Repeat(" IS NULL", n)},
		{"collate", "SELECT 'a'" + strings.Repeat(" COLLATE nocase", n/2)},
		{"between", "SELECT 1" + strings.Repeat(" BETWEEN 1 AND 1", n/2)},
		{"list type", "SELECT CAST(NULL AS INT" + strings.Repeat("[]", n) + ")"},
		{"comma join", "SELECT 1 FROM Members" + strings.Repeat(", (SELECT 1 FROM Branches)", 60)},
		{"join", "SELECT 1 FROM Members" + strings.Repeat(" JOIN Branches USING (Id)", 40)},
		{"union", "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 450)},
		{"values", "VALUES (1)" + strings.Repeat(", (1)", n)},
		{"lambda", "SELECT " + strings.Repeat("x -> ", n) + "1"},
		{"arrow", "SELECT Notes" + strings.Repeat("->'a'", n) + " FROM Members"},
		{"parentheses", "SELECT " + strings.Repeat("(", 99) + "1" + strings.Repeat(")", 99)},
		{"sub-select", "SELECT * FROM " + strings.Repeat("(SELECT * FROM ", 99) + "Members" + strings.Repeat(")", 99)},
		{"functions", "SELECT " + strings.Repeat("lower(", 99) + "'a'" + strings.Repeat(")", 99)},
		{"case", "SELECT " + strings.Repeat("CASE WHEN TRUE THEN ", 450) + "1" + strings.Repeat(" END", 450)},
		{"with", "WITH b AS (SELECT 1 AS x)" + strings.Repeat(", a AS (SELECT 1 AS x)", 450) + " SELECT 1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Bind(context.Background(), duck.BindRequest{SQL: c.sql, Provider: newLibrary()})
			if gwerr.Is(err, gwerr.Internal) {
				t.Errorf("an inner error: %v", err)
			}
		})
	}
}
