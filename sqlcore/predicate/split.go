package predicate

import (
	"slices"
	"time"
)

// Operator is a test that a data source can evaluate on an attribute.
type Operator uint8

// The operators a data source may offer.
const (
	OpEq Operator = iota // equality
	OpSw                 // starts with
	OpEw                 // ends with
	OpCo                 // contains
	OpGe                 // at least
	OpGt                 // greater than
	OpLe                 // at most
	OpLt                 // less than
)

// Capability says what a data source can evaluate on one column.
type Capability struct {
	Operators []Operator
	// Exact is true when the source keeps exactly the rows that the condition
	// keeps here; false when it may keep more, for instance because it
	// compares strings without regard to case.
	Exact bool
}

// Capabilities is what a data source can evaluate.
type Capabilities struct {
	// Columns holds the columns that can be tested.
	Columns map[string]Capability
	// And and Or say whether tests can be joined.
	And, Or bool
	// Lists is the number of values of a column that may be tested for where
	// tests can't be joined by or: one condition for each.
	Lists int
}

// Split returns the part of e that the source can evaluate as a superset:
// every row that e keeps is kept by pushed as well. exact is true when pushed
// keeps no other rows, so that e need not be evaluated again. Where nothing
// can be pushed it returns True, false (or True, true for a condition that is
// always true).
func Split(e Expr, caps Capabilities) (pushed Expr, exact bool) {
	var kept []Expr
	exact, seen := true, map[string]bool{}
	for _, c := range Conjuncts(e) {
		p, ex, ok := push(c, caps)
		if !ok || (len(kept) > 0 && !caps.And) {
			exact = false
			continue
		}
		exact = exact && ex
		if said := p.String(); !seen[said] {
			kept, seen[said] = append(kept, p), true
		}
	}
	return AllOf(kept...), exact
}

// push translates one condition; ok is false when the source can't help.
func push(e Expr, caps Capabilities) (pushed Expr, exact, ok bool) {
	switch e := e.(type) {
	case Const:
		return e, true, true
	case And:
		return pushAll(e, caps)
	case Or:
		return pushAny(e, caps)
	case Cmp:
		return pushCmp(e, caps)
	case In:
		return pushIn(e, caps)
	case Match:
		return pushMatch(e, caps)
	default: // Not and IsNull: a superset of a negation isn't the negation of a superset.
		return nil, false, false
	}
}

// pushAll is Split for a conjunction inside a disjunction.
func pushAll(e And, caps Capabilities) (Expr, bool, bool) {
	if !caps.And {
		for _, a := range e.Args {
			if p, _, ok := push(a, caps); ok {
				return p, false, true
			}
		}
		return nil, false, false
	}
	var kept []Expr
	exact := true
	for _, a := range e.Args {
		p, ex, ok := push(a, caps)
		if ok {
			kept = append(kept, p)
		}
		exact = exact && ok && ex
	}
	if len(kept) == 0 {
		return nil, false, false
	}
	return AllOf(kept...), exact, true
}

// pushAny needs every branch: a row of a branch left out would be lost.
func pushAny(e Or, caps Capabilities) (Expr, bool, bool) {
	out := make([]Expr, 0, len(e.Args))
	exact := true
	for _, a := range e.Args {
		p, ex, ok := push(a, caps)
		if !ok {
			return nil, false, false
		}
		out = append(out, p)
		exact = exact && ex
	}
	if list, ok := oneOf(out); ok {
		_, ex, ok := pushIn(list, caps)
		return list, exact && ex, ok
	}
	return AnyOf(out...), exact, caps.Or
}

// oneOf reads a = 1 OR a IN (2, 3) as a IN (1, 2, 3).
func oneOf(args []Expr) (In, bool) {
	var list In
	for _, a := range args {
		c, values := columnOf(a), []Value(nil)
		switch a := a.(type) {
		case Cmp:
			if a.Op == Eq {
				values = []Value{a.Value}
			}
		case In:
			values = a.Values
		}
		if len(values) == 0 || list.Column != "" && list.Column != c {
			return In{}, false
		}
		list = In{Column: c, Values: append(list.Values, values...)}
	}
	list.Values = unique(list.Values)
	return list, len(args) > 0
}

func pushCmp(e Cmp, caps Capabilities) (Expr, bool, bool) {
	c, has := caps.Columns[e.Column]
	if !has || emptyString(e.Value) {
		return nil, false, false
	}
	switch e.Op {
	case Eq:
		if c.has(OpEq) {
			return e, c.Exact, true
		}
		if c.has(OpSw) && e.Value.Kind == String {
			return Match{Column: e.Column, Kind: Prefix, Text: e.Value.Str}, false, true
		}
	case Ge, Gt, Le, Lt:
		if e.Value.Kind == Time && c.has(rangeOperator(e.Op)) {
			// Sources keep milliseconds: a finer bound is widened when sent.
			whole := e.Value.Time.Truncate(time.Millisecond).Equal(e.Value.Time)
			return e, c.Exact && whole, true
		}
	case Ne: // sources have no such operator
	}
	return nil, false, false
}

func pushIn(e In, caps Capabilities) (Expr, bool, bool) {
	c, has := caps.Columns[e.Column]
	if !has || !c.has(OpEq) || (len(e.Values) > max(1, caps.Lists) && !caps.Or) {
		return nil, false, false
	}
	if slices.ContainsFunc(e.Values, emptyString) {
		return nil, false, false
	}
	return e, c.Exact, true
}

func pushMatch(e Match, caps Capabilities) (Expr, bool, bool) {
	c, has := caps.Columns[e.Column]
	if !has || e.Text == "" {
		return nil, false, false
	}
	want := [...]Operator{OpSw, OpEw, OpCo}[e.Kind]
	if !c.has(want) {
		return nil, false, false
	}
	return e, c.Exact, true
}

func rangeOperator(o Op) Operator {
	switch o {
	case Ge:
		return OpGe
	case Gt:
		return OpGt
	case Le:
		return OpLe
	default:
		return OpLt
	}
}

func (c Capability) has(want Operator) bool {
	return slices.Contains(c.Operators, want)
}

func emptyString(v Value) bool { return v.Kind == String && v.Str == "" }

// KeyValues returns the values that column must have for e to hold, if e says
// so: from a top-level equality or IN. ok is false where e leaves the column
// open. Several such conditions are intersected.
func KeyValues(e Expr, column string) (values []Value, ok bool) {
	for _, c := range Conjuncts(e) {
		var found []Value
		switch c := c.(type) {
		case Cmp:
			if c.Column != column || c.Op != Eq {
				continue
			}
			found = []Value{c.Value}
		case In:
			if c.Column != column {
				continue
			}
			found = c.Values
		case Or:
			var all bool
			if found, all = valuesOfOr(c, column); !all {
				continue
			}
		default:
			continue
		}
		if !ok {
			values, ok = unique(found), true
			continue
		}
		values = intersect(values, found)
	}
	return values, ok
}

// valuesOfOr reads a = 1 OR a = 2 as a IN (1, 2).
func valuesOfOr(o Or, column string) ([]Value, bool) {
	var out []Value
	for _, a := range o.Args {
		v, ok := KeyValues(a, column)
		if !ok {
			return nil, false
		}
		out = append(out, v...)
	}
	return out, true
}

func unique(in []Value) []Value {
	seen := make(map[Value]bool, len(in))
	out := make([]Value, 0, len(in))
	for _, v := range in {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

func intersect(a, b []Value) []Value {
	in := make(map[Value]bool, len(b))
	for _, v := range b {
		in[v] = true
	}
	out := make([]Value, 0, len(a))
	for _, v := range a {
		if in[v] {
			out = append(out, v)
		}
	}
	return out
}
