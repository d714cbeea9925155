package uri

import (
	"errors"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

func TestErrorsNameTheOptionAndThePlace(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, address string
		code          gwerr.Code
		target        string
		position      int
		message       string
	}{
		{"no operand", "U?$filter=a eq", gwerr.Syntax, "$filter", 4, "Expected a value in $filter, but found the end."},
		{"no operator", "U?$filter=a b", gwerr.Syntax, "$filter", 2, "Expected an operator or the end in $filter, but found `b`."},
		{"decoded position", "U?$filter=a%20eq%20%27x%27%20b", gwerr.Syntax, "$filter", 9, "found `b`"},
		{"parenthesis", "U?$filter=(a eq 1", gwerr.Syntax, "$filter", 7, "a closing parenthesis"},
		{"quote", "U?$filter=a eq 'x", gwerr.Syntax, "$filter", 5, "no closing quote"},
		{"double quotes", `U?$filter=a eq "x"`, gwerr.Syntax, "$filter", 5, "Expected a value"},
		{"old prefix", "U?$filter=a eq guid'x'", gwerr.Syntax, "$filter", 5, "Expected a literal"},
		{"bad date", "U?$filter=a eq 2024-02-30", gwerr.Syntax, "$filter", 5, "Expected a date"},
		{"offset with a blank", "U?$filter=a eq 2024-02-28T10:00:00+01:00", gwerr.Syntax, "$filter", 5, "Expected a date"},
		{"unknown method", "U?$filter=substringof('a',b)", gwerr.UnknownFunction, "$filter", 0, "no function `substringof`"},
		{"arity", "U?$filter=a and contains(b)", gwerr.UnknownFunction, "$filter", 6, "contains takes 2 arguments"},
		{"arity of two", "U?$filter=substring(b)", gwerr.UnknownFunction, "$filter", 0, "takes 2 or 3 arguments"},
		{"lambda without collection", "U?$filter=any(x:x)", gwerr.UnknownFunction, "$filter", 0, "no function `any`"},
		{"nested expand", "U?$expand=A($filter=b eq )", gwerr.Syntax, "$expand", 15, "Expected a value in $expand, but found `)`."},
		{"nested option", "U?$expand=A($format=json)", gwerr.Syntax, "$expand", 2, "one of the nested options $filter"},
		{"nested twice", "U?$expand=A($top=1;top=2)", gwerr.BadRequest, "$expand", 9, "$top is given twice"},
		{"order", "U?$orderby=a down", gwerr.Syntax, "$orderby", 2, "asc, desc"},
		{"top", "U?$top=ten", gwerr.Syntax, "$top", 0, "a whole number"},
		{"search", "U?$search=a(", gwerr.Syntax, "$search", 1, "another word"},
		{"alias", "U?@p=a eq", gwerr.Syntax, "@p", 4, "Expected a value in @p"},
		{"unknown option", "U?$fliter=a", gwerr.BadRequest, "$fliter", gwerr.NoPosition, "no query option $fliter"},
		{"option twice", "U?$filter=a&FILTER=b", gwerr.BadRequest, "$filter", gwerr.NoPosition, "$filter is given twice"},
		{"alias twice", "U?@p=1&@p=2", gwerr.BadRequest, "@p", gwerr.NoPosition, "@p is given twice"},
		{"escape", "U?$filter=%zz", gwerr.Syntax, "$filter", gwerr.NoPosition, "percent escape"},
		{"not UTF-8", "U?$filter=%ff", gwerr.Syntax, "$filter", gwerr.NoPosition, "UTF-8"},
		{"no equals sign", "U?$count", gwerr.Syntax, "$count", 0, "needs = and a value"},
		{"path", "Users/a b(1)", gwerr.Syntax, "the path", 7, "a name"},
		{"key", "Users(a)", gwerr.Syntax, "the path", 6, "a literal or an alias"},
		{"slash in a key", "Users('a/b')", gwerr.Syntax, "the path", 6, "no closing quote"},
		{"two slashes", "Users//Name", gwerr.Syntax, "the path", 6, "between two slashes"},
		{"after $count", "Users/$count/Name", gwerr.Syntax, "the path", 13, "cannot follow"},
		{"reference without id", "$entity", gwerr.BadRequest, "$id", gwerr.NoPosition, "needs the option $id"},
		{"argument twice", "F(a=1,a=2)", gwerr.Syntax, "the path", 6, "F has a twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path, query, _ := strings.Cut(c.address, "?")
			_, err := Parse(path, query, Limits{})
			var e *gwerr.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Code != c.code || e.Target != c.target || e.Position != c.position {
				t.Errorf("got %s on %s at %d, want %s on %s at %d", e.Code, e.Target, e.Position, c.code, c.target, c.position)
			}
			if !strings.Contains(e.Message, c.message) {
				t.Errorf("message %q lacks %q", e.Message, c.message)
			}
		})
	}
}

func TestNodesKnowTheirPosition(t *testing.T) {
	t.Parallel()
	x, err := ParseFilter("a add b/c eq contains(d, 'x') and not @p", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	and := x.(*Binary)
	eq := and.Left.(*Binary)
	call := eq.Right.(*Call)
	for name, c := range map[string]struct{ got, want int }{
		"and":          {and.OpOffset, 30},
		"and, start":   {and.Pos(), 0},
		"eq":           {eq.OpOffset, 10},
		"add":          {eq.Left.(*Binary).OpOffset, 2},
		"path":         {eq.Left.(*Binary).Right.Pos(), 6},
		"path segment": {eq.Left.(*Binary).Right.(*PathExpr).Segments[1].Pos(), 8},
		"call":         {call.Pos(), 13},
		"argument":     {call.Args[1].Pos(), 25},
		"not":          {and.Right.Pos(), 34},
		"alias":        {and.Right.(*Unary).X.Pos(), 38},
	} {
		if c.got != c.want {
			t.Errorf("%s: at %d, want %d", name, c.got, c.want)
		}
	}
	r := mustParse(t, "Users(1)/Größe/$filter(a)?$select=a,b")
	if got := r.Path[2].Pos(); got != len("Users(1)/Größe/") {
		t.Errorf("$filter is at %d", got)
	}
	if got := r.Options.Select[1].Offset; got != 2 {
		t.Errorf("b is at %d", got)
	}
}
