package catalog

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Type is the type of a column.
type Type uint8

// The column types, with their SQL and OData names.
const (
	String     Type = iota // VARCHAR, Edm.String
	Bool                   // BOOLEAN, Edm.Boolean
	Int32                  // INTEGER, Edm.Int32
	Int64                  // BIGINT, Edm.Int64
	Float64                // DOUBLE, Edm.Double
	Timestamp              // TIMESTAMPTZ, Edm.DateTimeOffset, UTC, milliseconds
	GUID                   // UUID, Edm.Guid
	JSON                   // JSON, Edm.String holding JSON text
	StringList             // VARCHAR[], Collection(Edm.String)
	Int32List              // INTEGER[], of system tables alone
)

var typeNames = [...]string{"string", "bool", "int32", "int64", "float64", "timestamp", "guid", "json", "list", "integers"}

// String gives the name that table declarations use.
func (t Type) String() string { return typeNames[t] }

// ParseType reads the name that table declarations use.
func ParseType(name string) (Type, error) {
	declared := typeNames[:Int32List]
	for i, n := range declared {
		if n == name {
			return Type(i), nil
		}
	}
	return 0, fmt.Errorf("unknown type %q; use one of %v", name, declared)
}

// SQL gives the type's name in the engine's SQL.
func (t Type) SQL() string {
	return [...]string{"VARCHAR", "BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "TIMESTAMPTZ", "UUID", "JSON", "VARCHAR[]", "INTEGER[]"}[t]
}

// Edm gives the type's name in OData's entity data model.
func (t Type) Edm() string {
	return [...]string{
		"Edm.String", "Edm.Boolean", "Edm.Int32", "Edm.Int64", "Edm.Double",
		"Edm.DateTimeOffset", "Edm.Guid", "Edm.String", "Collection(Edm.String)", "Collection(Edm.Int32)",
	}[t]
}

// Arrow gives the type's form in record batches. GUIDs and JSON travel as
// text: lower-case with hyphens, and compact JSON.
func (t Type) Arrow() arrow.DataType {
	switch t {
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Int32:
		return arrow.PrimitiveTypes.Int32
	case Int64:
		return arrow.PrimitiveTypes.Int64
	case Float64:
		return arrow.PrimitiveTypes.Float64
	case Timestamp:
		return &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	case StringList:
		return arrow.ListOf(arrow.BinaryTypes.String)
	case Int32List:
		return arrow.ListOf(arrow.PrimitiveTypes.Int32)
	default:
		return arrow.BinaryTypes.String
	}
}

// Kind gives the kind of the values that conditions on the type compare with.
func (t Type) Kind() predicate.Kind {
	switch t {
	case Bool:
		return predicate.Bool
	case Int32, Int64:
		return predicate.Int
	case Float64:
		return predicate.Float
	case Timestamp:
		return predicate.Time
	case GUID:
		return predicate.UUID
	default:
		return predicate.String
	}
}
