package pingone

import (
	"strings"

	"github.com/pingone-gateway/gateway/internal/gwerr"
	"github.com/pingone-gateway/gateway/sqlcore/catalog"
)

// layout says where in an answer the values of some columns stand. It is
// compiled once for a table, a path and a choice of columns, and shared.
type layout struct {
	// items is the collection's key under _embedded; "" for an answer that is
	// one row.
	items   string
	columns []field
	root    *member
	// unnest are the ways to the array whose elements are the rows, below each of
	// which inner stands; nil where the rows stand for themselves.
	unnest [][]string
	inner  *member
	// position is the column that says where an element stands; -1 for none.
	position int
	// where are the texts that the rows of a derived table have.
	where []condition
	// objects is the number of members that hold others.
	objects int
}

// condition is a text that a decoded column must have.
type condition struct {
	at   int
	text string
}

// field is one column to decode.
type field struct {
	name     string
	typ      catalog.Type
	required bool
	path     string
	// element is where the text of a list's element stands: "id" for
	// "scopes[].id"; nil for a list of texts.
	element []string
	// names makes a list of the names of an object's members.
	names bool
	// without names the members that a JSON value is shown without.
	without []string
}

// lacking is the error of a row without the value that it promises.
func (f *field) lacking() error {
	return gwerr.Newf(gwerr.UpstreamRejected, "A row of PingOne's answer has no usable value for %s (member %s), which it must have.", f.name, f.path).On(f.name)
}

// member is a place in a row's tree of members.
type member struct {
	// columns take the value that stands here.
	columns []int
	below   map[string]*member
	// object numbers the members that hold others.
	object int
}

func (l *layout) child(m *member, name string) *member {
	if m.below == nil {
		m.below = map[string]*member{}
		m.object = l.objects
		l.objects++
	}
	c := m.below[name]
	if c == nil {
		c = &member{}
		m.below[name] = c
	}
	return c
}

// newLayout compiles the decoding of the columns at the positions.
func newLayout(t *catalog.Table, items string, sources map[string]string, columns []int) *layout {
	l := &layout{items: items, root: &member{}, position: -1}
	if t.Derived != nil && t.Derived.Unnest != "" {
		l.inner = &member{}
		for _, way := range splitAt(t.Derived.Unnest, "|") {
			l.unnest = append(l.unnest, splitPath(way))
		}
	}
	for _, c := range columns {
		col := &t.Columns[c]
		source := col.Source
		if s, ok := sources[col.Name]; ok {
			source = s
		}
		f := field{name: col.Name, typ: col.Type, required: col.Required, path: source, names: col.Names, without: col.Without}
		if col.Position {
			l.position, l.columns = len(l.columns), append(l.columns, f)
			continue
		}
		if inner := t.Derived.InElement(source); inner != "" {
			l.add(f, l.inner, inner)
		} else {
			l.add(f, l.root, source)
		}
	}
	if t.Derived != nil {
		for source, text := range t.Derived.Where {
			l.where = append(l.where, condition{len(l.columns), text})
			l.add(field{typ: catalog.String, path: source}, l.root, source)
		}
	}
	return l
}

// add compiles the decoding of one more column below a root.
func (l *layout) add(f field, root *member, source string) {
	for _, way := range splitAt(source, "|") {
		head, rest, list := strings.Cut(way, "[].")
		if list {
			f.element = strings.Split(rest, ".")
		}
		at := root
		for _, name := range splitPath(head) {
			at = l.child(at, name)
		}
		at.columns = append(at.columns, len(l.columns))
	}
	l.columns = append(l.columns, f)
}

// forgive lets the columns from the given one on lack the values that they
// promise: they serve the scanner, which does without.
func (l *layout) forgive(from int) {
	for i := from; i < len(l.columns); i++ {
		l.columns[i].required = false
	}
}

// splitPath cuts "name.given" at its points.
func splitPath(s string) []string { return splitAt(s, ".") }

// splitAt cuts a source at a sign that members' own names have twice.
func splitAt(s, sign string) []string {
	parts := strings.Split(strings.ReplaceAll(s, sign+sign, "\x00"), sign)
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", sign)
	}
	return parts
}

// sourceOf writes a member's name as a source.
func sourceOf(name string) string { return strings.NewReplacer(".", "..", "|", "||").Replace(name) }
