package edm

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/predicate"
)

// writes are the changes that a table takes, none where entities are only read.
func writes(t *catalog.Table, o Options) *catalog.Writes {
	if t.Writes == nil || !o.Writable {
		return &catalog.Writes{}
	}
	return t.Writes
}

// Updatable tells whether entities of a table can be updated.
func (o Options) Updatable(t *catalog.Table) bool {
	w := writes(t, o)
	return w.Update != nil || len(w.Parts) > 0
}

// updates tells whether an update may set a column.
func updates(t *catalog.Table, column string, o Options) bool {
	w, c := writes(t, o), t.Column(column)
	if c == nil || w.Update == nil && w.Part(column) == nil {
		return false
	}
	return c.Access == catalog.Writable || c.Access == catalog.OnUpdate
}

// unlinked are the navigation properties of a table whose links $ref doesn't change:
// fixed can't be set, kept can't be deleted.
func unlinked(s *catalog.Schema, t *catalog.Table, o Options) (fixed, kept []string) {
	for _, n := range Navigations(s, t) {
		sets, deletes := links(t, n, o)
		if !sets {
			fixed = append(fixed, n.Name)
		}
		if !deletes {
			kept = append(kept, n.Name)
		}
	}
	return fixed, kept
}

// links tells whether links over a navigation property can be set, and deleted: they are
// rows of the table between, or a column of the table that refers to the other one.
func links(t *catalog.Table, n Navigation, o Options) (sets, deletes bool) {
	if link := n.Through; link != nil {
		w := writes(link.Table, o)
		more := slices.ContainsFunc(link.Table.Columns, func(c catalog.Column) bool {
			return c.Needed && c.Name != link.Far && !slices.Contains(n.With(link.Near), c.Name)
		})
		return w.Insert != nil && !more, w.Delete != nil && !link.Repeats
	}
	owner, column := t, n.Column
	if !n.Dependent {
		owner, column = n.Target, n.TargetColumn
	}
	sets = (n.Dependent || n.Many) && updates(owner, column, o)
	return sets, sets && nullable(owner.Column(column))
}

func withNavigations(members []member, name string, paths []string) []member {
	if len(paths) == 0 {
		return members
	}
	return append(members, member{name, value{navigations: paths}})
}

// insertable are what a new entity must have, and what it can't.
func insertable(t *catalog.Table, w *catalog.Writes) (out []member) {
	if w.Insert == nil {
		return nil
	}
	var never, needed []string
	for i := range t.Columns {
		switch c := &t.Columns[i]; {
		case c.Access == catalog.OnUpdate:
			never = append(never, c.Name)
		case c.Needed:
			needed = append(needed, c.Name)
		}
	}
	if never != nil {
		out = append(out, member{"NonInsertableProperties", value{paths: never}})
	}
	if needed != nil {
		out = append(out, member{"RequiredProperties", value{paths: needed}})
	}
	return out
}

// addressed say that entities are changed one by one, at their own address.
var addressed = []member{{"FilterSegmentSupported", flag(false)}, {"TypecastSegmentSupported", flag(false)}, {"MaxLevels", number(0)}}

// laterAnnotations are those of a set that only readers of 4.01 get.
func laterAnnotations(s *catalog.Schema, t *catalog.Table, o Options) []annotation {
	out := []annotation{{capabilities + ".ComputeSupported", flag(true)}}
	if t.Permission != "" {
		read := record(member{"Readable", flag(true)}, member{"Description", value{text: "Needs " + sentence(t.Permission)}})
		out = append(out, annotation{capabilities + ".ReadRestrictions", read})
	}
	var restricted []value
	for _, n := range Navigations(s, t) {
		if n.Many && writes(n.Target, o).Insert != nil && (n.Through != nil || !inserts(n.Target, n.TargetColumn)) {
			never := record(member{"Insertable", flag(false)})
			restricted = append(restricted, record(member{"NavigationProperty", value{navigation: n.Name}}, member{"InsertRestrictions", never}))
		}
	}
	if restricted != nil {
		out = append(out, annotation{capabilities + ".NavigationRestrictions", record(member{"RestrictedProperties", value{records: restricted}})})
	}
	return out
}

func inserts(t *catalog.Table, column string) bool {
	c := t.Column(column)
	return c.Access == catalog.Writable || c.Access == catalog.OnInsert
}

// operators are what OData calls the tests that a source may evaluate, in their order.
var operators = [...]string{
	predicate.OpEq: "eq", predicate.OpSw: "startswith", predicate.OpEw: "endswith", predicate.OpCo: "contains",
	predicate.OpGe: "ge", predicate.OpGt: "gt", predicate.OpLe: "le", predicate.OpLt: "lt",
}

// pushed says which tests of a column the source evaluates itself, "" for none.
func pushed(t *catalog.Table, column string) string {
	var found [len(operators)]bool
	for i := range t.Paths {
		for _, op := range t.Paths[i].Filters[column].Operators {
			found[op] = true
		}
		if slices.Contains(t.Paths[i].Keys, column) {
			found[predicate.OpEq] = true
		}
	}
	var names []string
	for op, ok := range found {
		if ok {
			names = append(names, operators[op])
		}
	}
	if names == nil {
		return ""
	}
	return "The source evaluates " + strings.Join(names, ", ") + "; other conditions are tested when rows have been read."
}
