// Package predicate is the intermediate form of conditions on one table's
// rows.
//
// Front ends translate what they understand of a filter into an Expr; the
// planner splits it into what a data source can evaluate (push-down) and what
// it can't (residual); the executor evaluates it over Arrow record batches.
// Truth is three-valued as in SQL: a row is kept only when the value is true.
//
// The package knows neither tables nor data sources.
package predicate

import (
	"slices"
	"strings"
	"time"
)

// Expr is a condition. Its implementations are the types of this package;
// values are immutable once built.
type Expr interface {
	// String prints the condition in SQL's spelling, for EXPLAIN and tests.
	String() string
	expr()
}

// Op is a comparison operator.
type Op uint8

// The comparison operators.
const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
)

// MatchKind says where a text must stand in a string.
type MatchKind uint8

// The kinds of text match.
const (
	Prefix MatchKind = iota
	Suffix
	Contains
)

type (
	// Const is a condition that is the same for every row.
	Const struct{ Truth bool }
	// And holds when all arguments hold.
	And struct{ Args []Expr }
	// Or holds when any argument holds.
	Or struct{ Args []Expr }
	// Not holds when its argument is false; it is unknown when that is.
	Not struct{ Arg Expr }
	// Cmp compares a column with a value; unknown for a null column.
	Cmp struct {
		Column string
		Op     Op
		Value  Value
	}
	// In holds when the column equals one of the values; unknown for a null
	// column.
	In struct {
		Column string
		Values []Value
	}
	// Match holds when the text stands at the named place of a string column;
	// letter case counts. Unknown for a null column.
	Match struct {
		Column string
		Kind   MatchKind
		Text   string
	}
	// IsNull holds when the column is null; it is never unknown.
	IsNull struct{ Column string }
)

func (Const) expr()  {}
func (And) expr()    {}
func (Or) expr()     {}
func (Not) expr()    {}
func (Cmp) expr()    {}
func (In) expr()     {}
func (Match) expr()  {}
func (IsNull) expr() {}

// True is the condition that keeps every row.
var True Expr = Const{Truth: true}

// False is the condition that keeps no row.
var False Expr = Const{Truth: false}

// AllOf joins conditions with and, flattening nested conjunctions and dropping
// constants. It returns True for no arguments.
func AllOf(args ...Expr) Expr {
	out, decided := flat(nil, args, true)
	switch {
	case decided:
		return False
	case len(out) == 0:
		return True
	case len(out) == 1:
		return out[0]
	}
	return And{Args: out}
}

// AnyOf joins conditions with or, flattening nested disjunctions and dropping
// constants. It returns False for no arguments.
func AnyOf(args ...Expr) Expr {
	out, decided := flat(nil, args, false)
	switch {
	case decided:
		return True
	case len(out) == 0:
		return False
	case len(out) == 1:
		return out[0]
	}
	return Or{Args: out}
}

// flat appends what is joined by and or, if not all, by or. It is decided where a
// constant makes the others meaningless.
func flat(out, args []Expr, all bool) (_ []Expr, decided bool) {
	for _, a := range args {
		inner, nested := []Expr(nil), false
		switch a := a.(type) {
		case nil:
			continue
		case Const:
			if a.Truth != all {
				return nil, true
			}
			continue
		case And:
			inner, nested = a.Args, all
		case Or:
			inner, nested = a.Args, !all
		}
		if !nested {
			out = append(out, a)
		} else if out, decided = flat(out, inner, all); decided {
			return nil, true
		}
	}
	return out, false
}

// Conjuncts returns the conditions that must all hold for e to hold.
func Conjuncts(e Expr) []Expr {
	switch e.(type) {
	case nil, And, Or, Const:
		e = AllOf(e)
	}
	switch e := e.(type) {
	case And:
		return e.Args
	case Const:
		if e.Truth {
			return nil
		}
		return []Expr{e}
	default:
		return []Expr{e}
	}
}

// Columns returns the names of the columns that e reads, each once, in order
// of first use.
func Columns(e Expr) []string {
	var out []string
	Walk(e, func(e Expr) {
		if name := columnOf(e); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	})
	return out
}

// Walk calls visit for e and everything below it, parents first.
func Walk(e Expr, visit func(Expr)) {
	if e == nil {
		return
	}
	visit(e)
	switch e := e.(type) {
	case And:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	case Or:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	case Not:
		Walk(e.Arg, visit)
	}
}

func columnOf(e Expr) string {
	switch e := e.(type) {
	case Cmp:
		return e.Column
	case In:
		return e.Column
	case Match:
		return e.Column
	case IsNull:
		return e.Column
	default:
		return ""
	}
}

func (c Const) String() string {
	if c.Truth {
		return "TRUE"
	}
	return "FALSE"
}

func (a And) String() string { return joined(a.Args, " AND ") }

func (o Or) String() string { return joined(o.Args, " OR ") }

func (n Not) String() string { return "NOT (" + n.Arg.String() + ")" }

func (c Cmp) String() string { return c.Column + " " + c.Op.String() + " " + c.Value.String() }

func (i In) String() string {
	parts := make([]string, len(i.Values))
	for n, v := range i.Values {
		parts[n] = v.String()
	}
	return i.Column + " IN (" + strings.Join(parts, ", ") + ")"
}

func (m Match) String() string {
	text := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `'`, `''`).Replace(m.Text)
	switch m.Kind {
	case Prefix:
		text += "%"
	case Suffix:
		text = "%" + text
	default:
		text = "%" + text + "%"
	}
	return m.Column + " LIKE '" + text + "'"
}

func (n IsNull) String() string { return n.Column + " IS NULL" }

// String gives the operator in SQL's spelling.
func (o Op) String() string {
	return [...]string{"=", "<>", "<", "<=", ">", ">="}[o]
}

// String names the kind of match.
func (k MatchKind) String() string {
	return [...]string{"prefix", "suffix", "contains"}[k]
}

func joined(args []Expr, sep string) string {
	parts := make([]string, len(args))
	for i, a := range args {
		s := a.String()
		switch a.(type) {
		case And, Or:
			s = "(" + s + ")"
		}
		parts[i] = s
	}
	return strings.Join(parts, sep)
}

// Kind is the type of a Value.
type Kind uint8

// The kinds of value.
const (
	String Kind = iota
	Bool
	Int
	Float
	Time
	UUID
	// Param is a value that is not known yet: that of parameter Int, counted
	// from 1. Only kept statements have it, until Filled puts values there.
	Param
)

// Value is a constant of a condition. The field named by Kind holds it; a
// UUID is kept in Str in small letters with hyphens.
type Value struct {
	Kind  Kind
	Str   string
	Bool  bool
	Int   int64
	Float float64
	Time  time.Time
}

// StringValue returns a string as a Value.
func StringValue(s string) Value { return Value{Kind: String, Str: s} }

// BoolValue returns a Boolean as a Value.
func BoolValue(b bool) Value { return Value{Kind: Bool, Bool: b} }

// IntValue returns an integer as a Value.
func IntValue(i int64) Value { return Value{Kind: Int, Int: i} }

// FloatValue returns a floating-point number as a Value.
func FloatValue(f float64) Value { return Value{Kind: Float, Float: f} }

// TimeValue returns an instant as a Value, in UTC.
func TimeValue(t time.Time) Value { return Value{Kind: Time, Time: t.UTC()} }

// UUIDValue returns a UUID, given in any letter case, as a Value.
func UUIDValue(s string) Value { return Value{Kind: UUID, Str: strings.ToLower(s)} }
