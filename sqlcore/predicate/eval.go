package predicate

import (
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// truth is a value of three-valued logic. The order makes and a minimum and
// or a maximum.
type truth uint8

const (
	isFalse truth = iota
	isUnknown
	isTrue
)

// Filter evaluates a condition over record batches. It keeps no state between
// batches and may be used by several goroutines.
type Filter struct {
	root node
}

// node evaluates one part of a condition into out, one truth for each row.
type node func(rec arrow.RecordBatch, out []truth)

// Compile prepares e for batches of the given schema. It returns an error if e
// reads a column that the schema lacks or whose type it can't compare.
func Compile(e Expr, schema *arrow.Schema) (*Filter, error) {
	n, err := compile(e, schema)
	if err != nil {
		return nil, err
	}
	return &Filter{root: n}, nil
}

// Mask tells for each row of the batch whether the condition is true, and how
// many rows that is.
func (f *Filter) Mask(rec arrow.RecordBatch) (keep []bool, kept int) {
	rows := int(rec.NumRows())
	truths := make([]truth, rows)
	f.root(rec, truths)
	keep = make([]bool, rows)
	for i, t := range truths {
		if t == isTrue {
			keep[i] = true
			kept++
		}
	}
	return keep, kept
}

func compile(e Expr, schema *arrow.Schema) (node, error) {
	switch e := e.(type) {
	case Const:
		return constant(e.Truth), nil
	case And:
		return compileAll(e.Args, schema, isTrue, func(a, b truth) truth { return min(a, b) })
	case Or:
		return compileAll(e.Args, schema, isFalse, func(a, b truth) truth { return max(a, b) })
	case Not:
		return compileNot(e.Arg, schema)
	case IsNull:
		return compileIsNull(e.Column, schema)
	case Cmp:
		return compileTest(e.Column, schema, func(v Value) truth { return compareTruth(v, e.Op, e.Value) })
	case In:
		return compileIn(e, schema)
	case Match:
		return compileMatch(e, schema)
	default:
		return nil, fmt.Errorf("predicate: no evaluation for %T", e)
	}
}

func constant(value bool) node {
	t := isFalse
	if value {
		t = isTrue
	}
	return func(_ arrow.RecordBatch, out []truth) {
		for i := range out {
			out[i] = t
		}
	}
}

func compileAll(args []Expr, schema *arrow.Schema, start truth, join func(a, b truth) truth) (node, error) {
	nodes := make([]node, len(args))
	for i, a := range args {
		n, err := compile(a, schema)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return func(rec arrow.RecordBatch, out []truth) {
		for i := range out {
			out[i] = start
		}
		part := make([]truth, len(out))
		for _, n := range nodes {
			n(rec, part)
			for i, t := range part {
				out[i] = join(out[i], t)
			}
		}
	}, nil
}

func compileNot(arg Expr, schema *arrow.Schema) (node, error) {
	n, err := compile(arg, schema)
	if err != nil {
		return nil, err
	}
	return func(rec arrow.RecordBatch, out []truth) {
		n(rec, out)
		for i, t := range out {
			out[i] = isTrue - t
		}
	}, nil
}

func compileIsNull(column string, schema *arrow.Schema) (node, error) {
	at, err := indexOf(column, schema)
	if err != nil {
		return nil, err
	}
	return func(rec arrow.RecordBatch, out []truth) {
		col := rec.Column(at)
		for i := range out {
			out[i] = isFalse
			if col.IsNull(i) {
				out[i] = isTrue
			}
		}
	}, nil
}

func compileIn(e In, schema *arrow.Schema) (node, error) {
	texts, integers := map[string]bool{}, map[int64]bool{}
	var others, uneven []Value // that are no texts; and no integers either
	for _, v := range e.Values {
		if isText(v) {
			texts[v.Str] = true
			continue
		}
		if others = append(others, v); v.Kind == Int {
			integers[v.Int] = true
		} else {
			uneven = append(uneven, v)
		}
	}
	return compileTest(e.Column, schema, func(v Value) truth {
		if isText(v) && texts[v.Str] || v.Kind == Int && integers[v.Int] {
			return isTrue
		}
		left := others
		if v.Kind == Int {
			left = uneven
		}
		for _, o := range left {
			if compareTruth(v, Eq, o) == isTrue {
				return isTrue
			}
		}
		return isFalse
	})
}

func compileMatch(e Match, schema *arrow.Schema) (node, error) {
	var test func(text, part string) bool
	switch e.Kind {
	case Contains:
		test = strings.Contains
	case Prefix:
		test = strings.HasPrefix
	case Suffix:
		test = strings.HasSuffix
	}
	return compileTest(e.Column, schema, func(v Value) truth {
		if isText(v) && test(v.Str, e.Text) {
			return isTrue
		}
		return isFalse
	})
}

// compileTest builds a node that applies test to every value that isn't null.
func compileTest(column string, schema *arrow.Schema, test func(Value) truth) (node, error) {
	at, err := indexOf(column, schema)
	if err != nil {
		return nil, err
	}
	read, err := Reader(schema.Field(at))
	if err != nil {
		return nil, err
	}
	return func(rec arrow.RecordBatch, out []truth) {
		col := rec.Column(at)
		for i := range out {
			if col.IsNull(i) {
				out[i] = isUnknown
				continue
			}
			out[i] = test(read(col, i))
		}
	}, nil
}

func compareTruth(v Value, op Op, with Value) truth {
	order, ok := Compare(v, with)
	if !ok {
		return isUnknown
	}
	if op.holds(order) {
		return isTrue
	}
	return isFalse
}

func indexOf(column string, schema *arrow.Schema) (int, error) {
	if at := schema.FieldIndices(column); len(at) == 1 {
		return at[0], nil
	}
	return 0, fmt.Errorf("predicate: no column %q in %v", column, schema)
}

// Reader gives the function that takes one value out of a column, where it isn't null.
// It returns an error for types that can't be compared.
func Reader(f arrow.Field) (func(arrow.Array, int) Value, error) {
	switch t := f.Type.(type) {
	case *arrow.StringType:
		return func(a arrow.Array, i int) Value { return StringValue(a.(*array.String).Value(i)) }, nil
	case *arrow.BooleanType:
		return func(a arrow.Array, i int) Value { return BoolValue(a.(*array.Boolean).Value(i)) }, nil
	case *arrow.Int32Type:
		return func(a arrow.Array, i int) Value { return IntValue(int64(a.(*array.Int32).Value(i))) }, nil
	case *arrow.Int64Type:
		return func(a arrow.Array, i int) Value { return IntValue(a.(*array.Int64).Value(i)) }, nil
	case *arrow.Float64Type:
		return func(a arrow.Array, i int) Value { return FloatValue(a.(*array.Float64).Value(i)) }, nil
	case *arrow.TimestampType:
		unit := t.Unit
		return func(a arrow.Array, i int) Value {
			return Value{Kind: Time, Time: instant(a.(*array.Timestamp).Value(i), unit)}
		}, nil
	default:
		return nil, fmt.Errorf("predicate: column %q of type %s can't be compared", f.Name, f.Type)
	}
}

func instant(v arrow.Timestamp, unit arrow.TimeUnit) time.Time {
	return v.ToTime(unit).UTC()
}
