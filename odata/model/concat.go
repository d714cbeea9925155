package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// The hidden fields by which concatenated rows keep their order: that of the
// branches, and the one within each.
const branchField, placeField = "$branch", "$place"

// concat puts the rows of several sequences one after the other. A row lacks the
// properties that its own sequence doesn't give.
//
// Source: OData Data Aggregation 4.0, section 3.2.2.
func (p *pipeline) concat(t *uri.Transformation) error {
	input := p.at
	if input.sets != nil {
		return p.fail(gwerr.NotImplemented, t.Offset, "The gateway does not evaluate concat of the rows of $crossjoin that are not aggregated.")
	}
	union := &stage{scopes: newScopes(p.w.schema, input.scopes.root().table), limit: -1, keys: []string{branchField, placeField}}
	union.scopes.values, union.scopes.roots = input.scopes.values, input.scopes.roots
	var branches []*stage
	for i, steps := range t.Branches {
		b := *p
		b.at = input
		if err := b.next(); err != nil {
			return err
		}
		if err := b.sequence(steps); err != nil {
			return err
		}
		if err := b.branch(i); err != nil {
			return err
		}
		branches = append(branches, b.at)
		for _, f := range b.at.fields {
			if f.rows != nil {
				return p.fail(gwerr.NotImplemented, t.Offset, "The gateway does not evaluate concat of nested collections.")
			}
			if !union.unite(f) {
				return p.fail(gwerr.TypeMismatch, t.Offset, "The branches of concat have the property %s with different types.", f.path)
			}
		}
	}
	for _, b := range branches {
		union.expect(b)
	}
	for _, b := range branches {
		b.conform(union.fields)
	}
	p.at, union.union = union, branches
	p.orders = nil
	return p.next()
}

// branch gives the rows of a branch fields for all that they have.
func (p *pipeline) branch(n int) error {
	if err := p.open(); err != nil {
		return err
	}
	place := "0"
	if order := append(p.ordering(), p.at.total()...); len(order) > 0 {
		place = "row_number() OVER (ORDER BY " + strings.Join(order, ", ") + ")"
	}
	fields := []field{
		{path: branchField, kind: intKind, expr: itoa(n), hidden: true},
		{path: placeField, kind: intKind, expr: place, hidden: true},
	}
	root := p.at.scopes.root()
	if p.at.entity {
		for i := range root.table.Columns {
			col := &root.table.Columns[i]
			f := field{path: col.Name, kind: kinds[col.Type], column: col, expr: root.sql(col.Name)}
			if col.Type == catalog.JSON {
				f.expr = "CAST(" + f.expr + " AS VARCHAR)"
			}
			fields = append(fields, f)
		}
	}
	for _, f := range p.at.fields {
		if !f.hidden || slices.Contains(p.partition, f.path) {
			fields = append(fields, f)
		}
	}
	for i, f := range fields {
		if f.absent != "" {
			fields[i].lacks = root.sql(f.absent)
		}
	}
	p.at.fields, p.at.entity, p.at.shaped = fields, false, true
	return nil
}

// unite adds a field to those of a union; ok is false where it has one of another
// type.
func (s *stage) unite(f field) (ok bool) {
	i := slices.IndexFunc(s.fields, func(o field) bool { return o.path == f.path })
	if i < 0 {
		f.absent = "" // expect says so
		s.fields = append(s.fields, f)
		return true
	}
	o := &s.fields[i]
	if o.column != f.column {
		o.column = nil
	}
	if o.kind == f.kind || f.kind == nullKind {
		o.whole = o.whole && f.whole
		return true
	}
	if numbers := o.kind.numeric() && f.kind.numeric(); !numbers && o.kind != nullKind {
		return false
	}
	o.kind, o.whole = max(o.kind, f.kind), false // the widest stands last
	return true
}

// expect says which fields of a union rows of a branch may lack.
func (s *stage) expect(b *stage) {
	for i := range s.fields {
		f := &s.fields[i]
		own := slices.IndexFunc(b.fields, func(o field) bool { return o.path == f.path })
		if f.hidden {
			continue
		}
		if f.absent == "" && (own < 0 || b.fields[own].lacks != "") {
			f.absent = "$no " + f.path
			s.fields = append(s.fields, field{path: f.absent, kind: boolKind, hidden: true})
		}
	}
}

// conform makes the fields of a branch those of the union.
func (s *stage) conform(all []field) {
	out := make([]field, len(all))
	lacks := map[string]string{}
	for i, f := range all {
		own := slices.IndexFunc(s.fields, func(o field) bool { return o.path == f.path })
		switch {
		case own >= 0:
			out[i] = s.fields[own]
			lacks[f.absent] = "FALSE"
			if sql := s.fields[own].lacks; sql != "" {
				lacks[f.absent] = sql
			}
		case lacks[f.path] != "": // the fields that say so stand behind
			out[i] = field{path: f.path, kind: boolKind, expr: lacks[f.path], hidden: true}
		default:
			lacks[f.absent] = "TRUE"
			out[i] = field{path: f.path, kind: f.kind, expr: "NULL"}
		}
	}
	s.fields = out
}
