package odatatest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Reference evaluates a filter on a row, as the specification words it: a
// row is kept if the value is true. It knows what Filters makes, and navigation
// properties between the library's tables.
func (l *Library) Reference(e uri.Expr, t *catalog.Table, r Row) bool {
	keep, ok := l.Value(e, t, r).(bool)
	return ok && keep
}

// Value evaluates an expression on a row.
func (l *Library) Value(e uri.Expr, t *catalog.Table, r Row) any {
	it := entity{t, r}
	return (&reference{library: l, it: it, instance: it, vars: map[string]any{}}).eval(e)
}

// reference evaluates on the entity it; paths begin at instance.
type reference struct {
	library      *Library
	it, instance entity
	vars         map[string]any
}

// entity is a row with its table.
type entity struct {
	t *catalog.Table
	r Row
}

func (f *reference) eval(e uri.Expr) any {
	switch e := e.(type) {
	case *uri.Literal:
		return literal(e)
	case *uri.PathExpr:
		return f.path(e)
	case *uri.Unary:
		return f.unary(e)
	case *uri.Binary:
		return f.binary(e)
	case *uri.Call:
		args := make([]any, len(e.Args))
		for i, a := range e.Args {
			if args[i] = f.eval(a); args[i] == nil {
				return nil
			}
		}
		return call(e.Method, args)
	default:
		panic(fmt.Sprintf("odatatest: no reference for %T", e))
	}
}

func literal(l *uri.Literal) any {
	switch l.Kind {
	case uri.NullLiteral:
		return nil
	case uri.BoolLiteral:
		return l.Bool()
	case uri.IntLiteral:
		n, _ := l.Int64()
		return n
	case uri.DecimalLiteral, uri.DoubleLiteral:
		n, _ := l.Float64()
		return n
	case uri.DateTimeLiteral:
		t, _ := l.Time()
		return t
	default:
		return l.Text
	}
}

func (f *reference) unary(e *uri.Unary) any {
	switch v := f.eval(e.X).(type) {
	case bool:
		return !v
	case int64:
		return -v
	case float64:
		return -v
	default:
		return nil
	}
}

func (f *reference) binary(e *uri.Binary) any {
	left := f.eval(e.Left)
	if list, ok := e.Right.(*uri.List); ok {
		return slices.ContainsFunc(list.Items, func(item uri.Expr) bool { return same(left, f.eval(item)) })
	}
	right := f.eval(e.Right)
	switch e.Op {
	case uri.And, uri.Or:
		return logic(e.Op, left, right)
	case uri.Eq:
		return same(left, right)
	case uri.Ne:
		return !same(left, right)
	case uri.Gt:
		return less(right, left)
	case uri.Lt:
		return less(left, right)
	case uri.Ge:
		return less(right, left) || same(left, right)
	case uri.Le:
		return less(left, right) || same(left, right)
	case uri.In:
		return slices.Contains(right.([]string), left.(string))
	default:
		return arithmetic(e.Op, left, right)
	}
}

// logic is the three-valued and and or.
func logic(op uri.BinaryOp, left, right any) any {
	decisive := op == uri.Or
	if left == decisive || right == decisive {
		return decisive
	}
	if left == nil || right == nil {
		return nil
	}
	return !decisive
}

func same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if x, y, ok := floats(a, b); ok {
		return x == y
	}
	if t, ok := a.(time.Time); ok {
		return t.Equal(b.(time.Time))
	}
	if s, ok := a.(string); ok && len(s) == len(ID("book", 0)) { // a guid
		return strings.EqualFold(s, b.(string))
	}
	return a == b
}

func less(a, b any) bool {
	if a == nil || b == nil {
		return false
	}
	if x, y, ok := floats(a, b); ok {
		return x < y
	}
	switch x := a.(type) {
	case time.Time:
		return x.Before(b.(time.Time))
	case string:
		return x < b.(string)
	default:
		panic(fmt.Sprintf("odatatest: no order of %T", a))
	}
}

func floats(a, b any) (x, y float64, ok bool) {
	x, okX := number(a)
	y, okY := number(b)
	return x, y, okX && okY
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	default:
		return 0, false
	}
}

func arithmetic(op uri.BinaryOp, left, right any) any {
	if left == nil || right == nil {
		return nil
	}
	a, isInt := left.(int64)
	b, bothInt := right.(int64)
	if isInt && bothInt && op != uri.DivBy {
		return integers(op, a, b)
	}
	x, y, _ := floats(left, right)
	switch op {
	case uri.Add:
		return x + y
	case uri.Sub:
		return x - y
	case uri.Mul:
		return x * y
	case uri.Mod:
		return math.Mod(x, y)
	default:
		return x / y
	}
}

func integers(op uri.BinaryOp, a, b int64) any {
	switch op {
	case uri.Add:
		return a + b
	case uri.Sub:
		return a - b
	case uri.Mul:
		return a * b
	case uri.Mod:
		if b == 0 {
			return nil
		}
		return a % b
	default:
		if b == 0 {
			return nil
		}
		return a / b
	}
}

func call(method string, args []any) any {
	switch first := args[0].(type) {
	case string:
		return textCall(method, first, args[1:])
	case time.Time:
		first = first.UTC()
		return map[string]any{
			"year": int64(first.Year()), "month": int64(first.Month()), "day": int64(first.Day()),
			"hour": int64(first.Hour()), "minute": int64(first.Minute()), "second": int64(first.Second()),
			"fractionalseconds": float64(first.Nanosecond()) / 1e9, "totaloffsetminutes": int64(0),
		}[method]
	case int64:
		return first // ceiling, floor and round of an integer
	case float64:
		return map[string]func(float64) float64{"ceiling": math.Ceil, "floor": math.Floor, "round": math.Round}[method](first)
	default:
		panic("odatatest: no reference for " + method)
	}
}

func textCall(method, s string, args []any) any {
	switch method {
	case "contains":
		return strings.Contains(s, args[0].(string))
	case "startswith":
		return strings.HasPrefix(s, args[0].(string))
	case "endswith":
		return strings.HasSuffix(s, args[0].(string))
	case "concat":
		return s + args[0].(string)
	case "tolower":
		return strings.ToLower(s)
	case "toupper":
		return strings.ToUpper(s)
	case "trim":
		return strings.TrimFunc(s, unicode.IsSpace)
	case "length":
		return int64(len([]rune(s)))
	case "indexof":
		at := strings.Index(s, args[0].(string))
		if at < 0 {
			return int64(-1)
		}
		return int64(len([]rune(s[:at])))
	case "substring":
		return substring([]rune(s), args)
	default:
		panic("odatatest: no reference for " + method)
	}
}

// substring counts characters from 0, or from the end if the index is negative.
func substring(s []rune, args []any) string {
	from := args[0].(int64)
	if from < 0 {
		from = max(0, from+int64(len(s)))
	}
	from = min(from, int64(len(s)))
	to := int64(len(s))
	if len(args) == 2 {
		to = min(to, from+max(0, args[1].(int64)))
	}
	return string(s[from:to])
}
