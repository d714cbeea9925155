package uri

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// expression reads operands, prefix and infix operators up to the first
// character that continues none of them, and groups them.
//
// Source: ABNF rule commonExpr.
func (p *parser) expression() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	depth := p.depth
	defer func() { p.depth = depth - 1 }()
	var items []item
	for {
		p.blanks()
		start := p.pos
		if op, ok := p.unaryOperator(); ok {
			if err := p.checkDepth(1); err != nil {
				return nil, err
			}
			items = append(items, newUnaryItem(op, p.at(start)))
			continue
		}
		operand, err := p.operandAfter(items)
		if err != nil {
			return nil, err
		}
		items = append(items, item{operand: operand})
		op, offset, ok := p.binaryOperator()
		if !ok {
			return group(items)
		}
		items = append(items, newBinaryItem(op, offset))
	}
}

// operandAfter reads an operand; after `in` it may be a list.
func (p *parser) operandAfter(items []item) (Expr, error) {
	if n := len(items); n > 0 && items[n-1].is(In) && p.peek() == '(' {
		return p.list()
	}
	return p.operand()
}

// unaryOperator consumes `-` or `not`. A sign before a number belongs to
// the number. `not` is a property if it is the last word or an infix
// operator follows.
func (p *parser) unaryOperator() (UnaryOp, bool) {
	if p.peek() == '-' {
		next := p.peekAt(p.pos + 1)
		if isDigit(next) || p.isInfinity(p.pos+1) {
			return 0, false
		}
		p.pos++
		return Negate, true
	}
	word, end := p.word(p.pos)
	if word != "not" {
		return 0, false
	}
	if p.peekAt(end) == '(' {
		p.pos = end
		return Not, true
	}
	next := end
	for isBlank(p.peekAt(next)) {
		next++
	}
	if next == end || next >= len(p.text) || strings.IndexByte("),;:]}", p.text[next]) >= 0 {
		return 0, false
	}
	if word, after := p.word(next); word != "" {
		if _, ok := binaryByName[word]; ok && p.endsOperator(after) && after < len(p.text) {
			return 0, false
		}
	}
	p.pos = next
	return Not, true
}

func (p *parser) isInfinity(pos int) bool {
	if !strings.HasPrefix(p.text[min(pos, len(p.text)):], "INF") {
		return false
	}
	next := p.peekAt(pos + 3)
	return next != '/' && next != '(' && !continuesName(p.text, pos+3)
}

// binaryOperator consumes blanks and an infix operator.
func (p *parser) binaryOperator() (op BinaryOp, offset int, ok bool) {
	separate := p.blanks() || p.pos > 0 && p.text[p.pos-1] == ')'
	word, end := p.word(p.pos)
	op, ok = binaryByName[word]
	if !ok || !separate || !p.endsOperator(end) {
		return 0, 0, false
	}
	offset = p.at(p.pos)
	p.pos = end
	return op, offset, true
}

// endsOperator reports whether an operator's name may end here: the grammar
// demands a blank, and clients also send an opening bracket.
func (p *parser) endsOperator(end int) bool {
	next := p.peekAt(end)
	return end >= len(p.text) || isBlank(next) || next == '(' || next == '['
}

// operand reads one operand of an expression.
func (p *parser) operand() (Expr, error) {
	c := p.peek()
	switch {
	case c == '(':
		return p.parenthesised()
	case c == '\'':
		return p.stringLiteral()
	case c == '[':
		return p.array()
	case c == '{':
		return p.object()
	case c == '@':
		return p.aliasOrAnnotation()
	case c == '$':
		return p.implicitVariable()
	case isDigit(c), c == '+', c == '-':
		return p.numberOrTime()
	case c == '"':
		return nil, p.expected("a value").WithHint("Put text in single quotes.")
	}
	if nameEnd(p.text, p.pos) == p.pos {
		return nil, p.expected("a value")
	}
	return p.named()
}

func (p *parser) parenthesised() (Expr, error) {
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	p.pos++
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	return x, p.closing()
}

// closing consumes blanks and a closing parenthesis, and nothing after it.
func (p *parser) closing() error {
	p.blanks()
	if !p.skip(')') {
		return p.expected("an operator or a closing parenthesis")
	}
	return nil
}

// list reads what follows `in (`: literals and aliases, or one expression in
// parentheses.
//
// Source: ABNF rules listExpr and parenExpr.
func (p *parser) list() (Expr, error) {
	start := p.pos
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	p.pos++
	list := &List{Offset: p.at(start)}
	p.blanks()
	if p.skip(')') {
		return list, nil
	}
	for {
		itemStart := p.pos
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		list.Items = append(list.Items, x)
		if err := p.room(len(list.Items)); err != nil {
			return nil, err
		}
		p.blanks()
		if !isLiteralOrAlias(x) {
			if len(list.Items) > 1 {
				return nil, p.expectedAt(itemStart, "a literal or an alias as a list item")
			}
			return x, p.closing()
		}
		if !p.skip(',') {
			return list, p.closing()
		}
		p.blanks()
	}
}

func isLiteralOrAlias(x Expr) bool {
	switch x.(type) {
	case *Literal, *Alias:
		return true
	}
	return false
}

// named reads an operand that starts with a letter: a guid, a word that
// stands for a value, a literal with a prefix, a method, or a path.
func (p *parser) named() (Expr, error) {
	start := p.pos
	if end := guidEnd(p.text, start); end > start {
		p.pos = end
		return &Literal{Offset: p.at(start), Kind: GUIDLiteral, Text: strings.ToLower(p.text[start:end])}, nil
	}
	name, err := p.qualifiedName("a value")
	if err != nil {
		return nil, err
	}
	switch p.peek() {
	case '\'':
		return p.prefixedLiteral(start, name)
	case '(':
		if x, known, err := p.call(start, name); known || err != nil {
			return x, err
		}
	case '/':
	default:
		if kind, text := constant(name); text != "" {
			return &Literal{Offset: p.at(start), Kind: kind, Text: text}, nil
		}
	}
	first, err := p.nameSegment(start, name)
	if err != nil {
		return nil, err
	}
	path := &PathExpr{Offset: p.at(start), Segments: []Segment{first}}
	return path, p.pathTail(path)
}

// constant returns the literal that a name stands for, or an empty text.
// Source: ABNF rules null and nanInfinity (case-sensitive), boolean (not).
func constant(name string) (LiteralKind, string) {
	switch name {
	case "null":
		return NullLiteral, name
	case "NaN", "INF":
		return DoubleLiteral, name
	}
	if strings.EqualFold(name, "true") || strings.EqualFold(name, "false") {
		return BoolLiteral, strings.ToLower(name)
	}
	return 0, ""
}

// aliasOrAnnotation reads `@alias`, `@alias/path`, `@Namespace.Term…` or
// `@Term#qualifier…`.
func (p *parser) aliasOrAnnotation() (Expr, error) {
	start := p.pos
	segment, err := p.annotation()
	if err != nil {
		return nil, err
	}
	path := &PathExpr{Offset: p.at(start)}
	switch {
	case strings.Contains(segment.Term, ".") || segment.Qualifier != "":
		path.Segments = []Segment{segment}
	case p.peek() != '/':
		return &Alias{Offset: p.at(start), Name: segment.Term}, nil
	default:
		path.Start, path.Alias = FromAlias, segment.Term
	}
	return path, p.pathTail(path)
}

// implicitVariable reads a path that starts with `$it`, `$this`, `$these` or
// `$root`.
func (p *parser) implicitVariable() (Expr, error) {
	start := p.pos
	end := nameEnd(p.text, start+1)
	path := &PathExpr{Offset: p.at(start)}
	switch p.text[start:end] {
	case "$it":
		path.Start = FromIt
	case "$this":
		path.Start = FromThis
	case "$these":
		path.Start = FromThese
	case "$root":
		path.Start = FromRoot
	default:
		return nil, p.expected("$it, $this, $these or $root")
	}
	p.pos = end
	if err := p.pathTail(path); err != nil {
		return nil, err
	}
	if path.Start == FromRoot && len(path.Segments) == 0 {
		return nil, p.expected("a slash and a name after $root")
	}
	return path, nil
}

func (p *parser) unknownFunction(start int, name string) error {
	return gwerr.New(gwerr.UnknownFunction, "OData has no function `"+name+"` with these arguments.", functionHint(name)).
		At(p.at(start)).On(p.option)
}

func functionHint(name string) string {
	switch strings.ToLower(name) {
	case "substringof", "like", "contain", "includes":
		return "Write contains(property,'text')."
	case "any", "all":
		return "Write any and all after a collection: Tags/any(t:t eq 'x')."
	}
	return "Functions of the model take named parameters: Name(parameter=value)."
}
