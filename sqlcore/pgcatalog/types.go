package pgcatalog

import (
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// pgType is what other relations tell of a row of pg_type.
type pgType struct {
	oid            int64
	name           string
	size           int64
	byValue        bool
	category       string
	array, element int64
	align, storage string
	collation      int64
}

// types are PostgreSQL's own ones, in the order of their object ids.
var types = func() (out []*pgType) {
	r := declared["pg_type"]
	at := map[string]int{}
	for i, c := range r.columns {
		at[c.name] = i
	}
	for _, row := range r.constant() {
		number := func(name string) int64 { n, _ := row[at[name]].(int64); return n }
		text := func(name string) string { s, _ := row[at[name]].(string); return s }
		byValue, _ := row[at["typbyval"]].(bool)
		out = append(out, &pgType{
			oid: number("oid"), name: text("typname"), size: number("typlen"), byValue: byValue, category: text("typcategory"),
			array: number("typarray"), element: number("typelem"), align: text("typalign"), storage: text("typstorage"), collation: number("typcollation"),
		})
	}
	return out
}()

var typeByOID = func() map[int64]*pgType {
	out := map[int64]*pgType{}
	for _, t := range types {
		out[t.oid] = t
	}
	return out
}()

// typeNamed gives the object ids of types by PostgreSQL's own names for them.
var typeNamed = func() map[string]uint32 {
	out := map[string]uint32{}
	for _, t := range types {
		out[t.name] = uint32(t.oid)
	}
	return out
}()

// TypeOf tells of a type its size in bytes, -1 for a variable one, and the types of
// its elements and of arrays of it; 0 for none.
func TypeOf(oid uint32) (size int16, element, array uint32) {
	t := typeByOID[int64(oid)]
	if t == nil {
		return -1, 0, 0
	}
	if t.category == "A" {
		element = uint32(t.element)
	}
	return int16(t.size), element, uint32(t.array)
}

// standard are the names that format_type shows, where they are others.
var standard = map[string]string{
	"bool": "boolean", "char": `"char"`, "int8": "bigint", "int2": "smallint", "int4": "integer", "float4": "real", "float8": "double precision",
	"bpchar": "character", "varchar": "character varying", "time": "time without time zone", "timetz": "time with time zone",
	"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone", "varbit": "bit varying",
}

// format is the type as format_type shows it.
func (t *pgType) format() string {
	if e := typeByOID[t.element]; e != nil && strings.HasPrefix(t.name, "_") {
		return e.format() + "[]"
	}
	if name := standard[t.name]; name != "" {
		return name
	}
	return t.name
}

// typeOf is the type of a column.
func typeOf(t catalog.Type) *pgType {
	return typeByOID[map[catalog.Type]int64{
		catalog.String: 25, catalog.Bool: 16, catalog.Int32: 23, catalog.Int64: 20, catalog.Float64: 701, catalog.Timestamp: 1184,
		catalog.GUID: 2950, catalog.JSON: 114, catalog.StringList: 1009, catalog.Int32List: 1007,
	}[t]]
}
