package sqlhttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
	"github.com/pingone-gateway/gateway/sqlcore/sqlhttp"
)

// slow are rows of which the first batch comes at once, and no other until the
// query ends.
type slow struct {
	first   []arrow.RecordBatch
	waiting chan struct{} // closed once nothing comes any more
}

func (*slow) Schema() *arrow.Schema { return schema }
func (*slow) Close()                {}

func (s *slow) Next(ctx context.Context) (scan.Batch, error) {
	if len(s.first) > 0 {
		b := s.first[0]
		s.first = s.first[1:]
		return scan.Batch{Record: b}, nil
	}
	close(s.waiting)
	<-ctx.Done()
	return scan.Batch{}, ctx.Err()
}

// callers serves queries of the caller whom the header X-Caller names.
func callers(t *testing.T, begin func(ctx context.Context, connection, sql string) (context.Context, sqlhttp.Request, error)) *httptest.Server {
	t.Helper()
	type key struct{}
	h := sqlhttp.New(sqlhttp.Config{Begin: begin, Caller: func(ctx context.Context) string { return ctx.Value(key{}).(string) }})
	mux := http.NewServeMux()
	mux.HandleFunc("/sql", h.Query)
	mux.HandleFunc("/sql/{id}", h.Running)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, r.Header.Get("X-Caller"))))
	}))
	t.Cleanup(s.Close)
	return s
}

type got struct {
	status int
	header http.Header
	body   string
	err    error
}

func ask(t *testing.T, method, url, caller string, header ...string) got {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		return got{err: err}
	}
	r.Header.Set("X-Caller", caller)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return got{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(text), err}
}

func TestAQueryIsLookedAtAndCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		batches []arrow.RecordBatch
		state   string
		check   func(t *testing.T, answer got)
	}{
		"before its rows": {nil, "running", func(t *testing.T, answer got) {
			assert.Equal(t, 499, answer.status)
			assert.Contains(t, answer.body, "The query was cancelled by its caller.")
		}},
		"among its rows": {many(t), "sending", func(t *testing.T, answer got) {
			assert.Equal(t, http.StatusOK, answer.status)
			require.Error(t, answer.err)
			assert.Contains(t, answer.body, "The query was cancelled by its caller.")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := &slow{first: c.batches, waiting: make(chan struct{})}
			q := &querier{odd: rows}
			s := callers(t, q.begin)
			address := s.URL + "/sql/my-query-1"
			answered := make(chan got, 1)
			go func() {
				answered <- ask(t, http.MethodGet, s.URL+"/sql?format=ndjson&query=x", "ann", "X-Query-Id", "my-query-1")
			}()
			<-rows.waiting
			seen := ask(t, http.MethodGet, address, "ann")
			var state struct {
				ID, State string
				RowsSent  int64
			}
			require.NoError(t, json.Unmarshal([]byte(seen.body), &state), seen.body)
			assert.Equal(t, "my-query-1", state.ID)
			assert.Equal(t, c.state, state.State)
			assert.EqualValues(t, 2, state.RowsSent)

			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				assert.Equal(t, http.StatusNotFound, ask(t, method, address, "bob").status, "of somebody else")
				assert.Equal(t, http.StatusNotFound, ask(t, method, address+"2", "ann").status, "another one")
			}
			assert.Equal(t, http.StatusMethodNotAllowed, ask(t, http.MethodPost, address, "ann").status)
			again := ask(t, http.MethodGet, s.URL+"/sql?query=x", "ann", "X-Query-Id", "my-query-1")
			assert.Equal(t, http.StatusConflict, again.status, "two of one id")

			assert.Equal(t, http.StatusNoContent, ask(t, http.MethodDelete, address, "ann").status)
			answer := <-answered
			assert.Equal(t, "my-query-1", answer.header.Get("X-Query-Id"))
			c.check(t, answer)
			assert.Equal(t, http.StatusNotFound, ask(t, http.MethodGet, address, "ann").status, "it has ended")
			require.Len(t, q.ends, 1)
			assert.True(t, gwerr.Is(q.ends[0], gwerr.Canceled), "%v", q.ends)
		})
	}
}

// A query waits for its turn, and can be cancelled there.
func TestAQueuedQueryIsCancelled(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	s := callers(t, func(ctx context.Context, _, _ string) (context.Context, sqlhttp.Request, error) {
		close(waiting)
		<-ctx.Done()
		return ctx, nil, ctx.Err()
	})
	answered := make(chan got, 1)
	go func() { answered <- ask(t, http.MethodGet, s.URL+"/sql?query=x", "ann", "X-Query-Id", "my-query-1") }()
	<-waiting
	assert.Contains(t, ask(t, http.MethodGet, s.URL+"/sql/my-query-1", "ann").body, `"queued"`)
	assert.Equal(t, http.StatusNoContent, ask(t, http.MethodDelete, s.URL+"/sql/my-query-1", "ann").status)
	answer := <-answered
	assert.Equal(t, 499, answer.status)
	assert.Contains(t, answer.body, "cancelled by its caller")
}

func TestEveryAnswerHasAQueryID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		q     *querier
		given string
		keeps bool
	}{
		"of ours":    {&querier{rows: &rows{}}, "", false},
		"theirs":     {&querier{rows: &rows{}}, "report-2026_07", true},
		"too short":  {&querier{rows: &rows{}}, "a", false},
		"too long":   {&querier{rows: &rows{}}, strings.Repeat("x", 65), false},
		"no plain":   {&querier{rows: &rows{}}, "../../secret", false},
		"of a error": {&querier{err: gwerr.New(gwerr.UnknownTable, "No.", "")}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := ask(t, http.MethodGet, callers(t, c.q.begin).URL+"/sql?query=x", "ann", "X-Query-Id", c.given).header.Get("X-Query-Id")
			assert.GreaterOrEqual(t, len(id), 8)
			assert.Equal(t, c.keeps, id == c.given)
		})
	}
}
