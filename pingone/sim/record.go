package sim

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is an entry of the log.
type Request struct {
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Query    string    `json:"query,omitempty"` // as sent, encoded
	Endpoint string    `json:"endpoint"`        // method and pattern
	Group    string    `json:"group"`           // rate-limit group
	Status   int       `json:"status"`          // 0: not answered yet, or the connection was dropped
}

// Counter sums up the requests of an endpoint or of a rate-limit group.
type Counter struct {
	Requests      int         `json:"requests"`
	Statuses      map[int]int `json:"statuses"`
	Concurrency   int         `json:"peakConcurrency"`
	PeakPerSecond int         `json:"peakPerSecond"` // most requests that the rate limits let through in any second
	running       int
	second        []time.Time // the requests let through in the last second
}

// Stats are the numbers since the last reset.
type Stats struct {
	Requests  int                `json:"requests"`  // API and token calls
	Endpoints map[string]Counter `json:"endpoints"` // by method and pattern, such as "GET /environments/{env}/users"
	Groups    map[string]Counter `json:"groups"`    // by rate-limit group
	Peak      int                `json:"peakConcurrency"`
}

// Calls is the number of requests of an endpoint, such as
// "GET /environments/{env}/users" or "POST /{env}/as/token".
func (s Stats) Calls(endpoint string) int { return s.Endpoints[endpoint].Requests }

// recorder keeps the log and the counters.
type recorder struct {
	clock func() time.Time
	size  int

	mu        sync.Mutex
	log       []*Request
	total     int
	running   int
	peak      int
	endpoints map[string]*Counter
	groups    map[string]*Counter
}

func newRecorder(clock func() time.Time, size int) *recorder {
	r := &recorder{clock: clock, size: size}
	r.reset()
	return r
}

// reset forgets everything but the requests under way.
func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log, r.total, r.peak = nil, 0, r.running
	r.endpoints, r.groups = make(map[string]*Counter), make(map[string]*Counter)
}

// visit is a request under way.
type visit struct {
	recorder *recorder
	entry    *Request
	counters [2]*Counter // of the endpoint and of the group
	ended    bool
}

// begin notes a request. It is in the log before its answer is on the way: who has
// the answer, finds the request.
func (r *recorder) begin(req *http.Request, endpoint, group string) *visit {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := &visit{recorder: r, counters: [2]*Counter{counter(r.endpoints, endpoint), counter(r.groups, group)}}
	v.entry = &Request{
		Time: r.clock(), Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery,
		Endpoint: endpoint, Group: group,
	}
	r.log = append(r.log, v.entry)
	r.log = r.log[max(0, len(r.log)-r.size):]
	r.total++
	for _, c := range v.counters {
		c.Requests++
		c.running++
		c.Concurrency = max(c.Concurrency, c.running)
	}
	r.running++
	r.peak = max(r.peak, r.running)
	return v
}

// admitted notes that the rate limits let the request through, and when.
func (v *visit) admitted(at time.Time) {
	v.recorder.mu.Lock()
	defer v.recorder.mu.Unlock()
	for _, c := range v.counters {
		c.admit(at)
	}
}

// end notes the status that is about to be sent, 0 when the connection is dropped
// instead. A request ends once.
func (v *visit) end(status int) {
	v.recorder.mu.Lock()
	defer v.recorder.mu.Unlock()
	if v.ended {
		return
	}
	v.ended, v.entry.Status = true, status
	v.recorder.running--
	for _, c := range v.counters {
		c.running--
		c.Statuses[status]++
	}
}

func counter(in map[string]*Counter, key string) *Counter {
	c, ok := in[key]
	if !ok {
		c = &Counter{Statuses: make(map[int]int)}
		in[key] = c
	}
	return c
}

// admit counts a request in the second before it. Requests may come a little out
// of order.
func (c *Counter) admit(at time.Time) {
	k := len(c.second)
	for k > 0 && c.second[k-1].After(at) {
		k--
	}
	c.second = slices.Insert(c.second, k, at)
	oldest := c.second[len(c.second)-1].Add(-time.Second)
	first := 0
	for !c.second[first].After(oldest) {
		first++
	}
	c.second = c.second[first:]
	c.PeakPerSecond = max(c.PeakPerSecond, len(c.second))
}

// requests lists the log, oldest first.
func (r *recorder) requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Request, len(r.log))
	for k, entry := range r.log {
		out[k] = *entry
	}
	return out
}

func (r *recorder) stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{Requests: r.total, Peak: r.peak, Endpoints: snapshot(r.endpoints), Groups: snapshot(r.groups)}
}

func snapshot(in map[string]*Counter) map[string]Counter {
	out := make(map[string]Counter, len(in))
	for key, c := range in {
		copied := *c
		copied.Statuses, copied.second = maps.Clone(c.Statuses), nil
		out[key] = copied
	}
	return out
}
