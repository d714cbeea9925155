//go:build duckdb_arrow

package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// asked gives the answer to an address, or to a statement where it has blanks.
func asked(t *testing.T, w *testkit.Web, what string) (body, notes string) {
	t.Helper()
	var resp *http.Response
	var err error
	if strings.HasPrefix(what, "SELECT") {
		statement, _ := json.Marshal(map[string]string{"query": what})
		resp, err = http.Post(w.URL+"/sql", "application/json", bytes.NewReader(statement))
	} else {
		resp, err = http.Get(w.URL + "/odata/pingone/" + what)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", what, resp.StatusCode, raw, err)
	}
	return string(raw), resp.Header.Get("Gateway-Notes") + resp.Trailer.Get("Gateway-Notes")
}

var sentBound = regexp.MustCompile(`recordedAt (ge|lt) "([^"]*)"`)

// TestActivitiesOfATime asks for times in every form and looks at what is sent.
func TestActivitiesOfATime(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}})
	w := s.Serve(t, testkit.WebOptions{})
	now := time.Now().UTC().Truncate(time.Second)
	since, until := now.AddDate(0, 0, -7), now.AddDate(0, 0, -3)
	const form, sqlForm = "2006-01-02T15:04:05.000Z", "2006-01-02 15:04:05Z"
	odata := func(filter string) string {
		return "Administrators/Activities?$select=Id&$filter=" + url.QueryEscape(filter)
	}
	week := now.AddDate(0, 0, -14)
	cases := []struct {
		name, what string
		from, to   time.Time // zero: whatever
		noted      bool
	}{
		{"no time", "SELECT Id FROM Activities", week, time.Time{}, true},
		{"counted", "SELECT count(*) FROM Activities", week, time.Time{}, true},
		{"joined", "SELECT a.Id FROM Activities a JOIN Users u ON u.Username = a.ActorUserName", week, time.Time{}, true},
		{"since", fmt.Sprintf("SELECT Id FROM Activities WHERE RecordedAt >= '%s'", since.Format(sqlForm)), since, time.Time{}, false},
		{"between", fmt.Sprintf("SELECT Id FROM Activities WHERE RecordedAt BETWEEN '%s' AND '%s'", since.Format(sqlForm), until.Format(sqlForm)), since, until.Add(time.Millisecond), false},
		{"the other way round", fmt.Sprintf("SELECT Id FROM Activities WHERE '%s' < RecordedAt AND '%s' > RecordedAt", since.Format(sqlForm), until.Format(sqlForm)), since.Add(time.Millisecond), until, false},
		{"back from now", "SELECT Id FROM Activities WHERE RecordedAt >= now() - INTERVAL 7 DAY", since, time.Time{}, false},
		{"with a subject", fmt.Sprintf("SELECT Id FROM Activities WHERE RecordedAt >= '%s' AND ActionType = 'USER.CREATED'", since.Format(sqlForm)), since, time.Time{}, false},
		{"a feed", "Administrators/Activities?$select=Id", week, time.Time{}, true},
		{"a feed since", odata("RecordedAt ge " + since.Format(form)), since, time.Time{}, false},
		{"a feed between", odata("RecordedAt gt " + since.Format(form) + " and RecordedAt le " + until.Format(form)), since.Add(time.Millisecond), until.Add(time.Millisecond), false},
		{"unnested", fmt.Sprintf("SELECT count(*) FROM ActivityResources WHERE RecordedAt >= '%s' AND ResourceType = 'GROUP'", since.Format(sqlForm)), since, time.Time{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.Simulator.ResetRequests()
			body, notes := asked(t, w, c.what)
			if c.noted != strings.Contains(notes, "holds the last 14 days") {
				t.Errorf("noted %q", notes)
			}
			if sql := strings.HasPrefix(c.what, "SELECT"); sql && c.noted != strings.Contains(body, `"notes":["Activities holds the last 14 days`) {
				t.Errorf("the answer ends %s", body[max(0, len(body)-200):])
			}
			late := time.Since(now) // when it was asked, at the latest
			first, last := time.Time{}, time.Time{}
			for _, r := range s.Simulator.Requests() {
				query := unescaped(t, r.Query)
				for _, bound := range sentBound.FindAllStringSubmatch(query, -1) {
					at, err := time.Parse(form, bound[2])
					if err != nil {
						t.Fatal(err)
					}
					if bound[1] == "ge" && (first.IsZero() || at.Before(first)) {
						first = at
					}
					if bound[1] == "lt" && at.After(last) {
						last = at
					}
				}
			}
			if gap := first.Sub(c.from); gap < 0 || gap > late {
				t.Errorf("read from %s, want %s", first, c.from)
			}
			if !c.to.IsZero() && !last.Equal(c.to) || c.to.IsZero() && last.Before(now) {
				t.Errorf("read until %s, want %s", last, c.to)
			}
		})
	}
}

// TestActivitiesInSlices reads many pages in parts, and few rows in one call.
func TestActivitiesInSlices(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 100}})
	ids := map[string]bool{}
	for _, row := range s.Query(t, "SELECT Id FROM Activities") {
		if ids[row[0]] {
			t.Errorf("%s came twice", row[0])
		}
		ids[row[0]] = true
	}
	whole := s.Calls()
	if len(ids) < 250 || whole < 9 {
		t.Errorf("%d activities by %d calls, want all of them in parts", len(ids), whole)
	}
	latest := s.Query(t, "SELECT Id FROM (SELECT Id, row_number() OVER (ORDER BY RecordedAt DESC) AS n FROM Activities) WHERE n <= 7 ORDER BY n")
	w := s.Serve(t, testkit.WebOptions{})
	for _, what := range []string{
		"SELECT Id FROM Activities ORDER BY RecordedAt DESC LIMIT 7",
		"SELECT Id FROM Activities WHERE RecordedAt > now() - INTERVAL 9 DAY ORDER BY RecordedAt DESC, Id LIMIT 7",
		"SELECT Id, ActionType FROM Activities ORDER BY RecordedAt DESC LIMIT 4 OFFSET 3",
		"SELECT Id FROM AllEnvironments.Activities WHERE EnvironmentName = 'Administrators' ORDER BY RecordedAt DESC LIMIT 7",
		"Administrators/Activities?$orderby=RecordedAt%20desc&$top=7&$select=Id",
	} {
		s.Simulator.ResetRequests()
		body, _ := asked(t, w, what)
		if last := latest[6][0]; !strings.Contains(body, last) || strings.Contains(what, "LIMIT 7") && !strings.Contains(body, latest[0][0]) {
			t.Errorf("%s: %s", what, body)
		}
		calls := 0
		for _, r := range s.Simulator.Requests() {
			if strings.HasSuffix(r.Path, "/activities") {
				calls++
			}
		}
		// One is enough; some may be read ahead, by the request before this one as well.
		if 2*calls > whole {
			t.Errorf("%s: %d calls, want the newest alone of %d", what, calls, whole)
		}
	}
	s.Simulator.ResetRequests()
	days := s.Query(t, "SELECT StartDate FROM ActiveIdentityCounts WHERE SamplePeriod = 'DAY' ORDER BY StartDate DESC LIMIT 3")
	if r := s.Simulator.Requests(); len(days) != 3 || days[0][0] <= days[2][0] || !strings.Contains(r[len(r)-1].Query, "order=-startDate") || !strings.Contains(r[len(r)-1].Query, "limit=3") {
		t.Errorf("%v by %s", days, r[len(r)-1].Query)
	}
	s.Simulator.ResetRequests()
	if n := len(s.Query(t, "SELECT Id FROM Activities LIMIT 5")); n != 5 || s.Calls() != 1 {
		t.Errorf("%d rows by %d calls", n, s.Calls())
	}
}
