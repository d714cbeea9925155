package sim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// appendRow writes a row of a resource by its name, for an answer that embeds it.
func (s *Server) appendRow(dst []byte, c *call, name, id string) []byte {
	g := s.generics[name]
	owners := []string{c.environment.id.String()}
	row := c.environment.rows.Read(name).Find(id)
	if row == nil {
		row = &resource.Row{ID: id, Members: map[string]any{"id": id}}
	}
	return g.append(dst, c, &place{owners: owners, self: c.base + fillPath(g.kind.Path, owners)}, row)
}

// append writes a row.
func (g *generic) append(dst []byte, c *call, p *place, row *resource.Row) []byte {
	self := p.self
	if !g.kind.Single() {
		self += "/" + row.ID
	}
	o := open(dst)
	links := o.child("_links")
	links.link("self", self)
	parts := strings.Split(g.kind.Path, "/")
	for k, owner := range g.kind.Owners() {
		one := strings.TrimSuffix(owner, "s")
		if t := g.server.resources.Type(owner); t != nil {
			one = t.One
		}
		end := slices.Index(parts, owner) + 2
		links.link(strings.ReplaceAll(one, " ", ""), c.base, fillPath(strings.Join(parts[:end], "/"), p.owners[:k+1]))
	}
	for _, name := range g.children {
		links.link(name, self, "/", name)
	}
	for _, l := range g.kind.Links {
		if below, ok := strings.CutPrefix(l.Value, "./"); ok {
			links.link(l.Name, self, "/", below)
		} else {
			links.link(l.Name, c.base, l.Value)
		}
	}
	o.end(links)
	for _, m := range g.kind.Shape(row.Members).Children {
		g.member(&o, c, p, row, m, row.Members)
	}
	return o.close()
}

// member writes a member of a row, or of an object in it.
func (g *generic) member(o *object, c *call, p *place, row *resource.Row, m *resource.Member, of map[string]any) {
	v := of[m.Name]
	switch m.Kind {
	case resource.Owner:
		inner := o.child(m.Name)
		inner.text("id", p.owners[slices.Index(g.kind.Owners(), m.Owner)])
		o.end(inner)
		return
	case resource.Computed:
		v = g.hooks.computed[m.Name](g.server, c, row)
	}
	if v == nil {
		return
	}
	o.foreignKey(m.Name)
	g.value(o, c, p, row, m, v)
}

func (g *generic) value(o *object, c *call, p *place, row *resource.Row, m *resource.Member, v any) {
	switch v := v.(type) {
	case string:
		o.dst = appendString(o.dst, v)
	case map[string]any:
		if len(m.Children) == 0 {
			o.dst = appendJSON(o.dst, v)
			return
		}
		inner := open(o.dst)
		for _, child := range m.Children {
			g.member(&inner, c, p, row, child, v)
		}
		o.dst = inner.close()
	case []any:
		o.dst = append(o.dst, '[')
		for k, item := range v {
			if k > 0 {
				o.dst = append(o.dst, ',')
			}
			g.value(o, c, p, row, m, item)
		}
		o.dst = append(o.dst, ']')
	default:
		o.dst = appendJSON(o.dst, v)
	}
}

// appendJSON adds a value that came from JSON or from code.
func appendJSON(dst []byte, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers, lists and objects: cannot fail
	}
	return append(dst, raw...)
}
