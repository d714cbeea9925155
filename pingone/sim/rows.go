package sim

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// link writes a relation with its address, which is given in parts.
func link(e *jx.Encoder, name string, address ...string) {
	var room [256]byte
	text := room[:0]
	for _, part := range address {
		text = append(text, part...)
	}
	e.FieldStart(name)
	e.ObjStart()
	e.FieldStart("href")
	e.ByteStr(text)
	e.ObjEnd()
}

// writeJSON writes a value that came from JSON or from code.
func writeJSON(e *jx.Encoder, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers, lists and objects: cannot fail
	}
	e.Raw(raw)
}

// writeOther writes a row of another resource of the environment by its name,
// for an answer that embeds it.
func (p *place) writeOther(e *jx.Encoder, name, id string) {
	other := p.server.generics[name].at(p.call, []string{p.call.environment.id, id})
	row := other.rows.Find(id)
	if row == nil {
		row = &resource.Row{ID: id, Members: map[string]any{"id": id}}
	}
	other.write(e, row)
}

// address is the address of a row.
func (p *place) address(row *resource.Row) string {
	if p.generic.kind.Single() {
		return p.self
	}
	return p.self + "/" + row.ID
}

// one is the answer with a row.
func (p *place) one(row *resource.Row) reply {
	e := jx.GetEncoder()
	p.write(e, row)
	return reply{body: e}
}

// write writes a row.
func (p *place) write(e *jx.Encoder, row *resource.Row) {
	kind := p.generic.kind
	e.ObjStart()
	if kind.IDFrom != "none" { // rows without ids have no addresses
		e.FieldStart("_links")
		p.writeLinks(e, row)
	}
	p.writeEmbedded(e, row)
	shape := p.shape()
	if kind.Variant != "" {
		shape = kind.Shape(row.Members)
	}
	for _, m := range shape.Children {
		p.writeMember(e, row, m, row.Members)
	}
	e.ObjEnd()
}

func (p *place) writeLinks(e *jx.Encoder, row *resource.Row) {
	self, declared := p.address(row), p.generic.kind.Links
	e.ObjStart()
	link(e, "self", self)
	p.writeOwners(e, declared)
	for _, name := range p.generic.children {
		link(e, name, self, "/", name)
	}
	for _, l := range declared {
		if below, ok := strings.CutPrefix(l.Text, "."); ok {
			link(e, l.Name, self, below)
		} else if l.Text != "" {
			link(e, l.Name, p.call.base, p.fill(l.Text, row))
		}
	}
	e.ObjEnd()
}

// writeOwners writes relations to the rows that own these, but for those that are
// declared to be something else.
func (p *place) writeOwners(e *jx.Encoder, declared []resource.Text) {
	if p.ownerLinks == nil {
		kind := p.generic.kind
		parts := strings.Split(kind.Path, "/")
		for k, owner := range kind.Owners {
			t := cmp.Or(p.server.resources.Type(owner), p.server.resources.Type("/"+owner))
			above := strings.Join(parts[:slices.Index(parts, owner)+2], "/")
			p.ownerLinks = append(p.ownerLinks, resource.Text{Name: strings.ReplaceAll(t.One, " ", ""), Text: p.call.base + resource.Fill(above, p.owners[:k+1])})
		}
	}
	for _, l := range p.ownerLinks {
		if !slices.ContainsFunc(declared, func(d resource.Text) bool { return d.Name == l.Name }) {
			link(e, l.Name, l.Text)
		}
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

// writeEmbedded writes what single rows embed of themselves, and the rows that
// the caller asked for beside this one.
func (p *place) writeEmbedded(e *jx.Encoder, row *resource.Row) {
	if p.listing && p.expand == "" {
		return
	}
	embedded := make(map[string]func())
	if !p.listing {
		for _, path := range p.generic.kind.Embeds {
			object, name, _ := strings.Cut(path, ".")
			if v := resource.First(row.Members, path); v != "" {
				embedded[object] = func() { writeJSON(e, map[string]string{name: v}) }
			}
		}
	}
	for _, x := range p.generic.kind.Expand {
		of, member, _ := strings.Cut(x.Text, " ")
		id := resource.First(row.Members, member)
		if id != "" && (has(p.expand, x.Name) || has(p.expand, of)) {
			embedded[x.Name] = func() { p.writeOther(e, of, id) }
		}
	}
	if len(embedded) == 0 {
		return
	}
	e.FieldStart("_embedded")
	e.ObjStart()
	for _, name := range sortedKeys(embedded) {
		e.FieldStart(name)
		embedded[name]()
	}
	e.ObjEnd()
}

// part is the answer with the members that have an address of their own.
func (p *place) part(row *resource.Row, part resource.Part) reply {
	if part.Answers == "row" {
		return p.one(row)
	}
	e := jx.GetEncoder()
	e.ObjStart()
	e.FieldStart("_links")
	e.ObjStart()
	link(e, "self", p.call.address())
	p.writeOwners(e, nil)
	link(e, strings.ReplaceAll(p.generic.kind.One, " ", ""), p.address(row))
	e.ObjEnd()
	of, members := p.generic.kind.Members, row.Members
	if part.Of != "" {
		of = of.Child(part.Of)
		members, _ = members[part.Of].(map[string]any)
	}
	for _, m := range of.Children {
		if len(part.Members) == 0 || slices.Contains(part.Members, m.Name) {
			p.writeMember(e, row, m, members)
		}
	}
	e.ObjEnd()
	return reply{body: e}
}

// writeMember writes a member of a row, or of an object in it.
func (p *place) writeMember(e *jx.Encoder, row *resource.Row, m *resource.Member, of map[string]any) {
	if m.WriteOnly || m.Asked != "" && !p.asked(m) {
		return
	}
	v := of[m.Name]
	switch m.Kind {
	case resource.Owner:
		e.FieldStart(m.Name)
		e.ObjStart()
		e.FieldStart("id")
		e.Str(p.owners[slices.Index(p.generic.kind.Owners, m.Owner)])
		e.ObjEnd()
		return
	case resource.Computed:
		v = p.generic.hooks.computed[m.Name](p, row)
	default: // the others stand in the row
	}
	if v == nil {
		return
	}
	e.FieldStart(m.Name)
	p.writeValue(e, row, m, v)
}

// asked reports whether the caller asks for a member that is not always there.
func (p *place) asked(m *resource.Member) bool {
	if m.Asked == "expand" {
		return p.created || has(p.expand, m.Name)
	}
	return has(p.include, m.Name)
}

func (p *place) writeValue(e *jx.Encoder, row *resource.Row, m *resource.Member, v any) {
	switch v := v.(type) {
	case string:
		e.Str(v)
	case bool:
		e.Bool(v)
	case []any:
		e.ArrStart()
		for _, item := range v {
			p.writeValue(e, row, m, item)
		}
		e.ArrEnd()
	case map[string]any:
		e.ObjStart()
		for _, child := range m.Children {
			p.writeMember(e, row, child, v)
		}
		if len(m.Children) == 0 {
			for _, name := range sortedKeys(v) {
				e.FieldStart(name)
				p.writeValue(e, row, m, v[name])
			}
		}
		e.ObjEnd()
	default:
		writeJSON(e, v)
	}
}
