package pgcatalog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

func TestRewrite(t *testing.T) {
	t.Parallel()
	s := &pgcatalog.Session{
		Database: "library", Schema: "Town", User: "anna", Process: 7,
		Setting: func(name string) (string, bool) { return "60000", name == "server_version_num" },
	}
	for _, c := range []struct{ name, sql, want string }{
		{"another statement", `SELECT a~~'x', b::date FROM "Books" -- pg`, ""},
		{"a user's own names", `SELECT Version, "current_schema" AS x FROM Books`, ""},
		{"a function", "SELECT pg_catalog.version()", "SELECT 'PostgreSQL 15.0 (PingOne Gateway)'"},
		{"words", "SELECT current_user, current_database ( ), current_schema", "SELECT 'anna', 'library', 'Town'"},
		{"a table of one row", "SELECT * FROM current_schema() x", "SELECT * FROM (SELECT 'Town' AS value) AS x(x)"},
		{"a setting", "SELECT current_setting('server_version_num')::int/100", "SELECT '60000'::int //100"},
		{"privileges", "SELECT has_table_privilege(c.oid, 'SELECT') AND x", "SELECT true AND x"},
		{"patterns", "SELECT * FROM t WHERE a.b !~ '^pg_' AND c OPERATOR(pg_catalog.~) '^(x)$' COLLATE pg_catalog.default", "SELECT * FROM t WHERE (NOT regexp_matches(a.b, '^pg_', 's')) AND regexp_matches(c, '^(x)$', 's')"},
		{"patterns of any case", "SELECT f(a, b) ~* $1", "SELECT regexp_matches(f(a, b), $1, 'is')"},
		{"collations that compare bytes", `SELECT a COLLATE "C", b COLLATE pg_catalog."C" < 'x' ORDER BY c COLLATE "POSIX" DESC`, "SELECT a, b < 'x' ORDER BY c DESC"},
		{"other collations", "SELECT a FROM t WHERE a COLLATE NOCASE = 'x' ORDER BY a COLLATE de", ""},
		{"names", "SELECT relname ~ 'x'", "SELECT regexp_matches(relname, 'x', 'is')"},
		{"lists as texts", "SELECT 1 WHERE x = ANY ('{r,\"v\"}') OR word <> ALL ('{a,b}'::text[])", "SELECT 1 WHERE x IN ('r', 'v') OR word NOT IN ('a', 'b')"},
		{"lists in brackets", "SELECT 1 FROM t WHERE a = ANY (('{\"x\",y}'))", "SELECT 1 FROM t WHERE a IN ('x', 'y')"},
		{"lists with commas and quotes", `SELECT 1 WHERE a = ANY ('{"a,b", "c\"d''" , e f ,NULL,""}')`, `SELECT 1 WHERE a IN ('a,b', 'c"d''', 'e f', NULL, '')`},
		{"empty lists", "SELECT 1 WHERE a <> ALL ('{}')", "SELECT 1 WHERE a NOT IN (SELECT '' WHERE false)"},
		{"lists of columns", "SELECT 1 WHERE a.attnum = ANY(ix.indkey)", "SELECT 1 WHERE list_contains(ix.indkey, a.attnum)"},
		{"lists as parameters", "SELECT 1 FROM pg_class c WHERE c.relkind = ANY($1)", "SELECT 1 FROM pg_class c WHERE list_contains($1, c.relkind)"},
		{"a number", "SELECT '16393'::pg_catalog.regclass", "SELECT CAST('16393' AS BIGINT)"},
		{"types", "SELECT 'a'::name, b::\"char\", c::pg_catalog.int2[], d::oid", "SELECT 'a'::VARCHAR, b::VARCHAR, c::int2[], d::BIGINT"},
		{"casts as calls", "SELECT CAST('5' AS pg_catalog.regclass), CAST(CAST(x AS NAME) AS TEXT)", "SELECT CAST('5' AS BIGINT) , CAST((x)::VARCHAR AS TEXT)"},
		{"places from 0", "SELECT i.indkey[n - 1]", "SELECT i.indkey[(n - 1) + 1]"},
		{"composites", "SELECT (information_schema._pg_expandarray(i.indkey)).n", "SELECT (unnest(list_transform(i.indkey, lambda pg_x, pg_n: {'x': pg_x, 'n': CAST(pg_n AS INTEGER)}))).n"},
		{"rows of a function", "SELECT x FROM pg_catalog.unnest(a) x, generate_series(1, 3) AS y", "SELECT x FROM unnest(a) AS x(x), generate_series(1, 3) AS y(y)"},
		{"members of a list", "SELECT u.Username, s FROM Users u, unnest(u.Skills) AS s", "SELECT u.Username, s FROM Users u, unnest(u.Skills) AS s(s)"},
		{"members of a list by a join", "SELECT s FROM Users u JOIN LATERAL unnest(u.Skills) s ON s <> 'x' WHERE u.Username ~ 'a'", "SELECT s FROM Users u JOIN LATERAL unnest(u.Skills) AS s(s) ON s <> 'x' WHERE regexp_matches(u.Username, 'a', 's')"},
		{"members of a list with names", "SELECT s, n FROM unnest(ARRAY['a']) WITH ORDINALITY AS t(s, n)", ""},
		{"a list that is spread", "SELECT unnest(u.Skills) AS s FROM Users u", ""},
		{"a series of rows", "SELECT generate_series(1,3), generate_series(array_lower(k, 1), array_upper(k, 1)) AS i", "SELECT unnest([1, 2, 3]), unnest(list_transform(k, lambda pg_x, pg_n: CAST(pg_n AS INTEGER))) AS i"},
		{"a parameter that nothing needs", "SELECT pg_get_viewdef(x, $1)", "SELECT coalesce(CAST(NULL AS VARCHAR), CASE WHEN $1 IS NULL THEN NULL END)"},
		{"parts of a text", "SELECT s[i] FROM string_to_array('a,b', ',') s, generate_series(1, 2) i", "SELECT s[i] FROM (SELECT string_split('a,b', ',') AS value) AS s(s), generate_series(1, 2) AS i(i)"},
		{"a name", `SELECT parse_ident('A."B"'), format(x, 'yyyy'), format('%I.%s', a, b)`, `SELECT ['a', 'B'], format(x, 'yyyy'), concat('', (CASE WHEN regexp_full_match(a, '[a-z_][a-z0-9_$]*') THEN a ELSE '"' || replace(a, '"', '""') || '"' END), '.', b, '')`},
		{"a process", "SELECT pg_backend_pid()", "SELECT 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, changed := s.Rewrite(c.sql)
			if c.want == "" {
				assert.False(t, changed)
				assert.Equal(t, c.sql, got)
				return
			}
			assert.True(t, changed)
			assert.Equal(t, c.want, got)
		})
	}
}

func FuzzRewrite(f *testing.F) {
	f.Add("SELECT a.b !~ '^pg_' AND c::regclass::text, x = ANY ('{a}')")
	f.Add("SELECT pg_get_expr(( OPERATOR(~")
	f.Fuzz(func(_ *testing.T, sql string) { // it must not panic, whatever the text
		s := &pgcatalog.Session{}
		s.Rewrite(sql)
	})
}
