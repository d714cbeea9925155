//go:build duckdb_arrow

package integration

import (
	"fmt"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// TestOrganizationsThatAreNotShown asks for organizations and licenses by ids
// that PingOne refuses.
func TestOrganizationsThatAreNotShown(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 10}})
	const nobody = "0b8c5f7e-2f6b-4f0e-9a39-0f6f5d0c7a10"
	known := s.Query(t, "SELECT OrganizationId FROM Information.Environments LIMIT 1")[0][0]
	license := s.Query(t, "SELECT Id FROM Information.Licenses WHERE OrganizationId = '"+known+"' LIMIT 1")[0][0]
	for _, c := range []struct{ name, from, want string }{
		{"an organization", "Organizations WHERE Id = '" + nobody + "'", "0"},
		{"two organizations", "Organizations WHERE Id IN ('" + nobody + "', '" + known + "')", "1"},
		{"licenses", "Licenses WHERE OrganizationId = '" + nobody + "'", "0"},
		{"one license", "Licenses WHERE OrganizationId = '" + nobody + "' AND Id = '" + license + "'", "0"},
		{"one license of two", "Licenses WHERE OrganizationId IN ('" + nobody + "', '" + known + "') AND Id = '" + license + "'", "1"},
		{"joined", "Organizations o JOIN Information.Licenses l ON l.OrganizationId = o.Id WHERE o.Id = '" + nobody + "'", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Query(t, "SELECT count(*) FROM Information."+c.from)[0][0]; got != c.want {
				t.Errorf("%s rows, want %s", got, c.want)
			}
			if got := len(s.Query(t, "SELECT * FROM Information."+c.from)); fmt.Sprint(got) != c.want {
				t.Errorf("%d rows read, want %s", got, c.want)
			}
		})
	}
}
