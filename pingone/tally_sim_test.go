package pingone_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// bag counts rows by their values.
func (w *world) bag(r scan.Request) map[string]int {
	out := map[string]int{}
	for _, row := range w.rows(r) {
		text := ""
		for _, cell := range row {
			text += cell + "|"
		}
		out[text]++
	}
	return out
}

// Rows that are counted are those that would have been read.
func TestCountedRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		unkind string
		calls  int // 0 for those of a reading
	}{
		"as documented":                   {calls: 12}, // a page, the populations, and each of these
		"populations that tell old sizes": {unkind: "stale-user-counts=1h", calls: 12},
		"without counts":                  {unkind: "no-count"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, sim.Options{Users: 3000, Unkind: c.unkind}, nil)
			r := w.request(w.table("Users"), "list", "PopulationId")
			want := w.bag(r)
			r.Partition, r.CountBy = true, []string{"PopulationId"}
			w.sim.ResetRequests()
			require.Equal(t, want, w.bag(r))
			if c.calls > 0 {
				require.Equal(t, c.calls, w.apiCalls())
			} else {
				require.GreaterOrEqual(t, w.apiCalls(), 15)
			}
			flags := w.request(w.table("Users"), "list", "IsEnabled", "EnvironmentId")
			want = w.bag(flags)
			flags.Partition, flags.CountBy = true, []string{"IsEnabled"}
			require.Equal(t, want, w.bag(flags))
		})
	}
}

// A user in several groups is one row of the users of these groups.
func TestRowsOfSeveralKeysComeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sim.Options{Users: 400}, nil)
	users, groups := w.table("Users"), w.table("Groups")
	r := w.request(users, "list", "Id")
	path := *r.Path
	path.Keys, path.Filter, path.Partition = []string{"GroupId"}, `memberOfGroups[id eq "{GroupId}"]`, nil
	r.Path = &path
	for _, row := range w.rows(w.request(groups, "list", "Id")) {
		r.Keys = append(r.Keys, []string{row[0]})
	}
	all := map[string]bool{}
	members := w.request(w.table("UserGroupAssociations"), "by_group", "UserId", "GroupId")
	members.Keys = r.Keys
	memberships := w.rows(members)
	for _, row := range memberships {
		all[row[0]] = true
	}
	rows := w.rows(r)
	require.Greater(t, len(memberships), len(all), "some are in several groups")
	require.Len(t, w.unique(rows, 0), len(all))
}

// What groups tell of their members may be old: those that should have no
// inherited ones are asked all the same.
func TestInheritedMembersOfStaleGroups(t *testing.T) {
	t.Parallel()
	for _, unkind := range []string{"", "stale-group-counts=1h"} {
		w := newWorld(t, sim.Options{Users: 400, Unkind: unkind}, nil)
		memberships := w.table("UserGroupAssociations")
		want := map[string]int{}
		for _, row := range w.rows(w.request(memberships, "all_by_user", "UserId", "GroupId", "Type")) {
			want[row[0]+"|"+row[1]+"|"+row[2]+"|"]++
		}
		w.sim.ResetRequests()
		require.Equal(t, want, w.bag(w.request(memberships, "all_by_group", "UserId", "GroupId", "Type")), unkind)
		require.Less(t, w.apiCalls(), 2*60, "inherited ones are not asked of every group")
		inherited := w.request(memberships, "all_by_group", "UserId", "GroupId", "Type")
		inherited.Variants = []string{"INDIRECT"}
		for row := range want {
			if !strings.Contains(row, "INDIRECT") {
				delete(want, row)
			}
		}
		require.NotEmpty(t, want)
		w.sim.ResetRequests()
		require.Equal(t, want, w.bag(inherited), unkind)
		require.Less(t, w.apiCalls(), 40)
	}
}
