package odata_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pingone-gateway/gateway/odata"
	"github.com/pingone-gateway/gateway/odata/odatatest"
)

// powerQuery are the headers of Excel's and Power BI's own feed reader.
var powerQuery = http.Header{
	"Accept": {"application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9," +
		"application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"},
	"Odata-Maxversion":      {"4.0"},
	"Maxdataserviceversion": {"3.0"},
	"Accept-Encoding":       {"gzip, deflate"},
	"User-Agent":            {"Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)"},
}

// service is a Handler over a library behind a real HTTP server.
type service struct {
	t       *testing.T
	URL     string // of the service root, with a slash at its end
	Exec    *odatatest.Executor
	Library *odatatest.Library
	server  *httptest.Server

	mu  sync.Mutex
	now time.Time
}

const signingKey = "a key of the tests alone"

func start(t *testing.T, books int, adapt ...func(*odata.Config, *odatatest.Executor)) *service {
	t.Helper()
	lib := odatatest.New(books)
	s := &service{t: t, Library: lib, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s.Exec = &odatatest.Executor{Library: lib, BatchRows: 7}
	cfg := odata.Config{
		Prefix: "/odata/lib/", Begin: s.Exec.Begin, Namespace: "Library", Key: []byte(signingKey), Clock: s.clock,
	}
	for _, a := range adapt {
		a(&cfg, s.Exec)
	}
	h, err := odata.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(h)
	t.Cleanup(func() {
		s.server.Close()
		s.Exec.Readings().Close()
		if n := s.Exec.Open(); n != 0 {
			t.Errorf("%d streams were not closed", n)
		}
	})
	s.URL = s.server.URL + "/odata/lib/Main/"
	return s
}

func (s *service) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *service) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func paged(rows int64) func(*odata.Config, *odatatest.Executor) {
	return func(c *odata.Config, _ *odatatest.Executor) { c.PageRows = rows }
}

// reply is an answer that was read to its end.
type reply struct {
	Status int
	Header http.Header
	Body   string
	Err    error // of reading the body
	Closed bool  // the connection is not to be used again
}

// do sends a request; path is relative to the service root or absolute.
func (s *service) do(method, path string, header http.Header, body string) reply {
	s.t.Helper()
	address := path
	if !strings.HasPrefix(path, "http://") && !strings.HasPrefix(path, "https://") {
		address = s.URL + strings.ReplaceAll(path, " ", "%20")
	}
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := s.server.Client().Do(req)
	if err != nil {
		return reply{Err: err}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return reply{Status: res.StatusCode, Header: res.Header, Body: string(text), Err: err, Closed: res.Close}
}

func (s *service) get(path string, header ...string) reply {
	s.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] != "" {
			h.Add(header[i], header[i+1])
		}
	}
	return s.do(http.MethodGet, path, h, "")
}

// page is the JSON of a feed.
type page struct {
	Context string           `json:"@odata.context"`
	Count   *int64           `json:"@odata.count"`
	Value   []map[string]any `json:"value"`
	Next    string           `json:"@odata.nextLink"`
}

// feed gets a feed that must succeed.
func (s *service) feed(path string, header ...string) page {
	s.t.Helper()
	r := s.get(path, header...)
	if r.Status != http.StatusOK || r.Err != nil {
		s.t.Fatalf("GET %s: %d %s %v", path, r.Status, r.Body, r.Err)
	}
	return parse[page](s.t, r.Body)
}

// all follows the next links to the end.
func (s *service) all(path string, header ...string) (rows []map[string]any, pages int) {
	s.t.Helper()
	for path != "" {
		p := s.feed(path, header...)
		rows = append(rows, p.Value...)
		path = p.Next
		if pages++; pages > 1000 {
			s.t.Fatal("the next links never end")
		}
	}
	return rows, pages
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// failure is the JSON of an error.
type failure struct {
	Error struct{ Code, Message, Target string }
}

// refused gets an address that must fail with the status.
func (s *service) refused(status int, path string, header ...string) failure {
	s.t.Helper()
	r := s.get(path, header...)
	if r.Status != status {
		s.t.Fatalf("GET %s: status %d, want %d: %s", path, r.Status, status, r.Body)
	}
	f := parse[failure](s.t, r.Body)
	if f.Error.Code == "" || f.Error.Message == "" {
		s.t.Errorf("GET %s: incomplete error %s", path, r.Body)
	}
	return f
}

func ids(rows []map[string]any) string {
	var out []string
	for _, r := range rows {
		id, _ := r["Id"].(string)
		out = append(out, id[len(id)-3:])
	}
	return strings.Join(out, " ")
}
