package model

import (
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// maxSets bounds the entity sets of a $crossjoin.
const maxSets = 5

// Joined is an entity that is read together with each row: one of each set of a
// $crossjoin, or what a row leads to.
type Joined struct {
	// Name is that of the set, or of the navigation property.
	Name string
	// Target binds what is written of the entity; At is the position in the result of
	// its first column.
	Target *Resource
	At     int
	// Expanded says that the entity is written, and not the link to it.
	Expanded bool
	// Key is the position in the target's columns of one that is null where the row
	// leads to no entity.
	Key int
}

// crossjoin makes all combinations of the entities of several sets the resource.
//
// Source: OData 4.01 Part 2, section 4.15.
func (w *walker) crossjoin(s *uri.CrossjoinSegment) error {
	if len(s.Sets) > maxSets {
		return gwerr.Newf(gwerr.TooLarge, "$crossjoin joins more than %d entity sets.", maxSets).At(s.Offset).On("the path")
	}
	r := w.resource
	for i, name := range s.Sets {
		t, err := w.set(name, s.Offset)
		if err != nil {
			return err
		}
		if slices.Contains(s.Sets[:i], name) {
			return gwerr.Newf(gwerr.BadRequest, "$crossjoin names %s twice.", name).At(s.Offset).On("the path")
		}
		r.sets = append(r.sets, t)
	}
	r.Kind, r.place = Feed, "Collection(Edm.ComplexType)"
	r.enter(&catalog.Table{Name: "$crossjoin", Schema: r.Schema})
	return nil
}

// crossStage reads the sets; its fields are all their columns, of which later stages
// name those that they need.
func (w *walker) crossStage() *stage {
	r := w.resource
	s := &stage{scopes: r.scopes, limit: -1, sets: r.sets, shaped: true}
	r.linkage = &linkage{}
	for i, t := range r.sets {
		alias := "x" + itoa(i+1) + "_"
		if i > 0 {
			s.from += " CROSS JOIN "
		}
		s.from += tableSQL(r.Schema, t, nil) + " AS " + alias
		for k := range t.Columns {
			c := &t.Columns[k]
			path := t.Name + "/" + c.Name
			s.fields = append(s.fields, field{path: path, kind: kinds[c.Type], column: c, expr: alias + "." + sqltext.Quote(c.Name), hidden: true})
			if c.Key {
				s.keys = append(s.keys, path)
			}
		}
	}
	return s
}

// view makes the scope of one entity of each row of a $crossjoin.
func (s *scope) view(t *catalog.Table) *scope {
	return &scope{table: t, alias: s.alias, prefix: t.Name + "/", used: make([]bool, len(t.Columns)), outer: s, name: t.Name}
}

// viewed is the entity that a path names in rows of a $crossjoin, nil if none.
func (s *scope) viewed(at *uri.NameSegment) *scope {
	for _, v := range s.views {
		if v.name == at.Name && at.Args == nil {
			return v
		}
	}
	return nil
}

// equalities are the conditions of a $crossjoin by which its sets are linked, as the
// statement's binder knows them: of columns of which one is never null.
func (c *compiler) equalities(e uri.Expr) []string {
	var out []string
	for _, part := range c.conjuncts(e) {
		b, ok := part.(*uri.Binary)
		if !ok || b.Op != uri.Eq {
			continue
		}
		left, right := c.columnOfView(b.Left), c.columnOfView(b.Right)
		if left == nil || right == nil || left.scope == right.scope {
			continue
		}
		l, r := &left.scope.table.Columns[left.column], &right.scope.table.Columns[right.column]
		if kinds[l.Type] == kinds[r.Type] && (l.Required || r.Required) {
			out = append(out, left.scope.sql(l.Name)+" = "+right.scope.sql(r.Name))
		}
	}
	return out
}

func (c *compiler) columnOfView(e uri.Expr) *place {
	p, ok := c.constant(e).(*uri.PathExpr)
	if !ok {
		return nil
	}
	at, err := c.locate(p)
	if err != nil || at.column < 0 || len(at.rest) > 0 || !slices.Contains(c.scopes.root().views, at.scope) {
		return nil
	}
	return &at
}

// Combines tells whether the address is that of a $crossjoin.
func (r *Resource) Combines() bool { return r.sets != nil }

// joins tells whether the rows are those of a $crossjoin, and not what $apply has
// aggregated them to.
func (r *Resource) joins() bool { return r.stage != nil && r.stage.sets != nil }

// bindJoined decides what is written of each set: an entity where $expand names it,
// else the link to it.
func (w *walker) bindJoined(o *uri.Options) error {
	r := w.resource
	named, expanded := map[string]bool{}, map[string]*uri.ExpandItem{}
	for _, item := range o.Select {
		name, _ := plainPath(item.Path)
		switch {
		case item.Star:
			r.chooseAll()
		case r.stage.scopes.root().viewed(&uri.NameSegment{Name: name}) != nil:
			named[name] = true
		case !r.choose(name):
			return unknownField(r.scopes.root(), name, item.Offset, "$select")
		}
	}
	for i, item := range o.Expand {
		name, _ := plainPath(item.Path)
		if item.Star && item.Options == nil {
			for _, t := range r.sets {
				expanded[t.Name] = &o.Expand[i]
			}
			continue
		}
		if r.stage.scopes.root().viewed(&uri.NameSegment{Name: name}) == nil || item.Suffix != uri.ExpandEntities {
			return unknownField(r.scopes.root(), name, item.Offset, "$expand")
		}
		expanded[name] = &o.Expand[i]
	}
	if o.Select != nil && r.chosen == nil {
		r.chosen = []string{}
	}
	r.shape(o.Select == nil, w.options.Flat)
	for _, v := range r.scopes.root().views {
		item := expanded[v.name]
		if o.Select != nil && !named[v.name] && item == nil {
			continue
		}
		if err := w.joined(v, item); err != nil {
			return err
		}
	}
	return nil
}

// joined binds the entities of a scope that is joined to the rows, or a view of them.
// item is nil for the link alone.
func (w *walker) joined(v *scope, item *uri.ExpandItem) error {
	r, target := w.resource, newResource(w.schema)
	target.enter(v.table)
	target.Kind, target.place = Entity, v.table.Name
	o := &uri.Options{Select: []uri.SelectItem{}}
	if item != nil {
		if o = item.Options; o == nil {
			o = &uri.Options{}
		}
		for _, g := range givenOptions(o) {
			if g != "$select" && g != "$expand" {
				return gwerr.Newf(gwerr.NotImplemented, "The gateway does not evaluate %s within $expand of $crossjoin.", g).At(item.Offset).On("$expand")
			}
		}
	}
	options := w.options
	options.WithoutIDs = options.WithoutIDs && item != nil
	inner := &walker{schema: w.schema, options: options, aliases: w.aliases, resource: target}
	if err := inner.bindOptions(o); err != nil {
		return err
	}
	if target.stage != nil {
		return gwerr.New(gwerr.NotImplemented, "The gateway does not evaluate options within $select of $crossjoin.", "").At(item.Offset).On("$select")
	}
	target.Identify() // has the key read, by which pages are told apart
	key := target.hidden(v.table, v.table.Columns[v.table.Key()[0]].Name)
	r.Joined = append(r.Joined, Joined{Name: v.name, Target: target, At: len(r.outputs), Expanded: item != nil, Key: key})
	for _, i := range target.Columns {
		c := &v.table.Columns[i]
		r.outputs = append(r.outputs, Output{Name: v.name + "/" + c.Name, Type: c.Type, Hidden: true, Absent: -1, sql: v.sql(c.Name)})
	}
	return nil
}
