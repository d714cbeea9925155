//go:build duckdb_arrow

package integration

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestEqualListingsAreReadOnce counts the calls of one request for collections
// that several tables, or the rows and their count, are made of.
func TestEqualListingsAreReadOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 50}})
	w := s.Serve(t, testkit.WebOptions{})
	asked(t, w, "SELECT count(*) FROM AllEnvironments.Applications") // the schemas are known
	for name, c := range map[string]struct {
		what, collection string
		calls            int
	}{
		"a table and one derived from it": {"SELECT a.Name FROM Applications a JOIN OIDCApplications o ON o.Name = a.Name", "applications", 1},
		"three of them":                   {"SELECT a.Name FROM Applications a JOIN OIDCApplications o ON o.Name = a.Name LEFT JOIN ApplicationAccessControlGroups g ON g.ApplicationId = a.Id", "applications", 1},
		"parents of two tables":           {"SELECT (SELECT count(*) FROM GatewayInstances), (SELECT count(*) FROM GatewayCredentials), (SELECT count(*) FROM Gateways)", "gateways", 1},
		"in all environments":             {"SELECT a.Name FROM AllEnvironments.Applications a JOIN AllEnvironments.OIDCApplications o ON o.Name = a.Name", "applications", 3},
		"rows and their count":            {"Administrators/Applications?$count=true", "applications", 1},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // nothing is kept from one request to the next
				s.Simulator.ResetRequests()
				asked(t, w, c.what)
				calls := 0
				for _, r := range s.Simulator.Requests() {
					if strings.HasSuffix(r.Path, "/"+c.collection) {
						calls++
					}
				}
				if calls != c.calls {
					t.Errorf("%d calls, want %d", calls, c.calls)
				}
			}
		})
	}
}
