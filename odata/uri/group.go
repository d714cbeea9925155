package uri

import (
	"context"

	"github.com/CiscoM31/godata"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// item is one operand or operator of an expression, in the order of the
// text.
type item struct {
	kind    itemKind
	operand Expr
	unary   UnaryOp
	binary  BinaryOp
	offset  int
}

type itemKind int8

const (
	operandItem itemKind = iota
	unaryItem
	binaryItem
)

func newUnaryItem(op UnaryOp, offset int) item {
	return item{kind: unaryItem, unary: op, offset: offset}
}

func newBinaryItem(op BinaryOp, offset int) item {
	return item{kind: binaryItem, binary: op, offset: offset}
}

func (i item) is(op BinaryOp) bool { return i.kind == binaryItem && i.binary == op }

// operandToken is the value of every operand's token; it equals no
// operator's name, by which godata recognises operators.
const operandToken = "#"

// newEngine returns godata's expression engine with the precedence of
// OData. Prefix operators are of no association: then they never take an
// operator off the engine's stack, which belongs to what follows them.
// The engine is only read after that, so goroutines share it.
func newEngine() *godata.Parser {
	engine := godata.EmptyParser()
	for op, name := range binaryNames {
		engine.DefineOperator(name, 2, godata.OpAssociationLeft, binaryPrecedence[op])
	}
	for _, op := range []UnaryOp{Not, Negate} {
		engine.DefineOperator(op.String(), 1, godata.OpAssociationNone, unaryPrecedence)
	}
	return engine
}

var engine = newEngine()

// group arranges the items of one expression into a tree by precedence and
// association. Before every operand stand any number of prefix operators,
// and one infix operator between two operands: the engine itself would also
// take other orders.
//
// Source: OData 4.01 Part 2, section 5.1.1.17.
func group(items []item) (Expr, error) {
	switch {
	case len(items) == 1:
		return items[0].operand, nil
	case len(items) == 3 && items[1].kind == binaryItem:
		return items[1].node(items[0].operand, items[2].operand), nil
	}
	ctx := context.Background() // the engine looks up its settings there and finds none
	postfix, err := engine.InfixToPostfix(ctx, tokens(items))
	if err != nil {
		return nil, engineFailed(err)
	}
	root, err := engine.PostfixToTree(ctx, postfix)
	if err != nil {
		return nil, engineFailed(err)
	}
	return convert(root), nil
}

// engineFailed is the error for what cannot happen: the order of the items
// is checked before.
func engineFailed(err error) error {
	return gwerr.Wrap(gwerr.Internal, err, "The operators of an expression could not be put in order.", "")
}

// tokens returns a token for each item, which refers to its item.
func tokens(items []item) []*godata.Token {
	list := make([]*godata.Token, len(items))
	store := make([]godata.Token, len(items))
	for i := range items {
		it := &items[i]
		token := &store[i]
		token.SemanticReference = it
		switch it.kind {
		case unaryItem:
			token.Value = it.unary.String()
		case binaryItem:
			token.Value = it.binary.String()
		default:
			token.Value = operandToken
		}
		list[i] = token
	}
	return list
}

func convert(node *godata.ParseNode) Expr {
	it, ok := node.Token.SemanticReference.(*item)
	switch {
	case !ok:
		return nil
	case it.kind == operandItem:
		return it.operand
	}
	operands := make([]Expr, len(node.Children))
	for i, child := range node.Children {
		operands[i] = convert(child)
	}
	return it.node(operands...)
}

// node returns the operator's node over its operands.
func (i item) node(operands ...Expr) Expr {
	if i.kind == unaryItem {
		return &Unary{Offset: i.offset, Op: i.unary, X: operands[0]}
	}
	return &Binary{OpOffset: i.offset, Op: i.binary, Left: operands[0], Right: operands[1]} //nolint:gosec // a binary operator has two operands
}
