//go:build duckdb_arrow

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// feedPage is the JSON of a feed of users.
type feedPage struct {
	Context string           `json:"@odata.context"`
	Count   *int64           `json:"@odata.count"`
	Next    string           `json:"@odata.nextLink"`
	Value   []map[string]any `json:"value"`
}

// page gets a page that must be there; path is below the web's root, or whole.
func page(t *testing.T, w *testkit.Web, path string, header http.Header) feedPage {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = w.URL + path
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	var p feedPage
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &p) != nil {
		t.Fatalf("GET %s: %d %v %s", path, resp.StatusCode, err, body)
	}
	return p
}

func preferring(size int) http.Header {
	return http.Header{"Prefer": {fmt.Sprintf("odata.maxpagesize=%d", size)}}
}

// replicas are two gateways over one directory that share nothing but the key
// of next links.
func replicas(t *testing.T, users int, o testkit.WebOptions) [2]*testkit.Web {
	t.Helper()
	s := testkit.StartSimulator(t, sim.Options{Users: users})
	e := testkit.OpenEngine(t)
	var out [2]*testkit.Web
	for i := range out {
		out[i] = testkit.Start(t, testkit.Options{Simulator: s, Engine: e}).Serve(t, o)
	}
	return out
}

// Every user comes once over all pages, whatever their size, and every page is
// answered by another replica than the one before.
func TestPagesHoldEveryUserOnce(t *testing.T) {
	t.Parallel()
	const users, few = 5000 / thinner, 405 / thinner
	cases := []struct {
		size    int
		options string
		rows    int
	}{
		{1, fmt.Sprintf("&$top=%d", few), few},
		{7, "", users},
		{199, "", users},
		{200, "", users},
		{201, "", users},
		{1000, "", users},
		{users - 1, "", users},
		{users, "", users},
		{199, "&$filter=" + escape("IsEnabled or Title eq 'Manager' or not IsEnabled"), users},
		{333, "&$skip=450", users - 450},
		{150, "&$orderby=" + escape("LastName desc,Id") + "&$top=1000", min(1000, users)},
		{100, "&$filter=" + escape("contains(tolower(Username),'a') or not contains(tolower(Username),'a')") + "&$top=450", 450},
	}
	web := replicas(t, users, testkit.WebOptions{})
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d%s", c.size, c.options), func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			next := odataRoot + "Users?$select=Id" + c.options
			pages := 0
			for ; next != ""; pages++ {
				w := web[pages%2]
				p := page(t, w, strings.Replace(next, web[(pages+1)%2].URL, w.URL, 1), preferring(c.size))
				if len(p.Value) > c.size || len(p.Value) == 0 || p.Next != "" && len(p.Value) != c.size {
					t.Fatalf("page %d has %d rows", pages, len(p.Value))
				}
				for _, v := range p.Value {
					seen[v["Id"].(string)] = true
				}
				next = p.Next
			}
			if want := (c.rows + c.size - 1) / c.size; len(seen) != c.rows || pages != want {
				t.Errorf("%d users on %d pages, want %d on %d", len(seen), pages, c.rows, want)
			}
		})
	}
}

func escape(s string) string { return strings.ReplaceAll(s, " ", "%20") }

// A next link continues PingOne's own cursor: no page before it is read again.
func TestNextLinksContinueTheCursorUpstream(t *testing.T) {
	t.Parallel()
	web := replicas(t, 3000, testkit.WebOptions{OData: func(c *odata.Config) { c.PageRows = 500 }})
	for _, w := range web {
		page(t, w, odataRoot+"Users?$top=1", nil)
	}
	web[0].ResetRequests() // of both: they share the directory
	next, rows, pages, anew := odataRoot+"Users?$select=Id", 0, 0, 0
	for ; next != ""; pages++ {
		w := web[pages%2]
		p := page(t, w, strings.Replace(next, web[(pages+1)%2].URL, w.URL, 1), nil)
		calls, begun := 0, 0
		for _, r := range w.Requests() {
			if !strings.HasSuffix(r.Path, "/users") {
				continue
			}
			calls++
			if !strings.Contains(r.Query, "cursor=") {
				begun++
			}
		}
		if pages == 0 {
			anew = begun
		}
		if begun != anew {
			t.Errorf("page %d begins at the start: %v", pages, w.Requests())
		}
		// 500 rows lie on three or four pages upstream; some may be read ahead, which
		// may be noted later.
		if calls > 8*(pages+1) {
			t.Errorf("%d calls until page %d", calls, pages)
		}
		rows += len(p.Value)
		next = p.Next
	}
	if rows != 3000 {
		t.Errorf("%d rows", rows)
	}
}

func TestNextLinksOfAnotherKeyAreRefused(t *testing.T) {
	t.Parallel()
	web := replicas(t, 300, testkit.WebOptions{})
	other := web[1].Stack.Serve(t, testkit.WebOptions{OData: func(c *odata.Config) { c.Key = []byte("quite another key than that") }})
	p := page(t, web[0], odataRoot+"Users?$select=Id", preferring(50))
	a := get(t, other, strings.TrimPrefix(p.Next, web[0].URL))
	if a.status != http.StatusBadRequest && a.status != http.StatusGone {
		t.Errorf("status %d %s", a.status, a.body)
	}
}

// The requests of Excel and Power BI, from the first look to the last page.
func TestPowerQuerySequence(t *testing.T) {
	t.Parallel()
	w := replicas(t, 1200, testkit.WebOptions{OData: func(c *odata.Config) { c.PageRows = 500 }})[0]
	header := http.Header{
		"Accept": {"application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9," +
			"application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"},
		"Odata-Maxversion": {"4.0"}, "Maxdataserviceversion": {"3.0"},
		"User-Agent": {"Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"},
	}
	root := page(t, w, odataRoot, header)
	sets := map[string]bool{}
	for _, v := range root.Value {
		sets[v["name"].(string)] = true
	}
	for _, name := range []string{"Users", "Groups", "Populations", "UserGroupAssociations"} {
		if !sets[name] {
			t.Errorf("the service document lacks %s", name)
		}
	}
	metadata := get(t, w, odataRoot+"$metadata")
	if metadata.status != http.StatusOK {
		t.Errorf("$metadata: %d %s", metadata.status, metadata.body)
	}
	preview := page(t, w, odataRoot+"Users?$top=1000", header)
	if preview.Context != w.URL+odataRoot+"$metadata#Users" {
		t.Errorf("context %s", preview.Context)
	}
	contractors := page(t, w, odataRoot+"Users?$filter=EmployeeType%20eq%20%27Contractor%27&$select=Id%2CUsername", header)
	if len(contractors.Value) == 0 || len(contractors.Value[0]) != 2 {
		t.Errorf("%d contractors, the first is %v", len(contractors.Value), contractors.Value)
	}
	rows := 0
	for next := odataRoot + "Users"; next != ""; {
		p := page(t, w, next, header)
		rows += len(p.Value)
		next = p.Next
	}
	if rows != 1200 {
		t.Errorf("%d users", rows)
	}
	count := get(t, w, odataRoot+"Users/$count")
	if strings.TrimPrefix(string(count.body), "\ufeff") != "1200" {
		t.Errorf("$count is %q", count.body)
	}
	id := contractors.Value[0]["Id"].(string)
	population := page(t, w, odataRoot+"Users("+id+")/Population", header)
	if !strings.HasSuffix(population.Context, "$metadata#Populations/$entity") {
		t.Errorf("context %s", population.Context)
	}
	groups := page(t, w, odataRoot+"Users("+id+")/UserGroupAssociations", header)
	if !strings.HasSuffix(groups.Context, "$metadata#UserGroupAssociations") {
		t.Errorf("context %s", groups.Context)
	}
}
