package model

import (
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// itemOptions are those of a list at its own address.
//
// Source: OData 4.01 Part 1, sections 11.2.6 and 11.2.6.5 ($count ignores what does not
// change the number).
const itemOptions = "$filter $search $orderby $top $skip $count"

// list tells whether the address is that of a list, or of its number of items.
func (w *walker) list() bool {
	r := w.resource
	return (r.Kind == Property || r.Kind == Length) && r.Table.Columns[w.property].Type == catalog.StringList
}

// bindItems binds a list at its own address of which options keep a part: the only
// output, behind the number of items if that is wanted.
func (w *walker) bindItems(o *uri.Options) error {
	r := w.resource
	p := &pipeline{w: w, at: w.firstStage(), made: new(int), option: "$filter"}
	c := p.compiler()
	c.item, c.instance = it, &scope{table: &catalog.Table{Name: r.Table.Columns[w.property].Name}} // an item has no properties
	t, err := c.property(p.at.scopes.root(), &uri.NameSegment{}, w.property, nil)
	if err != nil {
		return err
	}
	kept := uri.Options{Filter: o.Filter, Search: o.Search}
	if r.Kind == Property {
		kept.OrderBy, kept.Top, kept.Skip = o.OrderBy, o.Top, o.Skip
		r.CountWanted = o.Count != nil && *o.Count
	}
	items, count, err := c.narrowed(p.at.scopes.root(), t.sql, &kept, 0)
	if err != nil {
		return err
	}
	r.Columns, r.selected = []int{}, []string{}
	if r.CountWanted {
		r.outputs = append(r.outputs, Output{Name: "count", Type: catalog.Int64, Absent: -1, sql: count})
	}
	r.outputs = append(r.outputs, Output{Name: "items", Type: catalog.StringList, Absent: -1, sql: items})
	r.stage = p.at
	return nil
}

// Narrowed tells whether options keep a part of the list that the address names. Then
// the items are the last column of the result.
func (r *Resource) Narrowed() bool { return r.stage != nil && (r.Kind == Property || r.Kind == Length) }
