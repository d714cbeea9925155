//go:build duckdb_arrow

package integration

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/auth/quota"
	"github.com/pingone-gateway/gateway/internal/service"
	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

var savedViews = []service.SavedView{
	{Name: "Contractors", SQL: "SELECT Id, Username, [EmployeeType] FROM [CData].[Administrators].Users WHERE EmployeeType = 'Contractor'"},
	{Name: "StaffByPopulation", SQL: "SELECT p.Name AS Population, count(*) AS Staff, DATEADD(day, 1, max(u.CreatedAt)) AS Latest FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY p.Name"},
	{Name: "RecentUsers", SQL: "SELECT TOP 5 Username FROM Users WHERE CreatedAt < TODAY() ORDER BY Username"},
	{Name: "Broken", SQL: "SELECT Nope FROM Users"},
	{Name: "NamesOfB", SQL: "SELECT Username FROM LateContractors WHERE Username >= 'b'"},
	{Name: "LateContractors", SQL: "SELECT c.Username FROM UserViews.Contractors c WHERE c.Username < 'n'"},
	{Name: "Circle", SQL: "SELECT * FROM Round"},
	{Name: "Round", SQL: "SELECT * FROM Circle"},
	{Name: "Selfish", SQL: "SELECT * FROM Selfish"},
	{Name: "Inventory", SQL: "SELECT t.table_name AS TableName, count(*) AS Columns FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name) WHERE t.table_schema = 'Administrators' GROUP BY 1"},
}

func TestViews(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}, Views: savedViews})
	for _, c := range []struct{ name, view, plain string }{
		{"whole", "SELECT * FROM Contractors ORDER BY Id", "SELECT Id, Username, EmployeeType FROM Users WHERE EmployeeType = 'Contractor' ORDER BY Id"},
		{"by its schema", "SELECT c.Username FROM UserViews.Contractors AS c WHERE c.Username < 'm' ORDER BY 1", "SELECT Username FROM Users WHERE EmployeeType = 'Contractor' AND Username < 'm' ORDER BY 1"},
		{"by the connection", "SELECT count(*) FROM [CData].[UserViews].[Contractors]", "SELECT count(*) FROM Users WHERE EmployeeType = 'Contractor'"},
		{"computed", "SELECT Population, Staff FROM StaffByPopulation WHERE Staff > 10 ORDER BY 1", "SELECT p.Name, count(*) FROM Users u JOIN Populations p ON p.Id = u.PopulationId GROUP BY 1 HAVING count(*) > 10 ORDER BY 1"},
		{
			"joined", "SELECT c.Username, g.GroupName FROM Contractors c JOIN UserGroupAssociations g ON g.UserId = c.Id ORDER BY 1, 2 LIMIT 3",
			"SELECT c.Username, g.GroupName FROM Users c JOIN UserGroupAssociations g ON g.UserId = c.Id WHERE c.EmployeeType = 'Contractor' ORDER BY 1, 2 LIMIT 3",
		},
		{"twice", "SELECT count(*) FROM Contractors a JOIN Contractors ON Contractors.Id = a.Id", "SELECT count(*) FROM Users WHERE EmployeeType = 'Contractor'"},
		{"under a name that it uses", "WITH Users AS (SELECT 1 AS x) SELECT count(*) FROM Contractors, Users", "SELECT count(*) FROM Users WHERE EmployeeType = 'Contractor'"},
		{"a time of day", "SELECT * FROM RecentUsers ORDER BY 1", "SELECT Username FROM Users WHERE CreatedAt < current_date ORDER BY 1 LIMIT 5"},
		{
			"columns", "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'StaffByPopulation' ORDER BY ordinal_position",
			"VALUES ('Population', 'character varying'), ('Staff', 'bigint'), ('Latest', 'timestamp with time zone')",
		},
		{"kind", "SELECT table_schema, table_type FROM information_schema.tables WHERE table_name = 'Contractors'", "VALUES ('UserViews', 'VIEW')"},
		{"definition", "SELECT view_definition FROM information_schema.views WHERE table_name = 'RecentUsers'", "VALUES ('SELECT TOP 5 Username FROM Users WHERE CreatedAt < TODAY() ORDER BY Username')"},
		{"of views", "SELECT * FROM NamesOfB ORDER BY 1", "SELECT Username FROM Users WHERE EmployeeType = 'Contractor' AND Username >= 'b' AND Username < 'n' ORDER BY 1"},
		{"of system tables", "SELECT * FROM Inventory WHERE TableName = 'Users'", "SELECT 'Users', count(*) FROM information_schema.columns WHERE table_schema = 'Administrators' AND table_name = 'Users'"},
		{"in a circle", "SELECT count(*) FROM information_schema.tables WHERE table_name IN ('Circle', 'Round', 'Selfish')", "VALUES (0)"},
		{"the one that fits nothing", "SELECT count(*) FROM information_schema.tables WHERE table_name = 'Broken'", "VALUES (0)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, want := s.Query(t, c.view), s.Query(t, c.plain)
			if len(want) == 0 || !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("%s\n got %v\nwant %v", c.view, got, want)
			}
		})
	}
	if _, err := s.TryQuery(testkit.Context(t), "SELECT * FROM Broken"); err == nil {
		t.Error("a view that fits nothing was read")
	}
	if _, err := s.TryQuery(testkit.Context(t), "DELETE FROM Contractors WHERE Username = 'x'"); err == nil {
		t.Error("a view was written")
	}
}

// TestViewsPushDown looks at the calls of a statement over a view.
func TestViewsPushDown(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}, Views: savedViews})
	name := s.Query(t, "SELECT Username FROM Contractors ORDER BY 1 LIMIT 1")[0][0]
	calls := s.Query(t, "EXPLAIN SELECT * FROM Contractors WHERE Username = '"+name+"'")
	if text := strings.Join(slices.Concat(calls...), "\n"); !strings.Contains(text, name) || !strings.Contains(text, "Contractor") {
		t.Errorf("the condition is not pushed:\n%s", text)
	}
}

func TestViewsAsFeeds(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}, Views: savedViews})
	w := s.Serve(t, testkit.WebOptions{})
	for path, want := range map[string]struct {
		status int
		has    string
	}{
		"/odata/pingone/UserViews":                                                          {http.StatusOK, `"name":"Contractors"`},
		"/odata/pingone/UserViews/$metadata":                                                {http.StatusOK, `"EmployeeType":`},
		"/odata/pingone/UserViews/Contractors?$top=2&$orderby=Id":                           {http.StatusOK, `"EmployeeType":"Contractor"`},
		"/odata/pingone/UserViews/Contractors?$filter=Username%20ge%20'a'&$select=Username": {http.StatusOK, `"Username":"`},
		"/odata/pingone/UserViews/StaffByPopulation":                                        {http.StatusNotFound, `"error"`},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			a := get(t, w, path)
			if a.status != want.status || !strings.Contains(string(a.body), want.has) {
				t.Errorf("%d: %.500s", a.status, a.body)
			}
		})
	}
	count := s.Query(t, "SELECT count(*) FROM Contractors")[0][0]
	if a := get(t, w, "/odata/pingone/UserViews/Contractors/$count"); strings.TrimPrefix(string(a.body), "\ufeff") != count {
		t.Errorf("the feed counts %s, SQL %s", a.body, count)
	}
}

// narrow is a policy that shows a few tables and columns.
type narrow struct{ bounded }

func (narrow) Provider(_ string, base catalog.Provider, _ *auth.Principal) catalog.Provider {
	return narrowed{base}
}

type narrowed struct{ catalog.Provider }

// Schema hides EmployeeType, and masks Username.
func (n narrowed) Schema(ctx context.Context, name string) (*catalog.Schema, error) {
	s, err := n.Provider.Schema(ctx, name)
	if err != nil {
		return nil, err
	}
	type key struct{}
	shown, _ := s.Derived(key{}, func() any {
		out := s.Showing(nil)
		for _, t := range s.Tables {
			v := &catalog.Table{Name: t.Name, Entity: t.Entity, Scope: t.Scope, Schema: out, Restriction: &catalog.Restriction{
				Base: t, Masks: map[string]catalog.Mask{"Username": catalog.MaskNull}, HashKey: make([]byte, 32),
			}}
			for i := range t.Columns {
				if t.Columns[i].Name != "EmployeeType" {
					v.Columns = append(v.Columns, t.Columns[i])
				}
			}
			out.Tables = append(out.Tables, v)
		}
		return out
	}).(*catalog.Schema)
	return shown, nil
}

// TestViewsShowNoMoreThanTheirTables reads views as a caller who sees a part.
func TestViewsShowNoMoreThanTheirTables(t *testing.T) {
	t.Parallel()
	views := append(slices.Clone(savedViews), service.SavedView{Name: "Names", SQL: "SELECT Id, Username, FirstName FROM Users WHERE FirstName IS NOT NULL"})
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}, Views: views, Service: func(c *service.Config) {
		c.Policy = narrow{bounded{limits: quota.Limits{}}}
	}})
	for _, row := range s.Query(t, "SELECT Username, FirstName FROM Names LIMIT 5") {
		if row[0] != "NULL" || row[1] == "NULL" {
			t.Errorf("the view shows %v", row)
		}
	}
	if _, err := s.TryQuery(testkit.Context(t), "SELECT * FROM Contractors"); err == nil {
		t.Error("the view shows a hidden column")
	} else if strings.Contains(err.Error(), "EmployeeType") {
		t.Errorf("the error names a hidden column: %v", err)
	}
	w := s.Serve(t, testkit.WebOptions{})
	if a := get(t, w, "/odata/pingone/UserViews/Names?$top=2"); a.status != http.StatusOK || !strings.Contains(string(a.body), `"Username":null`) {
		t.Errorf("the feed: %d %.300s", a.status, a.body)
	}
	if a := get(t, w, "/odata/pingone/UserViews"); strings.Contains(string(a.body), "Contractors") {
		t.Errorf("the service names a view that can't be read: %s", a.body)
	}
}
