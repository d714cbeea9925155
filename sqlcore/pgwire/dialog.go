package pgwire

import (
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/internal/safely"
)

// The states of a transaction that ReadyForQuery tells.
const (
	idle    = 'I'
	inside  = 'T' // of BEGIN … COMMIT
	aborted = 'E' // inside, after an error
)

// dialog is the state of a session's conversation.
type dialog struct {
	conn     *conn
	params   map[string]string
	session  Session
	settings settings
	// schema is that of unqualified tables; "" for the connection's own.
	schema string
	// shown is the name of that schema, whichever it is.
	shown string

	transaction byte
	// changed is true when a statement of the transaction has written.
	changed    bool
	statements map[string]*statement
	portals    map[string]*portal
	// cursors outlive the message, and those WITH HOLD the transaction.
	cursors map[string]*portal
	// skipping is true from an error of the extended protocol to its Sync.
	skipping bool
	notices  []string
	// requestID is that of the last statement.
	requestID string
}

func newDialog(c *conn, params map[string]string) *dialog {
	return &dialog{
		conn: c, params: params, settings: newSettings(), transaction: idle,
		statements: map[string]*statement{}, portals: map[string]*portal{}, cursors: map[string]*portal{},
	}
}

// run answers messages until the client leaves. The error is what it is told.
func (d *dialog) run() error {
	defer d.closeAll()
	for {
		m, err := d.conn.backend.Receive()
		if err != nil {
			return received(err)
		}
		d.conn.unhurried()
		if _, leaves := m.(*pgproto3.Terminate); leaves {
			return nil
		}
		err = safely.Do(d.conn.ctx, d.conn.server.cfg.Sink, observe.InRequest, func() error { return d.answer(m) })
		if d.conn.out.err != nil {
			return io.EOF // the client has gone
		}
		var end fatal
		if errors.As(err, &end) {
			return end.error
		}
		if err != nil {
			if err := d.failed(m, err); err != nil {
				return err
			}
		}
	}
}

// failed tells an error, and how the dialog goes on.
func (d *dialog) failed(m pgproto3.FrontendMessage, err error) error {
	d.fail(err, "", 0, "")
	if _, simple := m.(*pgproto3.Query); simple {
		return d.ready()
	}
	d.skipping = true
	return d.conn.out.flush()
}

// fail adds the answer to a statement that failed.
func (d *dialog) fail(err error, text string, offset int, requestID string) {
	var told answered
	if errors.As(err, &told) {
		return
	}
	if d.transaction == inside {
		d.transaction = aborted
	}
	d.conn.out.error("ERROR", err, text, offset, requestID)
}

// answered is an error that the client has been told.
type answered struct{ error }

// Unwrap returns the error.
func (a answered) Unwrap() error { return a.error }

// answer answers one message (section 55.2).
func (d *dialog) answer(m pgproto3.FrontendMessage) error {
	if _, ends := m.(*pgproto3.Sync); d.skipping && !ends {
		return nil
	}
	switch m := m.(type) {
	case *pgproto3.Query:
		return d.query(m.String)
	case *pgproto3.Parse:
		return d.parse(m)
	case *pgproto3.Bind:
		return d.bind(m)
	case *pgproto3.Describe:
		return d.describe(m)
	case *pgproto3.Execute:
		return d.execute(m)
	case *pgproto3.Close:
		return d.close(m)
	case *pgproto3.Flush:
		return d.conn.out.flush()
	case *pgproto3.Sync:
		d.skipping = false
		if d.transaction == idle {
			d.closePortals()
		}
		return d.ready()
	case *pgproto3.CopyData, *pgproto3.CopyDone, *pgproto3.CopyFail:
		return nil // of a COPY that failed before they came
	default:
		return protocolError("The message is not one that can come here.")
	}
}

// ready says that the next statement may come, or that the server stops.
func (d *dialog) ready() error {
	d.conn.out.message(&pgproto3.ReadyForQuery{TxStatus: d.transaction})
	if err := d.conn.out.flush(); err != nil {
		return err
	}
	if d.conn.server.isStopping() {
		return fatal{state("57P01", errStopping)}
	}
	return nil
}

// fatal is an error that ends the connection.
type fatal struct{ error }

// Unwrap returns the error.
func (f fatal) Unwrap() error { return f.error }

func (d *dialog) sendNotices() {
	for _, n := range d.notices {
		d.conn.out.notice("NOTICE", "00000", n)
	}
	d.notices = nil
}

func (d *dialog) closePortals() {
	for name := range d.portals {
		d.closePortal(name)
	}
	for name, c := range d.cursors {
		if !c.held {
			c.close(nil)
			delete(d.cursors, name)
		}
	}
}

func (d *dialog) closePortal(name string) {
	if p := d.portals[name]; p != nil {
		p.close(nil)
		delete(d.portals, name)
	}
}

func (d *dialog) closeAll() {
	gone := error(gwerr.New(gwerr.Canceled, "The client closed its connection.", ""))
	for _, p := range d.portals {
		p.close(gone)
	}
	for _, p := range d.cursors {
		p.close(gone)
	}
}
