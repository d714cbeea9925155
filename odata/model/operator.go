package model

import (
	"math"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

func (c *compiler) unary(e *uri.Unary) (term, error) {
	if e.Op == uri.Not {
		sql, err := c.condition(e.X)
		return term{sql: "(NOT " + sql + ")", kind: boolKind, nullable: true, pos: e.Offset}, err
	}
	x, err := c.compile(e.X)
	if err != nil || x.kind == nullKind {
		return x, err
	}
	if !x.kind.numeric() && x.kind != durationKind {
		return term{}, c.fail(gwerr.TypeMismatch, e.Offset, "A minus needs a number, and this is %s.", x.kind)
	}
	if x.kind == intKind {
		return term{sql: "(-CAST(" + x.sql + " AS HUGEINT))", kind: intKind, nullable: x.nullable, pos: e.Offset}, nil
	}
	return term{sql: "(-" + x.sql + ")", kind: x.kind, nullable: x.nullable, nan: x.nan, pos: e.Offset}, nil
}

func (c *compiler) binary(e *uri.Binary) (term, error) {
	switch e.Op {
	case uri.And, uri.Or:
		return c.chain(e)
	case uri.Eq, uri.Ne, uri.Lt, uri.Le, uri.Gt, uri.Ge:
		return c.compare(e)
	case uri.In:
		return c.in(e)
	case uri.Has:
		return term{}, c.unsupported(e.OpOffset, "has: no property is an enumeration")
	default:
		return c.arithmetic(e)
	}
}

// chain compiles a chain of one of and, or in one go, however long it is.
func (c *compiler) chain(e *uri.Binary) (term, error) {
	word := map[uri.BinaryOp]string{uri.And: " AND ", uri.Or: " OR "}[e.Op]
	operands := operands(e)
	parts := make([]string, len(operands))
	for i, o := range operands {
		var err error
		if parts[i], err = c.condition(o); err != nil {
			return term{}, err
		}
	}
	return term{sql: "(" + strings.Join(parts, word) + ")", kind: boolKind, nullable: true, pos: e.Pos()}, nil
}

// operands returns the operands of a chain of one operator, left to right.
func operands(e *uri.Binary) []uri.Expr {
	var reversed []uri.Expr
	var left uri.Expr = e
	for {
		b, ok := left.(*uri.Binary)
		if !ok || b.Op != e.Op {
			break
		}
		reversed = append(reversed, b.Right)
		left = b.Left
	}
	out := append(make([]uri.Expr, 0, len(reversed)+1), left)
	for i := len(reversed) - 1; i >= 0; i-- {
		out = append(out, reversed[i])
	}
	return out
}

// pair compiles both operands and brings constants to the other's type.
func (c *compiler) pair(left, right uri.Expr) (a, b term, err error) {
	if a, err = c.compile(left); err != nil {
		return a, b, err
	}
	if b, err = c.compile(right); err != nil {
		return a, b, err
	}
	return c.align(a, b)
}

// align converts a constant to the type of the operand that it meets. A text
// that is no guid stays a text: it equals none.
func (c *compiler) align(a, b term) (term, term, error) {
	var err error
	if !noGUID(a, b) {
		a, err = c.as(a, b.kind)
	}
	if err == nil && !noGUID(b, a) {
		b, err = c.as(b, a.kind)
	}
	return a, b, err
}

// noGUID tells whether t is a text constant that is compared with a guid and
// isn't one.
func noGUID(t, other term) bool {
	if t.literal == nil || t.kind != textKind || other.kind != guidKind {
		return false
	}
	_, ok := retype(t.literal, guidKind)
	return !ok
}

var sqlOperators = map[uri.BinaryOp]string{uri.Lt: "<", uri.Le: "<=", uri.Gt: ">", uri.Ge: ">="}

// compare compiles a comparison. Equality knows null; an order with null is
// false, but null is at least and at most null.
//
// Source: OData 4.01 Part 2, sections 5.1.1.1.1 to 5.1.1.1.6.
func (c *compiler) compare(e *uri.Binary) (term, error) {
	a, b, err := c.pair(e.Left, e.Right)
	if err != nil {
		return term{}, err
	}
	out := term{kind: boolKind, pos: e.Pos()}
	equality := e.Op == uri.Eq || e.Op == uri.Ne
	switch {
	case a.kind == nullKind || b.kind == nullKind:
		out.sql = compareNull(e.Op, a, b)
		return out, nil
	case equality && (noGUID(a, b) || noGUID(b, a)):
		out.sql = truth(e.Op == uri.Ne)
		return out, nil
	case isNaN(a) || isNaN(b):
		out.sql = truth(e.Op == uri.Ne)
		return out, nil
	case !comparable(a.kind, b.kind):
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s can't be compared with %s.", a.kind, b.kind)
	case !equality && a.kind == boolKind:
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "Edm.Boolean has no order; compare with eq or ne.")
	}
	if a.kind == dateKind && b.kind == instantKind {
		a.sql = instantOfDate(a.sql)
	} else if b.kind == dateKind && a.kind == instantKind {
		b.sql = instantOfDate(b.sql)
	}
	out.sql = withoutNaN(e.Op, a, b, compareSQL(e.Op, a, b))
	return out, nil
}

// withoutNaN makes NaN unequal to everything, and neither less nor greater.
func withoutNaN(op uri.BinaryOp, a, b term, sql string) string {
	var tests []string
	for _, t := range []term{a, b} {
		if t.nan {
			tests = append(tests, "isnan("+t.sql+")")
		}
	}
	switch {
	case len(tests) == 0:
		return sql
	case op == uri.Ne:
		return "(COALESCE(" + strings.Join(tests, " OR ") + ", FALSE) OR " + sql + ")"
	default:
		return "(NOT COALESCE(" + strings.Join(tests, " OR ") + ", FALSE) AND " + sql + ")"
	}
}

func instantOfDate(sql string) string { return "CAST(CAST(" + sql + " AS TIMESTAMP) AS TIMESTAMPTZ)" }

func compareSQL(op uri.BinaryOp, a, b term) string {
	nullable := a.nullable || b.nullable
	switch op {
	case uri.Eq:
		if nullable {
			return "(" + a.sql + " IS NOT DISTINCT FROM " + b.sql + ")"
		}
		return "(" + a.sql + " = " + b.sql + ")"
	case uri.Ne:
		if nullable {
			return "(" + a.sql + " IS DISTINCT FROM " + b.sql + ")"
		}
		return "(" + a.sql + " <> " + b.sql + ")"
	}
	sql := a.sql + " " + sqlOperators[op] + " " + b.sql
	if !nullable {
		return "(" + sql + ")"
	}
	sql = "COALESCE(" + sql + ", FALSE)"
	if (op == uri.Ge || op == uri.Le) && a.nullable && b.nullable {
		sql = "(" + sql + " OR " + a.sql + " IS NOT DISTINCT FROM " + b.sql + ")"
	}
	return sql
}

// compareNull compiles a comparison with the constant null.
func compareNull(op uri.BinaryOp, a, b term) string {
	other := a
	if a.kind == nullKind {
		other = b
	}
	switch {
	case op == uri.Lt || op == uri.Gt:
		return "FALSE"
	case other.kind == nullKind:
		return truth(op != uri.Ne)
	case other.kind == listKind: // a collection is never null
		return truth(op == uri.Ne)
	case op == uri.Ne:
		return "(" + other.sql + " IS NOT NULL)"
	default:
		return "(" + other.sql + " IS NULL)"
	}
}

func truth(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func isNaN(t term) bool {
	if t.literal == nil || t.kind != doubleKind {
		return false
	}
	f, _ := t.literal.Float64()
	return math.IsNaN(f)
}

func comparable(a, b kind) bool {
	switch {
	case a.numeric() && b.numeric():
		return true
	case a == listKind:
		return false
	case a == dateKind && b == instantKind || a == instantKind && b == dateKind:
		return true
	default:
		return a == b
	}
}

// arithmetic compiles add, sub, mul, div, divby and mod. Integers are widened,
// and what still overflows, or is divided by a zero in the data, is null.
//
// Source: OData 4.01 Part 2, section 5.1.1.2.
func (c *compiler) arithmetic(e *uri.Binary) (term, error) {
	a, b, err := c.pair(e.Left, e.Right)
	if err != nil {
		return term{}, err
	}
	out := term{kind: doubleKind, nullable: true, pos: e.Pos()}
	switch {
	case a.kind == nullKind || b.kind == nullKind:
		return term{sql: "NULL", kind: nullKind, nullable: true, pos: e.Pos()}, nil
	case a.kind.numeric() && b.kind.numeric():
		return c.numbers(e, a, b, out)
	default:
		return c.times(e, a, b, out)
	}
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

// times compiles the arithmetic of dates, instants and durations.
func (c *compiler) times(e *uri.Binary, a, b, out term) (term, error) {
	op := arithmeticOperators[e.Op]
	additive := e.Op == uri.Add || e.Op == uri.Sub
	sql := "(" + a.sql + " " + op + " " + b.sql + ")"
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
		out.sql, out.kind = "to_days(CAST("+sql+" AS INTEGER))", durationKind
	case additive && a.kind == durationKind && b.kind == durationKind:
		out.sql, out.kind = sql, durationKind
	default:
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s does not take %s and %s.", e.Op, a.kind, b.kind)
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

// in compiles membership in a list of constants or in a collection.
//
// Source: OData 4.01 Part 2, section 5.1.1.1.12.
func (c *compiler) in(e *uri.Binary) (term, error) {
	left, err := c.compile(e.Left)
	if err != nil {
		return left, err
	}
	out := term{kind: boolKind, pos: e.Pos()}
	list, ok := c.constant(e.Right).(*uri.List)
	if !ok {
		if a, isArray := c.constant(e.Right).(*uri.Array); isArray {
			list, ok = &uri.List{Offset: a.Offset, Items: a.Items}, true
		}
	}
	if !ok {
		return c.inCollection(e, left, out)
	}
	var values []string
	null := false
	for _, item := range list.Items {
		t, err := c.compile(c.constant(item))
		if err != nil {
			return out, err
		}
		if left, t, err = c.align(left, t); err != nil {
			return out, err
		}
		switch {
		case t.kind == nullKind:
			null = true
		case left.kind == nullKind || noGUID(t, left) || isNaN(t):
		case !comparable(left.kind, t.kind):
			return out, c.fail(gwerr.TypeMismatch, t.pos, "%s can't be compared with %s.", left.kind, t.kind)
		default:
			values = append(values, t.sql)
		}
	}
	out.sql = inSQL(left, values, null)
	return out, nil
}

func inSQL(left term, values []string, null bool) string {
	if left.kind == nullKind {
		return truth(null)
	}
	sql := "FALSE"
	if len(values) > 0 {
		sql = left.sql + " IN (" + strings.Join(values, ", ") + ")"
		if left.nullable {
			sql = "COALESCE(" + sql + ", FALSE)"
		} else {
			sql = "(" + sql + ")"
		}
	}
	if null && left.nullable {
		return "(" + sql + " OR " + left.sql + " IS NULL)"
	}
	return sql
}

func (c *compiler) inCollection(e *uri.Binary, left, out term) (term, error) {
	right, err := c.compile(e.Right)
	if err != nil {
		return out, err
	}
	if right.kind != listKind {
		return out, c.fail(gwerr.TypeMismatch, e.Right.Pos(), "To the right of in must stand a list or a collection, and this is %s.", right.kind)
	}
	switch left.kind {
	case nullKind:
		out.sql = "FALSE"
	case textKind:
		out.sql = "COALESCE(list_contains(" + right.sql + ", " + left.sql + "), FALSE)"
	default:
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s can't be an item of %s.", left.kind, right.kind)
	}
	return out, nil
}

// nowTerm is the instant of the request, the same in all of its pages.
func (c *compiler) nowTerm(pos int) term {
	at := c.now.UTC().Truncate(time.Microsecond)
	return term{sql: instantLiteral(at), kind: instantKind, instant: &at, pos: pos}
}
