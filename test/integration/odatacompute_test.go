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
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// applied is an answer with what stands around its rows.
type applied struct {
	Context string `json:"@odata.context"`
	Count   *int   `json:"@odata.count"`
	Next    string `json:"@odata.nextLink"`
	rows    []row
}

func readApplied(t *testing.T, w *testkit.Web, path string, headers ...string) applied {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+strings.ReplaceAll(path, " ", "%20"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	var p applied
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &p) != nil {
		t.Fatalf("%s: %d %v %.300s", path, resp.StatusCode, err, body)
	}
	p.rows = flatRows(t, body)
	return p
}

// The options behind $apply work on what it gives, and pages of it hold every row
// once.
func TestOptionsAfterApply(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	sizes := map[string]float64{}
	for _, u := range plainUsers(t, w) {
		sizes[text(u, "Population/Name")]++
	}
	var names []string
	for name, n := range sizes {
		if n > 5 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := sizes[b] - sizes[a]; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	if len(names) < 4 {
		t.Fatal("there are too few populations", sizes)
	}
	const grouping = "Users?$apply=groupby((Population/Name),aggregate($count as N))&$filter=N gt 5&$orderby=N desc"
	p := readApplied(t, w, odataRoot+grouping+"&$skip=1&$top=2&$count=true&$select=Population")
	want := []string{"Population/Name=" + names[1], "Population/Name=" + names[2]}
	if got := fmt.Sprint(p.rows[0]["Population/Name"], p.rows[1]["Population/Name"]); got != fmt.Sprint(names[1], names[2]) || len(p.rows) != 2 {
		t.Errorf("got %v, want %v", p.rows, want)
	}
	if p.Count == nil || *p.Count != len(names) || !strings.HasSuffix(p.Context, "/$metadata#Users(Population(Name))") {
		t.Errorf("count %v of %d, context %s", p.Count, len(names), p.Context)
	}
	var got []string
	for next := odataRoot + grouping; next != ""; {
		page := readApplied(t, w, next, "Prefer", "odata.maxpagesize=3")
		if len(page.rows) > 3 {
			t.Fatalf("a page has %d rows", len(page.rows))
		}
		for _, r := range page.rows {
			got = append(got, text(r, "Population/Name"))
			if r["N"] != sizes[text(r, "Population/Name")] {
				t.Errorf("%v, want %v", r, sizes)
			}
		}
		next = strings.TrimPrefix(page.Next, w.URL)
	}
	if !slices.Equal(got, names) {
		t.Errorf("pages have %v, want %v", got, names)
	}
	if one := readApplied(t, w, odataRoot+"Users?$apply=aggregate($count as N)&$count=true"); one.Count == nil || *one.Count != 1 {
		t.Errorf("one row counts %v", one.Count)
	}
	if n := string(mustGet(t, w, odataRoot+"Users/$count?$apply=groupby((Population/Name))&$filter=Population/Name ne 'x'", http.StatusOK)); n != fmt.Sprint(len(sizes)) {
		t.Errorf("%s groups, want %d", n, len(sizes))
	}
}

// A condition in $apply reaches the API, as in $filter and in SQL.
func TestApplyIsPushedDown(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}})
	w := s.Serve(t, testkit.WebOptions{})
	warm(t, w)
	user := s.Query(t, "SELECT Id, Username FROM Users ORDER BY Id LIMIT 1")[0]
	for _, c := range []struct {
		path  string
		calls int
	}{
		{"Users?$apply=aggregate($count as N)", 1},
		{"Users?$apply=filter(Username eq '" + user[1] + "')/groupby((Population/Name),aggregate($count as N))", 2},
		{"Users?$compute=length(Username) as L&$filter=Username eq '" + user[1] + "' and L gt 1&$select=L", 1},
		{"Users(" + user[0] + ")/UserGroupAssociations?$apply=aggregate($count as N)", 2},
		{"Users(" + user[0] + ")?$compute=length(Username) as L&$select=L", 1},
	} {
		mustGet(t, w, odataRoot+c.path, http.StatusOK)
		w.ResetRequests()
		mustGet(t, w, odataRoot+c.path, http.StatusOK)
		if n := w.Calls(); n > c.calls {
			t.Errorf("%s: %d calls, at most %d expected: %v", c.path, n, c.calls, w.Requests())
		}
	}
}

// Computed properties are selected, conditions and orders use them, and expanded
// entities have them too.
func TestCompute(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	var want []string
	for _, u := range plainUsers(t, w) {
		if l := length(u); l*2 > 24 {
			want = append(want, fmt.Sprintf("%03d %s", l*2, text(u, "Id")))
		}
	}
	slices.Sort(want)
	p := readApplied(t, w, odataRoot+"Users?$compute=length(Username) as L,L mul 2 as Double,Population/Name as P"+
		"&$filter=Double gt 24&$orderby=Double,Id&$select=Id,Double,P&$count=true&$expand=Population($select=Name,NameLength;$compute=length(Name) as NameLength)")
	var got []string
	for _, r := range p.rows {
		got = append(got, fmt.Sprintf("%03.0f %s", r["Double"], text(r, "Id")))
		if r["P"] != r["Population/Name"] || r["L"] != nil || r["Population/NameLength"] != float64(utf8.RuneCountInString(text(r, "P"))) {
			t.Errorf("%v", r)
		}
	}
	if len(got) < 20 || !slices.Equal(got, want) || p.Count == nil || *p.Count != len(want) {
		t.Errorf("%d rows, count %v, want %d: %v, %v", len(got), p.Count, len(want), got, want)
	}
	if !strings.HasSuffix(p.Context, "#Users(Id,Double,P,Population(Name,NameLength))") {
		t.Error(p.Context)
	}
}

// Values have the types that the answer says, in all metadata levels and as
// numbers that a reader of doubles keeps.
func TestTypesOfComputedProperties(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 20}}).Serve(t, testkit.WebOptions{})
	const grouping = "Users?$apply=aggregate($count as N,length(Username) with sum as S,length(Username) with average as A,length(Username) with min as L,CreatedAt with min as C," +
		"Username with max as U,Id with min as I)/compute(date(C) as D,1.50 as Dec,time(C) as T,C sub C as Zero)"
	body := func(accept string) map[string]any {
		a := route{method: http.MethodGet, path: odataRoot + strings.ReplaceAll(grouping, " ", "%20"), accept: accept}.ask(t, w)
		var feed struct{ Value []map[string]any }
		if a.status != http.StatusOK || json.Unmarshal(a.body, &feed) != nil || len(feed.Value) != 1 {
			t.Fatalf("%s: %d %s", accept, a.status, a.body)
		}
		return feed.Value[0]
	}
	types := map[string]any{
		"N": "#Decimal", "S": "#Decimal", "A": nil, "L": "#Int64", "C": "#DateTimeOffset", "U": nil, "I": "#Guid", "D": "#Date", "Dec": "#Decimal",
		"T": "#TimeOfDay", "Zero": "#Duration",
	}
	for _, level := range []string{"minimal", "full"} {
		r := body("application/json;odata.metadata=" + level)
		for name, typ := range types {
			if r[name+"@odata.type"] != typ || r[name] == nil {
				t.Errorf("%s: %s is %v of type %v, want %v", level, name, r[name], r[name+"@odata.type"], typ)
			}
		}
	}
	none := body("application/json;odata.metadata=none")
	if len(none) != len(types) || none["N"] != 20.0 || none["Dec"] != 1.5 {
		t.Errorf("%v", none)
	}
	quoted := body("application/json;IEEE754Compatible=true")
	for _, name := range []string{"N", "S", "L", "Dec"} {
		if _, text := quoted[name].(string); !text {
			t.Errorf("%s is %T with IEEE754Compatible=true", name, quoted[name])
		}
	}
	if _, number := quoted["A"].(float64); !number {
		t.Errorf("a double is %T", quoted["A"])
	}
}

// Addresses and options that say the same in other words have the same answer.
func TestOtherWordsForTheSame(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 60}})
	w := s.Serve(t, testkit.WebOptions{})
	user := s.Query(t, "SELECT Id, Username, PopulationId FROM Users WHERE length(Username) > 3 ORDER BY Username LIMIT 1")[0]
	quoted := url.QueryEscape(strings.ReplaceAll(user[1], "'", "''"))
	start := url.QueryEscape(strings.ReplaceAll(user[1][:1], "'", "''"))
	for _, c := range []struct{ name, one, other string }{
		{"$filter as a segment", "Users/$filter(startswith(Username,'" + start + "'))?$select=Id", "Users?$select=Id&$filter=startswith(Username,'" + start + "')"},
		{"segments and the option", "Users/$filter(IsEnabled)/$filter(@p)?$select=Id&@p=length(Username) gt 8&$filter=skills/$count eq 0", "Users?$select=Id&$filter=IsEnabled and length(Username) gt 8 and skills/$count eq 0"},
		{"a count behind the segment", "Users/$filter(Username eq '" + quoted + "')/$count", "Users/$count?$filter=Username eq '" + quoted + "'"},
		{"options in any case", "Users?SELECT=Id&$FILTER=IsEnabled&Top=5&orderBy=Id", "Users?$select=Id&$filter=IsEnabled&$top=5&$orderby=Id"},
		{"an alias", "Users?$select=Id&$filter=Id eq @id&@id=" + user[0], "Users?$select=Id&$filter=Id eq " + user[0]},
		{"a key as a segment", "Users/" + user[0] + "?$select=Id", "Users(" + user[0] + ")?$select=Id"},
		{"$entity", "$entity?$id=Users(" + user[0] + ")&$select=Id", "Users(" + user[0] + ")?$select=Id"},
		{"$entity by an absolute address and a type", "$entity/PingOne.User?$id=" + w.URL + odataRoot + "Users(" + user[0] + ")&$select=Id", "Users(" + user[0] + ")?$select=Id"},
		{
			"$root", "Users?$select=Id&$filter=PopulationId eq $root/Users(" + user[0] + ")/PopulationId&$orderby=Id",
			"Users?$select=Id&$filter=PopulationId eq " + user[2] + "&$orderby=Id",
		},
		{
			"$root along a navigation property", "Users/$count?$filter=Population/Name eq $root/Users(" + user[0] + ")/Population/Name",
			"Users/$count?$filter=PopulationId eq " + user[2],
		},
		{
			"$levels", "Groups?$select=Name&$orderby=Name&$expand=ChildGroups($levels=3;$select=Name;$orderby=Name)",
			"Groups?$select=Name&$orderby=Name&$expand=ChildGroups($select=Name;$orderby=Name;$expand=ChildGroups($select=Name;$orderby=Name;$expand=ChildGroups($select=Name;$orderby=Name)))",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, other := mustGet(t, w, odataRoot+c.one, http.StatusOK), mustGet(t, w, odataRoot+c.other, http.StatusOK)
			if string(one) != string(other) || len(one) == 0 || string(one) == "0" {
				t.Errorf("%s: %.500s\n%s: %.500s", c.one, one, c.other, other)
			}
		})
	}
	for _, path := range []string{"$entity?$id=Users", "$entity?$id=http://elsewhere/Users(1)", "$entity?$id=Users(" + user[0] + ")/Username"} {
		mustGet(t, w, odataRoot+path, http.StatusBadRequest)
	}
	mustGet(t, w, odataRoot+"Users/$filter(IsEnabled)("+user[0]+")/Groups", http.StatusNotImplemented)
}

// References are the ids of entities, with all levels of metadata.
func TestExpandedReferences(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 40}})
	w := s.Serve(t, testkit.WebOptions{})
	for _, level := range []string{"minimal", "full", "none"} {
		a := route{method: http.MethodGet, path: odataRoot + "Users?$select=Username,Id,PopulationId&$expand=Population/$ref,Groups/$ref($orderby=Name;$top=1)", accept: "application/json;odata.metadata=" + level}.ask(t, w)
		var feed struct {
			Value []struct {
				ID, PopulationID string
				Population       map[string]string
				Groups           []map[string]string
			}
		}
		if a.status != http.StatusOK || json.Unmarshal(a.body, &feed) != nil || len(feed.Value) != 40 {
			t.Fatalf("%s: %d %.300s", level, a.status, a.body)
		}
		found := 0
		for _, v := range feed.Value {
			want := w.URL + odataRoot + "Populations(" + v.PopulationID + ")"
			if len(v.Population) != 1 || v.Population["@odata.id"] != want || len(v.Groups) > 1 {
				t.Fatalf("%s: %v", level, v)
			}
			for _, g := range v.Groups {
				if len(g) != 1 || !strings.HasPrefix(g["@odata.id"], w.URL+odataRoot+"Groups(") {
					t.Errorf("%s: %v", level, g)
				}
				found++
			}
		}
		if found == 0 {
			t.Error("no user has a group")
		}
	}
}

// Files have what was aggregated and computed, by the paths of properties.
func TestAppliedFiles(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: propertyUsers}}).Serve(t, testkit.WebOptions{})
	sizes := map[string]int{}
	for _, u := range plainUsers(t, w) {
		sizes[text(u, "Population/Name")]++
	}
	csv := func(path string) []string {
		body := mustGet(t, w, odataRoot+path+"&$format=csv", http.StatusOK)
		return strings.Split(strings.TrimSpace(strings.ReplaceAll(string(body), "\r", "")), "\n")
	}
	lines := csv("Users?$apply=groupby((Population/Name),aggregate($count as N))")
	if lines[0] != "Population/Name,N" || len(lines) != len(sizes)+1 {
		t.Fatal(lines)
	}
	for _, line := range lines[1:] {
		at := strings.LastIndexByte(line, ',')
		if name := strings.Trim(line[:at], `"`); fmt.Sprint(sizes[name]) != line[at+1:] {
			t.Errorf("%s, want %v", line, sizes)
		}
	}
	if lines = csv("Users?$compute=length(Username) as L&$select=Username,L&$filter=L gt 100"); len(lines) != 1 || lines[0] != "Username,L" {
		t.Error(lines)
	}
	if lines = csv("Users?$compute=length(Username) as L&$select=L&$orderby=L desc&$top=2"); len(lines) != 3 || lines[0] != "L" || lines[1] < lines[2] {
		t.Error(lines)
	}
}

// A feed that a condition is tested on here is counted while it is read: in the calls
// that read all of its rows, whether or not they are more than a page. To count apart
// takes as many once more; what a page before has read ahead is less.
func TestCountedWhileRead(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 3000}}).Serve(t, testkit.WebOptions{
		OData: func(c *odata.Config) { c.PageRows = 2500 },
	})
	warm(t, w)
	count := func(path, prefer string) (rows int, counted, calls int) {
		w.ResetRequests()
		p := readApplied(t, w, odataRoot+path, "Prefer", prefer)
		if p.Count == nil {
			return len(p.rows), -1, w.Calls()
		}
		return len(p.rows), *p.Count, w.Calls()
	}
	filters := []string{"IsEnabled and Population/Name ne 'x'", "length(Username) gt 12", "not contains(Username,'a')", "length(Username) gt 0"}
	if testing.Short() {
		filters = filters[:2]
	}
	for _, filter := range filters {
		path := "Users?$select=Id&$filter=" + filter
		plain, _, _ := count(path, "none")
		all, _, calls := count(path, "odata.maxpagesize=3000")
		rows, counted, with := count(path+"&$count=true", "none")
		if sorted, number, took := count(path+"&$count=true&$orderby=Id", "none"); sorted != min(all, 2500) || number != all || 2*took > 3*calls {
			t.Errorf("%s: %d sorted rows counted as %d in %d calls; %d in %d without a count", filter, sorted, number, took, all, calls)
		}
		if rows != plain || counted != all || 2*with > 3*calls {
			t.Errorf("%s: %d rows counted as %d in %d calls; %d of %d in %d without a count", filter, rows, counted, with, plain, all, calls)
		}
		for _, paged := range [][2]string{{"", "odata.maxpagesize=10"}, {"&$top=10", "none"}, {"&$top=10&$skip=30", "none"}} {
			page, counted, with := count(path+"&$count=true"+paged[0], paged[1])
			if page != 10 || counted != all || 2*with > 3*calls {
				t.Errorf("%s%s: a page of %d rows counts %d, want %d, in %d calls; %d without", filter, paged, page, counted, all, with, calls)
			}
		}
	}
	if rows, counted, _ := count("Users?$select=Id&$filter=length(Username) gt 1000&$count=true", "none"); rows != 0 || counted != 0 {
		t.Errorf("%d rows counted as %d", rows, counted)
	}
}

// The header X-Query-Plan has a request tell its calls; it asks for sizes alone.
func TestPlanOfARequest(t *testing.T) {
	t.Parallel()
	w := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 300}}).Serve(t, testkit.WebOptions{})
	warm(t, w)
	for _, c := range []struct {
		path string
		want []string
	}{
		{"Users?$filter=Username eq 'ada.admin'&$count=true&$expand=Population", []string{"Rows:", "Count:", `username eq "ada.admin"`, "$expand: Population"}},
		{"Users?$apply=filter(Username eq 'ada.admin')/groupby((Population/Name),aggregate($count as N))", []string{`username eq "ada.admin"`, "Populations"}},
		{"Users/$count?$filter=Username eq 'ada.admin'", []string{"Count:", `username eq "ada.admin"`}},
	} {
		w.ResetRequests()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+odataRoot+strings.ReplaceAll(c.path, " ", "%20"), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Query-Plan", "true")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/plain;charset=utf-8" {
			t.Errorf("%s: %d %v, %s", c.path, resp.StatusCode, err, resp.Header)
		}
		for _, r := range w.Requests() {
			if strings.Contains(r.Query, "limit=200") {
				t.Errorf("%s reads %s?%s", c.path, r.Path, r.Query)
			}
		}
		for _, want := range c.want {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s lacks %s:\n%s", c.path, want, body)
			}
		}
	}
}
