package sqlhttp

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// writer buffers an answer and hands it on batch by batch.
type writer struct {
	*bufio.Writer
	to    http.ResponseWriter
	begun bool // to send
}

// flushBytes is the size from which rows are sent before others are awaited: a
// small answer goes at once, with its length.
const flushBytes = 4 << 10

var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 64<<10) }}

// newWriter returns a writer, which the caller frees.
func newWriter(to http.ResponseWriter) *writer {
	w := &writer{Writer: buffers.Get().(*bufio.Writer), to: to}
	w.Reset(sending{w})
	return w
}

func (w *writer) free() {
	w.Reset(nil)
	buffers.Put(w.Writer)
}

// sending is where a writer's buffer goes.
type sending struct{ *writer }

// Write implements io.Writer.
func (s sending) Write(b []byte) (int, error) {
	s.begun = true
	return s.to.Write(b)
}

// flush sends what is buffered, so that a client sees rows as they come.
func (w *writer) flush() error {
	if w.Buffered() < flushBytes && !w.begun {
		return nil
	}
	if err := w.Flush(); err != nil {
		return err
	}
	// A recorder or a wrapper without Flush still gets every byte.
	_ = http.NewResponseController(w.to).Flush()
	return nil
}

// problem is the JSON form of an error.
type problem struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Target    string `json:"target,omitempty"`
	Position  int    `json:"position,omitempty"` // of a character, from 1
	SQLState  string `json:"sqlstate"`
	RequestID string `json:"requestId,omitempty"`
}

// problemOf is an error about a statement, "" for none.
func problemOf(e *gwerr.Error, statement, requestID string) problem {
	return problem{
		Code: string(e.Code), Message: e.Message, Hint: e.Hint, Target: e.Target, Position: e.Character(statement),
		SQLState: e.Kind().SQLState, RequestID: requestID,
	}
}

// fail answers with an error about a statement, "" for none.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, statement string, err error) {
	err = gwerr.Because(r.Context(), err)
	e := gwerr.From(err)
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	if e.Code == gwerr.MethodNotAllowed && w.Header().Get("Allow") == "" {
		w.Header().Set("Allow", "GET, HEAD, POST")
	}
	h.config.Sink.Observe(r.Context(), observe.RequestFailed{FrontEnd: "sql", Code: string(e.Code), Err: err})
	if h.config.Page == nil || !h.config.Page(w, r, e) {
		writeJSON(w, e.Kind().HTTP, map[string]problem{"error": problemOf(e, statement, observe.RequestID(r.Context()))})
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the status is sent; a client that is gone reads nothing
}
