package pgwire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

func TestErrorsHaveStateAndPlace(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT 1": count(10)}}
	_, address := serve(t, d, nil)
	for _, c := range []struct {
		name, sql, state string
		position         int32
	}{
		{"a table", "SELECT ä, * FROM nope", "42P01", 18},
		{"behind a column that is named", "SELECT count FROM (SELECT count(*) FROM Books) s, nope", "42P01", 51},
		{"in the second statement", "SELECT 1; SELECT * FROM nope", "42P01", 25},
		{"inside of EXPLAIN's and COPY's", "COPY (SELECT nope) TO STDOUT", "42P01", 14},
		{"a text that is open", "SELECT 'a", "42601", 8},
		{"a parameter that is not there", "SHOW nothing_like_it", "42704", 0},
		{"a statement that is not prepared", "DEALLOCATE s", "26000", 0},
		{"a cursor that is not open", "FETCH 1 FROM c", "34000", 0},
		{"a refusal", "SELECT refused", "53400", 0},
		{"a savepoint outside", "SAVEPOINT s", "25P01", 0},
		{"an option of COPY", "COPY Books TO STDOUT (FORMAT xml2)", "42601", 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, address)
			_, err := conn.Exec(t.Context(), c.sql, pgx.QueryExecModeSimpleProtocol)
			e := pgError(t, err)
			assert.Equal(t, c.state, e.Code)
			assert.Equal(t, c.position, e.Position)
			assert.Equal(t, "ERROR", e.SeverityUnlocalized)
			_, err = conn.Exec(t.Context(), "SELECT 1")
			assert.NoError(t, err, "the session goes on")
		})
	}
	_, err := dial(t, address).Prepare(t.Context(), "s", "SELECT $1::int, count FROM (SELECT count(*) FROM Books) s, nope")
	assert.Equal(t, int32(60), pgError(t, err).Position, "behind a parameter")
}

// TestErrorsOfAllSessions: an error that many sessions get at once, as when the server
// stops, is changed by none of them. The race detector sees it.
func TestErrorsOfAllSessions(t *testing.T) {
	t.Parallel()
	shared := gwerr.New(gwerr.Busy, "The gateway is stopping.", "")
	d := &desk{answers: answers{"SELECT 1": func(context.Context, query.Statement) (*query.Answer, error) { return nil, shared }}}
	_, address := serve(t, d, nil)
	var sessions sync.WaitGroup
	for range 4 {
		conn := dial(t, address)
		sessions.Go(func() {
			for _, sql := range []string{"SELECT 1", "SELECT 1", "PREPARE s AS SELECT 1", "EXECUTE s"} {
				_, err := conn.Exec(context.Background(), sql, pgx.QueryExecModeSimpleProtocol)
				assert.Equal(t, sql[0] == 'P', err == nil, sql)
			}
			_, err := conn.Prepare(context.Background(), "t", "SELECT 1")
			assert.Error(t, err)
		})
	}
	sessions.Wait()
	assert.Equal(t, gwerr.NoPosition, shared.Position)
}

func TestPortalsGiveRowsInParts(t *testing.T) {
	t.Parallel()
	closed := false
	d := &desk{answers: answers{"SELECT n": func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: numbers, Rows: &counting{to: 1000, closed: func() { closed = true }}}, nil
	}}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	p.send(parse("", "SELECT n"), bind("", ""), execute("", 4), execute("", 13), syncs())
	assert.Equal(t, "1 2 D*4 s D*13 s Z:I", p.until('Z'))
	p.send(parse("", "BEGIN"), bind("b", ""), execute("b", 0), syncs())
	assert.Equal(t, "1 2 N C:BEGIN Z:T", p.until('Z'))
	p.send(parse("", "SELECT n"), bind("c", ""), execute("c", 990), syncs())
	assert.Equal(t, "1 2 D*990 s Z:T", p.until('Z'))
	p.send(execute("c", 0), syncs())
	assert.Equal(t, "D*10 C:SELECT 10 Z:T", p.until('Z'))
	p.send(execute("c", 0), syncs())
	assert.Equal(t, "C:SELECT 0 Z:T", p.until('Z'), "a portal that has run gives no row twice")
	d.mu.Lock()
	defer d.mu.Unlock()
	assert.True(t, closed)
	assert.Equal(t, 0, d.open)
	assert.Equal(t, 3, d.paused, "others have turns while the client waits")
}

func TestCursors(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT n": count(30)}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	for _, c := range []struct{ sql, want string }{
		{"DECLARE c CURSOR FOR SELECT n", "E:25P01 Z:I"},
		{"BEGIN; DECLARE c NO SCROLL CURSOR FOR SELECT n", "N C:BEGIN C:DECLARE CURSOR Z:T"},
		{"FETCH 5 FROM c", "T D*5 C:FETCH 5 Z:T"},
		{"MOVE 20 IN c", "C:MOVE 20 Z:T"},
		{"FETCH FORWARD ALL FROM c;FETCH NEXT c", "T D*5 C:FETCH 5 T C:FETCH 0 Z:T"},
		{"CLOSE c; DECLARE c CURSOR FOR SELECT n", "C:CLOSE CURSOR C:DECLARE CURSOR Z:T"},
		{"describe c", "T Z:T"},
		{"CLOSE c; COMMIT", "C:CLOSE CURSOR C:COMMIT Z:I"},
		{"DECLARE \"H\" CURSOR WITH HOLD FOR SELECT n", "C:DECLARE CURSOR Z:I"},
		{"FETCH BACKWARD 1 FROM \"H\"", "E:0A000 Z:I"},
		{"FETCH 30 IN \"H\"; FETCH \"H\"; CLOSE ALL", "T D*30 C:FETCH 30 T C:FETCH 0 C:CLOSE CURSOR ALL Z:I"},
		{"FETCH \"H\"", "E:34000 Z:I"},
	} {
		if c.sql == "describe c" {
			p.send(&pgproto3.Describe{ObjectType: 'P', Name: "c"}, syncs())
		} else {
			p.send(simpleQuery(c.sql))
		}
		assert.Equal(t, c.want, p.until('Z'), c.sql)
	}
}

func TestTransactions(t *testing.T) {
	t.Parallel()
	changed := func(context.Context, query.Statement) (*query.Answer, error) {
		a, err := count(0)(t.Context(), query.Statement{})
		a.Changed = &query.Changed{Verb: "INSERT", Rows: 2}
		return a, err
	}
	d := &desk{answers: answers{"SELECT 1": count(10), "INSERT INTO t VALUES (1)": changed}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	for _, c := range []struct{ sql, want string }{
		{"BEGIN", "N C:BEGIN Z:T"},
		{"SELECT nope", "E:42P01 Z:E"},
		{"SELECT 1", "E:25P02 Z:E"},
		{"COMMIT", "C:ROLLBACK Z:I"},
		{"BEGIN; SAVEPOINT a; SELECT nope", "N C:BEGIN C:SAVEPOINT E:42P01 Z:E"},
		{"ROLLBACK TO a; RELEASE a; SELECT 1", "C:ROLLBACK C:RELEASE T D*10 C:SELECT 10 Z:T"},
		{"INSERT INTO t VALUES (1)", "C:INSERT 0 2 Z:T"},
		{"ROLLBACK TO a", "N C:ROLLBACK Z:T"},
		{"ROLLBACK", "N C:ROLLBACK Z:I"},
		{"END", "N C:COMMIT Z:I"},
		{"", "I Z:I"},
		{";;", "I Z:I"},
	} {
		p.send(simpleQuery(c.sql))
		assert.Equal(t, c.want, p.until('Z'), c.sql)
	}
}

func TestReadOnlyTransactions(t *testing.T) {
	t.Parallel()
	changed := func(context.Context, query.Statement) (*query.Answer, error) {
		a, err := count(0)(t.Context(), query.Statement{})
		a.Changed = &query.Changed{Verb: "INSERT", Rows: 2}
		return a, err
	}
	const insert, refused = "INSERT INTO t VALUES (1)", "E:25006 Z:E"
	d := &desk{answers: answers{"SELECT 1": count(10), insert: changed, "CALL p()": count(1)}}
	_, address := serve(t, d, nil)
	for _, c := range []struct {
		name, before, sql, want string
	}{
		{"of a transaction", "BEGIN READ ONLY", insert, refused},
		{"among its modes", "START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY", insert, refused},
		{"of one that has begun", "BEGIN; SET TRANSACTION READ ONLY", insert, refused},
		{"by the parameter", "BEGIN; SET transaction_read_only = true", insert, refused},
		{"procedures too", "BEGIN READ ONLY", "CALL p()", refused},
		{"prepared ones too", "PREPARE w AS " + insert + "; BEGIN READ ONLY", "EXECUTE w", refused},
		{"reading goes on", "BEGIN READ ONLY", "SELECT 1", "T D*10 C:SELECT 10 Z:T"},
		{"until it ends", "BEGIN READ ONLY; COMMIT", insert, "C:INSERT 0 2 Z:I"},
		{"or may write again", "BEGIN READ ONLY; SET TRANSACTION READ WRITE", insert, "C:INSERT 0 2 Z:T"},
		{"isolation alone says nothing", "BEGIN ISOLATION LEVEL READ COMMITTED", insert, "C:INSERT 0 2 Z:T"},
		{"outside of one it ends at once", "SET TRANSACTION READ ONLY", insert, "C:INSERT 0 2 Z:I"},
		{"all that follow", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", insert, "E:25006 Z:I"},
		{"but one", "SET default_transaction_read_only TO on; BEGIN READ WRITE", insert, "C:INSERT 0 2 Z:T"},
		{"and no longer", "SET default_transaction_read_only = on; RESET ALL", insert, "C:INSERT 0 2 Z:I"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t, address)
			p.send(simpleQuery(c.before))
			require.NotContains(t, p.until('Z'), "E:")
			p.send(simpleQuery(c.sql))
			assert.Equal(t, c.want, p.until('Z'))
		})
	}
	conn := dial(t, address, simple)
	for _, c := range []struct{ set, want string }{{"SET default_transaction_read_only = 1", "on"}, {"BEGIN READ WRITE", "off"}, {"COMMIT", "on"}} {
		_, err := conn.Exec(t.Context(), c.set)
		require.NoError(t, err)
		var got string
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW transaction_read_only").Scan(&got))
		assert.Equal(t, c.want, got, c.set)
	}
	_, err := conn.Exec(t.Context(), "SET default_transaction_read_only = perhaps")
	assert.Equal(t, "22023", pgError(t, err).Code)
}

func TestAfterAnErrorMessagesAreSkippedToSync(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT 1": count(10)}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	p.send(parse("", "SELECT nope"), bind("", ""), execute("", 0), parse("s", "SELECT 1"), syncs())
	assert.Equal(t, "1 2 E:42P01 Z:I", p.until('Z'))
	p.send(bind("", "s"), syncs())
	assert.Equal(t, "E:26000 Z:I", p.until('Z'))
	p.send(parse("s", "SELECT 1; SELECT 1"), syncs())
	assert.Equal(t, "E:42601 Z:I", p.until('Z'))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT 1": count(10)}}
	_, address := serve(t, d, nil)
	conn := dial(t, address, simple)
	for _, c := range []struct{ set, show, want string }{
		{"SET DateStyle = 'ISO'", "DateStyle", "ISO, MDY"},
		{"SET extra_float_digits = 3", "extra_float_digits", "3"},
		{"SET SESSION application_name TO 'a b'", "application_name", "a b"},
		{"SET TIME ZONE 'Europe/Berlin'", "timezone", "UTC"},
		{"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", "transaction isolation level", "read committed"},
		{"SET my.own = 'x'", "my.own", "x"},
		{"SET search_path TO \"$user\", Country, public", "search_path", `"Country"`},
		{"RESET search_path", "search_path", `"Town"`},
		{"SELECT set_config('search_path', '\"$user\", Country', false)", "search_path", `"Country"`},
		{"SELECT pg_catalog.set_config('search_path', '', false)", "search_path", `"Town"`},
		{"SELECT set_config('application_name', 'it''s', false);", "application_name", "it's"},
		{"RESET ALL", "application_name", ""},
		{"SET NAMES 'utf8'", "client_encoding", "UTF8"},
	} {
		_, err := conn.Exec(t.Context(), c.set)
		require.NoError(t, err, c.set)
		var got string
		require.NoError(t, conn.QueryRow(t.Context(), "SHOW "+c.show).Scan(&got), c.show)
		assert.Equal(t, c.want, got, c.set)
	}
	var set string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT set_config('my.own', 'y', true)", pgx.QueryExecModeDescribeExec).Scan(&set))
	assert.Equal(t, "y", set, "described before it runs")
	for set, state := range map[string]string{
		"SELECT set_config('search_path', 'nowhere', false)": "3F000", "SELECT set_config('search_path', '\"', false)": "42601",
		"SET search_path TO nowhere": "3F000", "SET client_encoding TO 'LATIN1'": "22023", "SET server_version = '9'": "55P02",
		"SET ROLE other": "0A000", "SET statement_timeout = 'soon'": "22023", "SET x": "42601",
	} {
		_, err := conn.Exec(t.Context(), set)
		assert.Equal(t, state, pgError(t, err).Code, set)
	}
	_, err := conn.Exec(t.Context(), "SET search_path TO Country; SELECT 1; DISCARD ALL; SELECT 1")
	require.NoError(t, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	assert.Equal(t, []string{"Country:SELECT 1", ":SELECT 1"}, d.begun)
}

func TestCopyOut(t *testing.T) {
	t.Parallel()
	columns := []query.Column{{Name: "a", Type: catalog.String}, {Name: "b", Type: catalog.Int32}}
	rows := answer(columns, []arrow.DataType{arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32}, `[{"a":"x","b":1},{"a":"y\t\"z\",\n\\","b":null},{"a":"","b":3},{"a":null,"b":4}]`)
	d := &desk{answers: answers{"SELECT a, b FROM t": rows, "SELECT * FROM t": rows, "SELECT a, b FROM \"t\"": rows}}
	_, address := serve(t, d, nil)
	conn := dial(t, address)
	inBinary := "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x02\x00\x00\x00\x01x\x00\x00\x00\x04\x00\x00\x00\x01" +
		"\x00\x02\x00\x00\x00\x08y\t\"z\",\n\\" + "\xff\xff\xff\xff" + "\x00\x02\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x03" + "\x00\x02\xff\xff\xff\xff\x00\x00\x00\x04\x00\x00\x00\x04" + "\xff\xff"
	for _, c := range []struct{ sql, want string }{
		{"COPY t TO STDOUT (FORMAT \"binary\");", inBinary},
		{"COPY t TO STDOUT (FORMAT 'text')", "x\t1\ny\\t\"z\",\\n\\\\\t\\N\n\t3\n\\N\t4\n"},
		{"COPY (SELECT a, b FROM t) TO STDOUT", "x\t1\ny\\t\"z\",\\n\\\\\t\\N\n\t3\n\\N\t4\n"},
		{"COPY t TO STDOUT WITH CSV HEADER", "a,b\nx,1\n\"y\t\"\"z\"\",\n\\\",\n\"\",3\n,4\n"},
		{"copy \"t\" (a, b) to stdout (format csv, delimiter ';', null 'NULL', force_quote (a))", "\"x\";1\n\"y\t\"\"z\"\",\n\\\";NULL\n\"\";3\nNULL;4\n"},
		{"COPY t TO STDOUT BINARY", inBinary},
	} {
		var out bytes.Buffer
		tag, err := conn.PgConn().CopyTo(t.Context(), &out, c.sql)
		require.NoError(t, err, c.sql)
		assert.Equal(t, "COPY 4", tag.String())
		assert.Equal(t, c.want, out.String(), c.sql)
	}
}

// waiting is a desk whose rows wait after the first 20, and a signal when they
// do.
func waiting(t *testing.T) (d *desk, waits, closed chan struct{}) {
	waits, closed = make(chan struct{}), make(chan struct{})
	d = &desk{answers: answers{"SELECT n": func(context.Context, query.Statement) (*query.Answer, error) {
		rows := &counting{to: 100, stop: 20, waiting: func() { close(waits) }}
		rows.closed = func() {
			if rows.at > 0 { // not described alone
				close(closed)
			}
		}
		return &query.Answer{Columns: numbers, Rows: rows}, nil
	}, "SELECT 1": count(10)}}
	return d, waits, closed
}

func TestRowsGoOutAsTheyComeAndCancelEndsThem(t *testing.T) {
	t.Parallel()
	d, waits, closed := waiting(t)
	_, address := serve(t, d, nil)
	conn := dial(t, address)
	rows, err := conn.Query(t.Context(), "SELECT n")
	require.NoError(t, err)
	for range 20 {
		require.True(t, rows.Next(), "%v", rows.Err())
	}
	<-waits
	require.NoError(t, conn.PgConn().CancelRequest(t.Context()))
	assert.False(t, rows.Next())
	assert.Equal(t, "57014", pgError(t, rows.Err()).Code)
	<-closed
	_, err = conn.Exec(t.Context(), "SELECT 1")
	assert.NoError(t, err, "the session goes on")
}

func TestTheClientsLeavingEndsTheWork(t *testing.T) {
	t.Parallel()
	d, waits, closed := waiting(t)
	_, address := serve(t, d, nil)
	p := open(t, address)
	p.send(simpleQuery("SELECT n"))
	<-waits
	p.conn.Close()
	<-closed
}

func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	d, _, _ := waiting(t)
	_, address := serve(t, d, nil)
	conn := dial(t, address, simple)
	_, err := conn.Exec(t.Context(), "SET statement_timeout = '20ms'")
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "SELECT n")
	assert.Equal(t, "57014", pgError(t, err).Code)
	assert.Contains(t, err.Error(), "statement_timeout")
}

func TestDraining(t *testing.T) {
	t.Parallel()
	d, waits, _ := waiting(t)
	release := make(chan struct{})
	d.answers["SELECT slow"] = func(context.Context, query.Statement) (*query.Answer, error) {
		close(waits)
		<-release
		return count(10)(t.Context(), query.Statement{})
	}
	s, address := serve(t, d, nil)
	idle, busy := open(t, address), open(t, address)
	busy.send(simpleQuery("SELECT slow"))
	<-waits
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	assert.Equal(t, "E:57P01 EOF", idle.until(0), "who does nothing is told to leave")
	close(release)
	assert.Equal(t, "T D*10 C:SELECT 10 Z:I E:57P01 EOF", busy.until(0), "who works gets the whole answer")
	require.NoError(t, <-stopped)
	_, err := pgconn.Connect(t.Context(), "postgres://anna@"+address+"/library?sslmode=disable")
	assert.Error(t, err)
}

func TestCloseEndsStatements(t *testing.T) {
	t.Parallel()
	d, waits, closed := waiting(t)
	s, address := serve(t, d, nil)
	p := open(t, address)
	p.send(simpleQuery("SELECT n"))
	<-waits
	require.NoError(t, s.Close())
	<-closed
	assert.Equal(t, "T D*20 E:53300 Z:I E:57P01 EOF", p.until(0))
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	d := &desk{password: "right", answers: answers{"SELECT 1": count(10)}}
	_, address := serve(t, d, nil)
	for _, c := range []struct{ name, url, state string }{
		{"right", "postgres://anna:right@%s/library", ""},
		{"a schema", "postgres://anna:right@%s/library.Country", ""},
		{"wrong", "postgres://anna:wrong@%s/library", "28P01"},
		{"none", "postgres://anna@%s/library", "28P01"},
		{"no such connection", "postgres://anna:right@%s/nowhere", "02000"},
		{"no such schema", "postgres://anna:right@%s/library.Nowhere", "3D000"},
		{"replication", "postgres://anna:right@%s/library?replication=database", "0A000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := pgconn.Connect(t.Context(), fmt.Sprintf(c.url, address)+map[bool]string{true: "&", false: "?"}[bytes.ContainsRune([]byte(c.url), '?')]+"sslmode=disable")
			if c.state == "" {
				require.NoError(t, err)
				assert.Equal(t, "15.0", conn.ParameterStatus("server_version"))
				conn.Close(t.Context())
				return
			}
			assert.Equal(t, c.state, pgError(t, err).Code)
		})
	}
}

func TestPasswordsOfOtherHostsNeedTLS(t *testing.T) {
	t.Parallel()
	require.Error(t, pgwire.PasswordAllowed(&pgwire.Config{RequireTLS: true}, pgwire.Login{Remote: netip.MustParseAddr("192.0.2.1")}))
	require.NoError(t, pgwire.PasswordAllowed(&pgwire.Config{RequireTLS: true}, pgwire.Login{Remote: netip.MustParseAddr("127.0.0.1")}))
	require.NoError(t, pgwire.PasswordAllowed(&pgwire.Config{}, pgwire.Login{Remote: netip.MustParseAddr("192.0.2.1")}))
}

func TestTooManyClients(t *testing.T) {
	t.Parallel()
	_, address := serve(t, &desk{}, func(c *pgwire.Config) { c.Connections = 1 })
	dial(t, address)
	_, err := pgconn.Connect(t.Context(), "postgres://anna@"+address+"/library?sslmode=disable")
	assert.Equal(t, "53300", pgError(t, err).Code)
}

func TestAPanicFailsItsStatementAlone(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT 1": count(10), "SELECT bad": func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: numbers, Rows: broken{}}, nil
	}}}
	_, address := serve(t, d, nil)
	conn := dial(t, address)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
		_, err := conn.Exec(t.Context(), "SELECT bad", mode)
		assert.Equal(t, "XX000", pgError(t, err).Code)
		_, err = conn.Exec(t.Context(), "SELECT 1", mode)
		assert.NoError(t, err)
	}
}

type broken struct{}

func (broken) Schema() *arrow.Schema                    { return nil }
func (broken) Next(context.Context) (scan.Batch, error) { panic("a defect") }
func (broken) Close()                                   {}

func TestAnErrorAfterRowsIsOne(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{"SELECT n": func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: numbers, Rows: &failing{counting{to: 100}}}, nil
	}}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	p.send(simpleQuery("SELECT n"))
	assert.Equal(t, "T D*10 E:58030 Z:I", p.until('Z'))
	d.mu.Lock()
	defer d.mu.Unlock()
	if assert.Len(t, d.ends, 2) {
		assert.True(t, gwerr.Is(d.ends[1], gwerr.UpstreamFailed))
	}
}

type failing struct{ counting }

func (f *failing) Next(ctx context.Context) (scan.Batch, error) {
	if f.at > 0 {
		return scan.Batch{}, gwerr.Wrap(gwerr.UpstreamFailed, errors.Join(io.ErrUnexpectedEOF), "PingOne failed.", "")
	}
	return f.counting.Next(ctx)
}
