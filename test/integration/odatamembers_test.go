//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestMembersAreCountedNotRead: the number of a group's users is what PingOne says,
// however many pages they are.
func TestMembersAreCountedNotRead(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	w := s.Serve(t, testkit.WebOptions{})
	warm(t, w)
	group := s.Query(t, "SELECT GroupId, count(*) FROM UserGroupAssociations GROUP BY 1 ORDER BY 2 DESC LIMIT 1")[0]
	address, number := "Groups("+group[0]+")", group[1]
	ask := func(path string, most int) []byte {
		w.ResetRequests()
		body := mustGet(t, w, odataRoot+path, http.StatusOK)
		if n := w.Calls(); n > most {
			t.Errorf("%s: %d calls, at most %d expected", path, n, most)
		}
		return body
	}
	if got := string(ask(address+"/Users/$count", 1)); got != number {
		t.Errorf("%s users, want %s", got, number)
	}
	var expanded struct {
		N int `json:"Users@odata.count"`
	}
	if err := json.Unmarshal(ask(address+"?$select=Name&$expand=Users/$count", 2), &expanded); err != nil || fmt.Sprint(expanded.N) != number {
		t.Errorf("%d users, want %s: %v", expanded.N, number, err)
	}
	var rows struct {
		Value []struct {
			ID string `json:"Id"`
		}
	}
	if err := json.Unmarshal(ask(address+"/Users?$select=Id", 50), &rows); err != nil || fmt.Sprint(len(rows.Value)) != number {
		t.Errorf("%d rows, want %s: %v", len(rows.Value), number, err)
	}
	enabled := string(ask(address+"/Users/$count?$filter=IsEnabled", 50))
	if want := s.Query(t, "SELECT count(*) FROM Users u JOIN UserGroupAssociations m ON m.UserId = u.Id WHERE u.IsEnabled AND m.GroupId = '"+group[0]+"'")[0][0]; enabled != want {
		t.Errorf("%s enabled users, want %s", enabled, want)
	}
}
