// Package scim parses SCIM 2.0 filter expressions (RFC 7644 section 3.4.2.2) as
// the PingOne platform API takes them in its filter parameter. It knows the
// grammar only: which attributes and operators an endpoint accepts is decided
// by whoever walks the tree.
package scim

// Kind tells the node types of a filter apart.
type Kind uint8

// The node types.
const (
	And     Kind = iota // every child holds
	Or                  // at least one child holds
	Not                 // the only child does not hold
	Compare             // Attr Op Value
	Path                // Attr[child]: a value path
)

// Expr is a node of a parsed filter. And and Or have two or more children, so
// that a long chain stays one level deep.
type Expr struct {
	Kind     Kind
	Children []*Expr
	Attr     string // Compare, Path: the attribute as written
	Op       string // Compare: the operator in small letters
	Value    Value  // Compare: empty for pr
	Pos      int    // byte offset in the filter text
}

// Value is a comparison value.
type Value struct {
	Text   string // unescaped when it was quoted
	Quoted bool
}
