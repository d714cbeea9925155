package uri

import (
	"testing"
)

func TestServiceRoot(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "?", "/?$format=json"} {
		if r := mustParse(t, path); len(r.Path) != 0 {
			t.Errorf("%q: got %s", path, sketch(r.Path))
		}
	}
}

func TestResourcePaths(t *testing.T) {
	t.Parallel()
	literal := func(kind LiteralKind, text string) *Literal { return &Literal{Kind: kind, Text: text} }
	name := func(name string, args ...Arg) *NameSegment {
		s := &NameSegment{Name: name}
		if args != nil {
			s.Args = &Args{Items: args}
		}
		return s
	}
	const guid = "01234567-89ab-cdef-0123-456789abcdef"
	cases := map[string][]Segment{
		"Users":                             {name("Users")},
		"/Users/":                           {name("Users")},
		"$metadata":                         {&SystemSegment{Kind: SystemMetadata}},
		"$batch":                            {&SystemSegment{Kind: SystemBatch}},
		"$entity/Model.User?$id=x":          {&SystemSegment{Kind: SystemEntity}, name("Model.User")},
		"$all/Model.User":                   {&SystemSegment{Kind: SystemAll}, name("Model.User")},
		"$crossjoin(A,B)":                   {&CrossjoinSegment{Sets: []string{"A", "B"}}},
		"Users('O''Neil')":                  {name("Users", Arg{Value: literal(StringLiteral, "O'Neil")})},
		"Users('john.doe@x.json')":          {name("Users", Arg{Value: literal(StringLiteral, "john.doe@x.json")})},
		"Users%28%27a%2Fb+c%27%29/%24count": {name("Users", Arg{Value: literal(StringLiteral, "a/b+c")}), &SystemSegment{Kind: SystemCount}},
		"Users(" + guid + ")/Name/$value":   {name("Users", Arg{Value: literal(GUIDLiteral, guid)}), name("Name"), &SystemSegment{Kind: SystemValue}},
		"Orders(-5)/Items/0":                {name("Orders", Arg{Value: literal(IntLiteral, "-5")}), name("Items"), &LiteralSegment{Text: "0"}},
		"Days(2024-02-29)/$ref":             {name("Days", Arg{Value: literal(DateLiteral, "2024-02-29")}), &SystemSegment{Kind: SystemRef}},
		"Items(OrderID=1,No=@n)/Product": {
			name("Items", Arg{Name: "OrderID", Value: literal(IntLiteral, "1")}, Arg{Name: "No", Value: &Alias{Name: "n"}}), name("Product"),
		},
		"F()":             {&NameSegment{Name: "F", Args: &Args{}}},
		"Users/Model.F()": {name("Users"), &NameSegment{Name: "Model.F", Args: &Args{}}},
		"Users/$filter(Address/City%20eq%20'x')/$each/Model.Lock": {
			name("Users"),
			&FilterSegment{Filter: &Binary{
				Op:   Eq,
				Left: &PathExpr{Segments: []Segment{name("Address"), name("City")}}, Right: literal(StringLiteral, "x"),
			}},
			&SystemSegment{Kind: SystemEach}, name("Model.Lock"),
		},
		"Users/@Core.Messages": {name("Users"), &AnnotationSegment{Term: "Core.Messages"}},
		"People/O%27Neil":      {name("People"), &LiteralSegment{Text: "O'Neil"}},
	}
	for address, want := range cases {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			if got := sketch(mustParse(t, address).Path); got != sketch(want) {
				t.Errorf("got %s, want %s", got, sketch(want))
			}
		})
	}
}

func TestInvalidPaths(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"$unknown", "$count", "$value", "Users/$metadata", "$metadata/Users", "$batch/x", "Model.F", "Products.('foo')", "Users(1", "Users(1)x", "Users(1,2)",
		"Users(ID=wrong)", "Users(a=1,2)", "Users/$value/x", "Users/$ref/x", "$crossjoin", "$crossjoin()", "$crossjoin(A)/B", "$all/F()", "Users/$each/$count",
		"0", "Users(1)(2)", "Users/$filter", "Users/$filter(", "%", "Users/%C3", "$METADATA", "Users//", "a\x00b",
	} {
		if _, err := Parse(path, "", Limits{}); err == nil {
			t.Errorf("%s is accepted", path)
		}
	}
}

func TestPositionalKey(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"U(1)": true, "U(a=1)": false, "U()": false, "U": false} {
		segment := mustParse(t, address).Path[0].(*NameSegment)
		if got := segment.Args.Positional() != nil; got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
}
