package pgwire_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/pgwire"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// library is a desk with a table of two columns, which keeps what is inserted.
func library(inserted *[]string) *desk {
	columns := []query.Column{{Name: "Title", Type: catalog.String}, {Name: "Pages", Type: catalog.Int32}}
	books := func(context.Context, query.Statement) (*query.Answer, error) {
		return &query.Answer{Columns: columns, Rows: &counting{}}, nil
	}
	insert := func(_ context.Context, s query.Statement) (*query.Answer, error) {
		for _, p := range s.Positional {
			switch {
			case p.Null:
				*inserted = append(*inserted, "null")
			default:
				*inserted = append(*inserted, strings.Trim(p.Value.String(), "'"))
			}
		}
		rows := int64(len(s.Positional) / 2)
		return &query.Answer{Columns: columns, Rows: &counting{}, Changed: &query.Changed{Verb: "INSERT", Rows: rows}}, nil
	}
	return &desk{answers: answers{
		"SELECT * FROM Books": books, "SELECT Title, Pages FROM Books": books, "SELECT 1": count(10),
		`INSERT INTO Books ("Title", "Pages") VALUES ($1, $2)`:           insert,
		`INSERT INTO Books ("Title", "Pages") VALUES ($1, $2), ($3, $4)`: insert,
	}}
}

func TestCopyIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql, rows string
		tag, state      string
		says            string // in the error
		want            []string
	}{
		{name: "text", sql: "COPY Books FROM STDIN", rows: "A\\tB\\\\\t5\n\\N\t\\N\n\\.\nnothing\n", tag: "COPY 2", want: []string{"A\tB\\", "5", "null", "null"}},
		{name: "CSV with a header", sql: "COPY Books (Title, Pages) FROM STDIN WITH (FORMAT csv, HEADER)", rows: "Title,Pages\r\n\"a \"\"b\"\",\nc\",7\r\n\"\",\r\n", tag: "COPY 2", want: []string{"a \"b\",\nc", "7", "", "null"}},
		{name: "another delimiter and null", sql: "COPY Books FROM STDIN (FORMAT csv, DELIMITER ';', NULL 'NULL')", rows: "x;NULL", tag: "COPY 1", want: []string{"x", "null"}},
		{name: "no rows", sql: "COPY Books FROM STDIN CSV HEADER", rows: "Title,Pages\n", tag: "COPY 0"},
		{name: "too few values", sql: "COPY Books FROM STDIN", rows: "x\n", state: "22P04"},
		{name: "no number", sql: "COPY Books FROM STDIN CSV", rows: "w,1\nx,many\n", state: "22P02", says: "Row 2: The value of Pages of type integer is not a whole number"},
		{name: "an open quote", sql: "COPY Books FROM STDIN CSV", rows: "\"x,1\n", state: "22P04"},
		{name: "more than a message may hold", sql: "COPY Books FROM STDIN", rows: strings.Repeat("x\t1\n", 40_000), state: "54000"},
		{name: "from a file", sql: "COPY Books FROM '/etc/passwd'", state: "0A000"},
		{name: "in binary", sql: "COPY Books FROM STDIN BINARY", state: "0A000"},
		{name: "into a query", sql: "COPY (SELECT 1) FROM STDIN", state: "42601"},
		{name: "into no table", sql: "COPY nope FROM STDIN", state: "42P01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var inserted []string
			_, address := serve(t, library(&inserted), func(cfg *pgwire.Config) { cfg.MessageBytes = 80 << 10 })
			conn := dial(t, address)
			tag, err := conn.PgConn().CopyFrom(t.Context(), strings.NewReader(c.rows), c.sql)
			if c.state != "" {
				assert.Equal(t, c.state, pgError(t, err).Code)
				assert.Contains(t, err.Error(), c.says)
			} else {
				require.NoError(t, err)
				assert.Equal(t, c.tag, tag.String())
			}
			assert.Equal(t, c.want, inserted)
			_, err = conn.Exec(t.Context(), "SELECT 1")
			assert.NoError(t, err, "the session goes on")
		})
	}
}

func TestCopyInOfTheExtendedProtocol(t *testing.T) {
	t.Parallel()
	var inserted []string
	_, address := serve(t, library(&inserted), nil)
	p := open(t, address)
	p.send(parse("", "COPY Books FROM STDIN"), bind("", ""), execute("", 0), syncs(),
		&pgproto3.CopyData{Data: []byte("a\t1\nb")}, &pgproto3.CopyData{Data: []byte("\t2\n")}, &pgproto3.CopyDone{}, syncs())
	assert.Equal(t, "1 2 C:COPY 2 Z:I", p.until('Z'))
	assert.Equal(t, []string{"a", "1", "b", "2"}, inserted)
	p.send(simpleQuery("COPY Books FROM STDIN"), &pgproto3.CopyData{Data: []byte("a\t1\n")}, &pgproto3.CopyFail{Message: "no more"})
	assert.Equal(t, "E:57014 Z:I", p.until('Z'))
}

func TestPrepareAndExecute(t *testing.T) {
	t.Parallel()
	given := []string{}
	selected := func(_ context.Context, s query.Statement) (*query.Answer, error) {
		for _, p := range s.Positional {
			if p.Null {
				given = append(given, "null")
				continue
			}
			given = append(given, strings.Trim(p.Value.String(), "'"))
		}
		return count(10)(t.Context(), s)
	}
	d := &desk{answers: answers{"SELECT $1, $2": selected, "SELECT 1": count(10)}}
	_, address := serve(t, d, nil)
	p := open(t, address)
	for _, c := range []struct{ sql, want string }{
		{"PREPARE s (int, text) AS SELECT $1, $2; EXECUTE s (-5, 'it''s')", "C:PREPARE T D*10 C:SELECT 10 Z:I"},
		{"EXECUTE s(NULL, E'a\\n'); EXECUTE s(7::bigint, 'x')", "T D*10 C:SELECT 10 T D*10 C:SELECT 10 Z:I"},
		{"EXECUTE s(1)", "E:42601 Z:I"},
		{"EXECUTE s(1 + 1, 'x')", "E:0A000 Z:I"},
		{"EXECUTE s('five', 'x')", "E:22P02 Z:I"},
		{"PREPARE s AS SELECT 1", "E:42P05 Z:I"},
		{"PREPARE t AS", "E:42601 Z:I"},
		{"PREPARE t AS SELECT 1; EXECUTE t; DEALLOCATE t", "C:PREPARE T D*10 C:SELECT 10 C:DEALLOCATE Z:I"},
		{"EXECUTE t", "E:42P01 Z:I"}, // perhaps a procedure
		{"DEALLOCATE PREPARE s; DEALLOCATE s", "C:DEALLOCATE E:26000 Z:I"},
	} {
		p.send(simpleQuery(c.sql))
		assert.Equal(t, c.want, p.until('Z'), c.sql)
	}
	assert.Equal(t, []string{"-5", "it''s", "null", "a\n", "7", "x"}, given)
	p.send(simpleQuery("PREPARE t AS SELECT 1"))
	p.until('Z')
	p.send(bind("", "t"), execute("", 0), syncs())
	assert.Equal(t, "2 D*10 C:SELECT 10 Z:I", p.until('Z'), "Bind finds what PREPARE prepared")
}
