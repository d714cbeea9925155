package sim

import (
	"strings"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
)

// subject is a user that is read, or that a filter is tried on: as it was written,
// or as the seed has it. Nothing of the seed is kept: it is made when it is asked
// for, and no more of it than that.
type subject struct {
	*environment
	index uint32
	row   *resource.Row // nil: as the seed has it

	makers map[string]maker // of the environment
	path   string           // the last one that values was asked for
	last   []string         // and what it gave
}

// is makes the subject another seeded user.
func (s *subject) is(i uint32) { s.index, s.path = i, "" }

// population is the id of the user's population.
func (s *subject) population() string {
	if s.row == nil {
		return s.seededPopulation(s.index)
	}
	return resource.First(s.row.Members, "population.id")
}

// values are the texts at a path of the user's row, valid until the next call.
// Chains of conditions ask for the same path again and again, and making an
// attribute of a seeded user costs more than comparing it.
func (s *subject) values(path string) []string {
	if s.row != nil {
		return resource.Values(s.row.Members, path)
	}
	if s.path != path {
		if s.makers == nil {
			s.makers = s.schema().makers
		}
		s.path, s.last = path, s.last[:0]
		if m := s.makers[path]; m.value != nil {
			s.last = resource.Values(m.value(s), "")
		} else if m.text != nil {
			if text := m.text(s); text != "" {
				s.last = append(s.last, text)
			}
		}
	}
	return s.last
}

// maker makes a member of seeded users: a text, empty where a user has none, or
// another value, nil where there is none. Texts stand by themselves, as most
// members are such and any each is allocated.
type maker struct {
	text  func(s *subject) string
	value func(s *subject) any
}

// seededMakers are those of all environments, by the paths of members.
var seededMakers = func() map[string]maker {
	out := map[string]maker{
		"id":            {text: func(s *subject) string { return s.people.ID(s.index) }},
		"population.id": {text: func(s *subject) string { return s.seededPopulation(s.index) }},
		"identityProvider.id": {text: func(s *subject) string {
			if s.people.Text(s.index, "identityProvider.type") == "PING_ONE" {
				return ""
			}
			return data.NamedID(s.id + "/identityProviders/partner")
		}},
	}
	for path, word := range data.Texts {
		out[path] = maker{text: func(s *subject) string { return word(s.people, s.index) }}
	}
	for path, at := range data.Moments {
		out[path] = maker{text: func(s *subject) string {
			if ms := at(s.people, s.index); ms != 0 {
				return instant(ms)
			}
			return ""
		}}
	}
	for path, value := range data.Values {
		out[path] = maker{value: func(s *subject) any { return value(s.people, s.index) }}
	}
	return out
}()

// fromSeed makes the row of a seeded user.
func (e *environment) fromSeed(i uint32) *resource.Row {
	s, out := &subject{environment: e, index: i}, make(map[string]any)
	for path, m := range e.schema().makers {
		if m.value != nil {
			if v := m.value(s); v != nil {
				setPath(out, path, v)
			}
		} else if text := m.text(s); text != "" {
			setPath(out, path, text)
		}
	}
	return &resource.Row{ID: resource.First(out, "id"), Members: out}
}

// madeMember is a member of users with what makes it, or the members in it.
type madeMember struct {
	*resource.Member
	maker
	children []madeMember
}

// made are the members that lists show of an object of seeded users.
func (of *schema) made(object *resource.Member, path string) (out []madeMember) {
	for _, m := range object.Children {
		if at := strings.TrimPrefix(path+"."+m.Name, "."); !m.WriteOnly && m.Asked == "" {
			out = append(out, madeMember{m, of.makers[at], of.made(m, at)})
		}
	}
	return out
}

// writeSeeded writes a seeded user as lists show it. Making a row costs more than
// writing it, and lists of a million write each row once.
func (p *place) writeSeeded(e *jx.Encoder, i uint32) {
	if p.reader == nil {
		p.reader = &subject{environment: p.call.environment}
	}
	s := p.reader
	s.is(i)
	e.ObjStart()
	e.FieldStart("_links")
	p.writeLinks(e, &resource.Row{ID: s.people.ID(i)})
	p.writeMade(e, s, s.schema().listed, "")
	e.ObjEnd()
}

// writeMade writes the members that a user has, of the row or of an object in it,
// which is there when any of them is.
func (p *place) writeMade(e *jx.Encoder, s *subject, members []madeMember, object string) {
	open := object == ""
	for _, m := range members {
		var text string
		var v any
		switch {
		case m.text != nil:
			text = m.text(s)
		case m.value != nil:
			v = m.value(s)
		case m.Kind == resource.Owner:
			p.writeMember(e, nil, m.Member, nil)
		default:
			p.writeMade(e, s, m.children, m.Name)
		}
		if text == "" && v == nil {
			continue
		}
		if !open {
			e.FieldStart(object)
			e.ObjStart()
			open = true
		}
		e.FieldStart(m.Name)
		if v != nil {
			p.writeValue(e, nil, m.Member, v)
		} else {
			e.Str(text)
		}
	}
	if open && object != "" {
		e.ObjEnd()
	}
}
