package system_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/system"
)

func TestParseCommand(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql, verb, schema, about string
		table, json, analyze     bool
	}{
		{sql: "SHOW TABLES", verb: "show"},
		{sql: "show tables from North;", verb: "show", schema: "North"},
		{sql: `SHOW TABLES IN library."North"`, verb: "show", schema: "North"},
		{sql: "SHOW ALL TABLES", verb: "show", schema: "-"},
		{sql: "SHOW SCHEMAS", verb: "show", schema: "-"},
		{sql: "SHOW PROCEDURES", verb: "show", schema: "-"},
		{sql: "SHOW COLUMNS FROM Books", verb: "describe", about: "             FROM Books", table: true},
		{sql: "SHOW COLUMNS IN Books", verb: "describe", about: "           FROM Books", table: true},
		{sql: "DESCRIBE North.Books", verb: "describe", about: "FROM     North.Books", table: true},
		{sql: "desc [Books]", verb: "describe", about: "FROM [Books]", table: true},
		{sql: "/* */ DESC TABLE Books", verb: "describe", about: "      FROM       Books", table: true},
		{sql: "DESCRIBE SELECT 1", verb: "describe", about: "         SELECT 1"},
		{sql: "SUMMARIZE Books", verb: "summarize", about: "FROM      Books", table: true},
		{sql: "SUMMARIZE FROM Books;", verb: "summarize", about: "          FROM Books;"},
		{sql: "EXPLAIN DELETE FROM Books WHERE Id = 1", verb: "explain", about: "        DELETE FROM Books WHERE Id = 1"},
		{sql: "EXPLAIN (SELECT 1)", verb: "explain", about: "        (SELECT 1)"},
		{sql: "EXPLAIN ((SELECT 1) UNION SELECT 2)", verb: "explain", about: "        ((SELECT 1) UNION SELECT 2)"},
		{sql: "EXPLAIN (FORMAT JSON) SELECT 1", verb: "explain", about: "                      SELECT 1", json: true},
		{sql: "EXPLAIN (FORMAT JSON, ANALYZE FALSE, COSTS TRUE, VERBOSE) SELECT 1", verb: "explain", about: strings.Repeat(" ", 58) + "SELECT 1", json: true},
		{sql: "EXPLAIN (COSTS, ANALYZE) SELECT 1", verb: "explain", about: "                         SELECT 1", analyze: true},
		{sql: "EXPLAIN ANALYSE SELECT 1", verb: "explain", about: "                SELECT 1", analyze: true},
		{sql: "EXPLAIN VERBOSE SELECT 1", verb: "explain", about: "                SELECT 1"},
		{sql: "EXPLAIN (format text) SELECT 1", verb: "explain", about: "                      SELECT 1"},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			require.True(t, system.IsCommand(c.sql))
			got, err := system.ParseCommand(c.sql)
			require.NoError(t, err)
			assert.Equal(t, c.verb, got.Verb)
			assert.Equal(t, c.about, got.About)
			assert.Equal(t, c.table, got.Table)
			assert.Equal(t, c.json, got.JSON)
			assert.Equal(t, c.analyze, got.Analyze)
			if c.verb == "show" {
				assert.Equal(t, c.schema == "-", got.Schema == nil)
				assert.Equal(t, got.Schema != nil, strings.Contains(got.SQL, "?"))
			}
			if got.Schema != nil {
				assert.Equal(t, c.schema, *got.Schema)
			}
		})
	}
	assert.False(t, system.IsCommand("SELECT 1"))
	assert.False(t, system.IsCommand("showing"))
}

func TestCommandsThatAreNone(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sql string
		at  int
	}{
		{"SHOW", 4},
		{"SHOW search_path", 5},
		{"SHOW TABLES FROM", 16},
		{"SHOW TABLES FROM a.b.c", 17},
		{"SHOW TABLES LIKE 'a'", 12},
		{"SHOW COLUMNS Books", 13},
		{"SHOW SCHEMAS; SELECT 1", 12},
		{"DESCRIBE", 8},
		{"DESCRIBE 1", 9},
		{"DESCRIBE Books b", 15},
		{"SUMMARIZE DELETE FROM Books", 17},
		{"EXPLAIN", 7},
		{"EXPLAIN ANALYZE", 15},
		{"EXPLAIN ANALYZE EXPLAIN SELECT 1", 16},
		{"EXPLAIN EXPLAIN SELECT 1", 8},
		{"EXPLAIN (", 9},
		{"EXPLAIN (ANALYZE FORMAT JSON) SELECT 1", 17},
		{"EXPLAIN (FORMAT XML) SELECT 1", 16},
		{"EXPLAIN (FORMAT JSON COSTS) SELECT 1", 21},
		{"EXPLAIN (COSTS", 14},
	}
	for _, c := range cases {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			_, err := system.ParseCommand(c.sql)
			require.True(t, gwerr.Is(err, gwerr.Syntax), "%v", err)
			assert.Equal(t, c.at, gwerr.From(err).Position)
		})
	}
}

func TestExplained(t *testing.T) {
	t.Parallel()
	about, ok := system.Explained("EXPLAIN SELECT 1")
	assert.True(t, ok)
	assert.Equal(t, "SELECT 1", strings.TrimSpace(about))
	about, ok = system.Explained("EXPLAIN ANALYZE CALL Reset('secret')")
	assert.True(t, ok)
	assert.Equal(t, "CALL Reset('secret')", strings.TrimSpace(about))
	_, ok = system.Explained("SELECT 1")
	assert.False(t, ok)
}

func TestWrittenStatements(t *testing.T) {
	t.Parallel()
	assert.Equal(t, `SELECT unnest(CAST(list_value('It''s', 'ab') AS VARCHAR[])) AS "QUERY PLAN"`, system.LinesSQL("QUERY PLAN", []string{"It's", "a\x00b"}))
	assert.Equal(t, `SELECT unnest(CAST(list_value() AS VARCHAR[])) AS "x"`, system.LinesSQL("x", nil))
	sql := system.DescribeSQL([]system.Described{{Column: query.Column{Name: "Id", Type: catalog.GUID}, Key: true, Doc: "Who."}})
	assert.Equal(t, `SELECT unnest(CAST(list_value('Id') AS VARCHAR[])) AS "column_name", unnest(CAST(list_value('UUID') AS VARCHAR[])) AS "column_type", `+
		`unnest(CAST(list_value('NO') AS VARCHAR[])) AS "null", unnest(CAST(list_value('PRI') AS VARCHAR[])) AS "key", unnest(CAST(list_value('Who.') AS VARCHAR[])) AS "comment"`, sql)
	sql = system.SummarizeSQL("FROM Books", []query.Column{{Name: "Title", Type: catalog.String}, {Name: "n", SQLType: "DECIMAL(4,1)"}})
	assert.Contains(t, sql, "list_value(CAST(min(c1) AS VARCHAR), CAST(min(c2) AS VARCHAR))")
	assert.Contains(t, sql, "list_value(NULL, CAST(avg(c2) AS VARCHAR))")
	assert.Contains(t, sql, "FROM (\nFROM Books\n) AS summarized(c1, c2)")
}

// FuzzParseCommand: a command is read or refused with a place in it, and what it is about
// stands where it stood.
func FuzzParseCommand(f *testing.F) {
	for _, sql := range []string{
		"SHOW TABLES FROM library.[North];", "SHOW COLUMNS IN a.b.c", "DESC TABLE Books", "SUMMARIZE FROM Books", "EXPLAIN (FORMAT JSON, ANALYZE OFF, COSTS) SELECT 1",
		"EXPLAIN ((SELECT 1))", "explain analyze verbose", "EXPLAIN (", "show", "describe (", "", ";", "/* */ desc", "describe a.", "SUMMARIZE \xbe",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if !system.IsCommand(sql) {
			return
		}
		c, err := system.ParseCommand(sql)
		if err != nil {
			if e := gwerr.From(err); e.Code == gwerr.Internal || e.Position < 0 || e.Position > len(sql) {
				t.Fatalf("%q: %v, at %d", sql, err, e.Position)
			}
			return
		}
		if c.Position < 0 || c.Position > len(sql) {
			t.Fatalf("%q: it is about what stands at %d", sql, c.Position)
		}
		if c.About != "" && c.About[c.Position:] != sql[c.Position:] {
			t.Fatalf("%q: about %q at %d", sql, c.About, c.Position)
		}
		if c.About == "" && c.SQL == "" {
			t.Fatalf("%q: about nothing", sql)
		}
	})
}
