//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/exec"
)

func TestExplainAnalyze(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}})
	const members = "SELECT u.Username FROM UserGroupAssociations m JOIN Users u ON u.Id = m.UserId WHERE m.GroupName = 'On Call'"
	want := s.Query(t, members)
	if len(want) == 0 {
		t.Fatal("the group has no members")
	}
	var plan exec.Explanation
	if err := json.Unmarshal([]byte(s.Query(t, "EXPLAIN (ANALYZE, FORMAT JSON) "+members)[0][0]), &plan); err != nil {
		t.Fatal(err)
	}
	a := plan.Actual
	if a == nil || a.Rows != int64(len(want)) || a.Calls != 2 || len(a.Endpoints) != 2 || a.Milliseconds <= 0 {
		t.Fatalf("%+v", a)
	}
	// The users and their memberships come from the same answer.
	for _, e := range a.Endpoints {
		if e.Calls != 1 || e.Bytes == 0 || strings.HasSuffix(e.Endpoint, "users") && e.Rows != 2*int64(len(want)) {
			t.Errorf("%+v", e)
		}
	}
	s.ResetRequests()
	text := ""
	for _, line := range s.Query(t, "EXPLAIN ANALYZE "+members) {
		text += line[0] + "\n"
	}
	if !strings.Contains(text, "no further call is made") || !strings.Contains(text, "rows by 2 calls in") {
		t.Error(text)
	}
	for statement, message := range map[string]string{
		"EXPLAIN ANALYZE DELETE FROM Users WHERE Id = 'x'": "runs queries alone",
		"EXPLAIN (FORMAT YAML) SELECT 1":                   "TEXT and JSON",
		"EXPLAIN (FORMAT JSON ANALYZE) SELECT 1":           "a comma is expected",
	} {
		if _, err := s.TryQuery(testkit.Context(t), statement); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
