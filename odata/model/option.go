package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// applicable refuses options that have no meaning for the resource.
//
// Source: OData 4.01 Part 1, sections 11.2.1 to 11.2.10.
func applicable(k Kind, list bool, o *uri.Options) error {
	given := givenOptions(o)
	for _, g := range given {
		if refused := notEvaluated[g]; refused != "" {
			return gwerr.Newf(gwerr.NotImplemented, "The gateway does not evaluate %s.", refused).On(g)
		}
	}
	var allowed string
	switch k {
	case Feed:
		return nil
	case Length:
		allowed = itemOptions
	case Property:
		if list {
			allowed = itemOptions
		}
	case ServiceDocument, Metadata, Raw, Action: // none applies
	case All:
		allowed = "$search $top $skip $count"
	case Entity:
		allowed = "$select $expand $compute"
	case Count: // $count ignores what doesn't change the number
		allowed = "$filter $search $top $skip $orderby $expand $select $count $apply $compute"
	}
	for _, g := range given {
		if !strings.Contains(allowed+" ", g+" ") {
			return gwerr.Newf(gwerr.BadRequest, "The option %s does not apply to this resource.", g).On(g)
		}
	}
	return nil
}

var notEvaluated = map[string]string{
	"$deltatoken": "$deltatoken: nothing tells which entities changed",
	"$index":      "$index", "$id": "$id",
}

func givenOptions(o *uri.Options) []string {
	var out []string
	add := func(given bool, name string) {
		if given {
			out = append(out, name)
		}
	}
	add(o.Apply != nil, "$apply")
	add(o.Compute != nil, "$compute")
	add(o.DeltaToken != nil, "$deltatoken")
	add(o.Index != nil, "$index")
	add(o.ID != nil, "$id")
	add(o.Levels != nil, "$levels")
	add(o.Filter != nil, "$filter")
	add(o.Search != nil, "$search")
	add(o.OrderBy != nil, "$orderby")
	add(o.Select != nil, "$select")
	add(o.Expand != nil, "$expand")
	add(o.Top != nil, "$top")
	add(o.Skip != nil, "$skip")
	add(o.Count != nil, "$count")
	add(o.SkipToken != nil, "$skiptoken")
	return out
}

// bindOptions binds the options of the resource that the path has led to.
func (w *walker) bindOptions(o *uri.Options) error {
	r := w.resource
	switch r.Kind {
	case ServiceDocument, Metadata, Action:
		return nil
	case Property, Raw, Length:
		if w.list() && slices.ContainsFunc(givenOptions(o), func(g string) bool { return r.Kind == Property || g == "$filter" || g == "$search" }) {
			return w.bindItems(o)
		}
		r.Columns, r.Visible, r.selected = []int{w.property}, 1, []string{}
		return nil
	case All:
		return w.bindAll(o)
	case Feed, Entity, Count:
	}
	o = folded(o)
	w.linked = w.expandsLinks(o)
	if w.linked || o.Apply != nil || o.Compute != nil || r.sets != nil || slices.ContainsFunc(o.Select, func(i uri.SelectItem) bool { return i.Options != nil }) {
		if err := w.transform(o); err != nil {
			return err
		}
	}
	err := w.bindFilter(o)
	if r.deciding = r.scopes.root().inner; err != nil || r.Kind == Count {
		return err
	}
	if err := w.bindProjection(o); err != nil {
		return err
	}
	if err := w.bindOrder(o.OrderBy); err != nil {
		return err
	}
	if r.Kind == Feed && o.OrderBy == nil && (r.needsEngine() || r.stage != nil) {
		// The engine gives rows in any order, and pages need one.
		if err := w.bindOrder([]uri.OrderItem{}); err != nil {
			return err
		}
		r.asRead = r.stage != nil && r.stage.asRead() && len(r.orders) == 0 && r.via == nil && r.filter.sql == "" && (o.Top != nil || o.Skip != nil)
	}
	r.Top, r.Skip = o.Top, o.Skip
	r.CountWanted = o.Count != nil && *o.Count
	return nil
}

// bindProjection binds what is written of each row.
func (w *walker) bindProjection(o *uri.Options) error {
	if w.resource.joins() {
		return w.bindJoined(o)
	}
	if err := w.resource.refuseGrouped(o); err != nil {
		return err
	}
	if err := w.bindSelect(o.Select); err != nil {
		return err
	}
	return w.bindExpand(o.Expand)
}

func (w *walker) bindFilter(o *uri.Options) error {
	r := w.resource
	root := r.scopes.root()
	if o.Filter != nil {
		bound, err := w.compiler("$filter").conditionOn(root, o.Filter)
		if err != nil {
			return err
		}
		r.filter = bound
	}
	if o.Search != nil {
		found := r.scopes.search(root, o.Search)
		if r.filter.complete = false; r.filter.sql != "" {
			found = r.filter.sql + " AND " + found
		}
		r.filter.sql = found
	}
	if s := r.stage; s != nil {
		s.where = append(s.where, r.filter.parts()...)
	}
	r.filter.related = r.scopes.related()
	return nil
}

// bindSelect resolves $select to columns, in the order written. The key is
// read too, for the entity's id.
func (w *walker) bindSelect(items []uri.SelectItem) error {
	r, t := w.resource, w.resource.Table
	if r.Ref { // the entities' ids are all
		r.Columns, r.Visible, r.selected = append([]int(nil), t.Key()...), 0, []string{}
		return nil
	}
	r.Columns = make([]int, 0, len(t.Columns))
	add := func(i int) {
		if !slices.Contains(r.Columns, i) {
			r.Columns = append(r.Columns, i)
		}
	}
	if items == nil {
		for i := range t.Columns {
			r.Columns = append(r.Columns, i)
		}
	}
	for _, item := range items {
		if err := w.selectItem(item, add); err != nil {
			return err
		}
	}
	r.Visible = len(r.Columns)
	if r.stage != nil {
		if items != nil && r.chosen == nil {
			r.chosen = []string{}
		}
		r.shape(items == nil, w.options.Flat)
		r.outputItems(items)
	}
	if !w.options.WithoutIDs {
		for _, k := range t.Key() {
			add(k)
		}
	}
	return nil
}

func (w *walker) selectItem(item uri.SelectItem, add func(int)) error {
	r, t := w.resource, w.resource.Table
	if r.selected == nil {
		r.selected = []string{}
	}
	if s, ok := listed(item); ok {
		r.name(s.Name)
		return nil
	}
	if item.Star {
		r.name("*")
		for i := range t.Columns {
			add(i)
		}
		r.chooseAll()
		return nil
	}
	path := item.Path
	if len(path) > 1 {
		if s, ok := path[0].(*uri.NameSegment); ok && s.Name == w.typeName() {
			path = path[1:]
		}
	}
	if item.Namespace != "" { // its operations, which full metadata tells whatever is selected
		r.name(item.Namespace + ".*")
		return nil
	}
	if len(path) == 0 {
		return nil
	}
	s, ok := path[0].(*uri.NameSegment)
	if !ok {
		return nil // an annotation, of which there are none
	}
	if name, plain := plainPath(path); r.stage != nil && plain {
		if r.choose(name) {
			return nil
		}
		if r.grouped() {
			return unknownField(r.scopes.root(), name, s.Offset, "$select")
		}
	}
	i := exactIndex(t, s.Name)
	_, isNavigation := edm.Find(w.schema, t, s.Name)
	switch {
	case s.Args != nil || i < 0 && !isNavigation:
		return unknownProperty(w.schema, t, s.Name).At(s.Offset).On("$select")
	case len(path) > 1 && isNavigation:
		return gwerr.New(gwerr.NotImplemented, "The gateway does not evaluate paths along navigation properties in $select.",
			"Write $expand="+s.Name+"($select=…).").At(path[1].Pos()).On("$select")
	case len(path) > 1:
		return gwerr.Newf(gwerr.UnknownColumn, "The property %s has no properties of its own.", s.Name).At(path[1].Pos()).On("$select")
	}
	r.name(s.Name)
	if i >= 0 {
		add(i)
	}
	return nil
}

// name has the context name what $select has, once.
func (r *Resource) name(selected string) {
	if !slices.Contains(r.selected, selected) {
		r.selected = append(r.selected, selected)
	}
}

// bindOrder writes $orderby with the key behind it, so that the order is
// total. Null stands before every value.
//
// Source: OData 4.01 Part 1, section 11.2.6.2.
func (w *walker) bindOrder(items []uri.OrderItem) error {
	if items == nil {
		return nil
	}
	c := w.compiler("$orderby")
	var parts []string
	named := map[string]bool{}
	for _, item := range items {
		t, err := c.compile(item.Expr)
		if err != nil {
			return err
		}
		if t.kind == listKind {
			return c.fail(gwerr.TypeMismatch, item.Expr.Pos(), "Entities can't be sorted by a collection.")
		}
		named[t.sql] = true
		direction := ascending
		if item.Descending {
			direction = descending
		}
		parts = append(parts, t.order(direction)...)
	}
	parts = append(parts, w.resource.orders...)
	if w.resource.grouped() {
		for _, sql := range w.resource.stage.total() {
			if !named[strings.TrimSuffix(sql, ascending)] {
				parts = append(parts, sql)
			}
		}
	}
	w.resource.orderBy = strings.Join(append(parts, w.resource.byKey(named)...), ", ")
	return nil
}

// byKey is an order that no two entities share, but for what is named before.
func (r *Resource) byKey(named map[string]bool) (parts []string) {
	root := r.scopes.root()
	for _, k := range root.table.Key() {
		if name := root.sql(root.table.Columns[k].Name); !named[name] {
			parts = append(parts, name+ascending)
		}
	}
	return parts
}

// folded writes an $apply of nothing but conditions as $filter, which plain feeds
// have.
func folded(o *uri.Options) *uri.Options {
	if o.Apply == nil {
		return o
	}
	out := *o
	for i := len(o.Apply.Steps) - 1; i >= 0; i-- {
		switch t := &o.Apply.Steps[i]; {
		case t.Name == "filter":
			out.Filter = both(t.Filter, out.Filter)
		case t.Name != "identity":
			return o
		}
	}
	out.Apply = nil
	return &out
}

// OnlyLinked tells whether the link from the hop before is the only condition on
// the row.
func (h *Hop) OnlyLinked() bool { return h.via == nil && h.Where == predicate.True }

// Resource binds the hop's own row, of which it reads the link's columns.
func (h *Hop) Resource(s *catalog.Schema) *Resource {
	r := newResource(s)
	r.enter(h.Table)
	r.Kind, r.selected = Entity, []string{}
	for _, column := range h.Link.With(h.Link.Column) {
		r.Columns = append(r.Columns, h.Table.Index(column))
	}
	r.Visible = len(r.Columns)
	r.where = h.Where
	if h.via != nil {
		r.reach(*h.via)
	}
	return r
}
