// Package async keeps the answers of requests that clients don't wait for.
//
// Each request runs in a goroutine of the Store, which writes its answer into a file
// that has no name; a client comes back for it under an id. The number of requests,
// the bytes of all answers and the time that they wait are bounded.
//
// Source: OData 4.01 Part 1, section 11.6.
package async

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// Options bound a Store.
type Options struct {
	// Dir is where answers wait; "" means the system's directory for such files.
	Dir string
	// Lifetime is how long a request may take, and its answer wait; 0 means 15 minutes.
	Lifetime time.Duration
	// PerCaller and Requests bound the requests, running or answered, of one caller
	// and of all; 0 means 4 and 32.
	PerCaller, Requests int
	// Bytes bounds the answers of all; 0 means 1 GiB.
	Bytes int64
	// Sink receives events; nil drops them.
	Sink observe.Sink
}

// Store is safe for concurrent use.
type Store struct {
	o Options
	// name begins all ids.
	name string

	mu      sync.Mutex
	jobs    map[string]*job
	bytes   int64
	closed  bool
	running sync.WaitGroup
}

// NewStore returns a Store, which is to be closed.
func NewStore(o Options) *Store {
	if o.Lifetime <= 0 {
		o.Lifetime = 15 * time.Minute
	}
	if o.PerCaller <= 0 {
		o.PerCaller = 4
	}
	if o.Requests <= 0 {
		o.Requests = 32
	}
	if o.Bytes <= 0 {
		o.Bytes = 1 << 30
	}
	if o.Sink == nil {
		o.Sink = observe.Discard
	}
	return &Store{o: o, name: rand.Text() + ".", jobs: map[string]*job{}}
}

// Lifetime is how long a request may take, and its answer wait.
func (s *Store) Lifetime() time.Duration { return s.o.Lifetime }

// Elsewhere tells whether another Store has given the id.
func (s *Store) Elsewhere(id string) bool { return !strings.HasPrefix(id, s.name) }

// job is a request and, when done is closed, its answer.
type job struct {
	caller string
	cancel context.CancelFunc
	expiry *time.Timer
	done   chan struct{}
	answer Answer
	err    error
}

// Answer is what a request was answered.
type Answer struct {
	Status int
	Header http.Header
	// Bytes is the length of the body.
	Bytes int64
	file  *os.File
}

// Body reads the body from its beginning. It fails where the answer is removed
// meanwhile.
func (a *Answer) Body() io.Reader { return io.NewSectionReader(a.file, 0, a.Bytes) }

// Start runs a request of the caller under a context with the values of ctx, which
// outlives it. ok is false where no room is left: the request is to be answered at once.
func (s *Store) Start(ctx context.Context, caller string, run func(context.Context, http.ResponseWriter)) (id string, ok bool) {
	file, err := s.file()
	if err != nil {
		return "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own := 0
	for _, j := range s.jobs {
		if j.caller == caller {
			own++
		}
	}
	if s.closed || own >= s.o.PerCaller || len(s.jobs) >= s.o.Requests {
		_ = file.Close()
		return "", false
	}
	id = s.name + rand.Text()
	j := &job{caller: caller, done: make(chan struct{}), answer: Answer{Status: http.StatusOK, Header: http.Header{}, file: file}}
	ctx, j.cancel = context.WithCancel(context.WithoutCancel(ctx))
	j.expiry = time.AfterFunc(s.o.Lifetime, func() { s.Remove(caller, id) })
	s.jobs[id] = j
	s.running.Go(func() {
		defer close(j.done)
		defer j.cancel()
		j.err = safely.Do(ctx, s.o.Sink, observe.InRequest, func() error {
			w := &recorder{s: s, a: &j.answer}
			run(ctx, w)
			return w.err
		})
		if errors.Is(j.err, http.ErrAbortHandler) {
			j.err = gwerr.Wrap(gwerr.UpstreamFailed, j.err, "The answer broke off behind its first rows.", "Ask again; the log has the cause.")
		}
	})
	return id, true
}

// file makes a file that goes away with its last user.
func (s *Store) file() (*os.File, error) {
	f, err := os.CreateTemp(s.o.Dir, "gateway-answer-")
	if err != nil {
		return nil, err
	}
	return f, errors.Join(os.Remove(f.Name()))
}

// Find gives the answer to a request of the caller, nil while there is none. The error
// is gwerr.NotFound where there is no such request, or why it has no answer.
func (s *Store) Find(caller, id string) (*Answer, error) {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j == nil || j.caller != caller {
		return nil, gwerr.New(gwerr.NotFound, "There is no such request.", "It was deleted, or the gateway has started anew. Ask again.")
	}
	select {
	case <-j.done:
		return &j.answer, j.err
	default:
		return nil, nil
	}
}

// Remove ends a request of the caller and forgets its answer; it returns false where
// there is none.
func (s *Store) Remove(caller, id string) bool {
	s.mu.Lock()
	j := s.jobs[id]
	if j == nil || j.caller != caller {
		s.mu.Unlock()
		return false
	}
	delete(s.jobs, id)
	s.mu.Unlock()
	j.end()
	s.mu.Lock()
	s.bytes -= j.answer.Bytes
	s.mu.Unlock()
	return true
}

// end cancels a request and waits for it.
func (j *job) end() {
	j.expiry.Stop()
	j.cancel()
	<-j.done
	_ = j.answer.file.Close()
}

// Close ends all requests.
func (s *Store) Close() {
	s.mu.Lock()
	s.closed = true
	jobs := s.jobs
	s.jobs = map[string]*job{}
	s.mu.Unlock()
	for _, j := range jobs {
		j.end()
	}
	s.running.Wait()
}

// recorder writes an answer into its file.
type recorder struct {
	s       *Store
	a       *Answer
	started bool
	err     error
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.a.Header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if !r.started {
		r.started, r.a.Status = true, status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.started = true
	if r.err == nil && !r.s.reserve(int64(len(p))) {
		r.err = gwerr.New(gwerr.LimitExceeded, "The answers that wait are larger than there is room for.", "Ask without respond-async, or delete answers that were read.")
	}
	if r.err != nil {
		return 0, r.err
	}
	r.a.Bytes += int64(len(p))
	n, err := r.a.file.Write(p)
	if err != nil {
		r.err = gwerr.Wrap(gwerr.Internal, err, "The answer could not be kept.", "")
	}
	return n, err
}

// reserve takes room for bytes, which Remove gives back.
func (s *Store) reserve(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+n > s.o.Bytes {
		return false
	}
	s.bytes += n
	return true
}
