package pgwire

import (
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// keep takes a prepared statement under a name.
func (d *dialog) keep(name string, st *statement, oids []uint32) error {
	switch {
	case name != "" && d.statements[name] != nil:
		return state("42P05", gwerr.Newf(gwerr.BadRequest, "A statement named %q is prepared already.", name))
	case len(d.statements) >= d.conn.server.cfg.Statements:
		return state("53400", gwerr.Newf(gwerr.LimitExceeded, "More than %d statements are prepared.", d.conn.server.cfg.Statements).WithHint("Close those that are not needed."))
	}
	if err := st.declare(oids); err != nil {
		return err
	}
	d.statements[name] = st
	return nil
}

// prepare is PREPARE name [(types)] AS statement. What Parse prepares is found
// by EXECUTE, and the other way round, as in PostgreSQL.
func prepare(d *dialog, st *statement, _ []query.Parameter) (*result, error) {
	name, as := st.name(1), 2
	var oids []uint32
	if as < len(st.tokens) && st.tokens[as].Is("(") {
		for as++; as < len(st.tokens) && st.tokens[as].Depth > 0; as++ {
			if before := st.tokens[as-1]; before.Is("(") && before.Depth == 0 || before.Is(",") && before.Depth == 1 {
				oids = append(oids, st.castAt(as))
			}
		}
		as++
	}
	if name == "" || as+1 >= len(st.tokens) || !st.tokens[as].Is("as") {
		return nil, st.wrong(min(as, len(st.tokens)), "PREPARE needs a name, AS and a statement.")
	}
	inner := st.part(as+1, len(st.tokens))
	if err := d.keep(name, inner, oids); err != nil {
		return nil, moved(err, inner.offset-st.offset)
	}
	return done("PREPARE"), nil
}

// executed is the prepared statement that EXECUTE names; nil for another
// statement, and for the name of a procedure.
func (d *dialog) executed(st *statement) *statement {
	if !st.is("execute") {
		return nil
	}
	return d.statements[st.name(1)]
}

// executePrepared starts a prepared statement with the values of EXECUTE.
func (d *dialog) executePrepared(st, prepared *statement) (*result, error) {
	var r *result
	values, err := constants(st, prepared)
	if err != nil {
		return nil, err
	}
	if r, err = d.start(prepared, values); err != nil {
		relocate(err, nowhere) // it is in the other text
	}
	return r, err
}

// constants reads the values of EXECUTE name (…).
func constants(st, prepared *statement) ([]query.Parameter, error) {
	var values []query.Parameter
	for from := 3; from < len(st.tokens) && st.tokens[2].Is("("); {
		to := from
		for to < len(st.tokens) && st.tokens[to].Depth > 0 && (st.tokens[to].Depth > 1 || !st.tokens[to].Is(",")) {
			to++
		}
		if to == from {
			break
		}
		oid := uint32(0)
		if len(values) < len(prepared.oids) {
			oid = prepared.oids[len(values)]
		}
		v, err := constant(st, from, to, oid)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		from = to + 1
	}
	if len(values) != len(prepared.oids) {
		return nil, state("42601", gwerr.Newf(gwerr.BadParameter, "The statement %q has %d parameters, and %d values are given.", st.name(1), len(prepared.oids), len(values)))
	}
	return values, nil
}

// constant reads a value: a text, a number, true, false or null, perhaps with
// its type.
func constant(st *statement, from, to int, oid uint32) (query.Parameter, error) {
	if to-from > 2 && st.tokens[from+1].Is("::") {
		oid, to = st.castAt(from+2), from+1
	}
	sign := ""
	if to-from == 2 && st.tokens[from].Is("-") {
		sign, from = "-", from+1
	}
	t := st.tokens[from]
	if to-from == 1 {
		switch {
		case t.Kind == sqltext.String && sign == "":
			return parameter(oid, false, []byte(unescaped(t.Text)))
		case t.Is("null"):
			return query.Parameter{Null: true}, nil
		case t.Is("true"), t.Is("false"):
			return parameter(pgtype.BoolOID, false, []byte(strings.ToLower(t.Text)))
		case t.Kind == sqltext.Number:
			if oid == 0 || oid == pgtype.UnknownOID {
				oid = numberType(t.Text)
			}
			return parameter(oid, false, []byte(sign+t.Text))
		}
	}
	return query.Parameter{}, gwerr.New(gwerr.NotImplemented, "The values of EXECUTE are constants.", "Write a text, a number, true, false or NULL.").At(t.Start)
}

func numberType(text string) uint32 {
	if strings.ContainsAny(text, ".eE") {
		return pgtype.Float8OID
	}
	return pgtype.Int8OID
}
