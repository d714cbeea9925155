package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

// in compiles membership in a list of constants or in a collection.
//
// Source: OData 4.01 Part 2, section 5.1.1.1.12.
func (c *compiler) in(e *uri.Binary) (term, error) {
	left, err := c.compile(e.Left)
	if err != nil {
		return left, err
	}
	out := term{kind: boolKind, pos: e.Pos()}
	items, ok := c.items(e.Right)
	if !ok {
		return c.inCollection(e, left, out)
	}
	var values []string
	null := false
	for _, item := range items {
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
		case left.kind == nullKind || isNaN(t):
		case !comparable(left.kind, t.kind):
			return out, c.fail(gwerr.TypeMismatch, t.pos, "%s can't be compared with %s.", left.kind.subject(), t.kind)
		default:
			values = append(values, t.sql)
		}
	}
	out.sql = inSQL(left, values, null)
	return out, nil
}

// items are those of a list of constants, in parentheses or as JSON.
func (c *compiler) items(e uri.Expr) ([]uri.Expr, bool) {
	switch l := c.constant(e).(type) {
	case *uri.List:
		return l.Items, true
	case *uri.Array:
		return l.Items, true
	default:
		return nil, false
	}
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
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s can't be an item of %s.", left.kind.subject(), right.kind)
	}
	return out, nil
}
