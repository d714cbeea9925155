package model

import (
	"strings"

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
	if x.kind == durationKind {
		return term{sql: "TRY(-" + x.sql + ")", kind: durationKind, nullable: true, pos: e.Offset}, nil
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

// align converts a constant to the type of the operand that it meets.
func (c *compiler) align(a, b term) (term, term, error) {
	a, err := c.as(a, b.kind)
	if err == nil {
		b, err = c.as(b, a.kind)
	}
	return a, b, err
}
