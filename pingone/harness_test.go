package pingone_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// world is a simulator over HTTP and a connection to it.
type world struct {
	t      testing.TB
	sim    *sim.Server
	conn   *pingone.Directory
	url    string
	auth   *worker
	clock  *fakeClock
	events *recorder
}

// newWorld starts a simulator; change adapts the connection.
func newWorld(t testing.TB, opt sim.Options, change func(*pingone.Config)) *world {
	t.Helper()
	if opt.Users == 0 {
		opt.Users = 600
	}
	s, err := sim.New(opt)
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	w := &world{t: t, sim: s, url: server.URL, clock: &fakeClock{now: time.Unix(1_750_000_000, 0)}, events: &recorder{}}
	w.auth = &worker{url: server.URL + "/" + s.EnvironmentID(sim.EnvironmentAdministrators) + "/as/token"}
	cfg := pingone.Config{
		APIURL: server.URL + "/v1", Authorizer: w.auth,
		WorkerAppEnvironmentID: s.EnvironmentID(sim.EnvironmentAdministrators), Clock: w.clock, Sink: w.events,
		Jitter: func() float64 { return 0.5 },
	}
	if change != nil {
		change(&cfg)
	}
	w.conn, err = pingone.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.conn.Close() })
	return w
}

// worker gets tokens of the simulator's worker application.
type worker struct {
	url string
	app sim.App // AppWorker unless given
	mu  sync.Mutex
	tok string
}

func (w *worker) Token(ctx context.Context) (pingone.Token, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tok == "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		app := w.app
		if app.ID == "" {
			app = sim.AppWorker
		}
		req.SetBasicAuth(app.ID, app.Secret)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, gwerr.Wrap(gwerr.UpstreamAuth, err, "No token.", "")
		}
		defer resp.Body.Close()
		var answer struct {
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			return nil, gwerr.Wrap(gwerr.UpstreamAuth, err, "No token.", "")
		}
		w.tok = answer.Token
	}
	return workerToken{w, w.tok}, nil
}

// workerToken never expires by itself.
type workerToken struct {
	*worker
	text string
}

func (t workerToken) Set(h http.Header) { h.Set("Authorization", "Bearer "+t.text) }

func (t workerToken) Valid(time.Time) bool { return true }

func (t workerToken) Refused(context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tok == t.text {
		t.tok = ""
	}
}

// fakeClock passes the time by sleeping.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// recorder keeps events.
type recorder struct {
	mu     sync.Mutex
	events []observe.Event
}

func (r *recorder) Observe(_ context.Context, e observe.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) calls() []observe.UpstreamCall { return eventsOf[observe.UpstreamCall](r) }

func (r *recorder) panics() []observe.PanicRecovered { return eventsOf[observe.PanicRecovered](r) }

// eventsOf are the events of a type that came so far.
func eventsOf[T observe.Event](r *recorder) (out []T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if of, ok := e.(T); ok {
			out = append(out, of)
		}
	}
	return out
}

func (r *recorder) retries() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]int{}
	for _, e := range r.events {
		if c, ok := e.(observe.UpstreamRetry); ok {
			out[c.Reason]++
		}
	}
	return out
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

// table finds a table of an environment, Administrators unless named.
func (w *world) table(name string) *catalog.Table {
	return w.tableIn(sim.EnvironmentAdministrators, name)
}

func (w *world) tableIn(schema, name string) *catalog.Table {
	w.t.Helper()
	s, err := w.conn.Schema(context.Background(), schema)
	require.NoError(w.t, err)
	t, ok := s.Table(name)
	require.True(w.t, ok, name)
	return t
}

// request asks for columns of a table by a path; no columns means all but
// those that cost a call each.
func (w *world) request(table *catalog.Table, path string, columns ...string) scan.Request {
	w.t.Helper()
	r := scan.Request{Table: table, Path: table.Path(path)}
	require.NotNil(w.t, r.Path, path)
	for _, c := range columns {
		i := table.Index(c)
		require.GreaterOrEqual(w.t, i, 0, c)
		r.Columns = append(r.Columns, i)
	}
	if len(columns) == 0 {
		for i := range table.Columns {
			r.Columns = append(r.Columns, i)
		}
	}
	return r
}

// rows reads a request to its end, each value as text, nulls as "(null)".
func (w *world) rows(r scan.Request) [][]string {
	w.t.Helper()
	rows, err := w.read(context.Background(), r)
	require.NoError(w.t, err)
	return rows
}

func (w *world) read(ctx context.Context, r scan.Request) ([][]string, error) {
	s, err := w.conn.Scan(ctx, r)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out [][]string
	for {
		b, err := s.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, texts(b.Record)...)
		b.Record.Release()
	}
}

func texts(rec arrow.RecordBatch) [][]string {
	out := make([][]string, rec.NumRows())
	for i := range out {
		for c := range int(rec.NumCols()) {
			out[i] = append(out[i], strings.Clone(rec.Column(c).ValueStr(i)))
		}
	}
	return out
}

// column gives one column of rows as a set; it fails on repeated values.
func (w *world) unique(rows [][]string, column int) map[string]bool {
	w.t.Helper()
	out := make(map[string]bool, len(rows))
	for _, r := range rows {
		require.False(w.t, out[r[column]], "repeated: %s", r[column])
		out[r[column]] = true
	}
	return out
}

// requests lists the simulator's API requests since the last reset.
func (w *world) requests() []sim.Request {
	var out []sim.Request
	for _, r := range w.sim.Requests() {
		if strings.HasPrefix(r.Path, "/v1/") {
			out = append(out, r)
		}
	}
	return out
}

func (w *world) apiCalls() int { return len(w.requests()) }

func operatorOf(i int) predicate.Operator { return predicate.Operator(i) }
