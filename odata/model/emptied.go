package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/odata/uri"
)

// emptying tells whether a sequence may take all rows of a group away before it
// aggregates them. Aggregating nothing gives a row, too.
func emptying(steps []uri.Transformation) bool {
	return slices.ContainsFunc(steps, givesRows) && slices.ContainsFunc(steps, takesAll)
}

// givesRows tells whether a transformation may give a row where there is none.
func givesRows(t uri.Transformation) bool {
	return t.Name == "aggregate" || t.Name == "concat" || t.Name == "nest"
}

// takesAll tells whether a transformation may leave none of several rows.
func takesAll(t uri.Transformation) bool {
	switch t.Name {
	case "filter", "search", "skip", "topsum", "bottomsum", "toppercent", "bottompercent":
		return true
	case "top":
		return *t.Count == 0
	case "topcount", "bottomcount":
		n, ok := t.Amount.(*uri.Literal)
		return !ok || strings.Trim(n.Text, "0") == ""
	case "nest":
		return false
	}
	return slices.ContainsFunc(t.Branches, func(steps []uri.Transformation) bool { return slices.ContainsFunc(steps, takesAll) })
}

// restore gives the groups of which no row was left to aggregate their row back: a
// sequence is applied to each group, and of nothing a count is zero and all else null.
//
// Source: OData Data Aggregation 4.0, sections 3.2.1 and 3.2.3.2.
func (p *pipeline) restore(items []uri.AggregateItem) error {
	got := p.at
	all := *p
	all.at = p.groupsOf
	if err := all.next(); err != nil {
		return err
	}
	g := &grouper{p: &all}
	if err := g.parts(); err != nil {
		return err
	}
	fields := g.fields
	for _, f := range got.fields[len(fields):] {
		i := slices.IndexFunc(items, func(item uri.AggregateItem) bool { return item.Alias == f.path })
		if f.expr = "NULL"; items[i].Method == "" || strings.EqualFold(items[i].Method, "countdistinct") {
			f.expr = "0"
		}
		fields = append(fields, f)
	}
	all.at.fields, all.at.groups, all.at.entity, all.at.shaped = fields, g.sql(), false, true

	both := &stage{scopes: newScopes(p.w.schema, got.scopes.root().table), limit: -1, fields: slices.Clone(got.fields), keys: got.keys}
	both.scopes.values, both.scopes.roots = got.scopes.values, got.scopes.roots
	both.union = []*stage{got, all.at}
	p.at = both
	if err := p.next(); err != nil {
		return err
	}
	p.join(len(g.fields))
	return nil
}

// join makes one row of those that have the same first n fields: of each other field
// at most one has a value, or is not zero.
func (p *pipeline) join(n int) {
	var keys []string
	for i, f := range p.at.fields {
		if i < n {
			keys = append(keys, f.expr)
			continue
		}
		p.at.fields[i].expr = "max(" + f.expr + ")"
	}
	p.at.groups, p.at.aggregates, p.at.shaped = strings.Join(keys, ", "), true, true
}
