// Package sqlhttp is SQL over HTTP: POST /sql with a statement and parameters,
// answered as JSON, NDJSON or a file of package format, and POST /sql/explain.
//
// It knows neither catalog nor engine: a Request runs statements. Rows are
// written as they come; an error after the first row breaks the answer
// visibly, since a status can no longer say so.
package sqlhttp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/format"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Request is what one request of a caller may do. Its context ends with it.
type Request interface {
	// SQL runs a statement. The caller closes the rows.
	SQL(ctx context.Context, s query.Statement) (*query.Answer, error)
	// Explain returns a value to be shown as JSON.
	Explain(ctx context.Context, s query.Statement) (any, error)
	// Progress tells how far the statement is, to another goroutine.
	Progress() query.Progress
	// End accounts for the request; err is nil for a whole answer.
	End(err error)
}

// Config holds what the handlers need.
type Config struct {
	// Begin admits a request of the caller that the context carries.
	// connection is "" for the default one.
	Begin func(ctx context.Context, connection, sql string) (context.Context, Request, error)
	// MaxBody bounds a request's body in bytes; 0 means 1 MiB.
	MaxBody int64
	// Caller names who asks, who alone may look at its queries and cancel them;
	// nil makes no difference between callers.
	Caller func(context.Context) string
	// Page shows an error to a person; it returns false where a program asks, and writes
	// nothing then. nil leaves all errors to programs.
	Page func(w http.ResponseWriter, r *http.Request, e *gwerr.Error) bool
	Sink observe.Sink
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Handler serves /sql, /sql/explain and /sql/{id}.
type Handler struct {
	config  Config
	running running
}

// New returns the handlers.
func New(c Config) *Handler {
	c.MaxBody = cmp.Or(c.MaxBody, 1<<20)
	c.Sink = cmp.Or(c.Sink, observe.Discard)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Caller == nil {
		c.Caller = func(context.Context) string { return "" }
	}
	return &Handler{config: c, running: running{queries: map[name]*execution{}}}
}

// Query answers a statement.
func (h *Handler) Query(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(ctx context.Context, e *execution, request Request, s query.Statement) error {
		f, err := negotiate(r)
		if err != nil {
			return err
		}
		answer, err := request.SQL(ctx, s)
		if err != nil {
			return err
		}
		defer answer.Rows.Close()
		return h.stream(ctx, e, w, r.Method == http.MethodHead, f, answer)
	})
}

// Explain answers a statement's plan without running it.
func (h *Handler) Explain(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, func(ctx context.Context, _ *execution, request Request, s query.Statement) error {
		plan, err := request.Explain(ctx, s)
		if err == nil {
			writeJSON(w, http.StatusOK, plan)
		}
		return err
	})
}

type work func(context.Context, *execution, Request, query.Statement) error

// serve answers with what became of the work.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, do work) {
	statement, err := h.account(w, r, do)
	if errors.As(err, new(broken)) {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		h.fail(w, r, statement, err)
	}
}

// account lets a request work between its admission and its end, and returns its
// statement. One that can't be read is accounted for as well.
func (h *Handler) account(w http.ResponseWriter, r *http.Request, do work) (statement string, err error) {
	s, connection, unread := h.statement(w, r)
	s.MaxAge = maxAge(r.Header)
	base, e, err := h.start(w, r)
	if err != nil {
		return s.SQL, err
	}
	defer h.end(e)
	ctx, request, err := h.config.Begin(base, connection, s.SQL)
	if err != nil {
		return s.SQL, reason(base, err)
	}
	e.admitted(request)
	err = gwerr.New(gwerr.Internal, "The request ended in a defect.", "") // unless another one comes
	defer func() { request.End(err) }()
	if unread != nil {
		return "", unread
	}
	return s.SQL, reason(base, do(ctx, e, request, s))
}

// reason prefers the cancelling of a query to what came of it.
func reason(ctx context.Context, err error) error {
	cause := canceled(ctx)
	if err == nil || cause == nil {
		return err
	}
	if errors.As(err, new(broken)) {
		return broken{cause}
	}
	return cause
}

// broken is why an answer was broken off that had begun.
type broken struct{ error }

// Unwrap returns the cause.
func (b broken) Unwrap() error { return b.error }

// stream writes the rows. The first batch is awaited before the status is
// sent, so that most errors still get their own.
func (h *Handler) stream(ctx context.Context, e *execution, w http.ResponseWriter, headOnly bool, f form, answer *query.Answer) error {
	first, err := answer.Rows.Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Vary", "Accept")
	if answer.Age != nil {
		w.Header().Set("Age", strconv.FormatInt(int64(answer.Age.Seconds()), 10))
	}
	said := notesOf(answer)
	if said != "" {
		w.Header().Set(query.NotesHeader, said)
	}
	if headOnly {
		if first.Record != nil {
			first.Record.Release()
		}
		return nil
	}
	out := newWriter(w)
	defer out.free()
	defer e.answering(ctx, w)()
	start := h.config.Now()
	enc, err := f.encoder(out, answer)
	if err == nil {
		err = copyRows(ctx, out, enc, answer.Rows, first)
	} else if first.Record != nil {
		first.Record.Release()
	}
	switch {
	case err != nil && !out.begun:
		w.Header().Del(query.NotesHeader)
		return err
	case err != nil:
		h.breakOff(ctx, out, enc, reason(ctx, err))
		return broken{err}
	}
	if all := notesOf(answer); all != said {
		where := query.NotesHeader
		if out.begun {
			where = http.TrailerPrefix + where
		}
		w.Header().Set(where, all)
	}
	if err := out.Flush(); err != nil {
		return broken{err}
	}
	h.config.Sink.Observe(ctx, observe.QueryPhase{Phase: "encode", Duration: h.config.Now().Sub(start)})
	return nil
}

// notesOf is the header with the notes on the rows so far.
func notesOf(a *query.Answer) string {
	if a.Notes == nil {
		return ""
	}
	return query.NotesText(a.Notes())
}

// copyRows encodes every batch, beginning with one already read; a first
// without record means that there are none.
func copyRows(ctx context.Context, out *writer, enc format.Writer, rows scan.Rows, b scan.Batch) error {
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
	return enc.Close()
}

// copyBatch encodes a batch, lets it go, and returns its number of rows.
func copyBatch(out *writer, enc format.Writer, b scan.Batch) (int64, error) {
	defer b.Record.Release()
	if err := enc.Write(b.Record); err != nil {
		return 0, err
	}
	return b.Record.NumRows(), out.flush()
}

// breakOff tells the error in formats with a place for it. The connection is cut
// behind it, so that no client takes the answer for whole.
func (h *Handler) breakOff(ctx context.Context, out *writer, enc format.Writer, err error) {
	err = gwerr.Because(ctx, err)
	e := gwerr.From(err)
	h.config.Sink.Observe(ctx, observe.RequestFailed{FrontEnd: "sql", Code: string(e.Code), Err: err})
	if f, ok := enc.(interface{ fail(e *gwerr.Error) }); ok {
		f.fail(e)
		_ = out.flush() // the connection is cut in any case
	}
}
