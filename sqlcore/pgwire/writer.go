package pgwire

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// flushAt is how much of an answer is kept before it is sent.
const flushAt = 32 << 10

// writer collects messages and sends them together.
type writer struct {
	to   io.Writer
	buf  []byte
	sent int64
	err  error // the first of writing; what follows is dropped
}

// message adds a message.
func (w *writer) message(m pgproto3.BackendMessage) {
	out, err := m.Encode(w.buf)
	if err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	w.buf = out
}

// open begins a message whose length close writes.
func (w *writer) open(kind byte) (at int) {
	w.buf = append(w.buf, kind, 0, 0, 0, 0)
	return len(w.buf) - 4
}

func (w *writer) close(at int) { binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at)) }

// flush sends what was collected.
func (w *writer) flush() error {
	if w.err == nil && len(w.buf) > 0 {
		var n int
		n, w.err = w.to.Write(w.buf)
		w.sent += int64(n)
	}
	if cap(w.buf) > 4*flushAt {
		w.buf = nil
	}
	w.buf = w.buf[:0]
	return w.err
}

// coded is an error with an SQLSTATE of its own, where that of its code says
// less.
type coded struct {
	err      *gwerr.Error
	sqlState string
}

// Error implements error.
func (c coded) Error() string { return c.err.Error() }

// Unwrap returns the error.
func (c coded) Unwrap() error { return c.err }

func state(sqlState string, e *gwerr.Error) error { return coded{e, sqlState} }

// stateOf gives the SQLSTATE of an error.
func stateOf(err error) string {
	var c coded
	if errors.As(err, &c) {
		return c.sqlState
	}
	return gwerr.From(err).Kind().SQLState
}

// error adds an ErrorResponse. text is what the client sent, and offset the
// place in it of the statement that positions are in.
func (w *writer) error(severity string, err error, text string, offset int, requestID string) {
	e := gwerr.From(err)
	m := &pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity, Code: stateOf(err), Message: strings.TrimSuffix(e.Message, "."), Hint: e.Hint,
	}
	if e.Code == gwerr.Internal && requestID != "" {
		m.Detail = "The request id is " + requestID + "."
	}
	if e.Position >= 0 {
		at := *e
		at.Position += offset
		m.Position = int32(at.Character(text))
	}
	if e.Code == gwerr.UnknownColumn {
		m.ColumnName = e.Target
	}
	w.message(m)
}

// notice adds a NoticeResponse.
func (w *writer) notice(severity, sqlState, message string) {
	w.message(&pgproto3.NoticeResponse{Severity: severity, SeverityUnlocalized: severity, Code: sqlState, Message: message})
}
