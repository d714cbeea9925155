//go:build duckdb_arrow

package walks

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What the README tells a newcomer to try, as a form body like curl -d sends.
func TestDemo(t *testing.T) {
	t.Parallel()
	start := time.Now()
	p := startDemo(t)
	base, admin := strings.TrimSuffix(p.page, "/"), p.admin
	t.Logf("ready after %s", time.Since(start)) // five seconds are promised on a machine that is not busy
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	requests := []struct {
		name, method, path, body string
		check                    func(*testing.T, string)
	}{
		{"metadata", http.MethodGet, base + "/odata/pingone/Administrators/$metadata", "", demoMetadata},
		{"contractors", http.MethodGet, base + "/odata/pingone/Administrators/Users?$filter=EmployeeType%20eq%20%27Contractor%27&$select=Id,Username&$top=5", "", demoContractors},
		{"users by population", http.MethodPost, base + "/sql", `{"query":"SELECT p.Name, count(*) AS users FROM Administrators.Users u JOIN Administrators.Populations p ON p.Id = u.PopulationId GROUP BY 1 ORDER BY 2 DESC"}`, demoPopulations},
		{"the plan of the seed query", http.MethodPost, base + "/sql/explain", `{"query":"SELECT Id, Username FROM [CData].[Administrators].Users WHERE EmployeeType = 'Contractor'"}`, demoPlan},
		{"metrics", http.MethodGet, admin + "/metrics", "", demoMetrics},
	}
	for _, r := range requests {
		status, _, text := ask(t, r.method, r.path, r.body, form...)
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", r.name, status, text)
			continue
		}
		r.check(t, text)
	}
	p.stop(t)
}

func demoMetadata(t *testing.T, text string) {
	var v struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(text), &v); err != nil || v.XMLName.Local != "Edmx" || !strings.Contains(text, `EntitySet Name="Users"`) {
		t.Errorf("$metadata: %v %.300s", err, text)
	}
}

func demoContractors(t *testing.T, text string) {
	var v struct{ Value []map[string]string }
	if err := json.Unmarshal([]byte(text), &v); err != nil || len(v.Value) != 5 || len(v.Value[0]) != 2 || v.Value[0]["Username"] == "" {
		t.Errorf("contractors: %v %s", err, text)
	}
}

func demoPopulations(t *testing.T, text string) {
	var v struct {
		Columns []struct{ Name, Type string }
		Rows    [][]any
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil || len(v.Rows) < 5 || len(v.Columns) != 2 || v.Rows[0][0] != "Employees" {
		t.Fatalf("populations: %v %s", err, text)
	}
	total := 0.0
	for i, r := range v.Rows {
		total += r[1].(float64)
		if i > 0 && r[1].(float64) > v.Rows[i-1][1].(float64) {
			t.Errorf("row %d is out of order", i)
		}
	}
	if total != 5000 {
		t.Errorf("%v users in all", total)
	}
}

func demoPlan(t *testing.T, text string) {
	var v struct {
		Engine string
		Scans  []struct {
			Calls []struct{ Method, Address string }
		}
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil || len(v.Scans) != 1 || len(v.Scans[0].Calls) != 1 ||
		!strings.Contains(v.Scans[0].Calls[0].Address, `users?filter=type eq "Contractor"`) {
		t.Errorf("plan: %v %s", err, text)
	}
}

func demoMetrics(t *testing.T, text string) {
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", "requests_total", "upstream_calls_total"} {
		if !strings.Contains(text, name) {
			t.Errorf("the metrics lack %s", name)
		}
	}
	for _, personal := range []string{"Contractor", "@example"} {
		if strings.Contains(text, personal) {
			t.Errorf("the metrics hold %s", personal)
		}
	}
}
