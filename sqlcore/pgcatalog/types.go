package pgcatalog

import "github.com/pingone-gateway/gateway/sqlcore/catalog"

// pgType is a row of pg_type of PostgreSQL 15, as far as clients look at it.
type pgType struct {
	oid            int64
	name, format   string
	size           int64
	byValue        bool
	category       string
	array, element int64
	align, storage string
	collation      int64
}

var types = []pgType{
	{16, "bool", "boolean", 1, true, "B", 1000, 0, "c", "p", 0},
	{17, "bytea", "bytea", -1, false, "U", 1001, 0, "i", "x", 0},
	{18, "char", `"char"`, 1, true, "Z", 1002, 0, "c", "p", 0},
	{19, "name", "name", 64, false, "S", 1003, 18, "c", "p", 950},
	{20, "int8", "bigint", 8, true, "N", 1016, 0, "d", "p", 0},
	{21, "int2", "smallint", 2, true, "N", 1005, 0, "s", "p", 0},
	{23, "int4", "integer", 4, true, "N", 1007, 0, "i", "p", 0},
	{24, "regproc", "regproc", 4, true, "N", 1008, 0, "i", "p", 0},
	{25, "text", "text", -1, false, "S", 1009, 0, "i", "x", 100},
	{26, "oid", "oid", 4, true, "N", 1028, 0, "i", "p", 0},
	{114, "json", "json", -1, false, "U", 199, 0, "i", "x", 0},
	{700, "float4", "real", 4, true, "N", 1021, 0, "i", "p", 0},
	{701, "float8", "double precision", 8, true, "N", 1022, 0, "d", "p", 0},
	{705, "unknown", "unknown", -2, false, "X", 0, 0, "c", "p", 0},
	{1042, "bpchar", "character", -1, false, "S", 1014, 0, "i", "x", 100},
	{1043, "varchar", "character varying", -1, false, "S", 1015, 0, "i", "x", 100},
	{1082, "date", "date", 4, true, "D", 1182, 0, "i", "p", 0},
	{1083, "time", "time without time zone", 8, true, "D", 1183, 0, "d", "p", 0},
	{1114, "timestamp", "timestamp without time zone", 8, true, "D", 1115, 0, "d", "p", 0},
	{1184, "timestamptz", "timestamp with time zone", 8, true, "D", 1185, 0, "d", "p", 0},
	{1186, "interval", "interval", 16, false, "T", 1187, 0, "d", "p", 0},
	{1700, "numeric", "numeric", -1, false, "N", 1231, 0, "i", "m", 0},
	{2205, "regclass", "regclass", 4, true, "N", 2210, 0, "i", "p", 0},
	{2206, "regtype", "regtype", 4, true, "N", 2211, 0, "i", "p", 0},
	{2950, "uuid", "uuid", 16, false, "U", 2951, 0, "c", "p", 0},
	{3802, "jsonb", "jsonb", -1, false, "U", 3807, 0, "i", "x", 0},
	{22, "int2vector", "int2vector", -1, false, "A", 1006, 21, "i", "p", 0},
	{30, "oidvector", "oidvector", -1, false, "A", 1013, 26, "i", "p", 0},
}

// allTypes are the types with their arrays.
var allTypes = func() (out []pgType) {
	out = append(out, types...)
	for _, t := range types {
		if t.array == 0 {
			continue
		}
		align := "i"
		if t.align == "d" {
			align = "d"
		}
		out = append(out, pgType{t.array, "_" + t.name, t.format + "[]", -1, false, "A", 0, t.oid, align, "x", t.collation})
	}
	return out
}()

var typeByOID = func() map[int64]*pgType {
	out := map[int64]*pgType{}
	for i := range allTypes {
		out[allTypes[i].oid] = &allTypes[i]
	}
	return out
}()

// typeOf is the type of a column.
func typeOf(t catalog.Type) *pgType {
	return typeByOID[map[catalog.Type]int64{
		catalog.String: 25, catalog.Bool: 16, catalog.Int32: 23, catalog.Int64: 20, catalog.Float64: 701, catalog.Timestamp: 1184,
		catalog.GUID: 2950, catalog.JSON: 114, catalog.StringList: 1009, catalog.Int32List: 1007,
	}[t]]
}

func typeRows() []row {
	var out []row
	for _, t := range allTypes {
		input, output, receive, send := t.name+"in", t.name+"out", t.name+"recv", t.name+"send"
		kind := "b"
		switch {
		case t.name[0] == '_':
			input, output, receive, send = "array_in", "array_out", "array_recv", "array_send"
		case t.name == "unknown":
			kind = "p"
		case t.name == "date", t.name == "time", t.name == "timestamp", t.name == "timestamptz", t.name == "interval", t.name == "numeric", t.name == "uuid", t.name == "json", t.name == "jsonb":
			input, output, receive, send = t.name+"_in", t.name+"_out", t.name+"_recv", t.name+"_send"
		}
		out = append(out, row{
			t.oid, t.name, int64(catalogOID), int64(ownerOID), t.size, t.byValue, kind, t.category, t.oid == 16 || t.oid == 25 || t.oid == 701 || t.oid == 1184 || t.oid == 1186 || t.oid == 26, true, ",", int64(0), subscript(t), t.element, t.array,
			input, output, receive, send, "-", "-", "-", t.align, t.storage, false, int64(0), int64(-1), int64(0), t.collation, nil, nil, nil,
		})
	}
	return out
}

func subscript(t pgType) string {
	switch {
	case t.name[0] == '_' || t.name == "int2vector" || t.name == "oidvector":
		return "array_subscript_handler"
	case t.name == "name":
		return "raw_array_subscript_handler"
	default:
		return "-"
	}
}
