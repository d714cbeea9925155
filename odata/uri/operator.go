package uri

// UnaryOp is a prefix operator.
type UnaryOp int

// The prefix operators.
const (
	Not    UnaryOp = iota // not
	Negate                // -
)

// BinaryOp is an infix operator.
type BinaryOp int

// The infix operators, in order of falling precedence.
const (
	Has BinaryOp = iota
	In
	Mul
	Div
	DivBy
	Mod
	Add
	Sub
	Gt
	Ge
	Lt
	Le
	Eq
	Ne
	And
	Or
)

var binaryNames = [...]string{"has", "in", "mul", "div", "divby", "mod", "add", "sub", "gt", "ge", "lt", "le", "eq", "ne", "and", "or"}

// Source: OData 4.01 Part 2, section 5.1.1.17 (operator precedence). Unary
// operators stand between has/in and mul. All infix operators group to the
// left.
var binaryPrecedence = [...]int{8, 8, 6, 6, 6, 6, 5, 5, 4, 4, 4, 4, 3, 3, 2, 1}

const unaryPrecedence = 7

var binaryByName = func() map[string]BinaryOp {
	m := make(map[string]BinaryOp, len(binaryNames))
	for i, name := range binaryNames {
		m[name] = BinaryOp(i)
	}
	return m
}()

// String returns the operator's name, such as `eq`.
func (o BinaryOp) String() string {
	if o < 0 || int(o) >= len(binaryNames) {
		return "unknown"
	}
	return binaryNames[o]
}

// String returns the operator's name, `not` or `-`.
func (o UnaryOp) String() string {
	if o == Not {
		return "not"
	}
	return "-"
}
