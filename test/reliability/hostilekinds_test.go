//go:build duckdb_arrow

package reliability

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// hostileKind is a way to harm a service by a statement. size is from 0 to 1.
type hostileKind struct {
	name string
	make func(size float64, r *rand.Rand) string
}

// scaled gives a number from low to high.
func scaled(size float64, low, high int) int { return low + int(size*float64(high-low)) }

// wrapped nests a text in n heads and tails.
func wrapped(n int, head, inner, tail string) string {
	return strings.Repeat(head, n) + inner + strings.Repeat(tail, n)
}

// joined lists n texts, in each of which # stands for its number and ## for the
// next one.
func joined(n int, separator, format string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = strings.NewReplacer("##", fmt.Sprint(i+1), "#", fmt.Sprint(i)).Replace(format)
	}
	return strings.Join(out, separator)
}

// always is a statement of one size.
func always(statements ...string) func(float64, *rand.Rand) string {
	return func(_ float64, r *rand.Rand) string { return statements[r.IntN(len(statements))] }
}

// nested makes a statement of up to most heads and tails.
func nested(most int, before, head, inner, tail, after string) func(float64, *rand.Rand) string {
	return func(size float64, _ *rand.Rand) string {
		return before + wrapped(scaled(size, 2, most), head, inner, tail) + after
	}
}

// listed makes a statement of up to most items.
func listed(most int, before, separator, format, after string) func(float64, *rand.Rand) string {
	return func(size float64, _ *rand.Rand) string {
		return before + joined(scaled(size, 2, most), separator, format) + after
	}
}

// shapes are statements that are deep or long.
var shapes = []hostileKind{
	{"brackets", nested(100_000, "SELECT ", "(", "1", ")", "")},
	{"functions", nested(99, "SELECT ", "lower(", "Username", ")", " FROM Users")},
	{"subqueries", nested(99, "SELECT * FROM ", "(SELECT * FROM ", "Users", ")", "")},
	{"scalar subqueries", nested(99, "SELECT ", "(SELECT ", "1", ")", "")},
	{"NOT", nested(100_000, "SELECT ", "NOT ", "true", "", "")},
	{"minus", nested(100_000, "SELECT ", "- ", "1", "", "")},
	{"sums", nested(100_000, "SELECT 1", " + 1", "", "", "")},
	{"texts joined", nested(100_000, "SELECT 'a'", " || 'a'", "", "", "")},
	{"subscripts", nested(100_000, "SELECT [1]", "[1]", "", "", "")},
	{"casts", nested(50_000, "SELECT 1", "::INT", "", "", "")},
	{"types of lists", nested(50_000, "SELECT NULL::INT", "[]", "", "", "")},
	{"fields", nested(50_000, "SELECT u", ".a", "", "", " FROM Users u")},
	{"lambdas", nested(20_000, "SELECT ", "x -> ", "1", "", "")},
	{"cases", nested(450, "SELECT ", "CASE WHEN true THEN ", "1", " END", "")},
	{"cases in operands", nested(40, "SELECT ", "CASE ", "Username", " WHEN 'a' THEN 'b' WHEN 'c' THEN 'd' END", " FROM Users")},
	{"macros in macros", nested(60, "SELECT ", "nullif(", "Username", ", 'a')", " FROM Users")},
	{"stars of stars", nested(60, "", "SELECT *, * FROM (", "SELECT * FROM Users", ")", "")},
	{"lists of lists", nested(100_000, "SELECT ", "[", "1", "]", "")},
	{"structs", nested(99, "SELECT ", "{'a': ", "1", "}", "")},
	{"IN", listed(200_000, "SELECT Username FROM Users WHERE Username IN (", ", ", "'#'", ")")},
	{"VALUES", listed(100_000, "VALUES ", ", ", "(#)", "")},
	{"columns", listed(50_000, "SELECT ", ", ", "Username AS c#", " FROM Users")},
	{"AND and OR", listed(3_000, "SELECT 1 FROM Users WHERE ", " AND ", "(Username = '#' OR Username > '##')", "")},
	{"UNION", listed(800, "", " UNION ", "SELECT #", "")},
	{"joins", listed(80, "SELECT 1 FROM Users u0 ", " ", "JOIN Users v# USING (Id)", "")},
	{"joins by commas", listed(80, "SELECT 1 FROM ", ", ", "Users u#", "")},
	{"groupings", listed(16, "SELECT count(*) FROM Users GROUP BY CUBE (", ", ", "Username || '#'", ")")},
	{"aliases of aliases", listed(60, "SELECT Username AS x0, ", ", ", "x# || x# AS x##", " FROM Users")},
	{"tables of tables", listed(60, "WITH c0 AS (SELECT * FROM Users), ", ", ", "c## AS (SELECT a.* FROM c# a, c# b)", " SELECT count(*) FROM c2")},
	{"the last of tables", listed(40, "WITH c0 AS (SELECT 1 AS x), ", ", ", "c## AS NOT MATERIALIZED (SELECT a.x FROM c# a, c# b)", " SELECT count(*) FROM c3")},
	{"correlated subqueries", listed(300, "SELECT ", ", ", "(SELECT max(v.Id) FROM Users v WHERE v.Username = u.Username || '#')", " FROM Users u")},
	{"orders", listed(20_000, "SELECT 1 FROM Users ORDER BY ", ", ", "Username || '#'", "")},
}

// texts are bombs of comments, patterns, numbers and odd characters.
var texts = []hostileKind{
	{"comments", func(size float64, _ *rand.Rand) string {
		return "SELECT 1 " + wrapped(scaled(size, 1, 200_000), "/*", "", "*/") + " FROM Users"
	}},
	{"open comments", nested(400_000, "SELECT 1 ", "/*", "", "", "")},
	{"lines of comments", nested(200_000, "SELECT 1 ", "--\n", "", "", " FROM Users")},
	{"open quotes", always("SELECT '", `SELECT "`, "SELECT $$", "SELECT [", "SELECT E'\\'", "SELECT $a$ $b$", "SELECT x'")},
	{"odd characters", always("SELECT \u202e1", "SELECT 1\uFEFF", "\u00a0SELECT\u2003 1", "SELECT 'a' AS \"\U0001F600\"", "SELECT \u0000 1", "ſELECT 1", "SELECT \u1680")},
	{"LIKE", func(size float64, _ *rand.Rand) string {
		return "SELECT '" + strings.Repeat("a", scaled(size, 50, 200)) + "' LIKE '" + strings.Repeat("%a_", scaled(size, 3, 60)) + "%b' FROM Users"
	}},
	{"ILIKE", func(size float64, _ *rand.Rand) string {
		return "SELECT * FROM Users WHERE Username ILIKE '" + strings.Repeat("%a", scaled(size, 3, 60)) + "%b'"
	}},
	{"GLOB", nested(60, "SELECT '"+strings.Repeat("a", 100)+"' GLOB '", "*a", "", "", "b'")},
	{"SIMILAR TO", nested(5_000, "SELECT Username SIMILAR TO '", "(a|b", "", ")*", "' FROM Users")},
	{"regular expressions", nested(3_000, "SELECT regexp_matches(Username, '", "(a{100}|b{1000})", "", "", "') FROM Users")},
	{"numbers", nested(100_000, "SELECT 1", "0", "", "", "")},
	{"texts", nested(900_000, "SELECT '", "a", "", "", "'")},
	{"JSON in JSON", nested(400_000, "SELECT json_type('", "[", "", "", "')")},
	{"structures of JSON", nested(200_000, "SELECT json_structure('", "[", "", "]", "')")},
	{"JSON as VARIANT", nested(200_000, "SELECT '", "[", "", "]", "'::JSON::VARIANT")},
	{"JSON as lists", nested(200_000, "SELECT '", "[", "", "]", "'::JSON::INT[][][]")},
	{"merged JSON", nested(100_000, "SELECT json_merge_patch('{}', '", `{"a":`, "1", "}", "')")},
	{"edit distances", func(size float64, _ *rand.Rand) string {
		n := scaled(size, 10, 400_000)
		return "SELECT levenshtein('" + strings.Repeat("a", n) + "', '" + strings.Repeat("b", n) + "')"
	}},
}

// reaches are statements for what is not theirs.
var reaches = []hostileKind{
	{"names of the engine's views", always("SELECT * FROM duckdb_tables", "SELECT * FROM sqlite_master", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_class",
		"WITH ſqlite_master AS (SELECT 1) SELECT * FROM sqlite_master", "WITH duc\u212adb_tables AS (SELECT 1) SELECT * FROM duckdb_tables",
		"WITH RECURSIVE duckdb_views AS (SELECT * FROM duckdb_views UNION ALL SELECT * FROM duckdb_views) SELECT * FROM duckdb_views")},
	{"files", always("SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/*')", "COPY Users TO '/tmp/x'", "COPY (SELECT 1) TO '/dev/full'")},
	{"the network", always("SELECT * FROM read_csv('http://127.0.0.1:1/x')", "INSTALL httpfs", "LOAD httpfs", "ATTACH 'http://127.0.0.1:1/x.db' AS x")},
	{"settings", always("SET memory_limit = '1TB'", "PRAGMA threads = 1000", "SELECT current_setting('memory_limit')", "RESET ALL", "SELECT getenv('HOME')")},
	{"writes", always("DROP TABLE Users", "INSERT INTO Users VALUES (1)", "CREATE TABLE x AS SELECT 1", "UPDATE Users SET Username = 'x'", "TRUNCATE Users", "WITH a AS (SELECT 1) DELETE FROM Users")},
	{"several statements", always("SELECT 1; SELECT 2", "SELECT 1;;;; DROP TABLE Users", "BEGIN; SELECT 1")},
	{"hidden columns", always("SELECT Email FROM Users", "SELECT u.* FROM Users u WHERE Email LIKE '%'", "SELECT rowid FROM Users", "SELECT COLUMNS('Em.*') FROM Users", "SELECT Users FROM Users")},
	{"waits", always("SELECT sleep_ms(100000)", "SELECT pg_sleep(100)", "SELECT getvariable('x')", "SELECT write_log('x')")},
}

// hogs are statements that take time or memory while they run, or while their
// constants are computed. Nothing bounds all of them but the end of the process
// that they run in.
var hogs = []hostileKind{
	{"endless recursion", always("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t")},
	{"endless rows", always("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t", "SELECT * FROM range(100000000000)")},
	{"recursion that grows", always("WITH RECURSIVE t(s) AS (SELECT 'aaaaaaaa' UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t, range(10)) SELECT count(*) FROM t")},
	{"cartesian products", always("SELECT count(*) FROM Users a, Users b, Users c, Users d WHERE a.Username || b.Username > c.Username || d.Username",
		"SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1")},
	{"sorts", always("SELECT * FROM range(1000000000) ORDER BY hash(range)", "SELECT a.Username FROM Users a, Users b, Users c ORDER BY md5(a.Id::TEXT || b.Id || c.Id)")},
	{"groups", always("SELECT hash(range), count(*) FROM range(10000000000) GROUP BY 1", "SELECT count(DISTINCT md5(range::TEXT)) FROM range(1000000000)")},
	{"lists of rows", always("SELECT len(list(range)) FROM range(10000000000)", "SELECT length(string_agg(range::TEXT)) FROM range(10000000000)", "SELECT json_group_array(range) FROM range(1000000000)")},
	{"medians", always("SELECT median(range) FROM range(10000000000)", "SELECT quantile_cont(hash(range), [0.1, 0.9]) FROM range(10000000000)", "SELECT mad(range) FROM range(10000000000)")},
	{"modes", always("SELECT mode(range) FROM range(10000000000)", "SELECT entropy(range) FROM range(1000000000)", "SELECT histogram(range) FROM range(1000000000)")},
	{"texts that grow", func(size float64, _ *rand.Rand) string {
		return "SELECT length(" + wrapped(scaled(size, 2, 9), "replace(", "'aaaaaaaaaaaaaaaaaaaa'", ", 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')") + ")"
	}},
	{"texts that double", nested(60, "SELECT length(", "hex(", "Username", ")", ") FROM Users")},
	{"lists that double", func(size float64, _ *rand.Rand) string {
		return "SELECT length(list_reduce([" + strings.Repeat("'aaaa', ", scaled(size, 2, 60)) + "'a'], (x, y) -> x || x))"
	}},
	{"windows over much", always("SELECT sum(range) OVER (ORDER BY hash(range) ROWS BETWEEN 1000000 PRECEDING AND 1000000 FOLLOWING) FROM range(100000000)", "SELECT median(range) OVER (ORDER BY range ROWS 100000 PRECEDING) FROM range(10000000)")},
	{"maps", always("SELECT map_from_entries(list((range, range))) FROM range(10000000)")},
	{"lists of lists that run", always("SELECT list_sort(list_transform(list(range), x -> hash(x))) FROM range(100000000)", "SELECT flatten(list(l)) FROM (SELECT list(range) AS l FROM range(100000)), range(100000)")},
	{"joins without a key", always("SELECT count(*) FROM range(1000000) a JOIN range(1000000) b ON a.range * b.range % 7 = 3", "SELECT count(*) FROM Users a JOIN Users b ON a.Username < b.Username JOIN Users c ON b.Username < c.Username JOIN Users d ON c.Username <> d.Username")},
	{"padded texts", always("SELECT lpad(Username, 4000000000, 'x') FROM Users", "SELECT length(string_agg(lpad(Username, 10000, 'x'))) FROM Users, range(1000000)", "SELECT repeat('x', 4000000000)")},
	{"series of times", always("SELECT count(*) FROM generate_series(TIMESTAMP '1900-01-01', TIMESTAMP '2900-01-01', INTERVAL 1 MICROSECOND)")},
	{"regular expressions over much", always("SELECT count(*) FROM range(100000000) WHERE regexp_matches(range::TEXT || 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa', '(a?){30}(a){30}[0-9]*$')")},
	{"patterns that are computed", func(size float64, _ *rand.Rand) string {
		return "SELECT repeated LIKE pattern FROM (SELECT '" + strings.Repeat("a", 200) + "' AS repeated, replace('" + strings.Repeat("%a_", scaled(size, 3, 60)) + "', 'a', 'a') || '%b' AS pattern), range(100)"
	}},
	{"trees of JSON", nested(100_000, "SELECT count(*) FROM json_tree('", "[", "", "]", "')")},
	{"regular expressions with growth", always("SELECT regexp_replace(" + wrapped(12, "regexp_replace(", "'aaaaaaaaaa'", ", 'a', 'aaaaaaaaaa', 'g')") + ", 'a', 'aa', 'g')")},
	{"windows", listed(900, "SELECT ", ", ", "sum(length(Username)) OVER (PARTITION BY Id || '#')", " FROM Users")},
	{"aggregates", listed(900, "SELECT ", ", ", "count(*) FILTER (Username > '#')", " FROM Users")},
	{"wide rows", always("SELECT * FROM (SELECT lpad('', 10000, 'x') AS a, * FROM range(100000000)) ORDER BY range DESC")},
}

// hostileKinds are all of them, those of functions apart.
func hostileKinds() []hostileKind {
	var all []hostileKind
	for _, group := range [][]hostileKind{shapes, texts, reaches, hogs} {
		all = append(all, group...)
	}
	return all
}
