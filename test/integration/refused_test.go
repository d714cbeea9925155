//go:build duckdb_arrow

package integration

import (
	"context"
	"net/http"
	"slices"
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

// refusalsSeen keeps the events of refused filters.
type refusalsSeen struct {
	mu   sync.Mutex
	seen []observe.FilterRefused
}

// Observe implements observe.Sink.
func (r *refusalsSeen) Observe(_ context.Context, e observe.Event) {
	if e, ok := e.(observe.FilterRefused); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.seen = append(r.seen, e)
	}
}

// Where PingOne refuses the filter by which members of a group are listed, the
// users' own lists give the same rows, and the filter is not sent again.
func TestRefusedMemberships(t *testing.T) {
	t.Parallel()
	engine := testkit.OpenEngine(t)
	for name, refuse := range map[string]func(s *testkit.Stack) error{
		"by its name": func(s *testkit.Stack) error { return s.SetUnkind("refuse-filter=memberOfGroups") },
		"without a word on it": func(s *testkit.Stack) error {
			return s.SetFaults(sim.Fault{Match: "GET /v1/environments/**", Query: "memberOfGroups", Times: -1, Do: "status", Status: http.StatusBadRequest})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := &refusalsSeen{}
			s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}, Engine: engine, Sink: events})
			web := s.Serve(t, testkit.WebOptions{})
			group := s.Query(t, "SELECT GroupId FROM UserGroupAssociations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0][0]
			queries := []string{
				"SELECT UserId, Type FROM UserGroupAssociations WHERE GroupId = '" + group + "' ORDER BY 1",
				"SELECT u.Username FROM Users u JOIN UserGroupAssociations m ON m.UserId = u.Id WHERE m.GroupId = '" + group + "' ORDER BY 1",
				"SELECT count(*) FROM UserGroupAssociations",
				"SELECT GroupId, ParentGroupId FROM ParentGroupAssociations ORDER BY ALL",
			}
			feed := "Administrators/Groups(" + group + ")/Users?$select=Username&$orderby=Username"
			var want [][][]string
			for _, sql := range queries {
				want = append(want, s.Query(t, sql))
			}
			members, _ := asked(t, web, feed)
			require.NoError(t, refuse(s))
			refused := func() int {
				n := 0
				for _, r := range s.Requests() {
					if strings.Contains(r.Query, "memberOfGroups") {
						n++
					}
				}
				s.ResetRequests()
				return n
			}
			refused()
			assert.Equal(t, want[0], s.Query(t, queries[0]))
			assert.Contains(t, []int{1, 2}, refused(), "once for DIRECT, INDIRECT or both")
			for i, sql := range queries {
				assert.Equal(t, want[i], s.Query(t, sql), sql)
			}
			again, _ := asked(t, web, feed)
			assert.Equal(t, members, again)
			refused()
			for i, sql := range queries {
				assert.Equal(t, want[i], s.Query(t, sql), sql)
			}
			assert.Zero(t, refused(), "it is remembered")
			plan, err := s.Explain(testkit.Context(t), queries[0])
			require.NoError(t, err)
			e, ok := plan.(*exec.Explanation)
			require.True(t, ok)
			assert.Contains(t, strings.Join(e.Notes, " "), "refused the filter on memberOfGroups")
			assert.True(t, slices.ContainsFunc(events.seen, func(e observe.FilterRefused) bool { return e.Table == "UserGroupAssociations" }))
		})
	}
}
