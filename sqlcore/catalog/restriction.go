package catalog

import "github.com/pingone-gateway/gateway/sqlcore/predicate"

// Mask hides a column's values without hiding the column.
type Mask uint8

// The masks.
const (
	MaskNull    Mask = iota // always null
	MaskHash                // a keyed hash, so that equal values stay equal
	MaskPartial             // the first character and the shape
)

// Restriction says what a caller sees of a table: the columns of the table
// that carries it, of those rows of Base that the conditions keep, with some
// values masked. The planner reads Base; a condition of a query on a masked
// column sees the masked value and is never pushed.
type Restriction struct {
	Base *Table
	// Where and FilterSQL are conditions over Base's columns; both must hold.
	// FilterSQL is for the engine, "" if none.
	Where     predicate.Expr
	FilterSQL string
	// Masks holds the masked columns by name; HashKey keys MaskHash.
	Masks   map[string]Mask
	HashKey []byte
	// FilterColumns names the columns that FilterSQL reads.
	FilterColumns []string
}

// Masked reports whether a column's values are masked; nil masks none.
func (r *Restriction) Masked(column string) bool {
	if r == nil {
		return false
	}
	_, masked := r.Masks[column]
	return masked
}

// Reads names the columns of Base that the restriction's conditions read.
func (r *Restriction) Reads() []string {
	return append(predicate.Columns(r.Where), r.FilterColumns...)
}
