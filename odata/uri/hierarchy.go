package uri

import "strings"

// The transformations of this file follow relations that no entity set of the gateway
// has: their arguments are checked against the grammar, and not kept.

// relatedTo reads the arguments of addnested, join, and the transformations of
// hierarchies.
//
// Source: OData Data Aggregation 4.0, sections 3.4 and 6.2.
func (p *parser) relatedTo(name string) error {
	switch name {
	case "addnested":
		return p.addNested()
	case "join", "outerjoin":
		return p.join()
	case "traverse":
		return p.traverse()
	default: // ancestors and descendants
		return p.relatives()
	}
}

// addNested reads a collection and the sequences that make others of it.
func (p *parser) addNested() error {
	if err := p.namePath("a collection"); err != nil {
		return err
	}
	if err := p.expect(',', "a comma and transformations"); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if _, err := p.transformations(); err != nil {
			return err
		}
		if err := p.asName(); err != nil {
			return err
		}
		if more, err := p.comma(n); !more {
			return err
		}
	}
}

// join reads a collection, its name, and transformations of it.
func (p *parser) join() error {
	if err := p.namePath("a collection"); err != nil {
		return err
	}
	if err := p.asName(); err != nil {
		return err
	}
	return p.moreTransformations()
}

// moreTransformations reads a sequence behind a comma, if there is one.
func (p *parser) moreTransformations() error {
	more, err := p.comma(1)
	if more {
		_, err = p.transformations()
	}
	return err
}

func (p *parser) asName() error {
	if !p.keyword("as") {
		return p.expected("`as` and a name")
	}
	_, err := p.name("a name after `as`")
	return err
}

// hierarchy reads the nodes, the qualifier of their hierarchy and the path to a node's
// identifier.
func (p *parser) hierarchy() error {
	start := p.pos
	nodes, err := p.expression()
	if err != nil {
		return err
	}
	if path, ok := nodes.(*PathExpr); !ok || path.Start != FromRoot {
		return p.expectedAt(start, "a collection that begins with $root")
	}
	if err := p.expect(',', "a comma and the qualifier of a hierarchy"); err != nil {
		return err
	}
	if _, err := p.name("the qualifier of a hierarchy"); err != nil {
		return err
	}
	if err := p.expect(',', "a comma and the path to a node's identifier"); err != nil {
		return err
	}
	return p.namePath("the path to a node's identifier")
}

// recursive reads the arguments of rolluprecursive.
func (p *parser) recursive() error {
	p.blanks()
	if err := p.hierarchy(); err != nil {
		return err
	}
	if err := p.moreTransformations(); err != nil {
		return err
	}
	return p.closing()
}

// namePath reads names and nothing else between slashes.
func (p *parser) namePath(what string) error {
	for {
		if _, err := p.qualifiedName(what); err != nil {
			return err
		}
		if !p.skip('/') {
			return nil
		}
	}
}

// relatives reads a hierarchy, the transformations that choose nodes of it, and how far
// to go from them.
func (p *parser) relatives() error {
	if err := p.hierarchy(); err != nil {
		return err
	}
	if err := p.expect(',', "a comma and transformations"); err != nil {
		return err
	}
	if _, err := p.transformations(); err != nil {
		return err
	}
	more, err := p.comma(1)
	if more && isDigit(p.peek()) {
		if _, err = p.count(); err == nil {
			more, err = p.comma(1)
		}
	}
	if !more || err != nil {
		return err
	}
	start := p.pos
	if !p.keyword("keep") || !p.systemWord("start") {
		return p.expectedAt(start, "a number of levels or `keep start`")
	}
	return nil
}

// traverse reads a hierarchy, the order of its nodes, the transformations that choose
// some of them, and what siblings are sorted by.
func (p *parser) traverse() error {
	if err := p.hierarchy(); err != nil {
		return err
	}
	if err := p.expect(',', "a comma, and preorder or postorder"); err != nil {
		return err
	}
	if !p.systemWord("preorder") && !p.systemWord("postorder") {
		return p.expected("preorder or postorder")
	}
	more, err := p.comma(1)
	if more && p.startsTransformation() {
		if _, err = p.transformations(); err == nil {
			more, err = p.comma(1)
		}
	}
	if more && err == nil {
		_, err = p.orderBy()
	}
	return err
}

// startsTransformation tells a transformation from what nodes are sorted by.
func (p *parser) startsTransformation() bool {
	end := nameEnd(p.text, p.pos)
	p.steps += end - p.pos
	word := strings.ToLower(p.text[p.pos:end])
	_, isMethod := methods[word]
	return word == "identity" || p.peekAt(end) == '(' && parsed[word] && !isMethod
}
