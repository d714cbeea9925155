package predicate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	. "github.com/pingone-gateway/gateway/sqlcore/predicate"
)

var aMoment = time.Date(2026, 3, 1, 9, 12, 42, 123_456_000, time.FixedZone("", 3600))

// Conditions are joined in the simplest form, and print as SQL.
func TestForms(t *testing.T) {
	t.Parallel()
	a, b, c := eq("A", "a"), eq("B", "b"), eq("C", "c")
	for _, of := range []struct {
		name string
		is   Expr
		want string
	}{
		{"all of nothing", AllOf(), "TRUE"},
		{"all of what is left out", AllOf(nil, True, nil), "TRUE"},
		{"all of one", AllOf(True, a), "A = 'a'"},
		{"all, with one that never holds", AllOf(a, False, b), "FALSE"},
		{"all of all", AllOf(AllOf(a, b), c), "A = 'a' AND B = 'b' AND C = 'c'"},
		{"all of all, by hand", AllOf(And{Args: []Expr{And{Args: []Expr{a, True}}, b}}, c), "A = 'a' AND B = 'b' AND C = 'c'"},
		{"all, with one that never holds inside", AllOf(And{Args: []Expr{a, False}}, c), "FALSE"},
		{"all, with nothing inside", AllOf(And{}, c), "C = 'c'"},
		{"all of any", AllOf(AnyOf(a, b), c), "(A = 'a' OR B = 'b') AND C = 'c'"},
		{"any of nothing", AnyOf(), "FALSE"},
		{"any of one", AnyOf(nil, False, a), "A = 'a'"},
		{"any, with one that always holds", AnyOf(a, True, b), "TRUE"},
		{"any of any", AnyOf(AnyOf(a, b), c), "A = 'a' OR B = 'b' OR C = 'c'"},
		{"any of any, by hand", AnyOf(Or{Args: []Expr{Or{Args: []Expr{a, False}}, b}}, c), "A = 'a' OR B = 'b' OR C = 'c'"},
		{"any, with one that always holds inside", AnyOf(Or{Args: []Expr{a, True}}, c), "TRUE"},
		{"any, with nothing inside", AnyOf(Or{}, c), "C = 'c'"},
		{"any of all", AnyOf(AllOf(a, b), c), "(A = 'a' AND B = 'b') OR C = 'c'"},
		{"none", Not{Arg: AnyOf(a, b)}, "NOT (A = 'a' OR B = 'b')"},
		{"no value", IsNull{Column: "A"}, "A IS NULL"},
		{"several", In{Column: "A", Values: []Value{StringValue("O'Neil"), IntValue(-1), UUIDValue("ABC")}}, "A IN ('O''Neil', -1, 'abc')"},
		{"in front", Match{Column: "A", Kind: Prefix, Text: `50%_\'`}, `A LIKE '50\%\_\\''%'`},
		{"behind", Match{Column: "A", Kind: Suffix, Text: "x"}, "A LIKE '%x'"},
		{"anywhere", Match{Column: "A", Kind: Contains, Text: "x"}, "A LIKE '%x%'"},
		{"unequal", Cmp{Column: "A", Op: Ne, Value: FloatValue(0.1)}, "A <> 0.1"},
		{"less", Cmp{Column: "A", Op: Lt, Value: BoolValue(true)}, "A < TRUE"},
		{"at most", Cmp{Column: "A", Op: Le, Value: TimeValue(aMoment)}, "A <= TIMESTAMPTZ '2026-03-01T08:12:42.123456Z'"},
		{"more", Cmp{Column: "A", Op: Gt, Value: Value{Kind: Param, Int: 3}}, "A > $3"},
		{"at least", Cmp{Column: "A", Op: Ge, Value: IntValue(1 << 60)}, "A >= 1152921504606846976"},
	} {
		if got := of.is.String(); got != of.want {
			t.Errorf("%s: %s, want %s", of.name, got, of.want)
		}
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	e := AllOf(
		AnyOf(eq("B", "x"), Not{Arg: IsNull{Column: "A"}}), Match{Column: "C", Text: "x"}, eq("B", "y"), In{Column: "D", Values: []Value{IntValue(1)}},
	)
	if got := Columns(e); !slices.Equal(got, []string{"B", "A", "C", "D"}) {
		t.Errorf("%v", got)
	}
	if got := append(Columns(nil), Columns(True)...); len(got) > 0 {
		t.Errorf("%v of nothing", got)
	}
	if got := Conjuncts(AllOf(eq("A", "x"), False)); len(got) != 1 || got[0] != False {
		t.Errorf("%v", got)
	}
}

func TestTextsOfValues(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]Value{
		"it's": StringValue("it's"), "true": BoolValue(true), "-7": IntValue(-7), "1e+21": FloatValue(1e21), "0.1": FloatValue(0.1),
		"2026-03-01T08:12:42.123Z": TimeValue(aMoment), "b4a6bc99": UUIDValue("B4A6BC99"),
	} {
		if got := v.Text(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for in, want := range map[time.Duration]time.Duration{0: 0, 1: time.Millisecond, time.Millisecond: time.Millisecond, time.Millisecond + 1: 2 * time.Millisecond} {
		if got := CeilMillis(time.Unix(1, int64(in))); !got.Equal(time.Unix(1, int64(want))) {
			t.Errorf("%v becomes %v", in, got)
		}
	}
}

// Values of every type that columns have are compared, and no others.
func TestTypesOfColumns(t *testing.T) {
	t.Parallel()
	columns := arrow.NewSchema([]arrow.Field{
		{Name: "Small", Type: arrow.PrimitiveTypes.Int32},
		{Name: "Share", Type: arrow.PrimitiveTypes.Float64},
		{Name: "Milli", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "Micro", Type: arrow.FixedWidthTypes.Timestamp_us},
		{Name: "List", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
		{Name: "Twice", Type: arrow.BinaryTypes.String},
		{Name: "Twice", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, columns)
	defer b.Release()
	at := time.UnixMilli(1_700_000_000_123).UTC()
	b.Field(0).(*array.Int32Builder).Append(-5)
	b.Field(1).(*array.Float64Builder).Append(0.25)
	b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMilli()))
	b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMicro()))
	b.Field(4).AppendNull()
	b.Field(5).(*array.StringBuilder).Append("x")
	b.Field(6).(*array.StringBuilder).Append("y")
	rec := b.NewRecordBatch()
	defer rec.Release()
	keeps := func(e Expr) bool {
		f, err := Compile(e, columns)
		if err != nil {
			t.Fatal(err)
		}
		_, kept := f.Mask(rec)
		return kept == 1
	}
	for _, c := range []struct {
		column string
		value  Value
		order  int // of the column's value to the other
	}{
		{"Small", IntValue(-5), 0},
		{"Small", FloatValue(-5.5), 1},
		{"Small", IntValue(1 << 40), -1},
		{"Share", FloatValue(0.25), 0},
		{"Share", IntValue(1), -1},
		{"Milli", TimeValue(at), 0},
		{"Milli", TimeValue(at.Add(time.Microsecond)), -1},
		{"Micro", TimeValue(at.In(time.FixedZone("", 7200))), 0},
		{"Micro", TimeValue(at.Add(-time.Microsecond)), 1},
	} {
		for op, want := range map[Op]bool{Eq: c.order == 0, Ne: c.order != 0, Lt: c.order < 0, Le: c.order <= 0, Gt: c.order > 0, Ge: c.order >= 0} {
			if e := (Cmp{Column: c.column, Op: op, Value: c.value}); keeps(e) != want {
				t.Errorf("%s: %v", e, !want)
			}
		}
	}
	if !keeps(IsNull{Column: "List"}) {
		t.Error("a list can be null")
	}
	for _, e := range []Expr{eq("List", "x"), eq("Twice", "x"), eq("Nobody", "x"), AllOf(eq("Small", "x"), AnyOf(eq("List", "x"), IsNull{Column: "Small"})), Not{Arg: eq("List", "x")}} {
		if _, err := Compile(e, columns); err == nil {
			t.Errorf("%s can't be compared", e)
		}
	}
}

// What a source takes of lists, of times and within branches.
func TestSplitOfSources(t *testing.T) {
	t.Parallel()
	few := Capabilities{Lists: 2, Columns: map[string]Capability{"A": {Operators: []Operator{OpEq}, Exact: true}}}
	times := Capabilities{And: true, Or: true, Columns: map[string]Capability{"At": {Operators: []Operator{OpGe, OpGt, OpLe, OpLt, OpCo}, Exact: true}}}
	noAnd := Capabilities{Or: true, Columns: map[string]Capability{"A": {Operators: []Operator{OpEq}}, "B": {Operators: []Operator{OpEq}}}}
	whole, finer := TimeValue(aMoment.Truncate(time.Millisecond)), TimeValue(aMoment)
	several := func(n int) Expr {
		in := In{Column: "A"}
		for i := range n {
			in.Values = append(in.Values, IntValue(int64(i)))
		}
		return in
	}
	for _, c := range []struct {
		name  string
		caps  Capabilities
		is    Expr
		want  string
		exact bool
	}{
		{"as many values as it takes", few, several(2), "A IN (0, 1)", true},
		{"more", few, several(3), "TRUE", false},
		{"up to a moment", times, Cmp{Column: "At", Op: Le, Value: whole}, "At <= TIMESTAMPTZ '2026-03-01T08:12:42.123Z'", true},
		{"before it", times, Cmp{Column: "At", Op: Lt, Value: whole}, "At < TIMESTAMPTZ '2026-03-01T08:12:42.123Z'", true},
		{"after a moment that it does not know", times, Cmp{Column: "At", Op: Gt, Value: finer}, "At > TIMESTAMPTZ '2026-03-01T08:12:42.123456Z'", false},
		{"at a moment", times, Cmp{Column: "At", Op: Eq, Value: whole}, "TRUE", false},
		{"a text anywhere", times, Match{Column: "At", Kind: Contains, Text: "x"}, "At LIKE '%x%'", true},
		{"any text", times, Match{Column: "At", Kind: Contains}, "TRUE", false},
		{"another column", times, several(1), "TRUE", false},
		{"the first of a branch's", noAnd, AnyOf(AllOf(IsNull{Column: "A"}, eq("A", "x"), eq("B", "y")), eq("B", "z")), "A = 'x' OR B = 'z'", false},
		{"none of a branch's", noAnd, AnyOf(AllOf(IsNull{Column: "A"}, IsNull{Column: "B"}), eq("B", "z")), "TRUE", false},
		{"what always holds in a branch", noAnd, AnyOf(And{Args: []Expr{True, IsNull{Column: "B"}}}, eq("B", "z")), "TRUE", false},
	} {
		pushed, exact := Split(c.is, c.caps)
		if pushed.String() != c.want || exact != c.exact {
			t.Errorf("%s: %s, %v", c.name, pushed, exact)
		}
	}
}
