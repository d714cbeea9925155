package uri

// item is one operand or operator of an expression, in the order of the
// text.
type item struct {
	operand Expr
	offset  int
	unary   UnaryOp
	binary  BinaryOp
	kind    itemKind
}

type itemKind int8

const (
	operandItem itemKind = iota
	unaryKind
	binaryKind
)

func unaryItem(op UnaryOp, offset int) item {
	return item{kind: unaryKind, unary: op, offset: offset}
}

func binaryItem(op BinaryOp, offset int) item {
	return item{kind: binaryKind, binary: op, offset: offset}
}

func (i item) is(op BinaryOp) bool { return i.kind == binaryKind && i.binary == op }

func group(items []item) (Expr, error) {
	c := climber{items: items}
	return c.climb(0), nil
}

type climber struct{ items []item }

func (c *climber) climb(least int) Expr {
	first := c.items[0]
	c.items = c.items[1:]
	left := first.operand
	if first.kind == unaryKind {
		left = &Unary{Offset: first.offset, Op: first.unary, X: c.climb(unaryPrecedence)}
	}
	for len(c.items) > 0 {
		op := c.items[0]
		precedence := binaryPrecedence[op.binary]
		if precedence < least {
			return left
		}
		c.items = c.items[1:]
		left = &Binary{OpOffset: op.offset, Op: op.binary, Left: left, Right: c.climb(precedence + 1)}
	}
	return left
}
