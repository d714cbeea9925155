package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// maxStages bounds the SELECTs within each other that a request becomes, maxSelects all
// of its text: what several sequences read stands in each of them.
const maxStages, maxSelects = 50, 500

// pipeline turns transformations into stages, one after the other.
//
// Source: OData Data Aggregation 4.0, section 3.
type pipeline struct {
	w  *walker
	at *stage
	// made counts stages and hidden fields, for their names; branches share it.
	made *int
	// option is the one being compiled, for messages.
	option string
	// partition are the fields and columns that the rows are grouped by while a
	// sequence within groupby works on each group.
	partition []string
	// lent are those of them that the rows have for that alone, and not by themselves:
	// what stands behind navigation properties, and what was aggregated away.
	lent []string
	// groupsOf gives the rows that the groups of partition are made of, where the
	// sequence may leave groups without rows; nil elsewhere.
	groupsOf *stage
	// orders are the hidden fields that orderby has added, the first one first, with
	// their directions.
	orders []string
}

// transform makes the rows of the resource those that $apply and $compute give.
func (w *walker) transform(o *uri.Options) error {
	made := 0
	p := &pipeline{w: w, at: w.firstStage(), made: &made}
	if o.Apply != nil {
		p.option = "$apply"
		if err := p.sequence(o.Apply.Steps); err != nil {
			return err
		}
	}
	p.option = "$compute"
	if err := p.compute(o.Compute); err != nil {
		return err
	}
	p.option = "$select"
	if err := p.selectItems(o.Select); err != nil {
		return err
	}
	if err := p.next(); err != nil {
		return err
	}
	r := w.resource
	r.declared = r.Table
	r.stage, r.scopes, r.Table, r.orders = p.at, p.at.scopes, p.at.scopes.root().table, p.ordering()
	return nil
}

// next begins a stage behind the one at hand.
func (p *pipeline) next() error {
	*p.made++
	if *p.made > maxStages {
		return gwerr.Newf(gwerr.TooLarge, "The transformations in %s are more than %d.", p.option, maxStages).On(p.option)
	}
	table := p.at.scopes.root().table
	if !p.at.entity {
		own := p.w.resource.Table
		table = &catalog.Table{Name: own.Name, Entity: own.Entity, Schema: own.Schema}
	}
	p.at = p.at.follow(*p.made, table)
	if p.at.below > maxSelects {
		return gwerr.Newf(gwerr.TooLarge, "The transformations in %s, with those that several sequences repeat, are more than %d.", p.option, maxSelects).On(p.option)
	}
	return nil
}

// open makes the stage at hand one that can be worked on.
func (p *pipeline) open() error {
	if p.at.shaped {
		return p.next()
	}
	return nil
}

func (p *pipeline) compiler() *compiler {
	root := p.at.scopes.root()
	return &compiler{
		self: p.w.self(), scopes: p.at.scopes, instance: root, namespace: p.w.options.Namespace, aliases: p.w.aliases,
		now: p.w.options.Now, option: p.option, item: this,
	}
}

func (p *pipeline) sequence(steps []uri.Transformation) error {
	for i := range steps {
		if err := p.step(&steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// unsupportedSteps are the transformations of the specification that the gateway
// does not have, with the reason.
var unsupportedSteps = map[string]string{
	"addnested": "an entity set has no nested collections", "join": "groupby takes paths along navigation properties instead", "outerjoin": "groupby takes paths along navigation properties instead",
	"ancestors": "no hierarchy is declared", "descendants": "no hierarchy is declared", "traverse": "no hierarchy is declared",
	"expand": "the option $expand does that",
}

func (p *pipeline) step(t *uri.Transformation) error {
	if err := p.open(); err != nil {
		return err
	}
	switch t.Name {
	case "identity":
		return nil
	case "filter":
		return p.filter(t.Filter)
	case "search":
		p.at.where = append(p.at.where, p.at.scopes.search(p.at.scopes.root(), t.Search))
		return nil
	case "compute":
		return p.compute(t.Compute)
	case "orderby":
		return p.orderBy(t.OrderBy)
	case "top":
		return p.limit(nil, 0, *t.Count)
	case "skip":
		return p.limit(nil, *t.Count, -1)
	case "topcount", "bottomcount":
		return p.leadingCount(t)
	case "topsum", "bottomsum", "toppercent", "bottompercent":
		return p.leadingSum(t)
	case "aggregate":
		return p.aggregate(nil, t.Aggregate)
	case "groupby":
		return p.groupBy(t)
	case "concat":
		return p.concat(t)
	case "nest":
		return p.nest(t)
	}
	reason := unsupportedSteps[t.Name]
	if reason == "" {
		return gwerr.Newf(gwerr.NotImplemented, "There is no transformation %s.", t.Name).At(t.Offset).On(p.option)
	}
	return gwerr.Newf(gwerr.NotImplemented, "The gateway does not evaluate %s: %s.", t.Name, reason).At(t.Offset).On(p.option)
}

func (p *pipeline) filter(e uri.Expr) error {
	c := p.compiler()
	bound, err := c.conditionOn(c.instance, e)
	p.at.where = append(p.at.where, bound.parts()...)
	return err
}

// compute adds properties, of which each may use those before it.
func (p *pipeline) compute(items []uri.ComputeItem) error {
	for i, item := range items {
		before := items[:i]
		text := uri.FormatExpr(item.Expr)
		if i == 0 || slices.ContainsFunc(before, func(o uri.ComputeItem) bool { return strings.Contains(text, o.Name) }) {
			if err := p.open(); err != nil {
				return err
			}
		}
		c := p.compiler()
		t, err := c.compile(item.Expr)
		if err != nil {
			return err
		}
		if err := p.freeName(item.Name, item.Expr.Pos()); err != nil {
			return err
		}
		p.at.fields = append(p.at.fields, fieldOf(item.Name, t))
		p.at.shaped = true
	}
	return nil
}

func fieldOf(path string, t term) field {
	return field{path: path, kind: t.kind, column: t.column, whole: t.whole, expr: t.sql}
}

// freeName refuses a name for a new property that another one has. Letter case
// makes no difference to SQL.
func (p *pipeline) freeName(name string, pos int) error {
	taken := func(other string) bool { return strings.EqualFold(name, other) }
	found := false
	for _, f := range p.at.fields {
		first, _, _ := strings.Cut(f.path, "/")
		found = found || taken(first)
	}
	if t := p.at.scopes.root().table; p.at.entity {
		for i := range t.Columns {
			found = found || taken(t.Columns[i].Name)
		}
		for _, n := range edm.Navigations(p.w.schema, t) {
			found = found || taken(n.Name)
		}
	}
	if found {
		return gwerr.Newf(gwerr.BadRequest, "There is a property %s already.", name).At(pos).On(p.option).WithHint("Choose another name.")
	}
	return nil
}

// hide adds a field of the gateway's own and returns its path.
func (p *pipeline) hide(what string, k kind, expr string) string {
	*p.made++
	path := "$" + what + itoa(*p.made)
	p.at.fields = append(p.at.fields, field{path: path, kind: k, expr: expr, hidden: true})
	return path
}

// orderBy sorts: what was the order before decides where these items don't.
func (p *pipeline) orderBy(items []uri.OrderItem) error {
	var orders []string
	for _, item := range items {
		t, err := p.sortable(item.Expr)
		if err != nil {
			return err
		}
		direction := ascending
		if item.Descending {
			direction = descending
		}
		orders = append(orders, p.hide("order", t.kind, t.sql)+direction)
	}
	p.orders = append(orders, p.orders...)
	p.at.shaped = true
	return nil
}

func (p *pipeline) sortable(e uri.Expr) (term, error) {
	c := p.compiler()
	t, err := c.compile(e)
	if err == nil && t.kind == listKind {
		err = c.fail(gwerr.TypeMismatch, e.Pos(), "Entities can't be sorted by a collection.")
	}
	return t, err
}

// ordering is the order so far as SQL of the stage at hand.
func (p *pipeline) ordering() []string {
	var out []string
	for _, o := range p.orders {
		path, direction, _ := strings.Cut(o, " ")
		out = append(out, p.at.scopes.root().sql(path)+" "+direction)
	}
	return out
}

// limit keeps a part of the rows, or of each group, in an order: that of first,
// then the one so far. most is negative for all that follow, and counts from the first
// row: nothing both skips and bounds.
func (p *pipeline) limit(first []string, skip, most int64) error {
	order := append(append(first, p.ordering()...), p.at.total()...)
	if len(p.partition) == 0 {
		p.at.order, p.at.offset, p.at.limit, p.at.shaped = order, skip, most, true
		return nil
	}
	rank := p.hide("rank", intKind, "row_number() OVER ("+p.window(order)+")")
	if err := p.next(); err != nil {
		return err
	}
	sql := p.at.scopes.root().sql(rank)
	if skip > 0 {
		p.at.where = append(p.at.where, sql+" > "+itoa(int(skip)))
	}
	if most >= 0 {
		p.at.where = append(p.at.where, sql+" <= "+itoa(int(most)))
	}
	return nil
}

// window divides a window by the groups, and sorts it.
func (p *pipeline) window(order []string) string {
	p.at.windows = true
	var parts []string
	if len(p.partition) > 0 {
		var by []string
		for _, name := range p.partition {
			by = append(by, p.at.scopes.root().sql(name))
		}
		parts = append(parts, "PARTITION BY "+strings.Join(by, ", "))
	}
	if len(order) > 0 {
		parts = append(parts, "ORDER BY "+strings.Join(order, ", "))
	}
	return strings.Join(parts, " ")
}

func (p *pipeline) leadingCount(t *uri.Transformation) error {
	c := p.compiler()
	n, ok := c.constant(t.Amount).(*uri.Literal)
	if !ok || n.Kind != uri.IntLiteral {
		return c.fail(gwerr.TypeMismatch, t.Amount.Pos(), "The number of %s must be a whole number.", t.Name)
	}
	count, ok := n.Int64()
	if !ok || count < 0 {
		return c.fail(gwerr.BadRequest, t.Amount.Pos(), "The number of %s is out of range.", t.Name)
	}
	value, err := p.sortable(t.Value)
	if err != nil {
		return err
	}
	return p.limit(value.order(direction(t)), 0, count)
}

func direction(t *uri.Transformation) string {
	if strings.HasPrefix(t.Name, "top") {
		return descending
	}
	return ascending
}

// leadingSum keeps the rows, from the largest or smallest value on, that are needed
// for their sum to reach an amount, or a part of the whole.
func (p *pipeline) leadingSum(t *uri.Transformation) error {
	c := p.compiler()
	amount, err := c.compile(t.Amount)
	if err != nil {
		return err
	}
	value, err := p.sortable(t.Value)
	if err != nil {
		return err
	}
	if !amount.kind.numeric() || amount.literal == nil || !value.kind.numeric() {
		return c.fail(gwerr.TypeMismatch, t.Offset, "%s takes a number and a numeric property.", t.Name)
	}
	p.at.where = append(p.at.where, value.sql+" IS NOT NULL")
	order := append(append([]string{value.sql + direction(t)}, p.ordering()...), p.at.total()...)
	// The first rows that reach the amount are enough: what is negative behind them takes nothing back.
	counts := value.sql
	if direction(t) == descending {
		counts = "GREATEST(" + counts + ", 0)"
	}
	before := p.hide("before", doubleKind, "sum("+counts+") OVER ("+p.window(order)+" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)")
	whole := p.hide("whole", doubleKind, "sum("+value.sql+") OVER ("+p.window(nil)+")")
	if err := p.next(); err != nil {
		return err
	}
	root := p.at.scopes.root()
	sum, most := "GREATEST(COALESCE("+root.sql(before)+", 0), 0)", amount.sql
	if strings.HasSuffix(t.Name, "percent") {
		sum, most = sum+" * 100", root.sql(whole)+" * "+amount.sql
	}
	p.at.where = append(p.at.where, sum+" < "+most)
	return nil
}
