//go:build duckdb_arrow

package duck_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// TestBindRefuses tries what no query may do.
func TestBindRefuses(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct {
		sql  string
		want gwerr.Code
	}{
		{"INSERT INTO Members VALUES (1)", gwerr.ReadOnly},
		{"UPDATE Members SET Name = 'x'", gwerr.ReadOnly},
		{"DELETE FROM Members", gwerr.ReadOnly},
		{"WITH a AS (SELECT 1) INSERT INTO Members SELECT * FROM a", gwerr.ReadOnly},
		{"MERGE INTO Members USING Branches ON true WHEN MATCHED THEN DELETE", gwerr.ReadOnly},
		{"TRUNCATE Members", gwerr.ReadOnly},
		{"CREATE TABLE x (a INT)", gwerr.NotImplemented},
		{"CREATE OR REPLACE MACRO lower(x) AS 1", gwerr.NotImplemented},
		{"DROP TABLE Members", gwerr.NotImplemented},
		{"ALTER TABLE Members ADD COLUMN x INT", gwerr.NotImplemented},
		{"COPY Members TO '/tmp/x.csv'", gwerr.NotImplemented},
		{"COPY (SELECT 1) TO '/tmp/x.csv'", gwerr.NotImplemented},
		{"ATTACH '/tmp/x.db' AS x", gwerr.NotImplemented},
		{"DETACH memory", gwerr.NotImplemented},
		{"USE memory", gwerr.NotImplemented},
		{"INSTALL httpfs", gwerr.NotImplemented},
		{"LOAD httpfs", gwerr.NotImplemented},
		{"PRAGMA version", gwerr.NotImplemented},
		{"PRAGMA database_list", gwerr.NotImplemented},
		{"SET memory_limit = '1TB'", gwerr.NotImplemented},
		{"RESET memory_limit", gwerr.NotImplemented},
		{"SET VARIABLE x = 1", gwerr.NotImplemented},
		{"BEGIN", gwerr.NotImplemented},
		{"CHECKPOINT", gwerr.NotImplemented},
		{"VACUUM", gwerr.NotImplemented},
		{"EXPORT DATABASE '/tmp/x'", gwerr.NotImplemented},
		{"EXPLAIN SELECT 1", gwerr.NotImplemented},
		{"EXPLAIN ANALYZE SELECT 1", gwerr.NotImplemented},
		{"PREPARE x AS SELECT 1", gwerr.NotImplemented},
		{"EXECUTE x", gwerr.NotImplemented},
		{"CALL pragma_version()", gwerr.NotImplemented},
		{"SHOW TABLES", gwerr.NotImplemented},
		{"DESCRIBE Members", gwerr.NotImplemented},
		{"SUMMARIZE Members", gwerr.NotImplemented},
		{"FROM (SHOW TABLES)", gwerr.NotImplemented},
		{"SELECT * FROM (DESCRIBE Members)", gwerr.NotImplemented},
		{"SELECT * FROM (SUMMARIZE Members)", gwerr.NotImplemented},
		{"PIVOT Members ON Name USING count(*)", gwerr.NotImplemented},
		{"PIVOT Members ON Name IN ('a', 'b') USING secret(Age)", gwerr.UnknownFunction},
		{"PIVOT Members ON read_text(Name) IN ('a', 'b') USING count(*)", gwerr.UnknownFunction},
		{"PIVOT Members ON Age IN (" + strings.Repeat("1, ", 29) + "1), Points IN (" + strings.Repeat("1, ", 29) + "1) USING count(*), max(Age)", gwerr.TooLarge},
		{"SELECT 1; SELECT 2", gwerr.Syntax},
		{"SELECT 1; DROP TABLE Members", gwerr.Syntax},
		{"", gwerr.Syntax},
		{" ;; -- nothing", gwerr.Syntax},
		{"'x'", gwerr.Syntax},

		{"SELECT * FROM read_csv('/etc/passwd')", gwerr.UnknownFunction},
		{"SELECT * FROM read_text('/etc/passwd')", gwerr.UnknownFunction},
		{"SELECT * FROM READ_BLOB('/etc/passwd')", gwerr.UnknownFunction},
		{"SELECT * FROM main.read_text('/etc/passwd')", gwerr.UnknownFunction},
		{"SELECT * FROM parquet_scan('x')", gwerr.UnknownFunction},
		{"SELECT * FROM read_json_auto('x')", gwerr.UnknownFunction},
		{"SELECT * FROM glob('*')", gwerr.UnknownFunction},
		{"SELECT * FROM sniff_csv('x')", gwerr.UnknownFunction},
		{"SELECT * FROM duckdb_settings()", gwerr.UnknownFunction},
		{"SELECT * FROM duckdb_databases()", gwerr.UnknownFunction},
		{"SELECT * FROM duckdb_secrets()", gwerr.UnknownFunction},
		{"SELECT * FROM pragma_table_info('Members')", gwerr.UnknownFunction},
		{"SELECT * FROM query('SELECT 1')", gwerr.UnknownFunction},
		{"SELECT * FROM query_table('Members')", gwerr.UnknownFunction},
		{"SELECT * FROM json_execute_serialized_sql('{}')", gwerr.UnknownFunction},
		{"SELECT * FROM arrow_scan(1, 2, 3)", gwerr.UnknownFunction},
		{"SELECT * FROM gateway_rows(1)", gwerr.UnknownFunction},
		{"SELECT * FROM Members, LATERAL (SELECT * FROM gateway_rows(1))", gwerr.UnknownFunction},
		{"SELECT (SELECT max(content) FROM read_text('/etc/passwd'))", gwerr.UnknownFunction},
		{"WITH x AS (SELECT * FROM glob('*')) SELECT 1", gwerr.UnknownFunction},
		{"SELECT 1 ORDER BY (SELECT count(*) FROM glob('*'))", gwerr.UnknownFunction},
		{"VALUES ((SELECT count(*) FROM glob('*')))", gwerr.UnknownFunction},
		{"SELECT * FROM histogram('Members', Name)", gwerr.UnknownFunction},
		{"SELECT getenv('HOME')", gwerr.UnknownFunction},
		{"SELECT list_transform(['HOME'], x -> getenv(x))", gwerr.UnknownFunction},
		{"SELECT current_setting('temp_directory')", gwerr.UnknownFunction},
		{"SELECT system.main.lower('x')", gwerr.UnknownFunction},
		{"SELECT current_database()", gwerr.UnknownFunction},
		{"SELECT current_catalog", gwerr.UnknownFunction},
		{"SELECT current_schema()", gwerr.UnknownFunction},
		{"SELECT getvariable('x')", gwerr.UnknownFunction},
		{"SELECT nextval('x')", gwerr.UnknownFunction},
		{"SELECT pg_sleep(10)", gwerr.UnknownFunction},
		{"SELECT sleep_ms(1000)", gwerr.UnknownFunction},
		{"SELECT write_log('x')", gwerr.UnknownFunction},
		{"SELECT json_serialize_sql('SELECT 1')", gwerr.UnknownFunction},
		{"SELECT repeat('x', 4000000000)", gwerr.Syntax},
		{"SELECT lpad('x', 4000000000, 'y')", gwerr.LimitExceeded},
		{"SELECT rpad(Name, Age) FROM Members", gwerr.LimitExceeded},
		{"SELECT range(10000000000)", gwerr.UnknownFunction},
		{"SELECT lowr(Name) FROM Members", gwerr.UnknownFunction},
		{"SELECT lower(1, 2)", gwerr.UnknownFunction},

		{"SELECT * FROM '/etc/passwd'", gwerr.UnknownTable},
		{"SELECT * FROM 'x.csv'", gwerr.UnknownTable},
		{`SELECT * FROM "x.parquet"`, gwerr.UnknownTable},
		{"SELECT * FROM Membres", gwerr.UnknownTable},
		{"SELECT * FROM duckdb_tables", gwerr.UnknownTable},
		{"SELECT * FROM sqlite_master", gwerr.UnknownTable},
		{"SELECT * FROM pg_catalog.pg_class", gwerr.UnknownSchema},
		{"SELECT * FROM information_schema.tables", gwerr.UnknownSchema},
		{"SELECT * FROM system.information_schema.tables", gwerr.UnknownSchema},
		{"SELECT * FROM shadow_1.Town.Members", gwerr.UnknownSchema},
		{"SELECT * FROM memory.main.x", gwerr.UnknownSchema},
		{"SELECT * FROM q_000000000000000000000000.Town.Members", gwerr.UnknownSchema},
		{"SELECT * FROM CData.Twon.Members", gwerr.UnknownSchema},
		{"SELECT Nmae FROM Members", gwerr.UnknownColumn},
		{"SELECT m.Nmae FROM Members m", gwerr.UnknownColumn},
		{"SELECT x.Name FROM Members m", gwerr.UnknownColumn},
		{"SELECT rowid FROM Members", gwerr.UnknownColumn},
		{"SELECT Name FROM Members ORDER BY Nmae", gwerr.UnknownColumn},

		{"SELECT FROM WHERE", gwerr.Syntax},
		{"SELECT * FORM Members", gwerr.Syntax},
		{"SELECT 'x", gwerr.Syntax},
		{"SELECT (1", gwerr.Syntax},
		{"SELECT 1)", gwerr.Syntax},
		{"SELECT \x00", gwerr.Syntax},
		{"SELECT '\xff'", gwerr.Syntax},
		{"SELECT TOP 5 PERCENT Name FROM Members", gwerr.NotImplemented},
		{"SELECT TOP 5 Name FROM Members UNION SELECT Name FROM Branches", gwerr.NotImplemented},
		{"SELECT Name FROM Members WHERE Age = ?", gwerr.BadParameter},
		{"SELECT Name FROM Members WHERE Age = :age", gwerr.BadParameter},
		{"SELECT Name FROM Members WHERE Age = @age", gwerr.BadParameter},
		{"SELECT Name FROM Members GROUP BY Age", gwerr.BadRequest},
		{"SELECT " + strings.Repeat("(", 101) + "1" + strings.Repeat(")", 101), gwerr.TooLarge},
		{"SELECT '" + strings.Repeat("x", sqltext.MaxBytes) + "'", gwerr.TooLarge},
		{"SELECT 1" + strings.Repeat(" UNION SELECT 1", 501), gwerr.TooLarge},
		{"SELECT 1 WHERE 1 = 1" + strings.Repeat(" OR 1 = 1", 2001), gwerr.TooLarge},
		{"SELECT 1 FROM Members" + strings.Repeat(" NATURAL JOIN Members", 65), gwerr.TooLarge},
		{"SELECT 1 FROM Members" + strings.Repeat(", Members", 64), gwerr.TooLarge},
	}
	for _, c := range cases {
		name := c.sql
		if len(name) > 60 {
			name = name[:60]
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, err := e.Bind(context.Background(), request(c.sql))
			if !gwerr.Is(err, c.want) {
				t.Fatalf("got %v, %v, want %s", q, err, c.want)
			}
			if text := err.Error(); strings.Contains(text, "shadow_") && !strings.Contains(c.sql, "shadow_") {
				t.Errorf("%q shows an inner name", text)
			}
		})
	}
}

// TestErrorsTellWhere checks the place and the hint of errors.
func TestErrorsTellWhere(t *testing.T) {
	t.Parallel()
	e := open(t)
	cases := []struct{ sql, at, hint string }{
		{"SELECT Name, Nmae FROM Members", "Nmae", "Did you mean Name?"},
		{"SELECT 'ü', Nmae FROM Members", "Nmae", "Did you mean Name?"},
		{"SELECT [Name], [Nmae] FROM [CData].[Town].[Members]", "[Nmae]", "Did you mean Name?"},
		{"SELECT TOP 3 Name, Nmae FROM Members", "Nmae", "Did you mean Name?"},
		{"SELECT Name FROM Membres", "Membres", "Did you mean Members?"},
		{"SELECT Name FROM CData.Town.Membres", "Town.Membres", "Did you mean Members?"},
		{"SELECT 'ü' AS x FROM Twon.Members", "Twon", "Did you mean Town?"},
		{"SELECT Name FROM Members WHER Age = 3", "Age", ""},
		{"SELECT 'üü', FROM FROM Members", "FROM Members", ""},
		{"SELECT lowre(Name) FROM Members", "lowre", "Did you mean lower?"},
		{"SELECT \"" + quayID + "\".Members.Name, Nmae FROM \"" + quayID + "\".Members", "Nmae", "Did you mean Name?"},
		{"/* ü */ DROP TABLE Members", "DROP", "Use SELECT"},
		{"SELECT 1; SELECT 2", "; SELECT 2", "one by one"},
		{"SELECT 'abc", "'abc", ""},
		{"SELECT Name FROM Members WHERE Age = $2", "$2", ""},
		{"SELECT Name FROM Members FOR UPDATE", "FOR UPDATE", "Leave out FOR UPDATE"},
		{"SELECT substring(Name FOR 2) FROM Members AS m FOR NO KEY UPDATE OF m SKIP LOCKED", "FOR NO KEY", "Leave out FOR UPDATE"},
		{"SELECT * FROM (SELECT Name FROM Members FOR SHARE) x", "FOR SHARE", "Leave out FOR UPDATE"},
		{`SELECT 'ü', U&'\0041'`, "U&", "Write the characters themselves"},
		{`SELECT u&"\0041" FROM Members`, "u&", "Write the characters themselves"},
		{`SELECT E'\u00e4'`, "E'", "Write the characters themselves"},
		{"SELECT 'ü', 'abc'.upper().lower()", "upper", "Write upper(…) around it"},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			_, err := e.Bind(context.Background(), request(c.sql))
			if err == nil {
				t.Fatal("no error")
			}
			g := gwerr.From(err)
			if want := strings.Index(c.sql, c.at); g.Position != want {
				t.Errorf("%v: position %d, want %d", err, g.Position, want)
			}
			if !strings.Contains(g.Hint, c.hint) {
				t.Errorf("hint %q, want %q", g.Hint, c.hint)
			}
		})
	}
}
