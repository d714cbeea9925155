package dialect_test

import (
	"slices"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/dialect"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// FuzzRewrite: a statement becomes another one that divides into tokens, or is refused
// with a place in it; what no dialect suspects stays as it is, and so does what is in
// the engine's words already.
func FuzzRewrite(f *testing.F) {
	for _, sql := range []string{
		"SELECT DISTINCT getdate(), isnull(a, b) FROM t", "WHERE x >= DATEADD(day, -7, GETDATE())", "ORDER BY DECODE(a, 1, 'x', 'y'), CHOOSE(1, a)",
		"ORDER BY CONVERT(VARCHAR(10), a, 120), TO_CHAR(b, 'YYYY-MM-DD\"T\"HH24:MI'), FORMAT(c, 'd MMM yyyy')", "WHERE a = LAST_N_DAYS(7) OR b < L_TODAY()",
		"SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC) FROM t", "WHERE a ~ '^x' AND b !~* (c.d)::text", "LIMIT 5, 10", "SELECT {'x': stuff(nvl(a, b), 1, 2, '{1}')}",
		"PATINDEX('%[a-c]_%', x) + REPLICATE('ab', 3)", "getdate(", "~", "a ~ (", "datepart(", "cast(a as", "to_date('{', '}')",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, err := sqltext.Lex(sql)
		if err != nil {
			return
		}
		edits, err := dialect.Rewrite(sql, tokens)
		if err != nil {
			if e := gwerr.From(err); e.Code == gwerr.Internal || e.Position < 0 || e.Position > len(sql) {
				t.Fatalf("%q: %v, at %d", sql, err, e.Position)
			}
			return
		}
		if len(edits) > 0 && !dialect.Applies(tokens) {
			t.Fatalf("%q: %v, which nothing suspected", sql, edits)
		}
		out, m := sqltext.Apply(sql, edits)
		if _, err := sqltext.Lex(out); err != nil && len(out) <= sqltext.MaxBytes {
			t.Fatalf("%q becomes %q: %v", sql, out, err)
		}
		if again, ok := rewritten(out); ok && again != out && !matchesPart(tokens) {
			t.Fatalf("%q becomes %q and then %q", sql, out, again)
		}
		for at := range len(out) + 1 {
			if s := m.Source(at); s < 0 || s > len(sql) {
				t.Fatalf("%q becomes %q: place %d comes from %d", sql, out, at, s)
			}
		}
	})
}

// rewritten gives a text in the engine's words; ok is false where that can't be.
func rewritten(sql string) (out string, ok bool) {
	tokens, err := sqltext.Lex(sql)
	if err != nil {
		return "", false
	}
	edits, err := dialect.Rewrite(sql, tokens)
	out, _ = sqltext.Apply(sql, edits)
	return out, err == nil
}

// matchesPart tells of a text with PostgreSQL's operator of regular expressions, which
// the engine has too: in its words it matches the whole.
func matchesPart(tokens []sqltext.Token) bool {
	return slices.ContainsFunc(tokens, func(t sqltext.Token) bool { return t.Is("~") })
}
