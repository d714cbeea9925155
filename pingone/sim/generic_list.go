package sim

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// list answers a page, or the whole collection when it has no page size: then
// limit means nothing.
func (g *generic) list(c *call) (reply, error) {
	place, err := g.place(c)
	if err != nil {
		return reply{}, err
	}
	t, def, most := g.kind, g.kind.Page.Default, g.kind.Page.Most
	if most == 0 {
		def = max(1, place.rows.Len())
		most = def
		c.query.Del("limit")
	}
	p, err := g.server.paging(c, def, most)
	if err != nil {
		return reply{}, err
	}
	order, err := g.order(place.rows, p.at.Order)
	if err != nil {
		return reply{}, err
	}
	var x *scim.Expr
	if len(t.Filters) > 0 {
		if x, err = c.parse(filterSpec{attributes: t.Filters, or: t.Or}, p.at.Filter); err != nil {
			return reply{}, err
		}
	}
	match := compile(x, onTexts(func(row *resource.Row, name string) []string { return resource.Values(row.Members, name) }))
	matches := func(k int) bool {
		row := place.rows.Row(order[k])
		return row != nil && (g.hooks.visible == nil || g.hooks.visible(c, row)) && match(row)
	}
	l := &listing{key: t.Key, uncounted: !t.Count, plain: t.Page.Most == 0 && !p.continued}
	return g.server.slots(c, p, l, len(order), matches, func(dst []byte, k int) []byte {
		return g.append(dst, c, place, place.rows.Row(order[k]))
	}), nil
}

// order is the sequence of a list's rows.
func (g *generic) order(rows *resource.Collection, by string) ([]int, error) {
	out := make([]int, rows.Len())
	for k := range out {
		out[k] = k
	}
	if by == "" || len(g.kind.Order) == 0 {
		return out, nil
	}
	if !slices.Contains(g.kind.Order, by) {
		return nil, invalidParameter("order", "The order '"+by+"' is not supported.")
	}
	attribute, descending := strings.CutPrefix(by, "-")
	value := func(k int) string {
		if row := rows.Row(k); row != nil {
			return strings.Join(resource.Values(row.Members, attribute), " ")
		}
		return ""
	}
	slices.SortStableFunc(out, func(x, y int) int {
		if descending {
			x, y = y, x
		}
		return strings.Compare(value(x), value(y))
	})
	return out, nil
}
