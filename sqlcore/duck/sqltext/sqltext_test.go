package sqltext_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

func kinds(tokens []sqltext.Token) string {
	var out []string
	for _, t := range tokens {
		out = append(out, string("WQBSNP."[t.Kind])+":"+t.Text)
	}
	return strings.Join(out, " ")
}

func TestLex(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"words", "SELECT a_1, Zürich$ FROM x", "W:SELECT W:a_1 .:, W:Zürich$ W:FROM W:x"},
		{"texts", `'a''b' E'a\'b' x'00' "a""b"`, `S:'a''b' S:E'a\'b' S:x'00' Q:"a""b"`},
		{"dollar texts", "$$a'b$$ $t$ $$ $t$", "S:$$a'b$$ S:$t$ $$ $t$"},
		{"numbers before words", "1WHEN 2.END 0xFG 1_a 1e+b, .5or", "N:1 W:WHEN N:2. W:END N:0xF W:G N:1 W:_a N:1 W:e .:+ W:b .:, N:.5 W:or"},
		{"numbers", "1 1.5 .5 1e-5 0xFF 1_000", "N:1 N:1.5 N:.5 N:1e-5 N:0xFF N:1_000"},
		{"comments", "a --b\n/* c /* d */ e */ f --", "W:a W:f"},
		{"parameters", "? ?2 $1 $n :n @n", "P:? P:?2 P:$1 P:$n P::n P:@n"},
		{"casts are none", "a::b x := :y", "W:a .::: W:b W:x .::= P::y"},
		{"slices are none", "a[b:c] {x:y} {'k':v}", "W:a .:[ W:b .:: W:c .:] .:{ W:x .:: W:y .:} .:{ S:'k' .:: W:v .:}"},
		{"parameters in lists", "[:a, f(:b), :c] {'k': :v} a[:x] a[1: :y]", ".:[ P::a .:, W:f .:( P::b .:) .:, P::c .:] .:{ S:'k' .:: P::v .:} W:a .:[ .:: W:x .:] W:a .:[ N:1 .:: P::y .:]"},
		{"operators are none", "a <@ b, @ c, x @> y", "W:a .:< .:@ W:b .:, .:@ W:c .:, W:x .:@ .:> W:y"},
		{"brackets as names", "SELECT [a], [b c] FROM [x].[y-z] [w]", "W:SELECT B:[a] .:, B:[b c] W:FROM B:[x] .:. B:[y-z] B:[w]"},
		{"brackets with a bracket", "FROM [a]]b]", "W:FROM B:[a]]b]"},
		{"values in brackets", "[NULL], [true], [NOT a], [CASE a WHEN b THEN c END], [1, NULL]", ".:[ W:NULL .:] .:, .:[ W:true .:] .:, .:[ W:NOT W:a .:] .:, .:[ W:CASE W:a W:WHEN W:b W:THEN W:c W:END .:] .:, .:[ N:1 .:, W:NULL .:]"},
		{"a value's word as a name", "SELECT 1 AS [NULL] FROM [true] WHERE [a].[null] = [Null b]", "W:SELECT N:1 W:AS B:[NULL] W:FROM B:[true] W:WHERE B:[a] .:. B:[null] .:= B:[Null b]"},
		{"an id in brackets", "FROM [3a1f-01].[U]", "W:FROM B:[3a1f-01] .:. B:[U]"},
		{"subscripts", "a[i] f(x)[1] [1,2][1] 'a'[b]", "W:a .:[ W:i .:] W:f .:( W:x .:) .:[ N:1 .:] .:[ N:1 .:, N:2 .:] .:[ N:1 .:] S:'a' .:[ W:b .:]"},
		{"lists", "SELECT [1, 2], ['a'], [a, b], ARRAY[x], [x FOR x IN y], [a + b], []", "W:SELECT .:[ N:1 .:, N:2 .:] .:, .:[ S:'a' .:] .:, .:[ W:a .:, W:b .:] .:, W:ARRAY .:[ W:x .:] .:, .:[ W:x W:FOR W:x W:IN W:y .:] .:, .:[ W:a .:+ W:b .:] .:, .:[ .:]"},
		{"nested lists", "[[1],[2]]", ".:[ .:[ N:1 .:] .:, .:[ N:2 .:] .:]"},
		{"parameters side by side", "$1$2 ?1?2", "P:$1 P:$2 P:?1 P:?2"},
		{"aliases before values are none", "SELECT y:z, (x) :y", "W:SELECT W:y .:: W:z .:, .:( W:x .:) P::y"},
		{"numbers behind names", "a.5 .5", "W:a .:. N:5 N:.5"},
		{"texts with a prefix", "n'x' N'y' B'1' u'z'", "S:n'x' S:N'y' S:B'1' W:u S:'z'"},
		{"lists behind ARRAY", "ARRAY [x]", "W:ARRAY .:[ W:x .:]"},
		{"names in backticks", "`a``b` .`c`", "B:`a``b` .:. B:`c`"},
		{"a byte order mark", "\uFEFFSELECT\u00a01", "W:SELECT N:1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tokens, err := sqltext.Lex(c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := kinds(tokens); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLexRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     gwerr.Code
		at       int
	}{
		{"an open text", "a 'b", gwerr.Syntax, 2},
		{"an open name", `a "b`, gwerr.Syntax, 2},
		{"an open comment", "a /* b", gwerr.Syntax, 2},
		{"an open dollar text", "a $$ b", gwerr.Syntax, 2},
		{"an open bracket", "a (b", gwerr.Syntax, 4},
		{"a wrong bracket", "a (b]", gwerr.Syntax, 4},
		{"a closing bracket alone", "a)", gwerr.Syntax, 1},
		{"a dollar alone", "a $ b", gwerr.Syntax, 2},
		{"an empty name", `a ""`, gwerr.Syntax, 2},
		{"a zero byte", "a\x00", gwerr.Syntax, 1},
		{"words", strings.Repeat("1 ", sqltext.MaxTokens+1), gwerr.TooLarge, 2 * sqltext.MaxTokens},
		{"words, before the rest is read", strings.Repeat("1 ", sqltext.MaxTokens+2) + "'", gwerr.TooLarge, 2 * sqltext.MaxTokens},
		{"items", "[" + strings.Repeat("1,", sqltext.MaxItems) + "1]", gwerr.TooLarge, 2 * sqltext.MaxItems},
		{"columns", "SELECT " + strings.Repeat("1,", sqltext.MaxColumns), gwerr.TooLarge, 7 + 2*sqltext.MaxColumns - 1},
		{"cubes", "GROUP BY CUBE (a, b, c), CUBE (a, b, c, d, e, f)", gwerr.TooLarge, 44},
		{"copies of operands", "CASE CASE " + strings.Repeat("1+", 1000) + "1 WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 END WHEN 1 THEN 1" + strings.Repeat(" WHEN 2", 9), gwerr.TooLarge, 2086},
		{"depth", strings.Repeat("(", sqltext.MaxDepth+1), gwerr.TooLarge, sqltext.MaxDepth},
		{"length", strings.Repeat("a", sqltext.MaxBytes+1), gwerr.TooLarge, gwerr.NoPosition},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := sqltext.Lex(c.in)
			if !gwerr.Is(err, c.want) || gwerr.From(err).Position != c.at {
				t.Errorf("got %v, want %s at %d", err, c.want, c.at)
			}
		})
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	const in = "/* a */ SELECT\u00a0'--' -- b\n, [c] /* \n */ FROM x --"
	const want = "        SELECT  '--'     \n, [c]    \n    FROM x   "
	tokens, err := sqltext.Lex(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := sqltext.Blank(in, tokens); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	cases := []struct {
		a, b string
		want bool
	}{
		{"Select", "sELECT", true},
		{"é", "é", true},
		{"", "", true},
		{"ſ", "s", false},
		{"\u212a", "k", false},
		{"É", "é", false},
		{"[", "{", false},
		{"@", "`", false},
		{"a", "ab", false},
	}
	for _, c := range cases {
		if got := sqltext.Same(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestTop(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, want string }{
		{"SELECT TOP 10 a FROM b", "SELECT  a FROM b LIMIT 10"},
		{"SELECT TOP (10) a FROM b ORDER BY a", "SELECT  a FROM b ORDER BY a LIMIT 10"},
		{"SELECT DISTINCT TOP 3 a FROM b", "SELECT DISTINCT  a FROM b LIMIT 3"},
		{"SELECT * FROM (SELECT TOP 5 a FROM b) c WHERE a > 1", "SELECT * FROM (SELECT  a FROM b LIMIT 5) c WHERE a > 1"},
		{"WITH x AS (SELECT TOP 1 a FROM b) SELECT TOP 2 * FROM x", "WITH x AS (SELECT  a FROM b LIMIT 1) SELECT  * FROM x LIMIT 2"},
		{"SELECT a, (SELECT TOP 1 b FROM c) FROM d", "SELECT a, (SELECT  b FROM c LIMIT 1) FROM d"},
		{"SELECT TOP 2 [a], [b c] FROM d", "SELECT  [a], [b c] FROM d LIMIT 2"},
		{"SELECT TOP 2 [1, 2] FROM d", "SELECT  [1, 2] FROM d LIMIT 2"},
		{"SELECT TOP (2) [1, 2] FROM d", "SELECT  [1, 2] FROM d LIMIT 2"},
		{"SELECT TOP 2 -a FROM d", "SELECT  -a FROM d LIMIT 2"},
		{"SELECT TOP 2 {'a': b} FROM d", "SELECT  {'a': b} FROM d LIMIT 2"},
		{"SELECT top(1) - a FROM b", "SELECT top(1) - a FROM b"},
		{"SELECT top FROM b", "SELECT top FROM b"},
		{"SELECT top, a FROM b", "SELECT top, a FROM b"},
		{"SELECT top(1) FROM b", "SELECT top(1) FROM b"},
		{"SELECT a AS top FROM b", "SELECT a AS top FROM b"},
	}
	for _, c := range cases {
		t.Run(c.in, func(t *testing.T) {
			t.Parallel()
			tokens, err := sqltext.Lex(c.in)
			if err != nil {
				t.Fatal(err)
			}
			edits, err := sqltext.Top(tokens)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := sqltext.Apply(c.in, edits); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, in := range []string{"SELECT TOP 5 PERCENT a FROM b", "SELECT TOP 5 WITH TIES a FROM b ORDER BY a", "SELECT TOP 1 a FROM b LIMIT 2"} {
		tokens, err := sqltext.Lex(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sqltext.Top(tokens); !gwerr.Is(err, gwerr.NotImplemented) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestMapTracesPositions(t *testing.T) {
	t.Parallel()
	out, m := sqltext.Apply("abcdefgh", []sqltext.Edit{{4, 6, ""}, {1, 2, "XYZ"}, {8, 8, "!"}})
	if out != "aXYZcdgh!" {
		t.Fatalf("got %q", out)
	}
	for pos, want := range []int{0, 1, 1, 1, 2, 3, 6, 7, 8, 8} {
		if got := m.Source(pos); got != want {
			t.Errorf("Source(%d) = %d, want %d", pos, got, want)
		}
	}
	for pos, want := range map[int]int{0: 0, 2: 4, 3: 5, 6: 6, 7: 7} {
		if got := m.Target(pos); got != want {
			t.Errorf("Target(%d) = %d, want %d", pos, got, want)
		}
	}
}

func TestOne(t *testing.T) {
	t.Parallel()
	cases := []struct {
		in   string
		want gwerr.Code
	}{
		{"SELECT 1;;", ""},
		{"(SELECT 1)", ""},
		{"FROM x", ""},
		{"TABLE x", ""},
		{"WITH a AS (SELECT 1) SELECT 2", ""},
		{"WITH a AS MATERIALIZED (SELECT 1), b AS (VALUES (1)) FROM a", ""},
		{"", gwerr.Syntax},
		{"SELECT 1; SELECT 2", gwerr.Syntax},
		{"42", gwerr.Syntax},
		{`"select" 1`, gwerr.Syntax},
		{"insert into x values (1)", gwerr.ReadOnly},
		{"WITH a AS (SELECT 1) DELETE FROM x", gwerr.ReadOnly},
		{"Pragma x", gwerr.NotImplemented},
	}
	for _, c := range cases {
		t.Run(c.in, func(t *testing.T) {
			t.Parallel()
			tokens, err := sqltext.Lex(c.in)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sqltext.One(tokens)
			if c.want == "" && err != nil || c.want != "" && !gwerr.Is(err, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestChains(t *testing.T) {
	t.Parallel()
	tokens, err := sqltext.Lex(`SELECT a.b, "c"."d".e, f, g.* FROM [h i].j k`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range sqltext.Chains(tokens) {
		var names []string
		for _, n := range c {
			names = append(names, n.Name())
		}
		got = append(got, strings.Join(names, "/"))
	}
	if want := "a/b c/d/e h i/j"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if c := sqltext.ChainAt(tokens, 3); c != nil {
		t.Errorf("in the middle of a name: %v", c)
	}
}

// FuzzLex checks that no text panics, that tokens lie in order inside the text,
// and that a literal is one token whatever it holds.
func FuzzLex(f *testing.F) {
	for _, s := range []string{"SELECT [a], $$x$$, E'\\'' -- c", "a[b:c]::d ? :e @f /* g */", "SELECT TOP 5 x FROM y", "[[]]", "'", "$", "\"", "[a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.IndexByte(s, 0) < 0 {
			tokens, err := sqltext.Lex(sqltext.Literal(s))
			if err == nil && (len(tokens) != 1 || tokens[0].Kind != sqltext.String) {
				t.Fatalf("the literal of %q is %v", s, tokens)
			}
		}
		tokens, err := sqltext.Lex(s)
		if err != nil {
			return
		}
		end := 0
		for _, tok := range tokens {
			if tok.Start < end || tok.End <= tok.Start || s[tok.Start:tok.End] != tok.Text {
				t.Fatalf("%q: token %+v after %d", s, tok, end)
			}
			end = tok.End
			_ = tok.Name()
		}
		edits := sqltext.Brackets(tokens)
		if top, err := sqltext.Top(tokens); err == nil {
			edits = append(edits, top...)
		}
		out, m := sqltext.Apply(s, edits)
		for _, pos := range []int{0, len(out) / 2, len(out)} {
			if got := m.Source(pos); got < 0 || got > len(s) {
				t.Fatalf("%q: Source(%d) = %d", s, pos, got)
			}
		}
		keepsMeaning(t, s, tokens)
		_, _ = sqltext.One(tokens)
		_ = sqltext.Verb(s)
		if p, ok := sqltext.UnlistedPivot(tokens); ok {
			_, _ = p.Values(0, 1)
		}
	})
}

// keepsMeaning holds rewritings that change the spelling alone to that: they have
// the tokens of the text.
func keepsMeaning(t *testing.T, s string, tokens []sqltext.Token) {
	blank, err := sqltext.Lex(sqltext.Blank(s, tokens))
	if err != nil || !slices.Equal(blank, tokens) {
		t.Fatalf("%q without comments: %v, %v, not %v", s, blank, err, tokens)
	}
	edits := sqltext.Brackets(tokens)
	out, m := sqltext.Apply(s, edits)
	quoted, err := sqltext.Lex(out)
	if err != nil && len(out) > sqltext.MaxBytes {
		return
	}
	if err != nil || len(quoted) != len(tokens) {
		t.Fatalf("%q becomes %q: %v, %v", s, out, quoted, err)
	}
	for i, token := range tokens {
		if token.IsName() != quoted[i].IsName() || token.Name() != quoted[i].Name() || token.Kind != sqltext.Bracketed && token.Text != quoted[i].Text {
			t.Fatalf("%q becomes %q: %v is %v", s, out, token, quoted[i])
		}
		if m.Source(quoted[i].Start) != token.Start || token.Kind != sqltext.Bracketed && m.Target(token.Start) != quoted[i].Start {
			t.Fatalf("%q becomes %q: %v comes from %d", s, out, quoted[i], m.Source(quoted[i].Start))
		}
	}
	if text, ok := sqltext.Unquote(sqltext.Literal(s)); !ok || text != s {
		t.Fatalf("the literal of %q is that of %q", s, text)
	}
}

// TestUnlistedPivot writes the queries of values, and the lists that they give.
func TestUnlistedPivot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql        string
		values     []string // of each element
		parameters []map[string]any
		listed     string
	}{
		"one column": {
			"PIVOT t ON a USING count(*)",
			[]string{" SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT (a) AS v FROM t) AS t WHERE v IS NOT NULL ORDER BY v LIMIT 10"},
			[]map[string]any{{}},
			"PIVOT t ON a IN ('x', 'it''s') USING count(*)",
		},
		"the other one has values": {
			"PIVOT t ON a IN (1, 2), f(b, c) GROUP BY d;",
			[]string{" SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT (f(b, c)) AS v FROM t) AS t WHERE v IS NOT NULL ORDER BY v LIMIT 10"},
			[]map[string]any{{}},
			"PIVOT t ON a IN (1, 2), f(b, c) IN ('x', 'it''s') GROUP BY d;",
		},
		"parameters": {
			"WITH c AS (SELECT ? AS n) PIVOT (SELECT :Name, $3, ? FROM c) ON a, b + ? LIMIT 5",
			[]string{
				"WITH c AS (SELECT :pivot_5 AS n) SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT (a) AS v FROM (SELECT :pivot_12, :pivot_14, :pivot_16 FROM c)) AS t WHERE v IS NOT NULL ORDER BY v LIMIT 10",
				"WITH c AS (SELECT :pivot_5 AS n) SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT (b + :pivot_25) AS v FROM (SELECT :pivot_12, :pivot_14, :pivot_16 FROM c)) AS t WHERE v IS NOT NULL ORDER BY v LIMIT 10",
			},
			[]map[string]any{{"pivot_5": 0, "pivot_12": "name", "pivot_14": 2, "pivot_16": 1}, {"pivot_5": 0, "pivot_12": "name", "pivot_14": 2, "pivot_16": 1, "pivot_25": 2}},
			"WITH c AS (SELECT ? AS n) PIVOT (SELECT :Name, $3, ? FROM c) ON a IN ('x', 'it''s'), b + ? IN ('x', 'it''s') LIMIT 5",
		},
		"listed":         {sql: "PIVOT t ON a IN (1) USING count(*)"},
		"of a join":      {sql: "PIVOT a JOIN b ON a.x = b.x ON y"},
		"another one":    {sql: "WITH c AS (SELECT 1) SELECT * FROM pivot ON a"},
		"without ON":     {sql: "PIVOT t USING count(*)"},
		"without a list": {sql: "PIVOT t ON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, err := sqltext.Lex(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			p, ok := sqltext.UnlistedPivot(tokens)
			if ok != (c.values != nil) || p.Elements() != len(c.values) {
				t.Fatalf("%d elements", p.Elements())
			}
			if !ok {
				return
			}
			var edits []sqltext.Edit
			for i := range p.Elements() {
				if sql, parameters := p.Values(i, 9); sql != c.values[i] || !maps.Equal(parameters, c.parameters[i]) {
					t.Errorf("%s %v", sql, parameters)
				}
				edits = append(edits, p.List(i, []string{"x", "it's"}))
			}
			if got, _ := sqltext.Apply(c.sql, edits); got != c.listed {
				t.Error(got)
			}
		})
	}
}
