package model

import (
	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/edm"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// bindExpand binds each navigation property of $expand as a resource of its
// own, with the column that links it to its parent.
func (w *walker) bindExpand(items []uri.ExpandItem) error {
	seen := map[string]bool{}
	for _, item := range items {
		n, err := w.expandItem(item)
		if err != nil {
			return err
		}
		if seen[n.Name] {
			return gwerr.Newf(gwerr.BadRequest, "The navigation property %s is expanded twice.", n.Name).At(item.Offset).On("$expand")
		}
		seen[n.Name] = true
		target, err := w.expandTarget(n, item)
		if err != nil {
			return err
		}
		r := w.resource
		r.Expand = append(r.Expand, Expansion{
			Navigation: n, Target: target,
			From:       r.hidden(r.Table, n.Column),
			LinkColumn: target.hidden(target.Table, n.TargetColumn),
		})
	}
	return nil
}

func (w *walker) expandItem(item uri.ExpandItem) (edm.Navigation, error) {
	fail := func(what string) (edm.Navigation, error) {
		return edm.Navigation{}, gwerr.Newf(gwerr.NotImplemented, "The gateway does not evaluate %s in $expand.", what).
			At(item.Offset).On("$expand")
	}
	switch {
	case item.Star:
		return fail("*")
	case item.Value:
		return fail("$value")
	case item.Suffix != uri.ExpandEntities:
		return fail("/$ref and /$count")
	}
	path := item.Path
	if len(path) == 2 {
		if s, ok := path[0].(*uri.NameSegment); ok && s.Name == w.typeName() {
			path = path[1:]
		}
	}
	s, ok := path[0].(*uri.NameSegment)
	if !ok || len(path) > 1 {
		return fail("this path")
	}
	n, ok := edm.Find(w.schema, w.resource.Table, s.Name)
	if !ok {
		if exactIndex(w.resource.Table, s.Name) >= 0 {
			return n, gwerr.Newf(gwerr.BadRequest, "%s is no navigation property.", s.Name).At(s.Offset).On("$expand")
		}
		return n, unknownProperty(w.schema, w.resource.Table, s.Name).At(s.Offset).On("$expand")
	}
	return n, nil
}

func (w *walker) expandTarget(n edm.Navigation, item uri.ExpandItem) (*Resource, error) {
	target := &Resource{
		Kind: Feed, Schema: w.schema, Table: n.Target, where: predicate.True, place: n.Target.Name,
		filter: condition{where: predicate.True, complete: true}, read: map[int]bool{},
	}
	inner := &walker{schema: w.schema, options: w.options, aliases: w.aliases, resource: target}
	o := item.Options
	if o == nil {
		o = &uri.Options{}
	}
	if err := applicable(Feed, o); err != nil {
		return nil, err
	}
	if o.Top != nil || o.Skip != nil || o.OrderBy != nil || o.Search != nil || o.Count != nil {
		return nil, gwerr.New(gwerr.NotImplemented,
			"Within $expand the gateway evaluates $select, $filter and $expand only.", "").At(item.Offset).On("$expand")
	}
	return target, inner.bindOptions(o)
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
