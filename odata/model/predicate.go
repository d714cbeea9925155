package model

import (
	"math"
	"strconv"
	"time"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// pushable is a condition that keeps every row that the filter keeps; exact is
// true when it keeps no other.
type pushable struct {
	where predicate.Expr
	exact bool
}

// anything keeps every row: the part of a filter that predicates can't say.
var anything = pushable{where: predicate.True}

func exactly(e predicate.Expr) pushable { return pushable{where: e, exact: true} }

// pushableIn translates a condition to one on the rows of a scope.
func (c *compiler) pushableIn(s *scope, e uri.Expr) pushable {
	around := c.focus
	c.focus = s
	defer func() { c.focus = around }()
	return c.pushable(e, false)
}

// pushable translates a Boolean expression, or its negation, that compile has
// accepted. Negations are moved inwards to the comparisons, so that only the
// rows for which a part is true matter: of those, and and or make supersets
// out of supersets.
func (c *compiler) pushable(e uri.Expr, negated bool) pushable {
	switch e := c.constant(e).(type) {
	case *uri.Literal:
		// The negation of null is null.
		return exactly(predicate.Const{Truth: e.Kind == uri.BoolLiteral && e.Bool() != negated})
	case *uri.Unary:
		if e.Op == uri.Not {
			return c.pushable(e.X, !negated)
		}
	case *uri.PathExpr:
		if col := c.column(e); col != nil && col.Type == catalog.Bool {
			return exactly(predicate.Cmp{Column: col.Name, Op: predicate.Eq, Value: predicate.BoolValue(!negated)})
		}
	case *uri.Call:
		return c.pushMatch(e, negated)
	case *uri.Binary:
		return c.pushBinary(e, negated)
	}
	return anything
}

func (c *compiler) pushBinary(e *uri.Binary, negated bool) pushable {
	switch e.Op {
	case uri.And, uri.Or:
		return c.pushChain(e, negated)
	case uri.Eq, uri.Ne, uri.Lt, uri.Le, uri.Gt, uri.Ge:
		return c.pushCompare(e, negated)
	case uri.In:
		return c.pushIn(e, negated)
	default:
		return anything
	}
}

func (c *compiler) pushChain(e *uri.Binary, negated bool) pushable {
	all := (e.Op == uri.And) != negated
	var parts []predicate.Expr
	exact := true
	for _, o := range operands(e) {
		p := c.pushable(o, negated)
		parts = append(parts, p.where)
		exact = exact && p.exact
	}
	if all {
		return pushable{predicate.AllOf(parts...), exact}
	}
	return pushable{predicate.AnyOf(parts...), exact}
}

var matches = map[string]predicate.MatchKind{
	"startswith": predicate.Prefix, "endswith": predicate.Suffix, "contains": predicate.Contains,
}

func (c *compiler) pushMatch(e *uri.Call, negated bool) pushable {
	kind, ok := matches[e.Method]
	if !ok {
		return anything
	}
	col := c.column(e.Args[0])
	l, isLiteral := c.constant(e.Args[1]).(*uri.Literal)
	if col == nil || col.Type != catalog.String || !isLiteral {
		return anything
	}
	if l.Kind == uri.NullLiteral {
		return exactly(predicate.False)
	}
	var match predicate.Expr = predicate.Match{Column: col.Name, Kind: kind, Text: l.Text}
	if negated {
		match = predicate.Not{Arg: match}
	}
	return exactly(match)
}

// column returns the column of the focus that the expression names, or nil.
func (c *compiler) column(e uri.Expr) *catalog.Column {
	p, ok := c.constant(e).(*uri.PathExpr)
	if !ok {
		return nil
	}
	if v, _ := c.variableOf(p); v != nil && v.scope == nil {
		return nil
	}
	// compile has accepted the path, so this joins nothing new.
	at, err := c.locate(p)
	if err != nil || at.column < 0 || at.scope != c.focus || len(at.rest) > 0 {
		return nil
	}
	if col := &at.scope.table.Columns[at.column]; col.Type != catalog.StringList {
		return col
	}
	return nil
}

// swapped is the operator with its operands exchanged, opposite the one that
// holds when the first doesn't and neither operand is null.
var (
	swapped = map[uri.BinaryOp]uri.BinaryOp{
		uri.Eq: uri.Eq, uri.Ne: uri.Ne, uri.Lt: uri.Gt, uri.Le: uri.Ge, uri.Gt: uri.Lt, uri.Ge: uri.Le,
	}
	opposite = map[uri.BinaryOp]uri.BinaryOp{
		uri.Eq: uri.Ne, uri.Ne: uri.Eq, uri.Lt: uri.Ge, uri.Le: uri.Gt, uri.Gt: uri.Le, uri.Ge: uri.Lt,
	}
	cmpOps = map[uri.BinaryOp]predicate.Op{
		uri.Eq: predicate.Eq, uri.Ne: predicate.Ne, uri.Lt: predicate.Lt, uri.Le: predicate.Le,
		uri.Gt: predicate.Gt, uri.Ge: predicate.Ge,
	}
)

func (c *compiler) pushCompare(e *uri.Binary, negated bool) pushable {
	op, left, right := e.Op, c.constant(e.Left), c.constant(e.Right)
	if b, ok := boolLiteral(right); ok && (op == uri.Eq || op == uri.Ne) && c.column(left) == nil {
		return c.pushTruth(left, (op == uri.Eq) == b, negated || op == uri.Ne)
	}
	col := c.column(left)
	if col == nil {
		col, right, op = c.column(right), left, swapped[op]
	}
	if col == nil || col.Type == catalog.JSON && !isNull(right) {
		return anything
	}
	if isNull(right) {
		return pushNull(col, op, negated)
	}
	value, verdict := c.value(col, right)
	switch verdict {
	case noConstant:
		return anything
	case between:
		return pushBetween(col, op, value, negated)
	case unequal:
		return exactly(predicate.Const{Truth: (op == uri.Ne) != negated})
	case isConstant:
	}
	// Null is unequal to every value, and neither less nor greater.
	null := op == uri.Ne
	if negated {
		op, null = opposite[op], !null
	}
	var cmp predicate.Expr = predicate.Cmp{Column: col.Name, Op: cmpOps[op], Value: value}
	if null {
		cmp = predicate.AnyOf(cmp, predicate.IsNull{Column: col.Name})
	}
	return exactly(cmp)
}

func boolLiteral(e uri.Expr) (value, ok bool) {
	l, isLiteral := e.(*uri.Literal)
	return isLiteral && l.Bool(), isLiteral && l.Kind == uri.BoolLiteral
}

// pushTruth translates `condition eq true` and the like. With ne or under a
// negation the rows with an unknown condition belong to it too, which the
// condition alone can't say.
func (c *compiler) pushTruth(e uri.Expr, want, unknownToo bool) pushable {
	if unknownToo {
		return anything
	}
	return c.pushable(e, !want)
}

func isNull(e uri.Expr) bool {
	l, ok := e.(*uri.Literal)
	return ok && l.Kind == uri.NullLiteral
}

func pushNull(col *catalog.Column, op uri.BinaryOp, negated bool) pushable {
	var e predicate.Expr
	switch op {
	case uri.Lt, uri.Gt:
		return exactly(predicate.Const{Truth: negated})
	case uri.Ne:
		negated = !negated
	default: // eq, le and ge hold for null and null
	}
	e = predicate.IsNull{Column: col.Name}
	if negated {
		e = predicate.Not{Arg: e}
	}
	return exactly(e)
}

// pushBetween compares an instant column, which holds whole milliseconds, with
// a finer constant: it equals none, and is compared with the next millisecond.
func pushBetween(col *catalog.Column, op uri.BinaryOp, v predicate.Value, negated bool) pushable {
	v.Time = predicate.CeilMillis(v.Time)
	var cmp predicate.Op
	switch op {
	case uri.Eq, uri.Ne:
		return exactly(predicate.Const{Truth: (op == uri.Ne) != negated})
	case uri.Lt, uri.Le:
		cmp = predicate.Lt
	default:
		cmp = predicate.Ge
	}
	if !negated {
		return exactly(predicate.Cmp{Column: col.Name, Op: cmp, Value: v})
	}
	cmp = map[predicate.Op]predicate.Op{predicate.Lt: predicate.Ge, predicate.Ge: predicate.Lt}[cmp]
	return exactly(predicate.AnyOf(
		predicate.Cmp{Column: col.Name, Op: cmp, Value: v}, predicate.IsNull{Column: col.Name}))
}

func (c *compiler) pushIn(e *uri.Binary, negated bool) pushable {
	col := c.column(e.Left)
	items, ok := c.items(e.Right)
	if col == nil || !ok || col.Type == catalog.JSON {
		return anything
	}
	var values []predicate.Value
	null := false
	for _, item := range items {
		item = c.constant(item)
		if isNull(item) {
			null = true
			continue
		}
		v, verdict := c.value(col, item)
		switch verdict {
		case noConstant:
			return anything
		case isConstant:
			values = append(values, v)
		case unequal, between: // it equals no value of the column
		}
	}
	return pushList(col, values, null, negated)
}

// pushList is membership in a list of values, and null where the list has it.
func pushList(col *catalog.Column, values []predicate.Value, null, negated bool) pushable {
	isNull := predicate.IsNull{Column: col.Name}
	in := predicate.False
	if len(values) > 0 {
		in = predicate.In{Column: col.Name, Values: values}
	}
	switch {
	case !negated && null:
		return exactly(predicate.AnyOf(in, isNull))
	case !negated:
		return exactly(in)
	case len(values) == 0 && null:
		return exactly(predicate.Not{Arg: isNull})
	case len(values) == 0:
		return exactly(predicate.True)
	case null: // unknown for null, which isn't kept
		return exactly(predicate.Not{Arg: in})
	default:
		return exactly(predicate.AnyOf(predicate.Not{Arg: in}, isNull))
	}
}

// verdict says how a constant meets a column.
type verdict uint8

const (
	noConstant verdict = iota // no constant, or of no use
	isConstant                // a value of the column's type
	unequal                   // equal to no value of the column, and not ordered
	between                   // an instant between two milliseconds
)

// value types a constant by the column that it is compared with.
func (c *compiler) value(col *catalog.Column, e uri.Expr) (predicate.Value, verdict) {
	c.constantsOnly = true
	t, err := c.compile(e)
	c.constantsOnly = false
	if err != nil {
		return predicate.Value{}, noConstant
	}
	k := kinds[col.Type]
	if t, err = c.as(t, k); err != nil {
		return predicate.Value{}, noConstant
	}
	if t.instant != nil && k == instantKind {
		return instantValue(*t.instant)
	}
	l := t.literal
	if l == nil {
		return predicate.Value{}, noConstant
	}
	switch {
	case k == textKind && t.kind == textKind:
		return predicate.StringValue(l.Text), isConstant
	case k == boolKind && t.kind == boolKind:
		return predicate.BoolValue(l.Bool()), isConstant
	case k == guidKind && t.kind == guidKind:
		return predicate.UUIDValue(l.Text), isConstant
	case k.numeric() && t.kind.numeric():
		return numberValue(k, l)
	default:
		return predicate.Value{}, noConstant
	}
}

func instantValue(t time.Time) (predicate.Value, verdict) {
	v := predicate.TimeValue(t)
	if v.Time.Nanosecond()%int(time.Millisecond) != 0 {
		return v, between
	}
	return v, isConstant
}

func numberValue(k kind, l *uri.Literal) (predicate.Value, verdict) {
	if i, err := strconv.ParseInt(l.Text, 10, 64); err == nil {
		if k == intKind {
			return predicate.IntValue(i), isConstant
		}
		return predicate.FloatValue(float64(i)), isConstant
	}
	f, _ := l.Float64()
	switch {
	case math.IsNaN(f):
		return predicate.Value{}, unequal
	case k == intKind && f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return predicate.IntValue(int64(f)), isConstant
	case k == intKind && math.Abs(f) >= 1<<53 && !math.IsInf(f, 0) && math.Abs(f) < 1<<63:
		return predicate.Value{}, noConstant // a float can't tell such integers apart
	default:
		return predicate.FloatValue(f), isConstant
	}
}
