package sqlclient

import (
	"errors"
	"io"
	"net/http"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// InProcess is a transport to a handler of this process; what it does wrong is
// told to sink. An answer that the handler aborts ends with an error.
type InProcess struct {
	Handler http.Handler
	Sink    observe.Sink
}

// RoundTrip implements http.RoundTripper.
func (t InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	body, w := io.Pipe()
	answer := &pipeWriter{w: w, header: http.Header{}, response: &http.Response{Body: body, Request: r}, begun: make(chan struct{})}
	go func() { w.CloseWithError(t.serve(answer, r)) }()
	<-answer.begun
	return answer.response, nil
}

func (t InProcess) serve(w *pipeWriter, r *http.Request) error {
	defer w.WriteHeader(http.StatusOK) // for a handler that wrote nothing
	err := safely.Do(r.Context(), t.Sink, observe.InRequest, func() error { t.Handler.ServeHTTP(w, r); return nil })
	if errors.Is(err, http.ErrAbortHandler) {
		return gwerr.New(gwerr.UpstreamCutShort, "The query failed before its end; rows are missing.", "The log says why.")
	}
	return err
}

// pipeWriter is an http.ResponseWriter over a pipe.
type pipeWriter struct {
	w        io.Writer
	header   http.Header
	response *http.Response
	begun    chan struct{} // closed when the response has its status
}

func (p *pipeWriter) Header() http.Header { return p.header }

func (p *pipeWriter) WriteHeader(status int) {
	if p.response.StatusCode == 0 {
		p.response.StatusCode, p.response.Header = status, p.header.Clone()
		close(p.begun)
	}
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.w.Write(b)
}
