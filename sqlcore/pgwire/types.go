package pgwire

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Object ids of PostgreSQL's types for its own catalog (src/include/catalog/pg_type.dat).
const (
	oidInt2Vector = 22
	oidRegproc    = 24
	oidOidVector  = 30
	oidNodeTree   = 194
	oidRegclass   = 2205
	oidRegtype    = 2206
)

// kind is a type of PostgreSQL as far as the protocol tells of it.
type kind struct {
	oid     uint32
	size    int16 // in bytes; -1 for a variable one
	typmod  int32
	element uint32 // of an array; 0 for others
	array   uint32 // of such values; 0 for none
}

// vectors are arrays that count from 0, whose text has nothing but the elements.
func vector(oid uint32) bool { return oid == oidInt2Vector || oid == oidOidVector }

// named maps the engine's types, and PostgreSQL's names where they differ.
var named = map[string]uint32{
	"VARCHAR": pgtype.TextOID, "TEXT": pgtype.TextOID, "STRING": pgtype.TextOID, "CHAR": pgtype.TextOID, "BPCHAR": pgtype.TextOID, "NAME": pgtype.NameOID,
	"BOOLEAN": pgtype.BoolOID, "BOOL": pgtype.BoolOID,
	"TINYINT": pgtype.Int2OID, "UTINYINT": pgtype.Int2OID, "SMALLINT": pgtype.Int2OID, "INT2": pgtype.Int2OID, "USMALLINT": pgtype.Int4OID, "INTEGER": pgtype.Int4OID, "INT": pgtype.Int4OID, "INT4": pgtype.Int4OID,
	"UINTEGER": pgtype.Int8OID, "BIGINT": pgtype.Int8OID, "INT8": pgtype.Int8OID, "UBIGINT": pgtype.NumericOID, "HUGEINT": pgtype.NumericOID, "UHUGEINT": pgtype.NumericOID,
	"FLOAT": pgtype.Float4OID, "REAL": pgtype.Float4OID, "FLOAT4": pgtype.Float4OID, "DOUBLE": pgtype.Float8OID, "FLOAT8": pgtype.Float8OID, "DOUBLE PRECISION": pgtype.Float8OID,
	"DECIMAL": pgtype.NumericOID, "NUMERIC": pgtype.NumericOID,
	"DATE": pgtype.DateOID, "TIME": pgtype.TimeOID, "TIMESTAMP": pgtype.TimestampOID, "TIMESTAMP_S": pgtype.TimestampOID, "TIMESTAMP_MS": pgtype.TimestampOID, "TIMESTAMP_NS": pgtype.TimestampOID,
	"TIMESTAMPTZ": pgtype.TimestamptzOID, "TIMESTAMP WITH TIME ZONE": pgtype.TimestamptzOID, "INTERVAL": pgtype.IntervalOID,
	"UUID": pgtype.UUIDOID, "JSON": pgtype.JSONOID, "JSONB": pgtype.JSONOID, "BLOB": pgtype.ByteaOID, "BYTEA": pgtype.ByteaOID,
}

// kindNamed gives the type that stands for one of the engine's: text for what
// PostgreSQL has nothing like, JSON for what has parts.
func kindNamed(name string) kind {
	name = strings.ToUpper(strings.TrimSpace(name))
	if inner, ok := strings.CutSuffix(name, "[]"); ok {
		if k := kindNamed(inner); k.element == 0 && k.array != 0 {
			return kindOf(k.array)
		}
		return kindOf(pgtype.JSONOID)
	}
	base, rest, _ := strings.Cut(name, "(")
	switch {
	case base == "STRUCT", base == "MAP", base == "UNION", strings.HasSuffix(name, "]"):
		return kindOf(pgtype.JSONOID)
	case base == "DECIMAL" || base == "NUMERIC":
		k := kindOf(pgtype.NumericOID)
		precision, scale, _ := strings.Cut(strings.TrimSuffix(rest, ")"), ",")
		p, err1 := strconv.Atoi(strings.TrimSpace(precision))
		s, err2 := strconv.Atoi(strings.TrimSpace(scale))
		if err1 == nil && err2 == nil {
			k.typmod = int32(p<<16|s) + 4
		}
		return k
	}
	if oid, ok := named[base]; ok {
		return kindOf(oid)
	}
	return kindOf(pgtype.TextOID)
}

func kindOf(oid uint32) kind {
	size, element, array := pgcatalog.TypeOf(oid)
	return kind{oid: oid, size: size, typmod: -1, element: element, array: array}
}

// column is a column of a result as the protocol describes it.
type column struct {
	kind
	name string
}

// columnsOf describes the columns of a statement's result as PostgreSQL would.
func columnsOf(sql string, in []query.Column) []column {
	out := make([]column, len(in))
	shape := pgcatalog.ShapeOf(sql)
	for i, c := range in {
		out[i] = column{kindNamed(c.TypeName()), c.Name}
		as := shape.Describe(i, len(in), c.Name)
		if as.Name != "" {
			out[i].name = as.Name
		}
		if slices.Contains(shownAs[out[i].oid], as.Type) {
			out[i].kind = kindOf(as.Type)
		}
	}
	return out
}

// shownAs are the types that PostgreSQL's catalog has where the engine has
// another one.
var shownAs = map[uint32][]uint32{
	pgtype.Int8OID:      {pgtype.OIDOID, pgtype.XIDOID, oidRegproc, pgtype.Int4OID, pgtype.Int2OID},
	pgtype.Int4OID:      {pgtype.Int2OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.TextOID}, // the engine's null is a number
	pgtype.TextOID:      {pgtype.NameOID, pgtype.QCharOID, pgtype.VarcharOID, oidRegclass, oidRegtype, oidNodeTree},
	pgtype.JSONOID:      {pgtype.JSONBOID},
	pgtype.Float8OID:    {pgtype.Float4OID},
	pgtype.Int8ArrayOID: {pgtype.OIDArrayOID},
	pgtype.TextArrayOID: {pgtype.NameArrayOID, pgtype.QCharArrayOID, pgtype.ACLItemArrayOID},
	pgtype.Int4ArrayOID: {pgtype.Int2ArrayOID, pgtype.OIDArrayOID, oidInt2Vector, oidOidVector},
}

// texts are columns of text, for answers of the gateway's own.
func texts(names ...string) []column {
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{kindOf(pgtype.TextOID), n}
	}
	return out
}

// castName is the name of a type in the engine's SQL; "" for one that it has
// nothing like.
func castName(oid uint32) string {
	if e := kindOf(oid).element; e != 0 {
		if name := castName(e); name != "" {
			return name + "[]"
		}
		return ""
	}
	return map[uint32]string{
		pgtype.BoolOID: "BOOLEAN", pgtype.ByteaOID: "BLOB", pgtype.Int2OID: "SMALLINT", pgtype.Int4OID: "INTEGER", pgtype.OIDOID: "BIGINT", pgtype.Int8OID: "BIGINT",
		pgtype.TextOID: "VARCHAR", pgtype.VarcharOID: "VARCHAR", pgtype.BPCharOID: "VARCHAR", pgtype.NameOID: "VARCHAR", pgtype.QCharOID: "VARCHAR",
		pgtype.Float4OID: "FLOAT", pgtype.Float8OID: "DOUBLE", pgtype.NumericOID: "DECIMAL(38,9)", pgtype.DateOID: "DATE", pgtype.TimeOID: "TIME",
		pgtype.TimestampOID: "TIMESTAMP", pgtype.TimestamptzOID: "TIMESTAMPTZ", pgtype.IntervalOID: "INTERVAL", pgtype.UUIDOID: "UUID", pgtype.JSONOID: "JSON", pgtype.JSONBOID: "JSON",
	}[oid]
}
