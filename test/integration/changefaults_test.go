//go:build duckdb_arrow

package integration

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

var (
	changedRows = regexp.MustCompile(`^(\d) of 3 rows (were|are known to be) changed\.`)
	doneCalls   = regexp.MustCompile(`Of row \d, \[(.*?)\] was done`)
)

// Whatever happens to whichever call of a change of several rows by several calls,
// the state of PingOne afterwards is what the answer says.
func TestChangesUnderFaults(t *testing.T) {
	t.Parallel()
	zero := 0
	engine := testkit.OpenEngine(t)
	calls := []string{"PATCH", "PUT mfaEnabled", "PUT enabled"}
	for name, c := range map[string]struct {
		fault sim.Fault
		code  gwerr.Code // "" for success
	}{
		"a rate limit":              {sim.Fault{Do: "status", Status: http.StatusTooManyRequests, RetryAfter: &zero}, ""},
		"a defect":                  {sim.Fault{Do: "status", Status: http.StatusServiceUnavailable}, ""},
		"defects":                   {sim.Fault{Do: "status", Status: http.StatusBadGateway, Times: -1}, gwerr.OutcomeUnknown},
		"a cut":                     {sim.Fault{Do: "cut"}, ""},
		"cuts":                      {sim.Fault{Do: "cut", Times: -1}, gwerr.OutcomeUnknown},
		"lost connections":          {sim.Fault{Do: "reset", Times: -1}, gwerr.OutcomeUnknown},
		"nonsense":                  {sim.Fault{Do: "garbage", Times: -1}, gwerr.OutcomeUnknown},
		"no right":                  {sim.Fault{Do: "status", Status: http.StatusForbidden}, gwerr.UpstreamForbidden},
		"a refusal":                 {sim.Fault{Do: "status", Status: http.StatusBadRequest}, gwerr.InvalidValue},
		"a row that is gone":        {sim.Fault{Do: "status", Status: http.StatusNotFound}, gwerr.NotFound},
		"a method that isn't there": {sim.Fault{Do: "status", Status: http.StatusMethodNotAllowed}, gwerr.NotImplemented},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}, Engine: engine, Client: func(c *pingone.Config) { c.MaxAttempts = 2 }})
			for k, call := range calls {
				for row := range 2 {
					t.Run(fmt.Sprintf("%s of row %d", call, row+1), func(t *testing.T) {
						title := fmt.Sprintf("T%d%d", k, row)
						users := make([]string, 0, 3)
						for i := range 3 {
							users = append(users, "'"+s.UserID(sim.EnvironmentAdministrators, 3+6*k+3*row+i)+"'")
						}
						in := " WHERE Id IN (" + strings.Join(users, ", ") + ")"
						s.Query(t, "UPDATE Users SET Title = 'before', MFAEnabled = false, IsEnabled = true"+in)
						method, path, _ := strings.Cut(call, " ")
						fault := c.fault
						fault.Match, fault.After = method+" /v1/environments/*/users/*", row
						if path != "" {
							fault.Match += "/" + path
						}
						require.NoError(t, s.SetFaults(fault))
						_, err := s.TryQuery(testkit.Context(t), "UPDATE Users SET Title = '"+title+"', MFAEnabled = true, IsEnabled = false"+in)
						require.NoError(t, s.SetFaults())
						said, done := 3, 0
						if c.code == "" {
							require.NoError(t, err)
						} else {
							require.True(t, gwerr.Is(err, c.code), "%v", err)
							m := changedRows.FindStringSubmatch(err.Error())
							require.NotNil(t, m, "%v", err)
							assert.Equal(t, c.code == gwerr.OutcomeUnknown, m[2] == "are known to be", "%v", err)
							said, _ = strconv.Atoi(m[1])
							if m := doneCalls.FindStringSubmatch(err.Error()); m != nil {
								done = 1 + strings.Count(m[1], " P")
							}
							assert.Equal(t, row, said)
							assert.Equal(t, k, done, "%v", err)
						}
						states := map[string]int{}
						for _, r := range s.Query(t, "SELECT Title = '"+title+"', MFAEnabled, NOT IsEnabled FROM Users"+in) {
							states[strings.Join(r, " ")]++
						}
						after := func(calls int) map[string]int { // in the row that failed
							out := map[string]int{stateAfter(3): said}
							if said < 3 {
								out[stateAfter(calls)]++
								out[stateAfter(0)] += 2 - said
							}
							maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
							return out
						}
						if !maps.Equal(states, after(done)) && (c.code != gwerr.OutcomeUnknown || !maps.Equal(states, after(done+1))) {
							t.Errorf("states %v after %v", states, err)
						}
					})
				}
			}
		})
	}
}

// stateAfter is what a row has of its values after so many calls.
func stateAfter(calls int) string {
	out := []string{"false", "false", "false"}
	for i := range min(calls, 3) {
		out[i] = "true"
	}
	return strings.Join(out, " ")
}
