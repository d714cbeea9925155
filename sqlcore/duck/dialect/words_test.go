package dialect_test

import (
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/dialect"
)

// TestWords rewrites expressions, each behind ORDER BY, where no name is put to them.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"CAST(a AS NUMBER)", "CAST(a AS DOUBLE)"},
		{"CAST(a AS NUMBER(10, 2))", "CAST(a AS DECIMAL(10, 2))"},
		{"TRY_CAST(nvl(a, 1) AS MONEY)", "TRY_CAST(coalesce(a, 1) AS DECIMAL(19,4))"},
		{"CAST(f(a AS b) AS uniqueidentifier)", "CAST(f(a AS b) AS UUID)"},
		{"CAST(a AS INTEGER[])", "CAST(a AS INTEGER[])"},
		{"CAST(getdate() AS DATE)", "CAST(now() AS DATE)"},
		{"CONVERT(NVARCHAR(max), a)", "CAST(a AS VARCHAR)"},
		{"CONVERT(VARCHAR(3), a)", "left(CAST(a AS VARCHAR), 3)"},
		{"CONVERT(DATE, a, 104)", "CAST(coalesce(try_strptime(CAST(a AS VARCHAR), '%d.%m.%Y'), CAST(a AS TIMESTAMP)) AS DATE)"},
		{"CONVERT(DATETIME2, a, 121)", "CAST(a AS TIMESTAMP)"},
		{"TRY_CONVERT(DATE, a, 103)", "try(CAST(coalesce(try_strptime(CAST(a AS VARCHAR), '%d/%m/%Y'), CAST(a AS TIMESTAMP)) AS DATE))"},
		{"TRY_CONVERT(VARCHAR(4), a, 112)", "left(try(strftime(CAST(a AS TIMESTAMPTZ), '%Y%m%d')), 4)"},
		{"CONVERT(INT, a, 1)", "CAST(a AS INT)"},

		{"DATETRUNC(month, a)", "date_trunc('month', a)"},
		{"DATETRUNC(week, a)", "(date_trunc('week', (a) + to_days(1)) - to_days(1))"},
		{"DATETRUNC(iso_week, a)", "date_trunc('week', a)"},
		{"DATETRUNC(dayofyear, '2024-01-01')", "date_trunc('day', CAST('2024-01-01' AS TIMESTAMPTZ))"},
		{"DATETRUNC('month', a)", "DATETRUNC('month', a)"},
		{"DATEDIFF(dy, a, b)", "date_diff('day', a, b)"},
		{"DATEDIFF(dw, a, b)", "date_diff('day', a, b)"},
		{"DATEDIFF(isowk, a, b)", "date_diff('week', a, b)"},
		{"DATEPART(year, a)", "date_part('year', a)"},
		{"DATEPART(isowk, a)", "date_part('week', a)"},
		{"DATEPART(ms, a)", "(date_part('milliseconds', a) % 1000)"},
		{"DATEPART('epoch', a)", "DATEPART('epoch', a)"},
		{"DATENAME(weekday, a)", "dayname(a)"},
		{"DATENAME(dw, a)", "dayname(a)"},
		{"DATENAME(year, a)", "CAST(date_part('year', a) AS VARCHAR)"},
		{"DATEADD(wk, -1, a)", "((a) + to_weeks(CAST(-1 AS INTEGER)))"},
		{"DATEADD(ss, b, a)", "((a) + to_seconds(CAST(b AS BIGINT)))"},
		{"TRUNC(a, 'iw'), TRUNC(a, 'x'), TRUNC(a, b), TRUNC(getdate())", "date_trunc('week', a), TRUNC(a, 'x'), TRUNC(a, b), date_trunc('day', now())"},

		{"FORMAT(a, 'N')", "format('{:,.2f}', CAST(a AS DOUBLE))"},
		{"FORMAT(a, 'n0')", "format('{:,.0f}', CAST(a AS DOUBLE))"},
		{"FORMAT(a, 'F3')", "format('{:.3f}', CAST(a AS DOUBLE))"},
		{"FORMAT(a, 'd5'), FORMAT(a, 'D5')", "format('{:05d}', CAST(a AS BIGINT)), format('{:05d}', CAST(a AS BIGINT))"},
		{"FORMAT(a, '#,##0.00')", "format('{:,.2f}', CAST(a AS DOUBLE))"},
		{"FORMAT(a, '0.0')", "format('{:.1f}', CAST(a AS DOUBLE))"},
		{"FORMAT(a, '000')", "format('{:03d}', CAST(a AS BIGINT))"},
		{"TO_CHAR(a)", "CAST(a AS VARCHAR)"},
		{"TO_DATE(a)", "CAST(a AS DATE)"},
		{"TO_DATE(a, 'YYYY-MM-DD HH24:MI')", "CAST(strptime(a, '%Y-%m-%d %H:%M') AS TIMESTAMPTZ)"},
		{"TO_TIMESTAMP(a)", "TO_TIMESTAMP(a)"},
		{"TO_TIMESTAMP(a, 'YYYY')", "CAST(strptime(a, '%Y') AS TIMESTAMPTZ)"},
		{`TO_CHAR(a, 'YYYY"%"')`, "(strftime(a, '%Y%%'))"},

		{"a ~ '[' AND b ~ c::text", "a ~ '[' AND b ~ ('(?s:.*(?:' || (c::text) || ').*)')"},
		{"a ~* f(b, c) OR ~ d", "a ~ ('(?is:.*(?:' || (f(b, c)) || ').*)') OR ~ d"},
		{"a ~ SOME(b), a ~ ALL(b)", "a ~ SOME(b), a ~ ALL(b)"},
		{"a !~ ('x' || b)", "a !~ ('(?s:.*(?:' || (('x' || b)) || ').*)')"},

		{"DECODE(a, 1, 'x', 2, 'y')", "CASE WHEN (a) IS NOT DISTINCT FROM (1) THEN 'x' WHEN (a) IS NOT DISTINCT FROM (2) THEN 'y' END"},
		{"CHOOSE(a, 'x', 'y')", "CASE CAST(a AS BIGINT) WHEN 1 THEN 'x' WHEN 2 THEN 'y' END"},
		{"CHARINDEX('@', a, 3)", "CASE WHEN strpos(substr(a, 3), '@') = 0 THEN 0 ELSE strpos(substr(a, 3), '@') + (3) - 1 END"},
		{"to_hex(a)", "lower(to_hex(a))"},

		{"(a, b) = (1, c)", "((a) = (1) AND (b) = (c))"},
		{"(a, nvl(b, 2)) <> ROW(1, 2)", "((a) <> (1) OR (coalesce(b, 2)) <> (2))"},
		{"ROW(a, b) IS NOT DISTINCT FROM (1, 2)", "((a) is not distinct from (1) AND (b) is not distinct from (2))"},
		{"(a, b) BETWEEN (1, 2) AND ROW(3, 4) AND c", "(((a) > (1) OR (a) = (1) AND (b) >= (2)) AND ((a) < (3) OR (a) = (3) AND (b) <= (4))) AND c"},
		{"(a, b) NOT BETWEEN (1, 2) AND (3, 4)", "(NOT (((a) > (1) OR (a) = (1) AND (b) >= (2)) AND ((a) < (3) OR (a) = (3) AND (b) <= (4))))"},
		{"(a, b) BETWEEN c AND (3, 4)", "(a, b) BETWEEN c AND (3, 4)"},
		{"(a, b) BETWEEN (1, 2) AND (3)", "(a, b) BETWEEN (1, 2) AND (3)"},
		{"NOT (a, b) IS DISTINCT FROM (1, 2)", "NOT ((a) is distinct from (1) OR (b) is distinct from (2))"},
		{"(a, b, c) <= (1, 2, 3)", "((a) < (1) OR (a) = (1) AND ((b) < (2) OR (b) = (2) AND (c) <= (3)))"},
		{"(a, b) > (1, 2)", "((a) > (1) OR (a) = (1) AND (b) > (2))"},
		{"(a, b) IN ((1, 2), (3, f(4, 5)))", "(((a) = (1) AND (b) = (2)) OR ((a) = (3) AND (b) = (f(4, 5))))"},
		{"x AND (t.a, b) NOT IN ((1, 2))", "x AND (NOT (((t.a) = (1) AND (b) = (2))))"},
		{"(a, b) IN (SELECT 1, 2), (a, b) = (SELECT 1, 2), (a, b) IN (c)", "(a, b) IN (SELECT 1, 2), (a, b) = (SELECT 1, 2), (a, b) IN (c)"},
		{"(a, b) = (1, 2, 3), (a, b) IN ((1, 2), (3)), (a, b) = (1, 2).x", "(a, b) = (1, 2, 3), (a, b) IN ((1, 2), (3)), (a, b) = (1, 2).x"},
		{"f(a, b) = (1, 2), (a) = (b), (a, b) = ANY(c)", "f(a, b) = (1, 2), (a) = (b), (a, b) = ANY(c)"},
		{"SPLIT(a, ','), SPLIT(a, ',', 2)", "SPLIT(a, ','), split_part(a, ',', 2)"},
		{"PATINDEX('a%', b)", "CASE WHEN regexp_matches(b, '(?s)^()a') THEN length(regexp_extract(b, '(?s)^()a', 1)) + 1 WHEN (b) IS NOT NULL THEN 0 END"},
		{"PATINDEX('%a', b)", "CASE WHEN regexp_matches(b, '(?s)^(.*?)a$') THEN length(regexp_extract(b, '(?s)^(.*?)a$', 1)) + 1 WHEN (b) IS NOT NULL THEN 0 END"},
		{`PATINDEX('%[\d]%', b)`, `CASE WHEN regexp_matches(b, '(?s)^(.*?)[\\d]') THEN length(regexp_extract(b, '(?s)^(.*?)[\\d]', 1)) + 1 WHEN (b) IS NOT NULL THEN 0 END`},
		{"nvl(sysdate, a.sysdate)", "coalesce(now(), a.sysdate)"},
		{"rand(), square(a), curdate()", "random(), pow(a, 2), current_date"},
		{"LAST_YEAR(), TOMORROW()", "(now() - INTERVAL '1 year'), (today() + 1)"},
	} {
		t.Run(c.in, func(t *testing.T) {
			t.Parallel()
			got, _, err := rewrite(t, "ORDER BY "+c.in)
			if err != nil {
				t.Fatal(err)
			}
			if got = strings.TrimPrefix(got, "ORDER BY "); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestWordsThatCantBeRewritten(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"dateadd(isowk, 1, a)":                 "DATEADD takes a part of a time",
		"dateadd(day, 1)":                      "DATEADD takes a part of a time",
		"datename(fortnight, a)":               "DATENAME takes a part of a time",
		"convert(a)":                           "CONVERT takes a type",
		"convert(, a)":                         "CONVERT takes a type",
		"isnull(a)":                            "ISNULL takes 2 arguments",
		"charindex(a)":                         "CHARINDEX takes 2 or 3 arguments",
		"square(a, b)":                         "SQUARE takes 1 argument.",
		"choose(a)":                            "CHOOSE takes 2 to 9 arguments",
		"choose(a, 1, 2, 3, 4, 5, 6, 7, 8, 9)": "CHOOSE takes 2 to 9 arguments",
		"decode(a, 1, 2, 3, 4, 5, 6, 7, 8, 9)": "use CASE",
		"replicate(a, 3)":                      "REPLICATE needs constants",
		"replicate('x', -1)":                   "REPLICATE needs constants",
		"space(10001)":                         "SPACE needs constants",
		"patindex(a, b)":                       "PATINDEX takes a constant pattern",
		"patindex('%[', b)":                    "PATINDEX has a pattern that can't be read",
		"to_date(a, b)":                        "TO_DATE takes a text and a constant format",
		"to_date(a, 'Q')":                      "can't be read by",
		"to_char(a, '{}')":                     "TO_CHAR takes a value and a constant format",
		"format(a, b)":                         "FORMAT takes a value and a constant format",
		"format(a, 'yyyy kkk')":                "FORMAT has a format that is not understood",
		"format(a, 'yyyy ''x')":                "FORMAT has a format that is not understood",
		"this_month(1)":                        "THIS_MONTH takes no argument",
		"x = last_n_days(10001)":               "LAST_N_DAYS takes a whole number",
		"x = last_n_days(a)":                   "LAST_N_DAYS takes a whole number",
		"x + this_month()":                     "THIS_MONTH is a range of time",
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			got, _, err := rewrite(t, "ORDER BY "+in)
			if !gwerr.Is(err, gwerr.Syntax) || !strings.Contains(err.Error(), says) {
				t.Errorf("got %s, %v, want %s", got, err, says)
			}
		})
	}
}

// TestChanging: a statement that may depend on the time of day, or on chance, is not
// kept.
func TestChanging(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"getdate": true, "sysdate": true, "curdate": true, "rand": true, "today": true, "l_last_n_days": true, "this_quarter": true,
		"isnull": false, "dateadd": false, "square": false, "lower": false, "": false,
	} {
		if got := dialect.Changing(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
