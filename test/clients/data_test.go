//go:build duckdb_arrow && unix

package clients_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what PostgreSQL says of itself into sqlcore/pgcatalog/data")

// constants are the relations whose rows are the same everywhere, with the rows
// that the gateway shows.
var constants = map[string]string{
	"pg_type": ownTypes, "pg_am": "amname IN ('heap', 'btree')", "pg_range": "true", "pg_tablespace": "true", "pg_language": "true",
	"pg_collation": "oid IN (100, 950, 951)", "pg_opclass": "opcmethod = 403 AND opcdefault",
	"pg_proc": "oid IN (SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript]::oid[]) FROM pg_type WHERE " + ownTypes +
		" UNION SELECT amhandler FROM pg_am WHERE amname IN ('heap', 'btree'))",
}

const ownTypes = "typtype IN ('b', 'p', 'r', 'm') AND typrelid = 0 AND typelem NOT IN (SELECT oid FROM pg_type WHERE typtype = 'c') AND typnamespace = 11"

// TestDataIsPostgreSQLs compares what the gateway keeps of PostgreSQL's catalog
// with a real one; -update writes it anew.
func TestDataIsPostgreSQLs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL")
	}
	c := connect(t, realPostgres(t))
	dir := filepath.Join("..", "..", "sqlcore", "pgcatalog", "data")
	is := func(name, want string) {
		path := filepath.Join(dir, name)
		if *update {
			require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		}
		kept, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, string(kept), "%s is not what PostgreSQL 15 says; run the test with -update", name)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "relations.txt"))
	require.NoError(t, err)
	var names []string
	for line := range strings.Lines(string(kept)) {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, literal(name))
	}
	is("relations.txt", copied(t, c, `SELECT c.relname || ' ' || c.relkind::text || ' ' || c.oid || ': ' ||
		string_agg(a.attname || ' ' || t.typname || CASE WHEN a.attnotnull THEN '!' ELSE '' END, ', ' ORDER BY attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 JOIN pg_type t ON t.oid = a.atttypid
		WHERE c.relnamespace = 11 AND c.relname IN (`+strings.Join(names, ", ")+`) GROUP BY c.relname, c.relkind, c.oid ORDER BY c.relname COLLATE "C"`))
	is("information.txt", copied(t, c, `SELECT DISTINCT a.attname || ' ' || CASE WHEN t.typtype = 'd' THEN b.typname ELSE t.typname END COLLATE "C" AS line
		FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype
		WHERE nspname = 'information_schema' AND attnum > 0 AND relname IN ('schemata', 'tables', 'views', 'columns', 'table_constraints', 'key_column_usage',
		'referential_constraints', 'routines', 'parameters', 'character_sets') ORDER BY line`))
	is("keywords.tsv", copied(t, c, `SELECT * FROM pg_get_keywords() ORDER BY word COLLATE "C"`))
	for relation, which := range constants {
		columns := texts(t, c, `SELECT CASE t.typname WHEN 'regproc' THEN attname || '::oid' WHEN 'pg_node_tree' THEN 'null' ELSE attname END
			FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid WHERE attrelid = '`+relation+`'::regclass AND attnum > 0 ORDER BY attnum`)
		is(relation+".tsv", copied(t, c, "SELECT "+strings.Join(slices.Concat(columns...), ", ")+" FROM "+relation+" WHERE "+which+" ORDER BY 1"))
	}
}

// copied is the result of a query as COPY writes it.
func copied(t *testing.T, c *pgconn.PgConn, query string) string {
	t.Helper()
	var out strings.Builder
	_, err := c.CopyTo(t.Context(), &out, "COPY ("+query+") TO STDOUT")
	require.NoError(t, err)
	return out.String()
}
