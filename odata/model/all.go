package model

import "github.com/pingone-gateway/gateway/odata/uri"

// bindAll binds all entity sets.
//
// Source: OData 4.01 Part 2, section 4.16.
func (w *walker) bindAll(o *uri.Options) error {
	all := w.resource
	all.Top, all.Skip, all.CountWanted = o.Top, o.Skip, o.Count != nil && *o.Count
	for _, t := range w.schema.Tables {
		r := newResource(w.schema)
		r.Kind, r.place = Feed, t.Name
		r.enter(t)
		one := *w
		one.resource = r
		if err := one.bindOptions(&uri.Options{Search: o.Search}); err != nil {
			return err
		}
		all.All = append(all.All, r)
	}
	return nil
}

// ofType keeps the entities of one type, all of which are in one set.
func (w *walker) ofType(s uri.Segment) error {
	name, ok := s.(*uri.NameSegment)
	for _, t := range w.schema.Tables {
		if ok && name.Name == w.options.Namespace+"."+t.Entity {
			return w.entitySet(&uri.NameSegment{Offset: name.Offset, Name: t.Name})
		}
	}
	return notFound(s.Pos(), "There is no such entity type.")
}
