package uri

// Expr is a node of an expression: *Literal, *PathExpr, *Alias, *Unary,
// *Binary, *Call, *Cast, *IsOf, *Case, *List, *Array or *Object.
type Expr interface {
	// Pos is the byte offset of the node's first character in the decoded
	// option value.
	Pos() int
	expr()
}

// PathExpr is a path to a value: `Address/City`, `$it/Name`,
// `$root/Users('x')/Name`, `Tags/any(t:t eq 'x')`, `@p/Name`.
type PathExpr struct {
	Offset int
	Start  PathStart
	// Alias is the name, without `@`, if Start is FromAlias.
	Alias string
	// Segments may be empty unless Start is FromInstance or FromRoot. The
	// first segment of a path from FromInstance may name a lambda variable.
	Segments []Segment
}

// PathStart is what a path expression starts from.
type PathStart int

// The starts of a path expression.
const (
	FromInstance PathStart = iota // a property of the current instance, or a lambda variable
	FromIt                        // $it
	FromThis                      // $this
	FromThese                     // $these (data aggregation extension)
	FromRoot                      // $root, the service
	FromAlias                     // @alias followed by segments
)

// Alias is a parameter alias used as a value, `@name`.
type Alias struct {
	Offset int
	// Name has no leading `@`.
	Name string
}

// Unary is `not x` or `-x`.
type Unary struct {
	Offset int
	Op     UnaryOp
	X      Expr
}

// Binary is `left op right`.
type Binary struct {
	// OpOffset is the offset of the operator's name.
	OpOffset    int
	Op          BinaryOp
	Left, Right Expr
}

// Call is a call of one of the methods that OData defines, such as
// contains(Name,'x'). Calls of functions of the model are PathExpr.
type Call struct {
	Offset int
	// Method is the method's name in lower case, such as "matchespattern" or
	// "geo.distance". The number of arguments is one that the method takes.
	Method string
	Args   []Expr
}

// Cast is cast(x,Type), or cast(Type) for the current instance.
type Cast struct {
	Offset int
	// X is nil for the current instance.
	X    Expr
	Type TypeName
}

// IsOf is isof(x,Type), or isof(Type) for the current instance.
type IsOf struct {
	Offset int
	// X is nil for the current instance.
	X    Expr
	Type TypeName
}

// Case is case(when:then,…); the first branch whose condition is true gives
// the value, and null if there is none.
type Case struct {
	Offset   int
	Branches []CaseBranch
}

// CaseBranch is one `when:then` of a case.
type CaseBranch struct{ When, Then Expr }

// List is the parenthesised list of literals and aliases to the right of
// `in`; it may be empty.
type List struct {
	Offset int
	Items  []Expr
}

// Array is a JSON array of expressions, `["a",Name]`.
type Array struct {
	Offset int
	Items  []Expr
}

// Object is a JSON object of expressions.
type Object struct {
	Offset  int
	Members []Member
}

// Member is one member of an Object.
type Member struct {
	Name  string
	Value Expr
}

// Pos implements Expr.
func (e *PathExpr) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Alias) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Unary) Pos() int { return e.Offset }

// Pos implements Expr; it is the position of the leftmost operand.
func (e *Binary) Pos() int {
	for {
		left, ok := e.Left.(*Binary)
		if !ok {
			return e.Left.Pos()
		}
		e = left
	}
}

// Pos implements Expr.
func (e *Call) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Cast) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *IsOf) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Case) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *List) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Array) Pos() int { return e.Offset }

// Pos implements Expr.
func (e *Object) Pos() int { return e.Offset }

func (*PathExpr) expr() {}
func (*Alias) expr()    {}
func (*Unary) expr()    {}
func (*Binary) expr()   {}
func (*Call) expr()     {}
func (*Cast) expr()     {}
func (*IsOf) expr()     {}
func (*Case) expr()     {}
func (*List) expr()     {}
func (*Array) expr()    {}
func (*Object) expr()   {}
func (*Literal) expr()  {}
