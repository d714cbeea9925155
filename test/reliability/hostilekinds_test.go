//go:build duckdb_arrow

package reliability

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// hostileKind is a way to harm a service by a statement. size is from 0 to 1.
type hostileKind struct {
	name       string
	make       func(size float64, r *rand.Rand) string
	parameters func(size float64) any // nil for none
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
	{name: "brackets", make: nested(100_000, "SELECT ", "(", "1", ")", "")},
	{name: "functions", make: nested(99, "SELECT ", "lower(", "Username", ")", " FROM Users")},
	{name: "subqueries", make: nested(99, "SELECT * FROM ", "(SELECT * FROM ", "Users", ")", "")},
	{name: "scalar subqueries", make: nested(99, "SELECT ", "(SELECT ", "1", ")", "")},
	{name: "NOT", make: nested(100_000, "SELECT ", "NOT ", "true", "", "")},
	{name: "minus", make: nested(100_000, "SELECT ", "- ", "1", "", "")},
	{name: "sums", make: nested(100_000, "SELECT 1", " + 1", "", "", "")},
	{name: "texts joined", make: nested(100_000, "SELECT 'a'", " || 'a'", "", "", "")},
	{name: "subscripts", make: nested(100_000, "SELECT [1]", "[1]", "", "", "")},
	{name: "casts", make: nested(50_000, "SELECT 1", "::INT", "", "", "")},
	{name: "types of lists", make: nested(50_000, "SELECT NULL::INT", "[]", "", "", "")},
	{name: "fields", make: nested(50_000, "SELECT u", ".a", "", "", " FROM Users u")},
	{name: "lambdas", make: nested(20_000, "SELECT ", "x -> ", "1", "", "")},
	{name: "lambdas in lambdas", make: nested(90, "SELECT ", "list_transform([1], x -> ", "x", ")", "")},
	{name: "arrows", make: nested(900, "SELECT '{}'::JSON", " -> 'a'", "", "", "")},
	{name: "subqueries of tables", make: listed(60, "WITH c0 AS (SELECT 1 AS x), ", ", ", "c## AS (SELECT (SELECT x FROM c#) AS x)", " SELECT x FROM c2")},
	{name: "cases", make: nested(450, "SELECT ", "CASE WHEN true THEN ", "1", " END", "")},
	{name: "cases in operands", make: nested(40, "SELECT ", "CASE ", "Username", " WHEN 'a' THEN 'b' WHEN 'c' THEN 'd' END", " FROM Users")},
	{name: "macros in macros", make: nested(60, "SELECT ", "nullif(", "Username", ", 'a')", " FROM Users")},
	{name: "stars of stars", make: nested(60, "", "SELECT *, * FROM (", "SELECT * FROM Users", ")", "")},
	{name: "lists of lists", make: nested(100_000, "SELECT ", "[", "1", "]", "")},
	{name: "structs", make: nested(99, "SELECT ", "{'a': ", "1", "}", "")},
	{name: "IN", make: listed(200_000, "SELECT Username FROM Users WHERE Username IN (", ", ", "'#'", ")")},
	{name: "VALUES", make: listed(100_000, "VALUES ", ", ", "(#)", "")},
	{name: "columns", make: listed(50_000, "SELECT ", ", ", "Username AS c#", " FROM Users")},
	{name: "AND and OR", make: listed(3_000, "SELECT 1 FROM Users WHERE ", " AND ", "(Username = '#' OR Username > '##')", "")},
	{name: "UNION", make: listed(800, "", " UNION ", "SELECT #", "")},
	{name: "joins", make: listed(80, "SELECT 1 FROM Users u0 ", " ", "JOIN Users v# USING (Id)", "")},
	{name: "joins by commas", make: listed(80, "SELECT 1 FROM ", ", ", "Users u#", "")},
	{name: "groupings", make: listed(16, "SELECT count(*) FROM Users GROUP BY CUBE (", ", ", "Username || '#'", ")")},
	{name: "aliases of aliases", make: listed(60, "SELECT Username AS x0, ", ", ", "x# || x# AS x##", " FROM Users")},
	{name: "tables of tables", make: listed(60, "WITH c0 AS (SELECT * FROM Users), ", ", ", "c## AS (SELECT a.* FROM c# a, c# b)", " SELECT count(*) FROM c2")},
	{name: "the last of tables", make: listed(40, "WITH c0 AS (SELECT 1 AS x), ", ", ", "c## AS NOT MATERIALIZED (SELECT a.x FROM c# a, c# b)", " SELECT count(*) FROM c3")},
	{name: "correlated subqueries", make: listed(300, "SELECT ", ", ", "(SELECT max(v.Id) FROM Users v WHERE v.Username = u.Username || '#')", " FROM Users u")},
	{name: "orders", make: listed(20_000, "SELECT 1 FROM Users ORDER BY ", ", ", "Username || '#'", "")},
}

// texts are bombs of comments, patterns, numbers and odd characters.
var texts = []hostileKind{
	{name: "comments", make: func(size float64, _ *rand.Rand) string {
		return "SELECT 1 " + wrapped(scaled(size, 1, 200_000), "/*", "", "*/") + " FROM Users"
	}},
	{name: "open comments", make: nested(400_000, "SELECT 1 ", "/*", "", "", "")},
	{name: "lines of comments", make: nested(200_000, "SELECT 1 ", "--\n", "", "", " FROM Users")},
	{name: "open quotes", make: always("SELECT '", `SELECT "`, "SELECT $$", "SELECT [", "SELECT E'\\'", "SELECT $a$ $b$", "SELECT x'")},
	{name: "odd characters", make: always("SELECT \u202e1", "SELECT 1\uFEFF", "\u00a0SELECT\u2003 1", "SELECT 'a' AS \"\U0001F600\"", "SELECT \u0000 1", "ſELECT 1", "SELECT \u1680")},
	{name: "LIKE", make: func(size float64, _ *rand.Rand) string {
		return "SELECT '" + strings.Repeat("a", scaled(size, 50, 200)) + "' LIKE '" + strings.Repeat("%a_", scaled(size, 3, 60)) + "%b' FROM Users"
	}},
	{name: "ILIKE", make: func(size float64, _ *rand.Rand) string {
		return "SELECT * FROM Users WHERE Username ILIKE '" + strings.Repeat("%a", scaled(size, 3, 60)) + "%b'"
	}},
	{name: "GLOB", make: nested(60, "SELECT '"+strings.Repeat("a", 100)+"' GLOB '", "*a", "", "", "b'")},
	{name: "SIMILAR TO", make: nested(5_000, "SELECT Username SIMILAR TO '", "(a|b", "", ")*", "' FROM Users")},
	{name: "regular expressions", make: nested(3_000, "SELECT regexp_matches(Username, '", "(a{100}|b{1000})", "", "", "') FROM Users")},
	{name: "numbers", make: nested(100_000, "SELECT 1", "0", "", "", "")},
	{name: "texts", make: nested(900_000, "SELECT '", "a", "", "", "'")},
	{name: "JSON in JSON", make: nested(400_000, "SELECT json_type('", "[", "", "", "')")},
	{name: "structures of JSON", make: nested(200_000, "SELECT json_structure('", "[", "", "]", "')")},
	{name: "JSON as VARIANT", make: nested(200_000, "SELECT '", "[", "", "]", "'::JSON::VARIANT")},
	{name: "JSON as lists", make: nested(200_000, "SELECT '", "[", "", "]", "'::JSON::INT[][][]")},
	{name: "merged JSON", make: nested(100_000, "SELECT json_merge_patch('{}', '", `{"a":`, "1", "}", "')")},
	{name: "edit distances", make: func(size float64, _ *rand.Rand) string {
		n := scaled(size, 10, 400_000)
		return "SELECT levenshtein('" + strings.Repeat("a", n) + "', '" + strings.Repeat("b", n) + "')"
	}},
}

// values are statements with parameters.
var values = []hostileKind{
	{name: "one value often", make: nested(5_000, "SELECT lower($1)", " || lower($1)", "", "", ""), parameters: func(size float64) any {
		return []string{strings.Repeat("a", scaled(size, 1, 900_000))}
	}},
	{name: "one list often", make: nested(500, "SELECT Username FROM Users WHERE Username IN (:a)", " OR Username IN (:a)", "", "", ""), parameters: func(size float64) any {
		return map[string]any{"a": strings.Split(strings.Repeat("a,", scaled(size, 1, 100_000)), ",")}
	}},
	{name: "many names", make: listed(30_000, "SELECT Username FROM Users WHERE Username IN (", ", ", ":a#", ")"), parameters: func(size float64) any {
		out := map[string]string{}
		for i := range scaled(size, 2, 30_000) {
			out[fmt.Sprint("A", i)] = ""
		}
		return out
	}},
	{name: "patterns as values", make: always("SELECT Username ILIKE ? FROM Users"), parameters: func(size float64) any {
		return []string{strings.Repeat("%a", scaled(size, 3, 100)) + "%b"}
	}},
	{name: "odd values", make: always("SELECT ?, ?, ?, ?"), parameters: func(float64) any {
		return []any{"a\x00'; --", -1e308, nil, []any{[]any{"a"}, nil}}
	}},
}

// reaches are statements for what is not theirs.
var reaches = []hostileKind{
	{name: "names of the engine's views", make: always("SELECT * FROM duckdb_tables", "SELECT * FROM sqlite_master", "SELECT * FROM information_schema.tables", "SELECT * FROM pg_catalog.pg_class",
		"WITH ſqlite_master AS (SELECT 1) SELECT * FROM sqlite_master", "WITH duc\u212adb_tables AS (SELECT 1) SELECT * FROM duckdb_tables",
		"WITH RECURSIVE duckdb_views AS (SELECT * FROM duckdb_views UNION ALL SELECT * FROM duckdb_views) SELECT * FROM duckdb_views")},
	{name: "files", make: always("SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/*')", "COPY Users TO '/tmp/x'", "COPY (SELECT 1) TO '/dev/full'")},
	{name: "the network", make: always("SELECT * FROM read_csv('http://127.0.0.1:1/x')", "INSTALL httpfs", "LOAD httpfs", "ATTACH 'http://127.0.0.1:1/x.db' AS x")},
	{name: "settings", make: always("SET memory_limit = '1TB'", "PRAGMA threads = 1000", "SELECT current_setting('memory_limit')", "RESET ALL", "SELECT getenv('HOME')")},
	{name: "writes", make: always("DROP TABLE Users", "INSERT INTO Users VALUES (1)", "CREATE TABLE x AS SELECT 1", "UPDATE Users SET Username = 'x'", "TRUNCATE Users", "WITH a AS (SELECT 1) DELETE FROM Users")},
	{name: "several statements", make: always("SELECT 1; SELECT 2", "SELECT 1;;;; DROP TABLE Users", "BEGIN; SELECT 1")},
	{name: "hidden columns", make: always("SELECT Email FROM Users", "SELECT u.* FROM Users u WHERE Email LIKE '%'", "SELECT rowid FROM Users", "SELECT COLUMNS('Em.*') FROM Users", "SELECT Users FROM Users")},
	{name: "waits", make: always("SELECT sleep_ms(100000)", "SELECT pg_sleep(100)", "SELECT getvariable('x')", "SELECT write_log('x')")},
}

// hogs are statements that take time or memory while they run, or while their
// constants are computed. Nothing bounds all of them but the end of the process
// that they run in.
var hogs = []hostileKind{
	{name: "endless recursion", make: always("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t")},
	{name: "endless rows", make: always("WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT * FROM t", "SELECT * FROM range(100000000000)")},
	{name: "recursion that grows", make: always("WITH RECURSIVE t(s) AS (SELECT 'aaaaaaaa' UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
		"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t, range(10)) SELECT count(*) FROM t")},
	{name: "cartesian products", make: always("SELECT count(*) FROM Users a, Users b, Users c, Users d WHERE a.Username || b.Username > c.Username || d.Username",
		"SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1")},
	{name: "sorts", make: always("SELECT * FROM range(1000000000) ORDER BY hash(range)", "SELECT a.Username FROM Users a, Users b, Users c ORDER BY md5(a.Id::TEXT || b.Id || c.Id)")},
	{name: "groups", make: always("SELECT hash(range), count(*) FROM range(10000000000) GROUP BY 1", "SELECT count(DISTINCT md5(range::TEXT)) FROM range(1000000000)")},
	{name: "lists of rows", make: always("SELECT len(list(range)) FROM range(10000000000)", "SELECT length(string_agg(range::TEXT)) FROM range(10000000000)", "SELECT json_group_array(range) FROM range(1000000000)")},
	{name: "medians", make: always("SELECT median(range) FROM range(10000000000)", "SELECT quantile_cont(hash(range), [0.1, 0.9]) FROM range(10000000000)", "SELECT mad(range) FROM range(10000000000)")},
	{name: "modes", make: always("SELECT mode(range) FROM range(10000000000)", "SELECT entropy(range) FROM range(1000000000)", "SELECT histogram(range) FROM range(1000000000)")},
	{name: "texts that grow", make: func(size float64, _ *rand.Rand) string {
		return "SELECT length(" + wrapped(scaled(size, 2, 9), "replace(", "'aaaaaaaaaaaaaaaaaaaa'", ", 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')") + ")"
	}},
	{name: "texts that double", make: nested(60, "SELECT length(", "hex(", "Username", ")", ") FROM Users")},
	{name: "lists that double", make: func(size float64, _ *rand.Rand) string {
		return "SELECT length(list_reduce([" + strings.Repeat("'aaaa', ", scaled(size, 2, 60)) + "'a'], (x, y) -> x || x))"
	}},
	{name: "windows over much", make: always("SELECT sum(range) OVER (ORDER BY hash(range) ROWS BETWEEN 1000000 PRECEDING AND 1000000 FOLLOWING) FROM range(100000000)", "SELECT median(range) OVER (ORDER BY range ROWS 100000 PRECEDING) FROM range(10000000)")},
	{name: "maps", make: always("SELECT map_from_entries(list((range, range))) FROM range(10000000)")},
	{name: "lists of lists that run", make: always("SELECT list_sort(list_transform(list(range), x -> hash(x))) FROM range(100000000)", "SELECT flatten(list(l)) FROM (SELECT list(range) AS l FROM range(100000)), range(100000)")},
	{name: "joins without a key", make: always("SELECT count(*) FROM range(1000000) a JOIN range(1000000) b ON a.range * b.range % 7 = 3", "SELECT count(*) FROM Users a JOIN Users b ON a.Username < b.Username JOIN Users c ON b.Username < c.Username JOIN Users d ON c.Username <> d.Username")},
	{name: "padded texts", make: always("SELECT lpad(Username, 4000000000, 'x') FROM Users", "SELECT length(string_agg(lpad(Username, 10000, 'x'))) FROM Users, range(1000000)", "SELECT repeat('x', 4000000000)")},
	{name: "series of times", make: always("SELECT count(*) FROM generate_series(TIMESTAMP '1900-01-01', TIMESTAMP '2900-01-01', INTERVAL 1 MICROSECOND)")},
	{name: "regular expressions over much", make: always("SELECT count(*) FROM range(100000000) WHERE regexp_matches(range::TEXT || 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa', '(a?){30}(a){30}[0-9]*$')")},
	{name: "patterns that are computed", make: func(size float64, _ *rand.Rand) string {
		return "SELECT repeated LIKE pattern FROM (SELECT '" + strings.Repeat("a", 200) + "' AS repeated, replace('" + strings.Repeat("%a_", scaled(size, 3, 60)) + "', 'a', 'a') || '%b' AS pattern), range(100)"
	}},
	{name: "trees of JSON", make: nested(100_000, "SELECT count(*) FROM json_tree('", "[", "", "]", "')")},
	{name: "regular expressions with growth", make: always("SELECT regexp_replace(" + wrapped(12, "regexp_replace(", "'aaaaaaaaaa'", ", 'a', 'aaaaaaaaaa', 'g')") + ", 'a', 'aa', 'g')")},
	{name: "windows", make: listed(900, "SELECT ", ", ", "sum(length(Username)) OVER (PARTITION BY Id || '#')", " FROM Users")},
	{name: "aggregates", make: listed(900, "SELECT ", ", ", "count(*) FILTER (Username > '#')", " FROM Users")},
	{name: "wide rows", make: always("SELECT * FROM (SELECT lpad('', 10000, 'x') AS a, * FROM range(100000000)) ORDER BY range DESC")},
}

// hostileKinds are all of them, those of functions apart.
func hostileKinds() []hostileKind {
	var all []hostileKind
	for _, group := range [][]hostileKind{shapes, texts, values, reaches, hogs} {
		all = append(all, group...)
	}
	return all
}
