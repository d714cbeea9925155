package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// Nested is a collection that is read within each row.
type Nested struct {
	Name string
	// Target binds what is written of its rows; At is the position among the outputs of
	// the list of them, whose items have its columns and outputs, in order. The list is
	// null where there are no rows.
	Target *Resource
	At     int
}

// nest makes one row of all rows, or of each group: of each sequence the rows that it
// gives, as a collection.
//
// Source: OData Data Aggregation 4.0, section 3.5.2.
func (p *pipeline) nest(t *uri.Transformation) error {
	if p.at.sets != nil || p.w.resource.sets != nil {
		return p.fail(gwerr.NotImplemented, t.Offset, "The gateway does not evaluate nest of the rows of $crossjoin.")
	}
	for i, name := range t.Names {
		if err := p.freeName(name.Name, name.Offset); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Names[:i], func(o uri.NestedName) bool { return strings.EqualFold(o.Name, name.Name) }) {
			return p.fail(gwerr.BadRequest, name.Offset, "There is a property %s already.", name.Name).WithHint("Choose another name.")
		}
	}
	n := &nesting{p: p}
	if err := n.divide(); err != nil {
		return err
	}
	if err := n.branches(t); err != nil {
		return err
	}
	union := &stage{scopes: newScopes(p.w.schema, p.w.resource.Table), limit: -1, fields: n.fields(nil), union: n.united}
	union.scopes.values, union.scopes.roots = p.at.scopes.values, p.at.scopes.roots
	for _, f := range n.parts {
		union.keys = append(union.keys, f.path)
	}
	p.at, p.orders = union, nil
	if err := p.next(); err != nil {
		return err
	}
	n.join()
	return nil
}

// nesting makes the collections of one nest. Each comes as rows of its own, one for each
// group, which become one row of each group then.
type nesting struct {
	p *pipeline
	// parts are the properties that the groups are divided by, by the hidden fields of
	// the names in by within the sequences: what is nested there doesn't have them.
	parts []field
	by    []string
	// groups gives a row at least of each group.
	groups *stage
	// collections are the fields that the sequences make, without SQL.
	collections []field
	united      []*stage
}

// divide gives the rows hidden fields for what they are divided by.
func (n *nesting) divide() error {
	p := n.p
	for _, name := range p.partition {
		f, err := p.part(name)
		if err != nil {
			return err
		}
		f.path = name
		n.parts, n.by = append(n.parts, f), append(n.by, p.hiddenName("by"))
	}
	groups := *p
	if groups.groupsOf != nil {
		groups.at = groups.groupsOf
		if err := groups.next(); err != nil {
			return err
		}
		if err := n.hide(&groups); err != nil {
			return err
		}
	}
	if err := n.hide(p); err != nil {
		return err
	}
	if n.groups = p.at; groups.groupsOf != nil {
		n.groups = groups.at
	}
	p.at.fields = slices.DeleteFunc(p.at.fields, func(f field) bool { return slices.Contains(p.lent, f.path) })
	return nil
}

func (n *nesting) hide(p *pipeline) error {
	for i, part := range n.parts {
		f, err := p.part(part.path)
		if err != nil {
			return err
		}
		f.path, f.hidden = n.by[i], true
		p.at.fields, p.at.shaped = append(p.at.fields, f), true
	}
	return nil
}

// except are the names of groups around that groups don't name.
func except(around []string, groups []uri.GroupItem) []string {
	var out []string
	for _, name := range around {
		if !slices.ContainsFunc(groups, func(g uri.GroupItem) bool { return g.Path != nil && uri.FormatExpr(g.Path) == name }) {
			out = append(out, name)
		}
	}
	return out
}

// part is a property that the groups are divided by, or the hidden field that stands for
// it.
func (p *pipeline) part(name string) (field, error) {
	for _, f := range p.at.fields {
		if f.hidden && f.path == name {
			return f, nil
		}
	}
	return p.grouping(&uri.PathExpr{Segments: segmentsOf(name)})
}

// branches carries the sequences out.
func (n *nesting) branches(t *uri.Transformation) error {
	p := n.p
	lists := make([]string, len(t.Branches))
	ends := make([]*stage, len(t.Branches))
	empty := len(n.parts) > 0
	for i, steps := range t.Branches {
		b := *p
		b.partition, b.lent, b.groupsOf = n.by, nil, nil
		if len(n.by) > 0 && (p.groupsOf != nil || emptying(steps)) {
			b.groupsOf = n.groups
		}
		if err := b.next(); err != nil {
			return err
		}
		if err := b.sequence(steps); err != nil {
			return err
		}
		rows, list, err := b.collected()
		if err != nil {
			return err
		}
		empty = empty && slices.ContainsFunc(steps, takesAll)
		n.collections = append(n.collections, field{path: t.Names[i].Name, kind: rowsKind, rows: rows})
		ends[i], lists[i] = b.at, list
	}
	for i, at := range ends {
		n.unite(at, func(k int) string {
			if k == i {
				return lists[i]
			}
			return "NULL"
		})
	}
	if len(n.parts) > 0 && (empty || p.groupsOf != nil) { // the groups of which no sequence has left anything
		all := *p
		all.at = n.groups
		if err := all.next(); err != nil {
			return err
		}
		n.unite(all.at, func(int) string { return "NULL" })
	}
	return nil
}

// unite makes one row for each group of the rows at hand.
func (n *nesting) unite(at *stage, list func(k int) string) {
	root := at.scopes.root()
	var by []string
	for _, name := range n.by {
		by = append(by, root.sql(name))
	}
	at.fields = n.fields(func(i int) string {
		if i < len(by) {
			return by[i]
		}
		return list(i - len(by))
	})
	at.groups, at.aggregates, at.entity, at.shaped = strings.Join(by, ", "), true, false, true
	n.united = append(n.united, at)
}

// fields are those of a group's row; expr gives their SQL, nil for none.
func (n *nesting) fields(expr func(i int) string) []field {
	out := append(slices.Clone(n.parts), n.collections...)
	for i := range out {
		if out[i].expr = ""; expr != nil {
			out[i].expr = expr(i)
		}
	}
	return out
}

// join makes one row of those of a group, of which one at most has each collection.
func (n *nesting) join() {
	at := n.p.at
	var keys []string
	for i, f := range at.fields {
		if i < len(n.parts) {
			keys = append(keys, f.expr)
			continue
		}
		at.fields[i].expr = "any_value(" + f.expr + ")"
	}
	at.groups, at.aggregates, at.shaped = strings.Join(keys, ", "), true, true
}

// collected binds what is written of the rows of a sequence, and gives the list of them
// in their order.
func (p *pipeline) collected() (*Resource, string, error) {
	if err := p.next(); err != nil {
		return nil, "", err
	}
	r, rows := newResource(p.w.schema), *p.at // which becomes one row of each group
	r.Kind, r.declared = Feed, p.w.resource.Table
	r.stage, r.scopes, r.Table = &rows, rows.scopes, rows.scopes.root().table
	inner := &walker{schema: p.w.schema, options: p.w.options, aliases: p.w.aliases, resource: r}
	inner.options.Flat = false
	if err := inner.bindSelect(nil); err != nil {
		return nil, "", err
	}
	var members []string
	member := func(t catalog.Type, edm, sql string) {
		if edm == "" && (t == catalog.GUID || t == catalog.JSON) { // as they arrive on their own
			sql = "CAST(" + sql + " AS VARCHAR)"
		}
		members = append(members, "c"+itoa(len(members))+" := "+sql)
	}
	root := r.scopes.root()
	for _, i := range r.Columns {
		member(r.Table.Columns[i].Type, "", root.sql(r.Table.Columns[i].Name))
	}
	for _, o := range r.outputs {
		member(o.Type, o.Edm, o.sql)
	}
	list := "list(struct_pack(" + strings.Join(members, ", ") + ")"
	if order := append(p.ordering(), p.at.total()...); len(order) > 0 {
		list += " ORDER BY " + strings.Join(order, ", ")
	}
	return r, list + ")", nil
}
