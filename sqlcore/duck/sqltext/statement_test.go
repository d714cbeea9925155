package sqltext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// TestVerbsThatBegin tells statements that read from others, by words that may stand
// elsewhere too.
func TestVerbsThatBegin(t *testing.T) {
	t.Parallel()
	long := "x" + strings.Repeat("é", 30)
	for name, c := range map[string]struct {
		sql  string
		want gwerr.Code
		says string
	}{
		"a writing word in a table expression": {"WITH a AS (SELECT f(x) update FROM y) SELECT 1", "", ""},
		"a table expression named so":          {"WITH delete AS (SELECT 1) FROM delete", "", ""},
		"a write behind table expressions":     {"WITH a AS (SELECT 1), b AS (SELECT 2) UPDATE x SET y = 1", gwerr.ReadOnly, "UPDATE"},
		"only a table expression":              {"WITH a AS (SELECT 1)", "", ""},
		"INTO":                                 {"SELECT a INTO b FROM c", gwerr.NotImplemented, "INTO"},
		"INTO in a subquery":                   {"SELECT * FROM (SELECT a INTO b FROM c)", gwerr.NotImplemented, "INTO"},
		"a column named into":                  {`SELECT "into" FROM c`, "", ""},
		"UNPIVOT":                              {"UNPIVOT t ON a, b INTO NAME n VALUE v", "", ""},
		"UNPIVOT without a name":               {"UNPIVOT t ON a, b INTO n", gwerr.NotImplemented, "INTO"},
		"several semicolons":                   {"SELECT 1 ; ; ;", "", ""},
		"a semicolon first":                    {"; SELECT 1", gwerr.Syntax, "one statement"},
		"a semicolon in a text":                {"SELECT ';'", "", ""},
		"a text":                               {"'select'", gwerr.Syntax, "begins with"},
		"a quoted write":                       {`"insert" into x`, gwerr.Syntax, "begins with"},
		"an unknown word":                      {"selekt 1", gwerr.Syntax, "can't begin with selekt."},
		"a long word":                          {long, gwerr.Syntax, "x" + strings.Repeat("é", 14) + "…"},
		"a word of the engine":                 {"attach 'x'", gwerr.NotImplemented, "ATTACH"},
		"an odd sign":                          {"+ 1", gwerr.Syntax, "begins with"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, err := sqltext.Lex(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			one, err := sqltext.One(tokens)
			if c.want == "" {
				if err != nil || len(one) == 0 || one[len(one)-1].Is(";") {
					t.Errorf("got %v, %v", one, err)
				}
				return
			}
			if !gwerr.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !utf8.ValidString(err.Error()) {
				t.Errorf("got %v, want %s that says %s", err, c.want, c.says)
			}
		})
	}
}

func TestVerb(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          "",
		"  Select 1":                "select",
		"-- a\n/* b /* c */ */SHOW": "show",
		"set_x$1=2":                 "set_x$1",
		"(select 1)":                "",
		"/* open":                   "",
		"'text'":                    "",
		"begin;":                    "begin",
		"\uFEFFexplain 'open":       "explain",
	} {
		if got := sqltext.Verb(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"''": "", "'a''b'": "a'b", "$$a'b$$": "a'b", "$tag$ $$ $tag$": " $$ ", "n'x'": "x", "N'it''s'": "it's",
	} {
		if got, ok := sqltext.Unquote(in); !ok || got != want {
			t.Errorf("%s: got %q, %t", in, got, ok)
		}
	}
	for _, in := range []string{"E'x'", "x'00'", `"a"`, "3", "a", ""} {
		if got, ok := sqltext.Unquote(in); ok {
			t.Errorf("%s: got %q", in, got)
		}
	}
}

func TestNamesOfTokens(t *testing.T) {
	t.Parallel()
	tokens, err := sqltext.Lex("FROM [d]]e], a, \"b\"\"c\", `f``g`, 'h', 1, ?")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, token := range tokens {
		if !token.Is(",") {
			got = append(got, token.Name())
		}
	}
	if want := "FROM|d]e|a|b\"c|f`g|||"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBoundsLeaveRoom: what stands near a bound, or looks like what is bounded, is
// taken.
func TestBoundsLeaveRoom(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"names that are words":            "SELECT " + strings.Repeat("a.case, ", 900) + "1",
		"quoted words":                    "SELECT " + strings.Repeat(`"select" + `, 900) + "1",
		"items of other clauses":          "SELECT a FROM t GROUP BY " + strings.Repeat("1, ", 2*sqltext.MaxColumns) + "1",
		"columns of each of two":          "SELECT " + strings.Repeat("1, ", sqltext.MaxColumns-1) + "1 UNION SELECT " + strings.Repeat("1, ", sqltext.MaxColumns-1) + "1",
		"cubes of eight":                  "GROUP BY CUBE (a, b, c, d, e, f, g, h)",
		"windows without definitions":     "SELECT " + strings.Repeat("sum(a) OVER (), ", 199) + "1",
		"cases without an operand":        strings.Repeat("CASE WHEN a THEN ", 400) + "1" + strings.Repeat(" END", 400),
		"brackets as deep as they may be": strings.Repeat("(", sqltext.MaxDepth) + strings.Repeat(")", sqltext.MaxDepth),
	} {
		if _, err := sqltext.Lex(sql); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	definition := "w AS (PARTITION BY " + strings.Repeat("a + ", 100) + "1)"
	for name, sql := range map[string]string{
		"words that nest":        strings.Repeat("CASE ", 501) + "1",
		"definitions of windows": "SELECT " + strings.Repeat("sum(a) OVER w, ", 150) + "1 FROM t WINDOW " + definition,
		"windows":                strings.Repeat("sum(a) OVER () + ", 201) + "1",
	} {
		if _, err := sqltext.Lex(sql); !gwerr.Is(err, gwerr.TooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
