//go:build duckdb_arrow

package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/pingone/sim"
)

// asked is a statement that a client sent, and what made it do so.
type asked struct{ by, sql string }

// captured reads the statements that clients were seen to send to PostgreSQL 15.
func captured(t *testing.T) (out []asked) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "sqlcore", "pgcatalog", "testdata", "captured.sql"))
	require.NoError(t, err)
	by := ""
	for line := range strings.Lines(string(raw)) {
		if what, ok := strings.CutPrefix(line, "-- "); ok {
			by = strings.TrimSpace(what)
			continue
		}
		out = append(out, asked{by, strings.TrimSpace(line)})
	}
	return out
}

// tableOID asks for a table's object id.
func tableOID(t *testing.T, conn *pgconn.PgConn, name string) string {
	t.Helper()
	r, err := conn.Exec(t.Context(), "SELECT '"+name+"'::regclass::oid").ReadAll()
	require.NoError(t, err)
	oid := string(r[0].Rows[0][0])
	_, err = strconv.ParseInt(oid, 10, 64)
	require.NoError(t, err)
	return oid
}

// TestStatementsOfClients sends each captured statement, about a table that there
// is: as it was sent, or prepared where it has parameters.
func TestStatementsOfClients(t *testing.T) {
	t.Parallel()
	r := start(t, sim.Options{}, onWire(nil))
	conn, err := pgconn.Connect(t.Context(), strings.ReplaceAll(openURL, "HOST", r.server.Addr(wireName)))
	require.NoError(t, err)
	defer conn.Close(context.Background())
	here := strings.NewReplacer("pingone.users", "Administrators.\"Users\"", "pingone", "Administrators", "'users'", "'Users'", "(users)", "(Users)",
		"'populations'", "'Populations'", "(populations)", "(Populations)", "enabled_users", "Groups", "16393", tableOID(t, conn, "Users"), "16406", tableOID(t, conn, "Groups"))
	_, err = conn.Prepare(t.Context(), "_PLAN0x1", "SELECT 1", nil)
	require.NoError(t, err)
	for i, a := range captured(t) {
		sql := here.Replace(a.sql)
		if strings.HasPrefix(a.sql, "WITH RECURSIVE typeinfo_tree") {
			continue // asyncpg asks for types that no column has; the engine can't plan it over tables of others
		}
		if a.sql != "ROLLBACK" && a.sql != "COMMIT" && a.sql != "BEGIN" { // else they may come outside of one
			_, err = conn.Exec(t.Context(), "BEGIN").ReadAll()
			require.NoError(t, err)
		}
		if strings.Contains(sql, "declare ") {
			_, err = conn.Exec(t.Context(), "CLOSE ALL").ReadAll()
			require.NoError(t, err)
		}
		if strings.Contains(sql, "$1") {
			_, err = conn.Prepare(t.Context(), "s"+strconv.Itoa(i), sql, nil)
		} else {
			_, err = conn.Exec(t.Context(), sql).ReadAll()
		}
		if err != nil {
			t.Errorf("%s\n%s\n%v", a.by, sql, err)
			_, err = conn.Exec(t.Context(), "ROLLBACK").ReadAll()
			require.NoError(t, err)
		}
	}
}
