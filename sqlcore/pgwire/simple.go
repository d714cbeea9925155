package pgwire

import (
	"errors"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// query answers a simple query, which may have several statements. The first
// that fails is the last (section 55.2.2.1).
func (d *dialog) query(text string) error {
	delete(d.statements, "")
	d.closePortal("")
	all, err := split(text)
	if err != nil {
		d.fail(err, text, 0, "")
		return d.ready()
	}
	if len(all) == 0 {
		d.conn.out.message(&pgproto3.EmptyQueryResponse{})
	}
	for _, st := range all {
		if err := d.simple(st); err != nil {
			var told answered
			if !errors.As(err, &told) {
				return err
			}
			break
		}
	}
	if d.transaction == idle {
		d.closePortals()
	}
	return d.ready()
}

// simple runs one statement and sends all of its rows as text.
func (d *dialog) simple(st *statement) error {
	r, err := d.start(st, nil)
	if err != nil {
		return d.tell(st, err)
	}
	out := &d.conn.out
	if r.copy != nil {
		r.copy.begin(out, len(r.columns))
	} else if r.columns != nil {
		describeRows(out, r.columns, nil)
	}
	return d.finish(st, r, func() error {
		if r.columns == nil {
			return nil
		}
		_, err := r.send(out, r.formats(nil), 0)
		return err
	})
}

// finish sends a result with its end.
func (d *dialog) finish(st *statement, r *result, send func() error) error {
	defer r.closeAfterPanic()
	if err := send(); err != nil {
		err = r.reason(err)
		r.close(err)
		return d.tell(st, err)
	}
	if r.copy != nil {
		r.copy.end(&d.conn.out)
	}
	d.sendNotices()
	r.complete(&d.conn.out)
	r.close(nil)
	return nil
}

// formats are those in which the rows are sent, which COPY has its own of.
func (r *result) formats(asked []int16) []int16 {
	if r.copy != nil {
		return []int16{r.copy.format()}
	}
	return asked
}

// tell adds an error of a statement, with its place.
func (d *dialog) tell(st *statement, err error) error {
	if e := d.conn.out.err; e != nil {
		return e
	}
	var f fatal
	if errors.As(err, &f) {
		return err
	}
	d.sendNotices()
	d.fail(err, st.message, st.offset, d.requestID)
	return answered{err}
}

// start begins a statement of any kind.
func (d *dialog) start(st *statement, args []query.Parameter) (*result, error) {
	if d.transaction == aborted && !endsTransaction(st) {
		return nil, state("25P02", gwerr.New(gwerr.BadRequest, "The transaction has failed, so that statements are ignored until its end.", "Send ROLLBACK."))
	}
	if run := utility(st); run != nil {
		return run(d, st, args)
	}
	if prepared := d.executed(st); prepared != nil {
		return d.executePrepared(st, prepared)
	}
	return d.sql(st, args)
}
