package uri

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// TestSilentlyWrongInGodata has the inputs that godata's own parsers accept
// and misread, with their right meaning.
func TestSilentlyWrongInGodata(t *testing.T) {
	t.Parallel()
	exprs := map[string]string{
		"Price mul 2 add 3":          "((Price mul 2) add 3)",
		"10 sub 4 sub 3":             "((10 sub 4) sub 3)",
		"8 div 4 div 2":              "((8 div 4) div 2)",
		"a eq INF":                   "(a eq INF)",
		"a eq True":                  "(a eq true)",
		"first_x0020_name eq 'x'":    "(first_x0020_name eq 'x')",
		"Name eq ''''":               "(Name eq '''')",
		"Name eq ''''''":             "(Name eq '''''')",
		"a eq NULL and b eq null":    "((a eq NULL) and (b eq null))",
		"Sold eq 01:02 or Sold eq 5": "((Sold eq 01:02) or (Sold eq 5))",
	}
	for text, want := range exprs {
		x, err := ParseFilter(text, Limits{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := bracketed(x); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func right(t *testing.T, text string) Expr {
	t.Helper()
	x, err := ParseFilter("a eq "+text, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x.(*Binary).Right
}

func TestWordsThatAreValues(t *testing.T) {
	t.Parallel()
	for text, kind := range map[string]LiteralKind{
		"INF": DoubleLiteral, "-INF": DoubleLiteral, "NaN": DoubleLiteral,
		"True": BoolLiteral, "FALSE": BoolLiteral, "null": NullLiteral,
	} {
		if l, ok := right(t, text).(*Literal); !ok || l.Kind != kind {
			t.Errorf("%s: got %s", text, sketch(right(t, text)))
		}
	}
	// null is case-sensitive, unlike true and false.
	if _, ok := right(t, "NULL").(*PathExpr); !ok {
		t.Errorf("NULL: got %s", sketch(right(t, "NULL")))
	}
}

func TestQuotesInStrings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"''": "", "''''": "'", "''''''": "''", "'O''Neil'": "O'Neil", "'a;b)c,d'": "a;b)c,d", "' and '": " and ",
	} {
		if got := right(t, text).(*Literal).Text; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestSemicolonInExpandSurvivesTheQuery(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/Users?$expand=A($top=5;$skip=2),B;C", nil)
	if _, err := Parse(r.URL.EscapedPath(), r.URL.RawQuery, Limits{}); !gwerr.Is(err, gwerr.Syntax) {
		t.Errorf("a semicolon between items: %v", err)
	}
	got := mustParse(t, "Users?$expand=A($top=5;$skip=2;$count=true;$apply=aggregate($count as N))")
	o := got.Options.Expand[0].Options
	if *o.Top != 5 || *o.Skip != 2 || !*o.Count || o.Apply.Value != "aggregate($count as N)" {
		t.Errorf("got %s", sketch(o))
	}
}

// mustParse parses an address that is relative to the service root.
func mustParse(t testing.TB, address string) *Request {
	t.Helper()
	path, query, _ := strings.Cut(address, "?")
	r, err := Parse(path, query, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return r
}

func TestAcceptedByGodataButInvalid(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"Users?$count=1", "Users?$count=T", "Users?$count=1|T", "Users?$top=-1", "Users?$top=1.5", "Users?$skip=x",
		"Users?$expand=A;B", "Users?$unknown=1", "Users?$levels=2",
	} {
		path, query, _ := strings.Cut(address, "?")
		if _, err := Parse(path, query, Limits{}); err == nil {
			t.Errorf("%s is accepted", address)
		}
	}
}

// TestRefusedByGodata has valid inputs that godata's own parsers refuse.
func TestRefusedByGodata(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"Users?$filter=Date eq 2020-01-01", "Users?$filter=Address/date eq 2020-01-01",
		"Users?$filter=nullable and trueName or falsehood eq 1", "Users?$filter=_id eq 'x' and _links/self eq 'y'",
		"Users?$filter=Größe gt 3", "Users?$filter=enabled", "Users?$filter=(enabled)", "Users?$filter=Tags/$count gt 1",
		"Users?$filter=style has NS.T'x'", "Users?$filter=data eq binary'Zm9v'", "Users?$filter=a lt 1e5 and b gt -INF and c eq %2B5",
		"Users?$filter=-a eq -(b add 1)", `Users?$filter=a in ["x","y"] and b eq {"c":1}`, "Users?$filter=Tags/any(t:$this/x eq t)",
		"Users?$orderby=Price/@Measures.Currency%23Reporting", "Users?$filter=cast(Edm.String) eq 'x'",
		"Users?$filter=matchesPattern(Name,'^A')", "Users?$filter=NS.IsGood(level=2)", "Users?$filter=Name%09eq%09'x'",
		"Users?$select=*", "Users?$select=NS.*", "Users?$select=Address($select=City;$count=true)",
		"Users?$orderby=concat(a,b) desc,substring(c,1,2)", "Users?$expand=Manager($levels=max)",
		"Users?$expand=A($filter=id eq 01234567-89ab-cdef-0123-456789abcdef and d eq 2020-01-01 and m eq 'jö+@x.com;)')",
		`Users?$search=a b`, `Users?$search=a-b`, `Users?$search=%C3%A9`, `Users?$search=john@x.com`,
		"Users?$compute=a add 1 as x_1", "Users?filter=a eq 1&SELECT=a&%24Top=3&$ORDERBY=a", "Users?$format=application/json;odata.metadata=none",
		"Users?$skiptoken=a=b&$deltatoken=x", "Users?$filter=a eq @p&@p='x'", "Users?$schemaversion=*", "Users?custom=1&!x",
	} {
		path, query, _ := strings.Cut(address, "?")
		if _, err := Parse(path, query, Limits{}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, name := range []string{
		"date", "time", "year", "month", "day", "hour", "minute", "second", "length", "concat", "contains",
		"exists", "any", "all", "case", "in", "not", "has", "mod", "Not", "EQ", "and", "or", "eq", "asc", "desc", "null_", "INFO",
	} {
		for _, address := range []string{"U?$filter=" + name + " eq 1", "U?$filter=a/" + name + " eq 1", "U?$orderby=" + name + " desc", "U?$select=" + name} {
			mustParse(t, address)
		}
	}
}

// TestPanicsInGodata has the inputs on which godata's own parsers panic, and
// some near them.
func TestPanicsInGodata(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"Users?$expand=)", "Users?$expand=A()", ")(", "Users?$filter=geo_length ", "Users?$filter=geo_length eq", "Users?$filter=",
		"Users?$expand=", "Users?$select=", "Users?$orderby=", "Users?$search=", "Users?$compute=", "Users?$apply=", "Users?$expand=A(", "Users?$filter=(",
		"Users?$filter=%00", "Users?$filter=%FF", "Users?$filter=%2", "Users(", "Users('", "/$filter(", "$", "@", "Users?@=1", "Users?=",
	} {
		path, query, _ := strings.Cut(address, "?")
		_, err := Parse(path, query, Limits{})
		if address != "Users?$filter=geo_length " && err == nil {
			t.Errorf("%s is accepted", address)
		}
	}
	mustParse(t, "Users?$expand=A($filter=b eq 'x)y')")
}
