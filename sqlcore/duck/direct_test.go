//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

func parameter(v predicate.Value) duck.Parameter { return duck.Parameter{Value: v} }

// TestDirectIsWhatThePlanSays binds statements in both ways.
func TestDirectIsWhatThePlanSays(t *testing.T) {
	t.Parallel()
	e := open(t)
	const id = "3A1F0C7E-0000-4000-8000-000000000001"
	values := []duck.Parameter{parameter(predicate.StringValue("o'neil")), parameter(predicate.IntValue(3))}
	for _, c := range []struct {
		sql        string
		parameters []duck.Parameter
	}{
		{"SELECT * FROM Members", nil},
		{"select m.* from members as m;", nil},
		{`SELECT "Id", Name AS n FROM [Town].Members`, nil},
		{"SELECT Name, Id FROM CData.Town.Members", nil},
		{`SELECT Name FROM "` + townID + `".Members -- all of them`, nil},
		{`SELECT Name FROM library.Members x LIMIT 5`, nil},
		{"SELECT Name FROM Members LIMIT 5 OFFSET 7", nil},
		{"SELECT Name FROM Members LIMIT 5 OFFSET 0", nil},
		{"SELECT Name FROM Members LIMIT ?", values[1:]},
		{"SELECT Id FROM Members WHERE Name = 'o''neil'", nil},
		{"SELECT Id FROM Members WHERE Name = ?", values[:1]},
		{"SELECT Id FROM Members WHERE Name = $1 AND Age > $2", values},
		{"SELECT Id FROM Members WHERE Id = '" + id + "'", nil},
		{"SELECT Name FROM Members WHERE (Age >= 3) AND ((Name <> 'x' AND Points < 9))", nil},
		{"SELECT Name FROM Members WHERE Joined >= '2024-01-01' AND Age != 7", nil},
		{"SELECT Name FROM Members WHERE Joined < '2024-01-01 10:11:12'", nil},
		{"SELECT Name FROM Members WHERE Joined = '2024-01-01T10:11:12.123456+02:00'", nil},
		{"SELECT Name FROM Members WHERE Joined > ?", []duck.Parameter{parameter(predicate.TimeValue(time.Date(2024, 2, 29, 1, 2, 3, 4567, time.UTC)))}},
		{"SELECT Name FROM Members WHERE Name IN ('b', 'a', 'c')", nil},
		{"SELECT Name FROM Members WHERE BranchId IN ('" + townID + "', '" + quayID + "')", nil},
		{"SELECT Name FROM Members WHERE Name IN ('b', 'a') AND Email = 'x' AND Portrait LIKE '%z'", nil},
		{"SELECT Name FROM Members WHERE Name LIKE 'ab%'", nil},
		{"SELECT Name FROM Members WHERE Name LIKE '%ab'", nil},
		{"SELECT Name FROM Members WHERE Email LIKE '%ab%' AND Name = 'x' AND Portrait LIKE '%c'", nil},
		{"SELECT Name FROM Members WHERE Portrait LIKE '%c' AND Email LIKE '%ab%' AND Age IS NOT NULL", nil},
		{"SELECT Name FROM Members WHERE Tags IS NULL AND Notes IS NOT NULL", nil},
		{"SELECT Name FROM Members WHERE Age = 3 LIMIT 10 OFFSET 20", nil},
		{"SELECT Portrait FROM Members WHERE Portrait = 'x' AND Id = '" + id + "' AND Name IS NULL AND Email LIKE 'b%'", nil},
	} {
		t.Run(c.sql, func(t *testing.T) {
			r := request(c.sql)
			r.Positional = c.parameters
			direct, planned, err := e.BindWays(context.Background(), r)
			require.NoError(t, err)
			require.NotNil(t, direct, "the engine is needed")
			assert.Equal(t, printed(planned), printed(direct))
			assert.Equal(t, planned, direct)
		})
	}
}

// TestDirectLeavesTheRest has statements that look like those of the form, and
// are not, or whose answer only the engine knows.
func TestDirectLeavesTheRest(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, sql := range []string{
		"SELECT current_user FROM Members", "SELECT left FROM Members", "SELECT Name FROM Members,", "SELECT Name FROM Town.", "SELECT FROM Members",
		"SELECT Name FROM Members WHERE", "SELECT Name FROM Members WHERE Age >", "SELECT Name FROM Members WHERE Age = = 3", "SELECT Name, FROM Members",
		"SELECT Name FROM Members WHERE Age > > 3", "SELECT Name FROM Members WHERE Age 3", "SELECT Name FROM Members WHERE (Age = 3", "SELECT Name Members",
		"SELECT Name FROM Members WHERE Name = E'x'", "SELECT Name FROM Members WHERE Name = 3", "SELECT Name FROM Members WHERE Age = 'x'",
		"SELECT Name FROM Members WHERE Age = 3.0", "SELECT Name FROM Members WHERE Age = 3000000000", "SELECT Name FROM Members WHERE Id = 'x'",
		"SELECT Name FROM Members WHERE Joined = 'yesterday'", "SELECT Name FROM Members WHERE Name = NULL", "SELECT Name FROM Members WHERE Name = Email",
		"SELECT Name FROM Members WHERE Name LIKE 'a_'", "SELECT Name FROM Members WHERE Name LIKE 'é%'", "SELECT Name FROM Members WHERE Name LIKE 'aé%'", "SELECT Name FROM Members WHERE Name LIKE '%' ESCAPE 'x'",
		"SELECT Name FROM Members WHERE Age IN (1, 2, 3)", "SELECT Id FROM Members WHERE Name IN ('b', 'a') AND Portrait IN ('y', 'z')", "SELECT Id FROM Members WHERE Name = ''", "SELECT Name FROM Members WHERE Name IN ()", "SELECT Name FROM Members WHERE Name IN ('a', 'a')",
		"SELECT Name FROM Members WHERE Name = 'a' OR Age = 3", "SELECT Name FROM Members WHERE Age > 1 AND Age < 5", "SELECT Name FROM Members WHERE x.Name = 'a'",
		"SELECT Id, Id FROM Members", "SELECT *, Id FROM Members", "SELECT Name AS Age FROM Members WHERE Age = 3", "SELECT DISTINCT Name FROM Members",
		"SELECT Name FROM Members LIMIT 0", "SELECT Name FROM Members LIMIT 10 PERCENT", "SELECT Name FROM Members LIMIT ALL", "SELECT Name FROM Members LIMIT 1 + 1",
		"SELECT Name FROM Members ORDER BY Name", "SELECT Name FROM Members TABLESAMPLE 10", "SELECT Name FROM Members Name", "SELECT Name FROM Nobody",
		"SELECT Nothing FROM Members", "SELECT rowid FROM Members", "SELECT now() FROM Members", "SELECT Name FROM Members, Branches", "SELECT * EXCLUDE (Id) FROM Members",
		"SELECT x.* FROM Members", "SELECT Members.Name FROM Members m", "SELECT Name FROM nowhere.Town.Members", "SELECT Name FROM Members WHERE Active",
		"SELECT Name FROM Members AS where", "SELECT Name FROM Members WHERE Town.Members.Age = 3",
	} {
		t.Run(sql, func(t *testing.T) {
			direct, _, _ := e.BindWays(context.Background(), request(sql))
			assert.Nil(t, direct)
		})
	}
}

// TestDirectProperty binds random statements in both ways.
func TestDirectProperty(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	m := lib.table(t, "Members")
	r := rand.New(rand.NewPCG(8, 6))
	g := text{r}
	n, direct := 600, 0
	if testing.Short() {
		n = 200
	}
	for range n {
		var names []string
		for _, i := range r.Perm(len(m.Columns))[:1+r.IntN(3)] {
			names = append(names, pick(r, []string{"", "m."})+m.Columns[i].Name)
		}
		sql := "SELECT " + pick(r, []string{"*", "m.*", strings.Join(names, ", "), strings.Join(names, ", ")}) + " FROM Members m"
		var tests []string
		for range r.IntN(4) {
			tests = append(tests, g.condition("m", m, r.IntN(6)/5))
		}
		if r.IntN(4) == 0 {
			c := pick(r, []string{"Name", "Email", "BranchId"})
			typ := m.Column(c).Type
			tests = append(tests, "m."+c+" IN ("+g.value(typ)+", "+g.value(typ)+", "+g.value(typ)+")")
		}
		if len(tests) > 0 {
			sql += " WHERE " + strings.Join(tests, " AND ")
		}
		if r.IntN(3) == 0 {
			sql += fmt.Sprint(" LIMIT ", r.IntN(4))
			if r.IntN(2) == 0 {
				sql += fmt.Sprint(" OFFSET ", r.IntN(3))
			}
		}
		got, want, err := e.BindWays(context.Background(), duck.BindRequest{SQL: sql, Provider: lib})
		if got == nil {
			continue
		}
		direct++
		require.NoError(t, err, sql)
		require.Equal(t, printed(want), printed(got), sql)
		require.Equal(t, want, got, sql)
	}
	assert.Greater(t, direct, n/5, "statements bound without the engine: the test proves little")
}

// TestKeywords holds the list of reserved words against the engine's.
func TestKeywords(t *testing.T) {
	t.Parallel()
	engine, own, err := open(t).Keywords(context.Background())
	require.NoError(t, err)
	require.NotEmpty(t, engine)
	for _, w := range engine {
		assert.True(t, own[w], w)
	}
}

// TestChangingFunctions holds the list of functions against the engine's.
func TestChangingFunctions(t *testing.T) {
	t.Parallel()
	engine, own, err := open(t).Changing(context.Background())
	require.NoError(t, err)
	require.NotEmpty(t, engine)
	assert.True(t, slices.IsSorted(own))
	assert.Subset(t, own, engine)
}
