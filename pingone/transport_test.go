package pingone_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/pingone-gateway/gateway/pingone"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// tagged marks what goes through it.
type tagged struct{ http.RoundTripper }

func (t tagged) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Traceparent", "tagged")
	return t.RoundTripper.RoundTrip(r)
}

func TestWrapGoesAroundEveryCall(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	w := newWorld(t, sim.Options{Users: 20}, func(c *pingone.Config) {
		c.Wrap = func(next http.RoundTripper) http.RoundTripper {
			return tagged{roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Traceparent") == "tagged" {
					seen.Add(1)
				}
				return next.RoundTrip(r)
			})}
		}
	})
	if got := len(w.rows(w.request(w.table("Users"), "list", "Id"))); got != 20 {
		t.Errorf("%d rows, want 20", got)
	}
	if calls := int64(w.apiCalls()); calls == 0 || seen.Load() < calls {
		t.Errorf("%d calls, %d of them wrapped", calls, seen.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
