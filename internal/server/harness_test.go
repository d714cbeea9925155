package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/server"
)

// events is a Sink that keeps what it sees.
type events struct {
	mu   sync.Mutex
	seen []observe.Event
	news chan observe.Event // if not nil, also gets them
}

func (e *events) Observe(_ context.Context, ev observe.Event) {
	e.mu.Lock()
	e.seen = append(e.seen, ev)
	e.mu.Unlock()
	if e.news != nil {
		e.news <- ev
	}
}

// all returns the events of type T.
func all[T observe.Event](e *events) []T {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []T
	for _, x := range e.seen {
		if t, ok := x.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// build returns a server around one front end at /odata/*.
func build(t *testing.T, h http.HandlerFunc, change func(*server.Config)) (*server.Server, *events) {
	t.Helper()
	sink := &events{}
	cfg := server.Config{
		Public: server.Listener{Address: "127.0.0.1:0"},
		Admin:  server.Admin{Address: "127.0.0.1:0"},
		Mounts: []server.Mount{{Pattern: "/odata/*", FrontEnd: "odata", Handler: h}},
		Sink:   sink,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := server.New(cfg)
	require.NoError(t, err)
	return s, sink
}

// get asks the public router without a network.
func get(s *server.Server, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }
}

// run starts the server and returns how to stop it and wait for its end.
func run(t *testing.T, s *server.Server) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	require.NoError(t, s.Listen(ctx))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	var once sync.Once
	var result error
	stop = func() error {
		once.Do(func() { cancel(); result = <-done })
		return result
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}
