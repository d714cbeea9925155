//go:build duckdb_arrow

package reliability

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// balancer stands before gateways as a Kubernetes Service does: it asks each
// for readiness and sends requests to those that are ready, in turn. A request
// is repeated only if no byte of it was sent, because its connection was
// refused.
type balancer struct {
	*httptest.Server
	client   *http.Client
	backends []*backend
	turn     atomic.Int64

	resent  atomic.Int64 // sent elsewhere: the connection was refused
	doubled atomic.Int64 // attempts beyond the first that net/http made itself
	mu      sync.Mutex
	failed  map[string]int
}

type backend struct {
	*gateway
	up atomic.Bool
}

func startBalancer(t testing.TB, every time.Duration, gateways ...*gateway) *balancer {
	t.Helper()
	b := &balancer{failed: map[string]int{}, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true},
	}}
	for _, g := range gateways {
		b.backends = append(b.backends, &backend{gateway: g})
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, k := range b.backends {
		k.up.Store(k.ready())
		wg.Go(func() { k.watch(ctx, every) })
	}
	b.Server = httptest.NewServer(b)
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		b.Close()
		b.client.CloseIdleConnections()
	})
	return b
}

// watch is the readiness probe of a backend.
func (k *backend) watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			k.up.Store(k.ready())
		}
	}
}

// next is the backend whose turn it is: the first that is up, from one on. The
// turn is taken once, or requests at the same time could take those of all that are up.
func (b *balancer) next() *backend {
	first := int(b.turn.Add(1))
	for i := range b.backends {
		if k := b.backends[(first+i)%len(b.backends)]; k.up.Load() {
			return k
		}
	}
	return nil
}

// sendsTo says whether requests go to a gateway.
func (b *balancer) sendsTo(g *gateway) bool {
	for _, k := range b.backends {
		if k.gateway == g {
			return k.up.Load()
		}
	}
	return false
}

// ServeHTTP passes a request on and its answer back.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for range 20 {
		k := b.next()
		if k == nil {
			break
		}
		resp, err := b.send(r, k, body)
		if errors.Is(err, syscall.ECONNREFUSED) {
			b.resent.Add(1)
			k.up.Store(false)
			continue
		}
		if r.Context().Err() != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
		if err != nil {
			b.fail("no answer: " + err.Error())
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		b.pass(w, resp)
		return
	}
	b.fail("no backend is ready")
	http.Error(w, "no backend is ready", http.StatusBadGateway)
}

func (b *balancer) send(r *http.Request, k *backend, body []byte) (*http.Response, error) {
	connections := 0
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if connections++; connections > 1 {
			b.doubled.Add(1)
		}
	}})
	req, err := http.NewRequestWithContext(ctx, r.Method, k.url+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", r.Header.Get("Accept"))
	return b.client.Do(req)
}

// pass hands an answer back. One that is broken off is broken off here too.
func (b *balancer) pass(w http.ResponseWriter, resp *http.Response) {
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		b.fail(resp.Status)
	}
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	w.WriteHeader(resp.StatusCode)
	if _, err := io.Copy(w, resp.Body); err != nil {
		if resp.Request.Context().Err() != nil {
			panic(http.ErrAbortHandler)
		}
		b.fail("broken off: " + err.Error())
		panic(http.ErrAbortHandler)
	}
}

func (b *balancer) fail(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed[why]++
}

// failures are what callers saw, by kind.
func (b *balancer) failures() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make(map[string]int, len(b.failed))
	for k, v := range b.failed {
		out[k] = v
	}
	return out
}
