package model

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// maxHops bounds the navigation properties in an address, each of which may
// cost a read.
const maxHops = 5

// Bind binds a parsed request to a schema. Its errors tell what is unknown, of
// the wrong type, or not done by the gateway; binding reads no data.
func Bind(s *catalog.Schema, request *uri.Request, o Options) (*Resource, error) {
	w := &walker{schema: s, options: o}
	if aliases := request.Options.Aliases; len(aliases) > 0 {
		w.aliases = newAliases(aliases)
	}
	r := newResource(s)
	w.resource = r
	if err := w.walk(request.Path); err != nil {
		return nil, err
	}
	if o := &request.Options; r.Ref && o.ID != nil && r.Kind == Feed {
		r.RefID = o.ID.Value
		only := *o
		only.ID = nil
		request = &uri.Request{Path: request.Path, Options: only}
	}
	kind := r.Kind
	if o.Writes && kind == Feed && !r.Ref {
		kind = Entity // what a new entity is shown with
	}
	if err := applicable(kind, w.list() && !o.Writes, &request.Options); err != nil {
		return nil, err
	}
	all := request.Options
	for _, f := range w.filters {
		all.Filter = both(f, all.Filter)
	}
	return r, w.bindOptions(&all)
}

// both is the conjunction of two conditions, of which the second may be nil.
func both(a, b uri.Expr) uri.Expr {
	if b == nil {
		return a
	}
	return &uri.Binary{Op: uri.And, Left: a, Right: b}
}

// walker binds the segments of a path one after the other.
type walker struct {
	schema   *catalog.Schema
	options  Options
	aliases  *aliases
	resource *Resource
	property int        // the column of a Property
	filters  []uri.Expr // those of segments
	linked   bool       // what the rows of a link lead to is joined to them
}

func (w *walker) walk(path []uri.Segment) error {
	if len(path) == 0 {
		w.resource.Kind = ServiceDocument
		return nil
	}
	if err := w.first(path[0]); err != nil {
		return err
	}
	for _, s := range path[1:] {
		if err := w.next(s); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) first(s uri.Segment) error {
	switch s := s.(type) {
	case *uri.NameSegment:
		return w.entitySet(s)
	case *uri.SystemSegment:
		if s.Kind == uri.SystemMetadata {
			w.resource.Kind = Metadata
			return nil
		}
		if s.Kind == uri.SystemAll {
			w.resource.Kind, w.resource.place = All, "Collection(Edm.EntityType)"
			return nil
		}
		return notDone(s.Offset, "the address "+s.Kind.String())
	case *uri.CrossjoinSegment:
		return w.crossjoin(s)
	default:
		return notFound(s.Pos(), "There is no such resource.")
	}
}

func notDone(pos int, what string) error {
	return gwerr.Newf(gwerr.NotImplemented, "The gateway does not answer %s.", what).At(pos).On("the path")
}

func notFound(pos int, format string, args ...any) *gwerr.Error {
	return gwerr.Newf(gwerr.NotFound, format, args...).At(pos).On("the path")
}

func (w *walker) entitySet(s *uri.NameSegment) error {
	t, err := w.set(s.Name, s.Offset)
	if err == nil {
		w.resource.Kind, w.resource.place = Feed, t.Name
		w.resource.enter(t)
		return w.key(s.Args, s.Offset)
	}
	if a, ok := w.action(s, nil); ok {
		w.resource.Kind, w.resource.Action, w.resource.place = Action, a, w.options.Namespace+"."+a.Result()
		return nil
	}
	return err
}

// set finds an entity set.
func (w *walker) set(name string, pos int) (*catalog.Table, error) {
	for _, t := range w.schema.Tables {
		if t.Name == name {
			return t, nil
		}
	}
	names := make([]string, len(w.schema.Tables))
	for i, t := range w.schema.Tables {
		names[i] = t.Name
	}
	return nil, gwerr.New(gwerr.UnknownTable, "There is no entity set "+name+".", gwerr.DidYouMean(name, names, "")).
		At(pos).On("the path")
}

func (w *walker) next(s uri.Segment) error {
	r := w.resource
	if sys, ok := s.(*uri.SystemSegment); ok && sys.Kind == uri.SystemRef && (!w.options.Writes || len(r.Hops) > 0) && !r.Ref && (r.Kind == Feed || r.Kind == Entity) {
		r.Ref = true
		return nil
	}
	if r.Ref {
		return notFound(s.Pos(), "Nothing can follow here.")
	}
	switch w.resource.Kind {
	case Feed:
		return w.afterFeed(s)
	case Entity:
		return w.afterEntity(s)
	case Property:
		return w.afterProperty(s)
	case All:
		return w.ofType(s)
	default:
		return notFound(s.Pos(), "Nothing can follow here.")
	}
}

func (w *walker) afterFeed(s uri.Segment) error {
	switch s := s.(type) {
	case *uri.SystemSegment:
		if s.Kind == uri.SystemCount {
			w.resource.Kind = Count
			return nil
		}
		return notDone(s.Offset, s.Kind.String()+" of entities")
	case *uri.NameSegment:
		if s.Name == w.typeName() {
			return w.key(s.Args, s.Offset)
		}
		if s.Qualified() || s.Args != nil {
			return notFound(s.Offset, "There is no function %s.", s.Name)
		}
		return w.keySegment(s.Offset, s.Name)
	case *uri.LiteralSegment:
		return w.keySegment(s.Offset, s.Text)
	case *uri.FilterSegment:
		w.filters = append(w.filters, s.Filter)
		return w.key(s.Key, s.Offset, "")
	default:
		return notFound(s.Pos(), "There is no such resource.")
	}
}

func (w *walker) typeName() string { return w.options.Namespace + "." + w.resource.Table.Entity }

func (w *walker) afterEntity(s uri.Segment) error {
	name, ok := s.(*uri.NameSegment)
	if !ok {
		if sys, isSystem := s.(*uri.SystemSegment); isSystem && sys.Kind != uri.SystemValue && sys.Kind != uri.SystemCount {
			return notDone(sys.Offset, sys.Kind.String()+" of an entity")
		}
		return notFound(s.Pos(), "An entity has no such resource.")
	}
	t := w.resource.Table
	if name.Name == w.typeName() && name.Args == nil {
		return nil
	}
	if i := exactIndex(t, name.Name); i >= 0 && name.Args == nil {
		w.resource.Kind, w.property = Property, i
		w.resource.place += "/" + name.Name
		return nil
	}
	n, ok := edm.Find(w.schema, t, name.Name)
	if !ok {
		if a, ok := w.action(name, t); ok {
			return w.bound(a, name.Offset)
		}
		e := unknownProperty(w.schema, t, name.Name).At(name.Offset).On("the path")
		e.Code = gwerr.NotFound
		return e
	}
	return w.follow(n, name)
}

// action finds the action that a segment names, with or without the namespace: one
// bound to entities of t, or by its name in the container where t is nil.
func (w *walker) action(s *uri.NameSegment, t *catalog.Table) (edm.Action, bool) {
	if w.options.Actions == nil || s.Args != nil && len(s.Args.Items) > 0 {
		return edm.Action{}, false
	}
	name := s.Name
	if t != nil {
		name = strings.TrimPrefix(name, w.options.Namespace+".")
	}
	for _, a := range w.options.Actions() {
		if a.Name == name && (t == nil || a.Bound != nil && a.Bound.Name == t.Name) {
			return a, true
		}
	}
	return edm.Action{}, false
}

// bound makes an action of the entity the resource.
func (w *walker) bound(a edm.Action, pos int) error {
	r := w.resource
	values := told(r.where, a.Key)
	switch {
	case len(r.Hops) > 0:
		return notDone(pos, "actions behind navigation properties; use the address of the entity itself")
	case values == nil:
		return notFound(pos, "There is no such entity.")
	}
	for _, v := range values {
		r.Target = append(r.Target, v.Text())
	}
	r.Kind, r.Action, r.place = Action, a, w.options.Namespace+"."+a.Result()
	return nil
}

// follow goes along a navigation property.
func (w *walker) follow(n edm.Navigation, s *uri.NameSegment) error {
	r := w.resource
	if len(w.filters) > 0 {
		return notDone(s.Offset, "navigation properties behind the segment $filter")
	}
	if len(r.Hops) == maxHops {
		return gwerr.Newf(gwerr.TooLarge, "The address follows more than %d navigation properties.", maxHops).At(s.Offset).On("the path")
	}
	hop := Hop{Table: r.Table, Where: r.where, Link: n, via: r.via}
	// A row that is reached over another one must be shown to belong to that.
	if len(r.Hops) == 0 {
		hop.Known = told(r.where, n.With(n.Column))
	}
	r.Hops = append(r.Hops, hop)
	r.where = predicate.True
	r.reach(n)
	if !n.Many {
		r.Kind = Entity
		r.place += "/" + n.Name
		if s.Args != nil {
			return notFound(s.Offset, "The navigation property %s leads to one entity and takes no key.", n.Name)
		}
		return nil
	}
	r.Kind = Feed
	r.place = n.Target.Name
	return w.key(s.Args, s.Offset, n.With(n.TargetColumn)...)
}

func (w *walker) afterProperty(s uri.Segment) error {
	sys, ok := s.(*uri.SystemSegment)
	if !ok {
		return notFound(s.Pos(), "A primitive property has no properties of its own.")
	}
	list := w.list()
	switch {
	case sys.Kind == uri.SystemCount && list:
		w.resource.Kind = Length
	case sys.Kind == uri.SystemValue && !list:
		w.resource.Kind = Raw
	default:
		return notDone(sys.Offset, sys.Kind.String()+" of this property")
	}
	return nil
}

// self is how a path begins that means the entity of the collection.
//
// Source: OData 4.01 Part 2, sections 5.1.1.14.1 ($it) and 5.1.1.14.3 ($this).
func (w *walker) self() uri.PathStart {
	if w.resource.expanded {
		return uri.FromThis
	}
	return uri.FromIt
}

func (w *walker) compiler(option string) *compiler {
	return &compiler{
		self:   w.self(),
		scopes: w.resource.scopes, instance: w.resource.scopes.root(), namespace: w.options.Namespace, aliases: w.aliases,
		now: w.options.Now, option: option, item: this,
	}
}
