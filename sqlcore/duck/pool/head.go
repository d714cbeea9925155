package pool

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

// head keeps the beginning of what a process says.
type head struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// maxHead bounds what is kept.
const maxHead = 4 << 10

// Write implements io.Writer.
func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf.Write(b[:min(len(b), maxHead-h.buf.Len())])
	return len(b), nil
}

func (h *head) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.TrimSpace(h.buf.String())
}

// first gives the first line, where the runtime says what happened. What comes
// after may hold values.
func (h *head) first() string {
	line, _, _ := strings.Cut(h.text(), "\n")
	return line[:min(len(line), 200)]
}

var (
	// thrown is the line on which C++ tells an exception's text, which is JSON.
	thrown = regexp.MustCompile(`(?m)^\s*what\(\):\s*(\{.*)$`)
	// called is the engine's function in a stack of Go's runtime.
	called = regexp.MustCompile(`_Cfunc_(duckdb_\w+)`)
	// values are the parts of an exception's text that rows may hold.
	values = regexp.MustCompile(`(?s)'.*'|".*"|\d[\d.]*`)
)

// told is first with what else tells the cause: an exception's text without values,
// and the call of the engine that it ended.
func (h *head) told() string {
	text, out := h.text(), h.first()
	var exception struct {
		Message string `json:"exception_message"`
	}
	if m := thrown.FindStringSubmatch(text); m != nil && json.Unmarshal([]byte(m[1]), &exception) == nil {
		line, _, _ := strings.Cut(values.ReplaceAllString(exception.Message, "…"), "\n")
		out += ": " + line[:min(len(line), 200)]
	}
	if m := called.FindStringSubmatch(text); m != nil {
		out += ", in " + m[1]
	}
	return out
}
