//go:build duckdb_arrow && unix

package clients_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// installed is a file that scripts/install-clients.sh puts there. CI has it;
// elsewhere the test is skipped.
func installed(t *testing.T, parts ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(parts...))
	require.NoError(t, err)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: scripts/install-clients.sh installs it", path)
	}
	t.Skipf("%s is missing: scripts/install-clients.sh installs it", path)
	return ""
}

// output runs a program to its end.
func output(t *testing.T, stdin, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewBufferString(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// TestClients runs the programs of this folder, each a client as its users have
// it: they check what they get, and say ok.
func TestClients(t *testing.T) {
	d := startDemo(t)
	python := filepath.Join("..", "..", ".cache", "python", "clients", "bin", "python")
	script := func(name string, args ...string) func(t *testing.T) string {
		return func(t *testing.T) string {
			return output(t, "", "", installed(t, python), append([]string{filepath.Join("programs", name)}, append(args, d.wire)...)...)
		}
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T) string
	}{
		{"psycopg 3 and SQLAlchemy 2", script("sqlalchemy2.py")},
		{"psycopg2", script("psycopg2_client.py")},
		{"asyncpg", script("asyncpg_client.py")},
		{"pandas, Polars, ConnectorX and ADBC", script("frames.py")},
		{"the Model Context Protocol's client", func(t *testing.T) string {
			return output(t, "", "", installed(t, python), filepath.Join("programs", "mcp_client.py"), d.binary, d.web)
		}},
		{"DuckDB's postgres extension", script("duckdb_client.py")},
		{"psqlODBC", func(t *testing.T) string {
			drivers, err := filepath.Glob("/usr/lib/*/odbc/psqlodbcw.so")
			require.NoError(t, err)
			return script("odbc.py", installed(t, append(drivers, "/usr/lib/odbc/psqlodbcw.so")[0]))(t)
		}},
		{"Node's pg", func(t *testing.T) string {
			modules := installed(t, "..", "..", ".cache", "node", "node_modules")
			dir := t.TempDir()
			require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
			source, err := os.ReadFile(filepath.Join("programs", "client.mjs"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "client.mjs"), source, 0o600))
			return output(t, "", dir, program(t, "node"), "client.mjs", d.wire)
		}},
		{"pgjdbc", func(t *testing.T) string {
			return output(t, "", "", program(t, "java"), "-cp", installed(t, "/usr/share/java/postgresql.jar"), filepath.Join("programs", "Client.java"), d.wire)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			assert.Contains(t, c.run(t), "ok\n")
		})
	}
}

var withSpark = flag.Bool("spark", false, "run Spark, which takes minutes to install")

// TestSpark reads tables in partitions, as make spark runs it.
func TestSpark(t *testing.T) {
	if !*withSpark {
		t.Skip("make spark runs it")
	}
	d := startDemo(t)
	python := installed(t, "..", "..", ".cache", "python", "spark", "bin", "python")
	assert.Contains(t, output(t, "", "", python, filepath.Join("programs", "spark.py"), installed(t, "/usr/share/java/postgresql.jar"), d.wire), "ok\n")
}

// TestPsqlCopiesBothWays writes rows to a file and reads them back.
func TestPsqlCopiesBothWays(t *testing.T) {
	d := startDemo(t)
	psql := program(t, "psql")
	run := func(commands string) string {
		return output(t, commands, "", psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", d.url())
	}
	file := filepath.Join(t.TempDir(), "populations.csv")
	out := run(`\copy (SELECT 'By psql ' || x AS "Name", 'ü, "' || x || '"' AS "Description" FROM range(3) t(x)) TO '` + file + `' CSV HEADER
\copy "Populations" ("Name", "Description") FROM '` + file + `' CSV HEADER
SELECT "Description" FROM "Populations" WHERE "Name" LIKE 'By psql %' ORDER BY 1;
PREPARE gone (text) AS DELETE FROM "Populations" WHERE "Name" LIKE $1;
EXECUTE gone ('By psql %');
\dt Gr*ps
\d+ "Users"
`)
	assert.Contains(t, out, "ü, \"0\"\n ü, \"1\"\n ü, \"2\"\n(3 rows)")
	assert.Contains(t, out, "Administrators | Groups | table | gateway")
	assert.Contains(t, out, `"pk_Users" PRIMARY KEY, btree ("Id")`)
	assert.Contains(t, out, `CONSTRAINT "fk_UserGroupAssociations_UserId" FOREIGN KEY ("UserId") REFERENCES "Users"("Id")`)
}
