//go:build duckdb_arrow

package integration

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// metadata is the part of $metadata that names navigations.
type metadata struct {
	Types []struct {
		Name string `xml:"Name,attr"`
		Nav  []struct {
			Name    string `xml:"Name,attr"`
			Type    string `xml:"Type,attr"`
			Partner string `xml:"Partner,attr"`
		} `xml:"NavigationProperty"`
	} `xml:"DataServices>Schema>EntityType"`
	Sets []struct {
		Name string `xml:"Name,attr"`
		Type string `xml:"EntityType,attr"`
		Bind []struct {
			Path   string `xml:"Path,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"NavigationPropertyBinding"`
	} `xml:"DataServices>Schema>EntityContainer>EntitySet"`
}

// navigations are the collections and single-valued navigation properties of
// each entity set, in the order of $metadata.
func (m metadata) navigations() (sets []string, many map[string][]string, single map[string][]string) {
	many, single = map[string][]string{}, map[string][]string{}
	for _, set := range m.Sets {
		sets = append(sets, set.Name)
		for _, typ := range m.Types {
			if !strings.HasSuffix(set.Type, "."+typ.Name) {
				continue
			}
			for _, n := range typ.Nav {
				if strings.HasPrefix(n.Type, "Collection(") {
					many[set.Name] = append(many[set.Name], n.Name)
				} else {
					single[set.Name] = append(single[set.Name], n.Name)
				}
			}
		}
	}
	return sets, many, single
}

func readMetadata(t *testing.T, w *testkit.Web, root string) metadata {
	t.Helper()
	var m metadata
	a := route{method: http.MethodGet, path: root + "$metadata", accept: "application/xml"}.ask(t, w)
	if err := xml.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("%v: %d %.200s", err, a.status, a.body)
	}
	return m
}

// Every navigation property that $metadata names can be expanded, followed,
// counted, filtered by and sorted by.
func TestEveryNavigationCanBeUsed(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}}).Serve(t, testkit.WebOptions{})
	for _, root := range []string{odataRoot, "/odata/pingone/Information/", "/odata/pingone/AllEnvironments/"} {
		m := readMetadata(t, w, root)
		sets, many, single := m.navigations()
		if len(sets) == 0 {
			t.Fatal("no entity sets")
		}
		for i, set := range sets {
			if bound := len(m.Sets[i].Bind); bound != len(many[set])+len(single[set]) {
				t.Errorf("%s: %d navigation properties are bound", set, bound)
			}
			if leftOut(i) {
				continue
			}
			if len(many[set])+len(single[set]) > 0 {
				mustGet(t, w, root+set+"?$top=1&$expand=*", http.StatusOK)
			}
			if i%8 > 0 && strings.Contains(root, "AllEnvironments") { // the same navigations, and three times the calls
				continue
			}
			first := firstEntity(t, w, root+set+"?$top=1")
			for _, nav := range many[set] {
				for _, address := range []string{
					"?$top=1&$expand=" + nav, "?$top=1&$expand=" + nav + "/$count", "?$top=1&$filter=" + nav + "/any()",
					"?$top=1&$orderby=" + nav + "/$count desc",
				} {
					mustGet(t, w, root+set+address, http.StatusOK)
				}
				mustGet(t, w, first+"/"+nav+"?$top=1", http.StatusOK)
				mustGet(t, w, first+"/"+nav+"/$count", http.StatusOK)
			}
			for _, nav := range single[set] {
				for _, address := range []string{"?$top=1&$expand=" + nav, "?$top=1&$filter=" + nav + " ne null"} {
					mustGet(t, w, root+set+address, http.StatusOK)
				}
				mustGet(t, w, first+"/"+nav, http.StatusOK, http.StatusNoContent)
			}
		}
	}
}

// A navigation to one entity that isn't there is null; from an entity that isn't
// there it leads nowhere.
func TestNavigationToNoEntity(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 10}}).Serve(t, testkit.WebOptions{})
	first := firstEntity(t, w, odataRoot+"Applications?$top=1&$filter=Protocol%20eq%20'SAML'")
	mustGet(t, w, first+"/SAMLApplication", http.StatusOK)
	mustGet(t, w, first+"/OIDCApplication", http.StatusNoContent)
	mustGet(t, w, first+"/OIDCApplication/Name", http.StatusNoContent)
	mustGet(t, w, odataRoot+"Applications(0c4f5d5e-1111-4c7e-9a4c-3f54e1b1ffff)/OIDCApplication", http.StatusNotFound)
}

// firstEntity is the address of an entity set's first entity, as it names
// itself.
func firstEntity(t *testing.T, w *testkit.Web, feed string) string {
	t.Helper()
	a := route{method: http.MethodGet, path: feed, accept: "application/json;odata.metadata=full"}.ask(t, w)
	var page struct {
		Value []struct {
			ID string `json:"@odata.id"`
		}
	}
	if json.Unmarshal(a.body, &page) != nil || len(page.Value) != 1 {
		t.Fatalf("%s: %d %.300s", feed, a.status, a.body)
	}
	return strings.TrimPrefix(page.Value[0].ID, w.URL)
}

func mustGet(t *testing.T, w *testkit.Web, path string, allowed ...int) []byte {
	t.Helper()
	a := get(t, w, strings.ReplaceAll(path, " ", "%20"))
	if a.err != nil || !slices.Contains(allowed, a.status) {
		t.Errorf("%s: %d %v %.300s", path, a.status, a.err, a.body)
	}
	return a.body
}

// A role that a user holds for several scopes is one role of the user.
func TestRowsLinkedTwiceComeOnce(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}})
	w := s.Serve(t, testkit.WebOptions{})
	held := s.Query(t, "SELECT UserId, count(*), count(DISTINCT AdminRoleId) AS roles FROM UserAdminRoleAssignments GROUP BY 1 ORDER BY 2 DESC LIMIT 1")[0]
	user, roles := held[0], held[2]
	if held[1] == roles {
		t.Fatal("no user holds a role twice")
	}
	if got := string(mustGet(t, w, odataRoot+"Users("+user+")/AdminRoles/$count", http.StatusOK)); got != roles {
		t.Errorf("a count gives %s roles, want %s", got, roles)
	}
	var feed struct{ Value []map[string]json.RawMessage }
	decode := func(path string) []map[string]json.RawMessage {
		feed.Value = nil
		if err := json.Unmarshal(mustGet(t, w, odataRoot+path, http.StatusOK), &feed); err != nil {
			t.Fatal(err)
		}
		return feed.Value
	}
	if got := len(decode("Users(" + user + ")/AdminRoles")); fmt.Sprint(got) != roles {
		t.Errorf("a feed gives %d roles, want %s", got, roles)
	}
	var expanded []json.RawMessage
	row := decode("Users?$filter=Id eq " + user + " and AdminRoles/$count eq " + roles + "&$expand=AdminRoles")
	if len(row) != 1 || json.Unmarshal(row[0]["AdminRoles"], &expanded) != nil || fmt.Sprint(len(expanded)) != roles {
		t.Errorf("$expand and a condition on $count give %v", row)
	}
}

// Keys flow from the narrow side of a navigation to the wide one: nothing is
// read whole that a condition behind it reduces.
func TestNavigationsAreReadByKey(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	w := s.Serve(t, testkit.WebOptions{})
	warm(t, w)
	row := s.Query(t, "SELECT Id, Name FROM Groups WHERE DirectUsersCount BETWEEN 1 AND 6 AND DirectChildGroupsCount = 0 AND UserFilter IS NULL ORDER BY Id LIMIT 1")
	if len(row) == 0 {
		t.Fatal("no small group")
	}
	group, name := row[0][0], row[0][1]
	user := s.Query(t, "SELECT UserId FROM UserGroupAssociations WHERE GroupId = '"+group+"' LIMIT 1")[0][0]
	cases := []struct {
		name, path string
		calls      int
	}{
		{"any by the link's key", "Users?$select=Username&$filter=UserGroupAssociations/any(m:m/GroupId eq " + group + ")", 8},
		{"any by the target's name", "Users?$select=Username&$filter=Groups/any(g:g/Name eq '" + name + "')", 12},
		{"any and another condition", "Users?$select=Username&$filter=IsEnabled and Groups/any(g:g/Id eq " + group + ")", 10},
		{"count of these", "Users/$count?$filter=UserGroupAssociations/any(m:m/GroupId eq " + group + ")", 8},
		{"two hops", "UserGroupAssociations?$filter=User/Username eq 'nobody'", 2},
		{"one user's groups by condition", "Groups?$select=Name&$filter=Users/any(u:u/Id eq " + user + ")", 6},
		{"to many over the link", "Groups(" + group + ")/Users?$select=Username", 8},
		{"to many from a user", "Users(" + user + ")/Groups?$select=Name", 6},
		{"expanded over the link", "Users(" + user + ")?$select=Username&$expand=Groups($select=Name;$orderby=Name)", 8},
		{"sets joined by their keys", "$crossjoin(Users,UserGroupAssociations)?$filter=Users/Id eq UserGroupAssociations/UserId and UserGroupAssociations/GroupId eq " + group + "&$expand=Users($select=Username)", 8},
		{"sets joined from one row", "$crossjoin(Users,Populations)?$filter=Users/PopulationId eq Populations/Id and Users/Id eq " + user, 3},
		{"a row's count", "Users?$select=Username&$filter=Id eq " + user + "&$orderby=UserGroupAssociations/$count", 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.ResetRequests()
			mustGet(t, w, odataRoot+c.path, http.StatusOK)
			if n := w.Calls(); n > c.calls {
				t.Errorf("%d calls, at most %d expected: %v", n, c.calls, w.Requests())
			}
		})
	}
}
