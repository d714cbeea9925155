//go:build duckdb_arrow

package duck_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDescribedAlike compares the columns that text and plan tell with those that
// the engine tells.
func TestDescribedAlike(t *testing.T) {
	t.Parallel()
	e := open(t)
	const joined = " FROM Members m LEFT JOIN Branches b ON b.Id = m.BranchId"
	for _, c := range []struct {
		name, sql string
		told      bool
	}{
		{"all types", "SELECT Id, Name, Email, Active, Joined, BranchId, Age, Points, Balance, Notes, Tags FROM Members m WHERE Age > 3", true},
		{"letter case", `SELECT id, NAME, eMail, m.JOINED, "AGE" FROM Members m WHERE Age > 3`, true},
		{"aliases", "SELECT Id AS ID, Name Other, Age AS \"ä b\" FROM Members WHERE Age > 3", true},
		{"aliases of others", "SELECT Id AS Name, Name AS Id FROM Members WHERE Age > 3", true},
		{"a name in full", "SELECT Town.Members.Id FROM Town.Members", true},
		{"one name twice", "SELECT Id, id FROM Members WHERE Age > 3", false},
		{"one alias twice", "SELECT Id AS x, Name AS X FROM Members", false},
		{"an alias that is a name", "SELECT Id, Name AS id FROM Members", false},
		{"a star", "SELECT * FROM Members WHERE Age > 3", false},

		{"a join", "SELECT m.Name, City, b.membercount" + joined, true},
		{"both sides of a join", "SELECT m.Name, b.Name" + joined, false},
		{"a join's sides with aliases", "SELECT m.Name, b.Name AS Branch" + joined, true},
		{"groups", "SELECT b.City, count(*), max(m.Joined) AS latest, avg(Age)" + joined + " GROUP BY 1 ORDER BY 2 DESC LIMIT 3", true},
		{"two counts", "SELECT count(*), count(Age) FROM Members", false},
		{"a count", "SELECT COUNT(*) FROM Members WHERE Age > 3 AND upper(Name) = 'A'", true},
		{"a sum", "SELECT sum(Age) AS s FROM Members", false},
		{"expressions", "SELECT upper(Name), Age + 1 AS older, Joined IS NULL AS never, Balance * 2 AS b FROM Members", true},
		{"an expression without a name", "SELECT Age + 1 FROM Members", false},
		{"types that no catalog has", "SELECT Age::DECIMAL(5,2) AS d FROM Members", false},
		{"a list that is made", "SELECT [Age, 1] AS l FROM Members", false},
		{"JSON that is made", "SELECT Name::JSON AS j FROM Members", false},
		{"a window", "SELECT Name, row_number() OVER (ORDER BY Id) FROM Members", true},
		{"distinct", "SELECT DISTINCT Name, Age FROM Members ORDER BY Name", true},
		{"an order by what isn't shown", "SELECT Name, Age FROM Members ORDER BY Joined LIMIT 3", true},
		{"a subquery's own name", "SELECT n FROM (SELECT Name AS n FROM Members LIMIT 3) x", false},
		{"a subquery's column", "SELECT NAME FROM (SELECT Name FROM Members LIMIT 3) x", true},
		{"a scalar subquery", "SELECT Name, (SELECT max(City) FROM Branches) FROM Members", true},
		{"renamed columns of a table", "SELECT a, b FROM Members m(a, b)", false},
		{"a table expression", "WITH c AS (SELECT Name, Age FROM Members) SELECT x.Name, y.Age FROM c x JOIN c y ON x.Name = y.Name", false},
		{"a union", "SELECT Name FROM Members UNION SELECT City FROM Branches", false},
		{"unnested", "SELECT unnest(Tags) AS t FROM Members", false},
		{"columns by a pattern", "SELECT COLUMNS('^(Id|Name)$') FROM Members", false},
		{"sets of groups", "SELECT City, count(*) FROM Branches GROUP BY ROLLUP (City)", true},
		{"no table", "SELECT 1 AS a, 'x' AS b", true},
		{"no rows", "SELECT m.Name, City" + joined + " WHERE 1 = 0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told, engine, err := e.Described(context.Background(), request(c.sql))
			require.NoError(t, err)
			assert.Equal(t, c.told, told != nil, "%v", told)
			if told != nil {
				assert.Equal(t, engine, told)
			}
		})
	}
}

// TestManyAreDescribedAlike does so for the statements of other tests.
func TestManyAreDescribedAlike(t *testing.T) {
	t.Parallel()
	e := open(t)
	files, err := filepath.Glob("testdata/plans/*.golden")
	require.NoError(t, err)
	all := slices.Clone(shapes)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		sql, _, _ := strings.Cut(string(content), "\n----\n")
		all = append(all, sql)
	}
	n := 0
	for _, sql := range all {
		told, engine, err := e.Described(context.Background(), request(sql))
		require.NoError(t, err, sql)
		if told != nil {
			n++
			assert.Equal(t, engine, told, sql)
		}
	}
	assert.Greater(t, n, len(all)/4, "statements described without the engine: the test proves little")
}
