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

// typeName gives a type's SQL name.
func typeName(t db.LogicalType) string {
	if alias := db.LogicalTypeGetAlias(t); alias != "" {
		return alias
	}
	id := db.GetTypeId(t)
	switch id {
	case db.TypeDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", db.DecimalWidth(t), db.DecimalScale(t))
	case db.TypeList:
		child := db.ListTypeChildType(t)
		defer db.DestroyLogicalType(&child)
		return typeName(child) + "[]"
	case db.TypeArray:
		child := db.ArrayTypeChildType(t)
		defer db.DestroyLogicalType(&child)
		return fmt.Sprintf("%s[%d]", typeName(child), db.ArrayTypeArraySize(t))
	case db.TypeMap:
		k, v := db.MapTypeKeyType(t), db.MapTypeValueType(t)
		defer db.DestroyLogicalType(&k)
		defer db.DestroyLogicalType(&v)
		return "MAP(" + typeName(k) + ", " + typeName(v) + ")"
	case db.TypeStruct:
		return structName(t)
	case db.TypeEnum:
		return enumName(t)
	}
	if name, ok := simpleTypes[id]; ok {
		return name
	}
	return fmt.Sprintf("TYPE %d", id)
}

func structName(t db.LogicalType) string {
	var fields []string
	for i := db.IdxT(0); i < db.StructTypeChildCount(t); i++ {
		child := db.StructTypeChildType(t, i)
		fields = append(fields, sqltext.Quote(db.StructTypeChildName(t, i))+" "+typeName(child))
		db.DestroyLogicalType(&child)
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")"
}

// enumName lists the values of an enumeration.
func enumName(t db.LogicalType) string {
	values := make([]string, db.EnumDictionarySize(t))
	for i := range values {
		values[i] = sqltext.Literal(db.EnumDictionaryValue(t, db.IdxT(i)))
	}
	return "ENUM(" + strings.Join(values, ", ") + ")"
}
