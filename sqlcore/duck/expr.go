//go:build duckdb_arrow

package duck

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// resolver gives the column that a reference of an expression means, or nil.
type resolver func(index int) *catalog.Column

// translator turns the engine's conditions into predicates. A condition is
// translated exactly or not at all.
type translator struct {
	column resolver
	notes  *[]string
}

// keeps translates a condition where only its truth counts: false and unknown
// both drop the row.
func (t translator) keeps(e *planExpr, depth int) (predicate.Expr, bool) {
	return t.expr(e, false, depth)
}

// expr translates a condition. Under exact, unknown must stay unknown, since a
// negation above would tell it from false.
func (t translator) expr(e *planExpr, exact bool, depth int) (predicate.Expr, bool) {
	if e == nil || depth > maxPlanDepth {
		return nil, false
	}
	switch e.Class {
	case "BOUND_REF":
		if c := t.ref(e); c != nil && c.Type == catalog.Bool {
			return predicate.Cmp{Column: c.Name, Op: predicate.Eq, Value: predicate.BoolValue(true)}, true
		}
	case "BOUND_CONSTANT":
		var b bool
		if e.Value != nil && !e.Value.IsNull && e.Value.Type.ID == "BOOLEAN" && boolOf(e.Value.Value, &b) {
			return predicate.Const{Truth: b}, true
		}
	case "BOUND_CONJUNCTION":
		return t.conjunction(e, exact, depth)
	case "BOUND_COMPARISON":
		return t.comparison(e, exact)
	case "BOUND_OPERATOR":
		return t.operator(e, depth)
	case "BOUND_FUNCTION":
		return t.function(e)
	case "BOUND_BETWEEN":
		return t.between(e)
	}
	return nil, false
}

func (t translator) ref(e *planExpr) *catalog.Column {
	if e == nil || e.Class != "BOUND_REF" {
		return nil
	}
	i, err := index(e.Index)
	if err != nil {
		return nil
	}
	return t.column(i)
}

func (t translator) conjunction(e *planExpr, exact bool, depth int) (predicate.Expr, bool) {
	args := make([]predicate.Expr, len(e.Children))
	for i, c := range e.Children {
		var ok bool
		if args[i], ok = t.expr(c, exact, depth+1); !ok {
			return nil, false
		}
	}
	switch e.Type {
	case "CONJUNCTION_AND":
		return predicate.AllOf(args...), true
	case "CONJUNCTION_OR":
		return anyOf(args), true
	}
	return nil, false
}

// anyOf is AnyOf, with equalities on one column as IN.
func anyOf(args []predicate.Expr) predicate.Expr {
	e := predicate.AnyOf(args...)
	or, ok := e.(predicate.Or)
	if !ok {
		return e
	}
	column, values := "", []predicate.Value(nil)
	for _, a := range or.Args {
		var name string
		switch a := a.(type) {
		case predicate.Cmp:
			if a.Op != predicate.Eq {
				return e
			}
			name, values = a.Column, append(values, a.Value)
		case predicate.In:
			name, values = a.Column, append(values, a.Values...)
		default:
			return e
		}
		if column != "" && name != column {
			return e
		}
		column = name
	}
	return predicate.In{Column: column, Values: values}
}

var comparisons = map[string]predicate.Op{
	"COMPARE_EQUAL": predicate.Eq, "COMPARE_NOTEQUAL": predicate.Ne,
	"COMPARE_LESSTHAN": predicate.Lt, "COMPARE_LESSTHANOREQUALTO": predicate.Le,
	"COMPARE_GREATERTHAN": predicate.Gt, "COMPARE_GREATERTHANOREQUALTO": predicate.Ge,
}

var mirrored = map[predicate.Op]predicate.Op{
	predicate.Eq: predicate.Eq, predicate.Ne: predicate.Ne, predicate.Lt: predicate.Gt,
	predicate.Le: predicate.Ge, predicate.Gt: predicate.Lt, predicate.Ge: predicate.Le,
}

func (t translator) comparison(e *planExpr, exact bool) (predicate.Expr, bool) {
	left, right := e.Left, e.Right
	swapped := left != nil && (left.Class == "BOUND_CONSTANT" || left.Class == "BOUND_PARAMETER")
	if swapped {
		left, right = right, left
	}
	if p, ok := t.widened(e.Type, left, right, swapped); ok {
		return p, true
	}
	c := t.ref(left)
	if c == nil || right == nil {
		return nil, false
	}
	if right.Class == "BOUND_CAST" && !exact {
		return t.badUUID(c, e.Type, right)
	}
	v, ok := operand(right, c.Type)
	if !ok {
		return nil, false
	}
	isNull := predicate.IsNull{Column: c.Name}
	switch e.Type {
	case "COMPARE_NOT_DISTINCT_FROM":
		eq := predicate.Cmp{Column: c.Name, Op: predicate.Eq, Value: v}
		if exact {
			return predicate.AllOf(predicate.Not{Arg: isNull}, eq), true
		}
		return eq, true
	case "COMPARE_DISTINCT_FROM":
		return predicate.AnyOf(isNull, predicate.Cmp{Column: c.Name, Op: predicate.Ne, Value: v}), true
	}
	op, ok := comparisons[e.Type]
	if !ok {
		return nil, false
	}
	if swapped {
		op = mirrored[op]
	}
	return predicate.Cmp{Column: c.Name, Op: op, Value: v}, true
}

// badUUID recognises an id compared with a text that is not a UUID: no row has
// it, so that nothing needs to be read.
func (t translator) badUUID(c *catalog.Column, comparison string, cast *planExpr) (predicate.Expr, bool) {
	in := cast.Child
	if c.Type != catalog.GUID || comparison != "COMPARE_EQUAL" || cast.ReturnType.ID != "UUID" ||
		in == nil || in.Class != "BOUND_CONSTANT" {
		return nil, false
	}
	v, ok := constant(in.Value, catalog.String)
	if !ok {
		return nil, false
	}
	if _, err := uuid.Parse(v.Str); err == nil {
		return nil, false
	}
	t.note("The text compared with " + c.Name + " is not a UUID, so that no row matches.")
	return predicate.False, true
}

func (t translator) operator(e *planExpr, depth int) (predicate.Expr, bool) {
	if len(e.Children) == 0 {
		return nil, false
	}
	switch e.Type {
	case "OPERATOR_NOT":
		arg, ok := t.expr(e.Children[0], true, depth+1)
		if !ok {
			return nil, false
		}
		return negate(arg), true
	case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL":
		c := t.ref(e.Children[0])
		if c == nil {
			return nil, false
		}
		isNull := predicate.IsNull{Column: c.Name}
		if e.Type == "OPERATOR_IS_NULL" {
			return isNull, true
		}
		return predicate.Not{Arg: isNull}, true
	case "COMPARE_IN", "COMPARE_NOT_IN":
		in, ok := t.in(e)
		if !ok || e.Type == "COMPARE_IN" {
			return in, ok
		}
		return predicate.Not{Arg: in}, true
	}
	return nil, false
}

// negate turns a comparison round; unknown stays unknown either way.
func negate(e predicate.Expr) predicate.Expr {
	opposite := map[predicate.Op]predicate.Op{
		predicate.Eq: predicate.Ne, predicate.Ne: predicate.Eq, predicate.Lt: predicate.Ge,
		predicate.Ge: predicate.Lt, predicate.Gt: predicate.Le, predicate.Le: predicate.Gt,
	}
	switch e := e.(type) {
	case predicate.Cmp:
		if e.Value.Kind == predicate.Bool && e.Op == predicate.Eq {
			e.Value.Bool = !e.Value.Bool
			return e
		}
		e.Op = opposite[e.Op]
		return e
	case predicate.Not:
		return e.Arg
	case predicate.Const:
		return predicate.Const{Truth: !e.Truth}
	}
	return predicate.Not{Arg: e}
}

func (t translator) in(e *planExpr) (predicate.Expr, bool) {
	c := t.ref(e.Children[0])
	if c == nil || len(e.Children) < 2 {
		return nil, false
	}
	values := make([]predicate.Value, 0, len(e.Children)-1)
	for _, x := range e.Children[1:] {
		v, ok := operand(x, c.Type)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	return predicate.In{Column: c.Name, Values: values}, true
}

func (t translator) between(e *planExpr) (predicate.Expr, bool) {
	c := t.ref(e.Input)
	if c == nil {
		return nil, false
	}
	low, ok1 := operand(e.Lower, c.Type)
	high, ok2 := operand(e.Upper, c.Type)
	if !ok1 || !ok2 {
		return nil, false
	}
	ops := map[bool][2]predicate.Op{true: {predicate.Ge, predicate.Le}, false: {predicate.Gt, predicate.Lt}}
	return prefixes(predicate.AllOf(
		predicate.Cmp{Column: c.Name, Op: ops[e.LowerIncl][0], Value: low},
		predicate.Cmp{Column: c.Name, Op: ops[e.UpperIncl][1], Value: high})), true
}

var matches = map[string]predicate.MatchKind{
	"prefix": predicate.Prefix, "starts_with": predicate.Prefix, "^@": predicate.Prefix,
	"suffix": predicate.Suffix, "ends_with": predicate.Suffix,
	"contains": predicate.Contains,
}

// function translates matches of text.
func (t translator) function(e *planExpr) (predicate.Expr, bool) {
	if len(e.Children) < 2 {
		return nil, false
	}
	c := t.ref(unjoined(e.Children[0]))
	if c == nil || c.Type != catalog.String {
		return nil, false
	}
	args := make([]string, 0, 2)
	for _, x := range e.Children[1:] {
		if x == nil || x.Class != "BOUND_CONSTANT" {
			return nil, false
		}
		v, ok := constant(x.Value, catalog.String)
		if !ok {
			return nil, false
		}
		args = append(args, v.Str)
	}
	kind, ok := matches[e.Name]
	switch {
	case ok && len(args) == 1:
		return predicate.Match{Column: c.Name, Kind: kind, Text: args[0]}, true
	case e.Name == "~~" && len(args) == 1:
		return like(c.Name, args[0], "")
	case e.Name == "like_escape" && len(args) == 2:
		return like(c.Name, args[0], args[1])
	}
	return nil, false
}

// like translates a pattern that has % only at its ends and no _.
func like(column, pattern, escape string) (predicate.Expr, bool) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, false
	}
	var text strings.Builder
	head, tail, escaped := false, false, false
	runes := []rune(pattern)
	for i, r := range runes {
		switch {
		case escaped:
			text.WriteRune(r)
			escaped = false
		case escape != "" && string(r) == escape:
			escaped = true
		case r == '%' && i == 0:
			head = true
		case r == '%' && i == len(runes)-1:
			tail = true
		case r == '%', r == '_':
			return nil, false
		default:
			text.WriteRune(r)
		}
	}
	if escaped {
		return nil, false
	}
	s := text.String()
	switch {
	case head && tail:
		return predicate.Match{Column: column, Kind: predicate.Contains, Text: s}, true
	case head:
		return predicate.Match{Column: column, Kind: predicate.Suffix, Text: s}, true
	case tail:
		return predicate.Match{Column: column, Kind: predicate.Prefix, Text: s}, true
	default:
		return predicate.Cmp{Column: column, Op: predicate.Eq, Value: predicate.StringValue(s)}, true
	}
}

func (t translator) note(s string) {
	if !slices.Contains(*t.notes, s) {
		*t.notes = append(*t.notes, s)
	}
}
