package observe

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Trace collects what a query did, for EXPLAIN ANALYZE. A nil Trace collects
// nothing.
type Trace struct {
	mu     sync.Mutex
	places map[string]*CallsAt
	waited time.Duration
	engine time.Duration
	input  time.Duration
}

// CallsAt is what was read at one address.
type CallsAt struct {
	// Endpoint is the address with its keys left open.
	Endpoint string `json:"endpoint"`
	Calls    int64  `json:"calls"`
	// Rows are those that came of its answers, for every reading of them; Bytes
	// are the answers' own.
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
}

type traceKey struct{}

// WithTrace returns a context under which a trace is collected.
func WithTrace(ctx context.Context) (context.Context, *Trace) {
	t := &Trace{places: map[string]*CallsAt{}}
	return context.WithValue(ctx, traceKey{}, t), t
}

// TraceOf is the context's trace, or nil.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

func (t *Trace) call(e UpstreamCall) {
	t.at(e.Endpoint, func(p *CallsAt) {
		p.Calls++
		p.Bytes += e.Bytes
		t.waited += e.Waited
	})
}

// Rows notes rows that were read at an address.
func (t *Trace) Rows(endpoint string, n int64) {
	t.at(endpoint, func(p *CallsAt) { p.Rows += n })
}

func (t *Trace) at(endpoint string, note func(*CallsAt)) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.places[endpoint] == nil {
		t.places[endpoint] = &CallsAt{Endpoint: endpoint}
	}
	note(t.places[endpoint])
}

// Engine notes time for which the engine's answer was waited for, and Input time
// for which the engine waited for rows.
func (t *Trace) Engine(d time.Duration) { t.add(&t.engine, d) }

// Input is described at Engine.
func (t *Trace) Input(d time.Duration) { t.add(&t.input, d) }

func (t *Trace) add(to *time.Duration, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*to += d
}

// Told gives what was collected: the places by their addresses, the time that
// calls waited for the rate budget, added up, and the engine's own time.
func (t *Trace) Told() (places []CallsAt, waited, engine time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.places {
		places = append(places, *p)
	}
	slices.SortFunc(places, func(a, b CallsAt) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	return places, t.waited, max(0, t.engine-t.input)
}
