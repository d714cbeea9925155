package plan

import (
	"cmp"
	"context"
	"slices"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
	"github.com/pingone-gateway/gateway/sqlcore/query"
	"github.com/pingone-gateway/gateway/sqlcore/scan"
)

// Link is a reading whose path lists the rows of another table: memberships come
// from the listing of a group's users. That table's rows are to be had by the
// same calls.
type Link struct {
	*Read
	// Column of its table equals the other table's key.
	Column string
	// Keys are the values of the path's keys; Rows is how many rows there are.
	Keys [][]string
	Rows int64
	// Apart are those keys by the value of the path's variant that rows have, where
	// the rows tell it: each value has calls of its own.
	Apart map[string][][]string
	// Shared is true where the answers of these calls are kept.
	Shared bool
}

// Alike reports whether the link's calls are those that list the other table's
// rows, call by call.
func (l *Link) Alike(path *catalog.Path) bool {
	v := path.Variant
	return v == nil || len(l.Request.Variants) == 0 || slices.Equal(l.Request.Variants, v.Values[:1]) || l.Tells(path)
}

// Tells reports whether the link's rows have the value of the path's variant.
func (l *Link) Tells(path *catalog.Path) bool {
	return path.Variant != nil && slices.Contains(l.Request.Columns, l.Request.Table.Index(path.Variant.Column))
}

// Lists returns the path whose keys say what the link reads, if by it rows of t
// can be read whose key is in the link's column; else nil.
func (l *Link) Lists(t *catalog.Table, key string) *catalog.Path {
	if l == nil || l.Empty || l.Request.Path == nil || l.masks(key, t) {
		return nil
	}
	own, path := l.Request.Table, l.Request.Path
	if path.Parent != nil {
		path = own.Path(path.Parent.Path)
	}
	column, target := own.Column(l.Column), t.Whole().Column(key)
	if path.Filter == "" || column == nil || target == nil || !target.Key || own.Schema == nil || t.Whole().Schema == nil || own.Schema.ID != t.Whole().Schema.ID {
		return nil
	}
	source := cmp.Or(path.Sources[column.Name], column.Source)
	if source != target.Source || path.List != "" && listOf(t.Whole(), path) == nil {
		return nil
	}
	return path
}

// Whole reports whether the read gives all rows of its table.
func (r *Read) Whole() bool {
	return !r.Empty && condition(r.Access, r.keys) == predicate.True && r.Restriction == nil && r.Access.Soon() == 0 && r.Access.Top == nil
}

// Over names the path of a table that lists the rows of the read's, asks for what
// belongs to each by that column, and can tell which have nothing; "" if the read
// does not have all of them, or there is no such path.
func (r *Read) Over(t *catalog.Table, column string) string {
	if own := r.Request.Table.Schema; !r.Whole() || own == nil || t.Schema == nil || own.Name != t.Schema.Name || own.ID != t.Schema.ID {
		return ""
	}
	for i := range t.Paths {
		p := &t.Paths[i]
		if p.Parent != nil && p.Parent.Table == r.Request.Table.Name && slices.Contains(p.Parent.Columns, column) && len(p.Parent.Doubts(t.Path(p.Parent.Path))) > 0 {
			return p.Name
		}
	}
	return ""
}

// masks reports whether the caller sees other values than the service's.
func (l *Link) masks(key string, t *catalog.Table) bool {
	return t.Restriction.Masked(key) || l.Restriction != nil && len(l.Restriction.Masks) > 0
}

// listOf is the path of t that lists what the link's path reads a part of.
func listOf(t *catalog.Table, link *catalog.Path) *catalog.Path {
	i := slices.IndexFunc(t.Paths, func(p catalog.Path) bool {
		return p.List == link.List && p.Items == link.Items && p.Filter == "" && len(p.Keys) == 0 && p.Page == link.Page
	})
	if i < 0 {
		return nil
	}
	return &t.Paths[i]
}

// Through plans one access by the path of a link; path is what Lists returned.
// keys are the conditions of join partners, for a plan without the link.
func (p *Planner) Through(ctx context.Context, a query.Access, keys predicate.Expr, l *Link, path *catalog.Path) (*Read, error) {
	a.Limit, a.Expect, a.Top = 0, 0, nil
	v := path.Variant
	switch {
	case v == nil:
	case slices.Equal(l.Request.Variants, v.Values[:1]):
		return p.through(a, keys, l, path, v.Filters[v.Values[0]])
	case l.Shared && l.Apart != nil:
		if !Keyed(a.Table) {
			own := *l
			own.Shared = false // the calls that were made give rows twice
			return p.through(a, keys, &own, path, path.Filter)
		}
		return p.throughVariants(a, keys, l, path)
	}
	return p.through(a, keys, l, path, path.Filter)
}

// throughVariants reads by the calls that were made for each value of the variant. A
// row that several of them give is known by its key.
func (p *Planner) throughVariants(a query.Access, keys predicate.Expr, l *Link, path *catalog.Path) (*Read, error) {
	out := apart(a, keys)
	for _, value := range path.Variant.Values {
		part := *l
		if part.Keys = l.Apart[value]; len(part.Keys) == 0 {
			continue
		}
		r, err := p.through(out.part(a.Where), keys, &part, path, path.Variant.Filters[value])
		if err != nil {
			return nil, err
		}
		out.Parts = append(out.Parts, r)
	}
	out.Empty, out.Estimate.Rows = len(out.Parts) == 0, l.Rows
	return out, nil
}

// through lists by the link's keys, with its path's filter or that of a variant.
func (p *Planner) through(a query.Access, keys predicate.Expr, l *Link, path *catalog.Path, filter string) (*Read, error) {
	r := &Read{Access: a, Residual: predicate.True, Pushed: predicate.True, keys: keys}
	where := condition(a, nil)
	table, conditions := restrict(r, a.Table, where)
	by := *listOf(table, path)
	by.Name, by.Keys, by.Filter, by.Missing = path.Name, path.Keys, filter, path.Missing
	by.Supplies, by.Unique, by.Variant, by.Partition = nil, nil, nil, nil
	s := &search{planner: p, table: table, where: conditions, access: a}
	c := &candidate{request: scan.Request{Table: table, Path: &by, Keys: l.Keys, Shared: l.Shared}, pushed: predicate.True, exact: conditions == predicate.True}
	if !l.Shared {
		if err := s.filters(c, &by, predicate.Conjuncts(conditions)); err != nil {
			return nil, err
		}
		c.estimate.Calls = int64(len(l.Keys)*max(1, len(c.request.Filters))) + further(l.Rows, &by)
	}
	c.estimate.Rows, c.estimate.Known = l.Rows, true
	p.fill(r, table, c, where)
	r.CountOnly = false
	return r, nil
}
