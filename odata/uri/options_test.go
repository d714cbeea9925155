package uri

import (
	"math"
	"testing"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	o := mustParse(t, "Users?$filter=a&$orderby=b desc,c asc,d&$top=5&$skip=10&$count=TRUE&$select=a,b&$expand=n&$compute=a add 1 as x"+
		"&$search=blue&$apply=identity&$index=-3&$format=json&$skiptoken=s%3D1&$deltatoken=d&$schemaversion=1.2&$id=Users(1)"+
		"&@p='x'&@q=[1]&key=v+w%2B&flag").Options
	if len(o.OrderBy) != 3 || !o.OrderBy[0].Descending || o.OrderBy[1].Descending || o.OrderBy[2].Descending {
		t.Errorf("$orderby is %s", sketch(o.OrderBy))
	}
	if *o.Top != 5 || *o.Skip != 10 || *o.Index != -3 || !*o.Count {
		t.Errorf("numbers are %d %d %d %v", *o.Top, *o.Skip, *o.Index, *o.Count)
	}
	if o.Format.Value != "json" || o.SkipToken.Value != "s=1" || o.DeltaToken.Value != "d" || o.SchemaVersion.Value != "1.2" ||
		o.ID.Value != "Users(1)" || o.Apply.Value != "identity" {
		t.Errorf("texts are %s", sketch(o))
	}
	if len(o.Aliases) != 2 || o.Aliases[0].Name != "p" || FormatExpr(o.Aliases[1].Value) != "[1]" {
		t.Errorf("aliases are %s", sketch(o.Aliases))
	}
	if len(o.Custom) != 2 || o.Custom[0] != (CustomOption{"key", "v w+"}) || o.Custom[1] != (CustomOption{"flag", ""}) {
		t.Errorf("custom options are %v", o.Custom)
	}
	if o.Filter == nil || len(o.Select) != 2 || len(o.Expand) != 1 || o.Compute[0].Name != "x" || o.Search == nil {
		t.Errorf("options are %s", sketch(o))
	}
}

func TestOptionNamesInAnySpelling(t *testing.T) {
	t.Parallel()
	want := sketch(mustParse(t, "Users?$filter=a&$top=1&$expand=b($select=c)").Options)
	for _, address := range []string{
		"Users?filter=a&top=1&expand=b(select=c)", "Users?%24filter=a&%24top=1&%24expand=b(%24select=c)",
		"Users?$FILTER=a&Top=1&$Expand=b($SELECT=c)", "/Users/?$filter=a&$top=1&&$expand=b( $select=c )", "Users?$filter=+a+&$top=+1&$expand=+b($select=c)",
	} {
		if got := sketch(mustParse(t, address).Options); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestCountsBeyondInt64AreClamped(t *testing.T) {
	t.Parallel()
	if got := *mustParse(t, "Users?$top=99999999999999999999").Options.Top; got != math.MaxInt64 {
		t.Errorf("got %d", got)
	}
}

func TestSelectItems(t *testing.T) {
	t.Parallel()
	items := mustParse(t, "U?$select=*,Model.*,Address/City,Model.Manager/Name,F(a,b),Tags($filter=$this ne 'x';$top=2),@Core.Messages#q").Options.Select
	if !items[0].Star || items[1].Namespace != "Model" || len(items[1].Path) != 0 || len(items[2].Path) != 2 ||
		!items[3].Path[0].(*NameSegment).Qualified() || len(items[4].Parameters) != 2 || *items[5].Options.Top != 2 {
		t.Errorf("got %s", sketch(items))
	}
	if a := items[6].Path[0].(*AnnotationSegment); a.Term != "Core.Messages" || a.Qualifier != "q" {
		t.Errorf("got %s", sketch(a))
	}
}

func TestExpandItems(t *testing.T) {
	t.Parallel()
	items := mustParse(t, "U?$expand=*($levels=2),*/$ref,A/*,$value,B/$ref($top=1),C/$count($search=x),D($levels=max;@v=1;$expand=E($top=3))").Options.Expand
	switch {
	case !items[0].Star || *items[0].Options.Levels != 2,
		!items[1].Star || items[1].Suffix != ExpandRef,
		!items[2].Star || len(items[2].Path) != 1,
		!items[3].Value,
		items[4].Suffix != ExpandRef || *items[4].Options.Top != 1,
		items[5].Suffix != ExpandCount || items[5].Options.Search == nil,
		*items[6].Options.Levels != LevelsMax || *items[6].Options.Expand[0].Options.Top != 3 || items[6].Options.Aliases[0].Name != "v":
		t.Errorf("got %s", sketch(items))
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"blue green":          "(blue AND green)",
		"a AND b OR c":        "((a AND b) OR c)",
		"a OR b AND c":        "(a OR (b AND c))",
		"a OR b c":            "(a OR (b AND c))",
		"NOT a b":             "((NOT a) AND b)",
		"NOT (a OR b)":        "(NOT (a OR b))",
		"NOT NOT a":           "(NOT (NOT a))",
		"NOTE ORDER ANDY":     "((NOTE AND ORDER) AND ANDY)",
		"NOT":                 "NOT",
		"AND OR":              "(AND AND OR)",
		"a and b":             "((a AND and) AND b)",
		`"a OR b" c`:          "(a OR b+ AND c)",
		"john@x.com":          "john@x.com",
		"a-b é O'Neil":        "((a-b AND é) AND O'Neil)",
		"'it''s \"half'":      "it's \"half+",
		"(a OR b) AND (c d) ": "((a OR b) AND (c AND d))",
		"a;b":                 "a;b",
		`"say \"hi\" \\ \o"`:  `say "hi" \ \o+`,
	}
	for text, want := range cases {
		w := defaultWork()
		var o Options
		if err := w.parseOption(optSearch, text, &o); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := bracketedSearch(o.Search); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "(", "a)", `"a`, `""`, "()", "a(b)", `a "`, "'a"} {
		if err := defaultWork().parseOption(optSearch, text, &Options{}); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

// bracketedSearch marks phrases with a plus.
func bracketedSearch(x SearchExpr) string {
	switch x := x.(type) {
	case *SearchTerm:
		if x.Phrase {
			return x.Text + "+"
		}
		return x.Text
	case *SearchNot:
		return "(NOT " + bracketedSearch(x.X) + ")"
	case *SearchAnd:
		return "(" + bracketedSearch(x.Left) + " AND " + bracketedSearch(x.Right) + ")"
	case *SearchOr:
		return "(" + bracketedSearch(x.Left) + " OR " + bracketedSearch(x.Right) + ")"
	}
	return "?"
}

// TestSearchIsDecodedOnce: what a client encodes in $search means the same as the
// character itself.
func TestSearchIsDecodedOnce(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"$search=%22Ada%20Lovelace%22":                    "Ada Lovelace+",
		"$search=%22Ada+Lovelace%22":                      "Ada Lovelace+",
		"%24search=ada+OR+bob":                            "(ada OR bob)",
		"$search=NOT%20ada":                               "(NOT ada)",
		"$search=M%C3%BCller":                             "Müller",
		"$search=a%2Bb":                                   "a+b",
		"$search=a%26b%3Dc":                               "a&b=c",
		"$search=a%3Bb":                                   "a;b",
		"$search=50%25":                                   "50%",
		"$search=%22a%5C%22b%22":                          `a"b+`,
		"$search=%28a%20OR%20b%29%20c":                    "((a OR b) AND c)",
		"$search=%2522":                                   "%22",
		"$search=O%27Neil":                                "O'Neil",
		"$expand=N($search=%22a;b%22;$top=1)&$search=out": "out",
	} {
		r, err := Parse("Users", query, Limits{})
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got := bracketedSearch(r.Options.Search); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}
