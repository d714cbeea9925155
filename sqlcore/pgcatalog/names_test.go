package pgcatalog_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, want string }{
		{"of a query in FROM", `SELECT "count" FROM (SELECT count(*) FROM t)`, `SELECT "count" FROM (SELECT count(*) AS "count" FROM t)`},
		{"in WITH", `WITH x AS (SELECT max(a), b FROM t) SELECT max FROM x`, `WITH x AS (SELECT max(a) AS "max", b FROM t) SELECT max FROM x`},
		{"in a join", `SELECT * FROM t JOIN (SELECT lower(a), b AS c FROM u) s ON s.lower = t.a`, `SELECT * FROM t JOIN (SELECT lower(a) AS "lower", b AS c FROM u) s ON s.lower = t.a`},
		{"on each level", `SELECT sum FROM (SELECT sum(count) FROM (SELECT count(*) FROM t) u) v`, `SELECT sum FROM (SELECT sum(count) AS "sum" FROM (SELECT count(*) AS "count" FROM t) u) v`},
		{"of the first of a union", `SELECT count FROM (SELECT count(*) FROM t UNION ALL SELECT 1) u`, `SELECT count FROM (SELECT count(*) AS "count" FROM t UNION ALL SELECT 1) u`},
		{"of queries in the second", `SELECT 1 UNION SELECT max FROM (SELECT max(a) FROM t) u`, `SELECT 1 UNION SELECT max FROM (SELECT max(a) AS "max" FROM t) u`},
		{"of casts and cases", `SELECT * FROM (SELECT a::text, CAST(1 AS int), CASE WHEN b THEN 1 END, x[1] FROM t) u`, `SELECT * FROM (SELECT a::text AS "a", CAST(1 AS int) AS "int4", CASE WHEN b THEN 1 END AS "case", x[1] AS "x" FROM t) u`},
		{"windows and filters", `SELECT * FROM (SELECT row_number() OVER (ORDER BY a), count(*) FILTER (WHERE b) FROM t) u`, `SELECT * FROM (SELECT row_number() OVER (ORDER BY a) AS "row_number", count(*) FILTER (WHERE b) AS "count" FROM t) u`},
		{"but none of the statement itself", `SELECT count(*), max(a) FROM t`, ""},
		{"nor of what has no name", `SELECT * FROM (SELECT 1, 'x', a + b, NULL, * FROM t) u`, ""},
		{"nor where there is one", `SELECT * FROM (SELECT a, t.b, max(c) d, min(c) AS e, count(*) AS 'f', g: sum(c) FROM t) u`, ""},
		{"nor of several columns at once", `SELECT * FROM (SELECT min(COLUMNS(*)), t.* EXCLUDE (a) FROM t) u`, ""},
		{"nor where a word may be one", `SELECT * FROM (SELECT max(x) first FROM t) u`, ""},
		{"nor of changes", `UPDATE t SET a = 1`, ""},
		{"nor of what can't be read", `SELECT 'x`, ""},
	} {
		want := c.want
		if want == "" {
			want = c.sql
		}
		got, _ := sqltext.Apply(c.sql, pgcatalog.Names(c.sql))
		assert.Equal(t, want, got, c.name)
	}
}
