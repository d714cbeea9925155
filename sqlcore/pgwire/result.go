package pgwire

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/cell"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// result is what a statement answers, while its rows are sent.
type result struct {
	// columns are nil where there are no rows to be shown.
	columns []column
	rows    scan.Rows
	// tag names what was done; {n} stands for the number of rows.
	tag string
	// copy is set for rows of COPY … TO STDOUT.
	copy *copyFormat
	// cursor gives the rows of FETCH.
	cursor *cursorRows
	// then is done when the result ends well.
	then func()

	dialog  *dialog
	st      *statement
	work    *work
	request Request
	begun   time.Time
	before  int64 // bytes sent
	notes   func() []string

	batch    scan.Batch
	at       int // the next row of the batch
	encoders []encoder
	count    int64
	ended    bool
}

// done is a result without rows.
func done(tag string) *result { return &result{tag: tag} }

// row is a result of one row of texts.
func row(columns []column, values ...string) *result { return rowsOf("SELECT {n}", columns, values) }

// rowsOf is a result of rows of texts.
func rowsOf(tag string, columns []column, rows ...[]string) *result {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: c.name, Type: arrow.BinaryTypes.String}
	}
	values := make([][]any, len(rows))
	for i, r := range rows {
		for _, v := range r {
			values[i] = append(values[i], v)
		}
	}
	rec, _ := cell.Record(arrow.NewSchema(fields, nil), values) // all are texts
	return &result{columns: columns, tag: tag, rows: scan.RowsOf(rec)}
}

// sql runs a statement of the session.
func (d *dialog) sql(st *statement, args []query.Parameter) (*result, error) {
	if d.settings.readOnly() && st.acts() {
		return nil, gwerr.New(gwerr.ReadOnly, "The transaction is read only.", "SET TRANSACTION READ WRITE, or SET default_transaction_read_only = off for those to come.").At(0)
	}
	r := &result{dialog: d, st: st, begun: d.conn.server.cfg.Now(), before: d.conn.out.sent}
	r.work = d.conn.begin(d.settings.timeout())
	d.requestID = observe.RequestID(r.work.ctx)
	ctx, request, err := d.session.Begin(r.work.ctx, d.schema, st.text)
	if err != nil {
		err = r.work.reason(err)
		r.observe(err)
		r.work.end()
		return nil, err
	}
	r.request, r.work.ctx = request, ctx
	defer r.closeAfterPanic()
	typed, casts := st.withCasts()
	text, source := d.translated(typed)
	answer, err := request.SQL(ctx, query.Statement{SQL: text, Positional: args})
	if err != nil {
		err = r.work.reason(err)
		relocate(err, func(at int) int { return casts.Source(source(at)) })
		r.close(err)
		return nil, err
	}
	r.rows, r.columns, r.notes, r.tag = answer.Rows, columnsOf(st.text, answer.Columns), answer.Notes, "SELECT {n}"
	if c := answer.Changed; c != nil {
		r.tag = tagOf(c)
		d.changed = d.changed || c.Rows > 0
		if returning, _ := st.changes(); !returning {
			r.columns = nil
		}
	}
	return r, nil
}

// translated is a statement in the engine's words: its columns named as PostgreSQL
// does, and what asks about PostgreSQL's catalog written anew. source gives the place
// in the statement of one in the text, or gwerr.NoPosition.
func (d *dialog) translated(sql string) (text string, source func(at int) int) {
	sql, names := sqltext.Apply(sql, pgcatalog.Names(sql))
	s := pgcatalog.Session{Database: d.session.Database(), Schema: d.shown, User: d.params["user"], Setting: d.setting, Process: d.conn.pid}
	text, changed := s.Rewrite(sql)
	return text, func(at int) int {
		if changed {
			return gwerr.NoPosition
		}
		return names.Source(at)
	}
}

// relocate puts an error at its place in another text. One without a place may be that of
// other sessions, too, as when the server stops, and is let alone.
func relocate(err error, source func(at int) int) {
	if e := gwerr.From(err); e.Position >= 0 {
		e.Position = source(e.Position)
	}
}

// nowhere is the place in the client's text of one in a text that it doesn't know.
func nowhere(int) int { return gwerr.NoPosition }

// setting is a parameter as SHOW has it.
func (d *dialog) setting(name string) (value string, ok bool) {
	if strings.EqualFold(name, "search_path") {
		return sqltext.Quote(d.shown), true
	}
	return d.settings.get(name)
}

func tagOf(c *query.Changed) string {
	n := strconv.FormatInt(c.Rows, 10)
	if c.Verb == "INSERT" {
		return "INSERT 0 " + n
	}
	return c.Verb + " " + n
}

// closeAfterPanic is deferred where a defect must not leave the statement open.
func (r *result) closeAfterPanic() {
	if v := recover(); v != nil {
		r.close(gwerr.New(gwerr.Internal, "The statement ended in a defect.", ""))
		panic(v)
	}
}

// close ends the result, once; err is nil for a whole one.
func (r *result) close(err error) {
	if r.ended {
		return
	}
	r.ended = true
	if r.batch.Record != nil {
		r.batch.Record.Release()
		r.batch.Record = nil
	}
	if r.rows != nil {
		r.rows.Close()
	}
	if r.request != nil {
		r.request.End(err)
	}
	r.observe(err)
	if r.work != nil {
		r.work.end()
	}
	if err == nil && r.then != nil {
		r.then()
	}
}

// reason says why a result ended that was ended from outside.
func (r *result) reason(err error) error {
	if r.work == nil {
		return err
	}
	return r.work.reason(err)
}

// observe tells of a statement that the session ran.
func (r *result) observe(err error) {
	if r.work == nil {
		return
	}
	cfg, ctx := &r.dialog.conn.server.cfg, context.WithoutCancel(r.work.ctx)
	e := observe.RequestFinished{
		FrontEnd: FrontEnd, Route: routeOf(r.st.verb()), Status: 200, Duration: cfg.Now().Sub(r.begun),
		Rows: r.count, Bytes: r.dialog.conn.out.sent - r.before,
	}
	if err != nil {
		failed := gwerr.From(err)
		e.Status = failed.Kind().HTTP
		cfg.Sink.Observe(ctx, observe.RequestFailed{FrontEnd: FrontEnd, Code: string(failed.Code), Err: err})
	}
	cfg.Sink.Observe(ctx, e)
}

// routeOf names the kind of statement, of a closed set.
func routeOf(verb string) string {
	switch verb {
	case "insert", "update", "delete", "call", "execute", "copy", "explain":
		return verb
	default:
		return "select"
	}
}

// send sends rows, at most so many unless that is 0. more is true where the
// result may have others.
func (r *result) send(out *writer, formats []int16, most int64) (more bool, err error) {
	if r.cursor != nil {
		return false, r.cursor.send(out, formats, r)
	}
	defer r.closeAfterPanic()
	for n := int64(0); r.rows != nil; {
		if r.batch.Record == nil {
			if err := r.next(formats); errors.Is(err, io.EOF) {
				return false, nil
			} else if err != nil {
				return false, err
			}
		}
		for ; r.at < int(r.batch.Record.NumRows()); r.at++ {
			if most > 0 && n == most {
				return true, nil
			}
			r.writeRow(out)
			n, r.count = n+1, r.count+1
			if len(out.buf) >= flushAt {
				if err := out.flush(); err != nil {
					return false, err
				}
			}
		}
		r.batch.Record.Release()
		r.batch.Record = nil
		if err := out.flush(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// next reads a batch and makes the encoders of its columns.
func (r *result) next(formats []int16) (err error) {
	ctx := context.Background()
	if r.work != nil {
		ctx = r.work.ctx
	}
	if r.batch, err = r.rows.Next(ctx); err != nil {
		return err
	}
	r.at, r.encoders = 0, r.encoders[:0]
	for i, c := range r.columns {
		e, err := encoderOf(c.kind, formatOf(formats, i) == 1, r.batch.Record.Column(i))
		if err != nil {
			return err
		}
		r.encoders = append(r.encoders, e)
	}
	return nil
}

// formatOf is the format of a column: none means text, and one is for all.
func formatOf(formats []int16, i int) int16 {
	switch {
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	default:
		return 0
	}
}

// writeRow adds a DataRow, or a row of COPY.
func (r *result) writeRow(out *writer) {
	if r.copy != nil {
		r.copy.row(out, r)
		return
	}
	at := out.open('D')
	out.buf = append(out.buf, byte(len(r.encoders)>>8), byte(len(r.encoders)))
	for i, e := range r.encoders {
		if r.batch.Record.Column(i).IsNull(r.at) {
			out.buf = append(out.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		out.buf = appendSized(out.buf, e, r.at)
	}
	out.close(at)
}

// complete adds what ends a result that was sent whole.
func (r *result) complete(out *writer) {
	if r.notes != nil {
		for _, n := range r.notes() {
			out.notice("NOTICE", "00000", n)
		}
	}
	out.message(&pgproto3.CommandComplete{CommandTag: []byte(strings.ReplaceAll(r.tag, "{n}", strconv.FormatInt(r.count, 10)))})
}

// describeRows adds a RowDescription, or NoData.
func describeRows(out *writer, columns []column, formats []int16) {
	if len(columns) == 0 {
		out.message(&pgproto3.NoData{})
		return
	}
	m := &pgproto3.RowDescription{Fields: make([]pgproto3.FieldDescription, len(columns))}
	for i, c := range columns {
		m.Fields[i] = pgproto3.FieldDescription{
			Name: []byte(strings.ReplaceAll(c.name, "\x00", "")), DataTypeOID: c.oid, DataTypeSize: c.size, TypeModifier: c.typmod, Format: formatOf(formats, i),
		}
	}
	out.message(m)
}
