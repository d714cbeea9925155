package pgwire

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/pgcatalog"
	"github.com/pingone-gateway/gateway/sqlcore/query"
)

// Object ids of PostgreSQL's own types (src/include/catalog/pg_type.dat).
const (
	oidBool        = 16
	oidBytea       = 17
	oidChar        = 18
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidRegproc     = 24
	oidText        = 25
	oidInt2Vector  = 22
	oidOid         = 26
	oidXid         = 28
	oidOidVector   = 30
	oidJSON        = 114
	oidNodeTree    = 194
	oidFloat4      = 700
	oidFloat8      = 701
	oidUnknown     = 705
	oidBpchar      = 1042
	oidVarchar     = 1043
	oidDate        = 1082
	oidTime        = 1083
	oidAclitem     = 1033
	oidTimestamp   = 1114
	oidTimestamptz = 1184
	oidInterval    = 1186
	oidNumeric     = 1700
	oidUUID        = 2950
	oidRegclass    = 2205
	oidRegtype     = 2206
	oidJSONB       = 3802
)

// kind is a type of PostgreSQL as far as the protocol tells of it.
type kind struct {
	oid     uint32
	size    int16 // in bytes; -1 for a variable one
	typmod  int32
	element uint32 // of an array; 0 for others
}

// sizes are those of fixed-size types.
var sizes = map[uint32]int16{
	oidBool: 1, oidChar: 1, oidName: 64, oidInt8: 8, oidInt2: 2, oidInt4: 4, oidOid: 4, oidFloat4: 4, oidFloat8: 8,
	oidDate: 4, oidTime: 8, oidTimestamp: 8, oidTimestamptz: 8, oidInterval: 16, oidUUID: 16,
	oidXid: 4, oidRegproc: 4, oidRegclass: 4, oidRegtype: 4,
}

// arrays gives the type of the arrays of a type.
var arrays = map[uint32]uint32{
	oidBool: 1000, oidBytea: 1001, oidInt2: 1005, oidInt4: 1007, oidText: 1009, oidInt8: 1016, oidFloat4: 1021, oidFloat8: 1022,
	oidTimestamp: 1115, oidDate: 1182, oidTime: 1183, oidTimestamptz: 1185, oidInterval: 1187, oidNumeric: 1231, oidUUID: 2951, oidJSON: 199,
	oidVarchar: 1015, oidOid: 1028, oidName: 1003, oidChar: 1002, oidAclitem: 1034,
}

// elements gives the type of an array's elements.
var elements = func() map[uint32]uint32 {
	out := map[uint32]uint32{}
	for element, array := range arrays {
		out[array] = element
	}
	out[oidInt2Vector], out[oidOidVector] = oidInt2, oidOid
	return out
}()

// vectors are arrays that count from 0, whose text has nothing but the elements.
func vector(oid uint32) bool { return oid == oidInt2Vector || oid == oidOidVector }

// named maps the engine's types, and PostgreSQL's names where they differ.
var named = map[string]uint32{
	"VARCHAR": oidText, "TEXT": oidText, "STRING": oidText, "CHAR": oidText, "BPCHAR": oidText, "NAME": oidName,
	"BOOLEAN": oidBool, "BOOL": oidBool,
	"TINYINT": oidInt2, "UTINYINT": oidInt2, "SMALLINT": oidInt2, "INT2": oidInt2, "USMALLINT": oidInt4, "INTEGER": oidInt4, "INT": oidInt4, "INT4": oidInt4,
	"UINTEGER": oidInt8, "BIGINT": oidInt8, "INT8": oidInt8, "UBIGINT": oidNumeric, "HUGEINT": oidNumeric, "UHUGEINT": oidNumeric,
	"FLOAT": oidFloat4, "REAL": oidFloat4, "FLOAT4": oidFloat4, "DOUBLE": oidFloat8, "FLOAT8": oidFloat8, "DOUBLE PRECISION": oidFloat8,
	"DECIMAL": oidNumeric, "NUMERIC": oidNumeric,
	"DATE": oidDate, "TIME": oidTime, "TIMESTAMP": oidTimestamp, "TIMESTAMP_S": oidTimestamp, "TIMESTAMP_MS": oidTimestamp, "TIMESTAMP_NS": oidTimestamp,
	"TIMESTAMPTZ": oidTimestamptz, "TIMESTAMP WITH TIME ZONE": oidTimestamptz, "INTERVAL": oidInterval,
	"UUID": oidUUID, "JSON": oidJSON, "JSONB": oidJSON, "BLOB": oidBytea, "BYTEA": oidBytea,
}

// kindNamed gives the type that stands for one of the engine's: text for what
// PostgreSQL has nothing like, JSON for what has parts.
func kindNamed(name string) kind {
	name = strings.ToUpper(strings.TrimSpace(name))
	if inner, ok := strings.CutSuffix(name, "[]"); ok {
		if k := kindNamed(inner); k.element == 0 && arrays[k.oid] != 0 {
			return kindOf(arrays[k.oid])
		}
		return kindOf(oidJSON)
	}
	base, rest, _ := strings.Cut(name, "(")
	switch {
	case base == "STRUCT", base == "MAP", base == "UNION", strings.HasSuffix(name, "]"):
		return kindOf(oidJSON)
	case base == "DECIMAL" || base == "NUMERIC":
		k := kindOf(oidNumeric)
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
	return kindOf(oidText)
}

func kindOf(oid uint32) kind {
	k := kind{oid: oid, size: -1, typmod: -1, element: elements[oid]}
	if n, ok := sizes[oid]; ok {
		k.size = n
	}
	return k
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
		name := c.SQLType
		if name == "" {
			name = c.Type.SQL()
		}
		out[i] = column{kindNamed(name), c.Name}
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
	oidInt8:   {oidOid, oidXid, oidRegproc, oidInt4, oidInt2},
	oidInt4:   {oidInt2, oidInt8, oidOid, oidText}, // the engine's null is a number
	oidText:   {oidName, oidChar, oidVarchar, oidRegclass, oidRegtype, oidNodeTree},
	oidJSON:   {oidJSONB},
	oidFloat8: {oidFloat4},
	1016:      {1028},                                    // int8[] for oid[]
	1009:      {1003, 1002, 1034},                        // text[] for name[], "char"[] and aclitem[]
	1007:      {1005, 1028, oidInt2Vector, oidOidVector}, // int4[] for int2[] and oid[]
}

// texts are columns of text, for answers of the gateway's own.
func texts(names ...string) []column {
	out := make([]column, len(names))
	for i, n := range names {
		out[i] = column{kindOf(oidText), n}
	}
	return out
}

// castName is the name of a type in the engine's SQL; "" for one that it has
// nothing like.
func castName(oid uint32) string {
	if e := elements[oid]; e != 0 {
		if name := castName(e); name != "" {
			return name + "[]"
		}
		return ""
	}
	return map[uint32]string{
		oidBool: "BOOLEAN", oidBytea: "BLOB", oidInt2: "SMALLINT", oidInt4: "INTEGER", oidOid: "BIGINT", oidInt8: "BIGINT",
		oidText: "VARCHAR", oidVarchar: "VARCHAR", oidBpchar: "VARCHAR", oidName: "VARCHAR", oidChar: "VARCHAR",
		oidFloat4: "FLOAT", oidFloat8: "DOUBLE", oidNumeric: "DECIMAL(38,9)", oidDate: "DATE", oidTime: "TIME",
		oidTimestamp: "TIMESTAMP", oidTimestamptz: "TIMESTAMPTZ", oidInterval: "INTERVAL", oidUUID: "UUID", oidJSON: "JSON", oidJSONB: "JSON",
	}[oid]
}
