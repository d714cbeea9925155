package pgwire

import (
	"slices"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/internal/observe"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// portal is a statement with its parameters, and what has been sent of its
// result.
type portal struct {
	st      *statement
	args    []query.Parameter
	formats []int16
	result  *result
	// finished is true when the result was sent whole.
	finished bool
	// held outlives the transaction: DECLARE … WITH HOLD.
	held bool
}

// close ends the portal; err is nil where the client wants no more of it.
func (p *portal) close(err error) {
	if p.result != nil {
		p.result.close(err)
	}
}

// parse prepares a statement (section 55.2.2.2).
func (d *dialog) parse(m *pgproto3.Parse) error {
	all, err := split(m.Query)
	if err != nil {
		return d.placed(m.Query, 0, err)
	}
	if len(all) > 1 {
		return gwerr.New(gwerr.Syntax, "A prepared statement is one statement.", "Prepare them one by one.")
	}
	st := &statement{}
	if len(all) == 1 {
		st = all[0]
	}
	if err := d.keep(m.Name, st, m.ParameterOIDs); err != nil {
		return d.placed(m.Query, st.offset, err)
	}
	d.conn.out.message(&pgproto3.ParseComplete{})
	return nil
}

// placed tells an error with its place in a text.
func (d *dialog) placed(text string, offset int, err error) error {
	d.fail(err, text, offset, d.requestID)
	return answered{err}
}

func (d *dialog) statement(name string) (*statement, error) {
	if st := d.statements[name]; st != nil {
		return st, nil
	}
	return nil, state("26000", gwerr.Newf(gwerr.BadRequest, "No statement named %q is prepared.", name))
}

// bind gives a statement's parameters their values.
func (d *dialog) bind(m *pgproto3.Bind) error {
	st, err := d.statement(m.PreparedStatement)
	if err != nil {
		return err
	}
	if m.DestinationPortal != "" && d.portals[m.DestinationPortal] != nil {
		return state("42P03", gwerr.Newf(gwerr.BadRequest, "A portal named %q is open already.", m.DestinationPortal))
	}
	d.closePortal(m.DestinationPortal)
	if len(m.Parameters) != len(st.oids) {
		return protocolError("The statement has another number of parameters than there are values.")
	}
	if formats := len(m.ParameterFormatCodes); formats > 1 && formats != len(m.Parameters) {
		return protocolError("There is another number of formats than of values.")
	}
	if st.needsTypes(m.Parameters) {
		if err := d.describeStatement(st); err != nil {
			return d.tell(st, err)
		}
	}
	p := &portal{st: st, formats: slices.Clone(m.ResultFormatCodes)}
	for i, raw := range m.Parameters {
		value, err := parameter(st.oids[i], formatOf(m.ParameterFormatCodes, i) == 1, raw)
		if err != nil {
			e := gwerr.From(err)
			e.Target = "$" + itoa(i+1)
			return err
		}
		p.args = append(p.args, value)
	}
	if len(d.portals) >= maxPortals {
		return state("53400", gwerr.Newf(gwerr.LimitExceeded, "More than %d portals are open.", maxPortals).WithHint("Close those that are not needed."))
	}
	d.portals[m.DestinationPortal] = p
	d.conn.out.message(&pgproto3.BindComplete{})
	return nil
}

// maxPortals bounds the portals and the cursors of a session.
const maxPortals = 100

func (d *dialog) portal(name string) (*portal, error) {
	if p := d.portals[name]; p != nil {
		return p, nil
	}
	if c := d.cursors[name]; c != nil { // which is one, whoever declared it
		return c, nil
	}
	return nil, state("34000", gwerr.Newf(gwerr.BadRequest, "There is no portal named %q.", name))
}

// describe answers with the form of a statement or of a portal.
func (d *dialog) describe(m *pgproto3.Describe) error {
	if m.ObjectType == 'S' {
		st, err := d.statement(m.Name)
		if err != nil {
			return err
		}
		if err := d.describeStatement(st); err != nil {
			return d.tell(st, err)
		}
		oids := make([]uint32, len(st.oids))
		for i, oid := range st.oids {
			if oids[i] = oid; oid == 0 || oid == pgtype.UnknownOID {
				oids[i] = pgtype.TextOID
			}
		}
		d.conn.out.message(&pgproto3.ParameterDescription{ParameterOIDs: oids})
		describeRows(&d.conn.out, st.columns, nil)
		return nil
	}
	p, err := d.portal(m.Name)
	if err != nil {
		return err
	}
	columns, err := d.describePortal(p)
	if err != nil {
		return d.tell(p.st, err)
	}
	describeRows(&d.conn.out, columns, p.formats)
	return nil
}

// describeStatement finds the columns of a statement's result, and the types of
// its parameters that nobody has declared.
func (d *dialog) describeStatement(st *statement) (err error) {
	if st.described {
		return nil
	}
	if columns, ok := d.utilityColumns(st); ok {
		st.columns, st.described = columns, true
		return nil
	}
	if d.transaction == aborted {
		_, err := d.start(st, nil)
		return err
	}
	if prepared := d.executed(st); prepared != nil {
		err := d.describeStatement(prepared)
		st.columns = prepared.columns
		return err
	}
	w := d.conn.begin(d.settings.timeout())
	defer w.end()
	d.requestID = observe.RequestID(w.ctx)
	ctx, request, err := d.session.Begin(w.ctx, d.schema, st.text)
	if err != nil {
		return w.reason(err)
	}
	err = gwerr.New(gwerr.Internal, "The statement ended in a defect.", "") // unless another one comes
	defer func() { request.End(err) }()
	if err = infer(ctx, request, d.schema, st); err != nil {
		return w.reason(err)
	}
	typed, nulls := st.withTypes()
	text, source := d.translated(typed)
	columns, err := request.Columns(ctx, query.Statement{SQL: text})
	if err != nil {
		err = w.reason(err)
		relocate(err, source)
		relocate(err, nulls.Source)
		return err
	}
	st.columns, st.described = columnsOf(st.text, columns), true
	return nil
}

// describePortal finds the columns of a portal: of a statement that only reads,
// by starting it.
func (d *dialog) describePortal(p *portal) ([]column, error) {
	if columns, ok := d.utilityColumns(p.st); ok {
		return columns, nil
	}
	if p.st.acts() {
		err := d.describeStatement(p.st)
		return p.st.columns, err
	}
	if err := d.open(p); err != nil {
		return nil, err
	}
	p.result.pause()
	return p.result.columns, nil
}

// open starts a portal that has not begun.
func (d *dialog) open(p *portal) (err error) {
	if p.result != nil {
		return nil
	}
	if p.result, err = d.start(p.st, p.args); err != nil {
		p.finished = true
		return err
	}
	if p.st.described && p.result.copy == nil && !slices.Equal(kinds(p.st.columns), kinds(p.result.columns)) {
		err = state("0A000", gwerr.New(gwerr.BadRequest, "The result's columns are not those that the statement was described with.", "Prepare the statement anew."))
		p.result.close(err)
		p.finished = true
	}
	return err
}

func kinds(columns []column) []uint32 {
	out := make([]uint32, len(columns))
	for i, c := range columns {
		out[i] = c.oid
	}
	return out
}

// execute sends rows of a portal, as many as are asked for.
func (d *dialog) execute(m *pgproto3.Execute) error {
	p, err := d.portal(m.Portal)
	if err != nil {
		return err
	}
	if len(p.st.tokens) == 0 {
		d.conn.out.message(&pgproto3.EmptyQueryResponse{})
		return nil
	}
	if p.finished {
		if p.result == nil || p.result.columns == nil {
			return state("55000", gwerr.New(gwerr.BadRequest, "The portal has run already.", "Bind the statement again."))
		}
		p.result.count = 0
		p.result.complete(&d.conn.out)
		return nil
	}
	if err := d.open(p); err != nil {
		return d.tell(p.st, err)
	}
	return d.fetch(p, int64(m.MaxRows), func() { d.conn.out.message(&pgproto3.PortalSuspended{}) })
}

// fetch sends so many rows of a portal that was opened, or all where that is 0.
// suspended adds what stands behind them where there may be more.
func (d *dialog) fetch(p *portal, most int64, suspended func()) error {
	r, out := p.result, &d.conn.out
	if r.copy != nil {
		r.copy.begin(out, len(r.columns))
	}
	if r.columns != nil {
		if err := r.resume(); err != nil {
			r.close(err)
			p.finished = true
			return d.tell(p.st, err)
		}
		r.count = 0
		more, err := r.send(out, r.formats(p.formats), most)
		if err == nil && more {
			r.pause()
			suspended()
			return nil
		}
		if err != nil {
			p.finished = true
			return d.finish(p.st, r, func() error { return err })
		}
	}
	p.finished = true
	return d.finish(p.st, r, func() error { return nil })
}

// pause lets others work until the client asks for more rows.
func (r *result) pause() {
	if r.work != nil {
		r.work.rest()
		r.request.Pause()
	}
}

func (r *result) resume() error {
	if r.work == nil {
		return nil
	}
	r.work.resume()
	if err := r.request.Resume(r.work.ctx); err != nil {
		return r.work.reason(err)
	}
	return nil
}

// close forgets a statement or a portal.
func (d *dialog) close(m *pgproto3.Close) error {
	if m.ObjectType == 'S' {
		delete(d.statements, m.Name)
	} else {
		d.closePortal(m.Name)
	}
	d.conn.out.message(&pgproto3.CloseComplete{})
	return nil
}
