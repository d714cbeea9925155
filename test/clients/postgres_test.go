//go:build duckdb_arrow && unix

package clients_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// realPostgres starts a PostgreSQL 15 of its own until the test ends, and gives
// its address: a socket, so that no port is needed. It has the role gateway, who
// owns everything, and the database pingone.
func realPostgres(t *testing.T) string {
	t.Helper()
	const programs = "/usr/lib/postgresql/15/bin/"
	server := program(t, programs+"postgres")
	dir, err := os.MkdirTemp("", "pg") // short, since the name of a socket must be
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // it refuses to run as root
		nobody, err := user.Lookup("nobody")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
		require.NoError(t, err)
		gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
		require.NoError(t, err)
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(dir, int(uid), int(gid)))
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), programs+"initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, dir
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)

	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	cmd := exec.Command(server, "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=UTC", "-c", "max_connections=20", "-c", "shared_buffers=32MB")
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = as, dir, log, log
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGQUIT); <-ended })

	address := func(user, database string) string {
		return fmt.Sprintf("host=%s user=%s database=%s sslmode=disable", dir, user, database)
	}
	for { // as long as it lives
		c, err := pgconn.Connect(t.Context(), address("postgres", "postgres"))
		if err == nil {
			for _, sql := range []string{"CREATE ROLE gateway LOGIN", "CREATE DATABASE pingone OWNER gateway"} {
				_, err = c.Exec(t.Context(), sql).ReadAll()
				require.NoError(t, err)
			}
			require.NoError(t, c.Close(context.Background()))
			return address("gateway", "pingone")
		}
		select {
		case <-ended:
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("PostgreSQL ended: %s", said)
		case <-t.Context().Done():
			t.Fatal(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// like makes the tables of the gateway's catalogue in PostgreSQL, as
// information_schema and the comments tell of them.
func like(t *testing.T, gateway, real *pgconn.PgConn) {
	t.Helper()
	all := func(sql string) [][]string { return texts(t, gateway, sql) }
	const own = " NOT IN ('information_schema', 'pg_catalog', 'sys')"
	var ddl strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&ddl, format+";\n", args...) }
	for _, r := range all("SELECT schema_name FROM information_schema.schemata WHERE schema_name" + own) {
		write("CREATE SCHEMA %s", quoted(r[0]))
	}
	columns := map[string][]string{}
	var order []string
	var comments []string
	for _, r := range all("SELECT table_schema, table_name, column_name, udt_name, is_nullable, coalesce(remarks, ''), column_default IS NOT NULL FROM information_schema.columns WHERE table_schema" + own + " ORDER BY table_schema, table_name, ordinal_position") {
		table := quoted(r[0]) + "." + quoted(r[1])
		if columns[table] == nil {
			order = append(order, table)
		}
		kind := strings.NewReplacer("_varchar", "text[]", "varchar", "text", "_int4", "int4[]").Replace(r[3])
		null := map[string]string{"NO": " NOT NULL"}[r[4]]
		if r[6] == "t" {
			null += " DEFAULT " + kept(kind)
		}
		columns[table] = append(columns[table], quoted(r[2])+" "+kind+null)
		if r[5] != "" {
			comments = append(comments, fmt.Sprintf("COMMENT ON COLUMN %s.%s IS %s", table, quoted(r[2]), literal(r[5])))
		}
	}
	for _, table := range order {
		write("CREATE TABLE %s (%s)", table, strings.Join(columns[table], ", "))
	}
	for _, c := range comments {
		write("%s", c)
	}
	for _, r := range all("SELECT table_schema, table_name, remarks FROM information_schema.tables WHERE remarks IS NOT NULL AND table_schema" + own) {
		write("COMMENT ON TABLE %s.%s IS %s", quoted(r[0]), quoted(r[1]), literal(r[2]))
	}
	constraints := func(kind, more string) {
		for _, r := range all("SELECT k.table_schema, k.table_name, k.constraint_name, string_agg('\"' || k.column_name || '\"', ', ' ORDER BY k.ordinal_position)" + more +
			" WHERE c.constraint_type = '" + kind + "' AND k.table_schema" + own + " GROUP BY ALL ORDER BY ALL") {
			write("ALTER TABLE %s.%s ADD CONSTRAINT %s %s (%s) %s", quoted(r[0]), quoted(r[1]), quoted(r[2]), kind, r[3], strings.Join(r[4:], ""))
		}
	}
	const from = " FROM information_schema.key_column_usage k JOIN information_schema.table_constraints c USING (constraint_schema, constraint_name)"
	constraints("PRIMARY KEY", from)
	constraints("FOREIGN KEY", `, 'REFERENCES "' || max(u.table_schema) || '"."' || max(u.table_name) || '" (' || string_agg('"' || u.column_name || '"', ', ' ORDER BY k.ordinal_position) || ')'`+from+
		" JOIN information_schema.referential_constraints r USING (constraint_schema, constraint_name)"+
		" JOIN information_schema.key_column_usage u ON u.constraint_schema = r.unique_constraint_schema AND u.constraint_name = r.unique_constraint_name AND u.ordinal_position = k.position_in_unique_constraint")
	_, err := real.Exec(t.Context(), ddl.String()).ReadAll()
	require.NoError(t, err)
}

// kept is a default of null that PostgreSQL keeps, as it does none that is plainly NULL;
// keptNull matches what it says of one.
func kept(kind string) string {
	if kind == "text" {
		return "NULL::integer::text"
	}
	return "NULL::text::" + kind
}

var keptNull = regexp.MustCompile(`^\(?NULL::(text|integer)\)?::.*$`)

// texts are the rows of a query.
func texts(t *testing.T, c *pgconn.PgConn, sql string) [][]string {
	t.Helper()
	results, err := c.Exec(t.Context(), sql).ReadAll()
	require.NoError(t, err, sql)
	var out [][]string
	for _, row := range results[len(results)-1].Rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = string(v)
		}
		out = append(out, cells)
	}
	return out
}

func quoted(name string) string  { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
