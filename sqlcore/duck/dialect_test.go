//go:build duckdb_arrow

package duck_test

import (
	"context"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// TestWhatOthersSayMeans gives what the functions of other dialects answer, as
// their makers document it.
func TestWhatOthersSayMeans(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct{ expression, want string }{
		{"DATEADD(day, -7, '2024-03-05 10:00:00')", "2024-02-27 10:00:00+00"},
		{"DATEADD(month, 1, '2024-01-31')", "2024-02-29 00:00:00+00"},
		{"DATEADD('q', 1, CAST('2024-01-31' AS TIMESTAMP))", "2024-04-30 00:00:00"},
		{"DATEADD(mi, 90, DATE '2024-01-31')", "2024-01-31 01:30:00"},
		{"DATEDIFF(year, '2023-12-31', '2024-01-01')", "1"},
		{"DATEDIFF(week, '2024-03-02', '2024-03-03')", "1"}, // a Saturday and a Sunday
		{"DATEDIFF(week, '2024-03-03', '2024-03-04')", "0"},
		{"DATEDIFF('m', '2024-01-31', '2024-03-01')", "2"},
		{"DATEDIFF(hour, '2024-03-03 01:59', '2024-03-03 02:00')", "1"},
		{"DATEPART(weekday, '2024-03-03')", "1"},
		{"DATEPART(week, '2024-01-06')", "1"},
		{"DATEPART(week, '2024-01-07')", "2"},
		{"DATEPART(isowk, '2024-01-07')", "1"},
		{"DATEPART(dy, '2024-03-01')", "61"},
		{"DATEPART(ms, '2024-03-01 00:00:05.123')", "123"},
		{"DATENAME(month, '2024-03-01')", "March"},
		{"DATENAME(dw, '2024-03-03')", "Sunday"},
		{"DATENAME(yyyy, '2024-03-03')", "2024"},
		{"DATETRUNC(month, '2024-03-15 10:00')", "2024-03-01 00:00:00+00"},
		{"TRUNC(TIMESTAMP '2024-03-15 10:00:00', 'Q')", "2024-01-01 00:00:00"},
		{"TRUNC(1.77)", "1"},
		{"EOMONTH('2024-02-01')", "2024-02-29"},
		{"EOMONTH('2024-01-31', 1)", "2024-02-29"},
		{"ADD_MONTHS(DATE '2024-01-31', 1)", "2024-02-29 00:00:00"},
		{"DATEFROMPARTS(2024, 2, 29)", "2024-02-29"},
		{"DATETIMEFROMPARTS(2024, 2, 29, 1, 2, 3, 500)", "2024-02-29 01:02:03.5"},
		{"ISDATE('2024-02-29') + 2 * ISDATE('x')", "1"},
		{"ISNUMERIC('1e3') + 2 * ISNUMERIC('x')", "1"},
		{"ISNULL(NULL, 'x')", "x"},
		{"NVL(NULL, NVL(NULL, 'x'))", "x"},
		{"NVL2(NULL, 1, 2)", "2"},
		{"IIF(1 > 2, 'a', 'b')", "b"},
		{"DECODE(NULL, 1, 'one', NULL, 'none', 'other')", "none"},
		{"CHOOSE(2, 'a', 'b')", "b"},
		{"CHARINDEX('b', 'abcb')", "2"},
		{"CHARINDEX('b', 'abcb', 3)", "4"},
		{"LOCATE('z', 'abcb', 3)", "0"},
		{"PATINDEX('%b_%', 'abcb')", "2"},
		{"PATINDEX('%b', 'abcb')", "4"},
		{"PATINDEX('b%', 'abcb')", "0"},
		{"PATINDEX('%[^a-b]%', 'abcb')", "3"},
		{"STUFF('abcdef', 2, 3, 'ijklmn')", "aijklmnef"},
		{"STUFF('abc', 5, 1, 'x')", "NULL"},
		{"REPLICATE('ab', 3) || SPACE(2) || '|'", "ababab  |"},
		{"LEN('abc')", "3"},
		{"CHAR(65) || NCHAR(228)", "Aä"},
		{"QUOTENAME('a]b')", "[a]]b]"},
		{"SPLIT('a,b,c', ',', 2)", "b"},
		{"REGEXP_LIKE('abc', 'B', 'i')", "true"},
		{"'abc' ~ 'b', 'abc' ~ '^b', 'ABC' ~* 'b', 'abc' !~ 'b', 'ABC' !~* lower('B')", "true|false|true|false|false"},
		{"'a\nb' ~ 'a.b$', 'abc' ~ 'x|b'", "true|true"},
		{"CAST(1.005 AS MONEY), CAST('x' AS NVARCHAR(MAX)), CAST('7' AS NUMBER(10,2))", "1.0050|x|7.00"},
		{"TRY_CAST('x' AS MONEY), TRY_CONVERT(int, 'x'), CONVERT(bit, 1)", "NULL|NULL|true"},
		{"CONVERT(VARCHAR(10), TIMESTAMPTZ '2024-03-05 06:07:08.009', 120)", "2024-03-05"},
		{"CONVERT(VARCHAR, TIMESTAMP '2024-03-05 06:07:08.009', 121)", "2024-03-05 06:07:08.009"},
		{"CONVERT(CHAR(8), DATE '2024-03-05', 112), CONVERT(NVARCHAR(30), DATE '2024-03-05', 107)", "20240305|Mar 05, 2024"},
		{"CONVERT(date, '31/01/2024', 103), CONVERT(datetime, '2024-01-31T01:02:03', 126)", "2024-01-31|2024-01-31 01:02:03"},
		{"TRY_CONVERT(date, 'never', 103)", "NULL"},
		{"TO_CHAR(TIMESTAMP '2024-03-05 16:07:08.009', 'YYYY-MM-DD HH24:MI:SS.MS')", "2024-03-05 16:07:08.009"},
		{"TO_CHAR(DATE '2024-03-05', 'FMDD Mon yyyy'), TO_CHAR(DATE '2024-03-05', 'DAY \"of\" Q/D')", "5 Mar 2024|TUESDAY of 1/3"},
		{"TO_CHAR(TIMESTAMP '2024-03-05 16:07:08.123456', 'Y,YYY FF1 FF4 FF5 FF6 FF7 FF9')", "2,024 1 1234 12345 123456 1234560 123456000"},
		{"TO_CHAR(1234567.891, '9,999,999.99'), TO_CHAR(7)", "1,234,567.89|7"},
		{"TO_DATE('05.03.2024', 'DD.MM.YYYY'), TO_DATE('05-MAR-2024 16:07', 'DD-MON-YYYY HH24:MI'), TO_DATE('2024-03-05')", "2024-03-05|2024-03-05 16:07:00+00|2024-03-05"},
		{"TO_TIMESTAMP('2024-03-05', 'YYYY-MM-DD'), TO_TIMESTAMP(0)", "2024-03-05 00:00:00+00|1970-01-01 00:00:00+00"},
		{"FORMAT(DATE '2024-03-05', 'd'), FORMAT(TIMESTAMP '2024-03-05 16:07:08', 'ddd, d MMM yyyy h:mm tt')", "3/5/2024|Tue, 5 Mar 2024 4:07 PM"},
		{"FORMAT(1234567.891, 'N1'), FORMAT(1234567.891, '#,##0.00'), FORMAT(7, '000'), FORMAT(7, 'D4')", "1,234,567.9|1,234,567.89|007|0007"},
		{"FORMAT('{} of {}', 1, 2)", "1 of 2"},
		{"TO_NUMBER('1.5') + SQUARE(3), TO_NUMBER('-1,234.5', '9,999.9'), DIV(-7, 2)", "10.5|-1234.5|-3"},
		{"BTRIM('  a '), BTRIM('xax', 'x'), LPAD('a', 3), RPAD('a', 3) || '|', LPAD('a', 3, 'x')", "a|a|  a|a  ||xxa"},
		{"INITCAP('hello wORLD, o''neil-ÄRZTE 1a'), INITCAP(''), INITCAP(NULL)", "Hello World, O'Neil-Ärzte 1a||NULL"},
		{"OCTET_LENGTH('ä'), QUOTE_LITERAL('it''s'), REGEXP_COUNT('abcb', 'b'), REPEAT('ab', 2)", "2|'it''s'|2|abab"},
		{"CARDINALITY(['a', 'b']), ARRAY_REMOVE([1, 2, NULL], 1), JSONB_ARRAY_LENGTH('[1,2]'), TO_JSONB('a')", `2|[2, NULL]|2|"a"`},
		{"ARRAY_REMOVE([1, 2, x], x), (1, NULL) NOT IN ((1, x)) IS NULL FROM (VALUES (2)) v(x)", "[1]|true"},
		{"EVERY(x > 0), JSON_AGG(x ORDER BY x DESC), JSONB_AGG(DISTINCT 1) FROM (VALUES (1), (2)) v(x)", "true|[2,1]|[1]"},
		{"ENCODE('a'::BLOB, 'base64'), ENCODE(DECODE('YWI=', 'base64'), 'hex'), CAST(DECODE('61', 'HEX') AS VARCHAR)", "YQ==|6162|a"},
		{"DATE_BIN('15 minutes', TIMESTAMP '2024-01-01 00:17:00', TIMESTAMP '2024-01-01'), CLOCK_TIMESTAMP() = NOW()", "2024-01-01 00:15:00|true"},
		{"'abc' SIMILAR TO 'a%', 'abc' SIMILAR TO 'a.c', 'a.c' SIMILAR TO '(a|b).[^x-z]', 'ab' NOT SIMILAR TO '_b'", "true|false|true|false"},
		{"'a_1' SIMILAR TO '[[:alnum:]_]+', 'a.1' SIMILAR TO '[[:alnum:]_]+', 'a%' SIMILAR TO '[^[:digit:]%]{2}', 'a]b' SIMILAR TO '[]a%]+_'", "true|false|false|true"},
		{"'a%' SIMILAR TO 'a\\%', 'ab' SIMILAR TO 'a!%' ESCAPE '!', 'a\nb' SIMILAR TO 'a_b', 'a$' SIMILAR TO 'a$', 'b' SIMILAR TO '[%_b]+'", "true|false|true|true|true"},
	}
	for _, c := range cases {
		t.Run(c.expression, func(t *testing.T) {
			t.Parallel()
			got := answer(t, e, "SELECT "+c.expression)
			if len(got) != 1 || got[0] != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestNumbersInFormats has what PostgreSQL 15 gives, without blanks.
func TestNumbersInFormats(t *testing.T) {
	t.Parallel()
	e := open(t)
	for format, want := range map[string]string{
		"999": "0|485|-485|###|-###|0", "FM0000.00": "0000.00|0485.00|-0485.00|1234.57|-1234.57|0000.13", "9,999.00": ".00|485.00|-485.00|1,234.57|-1,234.57|.13",
		"FM999.99": "0.|485.|-485.|###.##|-###.##|.13", "99.99S": ".00+|##.##+|##.##-|##.##+|##.##-|.13+", "s9990": "+0|+485|-485|+1235|-1235|+0",
		"FM9,999MI": "0|485|485-|1,235|1,235-|0", "9999.0PR": ".0|485.0|<485.0>|1234.6|<1234.6>|.1", "MI9999": "0|485|-485|1235|-1235|0",
	} {
		var calls []string
		for _, v := range []string{"0", "485", "-485", "1234.567", "-1234.567", "0.126"} {
			calls = append(calls, "TO_CHAR("+v+", '"+format+"')")
		}
		if got := answer(t, e, "SELECT "+strings.Join(calls, ", ")); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

// TestDocumentedExpressions runs the table of functions in the documentation.
func TestDocumentedExpressions(t *testing.T) {
	t.Parallel()
	e := open(t)
	page, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(.+?)` \\| `(.+?)` \\| .*\\|$").FindAllStringSubmatch(string(page), -1)
	_, tables, _ := strings.Cut(string(page), "## Other dialects")
	found := 0
	for _, row := range rows {
		if !strings.Contains(tables, row[0]) || !strings.Contains(row[1], "(") {
			continue
		}
		found++
		t.Run(row[1], func(t *testing.T) {
			t.Parallel()
			if got := answer(t, e, "SELECT "+row[1]); len(got) != 1 || got[0] != row[2] {
				t.Errorf("it gives %q, not %q", got, row[2])
			}
		})
	}
	if found < 30 {
		t.Errorf("only %d expressions were found", found)
	}
}

// answer runs a statement that reads no table; each value is a text.
func answer(t *testing.T, e *duck.Engine, sql string) []string {
	t.Helper()
	q, err := e.Bind(context.Background(), request("SELECT COLUMNS(*)::VARCHAR FROM ("+sql+")"))
	if err != nil {
		t.Fatal(sql, err)
	}
	got, err := run(context.Background(), e, query.Job{SQL: q.SQL})
	if err != nil {
		t.Fatal(sql, err)
	}
	return got
}

// TestRangesOfTime asks what is true at any time of day.
func TestRangesOfTime(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, c := range []string{
		"now() = TODAY() AND now() = L_THIS_WEEK() AND now() = THIS_MONTH() AND now() = THIS_QUARTER() AND now() = THIS_YEAR()",
		"now() <> YESTERDAY() AND now() > YESTERDAY() AND now() < TOMORROW() AND now() >= TODAY() AND now() <= TODAY()",
		"NOT now() > TODAY() AND NOT now() < TODAY()",
		"now() - INTERVAL 1 DAY = YESTERDAY() AND now() + INTERVAL 1 DAY = TOMORROW()",
		"now() - INTERVAL 7 DAY = LAST_N_DAYS(7) AND now() <> LAST_N_DAYS(7) AND now() = NEXT_N_DAYS(1) AND now() - INTERVAL 90 DAY = L_LAST_90_DAYS()",
		"now() - INTERVAL 7 DAY = LAST_WEEK() AND now() + INTERVAL 7 DAY = NEXT_WEEK() AND now() + INTERVAL 14 DAY = NEXT_N_WEEKS(2)",
		"now() - INTERVAL 1 YEAR = LAST_YEAR() AND now() <> LAST_N_YEARS(3) AND now() - INTERVAL 3 YEAR = LAST_N_YEARS(3)",
		"date_trunc('month', now()) - INTERVAL 1 SECOND = LAST_MONTH() AND date_trunc('month', now()) <> LAST_MONTH()",
		"today() = TODAY() AND YESTERDAY() + 1 = today() AND TOMORROW() - 1 = today()",
		"LAST_MONTH() < now() AND GETDATE() = now() AND SYSDATE = CURRENT_TIMESTAMP()",
	} {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			if got := answer(t, e, "SELECT "+c); !slices.Equal(got, []string{"true"}) {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestRewrittenConditionsArePushed binds conditions whose constants the engine
// works out at each run.
func TestRewrittenConditionsArePushed(t *testing.T) {
	t.Parallel()
	e := open(t)
	for _, c := range []struct{ sql, want string }{
		{"SELECT Name FROM Members WHERE Joined >= DATEADD(day, -7, '2024-03-05')", "Joined >= TIMESTAMPTZ '2024-02-27T00:00:00Z'"},
		{"SELECT Name FROM Members WHERE Joined < CONVERT(datetime, '05.03.2024', 104)", "Joined < TIMESTAMPTZ '2024-03-05T00:00:00Z'"},
		{"SELECT Name FROM Members WHERE Joined >= EOMONTH('2024-02-10')", "Joined >= TIMESTAMPTZ '2024-02-29T00:00:00Z'"},
		{"SELECT Name FROM Members WHERE Name = ISNULL(NULL, 'x') AND Age = IIF(1 = 1, 3, 4)", "Name = 'x' AND Age = 3"},
		{"SELECT `Name` FROM `Town`.`Members` WHERE `Age` = LEN('abc') LIMIT 0, 5", "Age = 3"},
		{"SELECT Name FROM Members WHERE Name = REPLICATE('x', 3)", "Name = 'xxx'"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			if got := q.Accesses[0].Where.String(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	q, err := e.Bind(context.Background(), request("SELECT Name FROM Members WHERE Joined = LAST_N_DAYS(7)"))
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Accesses[0].Where.String(); strings.Count(got, "Joined") != 2 || !strings.Contains(got, ">=") {
		t.Errorf("the range became %s", got)
	}
	before := e.Planned()
	if _, err := e.Bind(context.Background(), request("SELECT Name FROM Members WHERE Joined = LAST_N_DAYS(7)")); err != nil || e.Planned() == before {
		t.Error("a range was not worked out again", err)
	}
}

// TestPivots runs PIVOT and UNPIVOT in both of their spellings.
func TestPivots(t *testing.T) {
	t.Parallel()
	e := open(t)
	m := newLibrary().table(t, "Members")
	list := rows{{"Id": ann, "Name": "x", "Age": 1, "Points": 10}, {"Id": bob, "Name": "y", "Age": 1, "Points": 20}, {"Id": cem, "Name": "y", "Age": 2, "Points": 30}}
	for _, c := range []struct{ sql, want string }{
		{"PIVOT (SELECT Age, Name FROM Members) ON Name IN ('x', 'y') USING count(*) GROUP BY Age ORDER BY Age", "1|1|1 2|0|1"},
		{"SELECT * FROM (SELECT Age, Name, Points FROM Members) AS s PIVOT (sum(Points) FOR Name IN ([x], [y])) AS p ORDER BY 1", "1|10|20 2|NULL|30"},
		{"UNPIVOT (SELECT Name, Age, Points FROM Members WHERE Name = 'x') ON Age, Points INTO NAME n VALUE v ORDER BY n", "x|Age|1 x|Points|10"},
		{"SELECT n, v FROM (SELECT Age::BIGINT AS Age, Points FROM Members WHERE Name = 'x') s UNPIVOT (v FOR n IN (Age, Points)) AS u ORDER BY n", "Age|1 Points|10"},
	} {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			got, err := run(context.Background(), e, query.Job{SQL: q.SQL, Inputs: []query.Input{input(m, true, list)}})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// said is an expression in words of others, and in the engine's.
type said struct{ other, own string }

// sayer makes random expressions in both.
type sayer struct{ r *rand.Rand }

func (s sayer) both(text string) said { return said{text, text} }

// with puts expressions in the places of a template: $1, $2.
func (s sayer) with(other, own string, parts ...said) said {
	for i, p := range parts {
		place := "$" + string(rune('1'+i))
		other, own = strings.ReplaceAll(other, place, p.other), strings.ReplaceAll(own, place, p.own)
	}
	return said{other, own}
}

func (s sayer) time(depth int) said {
	if depth == 0 {
		return s.both(pick(s.r, []string{"m.Joined", "TIMESTAMPTZ '2024-01-31 10:00:00Z'", "CAST(NULL AS TIMESTAMPTZ)"}))
	}
	n := s.both(pick(s.r, []string{"1", "-1", "13"}))
	switch s.r.IntN(6) {
	case 0:
		return s.with("DATEADD(month, $2, $1)", "(($1) + to_months($2))", s.time(depth-1), n)
	case 1:
		return s.with("dateadd('dd', $2, $1)", "(($1) + to_days($2))", s.time(depth-1), n)
	case 2:
		return s.with("ISNULL($1, $2)", "coalesce($1, $2)", s.time(depth-1), s.time(depth-1))
	case 3:
		return s.with("IIF($1, $2, $3)", "CASE WHEN $1 THEN $2 ELSE $3 END", s.truth(depth-1), s.time(depth-1), s.time(depth-1))
	case 4:
		return s.with("DATETRUNC(quarter, $1)", "date_trunc('quarter', $1)", s.time(depth-1))
	default:
		return s.time(depth - 1)
	}
}

func (s sayer) text(depth int) said {
	if depth == 0 {
		return s.both(pick(s.r, []string{"m.Name", "m.Email", "'ab'", "'a]'", "NULL::VARCHAR"}))
	}
	switch s.r.IntN(8) {
	case 0:
		return s.with("NVL($1, $2)", "coalesce($1, $2)", s.text(depth-1), s.text(depth-1))
	case 1:
		return s.with("NVL2($1, $2, $1)", "CASE WHEN ($1) IS NOT NULL THEN $2 ELSE $1 END", s.text(depth-1), s.text(depth-1))
	case 2:
		return s.with("CONVERT(VARCHAR(10), $1, 120)", "left(strftime($1, '%Y-%m-%d'), 10)", s.time(depth-1))
	case 3:
		return s.with("TO_CHAR($1, 'YYYY-MM')", "strftime($1, '%Y-%m')", s.time(depth-1))
	case 4:
		return s.with("QUOTENAME($1)", "('[' || replace($1, ']', ']]') || ']')", s.text(depth-1))
	case 5:
		return s.with("CAST($1 AS NVARCHAR(20))", "CAST($1 AS VARCHAR)", s.number(depth-1))
	case 6:
		return s.with("STUFF($1, 2, 1, 'x')", "CASE WHEN length($1) >= 2 THEN substr($1, 1, 1) || 'x' || substr($1, 3) END", s.text(depth-1))
	default:
		return s.text(depth - 1)
	}
}

func (s sayer) number(depth int) said {
	if depth == 0 {
		return s.both(pick(s.r, []string{"m.Age", "m.Points", "2", "NULL::BIGINT"}))
	}
	switch s.r.IntN(6) {
	case 0:
		return s.with("DATEDIFF(day, $1, $2)", "date_diff('day', $1, $2)", s.time(depth-1), s.time(depth-1))
	case 1:
		return s.with("DATEPART(dw, $1)", "(dayofweek($1) + 1)", s.time(depth-1))
	case 2:
		return s.with("CHARINDEX('b', $1)", "strpos($1, 'b')", s.text(depth-1))
	case 3:
		return s.with("DECODE($1, 1, 10, NULL, 20, $1)", "CASE WHEN ($1) IS NOT DISTINCT FROM 1 THEN 10 WHEN ($1) IS NULL THEN 20 ELSE $1 END", s.number(depth-1))
	case 4:
		return s.with("LEN($1)", "length($1)", s.text(depth-1))
	default:
		return s.number(depth - 1)
	}
}

func (s sayer) truth(depth int) said {
	d := max(depth-1, 0)
	switch s.r.IntN(6) {
	case 0:
		return s.with("$1 >= $2", "$1 >= $2", s.time(d), s.time(d))
	case 1:
		return s.with("m.Joined = LAST_N_YEARS(100)", "(m.Joined >= date_trunc('year', now()) - INTERVAL 100 YEAR AND m.Joined < date_trunc('year', now()))")
	case 2:
		return s.with("$1 ~* 'B'", "regexp_matches($1, 'b', 'i')", s.text(d))
	case 3:
		return s.with("m.Name = $1", "m.Name = $1", s.text(d))
	case 4:
		return s.with("($1 OR NOT $2)", "($1 OR NOT $2)", s.truth(d), s.truth(0))
	default:
		return s.with("m.Age <= $1", "m.Age <= $1", s.number(d))
	}
}

// TestOtherWordsGiveTheSameRows compares random statements in words of others
// with the same in the engine's own, and both with what they give over the rows
// that they ask for.
func TestOtherWordsGiveTheSameRows(t *testing.T) {
	t.Parallel()
	e := open(t)
	s := sayer{rand.New(rand.NewPCG(11, 2))}
	lib := newLibrary()
	n := 150
	if testing.Short() {
		n = 40
	}
	pushed := 0
	for i := range n {
		data := map[*catalog.Table]rows{}
		data[lib.table(t, "Members")] = randomRows(s.r, lib.table(t, "Members"), s.r.IntN(12))
		pair := s.with("SELECT m.Id, $1 AS a, $2 AS b, $3 AS c FROM Members m WHERE $4", "SELECT m.Id, $1 AS a, $2 AS b, $3 AS c FROM Members m WHERE $4",
			s.time(2), s.text(2), s.number(2), s.truth(2))
		var got [2][]string
		for way, sql := range []string{pair.other, pair.own} {
			q, err := e.Bind(context.Background(), duck.BindRequest{SQL: "SELECT * FROM (" + sql + ") AS whole ORDER BY ALL", Provider: lib})
			if err != nil {
				t.Fatalf("%d: %s: %v", i, sql, err)
			}
			if got[way], err = run(context.Background(), e, query.Job{SQL: q.SQL, Inputs: whole(q, data)}); err != nil {
				t.Fatalf("%d: %s: %v", i, sql, err)
			}
			kept := keptRows(q, data)
			if len(kept) > 0 && len(kept[0]) < len(data[q.Accesses[0].Table]) {
				pushed++
			}
			if narrowed := reducedRun(t, e, q, q.SQL, kept); !slices.Equal(narrowed, got[way]) {
				t.Fatalf("%d: %s\nover fewer rows %q\nover all        %q", i, sql, narrowed, got[way])
			}
		}
		if !slices.Equal(got[0], got[1]) {
			t.Fatalf("%d: %s\n%s\ngot  %q\nwant %q", i, pair.other, pair.own, got[0], got[1])
		}
	}
	if pushed < n/8 {
		t.Errorf("only %d accesses were narrowed: the test proves little", pushed)
	}
}
