//go:build duckdb_arrow

package service_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/service"
)

// TestBodiesAreShared: a caller that sends many bodies slowly holds up itself
// alone, and gives each place back with the end of its body, not of its answer.
func TestBodiesAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, func(c *service.Config) {
			c.Turns = service.Turns{AtOnce: 4, Queue: 4, QueueTime: time.Second}
		})
		begun, answering := make(chan string, 100), make(chan struct{})
		h := d.Bodies(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun <- auth.FromContext(r.Context()).Name
			_, _ = io.ReadAll(r.Body)
			<-answering
		}), func(w http.ResponseWriter, _ *http.Request, err error) { w.WriteHeader(gwerr.From(err).Kind().HTTP) })
		send := func(caller string, body io.Reader) chan int {
			status := make(chan int, 1)
			go func() {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodPost, "/sql", body)
				h.ServeHTTP(w, r.WithContext(auth.WithPrincipal(r.Context(), &auth.Principal{Kind: auth.Key, Name: caller})))
				status <- w.Code
			}()
			synctest.Wait()
			return status
		}
		slow, ends := io.Pipe()
		var greedy []chan int
		for range 7 {
			greedy = append(greedy, send("greedy", slow))
		}
		assert.Len(t, begun, 4, "half of eight")
		assert.Equal(t, 4, d.inFlight("bodies"))
		assert.Equal(t, 3, d.inFlight("bodies_queued"))
		good := send("good", strings.NewReader("SELECT 1"))
		assert.Len(t, begun, 5)
		assert.Equal(t, 4, d.inFlight("bodies"), "its body has been read")
		none := send("greedy", http.NoBody)
		assert.Len(t, begun, 6, "what has no body waits for none")
		time.Sleep(2 * time.Second)
		for _, late := range greedy[4:] {
			assert.Equal(t, http.StatusTooManyRequests, <-late)
		}
		_ = ends.Close()
		close(answering)
		for _, status := range append(greedy[:4], good, none) {
			assert.Equal(t, http.StatusOK, <-status)
		}
		assert.Equal(t, 0, d.inFlight("bodies")+d.inFlight("bodies_queued"))
	})
}
