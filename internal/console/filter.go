package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// A field of the filter row takes a value, which the column equals or contains, or a
// sign before it: = for the value as it is, ! for any other, < <= > >= for an order,
// a..b for a range, * for the rest of a text, and null. A condition that a field can't
// say stays in the free $filter.

// field is a cell of the filter row.
type field struct {
	Column, Value, Error string
	// Says tells what a value means there, such as "equals".
	Says string
	// Choices are values to choose from, and Only says that there are no others.
	Choices []string
	Only    bool
}

// fieldOf is the empty field of a column; ok is false where a condition takes more than
// a field.
func fieldOf(t *catalog.Table, c *catalog.Column) (f field, ok bool) {
	f = field{Column: c.Name, Says: "equals", Choices: c.Values}
	switch c.Type {
	case catalog.JSON, catalog.Int32List:
		return f, false
	case catalog.Bool:
		f.Choices, f.Only = []string{"true", "false", "null"}, true
	case catalog.StringList:
		f.Says = "has the item"
	case catalog.Timestamp:
		f.Says = "day, or >day"
	case catalog.String:
		if !slices.Contains(testsOf(t, c.Name), predicate.OpEq) && len(c.Values) == 0 {
			f.Says = "contains"
		}
	case catalog.Int32, catalog.Int64, catalog.Float64, catalog.GUID:
	}
	return f, true
}

// condition is what a field says, as an expression of $filter; "" for nothing.
func (f field) condition(c *catalog.Column) (string, error) {
	typed := strings.TrimSpace(f.Value)
	negative, plain := strings.CutPrefix(typed, "!")
	negative = strings.TrimPrefix(negative, "=")
	switch {
	case typed == "":
		return "", nil
	case typed == "null":
		return c.Name + " eq null", nil
	case plain && negative == "null":
		return c.Name + " ne null", nil
	case c.Type == catalog.StringList:
		return c.Name + "/any(x:x eq " + quoted(strings.TrimPrefix(typed, "=")) + ")", nil
	case c.Type == catalog.String:
		return f.textual(c.Name, typed)
	case plain:
		value, err := literal(c, negative)
		return c.Name + " ne " + value, err
	}
	return ordered(c, typed)
}

// textual is a condition on a text.
func (f field) textual(name, typed string) (string, error) {
	call := func(method, value string) (string, error) {
		if strings.Contains(value, "*") {
			return "", refused("A * stands at the beginning or the end.", "Begin with = for a text with * in it.")
		}
		return method + "(" + name + "," + quoted(value) + ")", nil
	}
	if value, ok := strings.CutPrefix(typed, "="); ok {
		return name + " eq " + quoted(value), nil
	}
	if value, ok := strings.CutPrefix(typed, "!"); ok {
		return name + " ne " + quoted(strings.TrimPrefix(value, "=")), nil
	}
	inner, after := strings.CutSuffix(typed, "*")
	inner, before := strings.CutPrefix(inner, "*")
	switch {
	case after && before:
		return call("contains", inner)
	case after:
		return call("startswith", inner)
	case before:
		return call("endswith", inner)
	case f.Says == "contains":
		return call("contains", typed)
	case strings.Contains(typed, "*"):
		return call("", typed)
	}
	return name + " eq " + quoted(typed), nil
}

// comparisons are the signs of orders, the longer ones first.
var comparisons = []struct{ sign, operator string }{{">=", "ge"}, {"<=", "le"}, {">", "gt"}, {"<", "lt"}, {"=", "eq"}}

// ordered is a condition on what has an order: a number, a time, an id, a truth.
func ordered(c *catalog.Column, typed string) (string, error) {
	if from, to, ok := strings.Cut(typed, ".."); ok {
		return between(c, from, to)
	}
	for _, each := range comparisons {
		if value, ok := strings.CutPrefix(typed, each.sign); ok {
			text, err := literal(c, value)
			return c.Name + " " + each.operator + " " + text, err
		}
	}
	if day, err := time.Parse(time.DateOnly, typed); err == nil && c.Type == catalog.Timestamp {
		return c.Name + " ge " + day.Format(time.RFC3339) + " and " + c.Name + " lt " + day.AddDate(0, 0, 1).Format(time.RFC3339), nil
	}
	text, err := literal(c, typed)
	return c.Name + " eq " + text, err
}

func between(c *catalog.Column, from, to string) (string, error) {
	low, err := literal(c, from)
	if err != nil {
		return "", err
	}
	high, err := literal(c, to)
	return c.Name + " ge " + low + " and " + c.Name + " le " + high, err
}

func refused(message, hint string) error { return gwerr.New(gwerr.TypeMismatch, message, hint) }

// literal writes a typed value as OData does.
func literal(c *catalog.Column, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	switch c.Type {
	case catalog.Bool:
		if typed == "true" || typed == "false" {
			return typed, nil
		}
		return "", refused(short(typed)+" is neither true nor false.", "")
	case catalog.Int32, catalog.Int64:
		if _, err := strconv.ParseInt(typed, 10, 64); err != nil {
			return "", refused(short(typed)+" is not a whole number.", "Write 5, >5 or 1..5.")
		}
	case catalog.Float64:
		if _, err := strconv.ParseFloat(typed, 64); err != nil {
			return "", refused(short(typed)+" is not a number.", "Write 5, >5 or 1..5.")
		}
	case catalog.GUID:
		if e, err := uri.ParseFilter("x eq "+typed, uri.DefaultLimits()); err != nil || !isGUID(e) {
			return "", refused(short(typed)+" is not an id.", "An id has 32 digits, as in 1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.")
		}
	case catalog.Timestamp:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
			if at, err := time.Parse(layout, typed); err == nil {
				return at.UTC().Format(time.RFC3339Nano), nil
			}
		}
		return "", refused(short(typed)+" is not a time.", "Write 2026-01-31, >2026-01-31, 2026-01-31T12:00:00Z, or a range with two dots.")
	case catalog.String, catalog.JSON, catalog.StringList, catalog.Int32List: // texts have their own conditions, the others none
	}
	return typed, nil
}

func isGUID(e uri.Expr) bool {
	b, ok := e.(*uri.Binary)
	if !ok {
		return false
	}
	l, ok := b.Right.(*uri.Literal)
	return ok && l.Kind == uri.GUIDLiteral
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// filled puts the conditions of a $filter into the fields that can say them, and gives
// what remains.
func filled(fields []field, t *catalog.Table, filter uri.Expr) (rest string) {
	var remain []string
	list := conjuncts(filter)
	for i := 0; i < len(list); i++ {
		if i+1 < len(list) && says(fields, t, &uri.Binary{Op: uri.And, Left: list[i], Right: list[i+1]}) {
			i++
			continue
		}
		if !says(fields, t, list[i]) {
			text := uri.FormatExpr(list[i])
			if b, ok := list[i].(*uri.Binary); ok && b.Op == uri.Or && len(list) > 1 {
				text = "(" + text + ")"
			}
			remain = append(remain, text)
		}
	}
	return strings.Join(remain, " and ")
}

func conjuncts(e uri.Expr) []uri.Expr {
	if e == nil {
		return nil
	}
	if b, ok := e.(*uri.Binary); ok && b.Op == uri.And {
		return append(conjuncts(b.Left), conjuncts(b.Right)...)
	}
	return []uri.Expr{e}
}

// says fills the field that means a condition, if one does: exactly that condition.
func says(fields []field, t *catalog.Table, e uri.Expr) bool {
	wanted := uri.FormatExpr(e)
	name, guesses := guess(e)
	at := slices.IndexFunc(fields, func(f field) bool { return f.Column == name && f.Value == "" })
	if at < 0 {
		return false
	}
	for _, typed := range guesses {
		f := fields[at]
		f.Value = typed
		meant, err := f.condition(t.Column(name))
		if err != nil || meant == "" {
			continue
		}
		if parsed, err := uri.ParseFilter(meant, uri.DefaultLimits()); err == nil && uri.FormatExpr(parsed) == wanted {
			fields[at].Value = typed
			return true
		}
	}
	return false
}

// guess names the column of a condition, and what could have been typed for it.
func guess(e uri.Expr) (column string, typed []string) {
	switch e := e.(type) {
	case *uri.Call:
		if len(e.Args) != 2 {
			return "", nil
		}
		value, _ := e.Args[1].(*uri.Literal)
		return plainName(e.Args[0]), around(e.Method, value)
	case *uri.PathExpr:
		return guessItem(e)
	case *uri.Binary:
		if e.Op == uri.And {
			return guessRange(e)
		}
		value, ok := e.Right.(*uri.Literal)
		if !ok {
			return "", nil
		}
		signs := map[uri.BinaryOp][]string{uri.Eq: {"", "="}, uri.Ne: {"!"}, uri.Gt: {">"}, uri.Ge: {">="}, uri.Lt: {"<"}, uri.Le: {"<="}}
		for _, sign := range signs[e.Op] {
			typed = append(typed, sign+literalText(value), sign+strings.TrimSuffix(literalText(value), "T00:00:00Z"))
		}
		return plainName(e.Left), typed
	}
	return "", nil
}

func around(method string, value *uri.Literal) []string {
	if value == nil {
		return nil
	}
	switch method {
	case "contains":
		return []string{value.Text, "*" + value.Text + "*"}
	case "startswith":
		return []string{value.Text + "*"}
	case "endswith":
		return []string{"*" + value.Text}
	}
	return nil
}

// guessItem is guess of Column/any(x:x eq 'item').
func guessItem(e *uri.PathExpr) (string, []string) {
	if len(e.Segments) != 2 {
		return "", nil
	}
	name, ok := e.Segments[0].(*uri.NameSegment)
	lambda, isLambda := e.Segments[1].(*uri.LambdaSegment)
	if !ok || !isLambda {
		return "", nil
	}
	if b, ok := lambda.Body.(*uri.Binary); ok {
		if value, ok := b.Right.(*uri.Literal); ok {
			return name.Name, []string{value.Text, "=" + value.Text}
		}
	}
	return "", nil
}

// guessRange is guess of two conditions on one column.
func guessRange(e *uri.Binary) (string, []string) {
	low, ok := e.Left.(*uri.Binary)
	high, other := e.Right.(*uri.Binary)
	if !ok || !other || plainName(low.Left) != plainName(high.Left) {
		return "", nil
	}
	from, ok := low.Right.(*uri.Literal)
	to, other := high.Right.(*uri.Literal)
	if !ok || !other {
		return "", nil
	}
	day, _, _ := strings.Cut(from.Text, "T")
	return plainName(low.Left), []string{day, from.Text + ".." + to.Text}
}

func literalText(l *uri.Literal) string {
	if l.Kind == uri.NullLiteral {
		return "null"
	}
	return l.Text
}

// plainName is the name of a property of the row itself, "" for any other expression.
func plainName(e uri.Expr) string {
	path, ok := e.(*uri.PathExpr)
	if !ok || path.Start != uri.FromInstance || len(path.Segments) != 1 {
		return ""
	}
	name, ok := path.Segments[0].(*uri.NameSegment)
	if !ok || name.Args != nil {
		return ""
	}
	return name.Name
}
