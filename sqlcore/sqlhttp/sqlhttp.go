// Package sqlhttp is SQL over HTTP: POST /sql with a statement and parameters,
// answered as JSON, NDJSON, CSV or an Arrow stream, and POST /sql/explain.
//
// It knows neither catalog nor engine: a Querier runs statements. Rows are
// written as they come; an error after the first row breaks the answer
// visibly, since a status can no longer say so.
package sqlhttp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Statement is one SQL statement with its parameters.
type Statement struct {
	SQL string
	// Connection names the connection to ask; "" means the default one.
	Connection string
	Positional []Parameter
	Named      map[string]Parameter
	// Safe is true for a request that must change nothing: a GET, which any
	// page or prefetch can cause.
	Safe bool
}

// Parameter is a parameter's value, null, or a list.
type Parameter struct {
	Value predicate.Value
	Null  bool
	// List is the list's elements, which are no lists; nil for a single value.
	List []Parameter
}

// Answer is a statement's result.
type Answer struct {
	Columns []query.Column
	Rows    scan.Rows
}

// Querier runs statements for the caller that the context carries.
type Querier interface {
	// SQL runs a statement. The caller closes the rows.
	SQL(ctx context.Context, s Statement) (*Answer, error)
	// ExplainSQL returns a value to be shown as JSON.
	ExplainSQL(ctx context.Context, s Statement) (any, error)
}

// Config holds what the handlers need.
type Config struct {
	Querier Querier
	// MaxBody bounds a request's body in bytes; 0 means 1 MiB.
	MaxBody int64
	Sink    observe.Sink
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Handler serves /sql and /sql/explain.
type Handler struct {
	config Config
}

// New returns the handlers.
func New(c Config) *Handler {
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Sink == nil {
		c.Sink = observe.Discard
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Handler{config: c}
}

// Query answers a statement.
func (h *Handler) Query(w http.ResponseWriter, r *http.Request) {
	s, err := h.statement(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	format, err := negotiate(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	answer, err := h.config.Querier.SQL(r.Context(), s)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer answer.Rows.Close()
	h.stream(w, r, format, answer)
}

// Explain answers a statement's plan without running it.
func (h *Handler) Explain(w http.ResponseWriter, r *http.Request) {
	s, err := h.statement(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	plan, err := h.config.Querier.ExplainSQL(r.Context(), s)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, plan)
}

// stream writes the rows. The first batch is awaited before the status is
// sent, so that most errors still get their own.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request, f format, answer *Answer) {
	ctx := r.Context()
	first, err := answer.Rows.Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Vary", "Accept")
	if r.Method == http.MethodHead {
		if first.Record != nil {
			first.Record.Release()
		}
		return
	}
	out := newWriter(w)
	enc := f.encoder(out, answer)
	start := h.config.Now()
	if err := copyRows(ctx, out, enc, answer.Rows, first); err != nil {
		h.abort(ctx, out, enc, err)
	}
	h.config.Sink.Observe(ctx, observe.QueryPhase{Phase: "encode", Duration: h.config.Now().Sub(start)})
}

// copyRows encodes every batch, beginning with one already read; a first
// without record means that there are none.
func copyRows(ctx context.Context, out *writer, enc encoder, rows scan.Rows, b scan.Batch) error {
	if err := enc.begin(); err != nil {
		return err
	}
	for b.Record != nil {
		sent, err := copyBatch(out, enc, b)
		if err != nil {
			return err
		}
		observe.RequestOf(ctx).AddRows(sent)
		if b, err = rows.Next(ctx); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	if err := enc.end(); err != nil {
		return err
	}
	return out.flush()
}

// copyBatch encodes a batch, lets it go, and returns its number of rows.
func copyBatch(out *writer, enc encoder, b scan.Batch) (int64, error) {
	defer b.Record.Release()
	if err := enc.batch(b.Record); err != nil {
		return 0, err
	}
	return b.Record.NumRows(), out.flush()
}

// abort ends an answer that has begun so that no client takes it for whole:
// formats with a place for it get the error, then the connection is cut.
func (h *Handler) abort(ctx context.Context, out *writer, enc encoder, err error) {
	e := gwerr.From(err)
	h.config.Sink.Observe(ctx, observe.RequestFailed{FrontEnd: "sql", Code: string(e.Code), Err: err})
	if f, ok := enc.(interface{ fail(e *gwerr.Error) }); ok {
		f.fail(e)
		_ = out.flush() // the connection is cut in any case
	}
	panic(http.ErrAbortHandler)
}
