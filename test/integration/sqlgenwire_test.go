//go:build duckdb_arrow

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/internal/testkit"
	"github.com/pingone-gateway/gateway/internal/testkit/seed"
	"github.com/pingone-gateway/gateway/pingone/sim"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

const wireStatements = 160 / thinner

// The formats of the protocol.
const (
	inText   = 0
	inBinary = 1
)

// dialWire connects without any of pgx's own conversions.
func dialWire(t *testing.T, s *testkit.Stack) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), "postgresql://anna@"+s.ServeWire(t)+"/pingone?sslmode=disable")
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// TestRandomSQLOverTheWire asks the same statements over HTTP and over the
// PostgreSQL protocol, in both of its formats, and compares the values.
func TestRandomSQLOverTheWire(t *testing.T) {
	t.Parallel()
	start := seed.Of(t)
	w := newOracleWorld(t, 60)
	conn := dialWire(t, w.web.Stack)
	g := &sqlgen{r: rand.New(rand.NewPCG(start, 7)), d: w.d, wide: true}
	rows, refused := 0, 0
	for n := range wireStatements {
		q := g.query()
		want, problem := w.answer(t, q)
		for _, format := range []int16{inText, inBinary} {
			got, types, err := overWire(t, conn, q, format)
			if problem != "" || err != nil {
				refused++
				if problem == "" || err == nil {
					t.Errorf("PROPERTY_SEED=%d, statement %d: %s\n%s\nover HTTP: %s\nover the wire: %v", start, n, q.sql, texts(q.parameters), problem, err)
				}
				continue
			}
			if len(got) == 0 && len(want) > 0 {
				t.Errorf("PROPERTY_SEED=%d, statement %d, format %d: %s\n%s\nno rows over the wire, %d over HTTP", start, n, format, q.sql, texts(q.parameters), len(want))
				continue
			}
			expected := make([][]string, len(want))
			for i, r := range want {
				for k, v := range r {
					expected[i] = append(expected[i], ofArrow(v, types[k]))
				}
			}
			if !q.ordered {
				sortRows(got)
				sortRows(expected)
			}
			if !slices.EqualFunc(got, expected, slices.Equal[[]string]) {
				t.Errorf("PROPERTY_SEED=%d, statement %d, format %d: %s\n%s\nover the wire, %d rows:\n%s\nover HTTP, %d rows:\n%s",
					start, n, format, q.sql, texts(q.parameters), len(got), some(got, expected), len(expected), some(expected, got))
			}
			rows += len(got)
		}
	}
	t.Logf("%d statements, %d rows, %d refused", wireStatements, rows, refused)
	assert.Greater(t, rows, wireStatements, "the statements say too little")
	assert.Less(t, refused, wireStatements/5)
}

// overWire runs a statement with its parameters and its result in a format.
func overWire(t *testing.T, conn *pgconn.PgConn, q generated, format int16) (rows [][]string, types []uint32, err error) {
	t.Helper()
	tokens, err := sqltext.Lex(q.sql)
	require.NoError(t, err)
	var edits []sqltext.Edit
	for _, token := range tokens {
		if token.Kind == sqltext.Param && token.Text == "?" {
			edits = append(edits, sqltext.Edit{Start: token.Start, End: token.End, Text: "$" + strconv.Itoa(len(edits)+1)})
		}
	}
	sql, _ := sqltext.Apply(q.sql, edits)
	values, oids, formats := make([][]byte, len(q.parameters)), make([]uint32, len(q.parameters)), make([]int16, len(q.parameters))
	for i, p := range q.parameters {
		if p.Null {
			continue
		}
		if formats[i] = inText; p.Value.Kind == predicate.Int {
			oids[i], formats[i] = pgtype.Int8OID, format
			values[i], err = pgtype.NewMap().Encode(pgtype.Int8OID, format, p.Value.Int, nil)
			require.NoError(t, err)
			continue
		}
		values[i] = []byte(p.Value.Text())
	}
	return decoded(conn.ExecParams(t.Context(), sql, values, oids, formats, []int16{format}).Read())
}

// decoded reads a result's values by their types.
func decoded(r *pgconn.Result) (rows [][]string, types []uint32, err error) {
	m := pgtype.NewMap()
	for _, f := range r.FieldDescriptions {
		types = append(types, f.DataTypeOID)
	}
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, raw := range row {
			f := r.FieldDescriptions[i]
			kind, ok := m.TypeForOID(f.DataTypeOID)
			if !ok {
				return nil, nil, fmt.Errorf("an unknown type %d of %s", f.DataTypeOID, f.Name)
			}
			v, err := kind.Codec.DecodeValue(m, f.DataTypeOID, f.Format, raw)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			cells[i] = plainly(v)
		}
		rows = append(rows, cells)
	}
	return rows, types, r.Err
}

// plainly is a value as both sides write it here.
func plainly(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case [16]byte:
		return uuid.UUID(v).String()
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case pgtype.Numeric:
		text, _ := v.MarshalJSON()
		return number(string(text))
	case pgtype.Time:
		return (time.Duration(v.Microseconds) * time.Microsecond).String()
	case []any: // of ids, perhaps
		out := make([]any, len(v))
		for i, item := range v {
			if out[i] = item; item != nil {
				if id, ok := item.([16]byte); ok {
					out[i] = uuid.UUID(id).String()
				}
			}
		}
		text, _ := json.Marshal(out)
		return string(text)
	case map[string]any:
		text, _ := json.Marshal(v) // what was JSON
		return string(text)
	case pgtype.Interval:
		return fmt.Sprint(v.Months, v.Days, v.Microseconds)
	default:
		return fmt.Sprint(v)
	}
}

// number has no zeros behind its last digit.
func number(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// ofArrow is a value of Arrow's text for a column that the wire has as a type.
func ofArrow(text string, oid uint32) string {
	if text == "NULL" {
		return text
	}
	var v any
	switch oid {
	case pgtype.TimestamptzOID, pgtype.TimestampOID, pgtype.DateOID:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02", "2006-01-02 15:04:05.999999999Z"} {
			if at, err := time.Parse(layout, text); err == nil {
				return plainly(at)
			}
		}
	case pgtype.Float8OID:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return plainly(f)
		}
	case pgtype.NumericOID:
		return number(text)
	case pgtype.IntervalOID:
		var i struct{ Months, Days, Nanoseconds int64 }
		if json.Unmarshal([]byte(text), &i) == nil {
			return fmt.Sprint(i.Months, i.Days, i.Nanoseconds/1000)
		}
	case pgtype.JSONOID, pgtype.TextArrayOID, pgtype.Int4ArrayOID, pgtype.Int8ArrayOID, pgtype.UUIDArrayOID, pgtype.BoolArrayOID:
		if json.Unmarshal([]byte(text), &v) == nil {
			return plainly(v)
		}
	}
	return text
}

// TestNamesOfColumnsOverTheWire has those that PostgreSQL gives, which queries around
// can say.
func TestNamesOfColumnsOverTheWire(t *testing.T) {
	t.Parallel()
	conn := dialWire(t, testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 20}}))
	for sql, want := range map[string]string{
		"SELECT count(*), coalesce(Title, ''), 1 + 1 FROM Users GROUP BY ALL":                                              "count coalesce ?column?",
		`SELECT "count" FROM (SELECT count(*) FROM Users) t WHERE "count" > 0`:                                             "count",
		"SELECT s.*, 'x' FROM (SELECT max(Username), lower('A') FROM Users) s":                                             "max lower ?column?",
		"WITH x AS (SELECT count(*), PopulationId FROM Users GROUP BY 2) SELECT max(count), x.* FROM x GROUP BY ALL":       "max count PopulationId",
		"SELECT date_part, list FROM (SELECT date_part('year', CreatedAt), list(Id ORDER BY Id) FROM Users GROUP BY 1) t":  "date_part list",
		"SELECT list(Id ORDER BY Username DESC), string_agg(Title, ',' ORDER BY Id) FROM Users":                            "list string_agg",
		"SELECT t.case, Id FROM (SELECT CASE WHEN IsEnabled THEN 1 END, Id::text FROM Users) t":                            "case Id",
		"SELECT sum FROM (SELECT sum(n) FROM (SELECT count(*) AS n FROM Users UNION ALL SELECT count(*) FROM Groups) u) v": "sum",
		"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY length(Username)) FROM Users":                                  "percentile_cont",
		"VALUES (1, lower('A')), (2, 'b')":                          "column1 column2",
		"SELECT * FROM (SELECT 1, count(*) FROM Users) v(a, \"B\")": "a B",
		"SELECT lower FROM (SELECT lower(Username) FROM Users ORDER BY lower(Username) LIMIT 3) t LEFT JOIN Groups g ON g.Name = t.lower": "lower",
	} {
		r := conn.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
		require.NoError(t, r.Err, sql)
		var names []string
		for _, f := range r.FieldDescriptions {
			names = append(names, f.Name)
		}
		assert.Equal(t, want, strings.Join(names, " "), sql)
	}
}

// TestParametersOfEveryType sends values in both formats and gets them back in
// both, equal to what HTTP says of the same literal.
func TestParametersOfEveryType(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t, testkit.Options{Sim: sim.Options{Users: 20}})
	web := s.Serve(t, testkit.WebOptions{})
	conn, m := dialWire(t, s), pgtype.NewMap()
	someID := [16]byte(uuid.MustParse("5f4644f0-dd35-4dd8-985c-345d55c984b2"))
	for _, c := range []struct {
		kind, literal string
		oid           uint32
		value         any
	}{
		{"BOOLEAN", "true", pgtype.BoolOID, true},
		{"SMALLINT", "-5", pgtype.Int2OID, int16(-5)},
		{"INTEGER", "2147483647", pgtype.Int4OID, int32(2147483647)},
		{"BIGINT", "-9223372036854775807", pgtype.Int8OID, int64(-9223372036854775807)},
		{"REAL", "0.1", pgtype.Float4OID, float32(0.1)},
		{"DOUBLE PRECISION", "1e-300", pgtype.Float8OID, 1e-300},
		{"DECIMAL(18, 4)", "12345678901.2500", pgtype.NumericOID, pgtype.Numeric{Int: big.NewInt(1234567890125), Exp: -2, Valid: true}},
		{"TEXT", "ü''\\\"; DROP", pgtype.TextOID, "ü'\\\"; DROP"},
		{"VARCHAR", "", pgtype.VarcharOID, ""},
		{"UUID", "5f4644f0-dd35-4dd8-985c-345d55c984b2", pgtype.UUIDOID, someID},
		{"DATE", "2024-02-29", pgtype.DateOID, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"TIMESTAMP", "1969-12-31 23:59:59.999999", pgtype.TimestampOID, time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{"TIMESTAMPTZ", "2024-02-29 10:11:12.5+00", pgtype.TimestamptzOID, time.Date(2024, 2, 29, 10, 11, 12, 500000000, time.UTC)},
		{"JSON", `{"a":[1,"b"]}`, pgtype.JSONOID, `{"a":[1,"b"]}`},
		{"TEXT[]", `[a, "b,c"]`, pgtype.TextArrayOID, []string{"a", "b,c"}},
		{"INTEGER[]", "[1, 2]", pgtype.Int4ArrayOID, []int32{1, 2}},
		{"BIGINT[]", "[1, -2]", pgtype.Int8ArrayOID, []int64{1, -2}},
		{"UUID[]", "[5f4644f0-dd35-4dd8-985c-345d55c984b2]", pgtype.UUIDArrayOID, [][16]byte{someID}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			want := arrowAnswer(t, web.URL, "SELECT CAST('"+c.literal+"' AS "+c.kind+") AS v")
			for _, in := range []int16{inText, inBinary} {
				raw, err := m.Encode(c.oid, in, c.value, []byte{})
				require.NoError(t, err)
				for _, out := range []int16{inText, inBinary} {
					for name, oids := range map[string][]uint32{"declared": {c.oid}, "left to the cast": nil} {
						got, types, err := decoded(conn.ExecParams(t.Context(), "SELECT $1::"+c.kind+" AS v", [][]byte{raw}, oids, []int16{in}, []int16{out}).Read())
						require.NoError(t, err, "%s, in %d, out %d", name, in, out)
						assert.Equal(t, ofArrow(want, types[0]), got[0][0], "%s, in %d, out %d", name, in, out)
					}
				}
			}
		})
	}
}

// arrowAnswer is the one value of a statement's answer over HTTP.
func arrowAnswer(t *testing.T, url, sql string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": sql})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/sql?format=arrow", bytes.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s", text)
	}
	r, err := ipc.NewReader(resp.Body)
	require.NoError(t, err)
	defer r.Release()
	require.True(t, r.Next())
	return testkit.Texts(r.RecordBatch())[0][0]
}
