//go:build duckdb_arrow

package integration

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
)

// jumping is a clock that never waits: sleeping moves it on.
type jumping struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *jumping { return &jumping{now: time.Now()} }

// Now implements pingone.Clock.
func (c *jumping) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements pingone.Clock.
func (c *jumping) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

var _ pingone.Clock = (*jumping)(nil)

// route is one way to ask for the ids of all users.
type route struct {
	name   string
	method string
	path   string
	accept string
	body   string
	plain  bool // without gzip
}

const odataRoot = "/odata/pingone/Administrators/"

func sqlRoute(name, accept, query string, plain bool) route {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		panic(err)
	}
	return route{name: name, method: http.MethodPost, path: "/sql", accept: accept, body: string(body), plain: plain}
}

func feedRoute(name, path string, plain bool) route {
	return route{name: name, method: http.MethodGet, path: odataRoot + strings.ReplaceAll(path, " ", "%20"), accept: "application/json", plain: plain}
}

// routes are all the front ends and formats, with and without the engine.
var routes = []route{
	feedRoute("OData feed", "Users?$select=Id", false),
	feedRoute("OData sorted", "Users?$select=Id&$orderby=Username", true),
	feedRoute("OData computed", "Users?$select=Id&$filter=length(Username) gt 0", true),
	sqlRoute("JSON", "application/json", "SELECT Id FROM Users", true),
	sqlRoute("JSON from the engine", "application/json", "SELECT u.Id FROM Users u JOIN Populations p ON p.Id = u.PopulationId ORDER BY u.Username", false),
	sqlRoute("NDJSON", "application/x-ndjson", "SELECT Id FROM Users", false),
	sqlRoute("CSV", "text/csv", "SELECT Id FROM Users", true),
	sqlRoute("CSV from the engine", "text/csv", "SELECT Id FROM Users ORDER BY Id", false),
}

// answer is what a client got. Err is what it saw while reading.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (r route) request(ctx context.Context, t testing.TB, base string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if r.plain {
		req.Header.Set("Accept-Encoding", "identity")
	}
	return req
}

// ask sends the request with a connection of its own.
func (r route) ask(t testing.TB, w *testkit.Web) answer {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r.request(context.Background(), t, w.URL))
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: body, err: err}
}

// get asks for a path below the web's root.
func get(t testing.TB, w *testkit.Web, path string) answer {
	t.Helper()
	return route{method: http.MethodGet, path: path, accept: "application/json"}.ask(t, w)
}

// sqlAnswer posts a statement.
func sqlAnswer(t testing.TB, w *testkit.Web, query string) answer {
	t.Helper()
	return sqlRoute("", "application/json", query, true).ask(t, w)
}

// ids reads the ids of an answer in any of the formats; ok is false where the
// body is not whole by the rules of its own format.
func (r route) ids(body []byte) (ids []string, ok bool) {
	switch {
	case strings.HasPrefix(r.path, "/odata/"):
		var feed struct{ Value []struct{ ID string } }
		if json.Unmarshal(body, &feed) != nil {
			return nil, false
		}
		for _, v := range feed.Value {
			ids = append(ids, v.ID)
		}
		return ids, true
	case r.accept == "text/csv":
		rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil || len(rows) == 0 {
			return nil, false
		}
		for _, row := range rows[1:] {
			ids = append(ids, row[0])
		}
		return ids, true
	case r.accept == "application/x-ndjson":
		for line := range strings.Lines(string(body)) {
			var row struct {
				ID    string
				Error json.RawMessage
			}
			if json.Unmarshal([]byte(line), &row) != nil || row.Error != nil {
				return nil, false
			}
			ids = append(ids, row.ID)
		}
		return ids, true
	default:
		var result struct{ Rows [][]string }
		if json.Unmarshal(body, &result) != nil {
			return nil, false
		}
		for _, row := range result.Rows {
			ids = append(ids, row[0])
		}
		return ids, true
	}
}

// verdict is complete, failed, or what is wrong with an answer that should
// have told a client of users that some are missing.
func (r route) verdict(a answer, users int) string {
	if a.status == 0 {
		return "failed" // no answer at all
	}
	if a.status != http.StatusOK {
		var failure struct {
			Error struct{ Code, Message string }
		}
		if a.err != nil || json.Unmarshal(a.body, &failure) != nil || failure.Error.Code == "" || failure.Error.Message == "" {
			return fmt.Sprintf("status %d without an error that can be read: %v %.200s", a.status, a.err, a.body)
		}
		return "failed"
	}
	ids, whole := r.ids(a.body)
	if a.err != nil {
		// A client that overlooks the broken connection must stumble over the
		// body; in CSV nothing can be said.
		if whole && r.accept != "text/csv" && len(ids) > 0 {
			return fmt.Sprintf("broken off after %d rows, but the body looks whole", len(ids))
		}
		return "failed"
	}
	if !whole {
		return fmt.Sprintf("status 200, read to the end, but not whole: …%.200s", a.body[max(0, len(a.body)-200):])
	}
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	if len(ids) != users || len(seen) != users {
		return fmt.Sprintf("well-formed with %d rows, %d different, of %d", len(ids), len(seen), users)
	}
	return "complete"
}

func query(pairs ...string) string {
	v := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		v = append(v, pairs[i]+"="+strings.ReplaceAll(url.QueryEscape(pairs[i+1]), "+", "%20"))
	}
	return "?" + strings.Join(v, "&")
}
