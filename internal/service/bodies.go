package service

import (
	"io"
	"net/http"
	"sync"

	"github.com/pingone-gateway/gateway/internal/auth"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// bodiesWaiting bounds the requests whose bodies wait to be read. They hold no
// more than a connection.
const bodiesWaiting = 1000

// newBodies gives the turns of reading a body: as many at once as may have a turn
// or wait for one after it.
func newBodies(t Turns, sink observe.Sink) *turns {
	if t.AtOnce > 0 {
		t.AtOnce += t.Queue
	}
	t.Queue = bodiesWaiting
	return newTurns(t, "bodies", "bodies_queued", sink)
}

// Bodies lets the handlers read the bodies of callers' requests: a bounded
// number at once, shared among the callers as turns are, so that neither their
// memory nor slow senders hold up others. fail answers who can't be served.
func (s *Service) Bodies(next http.Handler, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		done, err := s.bodies.take(r.Context(), auth.FromContext(r.Context()).Identity())
		if err != nil {
			fail(w, r, err)
			return
		}
		done = sync.OnceFunc(done)
		defer done()
		read := *r
		read.Body = &body{r.Body, done}
		next.ServeHTTP(w, &read)
	})
}

// body gives its turn back where it ends.
type body struct {
	io.ReadCloser
	done func()
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.done()
	}
	return n, err
}
