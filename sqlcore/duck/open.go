//go:build duckdb_arrow

package duck

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// A parameter that something is compared with stays open: the engine plans the
// statement without its value, so that one plan serves all values, and gets the
// value when the statement runs. The engine gives it the type of what it is
// compared with, as it does to a literal. Other parameters become literals, and
// so do all where a plan shows one elsewhere, or where a value is not certainly
// the same as its literal.

// errOpen means that a statement can't be planned with its parameters open.
var errOpen = errors.New("duck: a parameter must be known to plan the statement")

// openable numbers the parameters, by place, that may stay open.
func openable(tokens []sqltext.Token, values map[int]Parameter) map[int]int {
	open := map[int]int{}
	for i := range tokens {
		p, given := values[i]
		carried := given && !p.Null && p.List == nil && p.Value.Kind != predicate.Bool && p.Value != predicate.StringValue("")
		if carried && compared(tokens, i) {
			open[i] = len(open) + 1
		}
	}
	return open
}

// compared reports whether the token may be a side of a comparison. The plan,
// which has the last word, is not asked where it can't be.
func compared(tokens []sqltext.Token, i int) bool {
	if i == 0 {
		return false
	}
	before, after := tokens[i-1], sqltext.Token{}
	if i+1 < len(tokens) {
		after = tokens[i+1]
	}
	switch {
	case after.Kind == sqltext.Symbol && strings.Contains("+-*/%|^&", after.Text) && after.Text != "":
		return false // it is part of an expression
	case isOperator(before), before.Is("between"), after.Text != "" && isOperator(after):
		return true
	case before.Is("and"):
		return i > 2 && tokens[i-3].Is("between")
	}
	return inList(tokens, i)
}

// inList reports whether a token stands in the list of an IN, behind values.
func inList(tokens []sqltext.Token, i int) bool {
	for i--; i > 0; i-- {
		switch t := tokens[i]; {
		case t.Is("("):
			return tokens[i-1].Is("in")
		case t.Is(","), t.Is("-"), t.Kind == sqltext.Param, t.Kind == sqltext.String, t.Kind == sqltext.Number:
		default:
			return false
		}
	}
	return false
}

// openTypes are the types, by the plan's names, that an open parameter may have.
var openTypes = map[string]catalog.Type{
	"VARCHAR": catalog.String, "INTEGER": catalog.Int32, "BIGINT": catalog.Int64, "DOUBLE": catalog.Float64,
	"TIMESTAMP WITH TIME ZONE": catalog.Timestamp, "UUID": catalog.GUID,
}

// openPlan finds the types of a plan's open parameters.
type openPlan struct {
	types []catalog.Type
	seen  []bool
	bad   bool // one stands elsewhere than in a comparison
}

// openParameters gives the types of n parameters of a plan, or errOpen where one
// isn't found, is no side of a comparison, or has a type that isn't known here.
func openParameters(reply *planReply, n int) ([]catalog.Type, error) {
	if reply.Error || len(reply.Plans) != 1 {
		return nil, errOpen
	}
	o := &openPlan{types: make([]catalog.Type, n), seen: make([]bool, n)}
	eachRoot(reply.Plans[0], 0, func(e *planExpr, _ bool) { o.expression(e, false, 0) })
	for _, seen := range o.seen {
		o.bad = o.bad || !seen
	}
	if o.bad {
		return nil, errOpen
	}
	return o.types, nil
}

// expression looks through e, which may be a parameter only where it is a side
// of a comparison.
func (o *openPlan) expression(e *planExpr, side bool, depth int) {
	if e == nil || depth > maxPlanDepth {
		return
	}
	if e.Class == "BOUND_PARAMETER" {
		n, typ, known := openParameter(e)
		if !known || !side || n > len(o.types) || o.seen[n-1] && o.types[n-1] != typ {
			o.bad = true
			return
		}
		o.types[n-1], o.seen[n-1] = typ, true
		return
	}
	sides := e.Class == "BOUND_COMPARISON" || e.Class == "BOUND_BETWEEN" || e.Type == "COMPARE_IN" || e.Type == "COMPARE_NOT_IN"
	for _, c := range e.parts() {
		o.expression(c, sides, depth+1)
	}
}

// openParameter gives the number and the type of an open parameter.
func openParameter(e *planExpr) (n int, t catalog.Type, known bool) {
	n, err := strconv.Atoi(e.Identifier)
	v := e.Parameter.Value
	if err != nil || n < 1 || v == nil || v.Type.Info != nil {
		return 0, 0, false
	}
	t, known = openTypes[v.Type.ID]
	return n, t, known
}

// carry hands conditions with an open parameter from one side of a join to the
// other, where they reduce it: with constants, the engine does it.
func carry(q *query.Query) {
	for _, j := range q.Joins {
		left, right := &q.Accesses[j.Left], &q.Accesses[j.Right]
		if j.ReduceLeft {
			carryTo(left, j.LeftColumn, right, j.RightColumn)
		}
		if j.ReduceRight {
			carryTo(right, j.RightColumn, left, j.LeftColumn)
		}
	}
}

func carryTo(to *query.Access, column string, from *query.Access, name string) {
	for _, e := range predicate.Conjuncts(from.Where) {
		if c, ok := e.(predicate.Cmp); ok && c.Column == name && c.Value.Kind == predicate.Param {
			c.Column = column
			to.Where = distinct(append(predicate.Conjuncts(to.Where), c))
		}
	}
}

// openValues gives the values of open parameters as the engine would have them
// from literals; ok is false where that isn't certain.
func openValues(types []catalog.Type, values []Parameter) (out []predicate.Value, ok bool) {
	out = make([]predicate.Value, len(types))
	for i, t := range types {
		if out[i], ok = valueFor(t, values[i].Value); !ok {
			return nil, false
		}
	}
	return out, true
}

// valueFor gives the value that a parameter has when it is compared with
// something of the type, if it can be carried without loss.
func valueFor(t catalog.Type, v predicate.Value) (predicate.Value, bool) {
	switch v.Kind {
	case predicate.String, predicate.UUID:
		return textFor(t, v.Str)
	case predicate.Int:
		if t == catalog.Float64 {
			return predicate.FloatValue(float64(v.Int)), v.Int > -1<<53 && v.Int < 1<<53
		}
		return wholeFor(t, v.Int)
	case predicate.Float:
		return v, t == catalog.Float64 && !math.IsNaN(v.Float) && !math.IsInf(v.Float, 0)
	case predicate.Time:
		return predicate.TimeValue(v.Time.Truncate(time.Microsecond)), t == catalog.Timestamp && usual(v.Time)
	default:
		return predicate.Value{}, false
	}
}
