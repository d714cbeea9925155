//go:build duckdb_arrow

package worker

import (
	"fmt"
	"strings"

	db "github.com/duckdb/duckdb-go-bindings"

	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// simpleTypes are the engine's types that need no arguments, by its names.
var simpleTypes = map[db.Type]string{
	db.TypeBoolean: "BOOLEAN", db.TypeTinyInt: "TINYINT", db.TypeSmallInt: "SMALLINT",
	db.TypeInteger: "INTEGER", db.TypeBigInt: "BIGINT", db.TypeHugeInt: "HUGEINT",
	db.TypeUTinyInt: "UTINYINT", db.TypeUSmallInt: "USMALLINT", db.TypeUInteger: "UINTEGER",
	db.TypeUBigInt: "UBIGINT", db.TypeUHugeInt: "UHUGEINT", db.TypeFloat: "FLOAT",
	db.TypeDouble: "DOUBLE", db.TypeVarchar: "VARCHAR", db.TypeBlob: "BLOB",
	db.TypeDate: "DATE", db.TypeTime: "TIME", db.TypeTimeTZ: "TIMETZ",
	db.TypeTimestamp: "TIMESTAMP", db.TypeTimestampS: "TIMESTAMP_S",
	db.TypeTimestampMS: "TIMESTAMP_MS", db.TypeTimestampNS: "TIMESTAMP_NS",
	db.TypeTimestampTZ: "TIMESTAMPTZ", db.TypeInterval: "INTERVAL",
	db.TypeUUID: "UUID", db.TypeBit: "BIT", db.TypeSQLNull: "NULL", db.TypeBigNum: "BIGNUM",
	db.TypeTimeNS: "TIME_NS", db.TypeGeometry: "GEOMETRY", db.TypeVariant: "VARIANT", db.TypeUnion: "UNION",
}

// typeName gives a type's SQL name, and how deep lists and structs nest in it.
func typeName(t db.LogicalType) (name string, depth int) {
	if alias := db.LogicalTypeGetAlias(t); alias != "" {
		return alias, 0
	}
	id := db.GetTypeId(t)
	switch id {
	case db.TypeDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", db.DecimalWidth(t), db.DecimalScale(t)), 0
	case db.TypeList:
		of, depth := partName(db.ListTypeChildType(t))
		return of + "[]", depth + 1
	case db.TypeArray:
		of, depth := partName(db.ArrayTypeChildType(t))
		return fmt.Sprintf("%s[%d]", of, db.ArrayTypeArraySize(t)), depth + 1
	case db.TypeMap:
		k, d1 := partName(db.MapTypeKeyType(t))
		v, d2 := partName(db.MapTypeValueType(t))
		return "MAP(" + k + ", " + v + ")", max(d1, d2) + 1
	case db.TypeStruct:
		return structName(t)
	case db.TypeEnum:
		return enumName(t), 0
	}
	if name, ok := simpleTypes[id]; ok {
		return name, 0
	}
	return fmt.Sprintf("TYPE %d", id), 0
}

// partName is typeName for a part of a type, which it frees.
func partName(t db.LogicalType) (name string, depth int) {
	defer db.DestroyLogicalType(&t)
	return typeName(t)
}

func structName(t db.LogicalType) (name string, depth int) {
	var fields []string
	for i := db.IdxT(0); i < db.StructTypeChildCount(t); i++ {
		of, d := partName(db.StructTypeChildType(t, i))
		fields, depth = append(fields, sqltext.Quote(db.StructTypeChildName(t, i))+" "+of), max(depth, d)
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")", depth + 1
}

// enumName lists the values of an enumeration.
func enumName(t db.LogicalType) string {
	values := make([]string, db.EnumDictionarySize(t))
	for i := range values {
		values[i] = sqltext.Literal(db.EnumDictionaryValue(t, db.IdxT(i)))
	}
	return "ENUM(" + strings.Join(values, ", ") + ")"
}
