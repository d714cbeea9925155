package sqlhttp

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
)

// writer buffers an answer and hands it on batch by batch.
type writer struct {
	*bufio.Writer
	below   *counted
	control *http.ResponseController
}

func newWriter(w http.ResponseWriter) *writer {
	below := &counted{Writer: w}
	return &writer{Writer: bufio.NewWriterSize(below, 64<<10), below: below, control: http.NewResponseController(w)}
}

// sent tells whether the answer has begun, so that an error can have no status.
func (w *writer) sent() bool { return w.below.bytes > 0 }

// counted counts what passes through it.
type counted struct {
	io.Writer
	bytes int64
}

// Write implements io.Writer.
func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.bytes += int64(len(b)) // tried counts, too: the status is sent
	return n, err
}

// flush sends what is buffered, so that a client sees rows as they come.
func (w *writer) flush() error {
	if err := w.Flush(); err != nil || !w.sent() {
		return err // headers alone wait: an error may still have a status
	}
	// A recorder or a wrapper without Flush still gets every byte.
	_ = w.control.Flush()
	return nil
}

// problem is the JSON form of an error.
type problem struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
	Target    string `json:"target,omitempty"`
	Position  *int   `json:"position,omitempty"`
	SQLState  string `json:"sqlstate"`
	RequestID string `json:"requestId,omitempty"`
}

func problemOf(e *gwerr.Error, requestID string) problem {
	p := problem{
		Code: string(e.Code), Message: e.Message, Hint: e.Hint, Target: e.Target,
		SQLState: e.Kind().SQLState, RequestID: requestID,
	}
	if e.Position >= 0 {
		// Counted from 1, as PostgreSQL does.
		at := e.Position + 1
		p.Position = &at
	}
	return p
}

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := gwerr.From(err)
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	if e.Code == gwerr.MethodNotAllowed && w.Header().Get("Allow") == "" {
		w.Header().Set("Allow", "GET, HEAD, POST")
	}
	h.config.Sink.Observe(r.Context(), observe.RequestFailed{FrontEnd: "sql", Code: string(e.Code), Err: err})
	writeJSON(w, e.Kind().HTTP, map[string]problem{"error": problemOf(e, observe.RequestID(r.Context()))})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the status is sent; a client that is gone reads nothing
}
