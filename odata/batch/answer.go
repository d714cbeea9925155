package batch

import (
	"io"
	"net/http"
	"strings"
)

// answer is the answer of one item. It hands its body on as it comes.
type answer struct {
	// unwrapped is the writer of the batch, for http.ResponseController.
	unwrapped io.Writer
	header    http.Header
	// begin writes the head and returns the writer of the body.
	begin func(status int) (io.Writer, error)
	body  io.Writer
	begun bool
	err   error
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.begun {
		return
	}
	a.begun = true
	a.body, a.err = a.begin(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.body.Write(p)
	a.err = err
	return n, err
}

// Unwrap lets http.ResponseController flush the batch.
func (a *answer) Unwrap() http.ResponseWriter {
	w, _ := a.unwrapped.(http.ResponseWriter)
	return w
}

// end makes an answer without a body whole.
func (a *answer) end() { a.WriteHeader(http.StatusOK) }

// sent are the headers that an answer in a batch keeps. Those that are about the
// connection, and trailers, belong to the batch.
func sent(h http.Header) http.Header {
	out := h.Clone()
	for name := range out {
		if name == "Vary" || name == "X-Content-Type-Options" || strings.HasPrefix(name, http.TrailerPrefix) {
			delete(out, name)
		}
	}
	return out
}
