//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// linked is a literal that stands in a column of another table.
func (g *odatagen) linked(table, column string) string {
	rows := g.users.library.Rows[table]
	t, _ := g.users.library.Main.Table(table)
	v, _ := rows[g.r.IntN(len(rows))][t.Index(column)].(string)
	if strings.HasSuffix(column, "Id") {
		return v
	}
	return "'" + strings.ReplaceAll(v, "'", "''") + "'"
}

// related is a condition behind navigation properties.
func (g *odatagen) related() string {
	group, population := g.linked("Groups", "Name"), g.linked("Populations", "Name")
	switch g.r.IntN(9) {
	case 0, 1:
		return g.single("Population", population)
	case 2, 3, 4:
		return "UserGroupAssociations/" + g.lambda("m", g.membership("m", group))
	case 5, 6:
		return "Groups/" + g.lambda("g", g.group("g", group))
	case 7:
		return fmt.Sprintf("%s %s %d", pick(g.r, "Groups/$count", "UserGroupAssociations/$count", "UserGroupAssociations/$count($filter=Type eq 'DIRECT')",
			"UserGroupAssociations/$count($filter="+g.single("Group", group)+")", "Groups/$count($filter=Name lt $it/Title)"), g.op(), g.r.IntN(4))
	default:
		return pick(g.r, "Groups/any()", "not UserGroupAssociations/any()",
			"length(concat(Population/Name,'x')) "+g.op()+" "+fmt.Sprint(g.r.IntN(20)),
			"substring(Username,Groups/$count) ne ''", "Groups/$count eq UserGroupAssociations/$count")
	}
}

// lambda is any or all over a condition.
func (g *odatagen) lambda(variable, body string) string {
	return pick(g.r, "any", "any", "all") + "(" + variable + ":" + body + ")"
}

// single is a condition on what a single-valued navigation property leads to.
func (g *odatagen) single(path, name string) string {
	return pick(g.r, path+"/Name "+g.op()+" "+name, path+"/Name in ("+name+",'x')", path+"/Name ne null", path+" eq null",
		path+"/Description eq null", "not ("+path+"/Name eq "+name+")", "startswith("+path+"/Name,"+name+")",
		path+"/Name eq "+name+" or "+path+"/Description ne null", "tolower("+path+"/Name) eq "+strings.ToLower(name))
}

func (g *odatagen) membership(m, group string) string {
	return pick(g.r, m+"/GroupId eq "+g.linked("Groups", "Id"), m+"/GroupName "+g.op()+" "+group, m+"/Type eq 'DIRECT'",
		m+"/GroupName "+g.op()+" Title", g.single(m+"/Group", group), m+"/Type eq 'INDIRECT' and "+m+"/GroupId ne "+g.linked("Groups", "Id"),
		m+"/GroupName eq "+group+" and IsEnabled", m+"/Group/PopulationId eq PopulationId")
}

func (g *odatagen) group(v, group string) string {
	return pick(g.r, v+"/Name "+g.op()+" "+group, v+"/Id eq "+g.linked("Groups", "Id"), "startswith("+v+"/Name,'A') or "+v+"/Name eq "+group,
		v+"/PopulationId eq PopulationId", v+"/Population/Name eq Population/Name", "not ("+v+"/Description eq null) and skills/any(s:s ne 'go')",
		v+"/UserGroupAssociations/any(x:x/UserId eq Id and x/Type eq 'DIRECT')", v+"/UserGroupAssociations/$count gt 40",
		v+"/Users/any(u:u/LastName eq LastName and u/Id ne $it/Id)")
}

// Each user's groups come with it as $expand asks for them: in order, counted,
// and cut for each user on its own.
func TestExpandOverALink(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	users := readODataUsers(t, w)
	groups, _ := users.library.Main.Table("Groups")
	links, _ := users.library.Main.Table("UserGroupAssociations")
	want := map[string][]string{}
	for _, m := range users.library.Rows[links.Name] {
		for _, g := range users.library.Rows[groups.Name] {
			if m[links.Index("GroupId")] == g[groups.Index("Id")] {
				user := m[links.Index("UserId")].(string)
				want[user] = append(want[user], g[groups.Index("Name")].(string))
			}
		}
	}
	var page struct {
		Value []struct {
			ID    string
			Count int                     `json:"Groups@odata.count"`
			Group []struct{ Name string } `json:"Groups"`
		}
	}
	body := mustGet(t, w, odataRoot+"Users?$select=Id&$expand=Groups($select=Name;$orderby=Name desc;$skip=1;$top=2;$count=true)", http.StatusOK)
	if err := json.Unmarshal(body, &page); err != nil || len(page.Value) != len(users.rows) {
		t.Fatal(err, len(page.Value))
	}
	several := 0
	for _, v := range page.Value {
		all := want[v.ID]
		slices.Sort(all)
		slices.Reverse(all)
		shown := all[min(1, len(all)):min(3, len(all))]
		var got []string
		for _, g := range v.Group {
			got = append(got, g.Name)
		}
		if v.Count != len(all) || !slices.Equal(got, shown) {
			t.Errorf("user %s: %d of %v, want %d of %v", v.ID, v.Count, got, len(all), shown)
		}
		if len(all) > 2 {
			several++
		}
	}
	if several < 10 {
		t.Errorf("only %d users have several groups", several)
	}
}

// Related entities that many rows lead to are read once in a request: what
// $expand adds to a feed's calls hangs on them, not on the rows.
func TestExpandReadsAnEntityOnce(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 2400}}).Serve(t, testkit.WebOptions{})
	warm(t, w)
	calls := func(path string) int {
		mustGet(t, w, odataRoot+path, http.StatusOK)
		w.ResetRequests()
		mustGet(t, w, odataRoot+path, http.StatusOK)
		return w.Calls()
	}
	plain := calls("Users?$select=Username")
	for _, path := range []string{
		"Users?$select=Username&$expand=Population($select=Name)",
		"Users?$select=Username&$expand=Population($select=Name;$filter=Name ne 'x')",
		"Users?$select=Username&$orderby=Username&$expand=Population",
	} {
		if n := calls(path); n > plain+4 {
			t.Errorf("%s: %d calls, where the users alone take %d", path, n, plain)
		}
	}
	if alone, n := calls("Groups?$select=Name"), calls("Groups?$select=Name&$expand=Population($select=Name)"); n > alone+4 {
		t.Errorf("groups: %d calls, %d alone", n, alone)
	}
}

// What the rows of a table between two others lead to is joined to them, so that one
// listing of a group's members gives the memberships and the users. The answer is the
// one that keys give, as the first rows alone are read.
func TestExpandJoinsWhatLinksLeadTo(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	w := s.Serve(t, testkit.WebOptions{})
	warm(t, w)
	sales := s.Query(t, "SELECT Id FROM Groups WHERE Name = 'Sales'")[0][0]
	read := func(path string) (string, int) {
		mustGet(t, w, odataRoot+path, http.StatusOK)
		w.ResetRequests()
		return string(mustGet(t, w, odataRoot+path, http.StatusOK)), w.Calls()
	}
	for _, c := range []struct {
		name, path string
		calls      int
	}{
		{"members of a group", "Groups(" + sales + ")/UserGroupAssociations?$expand=User", 3},
		{"by a condition", "UserGroupAssociations?$filter=GroupId eq " + sales + "&$expand=User($select=Username)&$select=Type", 2},
		{"with more behind them", "UserGroupAssociations?$filter=GroupId eq " + sales + "&$expand=User($expand=Population($select=Name))", 4},
		{"and the other end", "UserGroupAssociations?$filter=GroupId eq " + sales + "&$expand=User($select=Username),Group($select=Name)", 4},
		{"counted", "UserGroupAssociations?$filter=GroupId eq " + sales + "&$expand=User($select=Username)&$count=true", 3},
		{"within another", "Groups(" + sales + ")?$select=Name&$expand=UserGroupAssociations($expand=User($select=Username))", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			joined, calls := read(c.path)
			if calls > c.calls {
				t.Errorf("%d calls, at most %d expected", calls, c.calls)
			}
			n := strings.Count(joined, `"Username":`)
			if n < 100 {
				t.Errorf("%d users", n)
			}
			if strings.Contains(c.path, "$count") {
				if want := fmt.Sprintf(`],"@odata.count":%d}`, n); !strings.HasSuffix(joined, want) {
					t.Errorf("the end is not %s", want)
				}
				return
			}
			if strings.Contains(c.path, ")?") { // $top would be about groups
				return
			}
			if byKeys, _ := read(c.path + "&$top=3000&$orderby=UserId,GroupId"); byKeys != joined {
				t.Errorf("joined:\n%.1000s\nby keys:\n%.1000s", joined, byKeys)
			}
		})
	}
}
