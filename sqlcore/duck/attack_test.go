//go:build duckdb_arrow

package duck_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck"
)

func nest(n int, head, tail, inner string) string {
	return strings.Repeat(head, n) + inner + strings.Repeat(tail, n)
}

// TestBindRefusesAttacks sends statements that would cost the engine more than
// any error gives back, or that reach what isn't theirs.
func TestBindRefusesAttacks(t *testing.T) {
	t.Parallel()
	e := open(t)
	list := func(n int, format string) string {
		var out []string
		for i := range n {
			out = append(out, strings.ReplaceAll(strings.ReplaceAll(format, "+1", fmt.Sprint(i+1)), "+0", fmt.Sprint(i)))
		}
		return strings.Join(out, ", ")
	}
	cases := []struct {
		name, sql string
		want      gwerr.Code
	}{
		{"a CTE with a long s", "WITH ſqlite_master AS (SELECT 1 AS a) SELECT * FROM sqlite_master", gwerr.UnknownTable},
		{"a CTE with a Kelvin sign", "WITH duc\u212adb_tables AS (SELECT 1 AS a) SELECT * FROM duckdb_tables", gwerr.UnknownTable},
		{"a recursive CTE outside of itself", "WITH RECURSIVE duckdb_tables AS (SELECT * FROM duckdb_tables UNION ALL SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables", gwerr.UnknownTable},
		{"a CTE that is no recursion", "WITH RECURSIVE duckdb_tables AS (SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables", gwerr.UnknownTable},

		{"an edit distance", "SELECT levenshtein('a', 'b')", gwerr.UnknownFunction},
		{"a mode by its name", "SELECT list_aggregate([1], 'mode')", gwerr.UnknownFunction},
		{"an aggregate of a computed name", "SELECT list_aggr([1], 'mo' || 'de')", gwerr.UnknownFunction},
		{"structures of JSON", "SELECT json_structure('[]')", gwerr.UnknownFunction},
		{"a cast to VARIANT", "SELECT 1::VARIANT", gwerr.NotImplemented},
		{"a cast to a quoted VARIANT", `SELECT TRY_CAST('[]'::JSON AS "Variant")`, gwerr.NotImplemented},
		{"a cast to a list of VARIANT", "SELECT '[]'::JSON::STRUCT(a VARIANT)[]", gwerr.NotImplemented},

		{"wildcards of ILIKE", "SELECT Name FROM Members WHERE Name ILIKE '%a%a%a%a%b'", gwerr.LimitExceeded},
		{"wildcards beside _", "SELECT Name FROM Members WHERE Name NOT LIKE '%a_%a%a%a%b'", gwerr.LimitExceeded},
		{"wildcards that are computed", "SELECT Name LIKE '%a%a' || '%a%a%b' FROM Members", gwerr.LimitExceeded},
		{"wildcards with an escape", "SELECT Name LIKE '%a%a%a%a%b' ESCAPE '!' FROM Members", gwerr.LimitExceeded},
		{"wildcards of GLOB", "SELECT Name GLOB '*a*a*a*a*b' FROM Members", gwerr.LimitExceeded},
		{"plain wildcards", "SELECT Name LIKE '" + strings.Repeat("%a", 101) + "' FROM Members", gwerr.LimitExceeded},
		{"a long regular expression", "SELECT regexp_matches(Name, '" + strings.Repeat("a", 10_001) + "') FROM Members", gwerr.LimitExceeded},

		{"macros in macros", "SELECT " + nest(20, "nullif(", ", 1)", "Age") + " FROM Members", gwerr.TooLarge},
		{"cases in operands", "SELECT " + nest(20, "CASE ", " WHEN 1 THEN 2 WHEN 3 THEN 4 END", "Age") + " FROM Members", gwerr.TooLarge},
		{"cases behind numbers", "SELECT " + nest(20, "CASE ", " WHEN 1 THEN 2.WHEN 3 THEN 4END", "Age") + " FROM Members", gwerr.TooLarge},
		{"aliases of aliases", "SELECT Age AS x0, " + list(20, "x+0 + x+0 AS x+1") + " FROM Members", gwerr.TooLarge},
		{"tables of tables", "WITH c0 AS (SELECT 1 AS x), " + list(20, "c+1 AS (SELECT a.x FROM c+0 a, c+0 b)") + " SELECT * FROM c20", gwerr.TooLarge},
		{"subqueries in subqueries", "SELECT " + nest(30, "(SELECT ", ")", "1"), gwerr.TooLarge},
		{"subqueries of tables", "WITH c0 AS (SELECT 1 AS x), " + list(30, "c+1 AS (SELECT (SELECT x FROM c+0) AS x)") + " SELECT x FROM c30", gwerr.TooLarge},
		{"lambdas in lambdas", "SELECT " + nest(30, "list_transform([1], x -> ", ")", "x"), gwerr.TooLarge},
		{"arrows", "SELECT Notes" + strings.Repeat(" -> 'a'", 30) + " FROM Members", gwerr.TooLarge},
		{"stars of stars", nest(20, "SELECT *, * FROM (", ")", "SELECT * FROM Members"), gwerr.TooLarge},
		{"columns of columns", nest(20, "SELECT x.*, COLUMNS('.*') FROM (", ") x", "SELECT * FROM Members"), gwerr.TooLarge},
		{"windows", "SELECT " + list(201, "count(*) OVER ()"), gwerr.TooLarge},
		{"definitions of windows", "SELECT " + list(200, "sum(Age) OVER w") + " FROM Members WINDOW w AS (PARTITION BY " + list(200, "Age + +1") + ")", gwerr.TooLarge},
		{"cubes", "SELECT 1 FROM Members GROUP BY CUBE (Age, Id, Name), CUBE (" + list(6, "Age + +1") + ")", gwerr.TooLarge},
		{"deep structs", "SELECT " + nest(61, "{'a': ", "}", "1"), gwerr.LimitExceeded},
		{"deep lists", "SELECT CAST(NULL AS STRUCT(a INT, b INT" + strings.Repeat("[]", 61) + "))", gwerr.LimitExceeded},
		{"columns", "SELECT " + list(1001, "+0"), gwerr.TooLarge},
		{"items", "SELECT 1 IN (" + list(25_001, "+0") + ")", gwerr.TooLarge},
		{"words", "SELECT 1" + strings.Repeat(" + 1", 50_000), gwerr.TooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if !gwerr.Is(err, c.want) {
				t.Fatalf("got %v, %v, want %s", q, err, c.want)
			}
		})
	}
}

// TestBindTakesWhatToolsSend checks that the bounds leave room.
func TestBindTakesWhatToolsSend(t *testing.T) {
	t.Parallel()
	e := open(t, func(c *duck.Config) { c.MemoryLimit = 1 << 30 }) // the race detector takes its part
	whens := strings.Repeat(" WHEN 1 THEN 'a'", 500)
	many := strings.Repeat(", Name", 499)
	cases := []struct{ name, sql string }{
		{"comments", "/* a 'b */ SELECT Name -- c\n, Age /* d */ FROM Members -- e"},
		{"texts over lines", "SELECT Name FROM Members WHERE Name = 'a'\n'b'"},
		{"search", "SELECT Name FROM Members WHERE Name ILIKE '%a%b%c%d%'"},
		{"patterns of columns", "SELECT a.Name FROM Members a JOIN Branches b ON a.Name LIKE '%' || b.City || '%'"},
		{"long IN", "SELECT Name FROM Members WHERE Id IN (" + strings.Repeat("1, ", 24_000) + "2)"},
		{"a table of values by CASE", "SELECT CASE date_part('month', Joined)" + whens + " END FROM Members"},
		{"cases in cases", "SELECT " + strings.Repeat("CASE WHEN Age > 1 THEN 1 ELSE ", 50) + "2" + strings.Repeat(" END", 50) + " FROM Members"},
		{"subqueries", "SELECT Name FROM Members WHERE Age > (SELECT avg(Age) FROM Members WHERE Age IN (SELECT Age FROM Members m WHERE EXISTS (SELECT 1 FROM Branches b WHERE b.Name = (SELECT max(Name) FROM Branches))))"},
		{"many columns", "SELECT Age" + many + " FROM Members"},
		{"a ladder of aliases", "SELECT Age + 1 AS a, a + 1 AS b, a + b AS c, b + c AS d, c + d AS e FROM Members"},
		{"a table used often", "WITH m AS (SELECT * FROM Members WHERE Age > 3) SELECT count(*) FROM m a, m b, m c, m d WHERE a.Age = b.Age AND b.Age = c.Age AND c.Age = d.Age"},
		{"stars of both sides", "SELECT a.*, b.* FROM Members a JOIN Branches b USING (Id)"},
		{"windows by name", "SELECT sum(Age) OVER w, avg(Age) OVER w FROM Members WINDOW w AS (PARTITION BY Name ORDER BY Age)"},
		{"recursion", "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t"},
		{"rows of functions", "SELECT * FROM range(3) r, generate_series(1, 2) s, unnest([1]) u, json_each('[1]') j, json_tree('[1]') k"},
		{"rows of the statement", "SELECT * FROM (VALUES (1), (2)) v(x), (SELECT 1) d WHERE x IN (SELECT unnest([1, 2]))"},
		{"cube", "SELECT Name, Age, count(*) FROM Members GROUP BY CUBE (Name, Age)"},
		{"what no plan can be written of", "SELECT '101'::BIT, '7'::BIGNUM, Name FROM Members"},
		{"paths of JSON", "SELECT Notes -> 'a' -> 'b' -> 'c' -> 'd' -> 'e' ->> 'f' FROM Members"},
		{"structs in structs", "SELECT " + nest(50, "{'a, (': ", "}", "[[1]]") + ", {'b': [1], 'c': [[2]]}"},
		{"tables in tables", nest(60, "SELECT * FROM (", ")", "SELECT Name, Age FROM Members") + " LIMIT 5"},
		{"the median", "SELECT median(Age), quantile_cont(Age, 0.9), list_aggregate([1], 'sum') FROM Members"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := e.Bind(context.Background(), request(c.sql)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestRepeatingMacros compares the list of macros that repeat an argument with
// what the engine says of them.
func TestRepeatingMacros(t *testing.T) {
	t.Parallel()
	e := open(t)
	macros, err := e.RepeatingMacros(context.Background())
	if err != nil || len(macros) == 0 {
		t.Fatal(macros, err)
	}
	for name, n := range macros {
		if got := duck.Repeats(name); got < n {
			t.Errorf("%s repeats an argument %d times, not %d", name, n, got)
		}
	}
}

// TestTheTrialKnowsEveryFunction compares the functions that the trial of
// hostile statements calls with those that the engine has.
func TestTheTrialKnowsEveryFunction(t *testing.T) {
	t.Parallel()
	e := open(t)
	raw, err := os.ReadFile("../../test/reliability/testdata/functions.txt")
	if err != nil {
		t.Fatal(err)
	}
	called := strings.Fields(string(raw))
	has, err := e.Functions(context.Background())
	if err != nil || len(has) == 0 {
		t.Fatal(has, err)
	}
	for _, name := range has {
		if !slices.Contains(called, name) && !strings.HasPrefix(name, "icu_collate_") {
			t.Errorf("the trial does not call %s", name)
		}
	}
}
