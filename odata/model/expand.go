package model

import (
	"slices"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// Expansion is one navigation property of $expand.
type Expansion struct {
	Navigation edm.Navigation
	// Target binds the related entities.
	Target *Resource
	// From and To are the positions, in the result's columns of the parent and of
	// the target, of the values that are equal.
	From, To []int
	// Top is the number of entities wanted for each parent, or nil; Skip are
	// left out first.
	Top  *int64
	Skip int64
	// CountWanted says that the number of entities is written, CountOnly that
	// nothing else is.
	CountWanted, CountOnly bool
	// Ref says that the ids of the entities are written and nothing else.
	Ref bool
}

// Link is the condition on the entities that an expansion writes: those that are
// linked to one of the parents, each of which is given by its values of From.
func (x *Expansion) Link(parents [][]predicate.Value) predicate.Expr {
	return links(x.Navigation, parents)
}

// Type is that of the values at a position of the result.
func (r *Resource) Type(position int) catalog.Type {
	if position == len(r.Columns) {
		return r.LinkColumn().Type
	}
	return r.Table.Columns[r.Columns[position]].Type
}

// LinkColumn is the column of the table between that the result has behind its
// own, nil if there is none: it tells whose row it is where rows of several
// parents are read at once.
func (r *Resource) LinkColumn() *catalog.Column {
	if !r.expanded || r.via == nil {
		return nil
	}
	return r.via.Through.Table.Column(r.via.Through.Near)
}

// bindExpand binds each navigation property of $expand as a resource of its
// own, with the column that links it to its parent.
func (w *walker) bindExpand(items []uri.ExpandItem) error {
	seen := map[string]bool{}
	var star *uri.ExpandItem
	for i, item := range items {
		if item.Star {
			if err := plainStar(item); err != nil {
				return err
			}
			star = &items[i]
			continue
		}
		n, err := w.expandItem(item)
		if err != nil {
			return err
		}
		if seen[n.Name] {
			return gwerr.Newf(gwerr.BadRequest, "The navigation property %s is expanded twice.", n.Name).At(item.Offset).On("$expand")
		}
		seen[n.Name] = true
		if err := w.expand(n, item); err != nil {
			return err
		}
	}
	if star == nil {
		return nil
	}
	for _, n := range edm.Navigations(w.schema, w.resource.Table) {
		if !seen[n.Name] {
			if err := w.expand(n, uri.ExpandItem{Offset: star.Offset}); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainStar refuses what may stand around * but for the star itself.
func plainStar(item uri.ExpandItem) error {
	if len(item.Path) > 0 || item.Suffix != uri.ExpandEntities || item.Options != nil {
		return gwerr.New(gwerr.NotImplemented, "The gateway expands * as it is, without options and without /$ref.",
			"Name the navigation properties to give them options.").At(item.Offset).On("$expand")
	}
	return nil
}

// expandsLinks tells whether the request is for the rows of a table between others,
// together with an entity that they lead to. Such rows lead to about as many entities,
// whose own listing, or that of the link, takes far fewer calls than their keys; so
// they are joined. The first rows alone are read faster without.
func (w *walker) expandsLinks(o *uri.Options) bool {
	r := w.resource
	return r.Kind == Feed && r.Table.ManyToMany != nil && o.Apply == nil && o.Top == nil && o.Skip == nil &&
		slices.ContainsFunc(o.Expand, func(item uri.ExpandItem) bool {
			if item.Star { // names none
				return false
			}
			n, err := w.expandItem(item)
			return err == nil && joinable(n, item)
		})
}

// joinable tells whether the entities can be joined to the rows that lead to them.
func joinable(n edm.Navigation, item uri.ExpandItem) bool {
	if n.Many || !n.Dependent || item.Suffix != uri.ExpandEntities {
		return false
	}
	return item.Options == nil || !slices.ContainsFunc(givenOptions(item.Options), func(g string) bool { return g != "$select" && g != "$expand" })
}

func (w *walker) expand(n edm.Navigation, item uri.ExpandItem) error {
	if w.linked && joinable(n, item) {
		s, err := w.compiler("$expand").follow(w.resource.scopes.root(), n, item.Offset)
		if err != nil {
			return err
		}
		return w.joined(s, &item)
	}
	x := Expansion{Navigation: n, CountOnly: item.Suffix == uri.ExpandCount, Ref: item.Suffix == uri.ExpandRef}
	if err := w.expandTarget(&x, item); err != nil {
		return err
	}
	r := w.resource
	for _, column := range n.With(n.Column) {
		x.From = append(x.From, r.hidden(r.Table, column))
	}
	ends := n.With(n.TargetColumn)
	if n.Through != nil {
		ends = ends[1:]
	}
	for _, column := range ends {
		x.To = append(x.To, x.Target.hidden(n.Target, column))
	}
	if n.Through != nil { // whose row it is stands behind the others
		x.To = append([]int{len(x.Target.Columns)}, x.To...)
	}
	r.Expand = append(r.Expand, x)
	return nil
}

func (w *walker) expandItem(item uri.ExpandItem) (edm.Navigation, error) {
	fail := func(what string) (edm.Navigation, error) {
		return edm.Navigation{}, gwerr.Newf(gwerr.NotImplemented, "The gateway does not evaluate %s in $expand.", what).
			At(item.Offset).On("$expand")
	}
	if item.Value {
		return fail("$value")
	}
	path := item.Path
	if len(path) == 2 {
		if s, ok := path[0].(*uri.NameSegment); ok && s.Name == w.typeName() {
			path = path[1:]
		}
	}
	s, ok := path[0].(*uri.NameSegment)
	if !ok {
		return fail("this path")
	}
	n, ok := edm.Find(w.schema, w.resource.Table, s.Name)
	if len(path) == 2 && ok {
		if cast, isName := path[1].(*uri.NameSegment); isName && cast.Args == nil && cast.Name == w.options.Namespace+"."+n.Target.Entity {
			path = path[:1]
		}
	}
	if len(path) > 1 {
		return fail("this path")
	}
	switch {
	case !ok && exactIndex(w.resource.Table, s.Name) >= 0:
		return n, gwerr.Newf(gwerr.BadRequest, "%s is not a navigation property.", s.Name).At(s.Offset).On("$expand")
	case !ok:
		return n, unknownProperty(w.schema, w.resource.Table, s.Name).At(s.Offset).On("$expand")
	case !n.Many && item.Suffix == uri.ExpandCount:
		return n, gwerr.Newf(gwerr.BadRequest, "%s leads to one entity and has no $count.", s.Name).At(s.Offset).On("$expand")
	}
	return n, nil
}

// expandTarget binds the related entities and the options in their
// parentheses.
func (w *walker) expandTarget(x *Expansion, item uri.ExpandItem) error {
	target := newResource(w.schema)
	target.Kind, target.place, target.expanded = Feed, x.Navigation.Target.Name, true
	target.reach(x.Navigation)
	target.Ref = item.Suffix == uri.ExpandRef
	x.Target = target
	o := uri.Options{}
	if item.Options != nil {
		o = *item.Options
	}
	if err := applicable(Feed, false, &o); err != nil {
		return err
	}
	if !x.Navigation.Many && (o.Top != nil || o.Skip != nil || o.OrderBy != nil || o.Count != nil) {
		return gwerr.Newf(gwerr.BadRequest, "%s leads to one entity, to which $top, $skip, $orderby and $count don't apply.", x.Navigation.Name).
			At(item.Offset).On("$expand")
	}
	if o.OrderBy == nil && (o.Top != nil || o.Skip != nil) {
		o.OrderBy = []uri.OrderItem{} // by key, so that the same ones come every time
	}
	x.Top, x.CountWanted = o.Top, x.CountOnly || o.Count != nil && *o.Count
	if o.Skip != nil {
		x.Skip = *o.Skip
	}
	if o.Apply != nil {
		return gwerr.New(gwerr.NotImplemented, "The gateway does not evaluate $apply within $expand.", "").On("$apply")
	}
	if o.Levels != nil {
		o.Expand = w.deeper(x.Navigation, item, *o.Levels, o.Expand)
		o.Levels = nil
	}
	options := w.options
	if x.Ref {
		o.Select, options.WithoutIDs = []uri.SelectItem{}, false
	}
	inner := &walker{schema: w.schema, options: options, aliases: w.aliases, resource: target}
	if x.CountOnly {
		return inner.bindFilter(&o)
	}
	return inner.bindOptions(&o)
}

// Also has a column read, whether or not it is answered, and returns its position in
// the result; ok is false where there is none, or its values are not the caller's to
// see.
func (r *Resource) Also(column string) (at int, ok bool) {
	if r.Table.Column(column) == nil || r.masks(column) {
		return 0, false
	}
	return r.hidden(r.Table, column), true
}

// Reads returns the position in the result of a column that is read anyway; ok is false
// where it is not, or its values are not the caller's to see.
func (r *Resource) Reads(column string) (at int, ok bool) {
	if r.masks(column) {
		return 0, false
	}
	at = slices.IndexFunc(r.Columns, func(c int) bool { return r.Table.Columns[c].Name == column })
	return max(at, 0), at >= 0
}

func (r *Resource) masks(column string) bool {
	if r.Table.Restriction == nil {
		return false
	}
	_, masked := r.Table.Restriction.Masks[column]
	return masked
}

// deeper adds the navigation property to what is expanded behind it, one level less
// deep, if it is there again.
//
// Source: OData 4.01 Part 2, section 5.1.3.3 ($levels).
func (w *walker) deeper(n edm.Navigation, item uri.ExpandItem, levels int64, items []uri.ExpandItem) []uri.ExpandItem {
	if levels == uri.LevelsMax {
		levels = maxHops
	}
	again, ok := edm.Find(w.schema, n.Target, n.Name)
	if levels = min(levels, maxHops) - 1; !ok || levels < 1 || again.Many != n.Many {
		return items
	}
	options := *item.Options
	options.Levels = &levels
	item.Options = &options
	item.Path = []uri.Segment{&uri.NameSegment{Offset: item.Offset, Name: n.Name}}
	return append(slices.Clone(items), item)
}

// hidden returns the position of the column in the result, and adds it
// unseen if it isn't there.
func (r *Resource) hidden(t *catalog.Table, column string) int {
	at := t.Index(column)
	for i, c := range r.Columns {
		if c == at {
			return i
		}
	}
	r.Columns = append(r.Columns, at)
	return len(r.Columns) - 1
}
