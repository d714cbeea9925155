package pingone_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// A full scan of 100,000 users, one population with 60 % of them, is complete
// and costs hardly more calls than pages of 200 need.
func TestLargeScanIsCompleteInFewCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 100_000, NoCompression: true, LogSize: 20_000}, nil)
	users := w.table("Users")
	for _, round := range []string{"first", "with what the first one learnt"} {
		r := w.request(users, "list", "Id", "Username", "PopulationId", "EnvironmentId")
		r.Partition = true
		w.sim.ResetRequests()
		begin := time.Now()
		rows := w.rows(r)
		t.Logf("%s: %d rows, %d calls, peak %d, %s", round, len(rows), w.apiCalls(), w.sim.Stats().Peak, time.Since(begin))
		require.Len(t, w.unique(rows, 0), 100_000)
		require.LessOrEqual(t, w.apiCalls(), 510, round)
		require.GreaterOrEqual(t, w.sim.Stats().Peak, 8)
	}
}
