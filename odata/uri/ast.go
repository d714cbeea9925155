package uri

// Request is a parsed request address.
//
// The tree is shared freely between goroutines: nobody changes it after
// Parse has returned it.
type Request struct {
	// Path holds the segments after the service root; it is empty for the
	// service document.
	Path []Segment
	// Options are the query options.
	Options Options
}

// Options are the query options of a request, or those in the parentheses of
// an item of $expand or $select or of a /$count. A nil or zero member was
// not given.
//
// Source: OData 4.01 Part 2, section 5.1 (system query options).
type Options struct {
	Filter  Expr
	OrderBy []OrderItem
	Select  []SelectItem
	Expand  []ExpandItem
	Compute []ComputeItem
	Search  SearchExpr
	Apply   *Apply
	// Top, Skip and Index are counts of items; Index may be negative.
	Top, Skip, Index *int64
	Count            *bool
	// Levels is given only within $expand; see LevelsMax.
	Levels *int64
	// Format, SkipToken, DeltaToken, SchemaVersion and ID are given only on
	// the request itself.
	Format, SkipToken, DeltaToken, SchemaVersion, ID *Text
	// Aliases are the `@name=value` options in the order of the request.
	Aliases []AliasValue
	// Custom are the options that OData does not define, in the order of the
	// request.
	Custom []CustomOption
}

// LevelsMax is the value of Options.Levels for `$levels=max`.
const LevelsMax int64 = -1

// Text is an option value that is not parsed further, percent-decoded.
type Text struct{ Value string }

// AliasValue is one `@name=value` option.
type AliasValue struct {
	// Name has no leading `@`.
	Name  string
	Value Expr
}

// CustomOption is one query option that is neither a system query option nor
// an alias, percent-decoded.
type CustomOption struct{ Name, Value string }

// OrderItem is one item of $orderby.
type OrderItem struct {
	Expr       Expr
	Descending bool
}

// ComputeItem is one `expression as Name` of $compute.
type ComputeItem struct {
	Expr Expr
	Name string
}

// SelectItem is one item of $select.
type SelectItem struct {
	Offset int
	// Path has NameSegments and AnnotationSegments; it is empty for `*` and
	// for all operations of a namespace.
	Path []Segment
	// Star is set for `*`.
	Star bool
	// Namespace is set for `Namespace.*`, all operations of a namespace.
	Namespace string
	// Parameters are the names in `Function(a,b)`, which pick an overload.
	Parameters []string
	// Options are the nested options, or nil.
	Options *Options
}

// ExpandItem is one item of $expand.
type ExpandItem struct {
	Offset int
	// Path has NameSegments and AnnotationSegments. It is empty for `*` and
	// `$value`, and holds the segments before the star for `Address/*`.
	Path []Segment
	// Star is set for `*`, all navigation properties.
	Star bool
	// Value is set for `$value`, the media stream of a media entity.
	Value bool
	// Suffix tells whether entities, references or a count are asked for.
	Suffix ExpandSuffix
	// Options are the nested options, or nil.
	Options *Options
}

// ExpandSuffix is what follows the path of an item of $expand.
type ExpandSuffix int

// The suffixes of an item of $expand.
const (
	ExpandEntities ExpandSuffix = iota
	ExpandRef                   // /$ref
	ExpandCount                 // /$count
)

// TypeName is a type in cast or isof.
type TypeName struct {
	Offset int
	// Name is the qualified or unqualified name, such as `Edm.String`.
	Name string
	// Collection is set for `Collection(Name)`.
	Collection bool
}
