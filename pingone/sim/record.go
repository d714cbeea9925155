package sim

import (
	"maps"
	"net/http"
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

// Stats are the numbers of requests since the last reset.
type Stats struct {
	Requests  int            `json:"requests"`  // API and token calls
	Endpoints map[string]int `json:"endpoints"` // by method and pattern, such as "GET /environments/{env}/users"
	Groups    map[string]int `json:"groups"`    // by rate-limit group
}

// Calls is the number of requests of an endpoint, such as
// "GET /environments/{env}/users" or "POST /{env}/as/token".
func (s Stats) Calls(endpoint string) int { return s.Endpoints[endpoint] }

// recorder keeps the log and the numbers.
type recorder struct {
	clock func() time.Time
	size  int

	mu    sync.Mutex
	log   []*Request
	stats Stats
}

func newRecorder(clock func() time.Time, size int) *recorder {
	r := &recorder{clock: clock, size: size}
	r.reset()
	return r
}

// reset forgets all requests.
func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log, r.stats = nil, Stats{Endpoints: make(map[string]int), Groups: make(map[string]int)}
}

// begin notes a request. It is in the log before its answer is on the way: who has
// the answer, finds the request.
func (r *recorder) begin(req *http.Request, of route) *Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry := &Request{
		Time: r.clock(), Method: req.Method, Path: req.URL.Path, Query: req.URL.RawQuery,
		Endpoint: of.endpoint, Group: of.group,
	}
	r.log = append(r.log, entry)
	r.log = r.log[max(0, len(r.log)-r.size):]
	r.stats.Requests++
	r.stats.Endpoints[of.endpoint]++
	r.stats.Groups[of.group]++
	return entry
}

// end notes the status that is about to be sent.
func (r *recorder) end(entry *Request, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry.Status = status
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

// numbers are the numbers at this moment.
func (r *recorder) numbers() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{r.stats.Requests, maps.Clone(r.stats.Endpoints), maps.Clone(r.stats.Groups)}
}
