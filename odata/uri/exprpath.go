package uri

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// pathTail appends the segments that follow a path expression's start.
//
// Source: ABNF rules memberExpr to boundFunctionExpr.
func (p *parser) pathTail(path *PathExpr) error {
	for p.peek() == '/' {
		p.pos++
		segment, err := p.expressionSegment()
		if err != nil {
			return err
		}
		path.Segments = append(path.Segments, segment)
	}
	return nil
}

func (p *parser) expressionSegment() (Segment, error) {
	start := p.pos
	switch p.peek() {
	case '$':
		return p.systemInExpression(start)
	case '@':
		return p.annotation()
	}
	name, err := p.qualifiedName("a name")
	if err != nil {
		return nil, err
	}
	if p.peek() == '(' {
		switch strings.ToLower(name) {
		case "any":
			return p.lambda(start, false)
		case "all":
			return p.lambda(start, true)
		case "aggregate":
			text, err := p.bracketed()
			return &AggregateSegment{Offset: p.at(start), Text: text}, err
		}
	}
	return p.nameSegment(start, name)
}

// systemInExpression reads `$count` with its options, or `$filter(…)`.
func (p *parser) systemInExpression(start int) (Segment, error) {
	end := nameEnd(p.text, start+1)
	switch p.text[start:end] {
	case "$count":
		p.pos = end
		segment := &CountSegment{Offset: p.at(start)}
		if p.peek() != '(' {
			return segment, nil
		}
		var err error
		segment.Options, err = p.nestedOptions(inCount)
		return segment, err
	case "$filter":
		p.pos = end
		return p.filterSegment(start)
	}
	return nil, p.expectedAt(start, "a name, $count or $filter")
}

// filterSegment reads `(condition)` after `$filter`, and a key that follows.
func (p *parser) filterSegment(start int) (*FilterSegment, error) {
	if p.peek() != '(' {
		return nil, p.expected("an opening parenthesis")
	}
	condition, err := p.parenthesised()
	if err != nil {
		return nil, err
	}
	segment := &FilterSegment{Offset: p.at(start), Filter: condition}
	if p.peek() == '(' {
		segment.Key, err = p.args(start, "$filter", valuesAreLiterals)
	}
	return segment, err
}

// lambda reads `(variable:condition)`, or `()` for any.
func (p *parser) lambda(start int, all bool) (Segment, error) {
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	segment := &LambdaSegment{Offset: p.at(start), All: all}
	p.pos++
	p.blanks()
	if !all && p.skip(')') {
		return segment, nil
	}
	var err error
	if segment.Variable, err = p.name("the name of a variable"); err != nil {
		return nil, err
	}
	if err := p.expect(':', "a colon after the variable"); err != nil {
		return nil, err
	}
	if segment.Body, err = p.expression(); err != nil {
		return nil, err
	}
	return segment, p.closing()
}

// annotation reads `@Term`, `@Namespace.Term` and an optional `#qualifier`.
func (p *parser) annotation() (*AnnotationSegment, error) {
	segment := &AnnotationSegment{Offset: p.at(p.pos)}
	p.pos++
	var err error
	if segment.Term, err = p.qualifiedName("a name after @"); err != nil {
		return nil, err
	}
	if p.skip('#') {
		segment.Qualifier, err = p.name("a qualifier after #")
	}
	return segment, err
}

// nameSegment completes a segment whose name has just been read.
func (p *parser) nameSegment(start int, name string) (*NameSegment, error) {
	segment := &NameSegment{Offset: p.at(start), Name: name}
	if p.peek() != '(' {
		return segment, nil
	}
	var err error
	segment.Args, err = p.args(start, name, valuesAreExpressions)
	return segment, err
}

// argValues tells which values args admits for named items.
type argValues int

const (
	valuesAreLiterals    argValues = iota // literals and aliases: a resource path
	valuesAreExpressions                  // anything: a function in an expression
)

// args reads the parentheses after a name: nothing, one unnamed literal or
// alias, or named values.
//
// Source: ABNF rules keyPredicate, functionParameters and
// functionExprParameters.
func (p *parser) args(start int, name string, values argValues) (*Args, error) {
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	args := &Args{Offset: p.at(p.pos)}
	p.pos++
	p.blanks()
	if p.skip(')') {
		return args, nil
	}
	names := make(map[string]bool)
	for {
		arg, err := p.arg(start, name, values)
		if err != nil {
			return nil, err
		}
		if names[arg.Name] || arg.Name == "" && len(args.Items) > 0 {
			return nil, p.misplacedArg(start, name, arg)
		}
		names[arg.Name] = true
		args.Items = append(args.Items, arg)
		if err := p.room(len(args.Items)); err != nil {
			return nil, err
		}
		p.blanks()
		if p.skip(')') {
			return args, nil
		}
		if arg.Name == "" && p.peek() == ',' {
			return nil, p.unknownFunction(start, name)
		}
		if !p.skip(',') {
			return nil, p.expected("a comma or a closing parenthesis")
		}
		p.blanks()
	}
}

// misplacedArg is the error for a name that is given twice, and for an
// unnamed value next to others.
func (p *parser) misplacedArg(start int, name string, arg Arg) error {
	if arg.Name == "" {
		return p.unknownFunction(start, name)
	}
	return gwerr.Newf(gwerr.Syntax, "%s has %s twice.", name, arg.Name).At(arg.Offset).On(p.option)
}

func (p *parser) arg(start int, name string, values argValues) (Arg, error) {
	arg := Arg{Offset: p.at(p.pos)}
	if end := nameEnd(p.text, p.pos); end > p.pos && p.peekAt(end) == '=' {
		var err error
		if arg.Name, err = p.name("a parameter name"); err != nil {
			return arg, err
		}
		p.pos++
		if values == valuesAreExpressions {
			arg.Value, err = p.expression()
			return arg, err
		}
	}
	valueStart := p.pos
	value, err := p.expression()
	if err != nil {
		return arg, err
	}
	if !isLiteralOrAlias(value) {
		if arg.Name == "" && values == valuesAreExpressions {
			return arg, p.unknownFunction(start, name)
		}
		return arg, p.expectedAt(valueStart, "a literal or an alias")
	}
	arg.Value = value
	return arg, nil
}

// bracketed consumes a pair of parentheses unparsed and returns what stands
// between them.
func (p *parser) bracketed() (string, error) {
	end := balancedEnd(p.text, p.pos)
	if end < 0 {
		return "", p.expected("matching parentheses and quotes")
	}
	text := p.text[p.pos+1 : end]
	p.steps += end - p.pos
	p.pos = end + 1
	return text, nil
}
