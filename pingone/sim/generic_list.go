package sim

import (
	"slices"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// list answers a page, or the whole collection when it has no page size: then
// limit means nothing.
func (g *generic) list(c *call) (reply, error) {
	at := g.place(c)
	if err := at.owned(); err != nil {
		return reply{}, err
	}
	def, most := min(g.kind.Page.Default, g.most), g.most
	if most == 0 {
		def = max(1, at.rows.Len())
		most = def
		c.query.Del("limit")
	}
	p, err := g.server.paging(c, def, most)
	if err != nil {
		return reply{}, err
	}
	at.listing, at.include, at.expand = true, "", p.at.Expand // what include asks for is in single rows alone
	found, err := at.search(p.at)
	if err != nil {
		return reply{}, err
	}
	if x, err := at.filter(p.at.Filter); err == nil && names(x, g.kind.Whole) {
		p.limit = most
	}
	l := &listing{key: g.kind.Key, uncounted: !g.kind.Count, plain: g.most == 0 && !p.continued}
	rows := g.server.turn(c, p, l, found)
	c.open(l)
	for _, number := range rows {
		l.add(func(dst []byte) []byte { return at.listed(dst, number) })
	}
	return l.close(), nil
}

// names reports whether a filter compares any of some attributes.
func names(x *scim.Expr, attributes []string) bool {
	if x == nil {
		return false
	}
	return x.Kind == scim.Compare && slices.Contains(attributes, x.Attr) ||
		slices.ContainsFunc(x.Children, func(child *scim.Expr) bool { return names(child, attributes) })
}
