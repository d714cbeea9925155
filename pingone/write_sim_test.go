package pingone_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/change"
)

// A call is repeated only where that changes nothing else: a new row is never
// asked for again once it may have been made.
func TestWritesAreRepeatedWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	zero := 0
	fault := func(match, do string, status int) sim.Fault {
		return sim.Fault{Match: match + " /v1/environments/*/groups/**", Do: do, Status: status, RetryAfter: &zero}
	}
	cases := []struct {
		name  string
		kind  change.Kind
		fault sim.Fault
		code  gwerr.Code // "" for success
		sent  int        // calls that write
	}{
		{"a new row, a rate limit", change.Insert, fault("POST", "status", 429), "", 2},
		{"a new row, an old token", change.Insert, fault("POST", "revoke", 0), "", 2},
		{"a new row, a lost connection", change.Insert, fault("POST", "reset", 0), gwerr.OutcomeUnknown, 1},
		{"a new row, an answer cut short", change.Insert, fault("POST", "cut", 0), gwerr.OutcomeUnknown, 1},
		{"a new row, a defect", change.Insert, fault("POST", "status", 500), gwerr.OutcomeUnknown, 1},
		{"a new row, nonsense", change.Insert, fault("POST", "garbage", 0), gwerr.OutcomeUnknown, 1},
		{"a change, nonsense", change.Update, fault("PUT", "garbage", 0), "", 2},
		{"a change, a lost connection", change.Update, fault("PUT", "reset", 0), "", 2},
		{"a change, an answer cut short", change.Update, fault("PUT", "cut", 0), "", 2},
		{"a change, a defect", change.Update, fault("PUT", "status", 503), "", 2},
		{"a deletion, a lost connection", change.Delete, fault("DELETE", "reset", 0), "", 2},
		{"a deletion whose answer was lost", change.Delete, fault("DELETE", "gone", 0), "", 2},
		{"a deletion, a defect", change.Delete, fault("DELETE", "status", 503), "", 2},
		{"a change that is never answered", change.Update, fault("PUT", "cut", -1), gwerr.OutcomeUnknown, 5},
		{"a change, defects", change.Update, fault("PUT", "status", -503), gwerr.OutcomeUnknown, 5},
		{"a deletion, lost connections", change.Delete, fault("DELETE", "reset", -1), gwerr.OutcomeUnknown, 5},
		{"a deletion of what is gone", change.Delete, fault("DELETE", "status", 404), gwerr.NotFound, 1},
		{"a change that is refused", change.Update, fault("PUT", "status", 400), gwerr.InvalidValue, 1},
		{"a change against the state", change.Update, fault("PUT", "status", 409), gwerr.Conflict, 1},
		{"a change without the right", change.Update, fault("PUT", "status", 403), gwerr.UpstreamForbidden, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{Users: 20}, nil)
			table := w.table("Groups")
			group := w.sim.AllGroups(sim.EnvironmentAdministrators)[0]
			var assigned []int
			row := change.Row{Is: []json.RawMessage{quote(t, group.ID)}}
			if c.kind != change.Delete {
				assigned = []int{table.Index("Name")}
				row.Becomes = []json.RawMessage{quote(t, "Night shift")}
			}
			if c.kind == change.Insert {
				row.Is = nil
			}
			made, err := change.New(c.kind, table, assigned, nil, func(int) int { return 0 })
			require.NoError(t, err)
			if c.fault.Match = strings.TrimSuffix(c.fault.Match, "/**"); c.kind != change.Insert {
				c.fault.Match += "/*"
			}
			if c.fault.Status < 0 { // for good
				c.fault.Status, c.fault.Times = max(0, -c.fault.Status), -1
			}
			faults := []sim.Fault{c.fault}
			if c.fault.Do == "gone" { // the answer is lost, and the next one says that the row isn't there
				lost, gone := c.fault, c.fault
				lost.Do, gone.Do, gone.Status, gone.After = "reset", "status", 404, 1
				faults = []sim.Fault{lost, gone}
			}
			require.NoError(t, w.sim.SetFaults(faults...))
			w.sim.ResetRequests()
			_, err = made.Run(context.Background(), w.conn, []change.Row{row}, nil, nil)
			if c.code == "" {
				require.NoError(t, err)
			} else {
				require.True(t, gwerr.Is(err, c.code), "%v", err)
			}
			sent := 0
			for _, r := range w.sim.Requests() {
				if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/v1/") {
					sent++
				}
			}
			assert.Equal(t, c.sent, sent)
			assert.NotContains(t, errText(err), "Night shift")
		})
	}
}

func quote(t *testing.T, s string) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return raw
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// An address without its key would be the collection's.
func TestWritesNeedTheirKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 20}, nil)
	table := w.table("Groups")
	w.sim.ResetRequests()
	_, err := w.conn.Write(context.Background(), change.Call{Write: table.Writes.Delete, Table: table, Keys: map[string]string{"Id": ""}}, nil)
	require.True(t, gwerr.Is(err, gwerr.InvalidValue), "%v", err)
	assert.Empty(t, w.sim.Requests())
	var _ change.Writer = (*pingone.Directory)(nil)
}
