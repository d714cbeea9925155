//go:build duckdb_arrow

package worker

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/wire"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// opened is a worker with a database, in this process.
func opened(t *testing.T) *worker {
	t.Helper()
	w := &worker{planners: map[string]*planner{}, inputs: map[uint32]*input{}}
	require.NoError(t, w.open(t.Context(), wire.Setup{Memory: 64 << 20, TempBytes: 1 << 20, TempDir: t.TempDir(), Threads: 1}))
	t.Cleanup(func() { w.data.close() })
	return w
}

func connected(t *testing.T) *conn {
	t.Helper()
	c, err := opened(t).data.connect()
	require.NoError(t, err)
	t.Cleanup(c.close)
	return c
}

// TestTypeNames: a type is named so that a cast to its name gives it again.
func TestTypeNames(t *testing.T) {
	t.Parallel()
	c := connected(t)
	for _, name := range []string{
		"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
		"TIMESTAMPTZ", "INTERVAL", "UUID", "BIT", "JSON", "BIGNUM", "DECIMAL(18,3)", "DECIMAL(38,0)", "INTEGER[]", "VARCHAR[][]", "INTEGER[3]",
		"JSON[]", "MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, DECIMAL(5,2)[])", `STRUCT("a" INTEGER, "b ""c""" VARCHAR[])`, `ENUM('a', 'it''s')`,
		`STRUCT("a" MAP(UUID, STRUCT("x" ENUM('y'))))`,
	} {
		s, err := c.prepare(t.Context(), "SELECT CAST(NULL AS "+name+") AS x")
		require.NoError(t, err, name)
		names, types, err := s.columns()
		s.close()
		require.NoError(t, err, name)
		assert.Equal(t, []string{"x"}, names)
		assert.Equal(t, []string{name}, types)
	}
}

func TestTypeDepth(t *testing.T) {
	t.Parallel()
	c := connected(t)
	for name, many := range map[string]struct {
		kind string
		deep bool
	}{
		"many lists":           {"INT" + strings.Repeat("[]", maxTypeDepth), false},
		"too many":             {"INT" + strings.Repeat("[]", maxTypeDepth+1), true},
		"arrays":               {"INT" + strings.Repeat("[1]", maxTypeDepth+1), true},
		"structs":              {strings.Repeat("STRUCT(a ", maxTypeDepth+1) + "INT" + strings.Repeat(")", maxTypeDepth+1), true},
		"structs side by side": {"STRUCT(" + strings.Repeat("a STRUCT(b INT), ", 1) + "c STRUCT(d INT))", false},
		"maps":                 {strings.Repeat("MAP(INT, ", maxTypeDepth+1) + "INT" + strings.Repeat(")", maxTypeDepth+1), true},
		"half of each":         {"STRUCT(a INT" + strings.Repeat("[]", maxTypeDepth/2) + ")" + strings.Repeat("[]", maxTypeDepth/2-1), false},
		"more than half":       {"STRUCT(a INT" + strings.Repeat("[]", maxTypeDepth/2) + ")" + strings.Repeat("[]", maxTypeDepth/2), true},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := c.prepare(t.Context(), "SELECT 1, CAST(NULL AS "+many.kind+")")
			require.NoError(t, err)
			defer s.close()
			_, _, err = s.columns()
			assert.Equal(t, many.deep, err != nil)
			if many.deep {
				assert.True(t, gwerr.Is(err, gwerr.LimitExceeded))
				assert.ErrorContains(t, err, "Column 2 ")
			}
		})
	}
}

// TestBoundParameters: a value arrives as what its parameter is compared with.
func TestBoundParameters(t *testing.T) {
	t.Parallel()
	c := connected(t)
	const id = "3a1f0c7e-8000-4000-8000-0000000000ff"
	for name, p := range map[string]struct {
		sql  string
		v    predicate.Value
		want string
	}{
		"a text":                  {"SELECT CAST($1 || '!' AS VARCHAR)", predicate.StringValue("it's\n"), "it's\n!"},
		"an empty text":           {"SELECT CAST($1 = '' AS VARCHAR)", predicate.StringValue(""), "true"},
		"a truth":                 {"SELECT CAST(NOT $1 AS VARCHAR)", predicate.BoolValue(true), "false"},
		"a small number":          {"SELECT typeof(CAST(3 AS INTEGER) + $1)", predicate.IntValue(-1 << 31), "INTEGER"},
		"a large number":          {"SELECT CAST(CAST(3 AS BIGINT) + $1 AS VARCHAR)", predicate.IntValue(1 << 40), "1099511627779"},
		"a small one among large": {"SELECT typeof(CAST(3 AS BIGINT) + $1)", predicate.IntValue(4), "BIGINT"},
		"a fraction":              {"SELECT CAST(CAST(1 AS DOUBLE) + $1 AS VARCHAR)", predicate.FloatValue(0.25), "1.25"},
		"a time":                  {"SELECT CAST($1 = TIMESTAMPTZ '2024-02-29 10:00:00.123456+00' AS VARCHAR)", predicate.TimeValue(time.Date(2024, 2, 29, 10, 0, 0, 123456000, time.UTC)), "true"},
		"an id":                   {"SELECT CAST($1 = UUID '" + id + "' AS VARCHAR)", predicate.UUIDValue(strings.ToUpper(id)), "true"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := c.prepare(t.Context(), p.sql)
			require.NoError(t, err)
			require.NoError(t, s.bind([]predicate.Value{p.v}))
			st, err := s.run(t.Context())
			require.NoError(t, err)
			defer st.close()
			got, err := st.texts(t.Context())
			require.NoError(t, err)
			assert.Equal(t, []string{p.want}, got)
		})
	}
	s, err := c.prepare(t.Context(), "SELECT $1 = UUID '"+id+"'")
	require.NoError(t, err)
	defer s.close()
	for name, values := range map[string][]predicate.Value{"none": nil, "too many": {predicate.IntValue(1), predicate.IntValue(2)}, "no id": {predicate.UUIDValue("x")}} {
		assert.True(t, gwerr.Is(s.bind(values), gwerr.BadParameter), name)
	}
}

// TestDatabasesAreShut: what runs in them reaches nothing outside, and changes no
// setting.
func TestDatabasesAreShut(t *testing.T) {
	t.Parallel()
	w := opened(t)
	data, err := w.data.connect()
	require.NoError(t, err)
	defer data.close()
	plan, err := w.planner(t.Context(), wire.Planning)
	require.NoError(t, err)
	for name, c := range map[string]*conn{"running": data, "planning": plan.c} {
		for _, sql := range []string{
			"SELECT * FROM read_text('/etc/hostname')", "COPY (SELECT 1) TO '/tmp/gateway-test.csv'", "ATTACH '/tmp/gateway-test.db'", "INSTALL httpfs", "LOAD httpfs",
			"SET memory_limit = '1TB'", "SET enable_external_access = true", "SET lock_configuration = false", "SET TimeZone = 'Europe/Rome'", "SET disabled_optimizers = ''",
		} {
			require.Error(t, c.exec(t.Context(), sql), "%s: %s", name, sql)
		}
		zone, err := c.texts(t.Context(), "SELECT current_setting('TimeZone')")
		require.NoError(t, err)
		assert.Equal(t, []string{"UTC"}, zone, name)
	}
	for database, off := range map[*conn]string{data: disabledRunning, plan.c: disabledPlanning} {
		got, err := database.texts(t.Context(), "SELECT current_setting('disabled_optimizers')")
		require.NoError(t, err)
		assert.ElementsMatch(t, strings.Split(off, ","), strings.Split(got[0], ","))
	}
	_, err = w.planner(t.Context(), "another")
	assert.Error(t, err)
}

// TestTablesComeAndGo: who plans sees the last tables alone.
func TestTablesComeAndGo(t *testing.T) {
	t.Parallel()
	w := opened(t)
	tables := func(names ...string) (out []*catalog.Table) {
		for _, n := range names {
			out = append(out, &catalog.Table{Name: n, Schema: &catalog.Schema{Name: `a "b"`}, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID}, {Name: "x", Type: catalog.StringList}}})
		}
		return out
	}
	for _, set := range [][]*catalog.Table{tables("Users"), tables("Users", "Groups"), nil, tables("Groups"), tables("Users", `q"t`)} {
		w.tables = set
		for _, name := range []string{wire.Planning, wire.Sparing, wire.Planning} {
			p, err := w.planner(t.Context(), name)
			require.NoError(t, err)
			got, err := p.c.texts(t.Context(), "SELECT schema_name || '.' || table_name || sql FROM duckdb_tables() WHERE NOT internal ORDER BY table_name")
			require.NoError(t, err)
			require.Len(t, got, len(set))
			for _, text := range got {
				assert.True(t, strings.HasPrefix(text, `a "b".`) && strings.HasSuffix(text, "(Id UUID, x VARCHAR[]);"), text)
			}
			catalogs, err := p.c.texts(t.Context(), "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> 'memory'")
			require.NoError(t, err)
			assert.Len(t, catalogs, min(1, len(set)), "that of the tables")
		}
	}
}

func TestDescribedResults(t *testing.T) {
	t.Parallel()
	w := opened(t)
	w.tables = []*catalog.Table{{Name: "Users", Schema: &catalog.Schema{Name: "Town"}, Columns: []catalog.Column{{Name: "Id", Type: catalog.GUID}, {Name: "Notes", Type: catalog.JSON}}}}
	p, err := w.planner(t.Context(), wire.Planning)
	require.NoError(t, err)
	got, err := p.describe(t.Context(), `SELECT count(*), max("Id") AS m, any_value("Notes"), sum(1) FROM "Town"."Users" WHERE "Id" = $1`)
	require.NoError(t, err)
	assert.Equal(t, []string{"count", "m", "any_value(Notes)", "sum(1)", "BIGINT", "UUID", "JSON", "HUGEINT"}, got)
	got, err = p.describe(t.Context(), `SELECT COLUMNS('Id') FROM "Town"."Users"`)
	require.NoError(t, err)
	assert.Equal(t, []string{"Id", "UUID"}, got)
	_, err = p.describe(t.Context(), `SELECT nothing FROM "Town"."Users"`)
	assert.Error(t, err)
}

// TestCallsAreGivenUp: a statement that computes ends with its context, and the
// connection serves the next one.
func TestCallsAreGivenUp(t *testing.T) {
	t.Parallel()
	c := connected(t)
	for name, call := range map[string]func(context.Context) error{
		"run": func(ctx context.Context) error {
			return c.exec(ctx, "SELECT count(*) FROM range(10000000) a, range(10000000) b")
		},
		"streams": func(ctx context.Context) error {
			return c.fill(ctx, "SELECT count(*) FROM range(10000000) a, range(10000000) b")
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled, name)
		got, err := c.texts(t.Context(), "SELECT 'x'")
		require.NoError(t, err, name)
		assert.Equal(t, []string{"x"}, got)
	}
	_, err := c.texts(t.Context(), "SELECT 1")
	require.ErrorContains(t, err, "where text was expected")
	got, err := c.texts(t.Context(), "SELECT x FROM (VALUES ('a'), (NULL), ('b')) t(x)")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "", "b"}, got)
}
