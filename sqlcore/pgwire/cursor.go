package pgwire

import (
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// declare opens a cursor: DECLARE name [options] CURSOR [WITH HOLD] FOR query.
// Rows are read forward only.
func declare(d *dialog, st *statement, args []query.Parameter) (*result, error) {
	name, at, held := st.name(1), 0, false
	for i, t := range st.tokens {
		switch {
		case i < 2:
		case t.Is("scroll") && !st.tokens[i-1].Is("no"):
			return nil, gwerr.New(gwerr.NotImplemented, "Cursors go forward only.", "Leave SCROLL out.").At(t.Start)
		case t.Is("hold") && st.tokens[i-1].Is("with"):
			held = true
		case t.Is("for"):
			at = i + 1
		}
		if at > 0 {
			break
		}
	}
	switch {
	case name == "" || at == 0 || at >= len(st.tokens) || !st.has("cursor"):
		return nil, st.wrong(1, "DECLARE needs a name, CURSOR FOR and a query.")
	case d.cursors[name] != nil:
		return nil, state("42P03", gwerr.Newf(gwerr.BadRequest, "A cursor named %q is open already.", name))
	case d.transaction == idle && !held:
		return nil, state("25P01", gwerr.New(gwerr.BadRequest, "Cursors are open until the end of their transaction, and there is none.", "Send BEGIN first, or declare the cursor WITH HOLD."))
	case len(d.cursors) >= maxPortals:
		return nil, state("53400", gwerr.Newf(gwerr.LimitExceeded, "More than %d cursors are open.", maxPortals).WithHint("Close those that are not needed."))
	}
	inner := st.part(at, len(st.tokens))
	if _, changes := inner.changes(); changes || utility(inner) != nil {
		return nil, gwerr.New(gwerr.NotImplemented, "A cursor reads what a query gives.", "Use SELECT, WITH, VALUES or FROM.").At(inner.offset - st.offset)
	}
	p := &portal{st: inner, args: args, held: held}
	if err := d.open(p); err != nil {
		return nil, moved(err, inner.offset-st.offset)
	}
	p.result.pause()
	d.cursors[name] = p
	return done("DECLARE CURSOR"), nil
}

// cursorName is the name behind FETCH, which stands last.
func cursorName(st *statement) string { return st.name(len(st.tokens) - 1) }

// fetch gives the next rows of a cursor: FETCH [n | ALL | NEXT | FORWARD n]
// [FROM | IN] name. MOVE passes over them.
func fetch(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	if len(st.tokens) < 2 {
		return nil, st.wrong(1, "FETCH needs the name of a cursor.")
	}
	most, err := fetched(st)
	if err != nil {
		return nil, err
	}
	c := d.cursors[cursorName(st)]
	if c == nil {
		return nil, state("34000", gwerr.Newf(gwerr.BadRequest, "There is no cursor named %q.", cursorName(st)))
	}
	r := &result{columns: c.result.columns, tag: strings.ToUpper(st.verb()) + " {n}", cursor: &cursorRows{c, most}}
	if st.is("move") {
		if err := r.cursor.send(&writer{to: io.Discard}, nil, r); err != nil {
			return nil, err
		}
		r.columns, r.cursor = nil, nil
	}
	return r, nil
}

// fetched reads how many rows are wanted; 0 is all.
func fetched(st *statement) (int64, error) {
	words := st.tokens[1 : len(st.tokens)-1]
	if n := len(words); n > 0 && (words[n-1].Is("from") || words[n-1].Is("in")) {
		words = words[:n-1]
	}
	if len(words) > 0 && words[0].Is("forward") {
		words = words[1:]
	}
	switch {
	case len(words) == 0, len(words) == 1 && words[0].Is("next"):
		return 1, nil
	case len(words) == 1 && words[0].Is("all"):
		return 0, nil
	case len(words) == 1 && words[0].Kind == sqltext.Number:
		n, err := strconv.ParseInt(words[0].Text, 10, 64)
		if err == nil && n > 0 && n < math.MaxInt32 {
			return n, nil
		}
	}
	return 0, gwerr.New(gwerr.NotImplemented, "Cursors go forward only, by a number of rows from 1 on.", "Use FETCH n FROM name, or FETCH ALL FROM name.").At(st.tokens[1].Start)
}

// cursorRows is a FETCH of a cursor.
type cursorRows struct {
	cursor *portal
	most   int64
}

// send sends the rows of a FETCH, and counts them in the FETCH's result.
func (c *cursorRows) send(out *writer, formats []int16, to *result) error {
	r := c.cursor.result
	if c.cursor.finished {
		return nil
	}
	if err := r.resume(); err != nil {
		c.finish(err)
		return err
	}
	before := r.count
	more, err := r.send(out, formats, c.most)
	to.count = r.count - before
	switch {
	case err != nil:
		err = r.reason(err)
		c.finish(err)
	case !more:
		c.finish(nil)
	default:
		r.pause()
	}
	return err
}

func (c *cursorRows) finish(err error) {
	c.cursor.finished = true
	c.cursor.result.close(err)
}

func closeCursor(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	name := st.name(1)
	if name == "all" && st.tokens[1].Kind == sqltext.Word {
		for n, c := range d.cursors {
			c.close(nil)
			delete(d.cursors, n)
		}
		return done("CLOSE CURSOR ALL"), nil
	}
	c := d.cursors[name]
	if c == nil {
		return nil, state("34000", gwerr.Newf(gwerr.BadRequest, "There is no cursor named %q.", name))
	}
	c.close(nil)
	delete(d.cursors, name)
	return done("CLOSE CURSOR"), nil
}

// parameter adds a ParameterStatus.
func (w *writer) parameter(name, value string) {
	w.message(&pgproto3.ParameterStatus{Name: name, Value: value})
}
