package pgwire_test

import (
	"context"
	"math/big"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// typed are values of every type, as the engine gives them.
var typed = []struct {
	name, sqlType string
	arrow         arrow.DataType
	json          string
	oid           uint32
	text          string
	value         any // as pgx reads it
}{
	{"text", "VARCHAR", arrow.BinaryTypes.String, `"a\"ä"`, pgtype.TextOID, `a"ä`, `a"ä`},
	{"bool", "BOOLEAN", arrow.FixedWidthTypes.Boolean, `true`, pgtype.BoolOID, "t", true},
	{"byte", "TINYINT", arrow.PrimitiveTypes.Int8, `-5`, pgtype.Int2OID, "-5", int16(-5)},
	{"int2", "SMALLINT", arrow.PrimitiveTypes.Int16, `-300`, pgtype.Int2OID, "-300", int16(-300)},
	{"int4", "INTEGER", arrow.PrimitiveTypes.Int32, `-70000`, pgtype.Int4OID, "-70000", int32(-70000)},
	{"int8", "BIGINT", arrow.PrimitiveTypes.Int64, `9007199254740993`, pgtype.Int8OID, "9007199254740993", int64(9007199254740993)},
	{"unsigned", "UINTEGER", arrow.PrimitiveTypes.Uint32, `4294967295`, pgtype.Int8OID, "4294967295", int64(4294967295)},
	{"large", "UBIGINT", arrow.PrimitiveTypes.Uint64, `18446744073709551615`, pgtype.NumericOID, "18446744073709551615", numeric("18446744073709551615", 0)},
	{"float4", "FLOAT", arrow.PrimitiveTypes.Float32, `0.5`, pgtype.Float4OID, "0.5", float32(0.5)},
	{"float8", "DOUBLE", arrow.PrimitiveTypes.Float64, `0.1`, pgtype.Float8OID, "0.1", 0.1},
	{"many digits", "DOUBLE", arrow.PrimitiveTypes.Float64, `1e21`, pgtype.Float8OID, "1e+21", 1e21},
	{"few digits", "DOUBLE", arrow.PrimitiveTypes.Float64, `0.00001`, pgtype.Float8OID, "1e-05", 0.00001},
	{"decimal", "DECIMAL(18,3)", &arrow.Decimal128Type{Precision: 18, Scale: 3}, `"-12345.670"`, pgtype.NumericOID, "-12345.670", numeric("-12345670", -3)},
	{"small decimal", "DECIMAL(18,8)", &arrow.Decimal128Type{Precision: 18, Scale: 8}, `"0.00001234"`, pgtype.NumericOID, "0.00001234", numeric("1234", -8)},
	{"zero", "DECIMAL(9,2)", &arrow.Decimal128Type{Precision: 9, Scale: 2}, `"0.00"`, pgtype.NumericOID, "0.00", numeric("0", 0)},
	{"date", "DATE", arrow.FixedWidthTypes.Date32, `"2024-02-29"`, pgtype.DateOID, "2024-02-29", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
	{"time", "TIME", arrow.FixedWidthTypes.Time64us, `"10:11:12.5"`, pgtype.TimeOID, "10:11:12.5", pgtype.Time{Microseconds: 36672500000, Valid: true}},
	{"timestamp", "TIMESTAMP", &arrow.TimestampType{Unit: arrow.Microsecond}, `"1999-12-31 23:59:59.25"`, pgtype.TimestampOID, "1999-12-31 23:59:59.25", time.Date(1999, 12, 31, 23, 59, 59, 250e6, time.UTC)},
	{"instant", "TIMESTAMPTZ", &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}, `"2024-03-01 09:12:42.010Z"`, pgtype.TimestamptzOID, "2024-03-01 09:12:42.01+00", time.Date(2024, 3, 1, 9, 12, 42, 10e6, time.UTC)},
	{"uuid", "UUID", arrow.BinaryTypes.String, `"0f0e0d0c-0b0a-4908-8706-050403020100"`, pgtype.UUIDOID, "0f0e0d0c-0b0a-4908-8706-050403020100", [16]byte{15, 14, 13, 12, 11, 10, 0x49, 8, 0x87, 6, 5, 4, 3, 2, 1, 0}},
	{"json", "JSON", arrow.BinaryTypes.String, `"{\"a\":[1]}"`, pgtype.JSONOID, `{"a":[1]}`, map[string]any{"a": []any{1.0}}},
	{"struct", "STRUCT(a INTEGER)", arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32}), `{"a":1}`, pgtype.JSONOID, `{"a":1}`, map[string]any{"a": 1.0}},
	{"bytes", "BLOB", arrow.BinaryTypes.Binary, `"AP8="`, pgtype.ByteaOID, `\x00ff`, []byte{0, 255}},
	{"list", "VARCHAR[]", arrow.ListOf(arrow.BinaryTypes.String), `["a","b c",null,"","NULL","\"\\,{}"]`, pgtype.TextArrayOID, `{a,"b c",NULL,"","NULL","\"\\,{}"}`, []any{"a", "b c", nil, "", "NULL", `"\,{}`}},
	{"numbers", "BIGINT[]", arrow.ListOf(arrow.PrimitiveTypes.Int64), `[1,-2]`, pgtype.Int8ArrayOID, `{1,-2}`, []any{int64(1), int64(-2)}},
	{"empty list", "INTEGER[]", arrow.ListOf(arrow.PrimitiveTypes.Int32), `[]`, pgtype.Int4ArrayOID, `{}`, []any{}},
	{"other", "ENUM('a')", arrow.BinaryTypes.String, `"a"`, pgtype.TextOID, "a", "a"},
}

func numeric(digits string, exponent int32) pgtype.Numeric {
	n, _ := new(big.Int).SetString(digits, 10)
	return pgtype.Numeric{Int: n, Exp: exponent, Valid: true}
}

func TestEveryTypeInBothFormats(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{}}
	for _, c := range typed {
		columns := []query.Column{{Name: "v", SQLType: c.sqlType}}
		d.answers["SELECT "+c.name] = answer(columns, []arrow.DataType{c.arrow}, `[{"v":`+c.json+`},{"v":null}]`)
	}
	_, address := serve(t, d, nil)
	conn := dial(t, address)
	for _, c := range typed {
		t.Run(c.name, func(t *testing.T) {
			for format, name := range []string{"text", "binary"} {
				r := conn.PgConn().ExecParams(t.Context(), "SELECT "+c.name, nil, nil, nil, []int16{int16(format)}).Read()
				require.NoError(t, r.Err, name)
				assert.Equal(t, c.oid, r.FieldDescriptions[0].DataTypeOID)
				require.Len(t, r.Rows, 2)
				assert.Nil(t, r.Rows[1][0])
				if format == 0 {
					assert.Equal(t, c.text, string(r.Rows[0][0]))
				}
			}
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol, pgx.QueryExecModeExec} {
				rows, err := conn.Query(t.Context(), "SELECT "+c.name, mode)
				require.NoError(t, err)
				require.True(t, rows.Next(), "%s: %v", mode, rows.Err())
				values, err := rows.Values()
				require.NoError(t, err)
				if want, is := c.value.(time.Time); is {
					assert.True(t, want.Equal(values[0].(time.Time)), "%s: %v", mode, values[0])
				} else if want, is := c.value.(pgtype.Numeric); is {
					assertNumeric(t, want, values[0].(pgtype.Numeric))
				} else {
					assert.Equal(t, c.value, values[0], mode)
				}
				rows.Close()
				require.NoError(t, rows.Err())
			}
		})
	}
}

// assertNumeric compares numbers whatever their exponent.
func assertNumeric(t *testing.T, want, got pgtype.Numeric) {
	t.Helper()
	rat := func(n pgtype.Numeric) *big.Rat {
		r := new(big.Rat).SetInt(n.Int)
		ten := new(big.Rat).SetInt64(10)
		for ; n.Exp < 0; n.Exp++ {
			r.Quo(r, ten)
		}
		for ; n.Exp > 0; n.Exp-- {
			r.Mul(r, ten)
		}
		return r
	}
	assert.Zero(t, rat(want).Cmp(rat(got)), "want %v, got %v", rat(want), rat(got))
}

func TestParametersOfEveryType(t *testing.T) {
	t.Parallel()
	var got []query.Parameter
	echo := func(_ context.Context, s query.Statement) (*query.Answer, error) {
		got = s.Positional
		return count(0)(context.Background(), s)
	}
	d := &desk{answers: answers{}}
	_, address := serve(t, d, nil)
	conn := dial(t, address)
	at := time.Date(2024, 3, 1, 9, 12, 42, 10e6, time.UTC)
	for _, c := range []struct {
		name string
		cast string
		arg  any
		want query.Parameter
	}{
		{"text", "text", "a'b", one(predicate.StringValue("a'b"))},
		{"int4", "int", int32(-7), one(predicate.IntValue(-7))},
		{"int8", "bigint", int64(1) << 60, one(predicate.IntValue(1 << 60))},
		{"int2", "smallint", int16(3), one(predicate.IntValue(3))},
		{"bool", "boolean", true, one(predicate.BoolValue(true))},
		{"float", "double precision", 0.25, one(predicate.FloatValue(0.25))},
		{"decimal", "numeric", numeric("-1250", -2), one(predicate.FloatValue(-12.5))},
		{"whole decimal", "numeric", numeric("120000", 0), one(predicate.IntValue(120000))},
		{"instant", "timestamptz", at, one(predicate.TimeValue(at))},
		{"timestamp", "timestamp", at, one(predicate.StringValue("2024-03-01 09:12:42.01"))},
		{"date", "date", at, one(predicate.StringValue("2024-03-01"))},
		{"time", "time", pgtype.Time{Microseconds: 36672500000, Valid: true}, one(predicate.StringValue("10:11:12.5"))},
		{"interval", "interval", pgtype.Interval{Months: 3, Days: -2, Microseconds: 5, Valid: true}, one(predicate.StringValue("3 months -2 days 5 microseconds"))},
		{"uuid", "uuid", "0f0e0d0c-0b0a-4908-8706-050403020100", one(predicate.StringValue("0f0e0d0c-0b0a-4908-8706-050403020100"))},
		{"json", "json", map[string]int{"a": 1}, one(predicate.StringValue(`{"a":1}`))},
		{"null", "int", nil, query.Parameter{Null: true}},
		{"list", "text[]", []string{"a", `b "c",`, "NULL"}, list(predicate.StringValue("a"), predicate.StringValue(`b "c",`), predicate.StringValue("NULL"))},
		{"numbers", "int[]", []int32{1, 2}, list(predicate.IntValue(1), predicate.IntValue(2))},
	} {
		t.Run(c.name, func(t *testing.T) {
			sql := "SELECT $1::" + c.cast
			d.answers[sql] = echo
			d.answers["SELECT "] = count(0)
			for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec} {
				if _, is := c.arg.(map[string]int); (is || c.arg == at || c.cast == "time" || c.cast == "interval") && mode == pgx.QueryExecModeExec {
					continue // pgx knows no type then, or another one, or writes the value as text
				}
				got = nil
				d.answers["SELECT  CAST(NULL AS "] = count(0)
				_, err := conn.Exec(t.Context(), sql, mode, c.arg)
				require.NoError(t, err, mode)
				if assert.Len(t, got, 1) && c.want.List == nil {
					assert.Equal(t, c.want, got[0], mode)
				} else {
					assert.Equal(t, c.want.List, got[0].List, mode)
				}
			}
		})
	}
}

// A list in PostgreSQL's text is one where its column is, though nobody declares its type.
func TestListsThatNobodyDeclares(t *testing.T) {
	t.Parallel()
	d := &desk{answers: answers{}}
	_, address := serve(t, d, nil)
	conn := dial(t, address).PgConn()
	for _, c := range []struct {
		sql, value string
		want       query.Parameter
	}{
		{"UPDATE Books SET Tags = $1 WHERE true", `{a,"b c"}`, list(predicate.StringValue("a"), predicate.StringValue("b c"))},
		{"INSERT INTO Books (Title, Tags) VALUES ('x', $1)", "{}", query.Parameter{List: []query.Parameter{}}},
		{"SELECT Id FROM Books WHERE Tags && $1", "{a}", list(predicate.StringValue("a"))},
		{"SELECT Id FROM Books WHERE Title = $1", "{a}", one(predicate.StringValue("{a}"))},
		{"SELECT Id FROM Books WHERE Tags = $1", "a", one(predicate.StringValue("a"))},
	} {
		var got []query.Parameter
		d.answers[c.sql] = func(ctx context.Context, s query.Statement) (*query.Answer, error) {
			got = s.Positional
			return count(0)(ctx, s)
		}
		_, err := conn.ExecParams(t.Context(), c.sql, [][]byte{[]byte(c.value)}, nil, nil, nil).Close()
		require.NoError(t, err, c.sql)
		assert.Equal(t, []query.Parameter{c.want}, got, c.sql)
	}
}

func one(v predicate.Value) query.Parameter { return query.Parameter{Value: v} }

func list(values ...predicate.Value) query.Parameter {
	p := query.Parameter{}
	for _, v := range values {
		p.List = append(p.List, one(v))
	}
	return p
}

func TestTypesOfParametersAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sql  string
		want []uint32
	}{
		{`SELECT * FROM "Books" WHERE "Pages" = $1`, []uint32{pgtype.Int4OID}},
		{`SELECT * FROM Books b WHERE b.pages BETWEEN $1 AND $2`, []uint32{pgtype.Int4OID, pgtype.Int4OID}},
		{`SELECT * FROM Town.Books WHERE $1 = Books.Id AND Title LIKE $2`, []uint32{pgtype.UUIDOID, pgtype.TextOID}},
		{`SELECT * FROM Books WHERE Pages IN ($1, $2) LIMIT $3`, []uint32{pgtype.Int4OID, pgtype.Int4OID, pgtype.Int8OID}},
		{`SELECT * FROM Books WHERE Id = ANY($1)`, []uint32{pgtype.UUIDArrayOID}},
		{`SELECT * FROM Books WHERE Tags @> $1 OR $2 && Tags`, []uint32{pgtype.TextArrayOID, pgtype.TextArrayOID}},
		{`SELECT $1::timestamptz, CAST($2 AS date), $3`, []uint32{pgtype.TimestamptzOID, pgtype.DateOID, pgtype.TextOID}},
		{`INSERT INTO Books (Title, Pages) VALUES ($1, $2), (upper($3), $4)`, []uint32{pgtype.TextOID, pgtype.Int4OID, pgtype.TextOID, pgtype.Int4OID}},
		{`UPDATE Books SET Pages = $1 WHERE Id = $2`, []uint32{pgtype.Int4OID, pgtype.UUIDOID}},
	} {
		t.Run(c.sql, func(t *testing.T) {
			t.Parallel()
			d := &desk{answers: answers{"": count(0), c.sql[:1] + "$1": count(0)}}
			_, address := serve(t, d, nil)
			sd, err := dial(t, address).PgConn().Prepare(t.Context(), "s", c.sql, nil)
			require.NoError(t, err)
			assert.Equal(t, c.want, sd.ParamOIDs)
		})
	}
}

// What a parameter of no type that SELECT lists is described as: text, as PostgreSQL has it.
func TestParametersThatAreShown(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT $1":                                    "SELECT  CAST(NULL AS VARCHAR) ",
		"SELECT DISTINCT $1 AS a, $2 FROM t":           "SELECT DISTINCT  CAST(NULL AS VARCHAR)  AS a,  CAST(NULL AS VARCHAR)  FROM t",
		"SELECT round(x, $1), $2 || 'a' || $3, $4 + 1": "SELECT round(x,  NULL ),  ''  || 'a' ||  '' ,  NULL  + 1",
		"SELECT x, y FROM t ORDER BY $1, $2":           "SELECT x, y FROM t ORDER BY  NULL ,  NULL ",
		"SELECT * FROM (SELECT $1 AS v) x, f(1, $2)":   "SELECT * FROM (SELECT  CAST(NULL AS VARCHAR)  AS v) x, f(1,  NULL )",
		"SELECT x || $1 FROM t LIMIT 1":                "SELECT x ||  NULL  FROM t LIMIT 1",
	} {
		d := &desk{answers: answers{want: count(0)}}
		_, address := serve(t, d, nil)
		_, err := dial(t, address).PgConn().Prepare(t.Context(), "s", sql, nil)
		require.NoError(t, err, sql)
	}
}

// A driver that declares a parameter's type means it: a date and an interval make a date.
func TestTypesOfParametersReachTheEngine(t *testing.T) {
	t.Parallel()
	const date, span, stamp, text, id, object = pgtype.DateOID, pgtype.IntervalOID, pgtype.TimestampOID, pgtype.TextOID, pgtype.UUIDOID, pgtype.JSONOID
	for _, c := range []struct {
		name, sql, want string
		oids            []uint32
	}{
		{"added", "SELECT $1 + $2", "SELECT CAST($1 AS DATE) + CAST($2 AS INTERVAL)", []uint32{date, span}},
		{"of a function", "SELECT date_trunc('month', $1), age($2)", "SELECT date_trunc('month', CAST($1 AS TIMESTAMP)), age(CAST($2 AS DATE))", []uint32{stamp, date}},
		{"in a comparison's expression", "SELECT 1 FROM t WHERE a > $1 - $2", "SELECT 1 FROM t WHERE a > CAST($1 AS DATE) - CAST($2 AS INTERVAL)", []uint32{date, span}},
		{"before one", "SELECT 1 FROM t WHERE a - $1 > $2", "SELECT 1 FROM t WHERE a - CAST($1 AS INTERVAL) > $2", []uint32{span, date}},
		{"shown", "SELECT $1, $2 AS o", "SELECT CAST($1 AS UUID), CAST($2 AS JSON) AS o", []uint32{id, object}},
		{"compared", "SELECT 1 FROM t WHERE a >= $1 AND $2 < b AND c <> $3", "SELECT 1 FROM t WHERE a >= $1 AND $2 < b AND c <> $3", []uint32{date, stamp, id}},
		{"cast already", "SELECT $1::date, CAST($2 AS timestamp)", "SELECT $1::date, CAST($2 AS timestamp)", []uint32{date, stamp}},
		{"what needs none", "SELECT $1 || $2", "SELECT $1 || $2", []uint32{text, text}},
		{"of a procedure", "CALL p(at => $1)", "CALL p(at => $1)", []uint32{date}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{answers: answers{c.want: count(1)}}
			_, address := serve(t, d, nil)
			values := make([][]byte, len(c.oids))
			for i := range values {
				values[i] = []byte("x")
			}
			r := dial(t, address).PgConn().ExecParams(t.Context(), c.sql, values, c.oids, nil, nil).Read()
			require.NoError(t, r.Err)
			assert.Len(t, r.Rows, 10)
		})
	}
}

func TestBytesAreNoParameters(t *testing.T) {
	t.Parallel()
	_, address := serve(t, &desk{answers: answers{"SELECT $1": count(1)}}, nil)
	conn := dial(t, address)
	for format := range int16(2) {
		r := conn.PgConn().ExecParams(t.Context(), "SELECT $1", [][]byte{{0, 255}}, []uint32{pgtype.ByteaOID}, []int16{format}, nil).Read()
		e := pgError(t, r.Err)
		assert.Equal(t, "0A000", e.Code)
		assert.Equal(t, "Parameters of type bytea are not offered", e.Message)
	}
}
