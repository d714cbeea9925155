//go:build duckdb_arrow

package integration

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// blocked stops every call for a further page until its query ends.
type blocked struct {
	next       http.RoundTripper
	held       sync.Once
	met, freed chan struct{}
}

func (b *blocked) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.Contains(r.URL.RawQuery, "cursor=") {
		return b.next.RoundTrip(r)
	}
	b.held.Do(func() { close(b.met) })
	<-r.Context().Done()
	select {
	case b.freed <- struct{}{}:
	default:
	}
	return nil, r.Context().Err()
}

// stuck serves a directory of which only first pages can be read.
func stuck(t *testing.T) (*testkit.Web, *blocked) {
	t.Helper()
	b := &blocked{met: make(chan struct{}), freed: make(chan struct{}, 1)}
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 2000}, Client: func(c *pingone.Config) {
		c.Wrap = func(next http.RoundTripper) http.RoundTripper { b.next = next; return b }
	}})
	return s.Serve(t, testkit.WebOptions{}), b
}

// begun is an answer that may go on.
type begun struct {
	status int
	header http.Header
	body   string
	err    error
}

func fetch(ctx context.Context, method, address, id, body string) begun {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return begun{err: err}
	}
	r.Header.Set("Content-Type", "application/sql")
	r.Header.Set("X-Query-Id", id)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return begun{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return begun{resp.StatusCode, resp.Header, string(text), err}
}

// A query that is cancelled makes no more calls, and its client is told.
func TestACancelledQueryStopsItsCalls(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"rows as they come": "SELECT Id, Username FROM Users",
		"by the engine":     "SELECT EmployeeType, count(*) FROM Users GROUP BY 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web, gate := stuck(t)
			answered := make(chan begun, 1)
			go func() {
				answered <- fetch(t.Context(), http.MethodPost, web.URL+"/sql?format=ndjson", "my-query-1", sql)
			}()
			<-gate.met
			seen := fetch(t.Context(), http.MethodGet, web.URL+"/sql/my-query-1", "", "")
			require.Equal(t, http.StatusOK, seen.status, seen.body)
			var p struct {
				ID, State                      string
				Calls, ExpectedCalls, RowsRead int64
			}
			require.NoError(t, json.Unmarshal([]byte(seen.body), &p))
			assert.Equal(t, "my-query-1", p.ID)
			assert.Contains(t, []string{"running", "sending"}, p.State)
			assert.Positive(t, p.Calls)
			assert.GreaterOrEqual(t, p.ExpectedCalls, int64(10), "2,000 users in pages of 200")

			ended := fetch(t.Context(), http.MethodDelete, web.URL+"/sql/my-query-1", "", "")
			assert.Equal(t, http.StatusNoContent, ended.status, ended.body)
			<-gate.freed
			answer := <-answered
			assert.Contains(t, answer.body, "The query was cancelled by its caller.")
			if answer.status == http.StatusOK {
				require.Error(t, answer.err, "it looks whole")
			} else {
				assert.Equal(t, 499, answer.status)
			}
		})
	}
}

// A client that goes away stops its query, whatever form its answer has.
func TestAClientThatIsGoneStopsItsCalls(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"/sql?format=parquet&query=FROM%20Users", "/sql?format=xlsx&query=FROM%20Users",
		"/odata/pingone/Administrators/Users?$format=csv", "/odata/pingone/Administrators/Users?$format=xlsx",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			web, gate := stuck(t)
			ctx, leave := context.WithCancel(t.Context())
			answered := make(chan begun, 1)
			go func() { answered <- fetch(ctx, http.MethodGet, web.URL+address, "", "") }()
			<-gate.met
			leave()
			<-gate.freed
			require.Error(t, (<-answered).err)
		})
	}
}
