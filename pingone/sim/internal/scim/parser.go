package scim

import "strings"

// Bounds on a filter. They keep parsing linear in the text and the tree small.
const (
	MaxLength = 16 << 10 // bytes
	MaxDepth  = 32       // nested parentheses, brackets and nots
)

// Parse reads a filter. Every error is an *Error.
func Parse(src string) (*Expr, error) {
	if len(src) > MaxLength {
		return nil, &Error{Message: "The filter is too long."}
	}
	p := &parser{lex: lexer{src: src}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.fail("The filter goes on where it should end.")
	}
	return e, nil
}

type parser struct {
	lex lexer
	tok token
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) fail(message string) error { return &Error{Pos: p.tok.pos, Message: message} }

func (p *parser) or(depth int) (*Expr, error) { return p.chain(Or, "or", depth, p.and) }

func (p *parser) and(depth int) (*Expr, error) { return p.chain(And, "and", depth, p.factor) }

// chain reads operands joined by one keyword into one node.
func (p *parser) chain(kind Kind, keyword string, depth int, operand func(int) (*Expr, error)) (*Expr, error) {
	first, err := operand(depth)
	if err != nil || !p.tok.is(keyword) {
		return first, err
	}
	node := &Expr{Kind: kind, Children: []*Expr{first}, Pos: first.Pos}
	for p.tok.is(keyword) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		child, err := operand(depth)
		if err != nil {
			return nil, err
		}
		node.Children = append(node.Children, child)
	}
	return node, nil
}

func (p *parser) factor(depth int) (*Expr, error) {
	if depth > MaxDepth {
		return nil, p.fail("The filter is nested too deeply.")
	}
	switch {
	case p.tok.punct("("):
		return p.group(depth, ")")
	case p.tok.is("not"):
		return p.not(depth)
	case p.tok.kind == tokenWord:
		return p.comparison(depth)
	}
	return nil, p.fail("An attribute or a parenthesis is expected here.")
}

// group reads what stands between brackets; the opening one is the current token.
func (p *parser) group(depth int, closing string) (*Expr, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.tok.punct(closing) {
		return nil, p.fail("A closing bracket is missing.")
	}
	return e, p.advance()
}

func (p *parser) not(depth int) (*Expr, error) {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	child, err := p.factor(depth + 1)
	if err != nil {
		return nil, err
	}
	return &Expr{Kind: Not, Children: []*Expr{child}, Pos: pos}, nil
}

// comparison reads attr op value, attr pr or attr[filter].
func (p *parser) comparison(depth int) (*Expr, error) {
	e := &Expr{Kind: Compare, Attr: p.tok.text, Pos: p.tok.pos}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.punct("[") {
		child, err := p.group(depth, "]")
		if err != nil {
			return nil, err
		}
		e.Kind, e.Children = Path, []*Expr{child}
		return e, nil
	}
	if p.tok.kind != tokenWord {
		return nil, p.fail("An operator is expected here.")
	}
	e.Op = strings.ToLower(p.tok.text)
	if err := p.advance(); err != nil || e.Op == "pr" {
		return e, err
	}
	if p.tok.kind != tokenWord && p.tok.kind != tokenString {
		return nil, p.fail("A value is expected here.")
	}
	e.Value = Value{Text: p.tok.text, Quoted: p.tok.kind == tokenString}
	return e, p.advance()
}
