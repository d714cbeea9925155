package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-faster/jx"

	"github.com/pingone-gateway/gateway/pingone/sim/internal/data"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/resource"
	"github.com/pingone-gateway/gateway/pingone/sim/internal/scim"
)

// source are the rows in a place.
type source interface {
	// find gives the row of an id, nil when there is none.
	find(id string) *resource.Row
	// search gives the numbers of the rows that a list has, ascending.
	search(at cursor) []uint32
	// writeNumbered writes the row of a number that a search found.
	writeNumbered(e *jx.Encoder, number uint32)
	// put keeps a row that is new or has changed.
	put(row *resource.Row)
	remove(row *resource.Row)
}

// place is what a call is about: a collection, or a row in it.
type place struct {
	source
	generic *generic
	server  *Server
	call    *call
	above   *place // of the row that owns these, in environments; nil: none
	store   *resource.Store
	rows    *resource.Collection
	at      string   // address in the store
	owners  []string // ids, the environment's first if there is one
	self    string   // address of the collection
	id      string   // of the row; empty for collections
	found   *resource.Row
	members *resource.Member // of the rows, once shape has made it

	reader     *subject        // of seeded users, one after the other
	ownerLinks []resource.Text // relations to the rows that own these, once they are made

	listing         bool   // the answer is a list
	include, expand string // what the caller asks for beside what rows always have
	created         bool   // the answer is to a creation, which has all that expand can ask for
}

// canonical writes an id in a path as rows have it.
func canonical(id string) string {
	if small, ok := data.ParseID(id); ok {
		return small
	}
	return id
}

// place is where a call leads.
func (g *generic) place(c *call) *place {
	ids := make([]string, 0, len(c.params)+1)
	if c.environment != nil {
		ids = append(ids, c.environment.id)
	}
	for _, id := range c.params {
		ids = append(ids, canonical(id))
	}
	p := g.at(c, ids)
	p.include, p.expand = c.query.Get("include"), c.query.Get("expand")
	return p
}

// at is the place with some ids in its path, the environment's first.
func (g *generic) at(c *call, ids []string) *place {
	t, n := g.kind, len(g.kind.Owners)
	p := &place{generic: g, server: g.server, call: c, store: g.server.store, owners: ids[:n]}
	if t.InEnvironment() {
		p.store = c.environment.rows
	}
	if len(ids) > n {
		p.id = ids[n]
	}
	if parent := g.server.generics[t.Parent()]; parent != nil {
		p.above = parent.at(c, p.owners)
	}
	p.at = t.At(p.owners)
	p.rows = p.store.Read(p.at)
	p.self = c.base + resource.Fill(t.Path, p.owners)
	p.source = &stored{place: p}
	if g.hooks.source != nil {
		p.source = g.hooks.source(p)
	}
	return p
}

// owned refuses a path through rows that are not there.
func (p *place) owned() {
	var row *resource.Row
	if p.above != nil {
		row = p.above.row()
	}
	hooks := p.generic.hooks
	switch {
	case hooks.owner != nil && !hooks.owner(row):
		panic(notFound("The " + p.above.generic.kind.One + " has none."))
	case hooks.rows != nil:
		p.rows = hooks.rows(p)
	}
}

// row finds the row that a call is about, which the caller may see.
func (p *place) row() *resource.Row {
	p.owned()
	row, hooks := p.find(p.id), p.generic.hooks
	switch {
	case row == nil && !hooks.hidden:
		panic(notFound("The " + p.generic.kind.One + " does not exist."))
	case row == nil, !hooks.shows(p.call, row):
		panic(forbidden())
	}
	p.found = row
	return row
}

// shows reports whether the caller may see a row.
func (h resourceHooks) shows(c *call, row *resource.Row) bool {
	return h.visible == nil || h.visible(c, row)
}

// shape are the members of rows here.
func (p *place) shape() *resource.Member {
	if p.members == nil {
		p.members = p.generic.kind.Members
		if p.generic.hooks.shape != nil {
			p.members = p.generic.hooks.shape(p.call.environment)
		}
	}
	return p.members
}

// sent reads the body of a row, whose members must be known where that matters.
func (p *place) sent(types ...string) map[string]any {
	sent := p.call.sent(p.generic.kind.Bytes, types...)
	for _, name := range sortedKeys(sent) {
		if p.generic.kind.Unknown == "refused" && p.shape().Child(name) == nil && !strings.HasPrefix(name, "_") {
			panic(invalidValue(name, "The attribute is not known."))
		}
	}
	return sent
}

// stamp sets the times of a row that is written now, in what it holds too.
func (p *place) stamp(shape *resource.Member, members map[string]any, kinds ...resource.Kind) {
	for _, m := range shape.Children {
		inner, isObject := members[m.Name].(map[string]any)
		switch {
		case slices.Contains(kinds, m.Kind):
			members[m.Name] = instant(p.call.now.UnixMilli())
		case isObject && slices.Contains(kinds, resource.Created):
			p.stamp(m, inner, kinds...)
		}
	}
}

// exists reports whether a collection of the environment, or one above
// environments, has a row.
func (p *place) exists(collection, id string) bool {
	if strings.HasPrefix(collection, "/") {
		return p.server.find(collection, id) != nil
	}
	return p.store.Read(collection).Find(canonical(id)) != nil
}

// keep gives an old row new members.
func (p *place) keep(old *resource.Row, members map[string]any) *resource.Row {
	shape := p.generic.kind.Members
	if m := shape.Child("id"); m != nil && m.Kind == resource.ID {
		members["id"] = old.ID
	}
	p.stamp(shape, members, resource.Updated)
	row := &resource.Row{ID: old.ID, Members: members}
	p.save(old, row)
	return row
}

// save keeps a row unless something is against it. old is nil for a new one.
func (p *place) save(old, row *resource.Row) {
	if problem := p.rows.Clash(p.generic.kind, row); problem != nil {
		panic(invalidData(*problem))
	}
	nameItems(p.shape(), row.Members, row.ID)
	if store := p.generic.hooks.store; store != nil {
		store(p, old, row)
	}
	p.put(row)
}

// copied is a row that may be changed.
func copied(row *resource.Row) *resource.Row {
	return &resource.Row{ID: row.ID, Members: maps.Clone(row.Members)}
}

// stored are rows in a store.
type stored struct {
	*place
	order []int // the places of the rows that a search goes through, in its order
}

// find implements source. A single row that nothing was put into has defaults.
func (s *stored) find(id string) *resource.Row {
	t := s.generic.kind
	if !t.Single() {
		return s.rows.Find(id)
	}
	if row := s.rows.Only(); row != nil || s.generic.hooks.rows != nil {
		return row
	}
	members, _ := t.Take(t.Members, map[string]any{}, nil, nil)
	return &resource.Row{ID: t.Name, Members: members}
}

func (s *stored) put(row *resource.Row) {
	if s.generic.hooks.put != nil {
		s.generic.hooks.put(s.place, row)
		return
	}
	s.rows = s.store.At(s.at)
	s.rows.Put(row)
	s.rows.Yield(s.generic.kind, row)
	s.changed()
}

func (s *stored) remove(row *resource.Row) {
	s.rows.Delete(row.ID)
	s.store.Forget(s.at + "/" + row.ID)
	s.changed()
}

// changed notes that what follows from the rows has to be made again.
func (s *stored) changed() {
	if s.generic.hooks.structural {
		s.call.environment.restructure()
	}
}

// search implements source: it tries each row.
func (s *stored) search(at cursor) (found []uint32) {
	s.sort(at.Order)
	test := s.compileLeaf
	if s.generic.hooks.leaf != nil {
		test = s.generic.hooks.leaf
	}
	match := compile(s.filter(at.Filter), test)
	for number, k := range s.order {
		if row := s.rows.Row(k); row != nil && s.generic.hooks.shows(s.call, row) && match(row) {
			found = append(found, uint32(number))
		}
	}
	return found
}

// writeNumbered implements source.
func (s *stored) writeNumbered(e *jx.Encoder, number uint32) { s.write(e, s.rows.Row(s.order[number])) }

// filter reads a filter; resources that declare none ignore it.
func (p *place) filter(text string) *scim.Expr {
	if p.generic.kind.Filters == nil {
		return nil
	}
	spec := p.generic.filters
	x := p.call.parse(spec, text)
	for _, demand := range p.generic.kind.Demands {
		if alternatives := strings.Split(demand, "|"); !names(x, alternatives) {
			panic(spec.refuse("The filter must name "+strings.Join(alternatives, " or ")+".", 0))
		}
	}
	eachComparison(x, func(x *scim.Expr) {
		m := p.generic.kind.Members.At(x.Attr)
		if _, no := time.Parse(time.RFC3339, x.Value.Text); no != nil && m != nil && m.IsTime() {
			panic(spec.refuse("The value of '"+x.Attr+"' is not a time.", x.Pos))
		}
	})
	if check := p.generic.hooks.check; check != nil {
		check(spec, x)
	}
	return x
}

// compileLeaf compares members of rows, or the groups that rows are in.
func (s *stored) compileLeaf(x *scim.Expr) func(row *resource.Row) bool {
	if x.Kind == scim.Path {
		id, kind := groupPath(x)
		return func(row *resource.Row) bool {
			return slices.Contains(s.generic.hooks.groups(s.call, row, kind), canonical(id))
		}
	}
	return leaf(x, s.generic.kind.Members, false, func(row *resource.Row, path string) []string { return resource.Values(row.Members, path) })
}

// asInstant writes an instant as rows do; another text stays as it is.
func asInstant(text string) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return instant(at.UnixMilli())
	}
	return text
}

// sort puts the rows into the order that a list has.
func (s *stored) sort(by string) {
	s.order = make([]int, s.rows.Len())
	for k := range s.order {
		s.order[k] = k
	}
	orders := s.generic.kind.Order
	if by == "" || len(orders) == 0 {
		return
	}
	if !slices.Contains(orders, by) {
		panic(invalidParameter("order", "The order '"+by+"' is not supported."))
	}
	attribute, descending := strings.CutPrefix(by, "-")
	value := func(k int) string {
		if row := s.rows.Row(k); row != nil {
			return strings.Join(resource.Values(row.Members, attribute), " ")
		}
		return ""
	}
	slices.SortStableFunc(s.order, func(x, y int) int {
		if descending {
			x, y = y, x
		}
		return strings.Compare(value(x), value(y))
	})
}
