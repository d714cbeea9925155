package pingone

import (
	"strings"

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
	// objects is the number of members that hold others.
	objects int
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
	l := &layout{items: items, root: &member{}}
	for i, c := range columns {
		col := &t.Columns[c]
		source := col.Source
		if s, ok := sources[col.Name]; ok {
			source = s
		}
		f := field{name: col.Name, typ: col.Type, required: col.Required, path: source}
		for _, way := range strings.Split(source, "|") {
			head, rest, list := strings.Cut(way, "[].")
			if list {
				f.element = strings.Split(rest, ".")
			}
			at := l.root
			for _, name := range splitPath(head) {
				at = l.child(at, name)
			}
			at.columns = append(at.columns, i)
		}
		l.columns = append(l.columns, f)
	}
	return l
}

// forgive lets the columns from the given one on lack the values that they
// promise: they serve the scanner, which does without.
func (l *layout) forgive(from int) {
	for i := from; i < len(l.columns); i++ {
		l.columns[i].required = false
	}
}

// splitPath cuts "name.given" at its points; a point of a member's own name is
// written twice.
func splitPath(s string) []string {
	parts := strings.Split(strings.ReplaceAll(s, "..", "\x00"), ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", ".")
	}
	return parts
}
