//go:build duckdb_arrow

package duck_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Large statements are planned one at a time; small ones don't wait for them,
// and who goes away no longer waits.
func TestLargeStatementsWaitForEachOther(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"a long text": "SELECT lower(Name) FROM Members WHERE Name || '' IN (" + strings.Repeat("'abcdefgh', ", 6000) + "'x')",
		"many words":  "SELECT " + strings.Repeat("1+1+1+1+1+1, ", 900) + "lower(Name) FROM Members",
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); largeWaits(t, sql) })
	}
}

func largeWaits(t *testing.T, sql string) {
	t.Helper()
	e := open(t)
	large := request(sql)
	release := e.HoldLarge()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Bind(gone, large)
	require.ErrorIs(t, err, context.Canceled)
	_, err = e.Bind(t.Context(), request("SELECT lower(Name) FROM Members"))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { _, err := e.Bind(t.Context(), large); done <- err }()
	select {
	case err := <-done:
		require.Fail(t, "a large statement did not wait", "%v", err)
	default:
	}
	release()
	require.NoError(t, <-done)
}
