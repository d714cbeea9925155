//go:build duckdb_arrow

package reliability

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// question is a request whose answer is known.
type question struct {
	name         string
	method, path string
	body         string // JSON of a statement
	key          string // of the caller, if callers need one
	rows         func(answer []byte) ([]string, error)
	want         []string // rows as text, sorted
}

// user is what the questions are about.
type user struct {
	id, username, employeeType string
	enabled                    bool
}

// questions asks the simulated PingOne itself, page by page, what the right
// answers are: nothing of the gateway takes part.
func questions(t testing.TB, s *simulator) []question {
	t.Helper()
	users := readUsers(t, s)
	var all, contractors, enabled []string
	types := map[string]int{}
	for _, u := range users {
		all = append(all, u.id+"|"+u.username)
		types[u.employeeType]++
		if u.employeeType == "Contractor" {
			contractors = append(contractors, u.id)
		}
		if u.enabled {
			enabled = append(enabled, u.id)
		}
	}
	var byType []string
	for name, n := range types {
		byType = append(byType, fmt.Sprintf("%s|%d", name, n))
	}
	one := users[len(users)/2]
	feed := "/odata/pingone/Administrators/Users?"
	list := []question{
		{name: "feed of all users", path: feed + "$select=Id,Username", rows: feedRows("Id", "Username"), want: all},
		{name: "feed with a filter", path: feed + "$select=Id&$filter=" + url.QueryEscape("EmployeeType eq 'Contractor'"), rows: feedRows("Id"), want: contractors},
		{name: "feed of one user", path: feed + "$select=Id,Username&$filter=" + url.QueryEscape("Id eq '"+one.id+"'"), rows: feedRows("Id", "Username"), want: []string{one.id + "|" + one.username}},
		{name: "rows by SQL", body: "SELECT Id, Username FROM Users", rows: sqlRows, want: all},
		{name: "filter by SQL", body: "SELECT Id FROM Users WHERE IsEnabled", rows: sqlRows, want: enabled},
		{name: "aggregate by SQL", body: "SELECT EmployeeType, count(*) FROM Users GROUP BY 1", rows: sqlRows, want: byType},
		{name: "count by SQL", body: "SELECT count(*) FROM Users", rows: sqlRows, want: []string{strconv.Itoa(len(users))}},
	}
	for i := range list {
		q := &list[i]
		q.method = http.MethodGet
		if q.body != "" {
			raw, _ := json.Marshal(map[string]string{"query": q.body})
			q.method, q.path, q.body = http.MethodPost, "/sql", string(raw)
		}
		slices.Sort(q.want)
	}
	return list
}

// readUsers reads the directory without the gateway.
func readUsers(t testing.TB, s *simulator) []user {
	t.Helper()
	token := s.token()
	var out []user
	for next := s.url + "/v1/environments/" + s.environment + "/users?limit=200"; next != ""; {
		req, err := http.NewRequest(http.MethodGet, next, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Embedded struct {
				// A map, because names of custom attributes may differ from
				// "username" by case alone.
				Users []map[string]any
			} `json:"_embedded"`
			Links struct{ Next struct{ Href string } } `json:"_links"`
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("reading users: %d %v", resp.StatusCode, err)
		}
		for _, u := range page.Embedded.Users {
			out = append(out, user{cell(u["id"]), cell(u["username"]), cell(u["type"]), u["enabled"] == true})
		}
		next = page.Links.Next.Href
	}
	return out
}

// token gets one as the worker application does.
func (s *simulator) token() string {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.url+"/"+s.environment+"/as/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(sim.AppWorker.ID, sim.AppWorker.Secret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		s.t.Fatalf("no token: %d %v", resp.StatusCode, err)
	}
	return answer.AccessToken
}

// feedRows reads the named properties of an OData feed.
func feedRows(names ...string) func([]byte) ([]string, error) {
	return func(raw []byte) ([]string, error) {
		var feed struct {
			Value []map[string]any
			Next  string `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal(raw, &feed); err != nil {
			return nil, err
		}
		if feed.Next != "" {
			return nil, errors.New("the feed goes on elsewhere")
		}
		out := make([]string, len(feed.Value))
		for i, v := range feed.Value {
			cells := make([]string, len(names))
			for k, n := range names {
				cells[k] = cell(v[n])
			}
			out[i] = strings.Join(cells, "|")
		}
		return out, nil
	}
}

// sqlRows reads the rows of an answer of /sql.
func sqlRows(raw []byte) ([]string, error) {
	var answer struct{ Rows [][]any }
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	out := make([]string, len(answer.Rows))
	for i, row := range answer.Rows {
		cells := make([]string, len(row))
		for k, v := range row {
			cells[k] = cell(v)
		}
		out[i] = strings.Join(cells, "|")
	}
	return out, nil
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return v
	default:
		raw, _ := json.Marshal(v)
		return string(raw)
	}
}

// wrong says what is wrong with an answer that looks good, or nothing.
func (q *question) wrong(answer []byte) string {
	rows, err := q.rows(answer)
	if err != nil {
		return "the answer can't be read: " + err.Error()
	}
	slices.Sort(rows)
	if len(rows) != len(q.want) {
		return fmt.Sprintf("%d rows, want %d", len(rows), len(q.want))
	}
	for i := range rows {
		if rows[i] != q.want[i] {
			return fmt.Sprintf("row %q, want %q", rows[i], q.want[i])
		}
	}
	return ""
}

// ask sends the question to a gateway. The error says how the request failed
// for its sender to see; complaint is about an answer that looks good and is
// not.
func (q *question) ask(c *http.Client, base string) (complaint string, failure error) {
	req, err := http.NewRequest(q.method, base+q.path, strings.NewReader(q.body))
	if err != nil {
		return "", err
	}
	if q.body == "" {
		req.Body, req.ContentLength = nil, 0
	}
	req.Header.Set("Accept", "application/json")
	if q.key != "" {
		req.Header.Set("X-API-Key", q.key)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", fmt.Errorf("broken off: %w", err)
	case resp.StatusCode != http.StatusOK:
		return "", statusError{resp.StatusCode, string(raw)}
	}
	return q.wrong(raw), nil
}

// statusError is an answer that is an error.
type statusError struct {
	status int
	body   string
}

func (e statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }
