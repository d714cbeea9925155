package odatatest

import (
	"fmt"

	"github.com/pingone-gateway/gateway/odata/uri"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// path follows a path from the instance, $it or a variable. What is behind
// null is null, and a collection there is empty.
func (f *reference) path(e *uri.PathExpr) any {
	var at any = f.instance
	if e.Start == uri.FromIt {
		at = f.it
	}
	segments := e.Segments
	if name, ok := segments[0].(*uri.NameSegment); ok && e.Start == uri.FromInstance {
		if v, bound := f.vars[name.Name]; bound {
			at, segments = v, segments[1:]
		}
	}
	for _, s := range segments {
		switch s := s.(type) {
		case *uri.NameSegment:
			from, ok := at.(entity)
			if !ok {
				at = nil
				continue
			}
			at = f.library.property(from, s.Name)
		case *uri.CountSegment:
			return f.count(items(at), s.Options)
		case *uri.LambdaSegment:
			return f.lambda(items(at), s)
		default:
			panic(fmt.Sprintf("odatatest: no reference for %T", s))
		}
	}
	return at
}

// items are those of a collection.
func items(v any) []any {
	if list, ok := v.([]string); ok {
		out := make([]any, len(list))
		for i, s := range list {
			out[i] = s
		}
		return out
	}
	list, _ := v.([]any)
	return list
}

func (f *reference) count(list []any, o *uri.Options) any {
	n := int64(0)
	for _, item := range list {
		inner := *f
		inner.instance, _ = item.(entity)
		if o == nil || inner.eval(o.Filter) == true {
			n++
		}
	}
	return n
}

func (f *reference) lambda(list []any, s *uri.LambdaSegment) any {
	if s.Body == nil {
		return len(list) > 0
	}
	for _, item := range list {
		f.vars[s.Variable] = item
		is := f.eval(s.Body) == true
		delete(f.vars, s.Variable)
		if is != s.All {
			return !s.All
		}
	}
	return s.All
}

// property is a column's value, the entity behind a foreign key, or the list of
// those whose foreign key leads here.
func (l *Library) property(from entity, name string) any {
	if i := from.t.Index(name); i >= 0 {
		if v, ok := from.r[i].([]string); ok || from.t.Columns[i].Type == catalog.StringList {
			return v
		}
		return from.r[i]
	}
	for i := range from.t.Columns {
		if r := from.t.Columns[i].References; r != nil && r.Forward == name {
			if found := l.find(r.Table, r.Column, from.r[i]); len(found) > 0 {
				return found[0]
			}
			return nil
		}
	}
	for _, t := range l.Main.Tables {
		for i := range t.Columns {
			if r := t.Columns[i].References; r != nil && r.Table == from.t.Name && r.Backward == name {
				return l.find(t.Name, t.Columns[i].Name, from.r[from.t.Index(r.Column)])
			}
		}
		m := t.ManyToMany
		near, far := t.Links()
		switch {
		case m == nil:
		case m.From == from.t.Name && m.Forward == name:
			return l.across(t, from, near, far)
		case m.To == from.t.Name && m.Backward == name:
			return l.across(t, from, far, near)
		}
	}
	panic("odatatest: no property " + name)
}

// across gives the entities that rows of the link lead to from its column near,
// each once.
func (l *Library) across(link *catalog.Table, from entity, near, far int) []any {
	var out []any
	seen := map[any]bool{}
	there, back := link.Columns[far].References, link.Columns[near].References
	for _, row := range l.Rows[link.Name] {
		if row[near] == from.r[from.t.Index(back.Column)] && !seen[row[far]] {
			seen[row[far]] = true
			out = append(out, l.find(there.Table, there.Column, row[far])...)
		}
	}
	return out
}

// find gives the rows of a table whose column has the value.
func (l *Library) find(table, column string, value any) []any {
	t, _ := l.Main.Table(table)
	at := t.Index(column)
	var out []any
	for _, r := range l.Rows[table] {
		if value != nil && r[at] == value {
			out = append(out, entity{t, r})
		}
	}
	return out
}
