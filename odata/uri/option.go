package uri

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
)

// optionID is a system query option.
type optionID int

const (
	optFilter optionID = iota
	optSearch
	optCount
	optOrderBy
	optSkip
	optTop
	optSelect
	optExpand
	optCompute
	optApply
	optLevels
	optIndex
	optFormat
	optSkipToken
	optDeltaToken
	optSchemaVersion
	optID
	optionCount
)

var optionNames = [optionCount]string{
	"filter", "search", "count", "orderby", "skip", "top", "select", "expand", "compute", "apply",
	"levels", "index", "format", "skiptoken", "deltatoken", "schemaversion", "id",
}

var optionByName = func() map[string]optionID {
	m := make(map[string]optionID, optionCount)
	for id, name := range optionNames {
		m[name] = optionID(id)
	}
	return m
}()

// String returns the option's name with its `$`.
func (o optionID) String() string { return "$" + optionNames[o] }

// place is a set of options: those that one place in a request admits.
type place uint32

func options(ids ...optionID) place {
	var set place
	for _, id := range ids {
		set |= 1 << id
	}
	return set
}

func (s place) has(id optionID) bool { return s&(1<<id) != 0 }

// Source: ABNF rules expandCountOption, expandRefOption, expandOption,
// selectOption and systemQueryOption; $apply within $expand is of the data
// aggregation extension.
var (
	inCount  = options(optFilter, optSearch)
	inRef    = inCount | options(optOrderBy, optSkip, optTop, optCount)
	inExpand = inRef | options(optSelect, optExpand, optCompute, optLevels, optApply)
	inStar   = options(optLevels)
	inSelect = inRef | options(optCompute, optSelect)
	// inRequest are all but $levels, which belongs to $expand.
	inRequest = (1<<optionCount - 1) &^ options(optLevels)
	// withAliases are the places that admit `@name=value`.
	withAliases = []place{inExpand, inSelect}
)

func (s place) admitsAliases() bool {
	for _, with := range withAliases {
		if s == with {
			return true
		}
	}
	return false
}

// lookupOption returns the system query option of a name, which may have its
// `$` and any case.
//
// Source: OData 4.01 Part 1, section 13.2 (conformance, items on names).
func lookupOption(name string) (optionID, bool) {
	id, ok := optionByName[strings.ToLower(strings.TrimPrefix(name, "$"))]
	return id, ok
}

// nestedOptions reads `(option;option…)`.
func (p *parser) nestedOptions(allowed place) (*Options, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.nested++
	defer func() { p.nested-- }()
	outer := p.whenOfCase
	p.whenOfCase = false
	defer func() { p.whenOfCase = outer }()
	p.pos++
	into := &Options{}
	seen := newSeen()
	for n := 1; ; n++ {
		if err := p.room(n); err != nil {
			return nil, err
		}
		if err := p.nestedOption(allowed, into, seen); err != nil {
			return nil, err
		}
		p.blanks()
		if p.skip(')') {
			return into, nil
		}
		if !p.skip(';') {
			return nil, p.expected("an operator, a semicolon or a closing parenthesis")
		}
	}
}

func (p *parser) nestedOption(allowed place, into *Options, seen *seen) error {
	p.blanks()
	start := p.pos
	if p.peek() == '@' && allowed.admitsAliases() {
		return p.nestedAlias(into, seen)
	}
	p.skip('$')
	end := nameEnd(p.text, p.pos)
	p.steps += end - p.pos
	id, known := lookupOption(p.text[start:end])
	if !known || !allowed.has(id) || p.peekAt(end) != '=' {
		return p.expectedAt(start, "one of the nested options "+allowed.String()+", each followed by =")
	}
	if err := seen.add(id.String(), p.option, p.at(start)); err != nil {
		return err
	}
	p.pos = end + 1
	return p.optionValue(id, into)
}

// String lists the options of the place.
func (s place) String() string {
	var names []string
	for id := range optionCount {
		if s.has(id) {
			names = append(names, id.String())
		}
	}
	return strings.Join(names, ", ")
}

func (p *parser) nestedAlias(into *Options, seen *seen) error {
	start := p.pos
	p.pos++
	name, err := p.name("the name of an alias")
	if err != nil {
		return err
	}
	if err := seen.add("@"+name, p.option, p.at(start)); err != nil {
		return err
	}
	if !p.skip('=') {
		return p.expected("= and the alias's value")
	}
	value, err := p.expression()
	into.Aliases = append(into.Aliases, AliasValue{Name: name, Value: value})
	return err
}

// optionValue reads the value of an option that may be nested and stores it.
func (p *parser) optionValue(id optionID, into *Options) (err error) {
	switch id {
	case optFilter:
		into.Filter, err = p.expression()
	case optSearch:
		into.Search, err = p.searchOption()
	case optCount:
		into.Count, err = p.boolean()
	case optOrderBy:
		into.OrderBy, err = p.orderBy()
	case optSkip:
		into.Skip, err = p.count()
	case optTop:
		into.Top, err = p.count()
	case optIndex:
		into.Index, err = p.index()
	case optLevels:
		into.Levels, err = p.levels()
	case optSelect:
		into.Select, err = p.selectItems()
	case optExpand:
		into.Expand, err = p.expandItems()
	case optCompute:
		into.Compute, err = p.compute()
	case optApply:
		into.Apply, err = p.applyOption()
	default:
		err = p.expected("another option")
	}
	return err
}

// boolean reads true or false, in any case.
func (p *parser) boolean() (*bool, error) {
	p.blanks()
	word, end := p.word(p.pos)
	if word != "true" && word != "false" {
		return nil, p.expected("true or false")
	}
	p.pos = end
	value := word == "true"
	return &value, nil
}

// count reads digits; a number beyond int64 means "all" and is clamped.
func (p *parser) count() (*int64, error) {
	p.blanks()
	end := p.digitsEnd(p.pos)
	if end == p.pos || continuesName(p.text, end) {
		return nil, p.expected("a whole number from 0")
	}
	value, err := strconv.ParseInt(p.text[p.pos:end], 10, 64)
	if err != nil {
		value = math.MaxInt64
	}
	p.pos = end
	return &value, nil
}

func (p *parser) index() (*int64, error) {
	p.blanks()
	negative := p.skip('-')
	value, err := p.count()
	if err != nil {
		return nil, err
	}
	if negative {
		*value = -*value
	}
	return value, nil
}

// levels reads max, or a number without leading zeroes.
func (p *parser) levels() (*int64, error) {
	p.blanks()
	if word, end := p.word(p.pos); word == "max" {
		p.pos = end
		most := LevelsMax
		return &most, nil
	}
	if first := p.peek(); first < '1' || first > '9' {
		return nil, p.expected("a whole number from 1, or max")
	}
	return p.count()
}

// orderBy reads `expression [asc|desc]` items.
func (p *parser) orderBy() ([]OrderItem, error) {
	var items []OrderItem
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		item := OrderItem{Expr: x}
		if word, end := p.word(p.pos); word == "asc" || word == "desc" {
			item.Descending = word == "desc"
			p.pos = end
			p.blanks()
		}
		items = append(items, item)
		if more, err := p.comma(len(items)); !more {
			return items, err
		}
	}
}

// comma consumes the comma after item number n of a list.
func (p *parser) comma(n int) (more bool, err error) {
	p.blanks()
	if !p.skip(',') {
		return false, nil
	}
	p.blanks()
	if err := p.room(n + 1); err != nil {
		return false, err
	}
	return true, nil
}

// compute reads `expression as Name` items.
func (p *parser) compute() ([]ComputeItem, error) {
	var items []ComputeItem
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		word, end := p.word(p.pos)
		if word != "as" || !isBlank(p.peekAt(end)) {
			return nil, p.expected("an operator, or `as` and a name")
		}
		p.pos = end
		p.blanks()
		name, err := p.name("a name after `as`")
		if err != nil {
			return nil, err
		}
		items = append(items, ComputeItem{Expr: x, Name: name})
		if more, err := p.comma(len(items)); !more {
			return items, err
		}
	}
}

// seen finds options that are given twice.
type seen struct{ names map[string]bool }

func newSeen() *seen { return &seen{names: make(map[string]bool)} }

func (s *seen) add(name, target string, position int) error {
	if s.names[name] {
		return gwerr.New(gwerr.BadRequest, fmt.Sprintf("The option %s is given twice.", name), "").At(position).On(target)
	}
	s.names[name] = true
	return nil
}
