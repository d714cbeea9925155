package uri

import (
	"fmt"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// call reads a call of one of OData's own methods, whose name has just been
// read and is followed by an opening parenthesis. known is false if the name
// is none of them; then nothing is consumed.
func (p *parser) call(start int, name string) (x Expr, known bool, err error) {
	lower := strings.ToLower(name)
	signature, isMethod := methods[lower]
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	switch {
	case isMethod:
		x, err = p.methodCall(start, lower, signature)
	case lower == "cast":
		var operand Expr
		var typeName TypeName
		operand, typeName, err = p.typeArguments()
		x = &Cast{Offset: p.at(start), X: operand, Type: typeName}
	case lower == "isof":
		var operand Expr
		var typeName TypeName
		operand, typeName, err = p.typeArguments()
		x = &IsOf{Offset: p.at(start), X: operand, Type: typeName}
	case lower == "case":
		x, err = p.caseExpression(start)
	case lower == "any" || lower == "all":
		err = p.unknownFunction(start, name)
	default:
		return nil, false, nil
	}
	return x, true, err
}

func (p *parser) methodCall(start int, lower string, signature method) (Expr, error) {
	call := &Call{Offset: p.at(start), Method: lower}
	p.pos++
	p.blanks()
	if p.skip(')') {
		return call, p.checkArity(call, signature)
	}
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		call.Args = append(call.Args, x)
		if len(call.Args) > signature.high {
			return nil, p.checkArity(call, signature)
		}
		p.blanks()
		if p.skip(',') {
			continue
		}
		if !p.skip(')') {
			return nil, p.expected("an operator, a comma or a closing parenthesis")
		}
		return call, p.checkArity(call, signature)
	}
}

func (p *parser) checkArity(call *Call, signature method) error {
	if n := len(call.Args); signature.low <= n && n <= signature.high {
		return nil
	}
	want := fmt.Sprint(signature.low)
	if signature.high > signature.low {
		want = fmt.Sprintf("%d or %d", signature.low, signature.high)
	}
	return gwerr.Newf(gwerr.UnknownFunction, "The function %s takes %s arguments.", call.Method, want).
		At(call.Offset).On(p.option)
}

// typeArguments reads `(Type)` or `(expression,Type)`.
func (p *parser) typeArguments() (Expr, TypeName, error) {
	p.pos++
	p.blanks()
	if typeName, ok := p.onlyTypeName(); ok {
		return nil, typeName, nil
	}
	x, err := p.expression()
	if err != nil {
		return nil, TypeName{}, err
	}
	if err := p.expect(',', "a comma and a type name"); err != nil {
		return nil, TypeName{}, err
	}
	typeName, err := p.typeName()
	if err != nil {
		return nil, TypeName{}, err
	}
	return x, typeName, p.closing()
}

// onlyTypeName reads a type name and the closing parenthesis, or nothing.
func (p *parser) onlyTypeName() (TypeName, bool) {
	start := p.pos
	if typeName, err := p.typeName(); err == nil {
		p.blanks()
		if p.skip(')') {
			return typeName, true
		}
	}
	p.pos = start
	return TypeName{}, false
}

func (p *parser) typeName() (TypeName, error) {
	start := p.pos
	name, err := p.qualifiedName("a type name")
	if err != nil {
		return TypeName{}, err
	}
	if name != "Collection" || p.peek() != '(' {
		return TypeName{Offset: p.at(start), Name: name}, nil
	}
	p.pos++
	if name, err = p.qualifiedName("a type name"); err != nil {
		return TypeName{}, err
	}
	return TypeName{Offset: p.at(start), Name: name, Collection: true}, p.closing()
}

// caseExpression reads `(when:then,…)`.
func (p *parser) caseExpression(start int) (Expr, error) {
	x := &Case{Offset: p.at(start)}
	p.pos++
	for {
		p.whenOfCase = true
		when, err := p.expression()
		if err != nil {
			return nil, err
		}
		p.whenOfCase = false
		if err := p.expect(':', "an operator or a colon"); err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		x.Branches = append(x.Branches, CaseBranch{When: when, Then: then})
		if err := p.room(len(x.Branches)); err != nil {
			return nil, err
		}
		p.blanks()
		if !p.skip(',') {
			return x, p.closing()
		}
	}
}
