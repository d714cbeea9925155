package model

import (
	"math"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
)

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
	case isNaN(a) || isNaN(b):
		out.sql = truth(e.Op == uri.Ne)
		return out, nil
	case a.kind == listKind && b.kind == listKind:
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "Two lists can't be compared.").
			WithHint("Write hassubset, hassubsequence, any, all or $count.")
	case !comparable(a.kind, b.kind):
		return out, c.fail(gwerr.TypeMismatch, e.OpOffset, "%s can't be compared with %s.", a.kind.subject(), b.kind)
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
	default: // those of order, of which the table below has the sign
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
