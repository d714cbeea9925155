//go:build duckdb_arrow

package reliability

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// powerQuery are the headers of the feed reader in Excel and Power BI.
var powerQuery = http.Header{
	"Accept": {"application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9," +
		"application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"},
	"Odata-Maxversion": {"4.0"}, "Maxdataserviceversion": {"3.0"},
	"User-Agent": {"Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"},
}

// TestPowerQueryInAStorm loads users and memberships as Excel and Power BI do, page
// after page, while PingOne refuses calls with 429 again and again and users come, go
// and change. Each row that is there all the time comes once, in little memory. The
// long form has 100,000 users and more than 200,000 memberships.
func TestPowerQueryInAStorm(t *testing.T) {
	besideOthers(t)
	users := pick(1500, 100_000)
	s := startSimulator(t, "--users", strconv.Itoa(users))
	g := newGateway(t, "gateway", s, settings{"log.level": "warn", "odata.page_size": strconv.Itoa(users / 5)}).run()
	r := &loader{t: t, gateway: g, simulator: s, token: s.token(), touched: map[string]bool{}}
	r.whole("Users", "Id")
	r.whole("UserGroupAssociations", "UserId", "GroupId")
	if n := len(r.keys["UserGroupAssociations"]); n < 2*users {
		t.Fatalf("only %d memberships", n)
	}
	root := r.get(g.url + feeds)
	if !strings.Contains(root, `"name":"UserGroupAssociations"`) || !strings.Contains(r.get(g.url+feeds+"$metadata"), "<edmx:Edmx") {
		t.Errorf("the service document: %.300s", root)
	}
	r.storming = true
	var preview feed
	r.read(g.url+feeds+"Users?$top=1000", &preview)
	if want := min(1000, users/5); len(preview.Value) != want {
		t.Errorf("the preview has %d rows, want %d", len(preview.Value), want)
	}
	r.pages("Users", "Id")
	r.pages("UserGroupAssociations", "UserId", "GroupId")
	refused := g.metric("pingone_gateway_upstream_retries_total")
	t.Logf("%d users, %d memberships; %d storms, %.0f calls repeated, %d users changed; at most %d MiB",
		users, len(r.keys["UserGroupAssociations"]), r.storms, refused, len(r.touched), g.peakMiB())
	if refused < 3 { // a page may need no call
		t.Error("few calls were refused: the storms tested nothing")
	}
	if g.peakMiB() > ceilingMiB {
		t.Errorf("the gateway took %d MiB, more than %d", g.peakMiB(), ceilingMiB)
	}
}

const feeds = "/odata/pingone/Administrators/"

// loader is a client that loads feeds while things change.
type loader struct {
	t         *testing.T
	gateway   *gateway
	simulator *simulator
	token     string
	// keys are those of each set before the changes; touched are the users that were
	// changed.
	keys     map[string][]string
	touched  map[string]bool
	storming bool
	storms   int
}

type feed struct {
	Value []map[string]any
	Next  string `json:"@odata.nextLink"`
}

// get gives an answer that is a whole one. Before each call PingOne begins to refuse
// some, where that is to be.
func (l *loader) get(address string) string {
	l.t.Helper()
	if l.storming {
		l.storms++
		l.change()
		l.simulator.faults(sim.Fault{Match: "GET /v1/**", Times: 1, Do: "storm", For: sim.Duration(200 * time.Millisecond)})
	}
	req, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header = powerQuery
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		l.t.Fatalf("%s: %d %v %.300s", address, resp.StatusCode, err, body)
	}
	return string(body)
}

func (l *loader) read(address string, into any) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.get(address)), into); err != nil {
		l.t.Fatalf("%s: %v", address, err)
	}
}

// each reads all pages of a set and counts its keys.
func (l *loader) each(set string, key []string) map[string]int {
	l.t.Helper()
	got := map[string]int{}
	for next := l.gateway.url + feeds + set; next != ""; {
		var f feed
		l.read(next, &f)
		for _, row := range f.Value {
			var parts []string
			for _, name := range key {
				parts = append(parts, fmt.Sprint(row[name]))
			}
			got[strings.Join(parts, " ")]++
		}
		next = f.Next
	}
	return got
}

// whole notes the keys of a set before anything changes.
func (l *loader) whole(set string, key ...string) {
	l.t.Helper()
	if l.keys == nil {
		l.keys = map[string][]string{}
	}
	l.keys[set] = slices.Sorted(maps.Keys(l.each(set, key)))
}

// pages reads a set and checks that what nobody touched came once.
func (l *loader) pages(set string, key ...string) {
	l.t.Helper()
	got := l.each(set, key)
	lost, repeated := 0, 0
	for _, k := range l.keys[set] {
		if user, _, _ := strings.Cut(k, " "); got[k] == 0 && !l.touched[user] {
			lost++
		}
	}
	for _, n := range got {
		if n > 1 {
			repeated++
		}
	}
	if lost > 0 || repeated > 0 {
		l.t.Errorf("%s: %d rows are lost, %d repeated, of %d", set, lost, repeated, len(got))
	}
}

// change deletes a user, renames one and makes one.
func (l *loader) change() {
	l.t.Helper()
	pick := func() string {
		all := l.keys["Users"] // not the first ones: others may refer to them
		id := all[len(all)-1-2*len(l.touched)]
		l.touched[id] = true
		return id
	}
	l.write(http.MethodDelete, "users/"+pick(), "")
	l.write(http.MethodPatch, "users/"+pick(), fmt.Sprintf(`{"username":"storm.renamed.%d"}`, l.storms))
	l.write(http.MethodPost, "users", fmt.Sprintf(`{"username":"storm.new.%d","email":"new@example.com"}`, l.storms))
}

// write changes the directory behind the gateway's back.
func (l *loader) write(method, path, body string) {
	l.t.Helper()
	req, err := http.NewRequest(method, l.simulator.url+"/v1/environments/"+l.simulator.environment+"/"+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		l.t.Fatalf("%s %s: %d %v %.300s", method, path, resp.StatusCode, err, answer)
	}
}
