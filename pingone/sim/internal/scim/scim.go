// Package scim parses SCIM 2.0 filter expressions (RFC 7644 section 3.4.2.2) as
// the PingOne platform API takes them in its filter parameter. It knows the
// grammar only: which attributes and operators an endpoint accepts is decided
// by whoever walks the tree.
package scim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

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

// Bounds on a filter. They keep parsing linear in the text and the tree small.
const (
	MaxLength = 16 << 10 // bytes
	MaxDepth  = 32       // nested parentheses, brackets and nots
)

// Error is a filter that cannot be parsed.
type Error struct {
	Pos     int    // byte offset in the filter text
	Message string // one sentence without the position
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s (at position %d)", e.Message, e.Pos+1) }

// Parse reads a filter. Every error is an *Error.
func Parse(src string) (*Expr, error) {
	if len(src) > MaxLength {
		return nil, &Error{Message: "The filter is too long."}
	}
	p := &parser{src: src}
	p.advance()
	e := p.or(0)
	if p.tok != "" {
		p.fail("The filter goes on where it should end.")
	}
	if p.failed != nil {
		return nil, p.failed
	}
	return e, nil
}

// parser reads a filter token by token. After a failure there are none any more,
// so that whatever still wants one ends.
type parser struct {
	src    string
	tok    string // the present one; empty at the end
	pos    int    // where it begins
	rest   int    // and where it ends
	failed *Error // the first failure
}

// tokenForm matches a bracket, a JSON string or a word.
var tokenForm = regexp.MustCompile(`^(?s:[()\[\]]|"(?:[^"\\]|\\.)*"|[^\s()\[\]"]+)`)

func (p *parser) advance() {
	left := strings.TrimLeft(p.src[p.rest:], " \t\r\n\f")
	p.pos = len(p.src) - len(left)
	p.tok = tokenForm.FindString(left)
	p.rest = p.pos + len(p.tok)
	if p.tok == "" && left != "" {
		p.fail("The string is not closed.")
	}
}

// fail ends the filter here. What it gives stands for what could not be read.
func (p *parser) fail(message string) *Expr {
	if p.failed == nil {
		p.failed = &Error{Pos: p.pos, Message: message}
	}
	p.tok, p.rest = "", len(p.src)
	return new(Expr)
}

// is reports whether the token is a keyword, in either case.
func (p *parser) is(keyword string) bool { return strings.EqualFold(p.tok, keyword) }

// isWord reports whether the token is no bracket, no string and not the end.
func (p *parser) isWord() bool { return p.tok != "" && !strings.ContainsAny(p.tok[:1], `()[]"`) }

func (p *parser) or(depth int) *Expr { return p.chain(Or, "or", depth, p.and) }

func (p *parser) and(depth int) *Expr { return p.chain(And, "and", depth, p.factor) }

// chain reads operands joined by one keyword into one node.
func (p *parser) chain(kind Kind, keyword string, depth int, operand func(int) *Expr) *Expr {
	first := operand(depth)
	if !p.is(keyword) {
		return first
	}
	node := &Expr{Kind: kind, Children: []*Expr{first}, Pos: first.Pos}
	for p.is(keyword) {
		p.advance()
		node.Children = append(node.Children, operand(depth))
	}
	return node
}

func (p *parser) factor(depth int) *Expr {
	switch pos := p.pos; {
	case depth > MaxDepth:
		return p.fail("The filter is nested too deeply.")
	case p.tok == "(":
		return p.group(depth, ")", p.or)
	case p.is("not"):
		return &Expr{Kind: Not, Pos: pos, Children: []*Expr{p.group(depth, "", p.factor)}}
	case p.isWord():
		return p.comparison(depth)
	}
	return p.fail("An attribute or a parenthesis is expected here.")
}

// group reads what stands behind the present token, up to a closing bracket if
// there has to be one.
func (p *parser) group(depth int, closing string, inner func(int) *Expr) *Expr {
	p.advance()
	e := inner(depth + 1)
	if closing == "" {
		return e
	}
	if p.tok != closing {
		return p.fail("A closing bracket is missing.")
	}
	p.advance()
	return e
}

// comparison reads attr op value, attr pr or attr[filter].
func (p *parser) comparison(depth int) *Expr {
	e := &Expr{Kind: Compare, Attr: p.tok, Pos: p.pos}
	if p.advance(); p.tok == "[" {
		e.Kind, e.Children = Path, []*Expr{p.group(depth, "]", p.or)}
		return e
	}
	if !p.isWord() {
		return p.fail("An operator is expected here.")
	}
	e.Op = strings.ToLower(p.tok)
	if p.advance(); e.Op == "pr" {
		return e
	}
	switch e.Value = (Value{Text: p.tok}); {
	case strings.HasPrefix(p.tok, `"`):
		e.Value.Quoted = true
		if json.Unmarshal([]byte(p.tok), &e.Value.Text) != nil {
			return p.fail("An escape sequence in the string is not known.")
		}
	case !p.isWord():
		return p.fail("A value is expected here.")
	}
	p.advance()
	return e
}
