package sim

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/authserver"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// Server simulates PingOne. It is an http.Handler and safe for concurrent use.
type Server struct {
	opt       Options
	mu        sync.RWMutex
	all       []*environment // replaced as a whole
	auth      *authserver.Server
	routes    *router
	control   http.Handler
	wrap      func(http.Handler) http.HandlerFunc // around what is under /v1
	limits    *limiter
	recorder  *recorder
	faults    *faultPlan
	cursorKey []byte
	errorIDs  atomic.Uint32
	resources *resource.Set
	generics  map[string]*generic // by name
	store     *resource.Store     // of what is above environments
	storeMu   sync.RWMutex
	rowsMade  atomic.Uint32 // of resources that are data, by calls

	unkind      atomic.Pointer[unkindness]
	phases      *faultPlan // of the switches
	connections connections
	calls       atomic.Int64 // to the API
	onRequest   atomic.Pointer[func(n int64)]
}

// New makes a simulator. It starts no goroutine and opens no connection.
func New(opt Options) (*Server, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		opt: opt, faults: &faultPlan{clock: opt.Clock}, phases: &faultPlan{clock: opt.Clock}, recorder: newRecorder(opt.Clock, opt.LogSize),
		connections: connections{open: make(map[string]*connection)},
		cursorKey:   binary.BigEndian.AppendUint64(nil, data.Mix(opt.Seed^data.SaltOf("cursor"))),
	}
	s.limits = &limiter{
		clock: opt.Clock, rates: opt.RateLimits, windows: make(map[string]*window),
		share: func() float64 { return s.unkind.Load().of("source-share").part },
	}
	if err := errors.Join(s.SetFaults(opt.Faults...), s.SetUnkind(opt.Unkind)); err != nil {
		return nil, err
	}
	s.resources = declared()
	s.build()
	s.auth = authserver.New(authserver.Config{
		Organization: organizationID,
		Directory:    directory{s},
		Clock:        opt.Clock,
		Key:          opt.SigningKey,
		Lifetime:     opt.TokenLifetime, RefreshLifetime: 30 * 24 * time.Hour,
	})
	s.routes, s.control = s.endpoints(), s.controls()
	s.wrap, err = gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed))
	return s, err
}

// Close implements io.Closer. There is nothing to release.
func (s *Server) Close() error { return nil }

// maxHeader is the documented limit on request headers, in bytes.
const maxHeader = 6 << 10

// ServeHTTP implements http.Handler. An answer is whole, and all that it tells of
// is noted, before any of it is sent.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/sim/") {
		s.control.ServeHTTP(w, r)
		return
	}
	t := s.classify(r)
	if !t.api && t.env == nil {
		http.NotFound(w, r)
		return
	}
	s.connections.request(r.RemoteAddr)
	t.entry = s.recorder.begin(r, t.route)
	if !sleep(r.Context(), s.opt.Latency) {
		panic(http.ErrAbortHandler)
	}
	for _, plan := range []*faultPlan{s.faults, s.phases} {
		if f := plan.next(r); f != nil && s.inject(w, r, t, f) {
			return
		}
	}
	a := s.answer(r, t)
	s.recorder.end(t.entry, a.status)
	a.send(w)
}

// SetOnRequest calls f before every call to the API with its number, from 1.
// What f does is done before the call is answered; nil ends it. Calls come at
// once, so f must be safe for concurrent use.
func (s *Server) SetOnRequest(f func(n int64)) { s.onRequest.Store(&f) }

// target is what a request is for.
type target struct {
	entry  *Request // its entry in the log
	route  route
	known  bool         // the API has the address
	params []string     // of the API's path
	env    *environment // of the authorization server; nil for the API
	path   string       // below /{environmentID}/as/
	api    bool
}

// classify finds what a request is for.
func (s *Server) classify(r *http.Request) *target {
	if path, ok := strings.CutPrefix(r.URL.Path, "/v1/"); ok {
		t := &target{api: true, route: route{endpoint: r.Method + " (unknown)", group: "rlgCatchAllRps"}}
		var found route
		if found, t.params, t.known = s.routes.find(r.Method, "/"+path); found.handle != nil {
			t.route = found
		}
		return t
	}
	head, tail, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	path, under := strings.CutPrefix(tail, "as/")
	if !under {
		return &target{}
	}
	name := path
	if !s.auth.Knows(path) {
		name = "(unknown)"
	}
	return &target{env: s.environment(canonical(head)), path: path, route: route{endpoint: r.Method + " /{env}/as/" + name, group: "rlgAuthnRps"}}
}

// dispatch answers a request as the simulated service does: the API with gzip
// where the client takes it and it is worth it.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, t *target) {
	if t.api {
		api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, t) })
		if !s.opt.NoCompression {
			api = s.wrap(api)
		}
		api(w, r)
	} else if refused := s.limits.admit(t.route.group, t.env.id, r.RemoteAddr); refused != nil {
		s.writeError(w, r, refused)
	} else {
		s.auth.Serve(w, r, t.env.id, t.path)
	}
}

// sleep waits; false when the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	waiting, stop := context.WithTimeout(ctx, d)
	defer stop()
	<-waiting.Done()
	return ctx.Err() == nil
}

// RevokeTokens makes every token that was issued so far invalid.
func (s *Server) RevokeTokens() { s.auth.RevokeAll() }

// RotateKeys signs tokens with a new key from now on. The old one stays in the
// JWKS, and tokens that it signed stay valid.
func (s *Server) RotateKeys() { s.auth.RotateKeys() }

// SetFaults replaces the faults in force; none clears them.
func (s *Server) SetFaults(faults ...Fault) error { return s.faults.set(faults) }

// Requests lists the last requests, oldest first; see Options.LogSize.
func (s *Server) Requests() []Request { return s.recorder.requests() }

// Stats sums up the requests since the start or the last ResetRequests.
func (s *Server) Stats() Stats { return s.recorder.numbers() }

// ResetRequests empties the log and the counters.
func (s *Server) ResetRequests() { s.recorder.reset() }

// ApproveDevice answers a pending device authorization: the user with the
// username signs in. An empty username refuses it.
func (s *Server) ApproveDevice(userCode, username string) error {
	return s.auth.ApproveDevice(userCode, username)
}

// maxControl bounds the body of a control call, in bytes.
const maxControl = 1 << 20

// controls are the simulator's own calls.
func (s *Server) controls() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sim/faults", takes(func(faults []Fault) error { return s.SetFaults(faults...) }))
	mux.HandleFunc("DELETE /sim/faults", does(func() error { return s.SetFaults() }))
	mux.HandleFunc("GET /sim/unkind", tells(func() any { return map[string]any{"set": append([]string{}, s.Unkind()...), "switches": Switches()} }))
	mux.HandleFunc("POST /sim/unkind", takes(func(list []string) error { return s.SetUnkind(strings.Join(list, ",")) }))
	mux.HandleFunc("DELETE /sim/unkind", does(func() error { return s.SetUnkind("") }))
	mux.HandleFunc("POST /sim/connections/freeze", does(func() error { s.FreezeConnections(); return nil }))
	mux.HandleFunc("GET /sim/requests", tells(func() any { return map[string]any{"stats": s.Stats(), "requests": s.Requests()} }))
	mux.HandleFunc("DELETE /sim/requests", does(func() error { s.ResetRequests(); return nil }))
	mux.HandleFunc("POST /sim/tokens/revoke", does(func() error { s.RevokeTokens(); return nil }))
	mux.HandleFunc("POST /sim/keys/rotate", does(func() error { s.RotateKeys(); return nil }))
	mux.HandleFunc("POST /sim/device/approve", takes(func(d struct{ UserCode, Username string }) error { return s.ApproveDevice(d.UserCode, d.Username) }))
	return loopbackOnly(mux)
}

// loopbackOnly refuses clients on other machines.
func loopbackOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err != nil || !net.ParseIP(host).IsLoopback() {
			http.Error(w, "The controls answer loopback clients only.", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// takes makes a control with a body.
func takes[T any](control func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl))
		d.DisallowUnknownFields()
		if err := d.Decode(&body); err != nil {
			http.Error(w, "The body cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		does(func() error { return control(body) })(w, r)
	}
}

func does(control func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := control(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// tells makes a control that answers with JSON.
func tells(what func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(what()) // fails only when the client is gone
	}
}
