package encode

import "github.com/pingone-gateway/gateway/sqlcore/catalog"

// Metadata is the amount of control information in a JSON payload.
type Metadata uint8

// The levels of the media type parameter `odata.metadata`.
const (
	Minimal Metadata = iota
	Full
	None
)

// String gives the level's name in the media type.
func (m Metadata) String() string { return [...]string{"minimal", "full", "none"}[m] }

// Options shape a JSON payload.
type Options struct {
	Metadata Metadata
	// Prefix is that of control information: "@odata." in answers of version
	// 4.0, "@" in later ones.
	Prefix string
	// IEEE754 writes Edm.Int64 as strings, for readers whose numbers are
	// doubles.
	IEEE754 bool
	// OmitNulls leaves properties out that are null.
	OmitNulls bool
}

// Column is a property of the rows.
type Column struct {
	Name string
	Type catalog.Type
	// Hidden columns are read for the entity's id and not written.
	Hidden bool
	// Edm is the name of a type that no column of a table has, such as "Edm.Date";
	// Structured for an object of several properties, "" for Type.
	Edm string
	// Dynamic columns are those that $metadata doesn't know: their type is told
	// where the value doesn't tell it.
	Dynamic bool
	// Absent is the place of the column that is true in rows that lack this one, from
	// 1; 0 if all have it.
	Absent int
}

// Structured is the Edm of a column that is an object of several properties.
const Structured = "Structured"

// Lacks begins the name of a member of such objects that tells where another one is
// lacking.
const Lacks = "$lacks "

// Entity says what the rows are.
type Entity struct {
	// Columns are those of the batches, in order.
	Columns []Column
	// Key holds the positions in Columns of the key, in the order of the type;
	// it is empty where rows have no id, which full metadata needs.
	Key []int
	// Set is the absolute address of the entity set.
	Set string
	// Type is the qualified name of the entity type.
	Type string
	// Typed says that each entity tells its type and id, as the context doesn't.
	Typed bool
	// Transient says that the rows have no address of their own: they are aggregated.
	Transient bool
	// ReadOnly says that nobody changes the entities of the set.
	ReadOnly bool
	// Tagged says that entities have tags, made of the values of the column at Tag.
	Tagged bool
	Tag    int
	// Actions are the qualified names of the actions bound to the type, for full
	// metadata.
	Actions []string
	// Navigations are the names of the navigation properties that are not expanded, for
	// full metadata.
	Navigations []string
	// KeyNames are the names of the key's properties.
	KeyNames []string
}

// Tag is the weak entity tag of a version.
func Tag(version string) string { return `W/"` + version + `"` }

// NeedsID reports whether rows carry their id: with full metadata always, with
// minimal metadata if a key column is hidden.
//
// Source: OData JSON Format 4.01, section 4.6.8 (odata.id).
func (e *Entity) NeedsID(m Metadata) bool {
	if len(e.Key) == 0 || m == None {
		return false
	}
	if m == Full || e.Typed {
		return true
	}
	for _, k := range e.Key {
		if e.Columns[k].Hidden {
			return true
		}
	}
	return false
}
