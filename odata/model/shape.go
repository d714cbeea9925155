package model

import (
	"slices"
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
	"github.com/pingone-gateway/gateway/sqlcore/duck/sqltext"
)

// Output is a property of the rows that no column of the table is. They stand
// behind the columns.
type Output struct {
	Name string
	Type catalog.Type
	// Edm is the name of a type that no column has, or "".
	Edm string
	// Dynamic properties are those that $metadata doesn't know.
	Dynamic bool
	// Hidden outputs are not written.
	Hidden bool
	// CountOf says that it is the number of items of the property of that name.
	CountOf bool
	// Absent is the place among the outputs of the one that is true where the row
	// lacks this one; negative if all have it.
	Absent int

	sql string
}

// StructuredType stands for the type of an output that holds several properties.
const StructuredType = "Structured"

// Lacks begins the name of a member of structured outputs that is true where the
// row lacks the member of the name behind it.
const Lacks = "$lacks "

// Outputs are the properties behind the columns.
func (r *Resource) Outputs() []Output { return r.outputs }

// shown are the fields that are answered.
func (r *Resource) shown() []field {
	var out []field
	for _, f := range r.scopes.root().fields {
		if !f.hidden && (r.chosen == nil || slices.ContainsFunc(r.chosen, func(path string) bool {
			return f.path == path || strings.HasPrefix(f.path, path+"/")
		})) {
			out = append(out, f)
		}
	}
	return out
}

// choose finds the fields that an item of $select names.
func (r *Resource) choose(path string) bool {
	for _, f := range r.scopes.root().fields {
		if !f.hidden && (f.path == path || strings.HasPrefix(f.path, path+"/")) {
			r.chosen = append(r.chosen, path)
			return true
		}
	}
	return false
}

// chooseAll has all fields answered, as * wants.
func (r *Resource) chooseAll() {
	if r.stage == nil {
		return
	}
	for _, f := range r.scopes.root().fields {
		if !f.hidden {
			r.chosen = append(r.chosen, f.path)
		}
	}
}

// shape decides on the outputs and how the context names them.
func (r *Resource) shape(all, flat bool) {
	root := r.scopes.root()
	shown := r.shown()
	members := nested(shown, 0)
	if flat {
		members = nil
		for _, f := range shown {
			members = append(members, outputMember{name: f.path, leaf: true, fields: []field{f}})
		}
	}
	var absent []string
	for _, m := range members {
		out := Output{Name: m.name, Absent: -1, sql: m.sql(root), Edm: StructuredType}
		if m.leaf && m.fields[0].rows != nil {
			r.Nested = append(r.Nested, Nested{Name: m.name, Target: m.fields[0].rows, At: len(r.outputs)})
			out.Hidden = true
		} else if m.leaf {
			out.Type, out.Edm = m.fields[0].edm()
			out.Dynamic = !m.fields[0].declared(r)
		}
		if sql := m.absent(root); sql != "" {
			i := slices.Index(absent, sql)
			if i < 0 {
				i = len(absent)
				absent = append(absent, sql)
			}
			out.Absent = len(members) + i
		}
		r.outputs = append(r.outputs, out)
	}
	for i, sql := range absent {
		r.outputs = append(r.outputs, Output{Name: "$absent" + itoa(i), Type: catalog.Bool, Hidden: true, Absent: -1, sql: sql})
	}
	r.nameShown(shown, all)
}

// nameShown lists in the context what all rows have.
//
// Source: OData Data Aggregation 4.0, section 3.1.1.
func (r *Resource) nameShown(shown []field, all bool) {
	if r.stage.entity && len(shown) == 0 {
		return
	}
	if all && r.stage.entity {
		r.selected = append(r.selected, "*")
	}
	whole := slices.DeleteFunc(slices.Clone(shown), func(f field) bool { return f.absent != "" })
	names := contextNames(nested(whole, 0))
	for _, n := range names {
		first, _, _ := strings.Cut(n, "(")
		r.selected = slices.DeleteFunc(r.selected, func(s string) bool { return s == first })
	}
	if r.selected = append(r.selected, names...); len(r.selected) == 0 {
		r.selected = []string{"@Core.AnyStructure"}
	}
}

func contextNames(members []outputMember) []string {
	var out []string
	for _, m := range members {
		if m.leaf {
			out = append(out, m.name)
			continue
		}
		out = append(out, m.name+"("+strings.Join(contextNames(nested(m.fields, m.depth+1)), ",")+")")
	}
	return out
}

// outputMember is a property, or one that holds several.
type outputMember struct {
	name   string
	depth  int
	leaf   bool
	fields []field
}

// nested groups fields by the name at a depth of their paths.
func nested(fields []field, depth int) []outputMember {
	var out []outputMember
	for _, f := range fields {
		names := strings.Split(f.path, "/")
		name, leaf := names[depth], len(names) == depth+1
		i := slices.IndexFunc(out, func(m outputMember) bool { return m.name == name })
		if i < 0 {
			i = len(out)
			out = append(out, outputMember{name: name, depth: depth, leaf: leaf})
		}
		out[i].fields = append(out[i].fields, f)
	}
	return out
}

// sql is the value of the property. What is behind a navigation property that leads
// nowhere is null, and so is it then.
func (m outputMember) sql(root *scope) string {
	if m.leaf {
		return outputSQL(root, m.fields[0])
	}
	var parts, nulls []string
	whole := m.absent(root)
	for _, n := range nested(m.fields, m.depth+1) {
		sql := n.sql(root)
		if n.leaf && n.fields[0].kind == guidKind {
			sql = "CAST(" + sql + " AS VARCHAR)"
		}
		parts = append(parts, sqltext.Quote(n.name)+" := "+sql)
		if lacks := n.absent(root); lacks != whole { // where a part alone is lacking, what there is must show it
			parts = append(parts, sqltext.Quote(Lacks+n.name)+" := "+lacks)
			nulls = append(nulls, "NOT ("+lacks+")")
		}
	}
	for _, f := range m.fields {
		nulls = append(nulls, root.sql(f.path)+" IS NULL")
	}
	return "CASE WHEN NOT (" + strings.Join(nulls, " AND ") + ") THEN struct_pack(" + strings.Join(parts, ", ") + ") END"
}

// absent is true where the row lacks all of the property.
func (m outputMember) absent(root *scope) string {
	var parts []string
	for _, f := range m.fields {
		if f.absent == "" {
			return ""
		}
		if sql := root.sql(f.absent); !slices.Contains(parts, sql) {
			parts = append(parts, sql)
		}
	}
	return strings.Join(parts, " AND ")
}

// declared tells whether $metadata has the property.
func (f field) declared(r *Resource) bool {
	return f.column != nil && f.column.Name == f.path && r.declared.Column(f.path) != nil
}

// edm gives the type of a field.
func (f field) edm() (catalog.Type, string) {
	if f.column != nil {
		return f.column.Type, ""
	}
	switch f.kind {
	case boolKind:
		return catalog.Bool, ""
	case intKind:
		return catalog.Int64, ""
	case decimalKind:
		return catalog.String, "Edm.Decimal"
	case doubleKind:
		return catalog.Float64, ""
	case guidKind:
		return catalog.GUID, ""
	case instantKind:
		return catalog.Timestamp, ""
	case dateKind:
		return catalog.String, "Edm.Date"
	case clockKind:
		return catalog.String, "Edm.TimeOfDay"
	case durationKind:
		return catalog.String, "Edm.Duration"
	case listKind:
		return catalog.StringList, ""
	default:
		return catalog.String, ""
	}
}

// outputSQL writes a field as its type is written.
func outputSQL(root *scope, f field) string {
	sql := root.sql(f.path)
	if f.column != nil {
		return sql
	}
	switch f.kind {
	case intKind:
		return "TRY_CAST(" + sql + " AS BIGINT)"
	case doubleKind:
		return "CAST(" + sql + " AS DOUBLE)"
	case guidKind, dateKind, clockKind, textKind, nullKind:
		return "CAST(" + sql + " AS VARCHAR)"
	case durationKind:
		return "TRY(CASE WHEN epoch_us(" + sql + ") < 0 THEN '-' ELSE '' END || 'PT' || CAST(CAST(abs(epoch_us(" + sql + ")) AS DECIMAL(20, 0)) / 1000000 AS DECIMAL(20, 6)) || 'S')"
	default:
		return sql
	}
}

// unknownField names the nearest property of rows that are no entities.
func unknownField(s *scope, name string, pos int, option string) error {
	var names []string
	for _, f := range s.fields {
		if !f.hidden {
			names = append(names, f.path)
		}
	}
	for _, v := range s.views {
		names = append(names, v.name)
	}
	return gwerr.New(gwerr.UnknownColumn, "The rows have no property "+name+".", gwerr.DidYouMean(name, names, "")).At(pos).On(option)
}

// grouped tells whether the rows are no entities.
func (r *Resource) grouped() bool { return r.stage != nil && !r.stage.entity }

// Transient tells whether the rows are entities without an address of their own, which
// $apply has made.
func (r *Resource) Transient() bool { return r.grouped() && !r.Combines() }

// refuseGrouped refuses what only entities have.
func (r *Resource) refuseGrouped(o *uri.Options) error {
	if r.grouped() && len(o.Expand) > 0 {
		return gwerr.New(gwerr.NotImplemented, "The gateway does not expand rows that $apply has aggregated.",
			"Name the properties in groupby, such as groupby((Nav/Name)).").At(o.Expand[0].Offset).On("$expand")
	}
	return nil
}
