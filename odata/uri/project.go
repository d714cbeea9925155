package uri

import (
	"strings"
)

// selectItems reads the items of $select.
//
// Source: ABNF rule selectItem.
func (p *parser) selectItems() ([]SelectItem, error) {
	var items []SelectItem
	for {
		p.blanks()
		item, err := p.selectItem()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if more, err := p.comma(len(items)); !more {
			return items, err
		}
	}
}

func (p *parser) selectItem() (SelectItem, error) {
	item := SelectItem{Offset: p.at(p.pos)}
	if p.skip('*') {
		item.Star = true
		return item, nil
	}
	for {
		start := p.pos
		segment, err := p.projectionSegment("a property or *")
		if err != nil {
			return item, err
		}
		if name, ok := segment.(*NameSegment); ok && p.peek() == '.' && p.peekAt(p.pos+1) == '*' {
			if len(item.Path) > 0 {
				return item, p.expectedAt(start, "a property")
			}
			item.Namespace = name.Name
			p.pos += 2
			return item, nil
		}
		item.Path = append(item.Path, segment)
		if !p.skip('/') {
			break
		}
	}
	if p.peek() != '(' {
		return item, nil
	}
	var err error
	if p.listsParameters() {
		item.Parameters, err = p.parameterNames()
	} else {
		item.Options, err = p.nestedOptions(inSelect)
	}
	return item, err
}

// projectionSegment reads a name or an annotation.
func (p *parser) projectionSegment(what string) (Segment, error) {
	if p.peek() == '@' {
		return p.annotation()
	}
	start := p.pos
	name, err := p.qualifiedName(what)
	if err != nil {
		return nil, err
	}
	return &NameSegment{Offset: p.at(start), Name: name}, nil
}

// listsParameters tells the parameter names of a function from nested
// options, whose names are followed by an equals sign.
func (p *parser) listsParameters() bool {
	end := nameEnd(p.text, p.pos+1)
	p.steps += end - p.pos
	next := p.peekAt(end)
	return end > p.pos+1 && (next == ',' || next == ')')
}

func (p *parser) parameterNames() ([]string, error) {
	var names []string
	p.pos++
	for {
		name, err := p.name("the name of a parameter")
		if err != nil {
			return nil, err
		}
		names = append(names, name)
		if more, err := p.comma(len(names)); err != nil {
			return nil, err
		} else if !more {
			return names, p.closing()
		}
	}
}

// expandItems reads the items of $expand.
//
// Source: ABNF rules expandItem and expandPath.
func (p *parser) expandItems() ([]ExpandItem, error) {
	if p.expands >= p.limits.ExpandDepth {
		return nil, p.tooLarge("nesting of $expand", p.limits.ExpandDepth, "levels")
	}
	p.expands++
	defer func() { p.expands-- }()
	var items []ExpandItem
	for {
		p.blanks()
		item, err := p.expandItem()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if more, err := p.comma(len(items)); !more {
			return items, err
		}
	}
}

func (p *parser) expandItem() (ExpandItem, error) {
	item := ExpandItem{Offset: p.at(p.pos)}
	if p.systemWord("$value") {
		item.Value = true
		return item, nil
	}
	allowed, err := p.expandPath(&item)
	if err != nil || p.peek() != '(' {
		return item, err
	}
	if allowed == 0 {
		return item, p.expected("a comma or the end of the item")
	}
	item.Options, err = p.nestedOptions(allowed)
	return item, err
}

// expandPath reads the path with its suffix and returns the options that may
// follow in parentheses.
func (p *parser) expandPath(item *ExpandItem) (place, error) {
	for {
		switch {
		case p.skip('*'):
			item.Star = true
			if p.systemWord("/$ref") {
				item.Suffix = ExpandRef
				return 0, nil
			}
			return inStar, nil
		case len(item.Path) > 0 && p.systemWord("$ref"):
			item.Suffix = ExpandRef
			return inRef, nil
		case len(item.Path) > 0 && p.systemWord("$count"):
			item.Suffix = ExpandCount
			return inCount, nil
		}
		segment, err := p.projectionSegment("a navigation property, * or $value")
		if err != nil {
			return 0, err
		}
		item.Path = append(item.Path, segment)
		if !p.skip('/') {
			return inExpand, nil
		}
	}
}

// systemWord consumes the given word if no name character follows it.
func (p *parser) systemWord(word string) bool {
	p.steps++
	if !strings.HasPrefix(p.text[p.pos:], word) || continuesName(p.text, p.pos+len(word)) {
		return false
	}
	p.pos += len(word)
	return true
}
