//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// environmentsRead are the environments that calls since the last reset named,
// apart from those for schemas.
func environmentsRead(s *testkit.Stack) []string {
	seen := map[string]bool{}
	for _, r := range s.Simulator.Requests() {
		rest, ok := strings.CutPrefix(r.Path, "/v1/environments/")
		if id, what, _ := strings.Cut(rest, "/"); ok && what != "" && !strings.HasPrefix(what, "schemas") {
			seen[id] = true
		}
	}
	var out []string
	for id := range seen {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

func TestAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 600}})
	w := s.Serve(t, testkit.WebOptions{})
	var of []string // what each environment's own schema has
	id := map[string]string{}
	for _, e := range s.Query(t, "SELECT Id, Name FROM Information.Environments WHERE Status = 'ACTIVE'") {
		id[e[1]] = e[0]
		for _, row := range s.Query(t, fmt.Sprintf(`SELECT Username FROM "%s".Users`, e[0])) {
			of = append(of, e[0]+" "+e[1]+" "+row[0])
		}
	}
	of = slices.DeleteFunc(of, func(row string) bool { return strings.HasSuffix(row, " (null)") })
	all := func(where string) (out []string) {
		for _, row := range s.Query(t, "SELECT EnvironmentId, EnvironmentName, Username FROM AllEnvironments.Users"+where) {
			out = append(out, strings.Join(row, " "))
		}
		slices.Sort(out)
		return out
	}
	slices.Sort(of)
	if got := all(""); !slices.Equal(got, of) || len(got) < 600 {
		t.Errorf("%d rows, want %d", len(got), len(of))
	}
	customers := id["Customers"]
	for name, c := range map[string]struct {
		where string
		keep  func(row string) bool
		read  []string
	}{
		"by name":          {" WHERE EnvironmentName = 'Customers'", func(r string) bool { return strings.HasPrefix(r, customers) }, []string{customers}},
		"by id":            {" WHERE EnvironmentId = '" + customers + "'", func(r string) bool { return strings.HasPrefix(r, customers) }, []string{customers}},
		"by several names": {" WHERE EnvironmentName IN ('Customers', 'Nobody')", func(r string) bool { return strings.HasPrefix(r, customers) }, []string{customers}},
		"by no such name":  {" WHERE EnvironmentName = 'Nobody'", func(string) bool { return false }, nil},
		"not by a name":    {" WHERE NOT EnvironmentName = 'Customers'", func(r string) bool { return !strings.HasPrefix(r, customers) }, []string{id["Administrators"], id["Partner Portal Zürich"]}},
		"by a pattern":     {" WHERE EnvironmentName LIKE '%Z_rich'", func(r string) bool { return strings.Contains(r, "Zürich") }, nil},
		"by either":        {" WHERE EnvironmentName = 'Customers' OR Username = 'ada.admin'", func(r string) bool { return strings.HasPrefix(r, customers) || strings.HasSuffix(r, " ada.admin") }, nil},
		"by a value":       {" WHERE Username = 'ada.admin'", func(r string) bool { return strings.HasSuffix(r, " ada.admin") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s.Simulator.ResetRequests()
			want := slices.DeleteFunc(slices.Clone(of), func(r string) bool { return !c.keep(r) })
			if got := all(c.where); !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
			slices.Sort(c.read)
			if read := environmentsRead(s); c.read != nil && !slices.Equal(read, c.read) || name == "by no such name" && len(read) > 0 {
				t.Errorf("read %v, want %v", read, c.read)
			}
			n := s.Query(t, "SELECT count(*) FROM AllEnvironments.Users"+c.where)[0][0]
			if n != fmt.Sprint(len(want)) {
				t.Errorf("count %s, want %d", n, len(want))
			}
		})
	}
	t.Run("joined and grouped", func(t *testing.T) {
		rows := s.Query(t, `SELECT e.Name, count(*) FROM AllEnvironments.Groups g JOIN Information.Environments e ON e.Id = g.EnvironmentId GROUP BY 1 ORDER BY 1`)
		for _, row := range rows {
			if own := s.Query(t, fmt.Sprintf(`SELECT count(*) FROM "%s".Groups`, row[0])); row[1] != own[0][0] {
				t.Errorf("%v, want %v", row, own)
			}
		}
		if len(rows) < 3 {
			t.Errorf("%v", rows)
		}
	})
	t.Run("by OData", func(t *testing.T) { everywhereFeeds(t, w, of) })
}

// A few rows come from the first environments, as long as these have them.
func TestFewRowsOfAllEnvironments(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}})
	w := s.Serve(t, testkit.WebOptions{})
	groups := s.Query(t, "SELECT count(*) FROM AllEnvironments.Groups GROUP BY EnvironmentId ORDER BY EnvironmentId")
	for _, c := range []struct {
		name, ask string // SQL, or an address
		rows, of  int    // of so many environments
	}{
		{"that the first has", "SELECT Id FROM AllEnvironments.Groups LIMIT 3", 3, 1},
		{"by OData", "AllEnvironments/Groups?$select=Id&$top=3", 3, 1},
		{"with a condition that PingOne evaluates", "SELECT Id FROM AllEnvironments.Users WHERE IsEnabled LIMIT 3", 3, 1},
		{"of which each has one", "SELECT CompanyName FROM AllEnvironments.BrandingSettings LIMIT 3", 3, 3},
		{"that nobody has", "SELECT Id FROM AllEnvironments.Users WHERE PopulationId = '00000000-0000-4000-8000-000000000000' LIMIT 3", 0, 3},
		{"in an order", "SELECT Name FROM AllEnvironments.Groups ORDER BY Name LIMIT 3", 3, 3},
		{"more than a few", "SELECT Id FROM AllEnvironments.Groups LIMIT 1000", 0, 3},
	} {
		s.ResetRequests()
		body, _ := asked(t, w, c.ask)
		var answer struct{ Value, Rows []any }
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			t.Fatal(err)
		}
		if n := len(answer.Value) + len(answer.Rows); c.name == "more than a few" && n < 3*len(groups) || c.name != "more than a few" && n != c.rows {
			t.Errorf("%s: %d rows", c.name, n)
		}
		if of := environmentsRead(s); len(of) != c.of {
			t.Errorf("%s: %d environments are read, want %d", c.name, len(of), c.of)
		}
	}
}

func everywhereFeeds(t *testing.T, w *testkit.Web, of []string) {
	t.Helper()
	body, _ := asked(t, w, "AllEnvironments/$metadata")
	if !strings.Contains(body, `<PropertyRef Name="EnvironmentId"/>`) || !strings.Contains(body, `Name="EnvironmentName"`) {
		t.Error("the metadata has no key or name of the environment")
	}
	if roots, _ := asked(t, w, ""); !strings.Contains(roots, "AllEnvironments") {
		t.Errorf("the list of services lacks it: %s", roots)
	}
	type row struct {
		Environment string `json:"EnvironmentId"`
		Name        string `json:"EnvironmentName"`
		ID          string `json:"Id"`
		Username    string
	}
	var page struct {
		Count int `json:"@odata.count"`
		Value []row
		Next  string `json:"@odata.nextLink"`
	}
	var got []string
	next := "AllEnvironments/Users?$count=true&$top=700&$select=" + url.QueryEscape("EnvironmentId,EnvironmentName,Id,Username")
	first := row{}
	for pages := 0; next != "" && pages < 100; pages++ {
		page.Value, page.Next = nil, ""
		body := paged(t, w, next, 97)
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Value {
			got = append(got, r.Environment+" "+r.Name+" "+r.Username)
			first = r
		}
		next = page.Next
	}
	slices.Sort(got)
	if len(got) != min(700, page.Count) || len(slices.Compact(got)) != len(got) || page.Count != len(of) {
		t.Errorf("%d rows of %d, want %d", len(got), page.Count, len(of))
	}
	one, _ := asked(t, w, fmt.Sprintf("AllEnvironments/Users(EnvironmentId=%s,Id=%s)?$select=Username", first.Environment, first.ID))
	if !strings.Contains(one, first.Username) {
		t.Errorf("by its key: %s", one)
	}
}

// paged gives a page of a feed.
func paged(t *testing.T, w *testkit.Web, address string, size int) string {
	t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = w.URL + "/odata/pingone/" + address
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Prefer", fmt.Sprintf("odata.maxpagesize=%d", size))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", address, resp.StatusCode, raw, err)
	}
	return string(raw)
}

// TestAllEnvironmentsWithoutSome reads where one is refused, and where one fails.
func TestAllEnvironmentsWithoutSome(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}})
	w := s.Serve(t, testkit.WebOptions{})
	customers := s.Query(t, "SELECT Id FROM Information.Environments WHERE Name = 'Customers'")[0][0]
	s.Query(t, "SELECT count(*) FROM AllEnvironments.Groups") // the schemas are known
	fault := func(status int, environment string) {
		if err := s.Simulator.SetFaults(sim.Fault{Match: "GET /v1/environments/" + environment + "/groups", Times: -1, Do: "status", Status: status}); err != nil {
			t.Fatal(err)
		}
	}
	fault(403, customers)
	body, notes := asked(t, w, "SELECT DISTINCT EnvironmentName FROM AllEnvironments.Groups")
	if strings.Contains(body, `["Customers"]`) || !strings.Contains(body, `["Administrators"]`) || !strings.Contains(body, "The environment Customers is left out of Groups") {
		t.Error(body)
	}
	if !strings.Contains(notes, "Customers") {
		t.Errorf("the header has %q", notes)
	}
	if _, notes = asked(t, w, "AllEnvironments/Groups?$select=Id"); !strings.Contains(notes, "Customers") {
		t.Errorf("the feed's header has %q", notes)
	}
	if _, changed := sent(t, http.MethodPost, w.URL+"/sql", `{"query":"UPDATE AllEnvironments.Groups SET Description = 'x' WHERE Name = 'Sales'"}`); !strings.Contains(fmt.Sprint(changed["notes"]), "Customers is left out") {
		t.Errorf("a change that passed rows over says %v", changed)
	}
	if n := s.Query(t, "SELECT count(*) FROM AllEnvironments.Groups WHERE EnvironmentName <> 'Customers'")[0][0]; n != s.Query(t, "SELECT count(*) FROM AllEnvironments.Groups")[0][0] {
		t.Errorf("counts differ from %s", n)
	}
	for name, c := range map[string]struct {
		status int
		match  string
		want   string
	}{
		"refused everywhere": {403, "*", "In the environment"},
		"failed":             {400, customers, "In the environment Customers: "},
	} {
		fault(c.status, c.match)
		if _, err := s.TryQuery(testkit.Context(t), "SELECT Id FROM AllEnvironments.Groups"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
