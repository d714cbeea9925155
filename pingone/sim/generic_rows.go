package sim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// appendRow writes a row of a resource of the environment by its name, for an
// answer that embeds it.
func (s *Server) appendRow(dst []byte, c *call, name, id string) []byte {
	p := s.generics[name].at(c, []string{c.environment.id.String(), id})
	row := p.rows.Find(id)
	if row == nil {
		row = &resource.Row{ID: id, Members: map[string]any{"id": id}}
	}
	return p.append(dst, row)
}

// address is the address of a row.
func (p *place) address(row *resource.Row) string {
	if p.generic.kind.Single() {
		return p.self
	}
	return p.self + "/" + row.ID
}

// append writes a row.
func (p *place) append(dst []byte, row *resource.Row) []byte {
	self, kind := p.address(row), p.generic.kind
	o := open(dst)
	links := o.child("_links")
	links.link("self", self)
	p.appendOwners(&links)
	for _, name := range p.generic.children {
		links.link(name, self, "/", name)
	}
	for _, l := range kind.Links {
		if below, ok := strings.CutPrefix(l.Text, "."); ok {
			links.link(l.Name, self, below)
		} else {
			links.link(l.Name, p.call.base, p.fill(l.Text, row))
		}
	}
	o.end(links)
	p.appendEmbedded(&o, row)
	for _, m := range kind.Shape(row.Members).Children {
		p.member(&o, row, m, row.Members)
	}
	return o.close()
}

// appendOwners writes relations to the rows that own these; one that the
// resource declares itself means something else.
func (p *place) appendOwners(links *object) {
	kind := p.generic.kind
	parts := strings.Split(kind.Path, "/")
	for k, owner := range kind.Owners() {
		t := p.server.resources.Type(owner)
		if t == nil {
			t = p.server.resources.Type("/" + owner)
		}
		name := strings.ReplaceAll(t.One, " ", "")
		if slices.ContainsFunc(kind.Links, func(l resource.Text) bool { return l.Name == name }) {
			continue
		}
		end := slices.Index(parts, owner) + 2
		links.link(name, p.call.base, fillPath(strings.Join(parts[:end], "/"), p.owners[:k+1]))
	}
}

var placeholder = regexp.MustCompile(`\{[^}]+\}`)

// fill puts the environment and members of a row into the path of a link.
func (p *place) fill(path string, row *resource.Row) string {
	return placeholder.ReplaceAllStringFunc(path, func(name string) string {
		if name == "{env}" {
			return p.owners[0]
		}
		return resource.First(row.Members, name[1:len(name)-1])
	})
}

// appendEmbedded writes the rows that the caller asked for beside this one.
func (p *place) appendEmbedded(o *object, row *resource.Row) {
	for _, e := range p.generic.kind.Expand {
		of, member, _ := strings.Cut(e.Text, " ")
		id := resource.Values(row.Members, member)
		if !has(p.expand, e.Name) || len(id) == 0 {
			continue
		}
		embedded := o.child("_embedded")
		embedded.key(e.Name)
		embedded.dst = p.server.appendRow(embedded.dst, p.call, of, id[0])
		o.end(embedded)
	}
}

// appendPart writes the members that have an address of their own.
func (p *place) appendPart(row *resource.Row, part resource.Part) []byte {
	if part.Answers == "row" {
		return p.append(nil, row)
	}
	o := open(nil)
	links := o.child("_links")
	links.link("self", p.call.address())
	p.appendOwners(&links)
	links.link(strings.ReplaceAll(p.generic.kind.One, " ", ""), p.address(row))
	o.end(links)
	of, members := p.generic.kind.Members, row.Members
	if part.Of != "" {
		of = of.Child(part.Of)
		members, _ = members[part.Of].(map[string]any)
	}
	for _, m := range of.Children {
		if len(part.Members) == 0 || slices.Contains(part.Members, m.Name) {
			p.member(&o, row, m, members)
		}
	}
	return o.close()
}

// member writes a member of a row, or of an object in it.
func (p *place) member(o *object, row *resource.Row, m *resource.Member, of map[string]any) {
	if m.WriteOnly || m.Asked != "" && !p.asked(m) {
		return
	}
	v := of[m.Name]
	switch m.Kind {
	case resource.Owner:
		inner := o.child(m.Name)
		inner.text("id", p.owners[slices.Index(p.generic.kind.Owners(), m.Owner)])
		o.end(inner)
		return
	case resource.Computed:
		v = p.generic.hooks.computed[m.Name](p.server, p.call, row)
	default: // the others stand in the row
	}
	if v == nil {
		return
	}
	o.foreignKey(m.Name)
	p.value(o, row, m, v)
}

// asked reports whether the caller asks for a member that is not always there.
func (p *place) asked(m *resource.Member) bool {
	if m.Asked == "expand" {
		return p.created || has(p.expand, m.Name)
	}
	return has(p.include, m.Name)
}

func (p *place) value(o *object, row *resource.Row, m *resource.Member, v any) {
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
			p.member(&inner, row, child, v)
		}
		o.dst = inner.close()
	case []any:
		o.dst = append(o.dst, '[')
		for k, item := range v {
			if k > 0 {
				o.dst = append(o.dst, ',')
			}
			p.value(o, row, m, item)
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
