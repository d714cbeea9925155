//go:build duckdb_arrow

package duck_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

const joinedSQL = "SELECT m.Name, b.City FROM Members m JOIN Branches b ON b.Id = m.BranchId WHERE m.Age > ?"

func bound(t *testing.T, e *duck.Engine, lib *library, sql string, values ...duck.Parameter) *query.Query {
	t.Helper()
	q, err := e.Bind(context.Background(), duck.BindRequest{SQL: sql, Positional: values, Provider: lib})
	require.NoError(t, err)
	return q
}

func TestKeptStatementsAreTheSame(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	age := parameter(predicate.IntValue(3))
	first := bound(t, e, lib, joinedSQL, age)
	want := printed(first)
	planned := e.Planned()
	first.Accesses[0].Where, first.Columns[0].Name = predicate.False, "changed by its owner"
	assert.Equal(t, want, printed(bound(t, e, lib, joinedSQL, age)))
	assert.Equal(t, planned, e.Planned(), "planned again")
	other := printed(bound(t, e, lib, joinedSQL, parameter(predicate.IntValue(4))))
	assert.NotEqual(t, want, other, "another value")
	assert.Equal(t, want, printed(bound(t, e, lib, joinedSQL, age)))
}

// TestKeptStatementsFollowTheCatalogue reads the schemas again, with a column
// less; a caller with the old ones still has the old answer.
func TestKeptStatementsFollowTheCatalogue(t *testing.T) {
	t.Parallel()
	e, before, after := open(t), newLibrary(), newLibrary()
	members := after.table(t, "Branches")
	members.Columns = append(members.Columns[:2:2], members.Columns[3:]...)
	const sql = "SELECT DISTINCT * FROM Branches"
	for range 2 {
		assert.Len(t, bound(t, e, before, sql).Columns, 4)
		assert.Len(t, bound(t, e, after, sql).Columns, 3)
	}
	planned := e.Planned()
	bound(t, e, before, sql)
	bound(t, e, after, sql)
	assert.Equal(t, planned, e.Planned(), "both views are kept")
	after.schemas = after.schemas[:2]
	bound(t, e, after, sql)
	assert.Greater(t, e.Planned(), planned, "a schema has gone")
}

func TestChangingStatementsAreNotKept(t *testing.T) {
	t.Parallel()
	e, lib := open(t), newLibrary()
	for _, condition := range []string{"Joined > now()", "Joined > CURRENT_DATE", `Joined > "now"()`, "Balance < random()", "Joined > current_timestamp - INTERVAL 1 DAY"} {
		before := e.Planned()
		bound(t, e, lib, "SELECT Name FROM Members WHERE "+condition)
		bound(t, e, lib, "SELECT Name FROM Members WHERE "+condition)
		assert.Equal(t, before+2, e.Planned(), condition)
	}
}
