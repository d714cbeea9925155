//go:build duckdb_arrow

package integration

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
)

// A table that is read for each row of another one says before how many calls it
// takes, and while it is read how far it is.
func TestFanOutsTellTheirProgress(t *testing.T) {
	t.Parallel()
	const users = 300
	var mu sync.Mutex
	var told []observe.FanOut
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: users}, Sink: observe.SinkFunc(func(_ context.Context, e observe.Event) {
		if f, ok := e.(observe.FanOut); ok {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, f)
		}
	})})
	const sql = "SELECT UserId, Type FROM UserMFADevices"
	plan, err := s.Explain(testkit.Context(t), sql)
	require.NoError(t, err)
	notes := strings.Join(plan.(*exec.Explanation).Notes, "\n")
	assert.Regexp(t, `Reading UserMFADevices this way takes about \d+ calls`, notes)
	plan, err = s.Explain(testkit.Context(t), sql+" WHERE UserId = '00000000-0000-4000-8000-000000000000'")
	require.NoError(t, err)
	assert.NotContains(t, strings.Join(plan.(*exec.Explanation).Notes, "\n"), "calls")
	s.Query(t, sql)
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, told)
	var found, read int64
	for _, f := range told {
		assert.Equal(t, []string{"UserMFADevices", "Users"}, []string{f.Table, f.Parent})
		found, read = found+f.NewlyFound, read+f.NewlyRead
	}
	last := told[len(told)-1]
	assert.Equal(t, observe.FanOut{Table: "UserMFADevices", Parent: "Users", Found: users, Read: users, NewlyRead: last.NewlyRead, Ended: true}, last)
	assert.Equal(t, []int64{users, users}, []int64{found, read})
	assert.GreaterOrEqual(t, len(told), 3, "parents found, some read, the end")
}
