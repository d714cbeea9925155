package predicate_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	. "github.com/pingone-gateway/gateway/sqlcore/predicate"
)

var caps = Capabilities{And: true, Or: true, Columns: map[string]Capability{
	"Name":    {Operators: []Operator{OpEq, OpSw, OpEw}},
	"Title":   {Operators: []Operator{OpSw}},
	"Enabled": {Operators: []Operator{OpEq}, Exact: true},
	"At":      {Operators: []Operator{OpGe, OpLt}, Exact: true},
}}

func eq(column, text string) Expr { return Cmp{Column: column, Op: Eq, Value: StringValue(text)} }

func TestSplit(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	enabled := Cmp{Column: "Enabled", Op: Eq, Value: BoolValue(true)}
	cases := []struct {
		name  string
		in    Expr
		want  string
		exact bool
	}{
		{"nothing asked", True, "TRUE", true},
		{"exact equality", enabled, "Enabled = TRUE", true},
		{"string equality is a superset", eq("Name", "a"), "Name = 'a'", false},
		{"and keeps what it can", AllOf(eq("Name", "a"), eq("City", "b"), enabled), "Name = 'a' AND Enabled = TRUE", false},
		{"or needs all branches", AnyOf(eq("Name", "a"), eq("City", "b")), "TRUE", false},
		{"or of pushable branches", AnyOf(eq("Name", "a"), enabled), "Name = 'a' OR Enabled = TRUE", false},
		{"or of and", AnyOf(AllOf(eq("Name", "a"), eq("City", "b")), enabled), "Name = 'a' OR Enabled = TRUE", false},
		{"or of one column's values", AnyOf(AllOf(eq("Name", "a"), eq("City", "c")), eq("Name", "b"), In{Column: "Name", Values: []Value{StringValue("a")}}), "Name IN ('a', 'b')", false},
		{"the same twice", AllOf(In{Column: "Name", Values: []Value{StringValue("a"), StringValue("b")}}, AnyOf(eq("Name", "a"), eq("Name", "b"))), "Name IN ('a', 'b')", false},
		{"equality where only sw exists", eq("Title", "a"), "Title LIKE 'a%'", false},
		{"not", Not{Arg: enabled}, "TRUE", false},
		{"is null", IsNull{Column: "Name"}, "TRUE", false},
		{"unequal", Cmp{Column: "Name", Op: Ne, Value: StringValue("a")}, "TRUE", false},
		{"range on a string", Cmp{Column: "Name", Op: Ge, Value: StringValue("a")}, "TRUE", false},
		{"range on a time", Cmp{Column: "At", Op: Ge, Value: TimeValue(at)}, "At >= TIMESTAMPTZ '2026-01-02T03:04:05Z'", true},
		{"range operator not offered", Cmp{Column: "At", Op: Le, Value: TimeValue(at)}, "TRUE", false},
		{"empty string", eq("Name", ""), "TRUE", false},
		{"in", In{Column: "Name", Values: []Value{StringValue("a"), StringValue("b")}}, "Name IN ('a', 'b')", false},
		{"in with an empty string", In{Column: "Name", Values: []Value{StringValue("a"), StringValue("")}}, "TRUE", false},
		{"prefix", Match{Column: "Name", Kind: Prefix, Text: "a_b"}, `Name LIKE 'a\_b%'`, false},
		{"contains isn't offered", Match{Column: "Name", Kind: Contains, Text: "a"}, "TRUE", false},
		{"false", AllOf(enabled, False), "FALSE", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pushed, exact := Split(c.in, caps)
			if pushed.String() != c.want || exact != c.exact {
				t.Errorf("Split(%s) = %s, %v; want %s, %v", c.in, pushed, exact, c.want, c.exact)
			}
		})
	}
}

func TestSplitWithoutConnectives(t *testing.T) {
	t.Parallel()
	bare := caps
	bare.And, bare.Or = false, false
	pushed, exact := Split(AllOf(eq("Name", "a"), Cmp{Column: "Enabled", Op: Eq, Value: BoolValue(true)}), bare)
	if pushed.String() != "Name = 'a'" || exact {
		t.Errorf("got %s, %v", pushed, exact)
	}
	either := AnyOf(eq("Name", "a"), eq("Name", "b"))
	for lists, want := range map[int]string{0: "TRUE", 1: "TRUE", 2: "Name IN ('a', 'b')"} {
		bare.Lists = lists
		if pushed, _ = Split(either, bare); pushed.String() != want {
			t.Errorf("%d values apart: %s was pushed, want %s", lists, pushed, want)
		}
	}
}

func TestKeyValues(t *testing.T) {
	t.Parallel()
	in := In{Column: "Id", Values: []Value{StringValue("1"), StringValue("2"), StringValue("2")}}
	cases := []struct {
		name string
		in   Expr
		want int
		ok   bool
	}{
		{"equality", eq("Id", "1"), 1, true},
		{"list without repetition", in, 2, true},
		{"intersection", AllOf(in, eq("Id", "2")), 1, true},
		{"contradiction", AllOf(eq("Id", "1"), eq("Id", "2")), 0, true},
		{"or of equalities", AnyOf(eq("Id", "1"), eq("Id", "3")), 2, true},
		{"or with another column", AnyOf(eq("Id", "1"), eq("Name", "3")), 0, false},
		{"not", Not{Arg: eq("Id", "1")}, 0, false},
		{"another column", eq("Name", "1"), 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := KeyValues(c.in, "Id")
			if len(got) != c.want || ok != c.ok {
				t.Errorf("got %v, %v; want %d values, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "Name", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "Enabled", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
	{Name: "Count", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
}, nil)

// batch holds the rows (ada, true, 1), (BOB, false, 2), (null, null, null).
func batch() arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	b.Field(0).(*array.StringBuilder).AppendValues([]string{"ada", "BOB", ""}, []bool{true, true, false})
	b.Field(1).(*array.BooleanBuilder).AppendValues([]bool{true, false, false}, []bool{true, true, false})
	b.Field(2).(*array.Int64Builder).AppendValues([]int64{1, 2, 0}, []bool{true, true, false})
	return b.NewRecordBatch()
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	one := Cmp{Column: "Count", Op: Eq, Value: IntValue(1)}
	cases := []struct {
		name string
		in   Expr
		want [3]bool
	}{
		{"equal", eq("Name", "ada"), [3]bool{true, false, false}},
		{"case counts", eq("Name", "bob"), [3]bool{}},
		{"unequal drops null", Cmp{Column: "Name", Op: Ne, Value: StringValue("ada")}, [3]bool{false, true, false}},
		{"not of null stays unknown", Not{Arg: eq("Name", "ada")}, [3]bool{false, true, false}},
		{"is null", IsNull{Column: "Name"}, [3]bool{false, false, true}},
		{"not is null", Not{Arg: IsNull{Column: "Name"}}, [3]bool{true, true, false}},
		{"unknown or true", AnyOf(eq("Name", "ada"), IsNull{Column: "Count"}), [3]bool{true, false, true}},
		{"unknown and false", Not{Arg: AllOf(eq("Name", "x"), one)}, [3]bool{true, true, false}},
		{"number against float", Cmp{Column: "Count", Op: Lt, Value: FloatValue(1.5)}, [3]bool{true, false, false}},
		{"in numbers", In{Column: "Count", Values: []Value{IntValue(2), IntValue(9)}}, [3]bool{false, true, false}},
		{"in uneven numbers", In{Column: "Count", Values: []Value{IntValue(9), FloatValue(2), StringValue("2")}}, [3]bool{false, true, false}},
		{"in texts", In{Column: "Name", Values: []Value{StringValue("ada")}}, [3]bool{true, false, false}},
		{"prefix", Match{Column: "Name", Kind: Prefix, Text: "B"}, [3]bool{false, true, false}},
		{"suffix", Match{Column: "Name", Kind: Suffix, Text: "da"}, [3]bool{true, false, false}},
		{"contains", Match{Column: "Name", Kind: Contains, Text: "O"}, [3]bool{false, true, false}},
		{"boolean", Cmp{Column: "Enabled", Op: Eq, Value: BoolValue(false)}, [3]bool{false, true, false}},
		{"kinds that don't compare", Cmp{Column: "Enabled", Op: Eq, Value: IntValue(1)}, [3]bool{}},
		{"all", True, [3]bool{true, true, true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := Compile(c.in, schema)
			if err != nil {
				t.Fatal(err)
			}
			rec := batch()
			defer rec.Release()
			keep, kept := f.Mask(rec)
			want := 0
			for i := range keep {
				if keep[i] != c.want[i] {
					t.Errorf("row %d: kept %v, want %v", i, keep[i], c.want[i])
				}
				if c.want[i] {
					want++
				}
			}
			if kept != want {
				t.Errorf("kept %d rows, want %d", kept, want)
			}
		})
	}
}

func TestCompileRefusesUnknownColumns(t *testing.T) {
	t.Parallel()
	if _, err := Compile(eq("Nobody", "x"), schema); err == nil {
		t.Error("no error")
	}
}

// TestSplitIsASuperset checks with random conditions that every row the
// condition keeps is kept by the pushed part, and by no more where it is exact.
func TestSplitIsASuperset(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	rec := batch()
	defer rec.Release()
	caps := Capabilities{And: true, Or: true, Columns: map[string]Capability{
		"Name":    {Operators: []Operator{OpEq, OpSw}, Exact: true},
		"Enabled": {Operators: []Operator{OpEq}, Exact: true},
	}}
	for range 5000 {
		e := random(rng, 3)
		pushed, exact := Split(e, caps)
		whole, part := mask(t, e, rec), mask(t, pushed, rec)
		for i := range whole {
			if whole[i] && !part[i] || exact && part[i] != whole[i] {
				t.Fatalf("%s pushed as %s (exact %v) differs in row %d", e, pushed, exact, i)
			}
		}
	}
}

func mask(t *testing.T, e Expr, rec arrow.RecordBatch) []bool {
	t.Helper()
	f, err := Compile(e, schema)
	if err != nil {
		t.Fatal(err)
	}
	keep, _ := f.Mask(rec)
	return keep
}

func random(rng *rand.Rand, depth int) Expr {
	if depth > 0 {
		switch rng.IntN(4) {
		case 0:
			return AllOf(random(rng, depth-1), random(rng, depth-1))
		case 1:
			return AnyOf(random(rng, depth-1), random(rng, depth-1))
		case 2:
			return Not{Arg: random(rng, depth-1)}
		}
	}
	names := []string{"ada", "BOB", "a", ""}
	switch rng.IntN(6) {
	case 0:
		return eq("Name", names[rng.IntN(4)])
	case 1:
		return Match{Column: "Name", Kind: MatchKind(rng.IntN(3)), Text: names[rng.IntN(4)]}
	case 2:
		return Cmp{Column: "Enabled", Op: Op(rng.IntN(2)), Value: BoolValue(rng.IntN(2) == 0)}
	case 3:
		return Cmp{Column: "Count", Op: Op(rng.IntN(6)), Value: IntValue(rng.Int64N(3))}
	case 4:
		return IsNull{Column: "Name"}
	default:
		return In{Column: "Name", Values: []Value{StringValue(names[rng.IntN(4)]), StringValue("ada")}}
	}
}
