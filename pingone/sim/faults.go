package sim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is something that goes wrong on demand, for calls that match.
type Fault struct {
	// Match is a method, or *, and a path pattern, where * stands for one segment
	// and a final ** for any rest: "GET /v1/environments/*/users". Empty: every call.
	Match string `json:"match,omitempty"`
	// Query must be part of the decoded query.
	Query string `json:"query,omitempty"`
	// After lets this many matching calls pass first.
	After int `json:"after,omitempty"`
	// Times is how many calls go wrong: 1 when it is left out, -1 for all.
	Times int `json:"times,omitempty"`
	// Do is the kind: status, storm, cut, slow, garbage, revoke or reset.
	Do string `json:"do"`
	// Status is the answer's status with do status.
	Status int `json:"status,omitempty"`
	// RetryAfter is sent as a header with do status and do storm, in seconds;
	// left out: none with status, 1 with storm.
	RetryAfter *int `json:"retryAfter,omitempty"`
	// For is how long a storm lasts, or how much longer a slow answer takes.
	// A fault with do status and it goes on for so long, however many calls match.
	For Duration `json:"for,omitempty"`
}

// Duration is a time.Duration written as text, such as "1.5s".
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a duration is text such as \"1.5s\", not %s", b)
	}
	v, err := time.ParseDuration(text)
	*d = Duration(v)
	return err
}

// faultKinds are the values of Fault.Do.
var faultKinds = []string{"status", "storm", "cut", "slow", "garbage", "revoke", "reset"}

func (f Fault) validate() error {
	switch {
	case !slices.Contains(faultKinds, f.Do):
		return fmt.Errorf("do must be one of %s, not %q", strings.Join(faultKinds, ", "), f.Do)
	case f.Do == "status" && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("do status needs a status between 200 and 599, not %d", f.Status)
	case f.After < 0 || f.Times < -1 || f.For < 0 || f.RetryAfter != nil && *f.RetryAfter < 0:
		return fmt.Errorf("after, times, for and retryAfter must not be negative")
	case (f.Do == "storm" || f.Do == "slow") && f.For == 0:
		return fmt.Errorf("do %s needs for, a duration such as \"2s\"", f.Do)
	}
	_, pattern, _ := strings.Cut(f.Match, " ")
	if f.Match != "" && !strings.HasPrefix(pattern, "/") {
		return fmt.Errorf("match must be a method and a path, such as \"GET /v1/environments/*/users\", not %q", f.Match)
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("match %q is not a valid pattern", f.Match)
	}
	return nil
}

// matches reports whether a request is one that the fault is for.
func (f Fault) matches(r *http.Request) bool {
	method, pattern, limited := strings.Cut(f.Match, " ")
	if limited && (method != "*" && method != r.Method || !matchPath(pattern, r.URL.Path)) {
		return false
	}
	decoded, err := url.QueryUnescape(r.URL.RawQuery)
	return f.Query == "" || strings.Contains(r.URL.RawQuery, f.Query) || err == nil && strings.Contains(decoded, f.Query)
}

func matchPath(pattern, p string) bool {
	if head, ok := strings.CutSuffix(pattern, "**"); ok {
		n := strings.Count(head, "/")
		parts := strings.SplitAfterN(p, "/", n+1)
		if len(parts) <= n {
			return false
		}
		pattern, p = head, strings.Join(parts[:n], "")
	}
	ok, err := path.Match(pattern, p)
	return ok && err == nil
}

// faultPlan is the list of faults in force.
type faultPlan struct {
	clock func() time.Time

	mu     sync.Mutex
	faults []*activeFault
}

type activeFault struct {
	Fault
	seen  int
	until time.Time // the fault strikes every call until then
}

// set replaces the faults.
func (p *faultPlan) set(faults []Fault) error {
	active := make([]*activeFault, len(faults))
	for i, f := range faults {
		if err := f.validate(); err != nil {
			return fmt.Errorf("fault %d: %w", i+1, err)
		}
		f.Times = cmp.Or(f.Times, 1)
		active[i] = &activeFault{Fault: f}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = active
	return nil
}

// next gives the fault that a request meets, if any: the first of the list.
func (p *faultPlan) next(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.matches(r) && f.strike(p.clock()) {
			return &f.Fault
		}
	}
	return nil
}

// strike counts a matching request and reports whether it goes wrong.
func (f *activeFault) strike(now time.Time) bool {
	if now.Before(f.until) {
		return true
	}
	f.seen++
	if f.seen <= f.After || f.Times > 0 && f.seen > f.After+f.Times {
		return false
	}
	if f.For > 0 && (f.Do == "storm" || f.Do == "status") {
		f.until = now.Add(time.Duration(f.For))
	}
	return true
}

// inject makes a request go wrong. It reports whether it answered: if not, the
// call goes on as usual.
func (s *Server) inject(w http.ResponseWriter, r *http.Request, t *target, f *Fault) bool {
	a := newMemory()
	switch f.Do {
	case "revoke":
		s.RevokeTokens()
		return false
	case "reset":
		reset(w)
		return true
	case "status":
		e := refuse(f.Status)
		e.retryAfter = f.RetryAfter
		s.writeError(a, r, e)
	case "storm":
		seconds := 1
		if f.RetryAfter != nil {
			seconds = *f.RetryAfter
		}
		s.writeError(a, r, tooMany(seconds, 0))
	case "garbage":
		s.commonHeaders(a.header)
		a.header.Set("Content-Type", halJSON)
		a.body.WriteString(`{"_embedded":{"users":[{"id":"`) // whole for HTTP, broken for JSON
	case "slow":
		a = s.answer(r, t)
		a.trickle(w, r, time.Duration(f.For), func() { s.recorder.end(t.entry, a.status) })
		return true
	case "cut":
		a = s.answer(r, t)
		s.recorder.end(t.entry, a.status)
		a.cut(w)
	}
	s.recorder.end(t.entry, a.status)
	a.send(w)
	return true
}

// reset closes the connection without an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2: resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // close sends RST
	}
	_ = conn.Close()
}

// memory is an answer that is kept before it is sent.
type memory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var memories = sync.Pool{New: func() any { return new(memory) }}

func newMemory() *memory {
	m, _ := memories.Get().(*memory)
	m.header, m.status = make(http.Header), http.StatusOK
	m.body.Reset()
	return m
}

// Header implements http.ResponseWriter.
func (m *memory) Header() http.Header { return m.header }

// WriteHeader implements http.ResponseWriter.
func (m *memory) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *memory) Write(b []byte) (int, error) { return m.body.Write(b) }

// answer runs the request as usual and keeps what would have been sent.
func (s *Server) answer(r *http.Request, t *target) *memory {
	m := newMemory()
	s.dispatch(m, r, t)
	return m
}

// open sends what stands before the body.
func (m *memory) open(w http.ResponseWriter) {
	maps.Copy(w.Header(), m.header)
	w.WriteHeader(m.status)
}

// send sends the answer. Errors mean that the client is gone.
func (m *memory) send(w http.ResponseWriter) {
	m.open(w)
	_, _ = m.body.WriteTo(w)
	memories.Put(m)
}

// cut sends the first half of the answer and closes the connection.
func (m *memory) cut(w http.ResponseWriter) {
	m.header.Set("Content-Length", strconv.Itoa(m.body.Len()))
	m.open(w)
	_, _ = w.Write(m.body.Next(m.body.Len() / 2))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// pieces is how many parts a slow answer comes in.
const pieces = 8

// trickle sends the answer in parts, spread over a time.
func (m *memory) trickle(w http.ResponseWriter, r *http.Request, over time.Duration, ended func()) {
	m.open(w)
	control := http.NewResponseController(w)
	size := max(1, m.body.Len()/pieces)
	for range pieces {
		if !sleep(r.Context(), over/pieces) {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(m.body.Next(size))
		_ = control.Flush()
	}
	ended()
	_, _ = w.Write(m.body.Bytes())
}
