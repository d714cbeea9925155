package model

import (
	"math"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// arithmetic compiles add, sub, mul, div, divby and mod. Integers are widened,
// and what still overflows, or is divided by a zero in the data, is null.
//
// Source: OData 4.01 Part 2, section 5.1.1.2.
func (c *compiler) arithmetic(e *uri.Binary) (term, error) {
	a, b, err := c.operands(e)
	if err != nil {
		return term{}, err
	}
	out := term{kind: doubleKind, nullable: true, pos: e.Pos()}
	switch {
	case a.kind == nullKind || b.kind == nullKind:
		return null(e.Pos()), nil
	case a.kind.numeric() && b.kind.numeric():
		return c.numbers(e, a, b, out)
	default:
		return c.times(e, a, b, out)
	}
}

// operands compiles both sides. A text behind an instant or a date is a duration
// where it spells one.
func (c *compiler) operands(e *uri.Binary) (a, b term, err error) {
	if a, err = c.compile(e.Left); err != nil {
		return a, b, err
	}
	if b, err = c.compile(e.Right); err != nil {
		return a, b, err
	}
	if (a.kind == instantKind || a.kind == dateKind) && b.kind == textKind && b.literal != nil {
		if d, err := c.as(b, durationKind); err == nil {
			return a, d, nil
		}
	}
	return c.align(a, b)
}

var arithmeticOperators = map[uri.BinaryOp]string{
	uri.Add: "+", uri.Sub: "-", uri.Mul: "*", uri.Div: "/", uri.DivBy: "/", uri.Mod: "%",
}

func (c *compiler) numbers(e *uri.Binary, a, b, out term) (term, error) {
	op := arithmeticOperators[e.Op]
	if division := e.Op == uri.Div || e.Op == uri.DivBy || e.Op == uri.Mod; division && isZero(b) && a.kind != doubleKind {
		return out, c.fail(gwerr.BadRequest, e.OpOffset, "The divisor is zero.")
	}
	switch {
	case a.kind == intKind && b.kind == intKind && e.Op != uri.DivBy:
		out.kind = intKind
		if e.Op == uri.Div {
			op = "//"
		}
		out.sql = "TRY(CAST(" + a.sql + " AS HUGEINT) " + op + " CAST(" + b.sql + " AS HUGEINT))"
	case a.kind != doubleKind && b.kind != doubleKind && (e.Op == uri.Add || e.Op == uri.Sub):
		out.kind = decimalKind
		out.sql = "TRY(" + a.sql + " " + op + " " + b.sql + ")"
	default:
		out.sql = "TRY(CAST(" + a.sql + " AS DOUBLE) " + op + " CAST(" + b.sql + " AS DOUBLE))"
		out.nan = true
	}
	return out, nil
}

func isZero(t term) bool {
	if t.literal == nil || t.kind == doubleKind {
		return false
	}
	f, ok := t.literal.Float64()
	return ok && f == 0
}

// times compiles the arithmetic of dates, instants and durations. What is out of their
// range is null.
func (c *compiler) times(e *uri.Binary, a, b, out term) (term, error) {
	op := arithmeticOperators[e.Op]
	additive := e.Op == uri.Add || e.Op == uri.Sub
	sql := "TRY(" + a.sql + " " + op + " " + b.sql + ")"
	switch {
	case additive && a.kind == instantKind && b.kind == durationKind:
		out.sql, out.kind = sql, instantKind
		c.fold(e.Op, a, b, &out)
	case e.Op == uri.Add && a.kind == durationKind && b.kind == instantKind:
		out.sql, out.kind = sql, instantKind
		c.fold(e.Op, b, a, &out)
	case additive && a.kind == dateKind && b.kind == durationKind:
		out.sql, out.kind = "CAST("+sql+" AS DATE)", dateKind
	case e.Op == uri.Sub && a.kind == instantKind && b.kind == instantKind:
		out.sql, out.kind = sql, durationKind
	case e.Op == uri.Sub && a.kind == dateKind && b.kind == dateKind:
		out.sql, out.kind = "to_days(TRY_CAST("+sql+" AS INTEGER))", durationKind
	case additive && a.kind == durationKind && b.kind == durationKind:
		out.sql, out.kind = sql, durationKind
	case e.Op == uri.Mul && a.kind.numeric() && b.kind == durationKind:
		return c.scaled(e, b, a, out)
	case (e.Op == uri.Mul || e.Op == uri.Div || e.Op == uri.DivBy) && a.kind == durationKind && b.kind.numeric():
		return c.scaled(e, a, b, out)
	default:
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s does not take %s and %s.", e.Op, a.kind, b.kind)
	}
	return out, nil
}

// scaled multiplies a duration by a number, or divides it. What is too large is
// null, as elsewhere.
func (c *compiler) scaled(e *uri.Binary, duration, by, out term) (term, error) {
	if e.Op != uri.Mul && isZero(by) {
		return out, c.fail(gwerr.BadRequest, e.OpOffset, "The divisor is zero.")
	}
	out.sql, out.kind = "TRY("+duration.sql+" "+arithmeticOperators[e.Op]+" CAST("+by.sql+" AS DOUBLE))", durationKind
	if duration.literal == nil || by.literal == nil {
		return out, nil
	}
	d, known := duration.literal.Duration()
	f, constant := by.literal.Float64()
	if e.Op != uri.Mul {
		f = 1 / f
	}
	if seconds := d.Seconds() * f; known && constant && math.Abs(seconds) < 1e9 {
		sign := ""
		if seconds < 0 {
			sign = "-"
		}
		out.literal = &uri.Literal{Offset: e.Pos(), Kind: uri.DurationLiteral, Text: sign + "PT" + strconv.FormatFloat(math.Abs(seconds), 'f', 6, 64) + "S"}
		if d, known = out.literal.Duration(); known {
			out.sql, out.nullable = durationLiteral(d), false
		}
	}
	return out, nil
}

// fold computes a constant instant, so that data sources can take part in
// `CreatedAt ge now() sub duration'P7D'`.
func (c *compiler) fold(op uri.BinaryOp, instant, duration term, out *term) {
	if instant.instant == nil || duration.literal == nil {
		return
	}
	d, ok := duration.literal.Duration()
	if !ok {
		return
	}
	if op == uri.Sub {
		d = -d
	}
	at := instant.instant.Add(d)
	out.instant, out.sql, out.nullable = &at, instantLiteral(at), false
}

// nowTerm is the instant of the request, the same in all of its pages.
func (c *compiler) nowTerm(pos int) term {
	at := c.now.UTC().Truncate(time.Microsecond)
	return term{sql: instantLiteral(at), kind: instantKind, instant: &at, pos: pos}
}
