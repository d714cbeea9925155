package dialect_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/dialect"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

func rewrite(t *testing.T, sql string) (string, sqltext.Map, error) {
	t.Helper()
	tokens, err := sqltext.Lex(sql)
	if err != nil {
		t.Fatal(err)
	}
	edits, err := dialect.Rewrite(sql, tokens)
	if err != nil {
		return "", sqltext.Map{}, err
	}
	out, m := sqltext.Apply(sql, edits)
	return out, m, nil
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"nothing to do":            {"SELECT Id FROM Users WHERE Id = '1'", "SELECT Id FROM Users WHERE Id = '1'"},
		"blanks stay":              {"  SELECT  getdate( ) + x ", "  SELECT  now() + x "},
		"name of an element":       {"SELECT DISTINCT getdate(), isnull(a, b) FROM t", `SELECT DISTINCT now() AS "getdate", coalesce(a, b) AS "isnull" FROM t`},
		"no name where one is":     {"SELECT getdate() AS x, getdate() y, f(getdate(), 1)", "SELECT now() AS x, now() y, f(now(), 1)"},
		"no name inside of a list": {"SELECT (SELECT 1), [nvl(a, b), c], {'x': nvl(a, b)}", "SELECT (SELECT 1), [coalesce(a, b), c], {'x': coalesce(a, b)}"},
		"nested":                   {"WHERE x >= DATEADD(day, -7, GETDATE())", "WHERE x >= ((now()) + to_days(CAST(-7 AS INTEGER)))"},
		"part as a text":           {"WHERE x > dateadd('mm', n, '2024-01-31')", "WHERE x > ((CAST('2024-01-31' AS TIMESTAMPTZ)) + to_months(CAST(n AS INTEGER)))"},
		"difference":               {"ORDER BY DATEDIFF(DAY, a, b)", "ORDER BY date_diff('day', a, b)"},
		"weeks from Sundays":       {"ORDER BY DATEDIFF(wk, a, b)", "ORDER BY (date_diff('day', date_trunc('week', (a) + to_days(1)), date_trunc('week', (b) + to_days(1))) // 7)"},
		"the engine's own part":    {"ORDER BY DATEDIFF('decade', a, b)", "ORDER BY DATEDIFF('decade', a, b)"},
		"day of the week":          {"ORDER BY DATEPART(dw, a)", "ORDER BY (dayofweek(a) + 1)"},
		"month's name":             {"ORDER BY DATENAME(month, a)", "ORDER BY monthname(a)"},
		"end of a month":           {"ORDER BY EOMONTH(a, 1)", "ORDER BY last_day((a) + to_months(CAST(1 AS INTEGER)))"},
		"cut a time":               {"ORDER BY TRUNC(SYSDATE), TRUNC(SYSDATE, 'MM'), TRUNC(a, 2)", "ORDER BY date_trunc('day', now()), date_trunc('month', now()), TRUNC(a, 2)"},
		"condition":                {"WHERE IIF(a = 1, b, c) = 2", "WHERE CASE WHEN a = 1 THEN b ELSE c END = 2"},
		"decode":                   {"ORDER BY DECODE(a, 1, 'x', 'y')", "ORDER BY CASE WHEN (a) IS NOT DISTINCT FROM (1) THEN 'x' ELSE 'y' END"},
		"the engine's decode":      {"ORDER BY DECODE(a)", "ORDER BY DECODE(a)"},
		"type":                     {"WHERE CAST(a AS NVARCHAR(10)) = b AND CAST(c AS VARCHAR) = d", "WHERE CAST(a AS VARCHAR) = b AND CAST(c AS VARCHAR) = d"},
		"convert":                  {"ORDER BY CONVERT(int, a), TRY_CONVERT(bit, b)", "ORDER BY CAST(a AS int), TRY_CAST(b AS BOOLEAN)"},
		"convert with a style":     {"ORDER BY CONVERT(VARCHAR(10), a, 120)", "ORDER BY left(strftime(CAST(a AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S'), 10)"},
		"to_char":                  {`ORDER BY TO_CHAR(a, 'YYYY-MM-DD"T"HH24:MI')`, "ORDER BY (strftime(a, '%Y-%m-%dT%H:%M'))"},
		"to_char in pieces":        {"ORDER BY TO_CHAR(a, 'YYYY-Q')", "ORDER BY (strftime(a, '%Y-') || CAST(quarter(a) AS VARCHAR))"},
		"to_char of a number":      {"ORDER BY TO_CHAR(a, '90')", "ORDER BY (CASE WHEN round(CAST(a AS DOUBLE), 0) < 0 THEN '-' ELSE '' END || CASE WHEN abs(round(CAST(a AS DOUBLE), 0)) >= 1e2 THEN '##' ELSE format('{:.0f}', abs(round(CAST(a AS DOUBLE), 0))) END)"},
		"a day of the week":        {"ORDER BY TO_CHAR(a, 'D')", "ORDER BY (CAST(dayofweek(a) + 1 AS VARCHAR))"},
		"convert with blanks":      {"ORDER BY CONVERT(VARCHAR, a, 100)", "ORDER BY replace(strftime(CAST(a AS TIMESTAMPTZ), '%b %d %Y %I:%M%p'), ' 0', '  ')"},
		"to_date":                  {"ORDER BY TO_DATE(a, 'dd.mm.yyyy')", "ORDER BY CAST(strptime(a, '%d.%m.%Y') AS DATE)"},
		"format":                   {"ORDER BY FORMAT(a, 'd MMM yyyy HH:mm')", "ORDER BY (strftime(a, '%-d %b %Y %H:%M'))"},
		"the engine's format":      {"ORDER BY FORMAT('{} x', a)", "ORDER BY FORMAT('{} x', a)"},
		"list":                     {"SELECT LISTAGG(a, ',') WITHIN GROUP (ORDER BY b DESC) FROM t", "SELECT LISTAGG(a, ',' ORDER BY b DESC) FROM t"},
		"not a list":               {"SELECT mode() WITHIN GROUP (ORDER BY b) FROM t", "SELECT mode() WITHIN GROUP (ORDER BY b) FROM t"},
		"regular expression":       {"WHERE a ~ '^x' AND b !~* c.d", `WHERE a ~ '(?s:.*(?:^x).*)' AND b !~ ('(?is:.*(?:' || (c.d) || ').*)')`},
		"like's operators":         {"WHERE a ~~ 'x' AND b !~~* 'y' AND c ~~~ 'z' AND ~ 1 = 2 AND d ~ ANY(e)", "WHERE a ~~ 'x' AND b !~~* 'y' AND c ~~~ 'z' AND ~ 1 = 2 AND d ~ ANY(e)"},
		"limit":                    {"SELECT a FROM t LIMIT 5, 10", "SELECT a FROM t LIMIT 10 OFFSET 5"},
		"dual":                     {"SELECT SYSDATE FROM DUAL", `SELECT now() AS "sysdate"  `},
		"a table dual":             {"SELECT SYSDATE FROM dual d", `SELECT now() AS "sysdate" FROM dual d`},
		"range":                    {"WHERE a = L_LAST_MONTH() AND b", "WHERE a  BETWEEN date_trunc('month', now()) + INTERVAL '-1 month' AND date_trunc('month', now()) - INTERVAL '1 microsecond' AND b"},
		"not in a range":           {"WHERE a <> TODAY()", "WHERE a  NOT BETWEEN date_trunc('day', now()) AND date_trunc('day', now()) + INTERVAL '1 day' - INTERVAL '1 microsecond'"},
		"behind a range":           {"WHERE a > YESTERDAY() AND b >= THIS_YEAR()", "WHERE a >= date_trunc('day', now()) AND b >= date_trunc('year', now())"},
		"before a range's end":     {"WHERE a <= NEXT_N_QUARTERS(2)", "WHERE a < date_trunc('quarter', now()) + INTERVAL '9 month'"},
		"days before today":        {"WHERE a < LAST_N_DAYS(7)", "WHERE a < date_trunc('day', now()) + INTERVAL '-7 day'"},
		"a range's value":          {"ORDER BY LAST_MONTH(), YESTERDAY()", "ORDER BY (now() - INTERVAL '1 month'), (today() - 1)"},
		"find from a place":        {"ORDER BY CHARINDEX('@', a)", "ORDER BY strpos(a, '@')"},
		"repeat":                   {"ORDER BY REPLICATE('ab', 3), SPACE(2)", "ORDER BY 'ababab', '  '"},
		"names of other things":    {"SELECT t.getdate, x AS char FROM isnull", "SELECT t.getdate, x AS char FROM isnull"},
		"character":                {"ORDER BY CHAR(65), CAST(x AS CHAR(3))", "ORDER BY chr(CAST(65 AS INTEGER)), CAST(x AS CHAR(3))"},
		"pattern":                  {"ORDER BY PATINDEX('%[0-9]_{2}', a)", "ORDER BY CASE WHEN regexp_matches(a, '(?s)^(.*?)[0-9].\\{2\\}$') THEN length(regexp_extract(a, '(?s)^(.*?)[0-9].\\{2\\}$', 1)) + 1 WHEN (a) IS NOT NULL THEN 0 END"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := rewrite(t, c.sql)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.sql, got, c.want)
			}
		})
	}
}

// TestPlacesStay looks for words of the text in the rewritten one, whose place
// there must lead back to theirs.
func TestPlacesStay(t *testing.T) {
	t.Parallel()
	sql := "SELECT nvl(alpha, iif(beta = 1, dateadd(day, gamma, delta), epsilon)), zeta FROM t LIMIT 2, 3"
	got, m, err := rewrite(t, sql)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"alpha", "beta", "delta", "zeta"} {
		if at := m.Source(strings.Index(got, word)); at != strings.Index(sql, word) {
			t.Errorf("%s stands at %d, not %d", word, strings.Index(sql, word), at)
		}
	}
}

// TestRowsInRows: a row's comparison says its members twice, and so do those around it.
// What comes to more than a statement may be is refused when it is, and not only after
// every one of them was tried.
func TestRowsInRows(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{20, 45, 90} {
		for operator, large := range map[string]bool{"<": true, "=": false} {
			sql := "WHERE " + strings.Repeat("(", depth) + "1, 2" + strings.Repeat(", 3) "+operator+" (4, 5, 6)", 1) + strings.Repeat(", 3) "+operator+" (4, 5)", depth-1)
			_, _, err := rewrite(t, sql)
			if gwerr.Is(err, gwerr.TooLarge) != large || !large && err != nil {
				t.Errorf("%d rows compared by %s: %v", depth, operator, err)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("charindex('a', 'b', ", 30) + "1" + strings.Repeat(")", 30)
	for name, c := range map[string]struct {
		sql  string
		code gwerr.Code
		at   int
	}{
		"arguments missing":  {"SELECT nvl2(a, b)", gwerr.Syntax, 7},
		"empty argument":     {"SELECT nvl(a, )", gwerr.Syntax, 7},
		"unknown part":       {"SELECT dateadd(fortnight, 1, a)", gwerr.Syntax, 7},
		"unknown style":      {"SELECT convert(varchar, a, 4711)", gwerr.Syntax, 7},
		"unknown format":     {"SELECT to_char(a, 'wxyz')", gwerr.Syntax, 7},
		"digits in groups":   {"SELECT to_char(a, '0,000')", gwerr.Syntax, 7},
		"plus":               {"SELECT to_char(a, 'PL999')", gwerr.Syntax, 7},
		"sign":               {"SELECT to_char(a, 'sg999')", gwerr.Syntax, 7},
		"two signs":          {"SELECT to_char(a, 'S999PR')", gwerr.Syntax, 7},
		"exponents":          {"SELECT to_char(a, '9.99EEEE')", gwerr.Syntax, 7},
		"Roman numbers":      {"SELECT to_char(a, 'FMRN')", gwerr.Syntax, 7},
		"ordinals":           {"SELECT to_char(a, '999th')", gwerr.Syntax, 7},
		"moved digits":       {"SELECT to_char(a, '99V99')", gwerr.Syntax, 7},
		"blanks":             {"SELECT to_char(a, '999 999')", gwerr.Syntax, 7},
		"too many digits":    {"SELECT to_char(a, '9999999999999999')", gwerr.Syntax, 7},
		"ordinals of days":   {"SELECT to_char(a, 'DDth')", gwerr.Syntax, 7},
		"format not written": {"SELECT to_char(a, b)", gwerr.Syntax, 7},
		"large text":         {"SELECT replicate('abc', 4000)", gwerr.Syntax, 7},
		"a range alone":      {"SELECT l_last_n_days(3)", gwerr.Syntax, 7},
		"a range of nothing": {"SELECT 1 WHERE a = last_n_days(0)", gwerr.Syntax, 19},
		"written out":        {"SELECT " + deep, gwerr.TooLarge, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := rewrite(t, c.sql)
			g := gwerr.From(err)
			if err == nil || g.Code != c.code || c.at >= 0 && g.Position != c.at {
				t.Errorf("%v at %d", err, g.Position)
			}
		})
	}
}

// TestTheDocumentationNamesAll looks for each name that is rewritten.
func TestTheDocumentationNamesAll(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ToUpper(string(raw))
	for _, name := range dialect.Names() {
		if !strings.Contains(page, "`"+name+"`") && !strings.Contains(page, name+"(") {
			t.Errorf("docs/sql.md does not name %s", name)
		}
	}
}
