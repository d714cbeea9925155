package pingone

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/tables"
)

// A connection's days hold for it alone: the declarations are everybody's.
func TestDaysOfAConnection(t *testing.T) {
	t.Parallel()
	declared, err := tables.All()
	require.NoError(t, err)
	days := func(c Config, table string) int64 {
		for _, t := range c.Tables {
			if t.Name == table {
				return t.Path("list").Range.Days
			}
		}
		return 0
	}
	own, err := Config{Authorizer: &minted{}, APIURL: "http://127.0.0.1/v1", Tables: declared, Days: map[string]int{"ActivityDays": 3}}.withDefaults()
	require.NoError(t, err)
	require.EqualValues(t, 3, days(own, "Activities"))
	require.EqualValues(t, 3, days(own, "ActivityResources"))
	require.EqualValues(t, 31, days(own, "TotalIdentities"))
	require.EqualValues(t, 14, days(Config{Tables: declared}, "Activities"))
}
