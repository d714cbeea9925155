package uri

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// climb groups items by precedence climbing, an algorithm other than the
// engine's, over items[0:]; it returns the tree and the items left.
func climb(items []item, least int) (Expr, []item) {
	first := items[0]
	items = items[1:]
	left := first.operand
	if first.kind == unaryItem {
		var x Expr
		x, items = climb(items, unaryPrecedence)
		left = first.node(x)
	}
	for len(items) > 0 && binaryPrecedence[items[0].binary] >= least {
		op := items[0]
		var right Expr
		right, items = climb(items[1:], binaryPrecedence[op.binary]+1)
		left = op.node(left, right)
	}
	return left, items
}

func randomItems(r *rand.Rand, operands int) []item {
	var items []item
	for i := range operands {
		if i > 0 {
			items = append(items, newBinaryItem(BinaryOp(r.IntN(len(binaryNames))), i))
		}
		for r.IntN(5) == 0 {
			items = append(items, newUnaryItem(UnaryOp(r.IntN(2)), i))
		}
		items = append(items, item{operand: &Literal{Kind: IntLiteral, Text: fmt.Sprint(i)}})
	}
	return items
}

func TestEngineGroupsLikePrecedenceClimbing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		items := randomItems(r, 1+r.IntN(10))
		want, _ := climb(items, 0)
		got, err := group(items)
		if err != nil {
			t.Fatalf("%s: %v", FormatExpr(want), err)
		}
		if sketch(got) != sketch(want) {
			t.Fatalf("got  %s\nwant %s", sketch(got), sketch(want))
		}
	}
}

// bracketed writes a tree with parentheses around every operation.
func bracketed(x Expr) string {
	switch x := x.(type) {
	case *Binary:
		return "(" + bracketed(x.Left) + " " + x.Op.String() + " " + bracketed(x.Right) + ")"
	case *Unary:
		return "(" + x.Op.String() + " " + bracketed(x.X) + ")"
	}
	return FormatExpr(x)
}

// TestPrecedence has the table of OData 4.01 Part 2, section 5.1.1.17.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"Price mul 2 add 3":                      "((Price mul 2) add 3)",
		"3 add Price mul 2":                      "(3 add (Price mul 2))",
		"10 sub 4 sub 3":                         "((10 sub 4) sub 3)",
		"8 div 4 div 2":                          "((8 div 4) div 2)",
		"8 divby 4 mul 2 mod 3":                  "(((8 divby 4) mul 2) mod 3)",
		"a or b and c":                           "(a or (b and c))",
		"a and b or c":                           "((a and b) or c)",
		"a or b or c":                            "((a or b) or c)",
		"a eq b and c ne d":                      "((a eq b) and (c ne d))",
		"a gt b eq c lt d":                       "((a gt b) eq (c lt d))",
		"not a eq b":                             "((not a) eq b)",
		"not (a eq b)":                           "(not (a eq b))",
		"not(a eq b) and c":                      "((not (a eq b)) and c)",
		"not a in (1,2)":                         "(not (a in (1,2)))",
		"not contains(a,'x') and b":              "((not contains(a,'x')) and b)",
		"-a mul b":                               "((- a) mul b)",
		"a sub -5":                               "(a sub -5)",
		"a sub -b":                               "(a sub (- b))",
		"- (a add b)":                            "(- (a add b))",
		"not not a":                              "(not (not a))",
		"a has Ns.E'x' and b":                    "((a has Ns.E'x') and b)",
		"a add b gt c":                           "((a add b) gt c)",
		"(a or b) and c":                         "((a or b) and c)",
		"a in b/c":                               "(a in b/c)",
		"contains(CompanyName,'Acme') eq true":   "(contains(CompanyName,'Acme') eq true)",
		"A EQ 1 AND NOT B OR C Ne 2":             "(((A eq 1) and (not B)) or (C ne 2))",
		"(a eq 1)and(b eq 2)":                    "((a eq 1) and (b eq 2))",
		"Name in('a','b')":                       "(Name in ('a','b'))",
		"date eq 2020-01-01 and date(d) eq date": "((date eq 2020-01-01) and (date(d) eq date))",
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			x, err := ParseFilter(text, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := bracketed(x); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// BenchmarkGroup compares the engine with precedence climbing on
// `1 eq 2 and 3 eq 4 …`.
func BenchmarkGroup(b *testing.B) {
	for _, operands := range []int{4, 12, 1000, 2000} {
		items := []item{{operand: &Literal{Kind: IntLiteral, Text: "0"}}}
		for i := 1; i < operands; i++ {
			items = append(items, newBinaryItem([]BinaryOp{And, Eq}[i%2], 0), items[0])
		}
		b.Run(fmt.Sprintf("engine/%d", operands), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := group(items); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("climbing/%d", operands), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				climb(items, 0)
			}
		})
	}
}
