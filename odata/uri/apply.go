package uri

import "strings"

// Apply is the value of $apply: transformations, of which each works on what the
// one before it gives.
//
// Source: OData Data Aggregation 4.0, section 3.
type Apply struct {
	// Value is the text, decoded.
	Value string
	Steps []Transformation
}

// Transformation is one step of $apply. Which members are set hangs on the name.
type Transformation struct {
	Offset int
	// Name is the transformation's in lower case, such as "groupby", or the
	// qualified name of a function of the model.
	Name string
	// Filter is that of filter.
	Filter Expr
	// Search is that of search.
	Search SearchExpr
	// Compute are the items of compute.
	Compute []ComputeItem
	// OrderBy are the items of orderby.
	OrderBy []OrderItem
	// Count is the number of top and skip.
	Count *int64
	// Amount and Value are the arguments of topcount, toppercent and the like.
	Amount, Value Expr
	// Aggregate are the items of aggregate.
	Aggregate []AggregateItem
	// Groups are the grouping properties of groupby.
	Groups []GroupItem
	// Branches are the sequences of concat and nest, or the one of groupby.
	Branches [][]Transformation
	// Names are those of the collections that the sequences of nest make, in their order.
	Names []NestedName
	// Text is what stands in the parentheses of functions of the model, unparsed; its
	// brackets and quotes match.
	Text string
}

// AggregateItem is one item of aggregate.
type AggregateItem struct {
	Offset int
	// Expr is what is aggregated. It is nil for `$count`, and a path that ends so for
	// the number of what it leads to.
	Expr Expr
	// Method is the name behind `with`, or empty.
	Method string
	// From are the clauses that aggregate in steps.
	From []AggregateFrom
	// Alias is the name behind `as`, or empty.
	Alias string
}

// AggregateFrom is `from path,… with method`.
type AggregateFrom struct {
	Paths  []Expr
	Method string
}

// GroupItem is one grouping property, or a hierarchy of them.
type GroupItem struct {
	Offset int
	// Path is the property, nil for a hierarchy.
	Path Expr
	// Rollup are the levels of rollup, and All is set where it begins with `$all`.
	Rollup []Expr
	All    bool
	// Recursive is set for rolluprecursive, whose hierarchy is not kept.
	Recursive bool
}

// applyOption reads $apply.
func (p *parser) applyOption() (*Apply, error) {
	p.blanks()
	start := p.pos
	steps, err := p.transformations()
	if err != nil {
		return nil, err
	}
	return &Apply{Value: strings.TrimSpace(p.text[start:p.pos]), Steps: steps}, nil
}

// transformations reads a sequence, divided by slashes.
func (p *parser) transformations() ([]Transformation, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	var steps []Transformation
	for {
		p.blanks()
		if err := p.room(len(steps) + 1); err != nil {
			return nil, err
		}
		t, err := p.transformation()
		if err != nil {
			return nil, err
		}
		steps = append(steps, t)
		p.blanks()
		if !p.skip('/') {
			return steps, nil
		}
	}
}

func (p *parser) transformation() (Transformation, error) {
	t := Transformation{Offset: p.at(p.pos)}
	name, err := p.qualifiedName("a transformation")
	if err != nil {
		return t, err
	}
	t.Name = name
	if lower := strings.ToLower(name); !strings.Contains(name, ".") {
		t.Name = lower
	}
	if t.Name == "identity" {
		return t, nil
	}
	if p.peek() != '(' {
		return t, p.expected("an opening parenthesis")
	}
	if !parsed[t.Name] {
		t.Text, err = p.bracketed()
		return t, err
	}
	p.pos++
	p.blanks()
	if err := p.arguments(&t); err != nil {
		return t, err
	}
	return t, p.closing()
}

// parsed are the transformations of the specification; the arguments of others are
// text.
var parsed = map[string]bool{
	"aggregate": true, "groupby": true, "concat": true, "filter": true, "search": true, "compute": true, "orderby": true,
	"top": true, "skip": true, "topcount": true, "topsum": true, "toppercent": true, "bottomcount": true, "bottomsum": true, "bottompercent": true,
	"nest": true, "addnested": true, "join": true, "outerjoin": true, "ancestors": true, "descendants": true, "traverse": true,
}

func (p *parser) arguments(t *Transformation) (err error) {
	switch t.Name {
	case "aggregate":
		t.Aggregate, err = p.aggregateItems()
	case "groupby":
		err = p.groupBy(t)
	case "concat":
		err = p.concat(t)
	case "nest":
		err = p.nest(t)
	case "filter":
		t.Filter, err = p.expression()
	case "search":
		t.Search, err = p.searchOption()
	case "compute":
		t.Compute, err = p.compute()
	case "orderby":
		t.OrderBy, err = p.orderBy()
	case "top", "skip":
		t.Count, err = p.count()
	case "addnested", "join", "outerjoin", "ancestors", "descendants", "traverse":
		err = p.relatedTo(t.Name)
	default:
		if t.Amount, err = p.expression(); err != nil {
			return err
		}
		if err = p.expect(',', "a comma and what to sort by"); err != nil {
			return err
		}
		t.Value, err = p.expression()
	}
	return err
}

func (p *parser) concat(t *Transformation) error {
	for {
		branch, err := p.transformations()
		if err != nil {
			return err
		}
		t.Branches = append(t.Branches, branch)
		more, err := p.comma(len(t.Branches))
		switch {
		case err != nil:
			return err
		case !more && len(t.Branches) == 1:
			return p.expected("a comma and another sequence of transformations")
		case !more:
			return nil
		}
	}
}

func (p *parser) groupBy(t *Transformation) error {
	if !p.skip('(') {
		return p.expected("an opening parenthesis before the grouping properties")
	}
	for {
		p.blanks()
		item, err := p.groupItem()
		if err != nil {
			return err
		}
		t.Groups = append(t.Groups, item)
		if more, err := p.comma(len(t.Groups)); err != nil {
			return err
		} else if !more {
			break
		}
	}
	if err := p.closing(); err != nil {
		return err
	}
	p.blanks()
	if !p.skip(',') {
		return nil
	}
	branch, err := p.transformations()
	t.Branches = [][]Transformation{branch}
	return err
}

func (p *parser) groupItem() (GroupItem, error) {
	item := GroupItem{Offset: p.at(p.pos)}
	start := p.pos
	word := p.text[start:nameEnd(p.text, start)]
	switch end := start + len(word); {
	case p.peekAt(end) != '(':
	case strings.EqualFold(word, "rolluprecursive"):
		p.pos, item.Recursive = end+1, true
		return item, p.recursive()
	case strings.EqualFold(word, "rollup"):
		p.pos = end + 1
		return item, p.rollup(&item)
	}
	path, err := p.aggregationPath()
	item.Path = path
	return item, err
}

func (p *parser) rollup(item *GroupItem) error {
	for {
		p.blanks()
		if len(item.Rollup) == 0 && !item.All && p.systemWord("$all") {
			item.All = true
		} else {
			path, err := p.aggregationPath()
			if err != nil {
				return err
			}
			item.Rollup = append(item.Rollup, path)
		}
		if more, err := p.comma(len(item.Rollup)); err != nil {
			return err
		} else if !more {
			break
		}
	}
	if len(item.Rollup) == 0 {
		return p.expected("a comma and a property")
	}
	return p.closing()
}

// aggregationPath reads a path and nothing else.
func (p *parser) aggregationPath() (Expr, error) {
	start := p.pos
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	if path, ok := x.(*PathExpr); ok && path.Start == FromInstance {
		return path, nil
	}
	return nil, p.expectedAt(start, "a path to a property")
}

func (p *parser) aggregateItems() ([]AggregateItem, error) {
	var items []AggregateItem
	for {
		p.blanks()
		item, err := p.aggregateItem()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if more, err := p.comma(len(items)); !more {
			return items, err
		}
	}
}

func (p *parser) aggregateItem() (item AggregateItem, err error) {
	item.Offset = p.at(p.pos)
	if !p.systemWord("$count") {
		if item.Expr, err = p.expression(); err != nil {
			return item, err
		}
	}
	counts := item.Expr == nil || endsInCount(item.Expr)
	if p.keyword("with") {
		if item.Expr == nil {
			return item, p.expected("`as` and a name")
		}
		counts = false // the numbers of many collections are numbers like others
		if item.Method, err = p.qualifiedName("a method of aggregation"); err != nil {
			return item, err
		}
	}
	for p.keyword("from") {
		from, err := p.aggregateFrom(counts || item.Method != "")
		if err != nil {
			return item, err
		}
		item.From = append(item.From, from)
	}
	_, isPath := item.Expr.(*PathExpr)
	custom := !counts && item.Method == "" // an aggregate that the model names
	if p.keyword("as") && (isPath || !custom) {
		item.Alias, err = p.name("a name after `as`")
		return item, err
	}
	switch {
	case !isPath && custom:
		return item, p.expected("an operator, or `with` and a method of aggregation")
	case !custom || len(item.From) > 0:
		return item, p.expected("`as` and a name")
	}
	return item, nil
}

// aggregateFrom reads what follows `from`; it has a method unless a custom
// aggregate stands before it.
func (p *parser) aggregateFrom(method bool) (from AggregateFrom, err error) {
	for {
		path, err := p.aggregationPath()
		if err != nil {
			return from, err
		}
		from.Paths = append(from.Paths, path)
		if more, err := p.comma(len(from.Paths)); err != nil {
			return from, err
		} else if !more {
			break
		}
	}
	if p.keyword("with") {
		from.Method, err = p.qualifiedName("a method of aggregation")
	} else if method {
		err = p.expected("`with` and a method of aggregation")
	}
	return from, err
}

// keyword consumes a word with blanks around it.
func (p *parser) keyword(want string) bool {
	p.blanks()
	word, end := p.word(p.pos)
	if word != want || !isBlank(p.peekAt(end)) {
		return false
	}
	p.pos = end
	p.blanks()
	return true
}

func endsInCount(x Expr) bool {
	path, ok := x.(*PathExpr)
	if !ok || len(path.Segments) == 0 {
		return false
	}
	_, ok = path.Segments[len(path.Segments)-1].(*CountSegment)
	return ok
}
