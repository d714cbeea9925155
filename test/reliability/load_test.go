//go:build duckdb_arrow

package reliability

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// tally is what became of the requests of a load.
type tally struct {
	mu        sync.Mutex
	answered  int
	wrong     []string
	failed    map[string]int // by kind
	examples  map[string]string
	latency   []time.Duration // of good answers
	elsewhere int             // connections refused, so the request was sent elsewhere
}

func (c *tally) good(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered++
	c.latency = append(c.latency, d)
}

func (c *tally) bad(complaint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, complaint)
}

func (c *tally) fail(kind string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed[kind]++
	if _, ok := c.examples[kind]; !ok {
		c.examples[kind] = err.Error()
	}
}

// percentile of the latencies of good answers.
func (c *tally) percentile(p float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.latency) == 0 {
		return 0
	}
	slices.Sort(c.latency)
	return c.latency[min(len(c.latency)-1, int(p/100*float64(len(c.latency))))]
}

func (c *tally) String() string {
	p50, p99, most := c.percentile(50), c.percentile(99), c.percentile(100)
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d answered right, %d wrong, failed: %v, sent elsewhere after a refused connection: %d; latency p50 %s, p99 %s, max %s",
		c.answered, len(c.wrong), c.failed, c.elsewhere, p50.Round(time.Millisecond), p99.Round(time.Millisecond), most.Round(time.Millisecond))
}

// load asks the gateways questions until stop is called, which returns what
// became of them. Each client asks one question at a time, in turn of
// questions and gateways. A refused connection sends the question to the next
// gateway, as a load balancer does: nothing was sent, so nothing is repeated.
func load(t testing.TB, clients int, list []question, gateways ...*gateway) (stop func() *tally) {
	t.Helper()
	c := &tally{failed: map[string]int{}, examples: map[string]string{}}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for k := n; ; k++ {
				select {
				case <-done:
					return
				default:
				}
				q := &list[k%len(list)]
				c.one(client, q, k/len(list)+n, gateways)
			}
		})
	}
	var once sync.Once
	stop = func() *tally {
		once.Do(func() { close(done) })
		wg.Wait()
		return c
	}
	t.Cleanup(func() { stop() })
	return stop
}

// one asks one question.
func (c *tally) one(client *http.Client, q *question, from int, gateways []*gateway) {
	start := time.Now()
	for try := range 10 * len(gateways) {
		g := gateways[(from+try)%len(gateways)]
		complaint, err := q.ask(client, g.url)
		var status statusError
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			c.mu.Lock()
			c.elsewhere++
			c.mu.Unlock()
			continue
		case errors.As(err, &status):
			c.fail(fmt.Sprintf("status %d", status.status), err)
		case err != nil:
			c.fail("broken off at "+g.name, err)
		case complaint != "":
			c.bad(q.name + ": " + complaint)
		default:
			c.good(time.Since(start))
		}
		return
	}
	c.fail("refused everywhere", errors.New("no gateway takes connections"))
}
