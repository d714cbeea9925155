package pgcatalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
)

func TestShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql string
		// columns are the engine's, and want name:type where PostgreSQL differs.
		columns, want string
	}{
		{"columns of tables stay", "SELECT Username, u.Email FROM Users u", "Username Email", "- -"},
		{"expressions", "SELECT 1, a + b, -a, NOT a, a IS NULL, a AND b, 'x', a || 'b'", "1 2 3 4 5 6 7 8", "?column? ?column? ?column? ?column? ?column? ?column? ?column? ?column?"},
		{"calls", "SELECT count(*), max(a) OVER (ORDER BY b), main.sum(a), trim(b), exists (SELECT 1)", "1 2 3 4 5", "count max sum btrim exists"},
		{"ordered sets", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a), mode() WITHIN GROUP (ORDER BY b) AS m FROM t GROUP BY c", "1 m", "percentile_cont m"},
		{"rows", "VALUES (1, f(2, 3)), (4, 5)", "col0 col1", "column1 column2"},
		{"rows in FROM", "SELECT * FROM (VALUES (1, (2))) v", "col0 col1", "column1 column2"},
		{"rows in FROM with names", "SELECT * FROM (VALUES (1)) v(a)", "a", "a"},
		{"a query in FROM with names", "SELECT * FROM (SELECT 1, count(*), x FROM t) AS v(a, \"B\")", "a B x", "a B -"},
		{"casts", "SELECT a::text, 1::int, CAST(1 AS bigint), date '2024-01-01', true, f(x)::int", "1 2 3 4 5 6", "a:25 int4:23 int8:20 date bool f:23"},
		{"cases", "SELECT CASE WHEN a THEN 1 END, CASE a WHEN 1 THEN 2 ELSE b END", "1 2", "case b"},
		{"parts", "SELECT (a.b).c, a[1], ARRAY[1], ((a)), (SELECT max(x) FROM t)", "1 2 3 4 5", "c a array a max"},
		{"aliases", "SELECT a AS X, b \"Y\", count(*) n, c + 1 z FROM t", "X Y n z", "X Y n z"},
		{"a null is text", "SELECT NULL, NULL AS x", "1 x", "?column?:25 x:25"},
		{"but not in unions", "SELECT NULL AS x UNION SELECT 1", "x", "x"},
		{"a star", "SELECT 1, *, 2 FROM t", "1 a b 2", "?column? - - ?column?"},
		{"two stars", "SELECT 1, a.*, b.* FROM a, b", "1 a b", "- - -"},
		{"the catalog's types", "SELECT c.oid, relname, c.relkind, attnum AS N FROM pg_class c", "oid relname relkind N", "oid:26 relname:19 relkind:18 n:21"},
		{"the catalog's star", "SELECT * FROM pg_catalog.pg_index", "indexrelid indkey", "-:26 -:22"},
		{"of a query", "SELECT x.a, b FROM (SELECT oid AS a, 1 AS b FROM pg_class) x", "a b", "a:26 b"},
		{"the star of a query", "SELECT * FROM (SELECT relname AS n FROM pg_class) x", "n", "n:19"},
		{"of lists", "SELECT array_agg(attname), unnest(conkey), ARRAY(SELECT rolname FROM pg_roles)", "1 2 3", "array_agg:1003 unnest:21 array:1003"},
		{"who", "SELECT current_user, current_schema(), pg_get_userbyid(1) FROM pg_class", "1 2 3", "current_user:19 current_schema:19 pg_get_userbyid:19"},
		{"behind WITH", "WITH x AS (SELECT 1) SELECT relname FROM pg_class", "relname", "relname:19"},
		{"the star of WITH", "WITH RECURSIVE t(a, b) AS (SELECT oid, array_agg(oid) FROM pg_class UNION ALL SELECT 1, NULL), u AS (SELECT 1 AS c) SELECT DISTINCT *, a::regtype::text AS d FROM t, u", "a b c d", "-:26 -:1028 - d:25"},
		{"DISTINCT ON", "SELECT DISTINCT ON (a, b) count(*) FROM t", "1", "count"},
		{"no rows", "UPDATE t SET a = 1", "a", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			shape := pgcatalog.ShapeOf(c.sql)
			names := strings.Fields(c.columns)
			var got []string
			for i, name := range names {
				item := shape.Describe(i, len(names), name)
				text := item.Name
				if text == "" {
					text = "-"
				}
				if item.Type != 0 {
					text += fmt.Sprintf(":%d", item.Type)
				}
				got = append(got, text)
			}
			assert.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestShapeOfDeepStatements(t *testing.T) {
	t.Parallel()
	for _, one := range []string{"SELECT (", "SELECT * FROM (", "SELECT CASE WHEN a THEN (", "SELECT f((", "SELECT 1, (SELECT * FROM ("} {
		deep := strings.Repeat(one, 100/strings.Count(one, "("))
		sql := deep + "SELECT relname FROM pg_class" + strings.Repeat(")", strings.Count(deep, "(")) // of 2^100 ways, one is taken
		pgcatalog.ShapeOf(sql).Describe(0, 1, "x")
	}
}

func FuzzShape(f *testing.F) {
	f.Add("SELECT CASE WHEN a THEN b::text[] END x, (SELECT y FROM (SELECT 1 AS y) z) FROM pg_class")
	f.Add("WITH a AS (SELECT 1) (SELECT DISTINCT ON (b) *, c[1].d FROM e)")
	f.Fuzz(func(_ *testing.T, sql string) { // it must not panic, whatever the text
		pgcatalog.ShapeOf(sql).Describe(0, 1, "x")
	})
}
