package sqlhttp

import (
	"context"
	"crypto/rand"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// QueryIDHeader carries the id of a query, in and out.
const QueryIDHeader = "X-Query-Id"

// lastWords is how long a client that doesn't read may hold up the end of a query
// that was cancelled.
const lastWords = 5 * time.Second

// running are the queries that are being answered.
type running struct {
	mu      sync.Mutex
	queries map[name]*execution
}

// name tells queries apart: ids are the callers' own.
type name struct{ caller, id string }

// execution is a query on its way.
type execution struct {
	name   name
	began  time.Time
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	request Request // nil while it waits for a turn
	sending bool
}

// start registers a query under the id that its client gave, or one of our own,
// and tells it in the answer. The context ends when the query is cancelled.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) (context.Context, *execution, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	e := &execution{name: name{h.config.Caller(r.Context()), r.Header.Get(QueryIDHeader)}, began: h.config.Now(), cancel: cancel}
	if !plainID(e.name.id) {
		e.name.id = rand.Text()
	}
	w.Header().Set(QueryIDHeader, e.name.id)
	h.running.mu.Lock()
	defer h.running.mu.Unlock()
	if h.running.queries[e.name] != nil {
		cancel(nil)
		return ctx, nil, gwerr.New(gwerr.Conflict, "A query of yours with this id is running.", "Give each query an id of its own, or none.").On(QueryIDHeader)
	}
	h.running.queries[e.name] = e
	return ctx, e, nil
}

// end forgets a query.
func (h *Handler) end(e *execution) {
	h.running.mu.Lock()
	delete(h.running.queries, e.name)
	h.running.mu.Unlock()
	e.cancel(nil)
}

// plainID tells ids that may stand in addresses.
func plainID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(id) >= 8 && len(id) <= 64
}

func (e *execution) admitted(r Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.request = r
}

// answering notes that rows are sent from now on. They are not waited for long
// once the query is cancelled.
func (e *execution) answering(ctx context.Context, w http.ResponseWriter) (stop func() bool) {
	e.mu.Lock()
	e.sending = true
	e.mu.Unlock()
	return context.AfterFunc(ctx, func() {
		if canceled(ctx) != nil {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(lastWords)) // a recorder has none
		}
	})
}

// canceled is the error of a query that DELETE ended, or nil.
func canceled(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && gwerr.Is(cause, gwerr.Canceled) {
		return cause
	}
	return nil
}

// state is the JSON of a query's progress.
type state struct {
	ID    string `json:"id"`
	State string `json:"state"`
	query.Progress
	ElapsedSeconds float64 `json:"elapsedSeconds"`
}

func (e *execution) state(now time.Time) state {
	e.mu.Lock()
	request, sending := e.request, e.sending
	e.mu.Unlock()
	s := state{ID: e.name.id, State: "queued", ElapsedSeconds: now.Sub(e.began).Seconds()}
	if request != nil {
		s.State, s.Progress = "running", request.Progress()
	}
	if sending {
		s.State = "sending"
	}
	return s
}

// Running answers GET …/{id} with the progress of a query of the caller's that
// runs here, and DELETE with its end.
func (h *Handler) Running(w http.ResponseWriter, r *http.Request) {
	h.running.mu.Lock()
	e := h.running.queries[name{h.config.Caller(r.Context()), path.Base(r.URL.Path)}]
	h.running.mu.Unlock()
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodDelete:
		w.Header().Set("Allow", "GET, DELETE")
		h.fail(w, r, "", gwerr.New(gwerr.MethodNotAllowed, "This address takes GET and DELETE.", ""))
	case e == nil:
		h.fail(w, r, "", gwerr.New(gwerr.NotFound, "No query of yours with this id runs here.",
			"It has ended, or another replica of the gateway runs it: ask again, or close the query's own connection, which cancels it anywhere."))
	case r.Method == http.MethodDelete:
		e.cancel(gwerr.New(gwerr.Canceled, "The query was cancelled by its caller.", ""))
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusOK, e.state(h.config.Now()))
	}
}
