//go:build duckdb_arrow

package duck

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// columnTest is a condition on one column.
type columnTest struct {
	column int
	expr   predicate.Expr
	list   bool // it is an IN
}

// conjunction joins conditions in the order of their columns, as the engine
// has them at a scan; it tests for a list above that.
func conjunction(tests []columnTest) predicate.Expr {
	sorted := slices.Clone(tests)
	slices.SortFunc(sorted, func(a, b columnTest) int {
		if a.list != b.list {
			return map[bool]int{true: 1, false: -1}[a.list]
		}
		return a.column - b.column
	})
	args := make([]predicate.Expr, len(sorted))
	for i, t := range sorted {
		args[i] = t.expr
	}
	return predicate.AllOf(args...)
}

// conditions reads WHERE. Each column may have one condition, since of several
// the engine makes fewer, and one may be a list, since it sorts those by cost.
func (d *direct) conditions() bool {
	if !d.Take("where") {
		return true
	}
	if !d.conjuncts() {
		return false
	}
	seen, lists := map[int]bool{}, 0
	for _, t := range d.where {
		if t.list {
			lists++
		}
		if seen[t.column] || lists > 1 {
			return false
		}
		seen[t.column] = true
	}
	return true
}

// conjuncts reads conditions joined by AND, some of them in brackets.
func (d *direct) conjuncts() bool {
	for {
		if d.Take("(") {
			if !d.conjuncts() || !d.Take(")") {
				return false
			}
		} else if !d.condition() {
			return false
		}
		if !d.Take("and") {
			return true
		}
	}
}

// condition reads one test of a column.
func (d *direct) condition() bool {
	qualifier := ""
	name, ok := d.name()
	if ok && d.Take(".") {
		qualifier = name
		name, ok = d.name()
	}
	if !ok {
		return false
	}
	i := d.column(qualifier, name)
	if i < 0 {
		return false
	}
	c := &d.table.Columns[i]
	t := columnTest{column: i}
	switch {
	case d.Take("is"):
		t.expr, ok = d.null(c)
	case d.Take("in"):
		t.list = true
		t.expr, ok = d.members(c)
	case d.Take("like"):
		t.expr, ok = d.pattern(c)
	default:
		t.expr, ok = d.comparison(c)
	}
	d.where = append(d.where, t)
	return ok
}

func (d *direct) null(c *catalog.Column) (predicate.Expr, bool) {
	var e predicate.Expr = predicate.IsNull{Column: c.Name}
	if d.Take("not") {
		e = predicate.Not{Arg: e}
	}
	return e, d.Take("null")
}

var symbols = map[string]predicate.Op{
	"=": predicate.Eq, "<>": predicate.Ne, "!=": predicate.Ne,
	"<": predicate.Lt, "<=": predicate.Le, ">": predicate.Gt, ">=": predicate.Ge,
}

// comparison reads an operator and the value behind it.
func (d *direct) comparison(c *catalog.Column) (predicate.Expr, bool) {
	symbol := ""
	for t := d.Peek(0); t.Text != "" && isOperator(t); t = d.Peek(0) {
		if symbol != "" && d.Tokens[d.At-1].End != t.Start {
			return nil, false
		}
		symbol += t.Text
		d.At++
	}
	op, ok := symbols[symbol]
	if !ok || c.Type == catalog.Bool {
		return nil, false
	}
	v, ok := d.value(c)
	return predicate.Cmp{Column: c.Name, Op: op, Value: v}, ok
}

// members reads the list of IN. Of whole numbers the engine makes ranges.
func (d *direct) members(c *catalog.Column) (predicate.Expr, bool) {
	if c.Type != catalog.String && c.Type != catalog.GUID || !d.Take("(") {
		return nil, false
	}
	var values []predicate.Value
	seen := map[predicate.Value]bool{}
	for {
		v, ok := d.value(c)
		if !ok || seen[v] {
			return nil, false
		}
		seen[v] = true
		values = append(values, v)
		if !d.Take(",") {
			break
		}
	}
	return predicate.In{Column: c.Name, Values: values}, len(values) > 1 && d.Take(")")
}

// pattern reads what stands behind LIKE: a text with % at its ends.
func (d *direct) pattern(c *catalog.Column) (predicate.Expr, bool) {
	if c.Type != catalog.String {
		return nil, false
	}
	v, ok := d.value(c)
	if !ok || d.Peek(0).Is("escape") {
		return nil, false
	}
	e, ok := like(c.Name, v.Str, "")
	m, isMatch := e.(predicate.Match)
	if !ok || !isMatch || m.Text == "" || m.Text[len(m.Text)-1] >= utf8.RuneSelf-1 {
		return nil, false // the engine makes something else of it
	}
	return m, true
}

// value reads a literal or a parameter that is compared with a column, if it
// can be carried without loss.
func (d *direct) value(c *catalog.Column) (predicate.Value, bool) {
	t := d.Peek(0)
	if p, given := d.values[d.At]; given {
		d.At++
		if p.Null || p.List != nil {
			return predicate.Value{}, false
		}
		return valueFor(c.Type, p.Value)
	}
	d.At++
	if t.Kind == sqltext.String {
		text, ok := sqltext.Unquote(t.Text)
		if !ok {
			return predicate.Value{}, false
		}
		return textFor(c.Type, text)
	}
	n, err := strconv.ParseInt(t.Text, 10, 64)
	if t.Kind != sqltext.Number || err != nil || strings.Contains(t.Text, "_") {
		return predicate.Value{}, false
	}
	return wholeFor(c.Type, n)
}

// textFor gives the value that a text has when it is compared with a column.
func textFor(t catalog.Type, text string) (predicate.Value, bool) {
	switch t {
	case catalog.String:
		// Plans don't show the empty text, so that it isn't pushed.
		ok := text != "" && utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 && len(text) <= sqltext.MaxBytes
		return predicate.StringValue(text), ok
	case catalog.GUID:
		_, err := uuid.Parse(text)
		return predicate.UUIDValue(text), err == nil && len(text) == 36
	case catalog.Timestamp:
		for _, form := range []string{"2006-01-02", "2006-01-02 15:04:05", time.RFC3339} {
			if at, err := time.Parse(form, text); err == nil {
				// A fraction finer than the column's would be rounded.
				return predicate.TimeValue(at), usual(at) && at.Equal(at.Truncate(time.Microsecond))
			}
		}
	default: // texts are no literals of the others
	}
	return predicate.Value{}, false
}

// usual are the years of four digits.
func usual(t time.Time) bool { return t.Year() > 0 && t.Year() <= 9999 }

// wholeFor is textFor for a whole number.
func wholeFor(t catalog.Type, n int64) (predicate.Value, bool) {
	small := n >= math.MinInt32 && n <= math.MaxInt32
	return predicate.IntValue(n), t == catalog.Int32 && small || t == catalog.Int64 && n > math.MinInt64
}
