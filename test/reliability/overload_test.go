//go:build duckdb_arrow

package reliability

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOverload sends more than a gateway takes: what it does not take it
// refuses at once, with the time after which to come back, and what it takes
// it answers right.
func TestOverload(t *testing.T) {
	s := startSimulator(t, "--users", "300", "--latency", "100ms")
	list := questions(t, s)
	g := newGateway(t, "gateway", s, settings{"limits.queries": "2", "limits.queue": "4", "limits.queue_time": "5s", "log.level": "warn"}).run()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var answered, refused, advised atomic.Int64
	var wg sync.WaitGroup
	for n := range 48 {
		wg.Go(func() {
			for k := range 4 {
				req := sqlRequest(t, g.url, "SELECT Id, Username FROM Users", "application/json")
				resp, err := client.Do(req)
				if err != nil {
					t.Errorf("client %d: %v", n, err)
					continue
				}
				switch resp.StatusCode {
				case http.StatusOK:
					answered.Add(1)
				case http.StatusServiceUnavailable:
					refused.Add(1)
					if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
						advised.Add(1)
					}
				default:
					t.Errorf("client %d, request %d: %s", n, k, resp.Status)
				}
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	t.Logf("of %d requests from 48 clients %d were answered and %d refused; 2 run at once, 4 may wait", 48*4, answered.Load(), refused.Load())
	if answered.Load() == 0 || refused.Load() == 0 || advised.Load() != refused.Load() {
		t.Errorf("answered %d, refused %d, of these with Retry-After %d", answered.Load(), refused.Load(), advised.Load())
	}
	if shed := g.metric("pingone_gateway_frontend_shed_requests_total"); shed != float64(refused.Load()) {
		t.Errorf("the metric counts %.0f refused requests, callers saw %d", shed, refused.Load())
	}
	if n := g.atWork(); n != 0 {
		t.Errorf("%.0f pieces of work are under way though nothing is asked", n)
	}
	for i := range list {
		if complaint, err := list[i].ask(client, g.url); err != nil || complaint != "" {
			t.Errorf("after the overload, %s: %v %s", list[i].name, err, complaint)
		}
	}
}
