//go:build duckdb_arrow

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/auth/apikey"
	"github.com/pingone-gateway/gateway/pingone/sim"
)

// onWire are settings of a gateway with the PostgreSQL protocol.
func onWire(set map[string]string) map[string]string {
	out := map[string]string{"postgres.address": "127.0.0.1:0", "auth.mode": "none", "auth.anonymous_roles": "admin", "connections.pingone.readonly": "false"}
	for k, v := range set {
		out[k] = v
	}
	return out
}

// psql runs commands as a user would, and gives what it printed.
func psql(t *testing.T, r *running, url, commands string, env ...string) string {
	t.Helper()
	path, err := exec.LookPath("psql")
	require.NoError(t, err, "scripts/install-test-deps.sh installs it")
	cmd := exec.CommandContext(t.Context(), path, "-X", "--no-psqlrc", strings.ReplaceAll(url, "HOST", r.server.Addr(wireName)))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=60", "PSQL_PAGER="}, env...)
	cmd.Stdin = strings.NewReader(commands)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

const openURL = "postgresql://anna@HOST/pingone?sslmode=disable"

func TestPsql(t *testing.T) {
	t.Parallel()
	r := start(t, sim.Options{}, onWire(nil))
	const plain = "\\pset tuples_only\n\\pset format unaligned\n"
	for _, c := range []struct{ name, commands, want string }{
		{"its tables", `\dt Gr*ps`, " Administrators | Groups | table | gateway\n(1 row)\n"},
		{"a table's form", `\d "Populations"`, "    \"pk_Populations\" PRIMARY KEY, btree (\"Id\")\nForeign-key constraints:\n    \"fk_Populations_EnvironmentId\" FOREIGN KEY (\"EnvironmentId\") REFERENCES \"Information\".\"Environments\"(\"Id\")"},
		{"a table's comments", `\d+ groups`, "| Identifier of the group.\n"},
		{"schemas", `\dn Information`, " Information | gateway\n"},
		{"databases", `\l`, " pingone | gateway | UTF8 "},
		{"a description", "SELECT 1 AS a, 'x' AS b \\gdesc", " a      | integer\n b      | text\n"},
		{"a table", `SELECT "Name" FROM "Populations" WHERE "IsDefault";`, "  Name   \n---------\n Default\n(1 row)\n"},
		{"as CSV", "\\pset format csv\nSELECT count(*) AS n, true AS b, NULL AS x FROM Users;", "n,b,x\n120,t,\n"},
		{"several", plain + "SELECT 1;SELECT 'a';", "1\na\n"},
		{"a place", "SELECT\n  nope FROM Users;", "ERROR:  There is no column nope here\nLINE 2:   nope FROM Users;\n          ^\n"},
		{"copy", `\copy (SELECT 'a,b' AS x, 1 AS y) TO STDOUT CSV HEADER`, "x,y\n\"a,b\",1\n"},
		{"by parts", "\\set FETCH_COUNT 2\n" + plain + "SELECT x FROM range(5) t(x) ORDER BY x;", "0\n1\n2\n3\n4\n"},
		{"a variable", "\\set who 'a''b'\n" + plain + "SELECT :'who';", "a'b\n"},
		{"a transaction", "BEGIN;\nROLLBACK;", "ROLLBACK\n"},
		{"connection", `\conninfo`, `You are connected to database "pingone" as user "anna"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Contains(t, psql(t, r, openURL, c.commands), c.want)
		})
	}
}

func TestStatementsOverTheWire(t *testing.T) {
	t.Parallel()
	r := start(t, sim.Options{}, onWire(nil))
	conn, err := pgx.Connect(t.Context(), strings.ReplaceAll(openURL, "HOST", r.server.Addr(wireName)))
	require.NoError(t, err)
	defer conn.Close(context.Background())

	t.Run("every mode gives the same rows", func(t *testing.T) {
		type user struct {
			ID        string
			Username  string
			IsEnabled bool
			CreatedAt time.Time
		}
		sql := "SELECT Id, Username, IsEnabled, CreatedAt FROM Users WHERE Username = $1 OR CreatedAt > $2 AND IsEnabled = $3 ORDER BY Username LIMIT $4"
		var first []user
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheStatement} {
			rows, err := conn.Query(t.Context(), sql, mode, "nobody", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), true, 7)
			require.NoError(t, err, mode)
			got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u user, err error) {
				err = row.Scan(&u.ID, &u.Username, &u.IsEnabled, &u.CreatedAt)
				u.CreatedAt = u.CreatedAt.UTC()
				return u, err
			})
			require.NoError(t, err, mode)
			require.Len(t, got, 7, mode)
			if first == nil {
				first = got
			}
			assert.Equal(t, first, got, mode)
		}
	})
	t.Run("changes tell their number and return rows", func(t *testing.T) {
		var id, name string
		err := conn.QueryRow(t.Context(), "INSERT INTO Populations (Name, Description) VALUES ($1, $2) RETURNING Id, Name", "From the wire", "x").Scan(&id, &name)
		require.NoError(t, err)
		assert.Equal(t, "From the wire", name)
		tag, err := conn.Exec(t.Context(), "UPDATE Populations SET Description = $1 WHERE Id = $2", "y", id)
		require.NoError(t, err)
		assert.Equal(t, "UPDATE 1", tag.String())
		tag, err = conn.Exec(t.Context(), "DELETE FROM Populations WHERE Id = $1", id)
		require.NoError(t, err)
		assert.Equal(t, "DELETE 1", tag.String())
		tag, err = conn.Exec(t.Context(), "INSERT INTO Populations (Name) VALUES ('Another')")
		require.NoError(t, err)
		assert.Equal(t, "INSERT 0 1", tag.String())
	})
	t.Run("the schema is that of the database or of search_path", func(t *testing.T) {
		name := strings.ReplaceAll("postgresql://anna@HOST/pingone.Information?sslmode=disable", "HOST", r.server.Addr(wireName))
		other, err := pgx.Connect(t.Context(), name)
		require.NoError(t, err)
		defer other.Close(context.Background())
		var n, m int
		require.NoError(t, other.QueryRow(t.Context(), "SELECT count(*) FROM Environments").Scan(&n))
		_, err = conn.Exec(t.Context(), "SET search_path TO Information")
		require.NoError(t, err)
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM Environments").Scan(&m))
		assert.Equal(t, n, m)
		assert.Positive(t, n)
	})
}

func TestCallersOfTheWire(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	certFile, keyFile := ca.server(t, t.TempDir())
	s, address := simulator(t, sim.Options{})
	keysFile := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keysFile, "reader")
	r := startOver(t, settings(t, s, address, map[string]string{
		"postgres.address": "127.0.0.1:0", "auth.mode": "keys,passthrough", "auth.keys_file": keysFile,
		"listen.tls.cert_file": certFile, "listen.tls.key_file": keyFile,
	}))
	connect := func(user, password, mode string) error {
		cfg, err := pgconn.ParseConfig("postgresql://" + r.server.Addr(wireName) + "/pingone?sslmode=" + mode)
		require.NoError(t, err)
		cfg.User, cfg.Password, cfg.Fallbacks = user, password, nil
		if cfg.TLSConfig != nil {
			cfg.TLSConfig = &tls.Config{RootCAs: ca.pool(), ServerName: "127.0.0.1", NextProtos: []string{"postgresql"}}
		}
		conn, err := pgconn.ConnectConfig(t.Context(), cfg)
		if err != nil {
			return err
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(t.Context(), "SELECT count(*) FROM Users").ReadAll()
		return err
	}
	require.NoError(t, connect("anyone", key, "require"))
	require.NoError(t, connect(sim.AppWorker.ID, sim.AppWorker.Secret, "require"), "passed through")
	require.NoError(t, connect("anyone", tokenOf(t, s, address, sim.AppWorker), "require"), "a token of PingOne's")
	require.ErrorContains(t, connect("anyone", "wrong", "require"), "28P01")
	require.NoError(t, connect("anyone", key, "disable"), "this host needs no TLS")

	outcomes := map[string]int{}
	for _, l := range r.audited(t, 9) {
		assert.Equal(t, "pgwire", l["front_end"])
		outcomes[fmt.Sprint(l["action"])]++
	}
	assert.Equal(t, map[string]int{"metadata": 4, "query": 4, "sign_in": 1}, outcomes)
	assert.NotContains(t, r.logged.String(), key)
	assert.Contains(t, ask(t, http.DefaultClient, nobody, http.MethodGet, r.admin+"/metrics", "").body, `front_end="pgwire"`)
}

// TestKeysAreProvedWithoutBeingSent signs in by SCRAM where the user is the
// key's id, bound to the TLS connection where there is one.
func TestKeysAreProvedWithoutBeingSent(t *testing.T) {
	t.Parallel()
	ca, dir := newAuthority(t), t.TempDir()
	certFile, tlsKey := ca.server(t, dir)
	keysFile := filepath.Join(dir, "keys.json")
	key := newKey(t, keysFile, "reader")
	r := start(t, sim.Options{}, map[string]string{
		"postgres.address": "127.0.0.1:0", "auth.mode": "keys", "auth.keys_file": keysFile, "listen.tls.cert_file": certFile, "listen.tls.key_file": tlsKey,
	})
	id, _, _ := strings.Cut(strings.TrimPrefix(key, "pgw_"), "_")
	ask := func(user, password, options string) (string, error) {
		path, err := exec.LookPath("psql")
		require.NoError(t, err, "scripts/install-test-deps.sh installs it")
		cmd := exec.CommandContext(t.Context(), path, "-X", "-At", "-c", "SELECT count(*) FROM Users", "postgresql://"+user+"@"+r.server.Addr(wireName)+"/pingone?"+options)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PGPASSWORD=" + password}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, c := range []struct {
		name, user, password, options, want string
		fails                               bool
	}{
		{"bound to TLS", id, key, "sslmode=require&channel_binding=require", "120\n", false},
		{"with the key's beginning", "pgw_" + id, key, "sslmode=require&channel_binding=require", "120\n", false},
		{"without TLS", id, key, "sslmode=disable", "120\n", false},
		{"a wrong key", id, key[:len(key)-1] + "x", "sslmode=require", "not valid", true},
		{"any user's password is sent", "anna", key, "sslmode=require&channel_binding=disable", "120\n", false},
		{"which a binding client refuses", "anna", key, "sslmode=require&channel_binding=require", "channel binding required", true},
	} {
		out, err := ask(c.user, c.password, c.options)
		assert.Equal(t, c.fails, err != nil, "%s: %s", c.name, out)
		assert.Contains(t, out, c.want, c.name)
	}
	_, err := (&apikey.File{Path: keysFile}).Revoke(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, r.callers.keys.Reload())
	out, err := ask(id, key, "sslmode=require")
	require.Error(t, err)
	assert.Contains(t, out, "not valid")
	assert.NotContains(t, r.logged.String(), key)
}

func TestARevokedKeyEndsItsSession(t *testing.T) {
	t.Parallel()
	keysFile := filepath.Join(t.TempDir(), "keys.json")
	key := newKey(t, keysFile, "reader")
	r := start(t, sim.Options{}, map[string]string{"postgres.address": "127.0.0.1:0", "auth.mode": "keys", "auth.keys_file": keysFile})
	conn, err := pgconn.Connect(t.Context(), "postgresql://u:"+key+"@"+r.server.Addr(wireName)+"/pingone?sslmode=disable")
	require.NoError(t, err)
	defer conn.Close(context.Background())
	id := strings.Split(key, "_")[1]
	_, err = (&apikey.File{Path: keysFile}).Revoke(t.Context(), id)
	require.NoError(t, err)
	require.NoError(t, r.callers.keys.Reload())
	_, err = conn.Exec(t.Context(), "SELECT 1").ReadAll()
	assert.ErrorContains(t, err, "28P01")
}
