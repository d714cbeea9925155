package uri

import "strings"

// Segment is one step of a resource path, of a path expression, or of the
// path of an item of $select or $expand: *NameSegment, *AnnotationSegment,
// *SystemSegment, *CrossjoinSegment, *FilterSegment, *CountSegment,
// *LambdaSegment, *AggregateSegment or *LiteralSegment.
type Segment interface {
	// Pos is the byte offset of the segment's first character in the decoded
	// path or option value.
	Pos() int
	segment()
}

// NameSegment is a name with an optional pair of parentheses: an entity set,
// a singleton, a property, a lambda variable, a type cast (`Model.Manager`),
// a function or an action.
type NameSegment struct {
	Offset int
	// Name may be qualified: `Model.Manager`.
	Name string
	// Args is the key predicate or the parameter list, or nil if no
	// parentheses were written.
	Args *Args
}

// Qualified reports whether the name has a namespace.
func (s *NameSegment) Qualified() bool { return strings.Contains(s.Name, ".") }

// Args is what stands in the parentheses after a name: either one unnamed
// value (a key), or named values (a key with names, or function parameters),
// or nothing.
type Args struct {
	Offset int
	// Items are literals and aliases in a resource path. In expressions a
	// named item may have any expression as its value.
	Items []Arg
}

// Positional returns the one unnamed value, or nil.
func (a *Args) Positional() Expr {
	if a == nil || len(a.Items) != 1 || a.Items[0].Name != "" {
		return nil
	}
	return a.Items[0].Value
}

// Arg is one item of Args.
type Arg struct {
	Offset int
	// Name is empty for the only item of a positional key.
	Name  string
	Value Expr
}

// AnnotationSegment is `@Namespace.Term` or `@Namespace.Term#Qualifier`.
type AnnotationSegment struct {
	Offset int
	// Term has no leading `@`.
	Term, Qualifier string
}

// SystemSegment is a segment with a name that OData defines and nothing
// else.
type SystemSegment struct {
	Offset int
	Kind   SystemKind
}

// SystemKind tells the SystemSegments apart.
type SystemKind int

// The segments that OData defines.
const (
	SystemMetadata SystemKind = iota // $metadata
	SystemBatch                      // $batch
	SystemEntity                     // $entity
	SystemAll                        // $all
	SystemValue                      // $value
	SystemCount                      // $count of a resource path
	SystemRef                        // $ref
	SystemEach                       // $each
	SystemQuery                      // $query
)

var systemNames = [...]string{"$metadata", "$batch", "$entity", "$all", "$value", "$count", "$ref", "$each", "$query"}

// String returns the segment as it is written, such as `$count`.
func (k SystemKind) String() string {
	if k < 0 || int(k) >= len(systemNames) {
		return "$unknown"
	}
	return systemNames[k]
}

// CrossjoinSegment is `$crossjoin(A,B)`.
type CrossjoinSegment struct {
	Offset int
	Sets   []string
}

// FilterSegment is `$filter(condition)`.
type FilterSegment struct {
	Offset int
	Filter Expr
	// Key is a key predicate that follows directly, or nil.
	Key *Args
}

// CountSegment is `$count` in an expression, with the options of
// `$count($filter=…;$search=…)` or nil.
type CountSegment struct {
	Offset  int
	Options *Options
}

// LambdaSegment is `any(x:condition)`, `any()` or `all(x:condition)`.
type LambdaSegment struct {
	Offset int
	// All is set for all, else it is any.
	All bool
	// Variable is empty and Body nil for `any()`.
	Variable string
	Body     Expr
}

// AggregateSegment is `aggregate(…)` in an expression (data aggregation
// extension); Text is what stands in the parentheses, with matching brackets
// and quotes, unparsed.
type AggregateSegment struct {
	Offset int
	Text   string
}

// LiteralSegment is a path segment that is not a name: the ordinal of an
// element (`/0`) or a key as a segment (`/O'Neil`), percent-decoded. A key
// that is spelled like a name arrives as a NameSegment.
type LiteralSegment struct {
	Offset int
	Text   string
}

// Pos implements Segment.
func (s *NameSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *AnnotationSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *SystemSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *CrossjoinSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *FilterSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *CountSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *LambdaSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *AggregateSegment) Pos() int { return s.Offset }

// Pos implements Segment.
func (s *LiteralSegment) Pos() int { return s.Offset }

func (*NameSegment) segment()       {}
func (*AnnotationSegment) segment() {}
func (*SystemSegment) segment()     {}
func (*CrossjoinSegment) segment()  {}
func (*FilterSegment) segment()     {}
func (*CountSegment) segment()      {}
func (*LambdaSegment) segment()     {}
func (*AggregateSegment) segment()  {}
func (*LiteralSegment) segment()    {}
