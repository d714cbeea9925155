package uri

import (
	"sync"
	"testing"
)

func name(names ...string) *PathExpr {
	x := &PathExpr{}
	for _, n := range names {
		x.Segments = append(x.Segments, &NameSegment{Name: n})
	}
	return x
}

func integer(text string) *Literal { return &Literal{Kind: IntLiteral, Text: text} }

func text(s string) *Literal { return &Literal{Kind: StringLiteral, Text: s} }

func lambda(x *PathExpr, s *LambdaSegment) *PathExpr {
	x.Segments = append(x.Segments, s)
	return x
}

func TestExpressionTrees(t *testing.T) {
	t.Parallel()
	countOver := &PathExpr{Segments: []Segment{&NameSegment{Name: "Tags"}, &CountSegment{Options: &Options{Filter: name("x")}}}}
	cases := map[string]Expr{
		"contains(a,'x')":              &Call{Method: "contains", Args: []Expr{name("a"), text("x")}},
		"ToLower( a )":                 &Call{Method: "tolower", Args: []Expr{name("a")}},
		"matchesPattern(a,'^x','i')":   &Call{Method: "matchespattern", Args: []Expr{name("a"), text("^x"), text("i")}},
		"geo.length(a)":                &Call{Method: "geo.length", Args: []Expr{name("a")}},
		"now()":                        &Call{Method: "now"},
		"now":                          name("now"),
		"contains/length":              name("contains", "length"),
		"A/Model.B/c":                  name("A", "Model.B", "c"),
		"$it":                          &PathExpr{Start: FromIt},
		"$this/a":                      &PathExpr{Start: FromThis, Segments: name("a").Segments},
		"@p":                           &Alias{Name: "p"},
		"@p/a":                         &PathExpr{Start: FromAlias, Alias: "p", Segments: name("a").Segments},
		"@Ns.T#q":                      &PathExpr{Segments: []Segment{&AnnotationSegment{Term: "Ns.T", Qualifier: "q"}}},
		"a/@T":                         &PathExpr{Segments: []Segment{&NameSegment{Name: "a"}, &AnnotationSegment{Term: "T"}}},
		"Tags/$count($filter=x)":       countOver,
		"Tags/any()":                   lambda(name("Tags"), &LambdaSegment{}),
		"Tags/ANY( t : t eq 'x' )":     lambda(name("Tags"), &LambdaSegment{Variable: "t", Body: &Binary{Op: Eq, Left: name("t"), Right: text("x")}}),
		"a/b/all(x:x/c)":               lambda(name("a", "b"), &LambdaSegment{All: true, Variable: "x", Body: name("x", "c")}),
		"Ns.F(a=b,c=@p)":               &PathExpr{Segments: []Segment{&NameSegment{Name: "Ns.F", Args: &Args{Items: []Arg{{Name: "a", Value: name("b")}, {Name: "c", Value: &Alias{Name: "p"}}}}}}},
		"cast(Ns.T)":                   &Cast{Type: TypeName{Name: "Ns.T"}},
		"cast(a,Edm.String)":           &Cast{X: name("a"), Type: TypeName{Name: "Edm.String"}},
		"isof(a/b,Collection(Ns.T))":   &IsOf{X: name("a", "b"), Type: TypeName{Name: "Ns.T", Collection: true}},
		"cast(Collection(Edm.Int32))":  &Cast{Type: TypeName{Name: "Edm.Int32", Collection: true}},
		"case(a:1,true:-2)":            &Case{Branches: []CaseBranch{{name("a"), integer("1")}, {&Literal{Kind: BoolLiteral, Text: "true"}, integer("-2")}}},
		"case(X gt 10:20)":             &Case{Branches: []CaseBranch{{&Binary{Op: Gt, Left: name("X"), Right: integer("10")}, integer("20")}}},
		"case(X gt 10:20:30)":          &Case{Branches: []CaseBranch{{&Binary{Op: Gt, Left: name("X"), Right: integer("10")}, &Literal{Kind: TimeLiteral, Text: "20:30"}}}},
		"case(X gt 10:20:30:40)":       &Case{Branches: []CaseBranch{{&Binary{Op: Gt, Left: name("X"), Right: &Literal{Kind: TimeLiteral, Text: "10:20:30"}}, integer("40")}}},
		"case((X gt 10:20):30)":        &Case{Branches: []CaseBranch{{&Binary{Op: Gt, Left: name("X"), Right: &Literal{Kind: TimeLiteral, Text: "10:20"}}, integer("30")}}},
		"a in ()":                      &Binary{Op: In, Left: name("a"), Right: &List{}},
		"a in (1)":                     &Binary{Op: In, Left: name("a"), Right: &List{Items: []Expr{integer("1")}}},
		"a in ( 'x' , @p )":            &Binary{Op: In, Left: name("a"), Right: &List{Items: []Expr{text("x"), &Alias{Name: "p"}}}},
		"a in (b)":                     &Binary{Op: In, Left: name("a"), Right: name("b")},
		`a in ["x",b]`:                 &Binary{Op: In, Left: name("a"), Right: &Array{Items: []Expr{text("x"), name("b")}}},
		`{"a\u00e9":[1,{}],"b":"\""}`:  &Object{Members: []Member{{"aé", &Array{Items: []Expr{integer("1"), &Object{}}}}, {"b", text(`"`)}}},
		"not":                          name("not"),
		"(not)":                        name("not"),
		"not eq 1":                     &Binary{Op: Eq, Left: name("not"), Right: integer("1")},
		"not eq":                       &Unary{Op: Not, X: name("eq")},
		"- 5":                          &Unary{Op: Negate, X: integer("5")},
		"--5":                          &Unary{Op: Negate, X: integer("-5")},
		"-INFO":                        &Unary{Op: Negate, X: name("INFO")},
		"Sales/aggregate(a with (b)) ": &PathExpr{Segments: []Segment{&NameSegment{Name: "Sales"}, &AggregateSegment{Text: "a with (b)"}}},
	}
	for input, want := range cases {
		t.Run(input, func(t *testing.T) {
			t.Parallel()
			got, err := ParseFilter(input, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if sketch(got) != sketch(want) {
				t.Errorf("got  %s\nwant %s", sketch(got), sketch(want))
			}
		})
	}
}

func TestInvalidExpressions(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"", " ", "eq 1", "a eq", "a eq eq 1", "a eq 1 b", "a  b", "aeq 1", "a eq1", "(a", "a)", "()", "(a,b)", "a eq (1,2)", "a in (b,c)", "a in (1,b)", "a in (1,)",
		"a in (,1)", "a and", "and a", "a not b", "a/", "/a", "a//b", "a/$value", "a/$ref", "$root", "$root/", "$it/", "$bad", "@", "@1", "@p/", "a.b.", "a/1",
		"contains(a)", "contains(a,b,c)", "contains(a,)", "contains(,a)", "contains(a b)", "contains(a", "f(1,2)", "f(a eq 1)", "Tags/any(t)", "Tags/any(:t)", "Tags/all()",
		"Tags/any(t:)", "Tags/any(t:t", "all(t:t)", "any()", "cast()", "cast(a,)", "cast(a,1)", "cast(1)", "isof(a,b,c)", "case()", "case(a)", "case(a:)", "case(a:1,)",
		"a/$count()", "a/$count($top=1)", "a/$filter", "a/$filter()", "F(a=)", "F(a=1,a=2)", "a(1)(2)", "a eq 'x' 'y'", "a eq 1 eq", "F(a=1) a eq", "(a) (b) eq", "{", "[", "]", "a;b", "a,b", "a:b",
	} {
		if x, err := ParseFilter(input, Limits{}); err == nil {
			t.Errorf("%q: got %s", input, sketch(x))
		}
	}
}

// TestParserIsSharedSafely runs under the race detector: the engine and the
// tables are shared by all requests.
func TestParserIsSharedSafely(t *testing.T) {
	t.Parallel()
	want := sketch(mustParse(t, "U?$filter="+benchmarks["realistic"]))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				r, err := Parse("U", "$filter="+benchmarks["realistic"], Limits{})
				if err != nil || sketch(r) != want {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	group.Wait()
}
