package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// groupBy groups the rows and applies a sequence to each group.
//
// Source: OData Data Aggregation 4.0, section 3.2.3.
func (p *pipeline) groupBy(t *uri.Transformation) error {
	sequence := []uri.Transformation{{Name: "aggregate"}}
	if len(t.Branches) > 0 {
		sequence = t.Branches[0]
	}
	around, groupsOf := p.partition, p.groupsOf
	defer func() {
		p.partition, p.groupsOf = around, groupsOf
		p.lent = slices.DeleteFunc(slices.Clone(p.lent), func(name string) bool { return !slices.Contains(around, name) })
	}()
	if first := sequence[0]; first.Name == "aggregate" {
		if err := p.aggregate(t.Groups, first.Aggregate); err != nil {
			return err
		}
		sequence = sequence[1:]
		for _, g := range t.Groups {
			if len(sequence) == 0 {
				break
			}
			if g.Path == nil {
				return p.fail(gwerr.NotImplemented, g.Offset, "The gateway does not evaluate rollup before several transformations.")
			}
			p.lent = append(p.lent, uri.FormatExpr(g.Path))
		}
	} else if err := p.groupColumns(t.Groups); err != nil {
		return err
	}
	if len(sequence) == 0 {
		return nil
	}
	for _, g := range t.Groups {
		if path := uri.FormatExpr(g.Path); !slices.Contains(p.partition, path) {
			p.partition = append(slices.Clip(p.partition), path)
		}
	}
	if p.groupsOf = nil; emptying(sequence) {
		p.groupsOf = p.at
		if err := p.next(); err != nil {
			return err
		}
	}
	return p.sequence(sequence)
}

func (p *pipeline) fail(code gwerr.Code, pos int, format string, args ...any) *gwerr.Error {
	return gwerr.Newf(code, format, args...).At(pos).On(p.option)
}

// groupColumns makes fields of the grouping properties that no column of the table
// is, so that windows can be divided by them.
func (p *pipeline) groupColumns(groups []uri.GroupItem) error {
	for _, g := range groups {
		if g.Path == nil {
			return p.fail(gwerr.NotImplemented, g.Offset, "The gateway evaluates rollup only before aggregate.")
		}
		f, err := p.grouping(g.Path)
		if err != nil {
			return err
		}
		root := p.at.scopes.root()
		known := slices.ContainsFunc(p.at.fields, func(o field) bool { return o.path == f.path })
		if known || p.at.entity && exactIndex(root.table, f.path) >= 0 {
			continue
		}
		p.at.fields = append(p.at.fields, f)
		p.lent = append(slices.Clip(p.lent), f.path)
		p.at.shaped = true
	}
	return p.open()
}

// grouping is a property that rows are grouped by.
func (p *pipeline) grouping(e uri.Expr) (field, error) {
	c := p.compiler()
	path, ok := e.(*uri.PathExpr)
	name := ""
	if ok {
		name, ok = plainPath(path.Segments)
	}
	if !ok {
		return field{}, p.fail(gwerr.NotImplemented, e.Pos(), "The gateway groups by properties alone, and by those behind single-valued navigation properties.")
	}
	t, err := c.compile(path)
	if err != nil {
		return field{}, err
	}
	if _, isField := c.field(path); !isField {
		at, err := c.locate(path)
		if err != nil {
			return field{}, err
		}
		if last := path.Segments[len(path.Segments)-1]; at.column >= 0 && last == at.at && at.at.Name != at.scope.table.Columns[at.column].Name {
			return field{}, p.fail(gwerr.NotImplemented, e.Pos(), "The gateway does not group by entities.").
				WithHint("Name a property behind it, such as its key.")
		}
	}
	return fieldOf(name, t), nil
}

// aggregate makes one row of all rows, of each group, or of each group of the
// sequence's around it.
//
// Source: OData Data Aggregation 4.0, section 3.2.1.
func (p *pipeline) aggregate(groups []uri.GroupItem, items []uri.AggregateItem) error {
	if len(items) > 0 && len(items[0].From) > 0 {
		return p.aggregateFrom(groups, items)
	}
	g := &grouper{p: p}
	if err := g.parts(); err != nil {
		return err
	}
	p.lent = except(p.partition, groups)
	for _, item := range groups {
		if err := g.item(item); err != nil {
			return err
		}
	}
	fields := g.fields
	for i := range items {
		f, err := p.aggregated(&items[i])
		if err != nil {
			return err
		}
		if slices.ContainsFunc(fields, func(o field) bool { return strings.EqualFold(o.path, f.path) }) {
			return p.fail(gwerr.BadRequest, items[i].Offset, "There is a property %s already.", f.path).WithHint("Choose another name.")
		}
		fields = append(fields, f)
	}
	p.at.aggregates = true
	p.at.fields, p.at.groups, p.at.entity, p.at.shaped, p.at.keys, p.at.sets = fields, g.sql(), false, true, nil, nil
	for _, f := range g.fields {
		p.at.keys = append(p.at.keys, f.path)
	}
	p.orders = nil
	if len(groups) == 0 && p.groupsOf != nil {
		return p.restore(items)
	}
	return nil
}

func segmentsOf(path string) []uri.Segment {
	var out []uri.Segment
	for _, name := range strings.Split(path, "/") {
		out = append(out, &uri.NameSegment{Name: name})
	}
	return out
}

// grouper collects grouping properties, and the sets of them that rollup wants.
type grouper struct {
	p      *pipeline
	fields []field
	always []string
	// rollups are the levels of each hierarchy, the widest first; "" is all.
	rollups [][]string
}

func (g *grouper) plain(path uri.Expr) error {
	f, err := g.p.grouping(path)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(g.fields, func(o field) bool { return o.path == f.path }) {
		g.fields, g.always = append(g.fields, f), append(g.always, f.expr)
	}
	return nil
}

// parts groups by what the groups around are made of.
func (g *grouper) parts() error {
	for _, name := range g.p.partition {
		f, err := g.p.part(name)
		if err != nil {
			return err
		}
		g.fields, g.always = append(g.fields, f), append(g.always, f.expr)
	}
	return nil
}

func (g *grouper) item(item uri.GroupItem) error {
	switch {
	case item.Recursive:
		return g.p.fail(gwerr.NotImplemented, item.Offset, "The gateway does not evaluate rolluprecursive: no hierarchy is declared.")
	case item.Path != nil:
		return g.plain(item.Path)
	}
	var levels []string
	if item.All {
		levels = append(levels, "")
	}
	sofar := ""
	for i, path := range item.Rollup {
		f, err := g.p.grouping(path)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(g.fields, func(o field) bool { return o.path == f.path }) {
			return g.p.fail(gwerr.BadRequest, path.Pos(), "%s is grouped by twice.", f.path)
		}
		if item.All || i > 0 {
			f.absent = g.p.hiddenName("no")
			g.fields = append(g.fields, field{path: f.absent, kind: boolKind, expr: "(grouping(" + f.expr + ") = 1)", hidden: true})
		}
		g.fields = append(g.fields, f)
		if sofar != "" {
			sofar += ", "
		}
		sofar += f.expr
		levels = append(levels, sofar)
	}
	g.rollups = append(g.rollups, levels)
	return nil
}

// sql is the GROUP BY: each combination of the levels.
func (g *grouper) sql() string {
	base := strings.Join(g.always, ", ")
	if len(g.rollups) == 0 {
		return base
	}
	sets := []string{base}
	for _, levels := range g.rollups {
		var more []string
		for _, set := range sets {
			for _, level := range levels {
				more = append(more, strings.Trim(set+", "+level, ", "))
			}
		}
		sets = more
	}
	return "GROUPING SETS ((" + strings.Join(sets, "), (") + "))"
}

func (p *pipeline) hiddenName(what string) string {
	*p.made++
	return "$" + what + itoa(*p.made)
}

// aggregateFrom aggregates in steps: by what stands behind from first.
//
// Source: OData Data Aggregation 4.0, section 3.2.1.6.
func (p *pipeline) aggregateFrom(groups []uri.GroupItem, items []uri.AggregateItem) error {
	first := items[0].From[0]
	paths := func(f uri.AggregateFrom) string {
		var names []string
		for _, e := range f.Paths {
			names = append(names, uri.FormatExpr(e))
		}
		return strings.Join(names, ",")
	}
	inner, outer := make([]uri.AggregateItem, len(items)), make([]uri.AggregateItem, len(items))
	for i, item := range items {
		if len(item.From) == 0 || paths(item.From[0]) != paths(first) || item.Alias == "" {
			return p.fail(gwerr.NotImplemented, item.Offset, "The gateway evaluates from only where all aggregates have the same.")
		}
		inner[i] = item
		inner[i].From, inner[i].Alias = nil, p.hiddenName("from")
		outer[i] = uri.AggregateItem{
			Offset: item.Offset, Method: item.From[0].Method, From: item.From[1:], Alias: item.Alias,
			Expr: &uri.PathExpr{Offset: item.Offset, Segments: segmentsOf(inner[i].Alias)},
		}
	}
	all := slices.Clone(groups)
	for _, from := range items[0].From { // what later steps group by must be there
		for _, e := range from.Paths {
			all = append(all, uri.GroupItem{Offset: e.Pos(), Path: e})
		}
	}
	for _, item := range groups {
		if item.Path == nil {
			return p.fail(gwerr.NotImplemented, item.Offset, "The gateway does not evaluate rollup together with from.")
		}
	}
	if err := p.aggregate(all, inner); err != nil {
		return err
	}
	if err := p.open(); err != nil {
		return err
	}
	return p.aggregate(groups, outer)
}

// aggregated is one aggregate of the rows, or of a group.
func (p *pipeline) aggregated(item *uri.AggregateItem) (field, error) {
	f := field{path: item.Alias, kind: decimalKind, whole: true}
	c := p.compiler()
	if item.Expr == nil {
		f.expr = "count(*)"
		return f, nil
	}
	path, isPath := item.Expr.(*uri.PathExpr)
	if isPath && len(path.Segments) > 0 && item.Method == "" {
		if _, counts := path.Segments[len(path.Segments)-1].(*uri.CountSegment); counts {
			return p.counted(c, f, path)
		}
	}
	if item.Method == "" {
		return f, p.fail(gwerr.BadRequest, item.Offset, "There is no custom aggregate %s.", uri.FormatExpr(item.Expr)).
			WithHint("Write a method: with sum, min, max, average or countdistinct.")
	}
	t, err := c.compile(item.Expr)
	if err != nil {
		return f, err
	}
	if isPath && (item.Method == "sum" || item.Method == "average") {
		if _, isField := c.field(path); !isField {
			if at, err := c.locate(path); err == nil && at.scope != p.at.scopes.root() {
				return f, p.fail(gwerr.NotImplemented, item.Offset, "The gateway does not evaluate %s over the related entities, of which each counts once.", item.Method)
			}
		}
	}
	return method(c, item, f, t)
}

// counted counts what a path leads to: related entities once each, and all items of
// lists.
func (p *pipeline) counted(c *compiler, f field, path *uri.PathExpr) (field, error) {
	to := &uri.PathExpr{Offset: path.Offset, Segments: path.Segments[:len(path.Segments)-1]}
	if len(to.Segments) == 0 {
		f.expr = "count(*)"
		return f, nil
	}
	at, err := c.locate(to)
	switch {
	case err != nil:
		return f, err
	case at.column < 0:
		return f, p.fail(gwerr.NotImplemented, path.Offset, "The gateway does not aggregate over collections of entities.")
	}
	at.scope.used[at.column] = true
	col := &at.scope.table.Columns[at.column]
	if col.Type == catalog.StringList {
		f.expr = "CAST(COALESCE(sum(len(" + at.scope.sql(col.Name) + ")), 0) AS DECIMAL(38, 0))"
		return f, nil
	}
	if to.Segments[len(to.Segments)-1] != at.at || at.at.Name == col.Name {
		return f, p.fail(gwerr.BadRequest, path.Offset, "%s is one value and has no $count.", uri.FormatExpr(to)).WithHint("Write $count, or " + uri.FormatExpr(to) + " with countdistinct.")
	}
	f.expr = "count(DISTINCT " + at.scope.sql(col.Name) + ")"
	return f, nil
}

// method writes the aggregate of a value.
//
// Source: OData Data Aggregation 4.0, section 3.2.1.4.
func method(c *compiler, item *uri.AggregateItem, f field, t term) (field, error) {
	numeric := t.kind.numeric()
	refuse := func() (field, error) {
		return f, c.fail(gwerr.TypeMismatch, item.Offset, "%s does not take %s.", item.Method, t.kind)
	}
	switch strings.ToLower(item.Method) {
	case "countdistinct":
		f.expr = "count(DISTINCT " + t.sql + ")"
		return f, nil
	case "sum":
		switch {
		case !numeric:
			return refuse()
		case t.kind == intKind || t.whole:
			f.expr = "CAST(sum(" + t.sql + ") AS DECIMAL(38, 0))"
		default:
			f.expr, f.kind, f.whole = "sum("+t.sql+")", t.kind, false
		}
		return f, nil
	case "average":
		if !numeric {
			return refuse()
		}
		f.expr, f.kind, f.whole = "avg(CAST("+t.sql+" AS DOUBLE))", doubleKind, false
		return f, nil
	case "min", "max":
		if t.kind == listKind || t.kind == boolKind || t.kind == nullKind {
			return refuse()
		}
		f.expr, f.kind, f.column, f.whole = strings.ToLower(item.Method)+"("+t.sql+")", t.kind, t.column, t.whole
		return f, nil
	}
	if strings.Contains(item.Method, ".") {
		return f, c.fail(gwerr.NotImplemented, item.Offset, "There is no method of aggregation %s.", item.Method)
	}
	return f, c.fail(gwerr.BadRequest, item.Offset, "There is no method of aggregation %s.", item.Method).
		WithHint("Methods are sum, min, max, average and countdistinct.")
}
